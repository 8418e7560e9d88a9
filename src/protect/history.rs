//! The history of a project: which commits hold a value. Git is asked for what it has, and never told the value.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::inject::environment::OWN_KEYS;
use crate::protect::naming::Planned;

/// A shorter value would be found in commits that have nothing to do with it.
const SHORTEST: usize = 6;

/// How much of a history is looked at, and for how long.
const MOST_BYTES: usize = 256 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(10);

/// The longest line that is looked at as a whole.
const LONGEST_LINE: u64 = 4 * 1024 * 1024;

/// What git is told besides: to run nothing that the repository names.
const SAFELY: &[&str] =
    &["-c", "core.fsmonitor=false", "-c", "core.hooksPath=", "-c", "log.showSignature=false"];

/// A value in a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Committed {
    /// Which.
    pub(crate) credential: String,
    /// The repository.
    #[serde(serialize_with = "lossy")]
    pub(crate) repository: PathBuf,
    /// The commits that added or removed it, the newest first.
    pub(crate) commits: Vec<String>,
}

/// What was found, and whether all of the history was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct History {
    pub(crate) committed: Vec<Committed>,
    pub(crate) is_complete: bool,
}

fn lossy<S: serde::Serializer>(file: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&file.to_string_lossy())
}

/// Looks through the history of a repository. Nothing is found where there is none, or no git.
pub(crate) fn search(repository: &Path, planned: &[Planned]) -> History {
    let needles = Needles::of(planned);
    if needles.all.is_empty() || repository.join(".git").symlink_metadata().is_err() {
        return History { committed: Vec::new(), is_complete: true };
    }
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(repository)
        .args(SAFELY)
        .args(["--no-pager", "--no-optional-locks", "log", "--all", "--full-history", "-m", "-p", "--text"])
        .args([
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            "--unified=0",
            "--format=%x00%H",
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .stdout(Stdio::piped());
    for key in OWN_KEYS {
        command.env_remove(key);
    }
    if let Some(above) = repository.parent() {
        // What is around the project is no part of it.
        command.env("GIT_CEILING_DIRECTORIES", above);
    }
    let Ok(mut child) = command.spawn() else { return History::default() };
    let Some(output) = child.stdout.take() else { return History::default() };
    let mut found: Vec<Vec<String>> = needles.all.iter().map(|_| Vec::new()).collect();
    let is_complete = read(BufReader::with_capacity(64 * 1024, output), &needles, &mut found);
    // Where enough was read, the rest is not waited for.
    _ = child.kill();
    let ended_well = child.wait().is_ok_and(|status| status.success());
    let committed = needles.all.iter().zip(found).filter(|(_, commits)| !commits.is_empty());
    let committed = committed.map(|((planned, _), commits)| Committed {
        credential: planned.name.to_string(),
        repository: repository.to_owned(),
        commits,
    });
    History { committed: committed.collect(), is_complete: is_complete && ended_well }
}

/// What is looked for, in one pass however much it is. An automaton of a library would be a copy of all values that
/// nobody wipes; this keeps a bit of each.
struct Needles<'n> {
    all: Vec<(&'n Planned, &'n [u8])>,
    /// A bit for each start that a needle may have, by [`slot`].
    starts: Vec<u64>,
}

impl<'n> Needles<'n> {
    fn of(planned: &'n [Planned]) -> Self {
        let forms = |planned: &'n Planned| planned.forms().map(move |form| (planned, form.expose_secret()));
        let all = planned.iter().flat_map(forms).map(|(planned, form)| (planned, longest_line(form)));
        let all: Vec<_> = all.filter(|(_, line)| line.len() >= SHORTEST).collect();
        let mut starts = vec![0; SLOTS / 64];
        for slot in all.iter().filter_map(|(_, line)| slot(line)) {
            starts[slot / 64] |= 1 << (slot % 64);
        }
        Self { all, starts }
    }

    /// Tells the number of each needle that stands in the line, once for each place.
    fn find(&self, line: &[u8], mut tell: impl FnMut(usize)) {
        for at in 0..line.len() {
            let rest = &line[at..];
            let Some(slot) = slot(rest) else { return };
            if self.starts[slot / 64] & (1 << (slot % 64)) == 0 {
                continue;
            }
            for (number, (_, needle)) in self.all.iter().enumerate() {
                if rest.starts_with(needle) {
                    tell(number);
                }
            }
        }
    }
}

/// As many as two bytes can tell.
const SLOTS: usize = 1 << 16;

/// Where the bit of a text is that starts like this; nothing where it is too short for a needle.
fn slot(text: &[u8]) -> Option<usize> {
    let mut start = [0; 8];
    start[..SHORTEST].copy_from_slice(text.get(..SHORTEST)?);
    // The multiplier of Fibonacci hashing spreads texts whose beginnings are alike.
    let product = u64::from_le_bytes(start).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let [high, low, ..] = product.to_be_bytes();
    Some(usize::from(u16::from_be_bytes([high, low])))
}

/// Whether all of it was read.
fn read(mut output: impl BufRead, needles: &Needles<'_>, found: &mut [Vec<String>]) -> bool {
    let begun = Instant::now();
    let mut line = Zeroizing::new(Vec::with_capacity(64 * 1024));
    let (mut commit, mut bytes) = (String::new(), 0);
    loop {
        line.clear();
        let mut limited = std::io::Read::take(&mut output, LONGEST_LINE);
        match limited.read_until(b'\n', &mut line) {
            Ok(0) => return true,
            Ok(count) => bytes += count,
            Err(_) => return false,
        }
        if line.first() == Some(&0) {
            String::from_utf8_lossy(&line[1..]).trim_end().clone_into(&mut commit);
            continue;
        }
        needles.find(&line, |number| {
            if let Some(commits) = found.get_mut(number)
                && commits.last() != Some(&commit)
            {
                commits.push(commit.clone());
            }
        });
        if bytes > MOST_BYTES || begun.elapsed() > LONGEST {
            return false;
        }
    }
}

/// A value of several lines is known by its longest, for a history has lines.
fn longest_line(value: &[u8]) -> &[u8] {
    let lines = value.split(|byte| matches!(byte, b'\n' | b'\r'));
    lines.max_by_key(|line| line.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn values_are_found_wherever_they_stand_and_in_each_other() {
        let values = ["abcdefgh", "cdefgh", "cdefghij", "first\nthe longest line\nx", "short"];
        let planned = values.map(|value| Planned {
            secret: Secret::copy_of(value.as_bytes()),
            written: Vec::new(),
            name: "A".parse().unwrap(),
            is_stored: false,
            instead_of: None,
            server: String::new(),
            known_server: None,
            what: String::new(),
        });
        let needles = Needles::of(&planned);
        let found = |line: &str| {
            let mut found = Vec::new();
            needles.find(line.as_bytes(), |number| found.push(number));
            found
        };
        assert_eq!(needles.all.len(), 4, "what is too short is everywhere");
        assert_eq!(found("+abcdefghij abcdefgh"), [0, 1, 2, 0, 1]);
        assert_eq!(found("+ a = 'the longest line'"), [3]);
        assert_eq!(found("cdefghi"), [1]);
        for nothing in ["", "cdefg", "abcdefg", "short", "the longest lin"] {
            assert_eq!(found(nothing), [0; 0], "{nothing}");
        }
    }
}

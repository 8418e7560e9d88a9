//! The history of a project: which commits hold a value. Git is asked for what it has, and never told the value.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use memchr::memmem;
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
    let needles: Vec<(&Planned, &[u8])> =
        planned.iter().map(|planned| (planned, longest_line(planned.secret.expose_secret()))).collect();
    let needles: Vec<_> = needles.into_iter().filter(|(_, line)| line.len() >= SHORTEST).collect();
    if needles.is_empty() || repository.join(".git").symlink_metadata().is_err() {
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
    let Ok(mut child) = command.spawn() else { return History::default() };
    let Some(output) = child.stdout.take() else { return History::default() };
    let mut found: Vec<(usize, Vec<String>)> =
        (0..needles.len()).map(|number| (number, Vec::new())).collect();
    let is_complete = read(BufReader::with_capacity(64 * 1024, output), &needles, &mut found);
    // Where enough was read, the rest is not waited for.
    _ = child.kill();
    let ended_well = child.wait().is_ok_and(|status| status.success());
    let committed = found.into_iter().filter(|(_, commits)| !commits.is_empty());
    let committed = committed.map(|(number, commits)| Committed {
        credential: needles[number].0.name.to_string(),
        repository: repository.to_owned(),
        commits,
    });
    History { committed: committed.collect(), is_complete: is_complete && ended_well }
}

/// Whether all of it was read.
fn read(mut output: impl BufRead, needles: &[(&Planned, &[u8])], found: &mut [(usize, Vec<String>)]) -> bool {
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
        for (number, commits) in found.iter_mut() {
            let is_new = commits.last() != Some(&commit);
            if is_new && memmem::find(&line, needles[*number].1).is_some() {
                commits.push(commit.clone());
            }
        }
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

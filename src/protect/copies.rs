//! Copies: where a value still lies after it has left its configuration.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use memchr::memmem;
use serde::Serialize;

use crate::configuration::discover::Discovery;
use crate::configuration::entry::ServerEntry;
use crate::configuration::leftover::Leftover;
use crate::document;
use crate::os::staged_file;
use crate::protect::naming::Planned;
use crate::protect::plan::Plan;
use crate::secret::{Secret, SecretBuffer};

/// A shorter value would be found in files that have nothing to do with it.
const SHORTEST: usize = 6;

/// Files of variables that people keep beside a configuration.
const ENV_FILES: &[&str] = &[".env", ".env.local", ".env.development", ".env.production", ".envrc"];

/// What stands in a copy where a value stood.
const MASK: u8 = b'*';

/// One file that holds one or more of the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FoundCopy {
    #[serde(serialize_with = "lossy")]
    pub(crate) file: PathBuf,
    /// What it is, in words.
    pub(crate) what: String,
    /// Whose it is.
    pub(crate) client: Option<String>,
    /// Which values.
    pub(crate) credentials: Vec<String>,
    /// Whether the values can be covered in it: nobody reads it any more.
    pub(crate) can_be_scrubbed: bool,
}

fn lossy<S: serde::Serializer>(file: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&file.to_string_lossy())
}

/// Looks for the values of a plan in everything that may hold a copy of them. What the plan leaves in a configuration
/// is told by the plan.
pub(crate) fn find(
    discovery: &Discovery<'_>,
    entries: &[Vec<ServerEntry<'_>>],
    plan: &Plan<'_, '_>,
) -> Vec<FoundCopy> {
    let planned = &plan.values;
    let mut found: Vec<FoundCopy> = Vec::new();
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    let mut look =
        |path: &Path, what: &str, client: Option<String>, can_be_scrubbed: bool, left: &[Secret]| {
            if !seen.insert(path.to_owned()) {
                return;
            }
            let Ok(Some(content)) = document::content(path) else { return };
            let credentials = held(content.expose_secret(), planned, left);
            if !credentials.is_empty() {
                let (file, what) = (path.to_owned(), what.to_owned());
                found.push(FoundCopy { file, what, client, credentials, can_be_scrubbed });
            }
        };
    for (number, reading) in discovery.readings.iter().enumerate() {
        let what = "the configuration itself, in another place";
        look(&reading.path, what, reading.clients().pop(), false, &plan.left_in(number));
    }
    for leftover in &discovery.leftovers {
        let Leftover { path, what, client, in_use, is_of_variables, .. } = leftover;
        look(path, what, client.clone(), !in_use && !is_of_variables, &[]);
    }
    for entry in entries.iter().flatten() {
        for file in entry.env_files(discovery.home.as_deref()) {
            look(&file.path, &file.what, file.client, false, &[]);
        }
    }
    let folders = discovery.readings.iter().filter_map(|reading| reading.path.parent());
    for folder in folders.chain([discovery.project.as_path()]) {
        for name in ENV_FILES {
            look(&folder.join(name), "a file of variables beside the configuration", None, false, &[]);
        }
    }
    found
}

/// Covers the values in a file that nobody reads any more.
///
/// # Errors
/// Where it can't be read or replaced; it is as it was then.
pub(crate) fn scrub(path: &Path, planned: &[Planned]) -> io::Result<()> {
    let content = document::content(path).map_err(io::Error::other)?;
    let Some(content) = content else { return Ok(()) };
    let target = staged_file::target_of(path)?;
    staged_file::stage(&target, &scrubbed(&content, planned))?.put()
}

/// Which of the values the bytes hold, more often than they are left there.
fn held(content: &[u8], planned: &[Planned], left: &[Secret]) -> Vec<String> {
    let is_there = |planned: &&Planned| {
        planned.forms().filter(|form| form.len() >= SHORTEST).any(|form| {
            let known = left.iter().filter(|left| *left == form).count();
            memmem::find_iter(content, form.expose_secret()).nth(known).is_some()
        })
    };
    planned.iter().filter(is_there).map(|planned| planned.name.to_string()).collect()
}

/// The same bytes with every value covered, as long as before.
pub(crate) fn scrubbed(content: &Secret, planned: &[Planned]) -> Secret {
    let mut clean = Secret::copy_of(content.expose_secret());
    for form in planned.iter().flat_map(Planned::forms).filter(|form| form.len() >= SHORTEST) {
        let value = form.expose_secret();
        let mut next = SecretBuffer::with_capacity(clean.len());
        let mut at = 0;
        for start in memmem::find_iter(clean.expose_secret(), value) {
            next.push(&clean.expose_secret()[at..start]);
            for _ in 0..value.len() {
                next.push(&[MASK]);
            }
            at = start + value.len();
        }
        next.push(&clean.expose_secret()[at..]);
        clean = next.into_secret();
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(name: &str, value: &[u8]) -> Planned {
        Planned {
            secret: Secret::copy_of(value),
            written: Vec::new(),
            name: name.parse().unwrap(),
            is_stored: false,
            instead_of: None,
            server: String::new(),
            known_server: None,
            what: String::new(),
        }
    }

    #[test]
    fn values_are_covered_and_nothing_else_is() {
        let values = [planned("A", b"secret-one"), planned("B", b"secret-two"), planned("C", b"x")];
        let content = Secret::copy_of(b"{\"a\":\"secret-one\",\"x\":\"secret-two\",\"b\":\"secret-one\"}");
        assert_eq!(held(content.expose_secret(), &values, &[]), ["A", "B"]);
        let left = |number: usize| Secret::copy_of(values[number].secret.expose_secret());
        assert_eq!(held(content.expose_secret(), &values, &[left(0), left(1)]), ["A"]);
        let clean = scrubbed(&content, &values);
        assert_eq!(
            clean.expose_secret(),
            b"{\"a\":\"**********\",\"x\":\"**********\",\"b\":\"**********\"}"
        );
        assert_eq!(held(clean.expose_secret(), &values, &[]), Vec::<String>::new());
    }
}

//! `PasswordStore`: the entries of `pass`, the standard Unix password manager, and the first line of each.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::os::process::capture::{Captured, capture};
use crate::secret::{MAX_SECRET, Secret};

/// How deep folders are looked into.
const DEEPEST: usize = 16;

/// How the files of entries end.
const ENDING: &str = "gpg";

/// The entries of one person.
pub(crate) struct PasswordStore {
    folder: PathBuf,
    program: PathBuf,
    /// Whether the keeper of the key may ask for its passphrase.
    may_ask: bool,
    deadline: Duration,
    /// Variables that no child gets.
    hidden: Vec<&'static str>,
}

/// What an entry says.
pub(crate) struct Entry {
    /// Its first line, which is the secret.
    pub(crate) first_line: Secret,
    /// Whether there is anything behind that.
    pub(crate) has_more: bool,
}

/// Why there is no answer from `pass`. It never holds a value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassError {
    /// It is not installed.
    #[error("`pass` is not installed")]
    NotInstalled,
    /// It has nothing of that name.
    #[error("`pass` has no entry `{0}`")]
    NoEntry(String),
    /// It was not started.
    #[error("`pass` can't be started")]
    NotStarted(#[source] io::Error),
    /// It did not answer in time.
    #[error("`pass` did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// It could not do it, most often because nobody was asked for the passphrase of the key.
    #[error("`pass` does not open `{entry}`")]
    Refused { entry: String, words: String, may_ask: bool },
    /// The entry is larger than a value may be.
    #[error("the entry `{0}` of `pass` has more than 1 MiB")]
    TooLarge(String),
}

impl PasswordStore {
    /// The entries in this folder, opened by the `pass` that is in the `PATH`.
    ///
    /// # Errors
    /// [`PassError::NotInstalled`]
    pub(crate) fn open(
        folder: PathBuf,
        may_ask: bool,
        deadline: Duration,
        hidden: &[&'static str],
    ) -> Result<Self, PassError> {
        let program = which::which("pass").map_err(|_| PassError::NotInstalled)?;
        Ok(Self { folder, program, may_ask, deadline, hidden: hidden.to_vec() })
    }

    /// The entries that this path means: itself, or all below it. `None` where there is nothing of that name.
    pub(crate) fn entries(&self, path: &str) -> Option<Entries> {
        let is_plain = Path::new(path).components().all(|it| matches!(it, Component::Normal(_)));
        if !is_plain {
            return None;
        }
        let place = self.folder.join(path);
        let mut file = place.clone().into_os_string();
        file.push(".");
        file.push(ENDING);
        if !path.is_empty() && Path::new(&file).is_file() {
            return Some(Entries::One(path.to_owned()));
        }
        if !place.is_dir() {
            return None;
        }
        let mut found = Vec::new();
        collect(&place, path, 0, &mut found);
        found.sort();
        Some(Entries::Below(found))
    }

    /// The first line of an entry.
    ///
    /// # Errors
    /// [`PassError`]
    pub(crate) fn read(&self, entry: &str) -> Result<Entry, PassError> {
        let output = self.call(&["show", "--", entry], entry)?.output;
        let bytes = output.expose_secret();
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
        let has_more = bytes[end..].iter().any(|byte| !byte.is_ascii_whitespace());
        Ok(Entry { first_line: Secret::copy_of(line), has_more })
    }

    /// Removes an entry.
    ///
    /// # Errors
    /// [`PassError`]
    pub(crate) fn remove(&self, entry: &str) -> Result<(), PassError> {
        self.call(&["rm", "--force", "--", entry], entry).map(drop)
    }

    fn call(&self, arguments: &[&str], entry: &str) -> Result<Captured, PassError> {
        let mut command = Command::new(&self.program);
        command.args(arguments).env("PASSWORD_STORE_DIR", &self.folder);
        for name in &self.hidden {
            command.env_remove(name);
        }
        let mut input = Stdio::null();
        if self.may_ask {
            // `pass` tells the keeper of the key by it on which terminal to ask.
            if io::stdin().is_terminal() {
                input = Stdio::inherit();
            }
        } else {
            // Fails at once where the key is not open already, and shows no dialog.
            command.env("PASSWORD_STORE_GPG_OPTS", "--pinentry-mode=error");
        }
        let captured =
            capture(command, input, self.deadline, MAX_SECRET).map_err(|error| match error.kind() {
                io::ErrorKind::TimedOut => PassError::TimedOut(self.deadline),
                io::ErrorKind::InvalidData => PassError::TooLarge(entry.to_owned()),
                _ => PassError::NotStarted(error),
            })?;
        if captured.status.success() {
            return Ok(captured);
        }
        let words = captured.words.lines().last().unwrap_or_default().to_owned();
        Err(PassError::Refused { entry: entry.to_owned(), words, may_ask: self.may_ask })
    }
}

/// What a path of `pass` means.
pub(crate) enum Entries {
    /// One entry.
    One(String),
    /// All in a folder and its folders.
    Below(Vec<String>),
}

fn collect(folder: &Path, path: &str, depth: usize, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let Ok(kind) = entry.file_type() else { continue };
        let inner = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() && depth < DEEPEST {
            collect(&entry.path(), &inner, depth + 1, found);
        } else if let Some(entry) = inner.strip_suffix(&format!(".{ENDING}")).filter(|_| !kind.is_dir()) {
            found.push(entry.to_owned());
        }
    }
}

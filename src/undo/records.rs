//! `Records`: the edits that were made and how they are undone: a file of the owner's, without a secret.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::document::inverse::{Drift, Inverse, State};
use crate::document::{Document, DocumentError, Syntax};
use crate::name::{CredentialName, Profile};
use crate::os::private_file;
use crate::undo::UndoError;

/// The version of the file.
const SCHEMA_VERSION: u32 = 1;

/// Larger than the record of any machine: an edit takes a kilobyte.
const LIMIT: usize = 64 * 1024 * 1024;

/// All edits on record.
pub(crate) struct Records {
    path: PathBuf,
    content: Content,
    /// Whether the file says something else.
    is_changed: bool,
}

#[derive(Serialize, Deserialize)]
struct Content {
    schema_version: u32,
    edits: Vec<Entry>,
}

/// The edits of one entry of a configuration.
#[derive(Serialize, Deserialize)]
pub(crate) struct Entry {
    /// What was done together has the same number.
    pub(crate) run: u64,
    /// The file, as its client knows it.
    pub(crate) file: PathBuf,
    /// Whose file it is.
    pub(crate) client: String,
    /// The name of the entry; empty for what is in none.
    pub(crate) server: String,
    /// Where its credentials are.
    pub(crate) profile: Profile,
    /// When that was.
    pub(crate) at: Timestamp,
    pub(super) syntax: Syntax,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_front_matter: bool,
    pub(super) progress: Progress,
    pub(super) inverse: Inverse,
}

/// How far an edit has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Progress {
    /// It may have been made or not: the file tells.
    UnderWay,
    Done,
}

impl Entry {
    /// The file as it is now; nothing where there is none.
    ///
    /// # Errors
    /// Where it can't be read or understood.
    pub(crate) fn read(&self) -> Result<Option<Document>, DocumentError> {
        if self.is_front_matter {
            Document::read_front_matter(&self.file)
        } else {
            Document::read(&self.file, self.syntax)
        }
    }

    /// What has become of its values since, in the file as it is now; no store is asked.
    pub(crate) fn drift(&self, document: &Document) -> Vec<Drift> {
        self.inverse.drift(document)
    }

    /// What has become of the entry as a whole.
    pub(crate) fn state(&self, document: &Document) -> State {
        let states: Vec<State> = self.drift(document).into_iter().map(|drift| drift.state).collect();
        if states.iter().all(|state| *state == State::Gone) {
            State::Gone
        } else if states.contains(&State::Changed) {
            State::Changed
        } else if states.contains(&State::InPlace) {
            State::InPlace
        } else {
            State::Reverted
        }
    }

    /// Whether the edit is known to have been made: what a killed process left may not have been.
    pub(crate) fn is_made(&self) -> bool {
        self.progress == Progress::Done
    }

    /// The credentials that it needs to be undone.
    pub(crate) fn credentials(&self) -> Vec<CredentialName> {
        self.inverse.credentials().into_iter().filter_map(|name| name.parse().ok()).collect()
    }
}

impl Records {
    /// Reads them from the data folder; none where there is no file.
    ///
    /// # Errors
    /// Where the file can't be read, or is not one that this program wrote.
    pub(crate) fn load(data_folder: &Path) -> Result<Self, UndoError> {
        let path = data_folder.join("undo.json");
        let read = private_file::read(&path, LIMIT);
        let content = match read.map_err(|source| UndoError::Record { path: path.clone(), source })? {
            None => Content { schema_version: SCHEMA_VERSION, edits: Vec::new() },
            Some(bytes) => {
                let damaged = |why: String| UndoError::Damaged { path: path.clone(), why };
                let content: Content =
                    serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
                if content.schema_version != SCHEMA_VERSION {
                    let why = format!(
                        "it has schema version {}, and this mcpcred knows {SCHEMA_VERSION}",
                        content.schema_version
                    );
                    return Err(damaged(why));
                }
                content
            }
        };
        Ok(Self { path, content, is_changed: false })
    }

    /// All edits, the oldest first.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.content.edits
    }

    /// Finishes what a killed process left under way: an edit that the file does not show was not made.
    pub(super) fn settle(&mut self) {
        let mut is_changed = false;
        self.content.edits.retain_mut(|entry| {
            if entry.progress == Progress::Done {
                return true;
            }
            // A file that can't be read now may tell later.
            let Ok(document) = entry.read() else { return true };
            is_changed = true;
            entry.progress = Progress::Done;
            document.is_some_and(|document| {
                entry
                    .drift(&document)
                    .iter()
                    .any(|drift| matches!(drift.state, State::InPlace | State::Changed))
            })
        });
        self.is_changed |= is_changed;
    }

    pub(super) fn next_run(&self) -> u64 {
        self.content.edits.iter().map(|entry| entry.run).max().unwrap_or_default() + 1
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.is_changed = true;
        self.content.edits.push(entry);
    }

    /// Notes which files of a run were written; the edits of others are forgotten.
    pub(super) fn finish(&mut self, run: u64, is_written: impl Fn(&Path) -> bool) {
        self.is_changed = true;
        self.content.edits.retain_mut(|entry| {
            let is_of_run = entry.run == run;
            if is_of_run {
                entry.progress = Progress::Done;
            }
            !is_of_run || is_written(&entry.file)
        });
    }

    pub(super) fn forget(&mut self, run: u64, file: &Path, server: &str) {
        self.is_changed = true;
        self.content
            .edits
            .retain(|entry| !(entry.run == run && entry.file == file && entry.server == server));
    }

    /// Writes them, if anything is different. The caller holds the lock of rewriting.
    pub(super) fn save(&mut self) -> Result<(), UndoError> {
        if !self.is_changed {
            return Ok(());
        }
        let failed = |source| UndoError::Record { path: self.path.clone(), source };
        if self.content.edits.is_empty() {
            private_file::remove(&self.path).map_err(failed)?;
        } else {
            let text =
                serde_json::to_vec_pretty(&self.content).map_err(|error| failed(io::Error::other(error)))?;
            private_file::replace(&self.path, &text).map_err(failed)?;
        }
        self.is_changed = false;
        Ok(())
    }
}

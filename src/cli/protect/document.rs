//! What `protect` did, as a document for programs.

use serde::Serialize;

use crate::app::App;
use crate::cli::protect::session::{Done, Ending, FileDone, Kept};
use crate::protect::copies::FoundCopy;
use crate::protect::history::Committed;
use crate::protect::plan::Step;

/// The document.
#[derive(Serialize)]
pub(super) struct Document<'d> {
    schema_version: u32,
    profile: String,
    ending: Ending,
    steps: &'d [Step],
    credentials: &'d [Kept],
    files: Vec<ChangedFile<'d>>,
    unread: Vec<Unread<'d>>,
    copies: &'d [FoundCopy],
    scrubbed: Vec<String>,
    committed: &'d [Committed],
    whole_history_searched: bool,
}

#[derive(Serialize)]
struct ChangedFile<'d> {
    file: String,
    clients: Vec<Restarted<'d>>,
    committed: bool,
    written: bool,
    why: Option<&'d str>,
    diff: Option<&'d str>,
}

#[derive(Serialize)]
struct Restarted<'d> {
    name: &'d str,
    after_a_change: Option<&'d str>,
}

#[derive(Serialize)]
struct Unread<'d> {
    file: String,
    why: &'d str,
}

/// Of what was done.
pub(super) fn of<'d>(app: &App, done: &'d Done) -> Document<'d> {
    let unread =
        done.unread.iter().map(|(path, why)| Unread { file: path.to_string_lossy().into_owned(), why });
    Document {
        schema_version: 1,
        profile: app.credentials.profile().to_string(),
        ending: done.ending,
        steps: &done.steps,
        credentials: &done.credentials,
        files: done.files.iter().map(file).collect(),
        unread: unread.collect(),
        copies: &done.copies,
        scrubbed: done.scrubbed.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
        committed: &done.history.committed,
        whole_history_searched: done.history.is_complete,
    }
}

fn file(file: &FileDone) -> ChangedFile<'_> {
    let clients = file.clients.iter();
    let clients = clients.map(|(name, reload)| Restarted { name, after_a_change: reload.as_deref() });
    ChangedFile {
        file: file.path.to_string_lossy().into_owned(),
        clients: clients.collect(),
        committed: file.is_committed,
        written: file.is_written,
        why: file.why.as_deref(),
        diff: file.difference.as_deref(),
    }
}

//! EDITS OF CONFIGURATIONS THAT CAN BE UNDONE: carried out as one act, on record without a secret, and put back.
//!
//! What is about to happen is written down first, so that a process that is killed leaves a record that tells what it
//! did. The next one that edits or undoes looks at the files and finishes or forgets it.

mod error;
mod records;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub(crate) use crate::undo::error::UndoError;
pub(crate) use crate::undo::records::{Entry, Records};

use crate::document::Document;
use crate::document::edit::Edited;
use crate::document::inverse::{self, Inverse, Restored, Values};
use crate::name::{CredentialName, Profile};
use crate::rewrite::{self, ClientLock, Outcome, Rewrite, Rewriting};
use crate::secret::Secret;
use crate::undo::records::Progress;

/// The edits of one file.
pub(crate) struct Change<'d> {
    /// The file before and after. Groups of edits have the name of their server as a label, and every secret that goes
    /// is hidden under the name of its credential, whose value is stored already.
    pub(crate) edited: Edited<'d>,
    /// Whose file it is, as the catalog names it.
    pub(crate) client: String,
    /// Secrets that are in the file and are stored nowhere. Nothing is done where one would get into the record.
    pub(crate) others: Vec<Secret>,
}

/// Does all that [`carry_out`] does before it changes anything: what is refused is refused here, and nothing is left
/// behind.
///
/// # Errors
/// Where a secret would get into the record, the record can't be read, or nothing can be written beside a file.
pub(crate) fn rehearse<'c, 'd: 'c>(
    data_folder: &Path,
    changes: impl Iterator<Item = &'c Change<'d>>,
) -> Result<(), UndoError> {
    Records::load(data_folder)?;
    for change in changes {
        let path = change.edited.before().path();
        inverse::inverses(&change.edited, &change.others)
            .map_err(|error| UndoError::Inverse { path: path.to_owned(), error })?;
        rewrite::rehearse(path, &change.edited.whole())?;
    }
    Ok(())
}

/// Edits files, all or none, and puts on record how that is undone.
///
/// # Errors
/// Where a secret would get into the record, the record can't be read or written, or the files can't be rewritten: the
/// files are then as they were.
pub(crate) fn carry_out(
    data_folder: &Path,
    profile: &Profile,
    now: Timestamp,
    changes: Vec<Change<'_>>,
) -> Result<Vec<(PathBuf, Outcome)>, UndoError> {
    let mut rewriting = Rewriting::begin(data_folder)?;
    let mut records = Records::load(data_folder)?;
    records.settle();
    let run = records.next_run();
    for change in changes {
        let document = change.edited.before();
        let path = document.path().to_owned();
        for (label, inverse) in inverse::inverses(&change.edited, &change.others)
            .map_err(|error| UndoError::Inverse { path: path.clone(), error })?
        {
            records.push(Entry {
                run,
                file: path.clone(),
                client: change.client.clone(),
                server: label,
                profile: profile.clone(),
                at: now,
                syntax: document.syntax(),
                is_front_matter: document.is_front_matter(),
                progress: Progress::UnderWay,
                inverse,
            });
        }
        let lock = ClientLock::of(&change.client, &path);
        let (before, after) = (Some(document.whole()), Some(change.edited.whole()));
        rewriting.add(Rewrite { path, before, after, lock })?;
    }
    records.save()?;
    let outcome = rewriting.carry_out();
    match &outcome {
        Ok(done) => records.finish(run, |file| {
            done.iter().any(|(path, outcome)| path == file && *outcome == Outcome::Written)
        }),
        Err(error) => records.finish(run, |file| error.remaining().iter().any(|path| path == file)),
    }
    // What was written first says enough: the files tell the rest.
    let saved = records.save();
    let done = outcome?;
    saved?;
    Ok(done)
}

/// What became of the edits of one entry.
pub(crate) struct Undone {
    /// The file.
    pub(crate) file: PathBuf,
    /// Whose it is.
    pub(crate) client: String,
    /// The entry.
    pub(crate) server: String,
    pub(crate) how: How,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It was undone, or there was nothing left to undo.
    Restored(Restored),
    /// A credential that it needs was not given; it is as it was.
    NotStored(CredentialName),
    /// The file can't be read, for this reason; it is as it was.
    Unreadable(String),
    /// Its client wrote the file at the same moment; it is as the client wrote it.
    ChangedMeanwhile,
}

/// Undoes edits, all files or none, with what credentials hold now: a rotated one comes back with its new value,
/// because the former is void. An edit that is undone is off the record.
///
/// # Errors
/// Where the record can't be read or written, or the files can't be rewritten: the files are then as they were.
pub(crate) fn restore(
    data_folder: &Path,
    is_wanted: &dyn Fn(&Entry) -> bool,
    values: &[(Profile, CredentialName, Secret)],
) -> Result<Vec<Undone>, UndoError> {
    let mut rewriting = Rewriting::begin(data_folder)?;
    let mut records = Records::load(data_folder)?;
    records.settle();
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in records.entries().iter().filter(|entry| is_wanted(entry)) {
        if !files.contains(&entry.file) {
            files.push(entry.file.clone());
        }
    }
    let mut results: Vec<(u64, Undone)> = Vec::new();
    for file in &files {
        // The latest first.
        let mut wanted: Vec<&Entry> =
            records.entries().iter().filter(|entry| entry.file == *file && is_wanted(entry)).collect();
        wanted.sort_by_key(|entry| std::cmp::Reverse(entry.run));
        let (restored, hows) = restore_file(&wanted, values)?;
        if let Some((before, document)) = restored {
            let lock = ClientLock::of(wanted.first().map_or("", |entry| entry.client.as_str()), file);
            rewriting.add(Rewrite {
                path: file.clone(),
                before: Some(before),
                after: Some(document.whole()),
                lock,
            })?;
        }
        for (entry, how) in wanted.iter().zip(hows) {
            let undone = Undone {
                file: file.clone(),
                client: entry.client.clone(),
                server: entry.server.clone(),
                how,
            };
            results.push((entry.run, undone));
        }
    }
    let changed: Vec<PathBuf> = rewriting
        .carry_out()?
        .into_iter()
        .filter(|(_, outcome)| *outcome == Outcome::ChangedMeanwhile)
        .map(|(path, _)| path)
        .collect();
    for (run, undone) in &mut results {
        if changed.contains(&undone.file) && matches!(undone.how, How::Restored(_)) {
            undone.how = How::ChangedMeanwhile;
        }
        if undone.is_over() {
            records.forget(*run, &undone.file, &undone.server);
        }
    }
    records.save()?;
    Ok(results.into_iter().map(|(_, undone)| undone).collect())
}

impl Undone {
    /// Whether nothing is left to undo.
    pub(crate) fn is_over(&self) -> bool {
        matches!(&self.how, How::Restored(restored) if *restored != Restored::Changed)
    }
}

/// The file before and after, and what becomes of each edit; nothing where the file stays as it is.
type FileRestored = (Option<(Secret, Document)>, Vec<How>);

/// `wanted` are edits of one file, the latest first.
fn restore_file(
    wanted: &[&Entry],
    values: &[(Profile, CredentialName, Secret)],
) -> Result<FileRestored, UndoError> {
    let Some(first) = wanted.first() else { return Ok((None, Vec::new())) };
    let document = match first.read() {
        Ok(Some(document)) => document,
        Ok(None) => {
            return Ok((None, wanted.iter().map(|_| How::Restored(Restored::Gone)).collect()));
        }
        Err(error) => {
            return Ok((None, wanted.iter().map(|_| How::Unreadable(error.to_string())).collect()));
        }
    };
    let before = document.whole();
    let mut current: Option<Document> = None;
    let mut hows: Vec<How> = Vec::with_capacity(wanted.len());
    for run in wanted.chunk_by(|one, other| one.run == other.run) {
        let find = |entry: &Entry, name: &str| {
            values.iter().find(|(profile, known, _)| *profile == entry.profile && known.as_str() == name)
        };
        let missing =
            |entry: &Entry| entry.credentials().into_iter().find(|name| find(entry, name.as_str()).is_none());
        let possible: Vec<&Entry> = run.iter().copied().filter(|entry| missing(entry).is_none()).collect();
        let inverses: Vec<&Inverse> = possible.iter().map(|entry| &entry.inverse).collect();
        let get = |name: &str| {
            let entry = possible.first()?;
            find(entry, name).map(|(.., secret)| secret)
        };
        let (restored, outcomes) =
            inverse::restore(current.as_ref().unwrap_or(&document), &inverses, &Values { get: &get })
                .map_err(|error| UndoError::Inverse { path: first.file.clone(), error })?;
        current = restored.or(current);
        let mut outcomes = outcomes.into_iter();
        for entry in run {
            hows.push(match missing(entry) {
                Some(name) => How::NotStored(name),
                None => How::Restored(outcomes.next().unwrap_or(Restored::Changed)),
            });
        }
    }
    Ok((current.map(|document| (before, document)), hows))
}

#[cfg(test)]
mod tests;

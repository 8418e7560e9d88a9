//! `Journal`: the log in files: one write for what belongs together, under a lock, with what was torn healed first.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::audit::anchor::Anchor;
use crate::audit::anomaly::{MemoryFile, Rules};
use crate::audit::event::{Action, Event};
use crate::audit::files::LogFiles;
use crate::audit::head::{Head, Sealed};
use crate::audit::line::{self, Position};
use crate::audit::settle::{Settled, settle};
use crate::audit::{Appended, AuditError, AuditLog, Batch};
use crate::os::lock::{FileLock, LockError};
use crate::os::private_file;

/// How long a line waits for the lines of other processes.
const PATIENCE: Duration = Duration::from_secs(10);

/// After so many lines a store is told how far the log goes, though it changes nothing else.
const LINES_BETWEEN_ANCHORS: u64 = 100;

/// How large the log may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of a file.
    pub(crate) bytes: u64,
    /// Files, that in use included.
    pub(crate) files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 8 * 1024 * 1024, files: 8 }
    }
}

/// The log in a folder.
#[derive(Debug)]
pub(crate) struct Journal {
    files: LogFiles,
    limits: Limits,
    rules: Rules,
    memory: MemoryFile,
}

impl Journal {
    /// The log in this folder. Touches nothing yet.
    pub(crate) fn in_folder(folder: &Path, limits: Limits, rules: Rules) -> Self {
        let (files, memory) = (LogFiles::in_folder(folder), MemoryFile::in_folder(folder));
        Self { files, limits, rules, memory }
    }

    fn lock(&self) -> Result<FileLock, AuditError> {
        let folder = self.files.folder();
        private_file::create_folder(folder).map_err(|error| unwritable(folder, error))?;
        let path = self.files.head();
        FileLock::acquire(&path, PATIENCE).map_err(|error| match error {
            LockError::Busy => AuditError::Busy { after: PATIENCE },
            LockError::Io(error) => unwritable(&path, error),
        })
    }

    fn write(&self, batch: &Batch<'_>, head: &File) -> io::Result<Appended> {
        let current = self.files.current();
        let mut log = private_file::open_to_append(&current)?;
        let size = log.metadata()?.len();
        let Settled { mut tail, sealed, mut seams, is_new_file } =
            settle(&self.files, head, size, batch.key)?;
        let mut first = sealed.as_ref().map_or(1, |sealed| sealed.first);
        // Nobody without a key decides what is kept, but neither does a flood of failures fill the disk.
        let limit = if batch.key.is_some() { self.limits.bytes } else { self.limits.bytes * 2 };
        if is_new_file {
            seams.insert(0, Event::new(Action::Continue));
        } else if tail.size > 0 && tail.size + expected_size(batch) > limit {
            log.sync_all()?;
            drop(log);
            // Where that does not work, as while another program holds the file on Windows, the file grows on.
            if private_file::rename(&current, &self.files.archive(tail.start)).is_ok() {
                seams.insert(0, Event::new(Action::Continue));
                tail.start = tail.n + 1;
                tail.size = 0;
            }
            log = private_file::open_to_append(&current)?;
        }
        let before = tail.n;
        let mut lines = Vec::with_capacity(1024 * (seams.len() + batch.events.len()));
        for event in seams.iter().chain(batch.events) {
            tail.n += 1;
            let at = Position { number: tail.n, time: batch.time, previous: tail.link, key: batch.key };
            tail.link = line::write(&mut lines, event, batch.circumstances, at);
        }
        if let Err(error) = log.write_all(&lines) {
            // What is half there would be taken for torn; it is gone before anybody else looks.
            _ = self.cut(tail.size);
            return Err(error);
        }
        tail.size += lines.len() as u64;
        let is_change = batch.events.iter().any(Event::is_done_change);
        let is_anchor_due = batch.key.is_some()
            && (is_change || tail.n / LINES_BETWEEN_ANCHORS > before / LINES_BETWEEN_ANCHORS);
        if is_anchor_due {
            // What a store is told of has to be there after a loss of power.
            log.sync_data()?;
        }
        let mut pruned = Vec::new();
        if batch.key.is_some() && seams.iter().any(|seam| seam.action == Action::Continue) {
            (first, pruned) = self.files.to_prune(self.limits.files, first)?;
        }
        let sealed = batch.key.map(|key| Sealed::by(key, first, tail.n, tail.link)).or(sealed);
        let anchor = Anchor { first, n: tail.n, link: tail.link };
        Head { sealed, tail }.write(head)?;
        for file in pruned {
            // A file too many is seen by the next one who has to look.
            _ = private_file::remove(&file);
        }
        // What is not remembered is a warning less, and no reason to refuse anything.
        let anomalies = self.memory.judge(&self.rules, &lines, batch.due_on).unwrap_or_default();
        Ok(Appended { anchor, is_anchor_due, anomalies })
    }

    fn cut(&self, size: u64) -> io::Result<()> {
        private_file::open_for_lock(&self.files.current())?.set_len(size)
    }
}

/// About how many bytes the lines will have: a file may become a little larger than its limit, never much.
fn expected_size(batch: &Batch<'_>) -> u64 {
    600 * batch.events.len() as u64
}

fn unwritable(path: &Path, source: io::Error) -> AuditError {
    AuditError::Unwritable { path: path.to_owned(), source }
}

impl AuditLog for Journal {
    fn append(&self, batch: &Batch<'_>) -> Result<Appended, AuditError> {
        let mut lock = self.lock()?;
        self.write(batch, lock.file()).map_err(|error| unwritable(&self.files.current(), error))
    }

    fn check_writable(&self) -> Result<(), AuditError> {
        let folder = self.files.folder();
        private_file::create_folder(folder).map_err(|error| unwritable(folder, error))?;
        let head: PathBuf = self.files.head();
        private_file::open_for_lock(&head).map_err(|error| unwritable(&head, error))?;
        let current = self.files.current();
        private_file::open_to_append(&current).map(drop).map_err(|error| unwritable(&current, error))
    }

    fn holds(&self, anchor: &Anchor) -> Result<bool, AuditError> {
        let found = self.files.link_of(anchor.n).map_err(|error| unwritable(&self.files.current(), error))?;
        Ok(match found {
            Some(link) => link == anchor.link,
            // Older than what is kept is nothing that could be compared.
            None => self.files.oldest()?.is_some_and(|oldest| anchor.n < oldest),
        })
    }
}

impl From<io::Error> for AuditError {
    fn from(source: io::Error) -> Self {
        Self::Unwritable { path: PathBuf::new(), source }
    }
}

/// The size of a file, 0 where there is none.
///
/// # Errors
/// Where it can't be asked about.
pub(super) fn size_of(path: &Path) -> io::Result<u64> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

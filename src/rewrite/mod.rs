//! SEVERAL FILES OF OTHER PROGRAMS REWRITTEN AS ONE ACT: all of them, or none.
//!
//! Everything new is written and synced beside its file first. Then each file is looked at once more, under the lock
//! of the client that owns it where it has one, and replaced only if it still says what the change was made from.
//! Where the system refuses in the middle, what was replaced already is put back.

mod client_lock;
mod error;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use crate::rewrite::client_lock::ClientLock;
pub(crate) use crate::rewrite::error::RewriteError;

use crate::document;
use crate::os::lock::FileLock;
use crate::os::private_file;
use crate::os::staged_file::{self, Staged};
use crate::rewrite::client_lock::Held;
use crate::rewrite::error::Why;
use crate::secret::Secret;

/// How long another `mcpcred` that rewrites files is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes new content beside its file and takes it away again, so that it is known whether that can be done.
///
/// # Errors
/// Why not.
pub(crate) fn rehearse(path: &Path, after: &Secret) -> Result<(), RewriteError> {
    let staged = staged_file::target_of(path).and_then(|target| staged_file::stage(&target, after));
    staged.map(drop).map_err(|error| RewriteError::new(path, Why::Prepare(error)))
}

/// What is to become of one file.
pub(crate) struct Rewrite {
    /// The file, as its client knows it: links are followed, and stay.
    pub(crate) path: PathBuf,
    /// What the change was made from, all bytes of the file; nothing where there was no file.
    pub(crate) before: Option<Secret>,
    /// All bytes that the file is to have; nothing where it is to go. A link to it stays.
    pub(crate) after: Option<Secret>,
    /// What its client takes when it writes the file itself.
    pub(crate) lock: ClientLock,
}

/// What became of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has its new content.
    Written,
    /// Somebody else changed it since it was read, so it was left alone.
    ChangedMeanwhile,
}

/// A set of files on their way. Nothing of them is different until [`Rewriting::carry_out`], and no other `mcpcred`
/// rewrites any while this lives.
pub(crate) struct Rewriting {
    _lock: FileLock,
    files: Vec<File>,
}

struct File {
    rewrite: Rewrite,
    target: PathBuf,
    /// What happens to it, until it has.
    next: Option<Next>,
    outcome: Outcome,
}

/// What happens to a file.
enum Next {
    Replaced(Staged),
    Removed,
}

impl Rewriting {
    /// Waits until no other `mcpcred` rewrites files.
    ///
    /// # Errors
    /// Where another one does for ten seconds, or the lock in the data folder can't be taken.
    pub(crate) fn begin(data_folder: &Path) -> Result<Self, RewriteError> {
        let path = data_folder.join("rewrite.lock");
        private_file::create_folder(data_folder)
            .map_err(|error| RewriteError::new(data_folder, Why::Prepare(error)))?;
        match FileLock::acquire(&path, PATIENCE) {
            Ok(lock) => Ok(Self { _lock: lock, files: Vec::new() }),
            Err(error) => Err(RewriteError::new(&path, error.into())),
        }
    }

    /// Writes the new content beside its file, where it is to have one.
    ///
    /// # Errors
    /// Where that is not possible, the file may not be replaced, or was added before.
    pub(crate) fn add(&mut self, rewrite: Rewrite) -> Result<(), RewriteError> {
        let wrong = |error| RewriteError::new(&rewrite.path, Why::Prepare(error));
        let target = staged_file::target_of(&rewrite.path).map_err(wrong)?;
        if self.files.iter().any(|file| file.target == target) {
            return Err(RewriteError::new(&rewrite.path, Why::Twice));
        }
        staged_file::sweep(&target);
        let next = match &rewrite.after {
            Some(after) => Next::Replaced(staged_file::stage(&target, after).map_err(wrong)?),
            None => Next::Removed,
        };
        self.files.push(File { rewrite, target, next: Some(next), outcome: Outcome::ChangedMeanwhile });
        Ok(())
    }

    /// Replaces the files, and says of each, in the order in which they were added, what became of it.
    ///
    /// # Errors
    /// Where a client holds its lock for too long, or the system refuses: all files are then as they were, but for
    /// those that the error names.
    pub(crate) fn carry_out(&mut self) -> Result<Vec<(PathBuf, Outcome)>, RewriteError> {
        let mut locks: Vec<Held> = Vec::new();
        for file in &self.files {
            match file.rewrite.lock.acquire() {
                Ok(held) => locks.extend(held),
                Err(why) => {
                    let error = RewriteError::new(&file.rewrite.path, why);
                    self.files.clear();
                    return Err(error);
                }
            }
        }
        for number in 0..self.files.len() {
            let Some(file) = self.files.get_mut(number) else { break };
            if let Err(error) = file.put() {
                let error = RewriteError::new(&file.rewrite.path, error);
                let remaining = self.put_back(number);
                self.files.clear();
                return Err(error.with_remaining(remaining));
            }
        }
        drop(locks);
        Ok(self.files.drain(..).map(|file| (file.rewrite.path, file.outcome)).collect())
    }

    /// Puts back what was replaced before the file of this number. Answers which files that was not possible for.
    fn put_back(&self, number: usize) -> Vec<PathBuf> {
        let written = self.files.iter().take(number).rev();
        written
            .filter(|file| file.outcome == Outcome::Written && !file.put_back())
            .map(|file| file.rewrite.path.clone())
            .collect()
    }
}

impl File {
    fn put(&mut self) -> Result<(), Why> {
        let Some(next) = self.next.take() else { return Ok(()) };
        if !self.holds(self.rewrite.before.as_ref()) {
            return Ok(());
        }
        let done = match next {
            Next::Replaced(staged) => staged.put(),
            Next::Removed => private_file::remove(&self.target).map(drop),
        };
        match done {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
            Err(error) => return Err(Why::Replace(error)),
        }
        self.outcome = Outcome::Written;
        if self.holds(self.rewrite.after.as_ref()) { Ok(()) } else { Err(Why::OtherBytes) }
    }

    /// Whether the path still leads to the file, and the file says this.
    fn holds(&self, content: Option<&Secret>) -> bool {
        let leads_there =
            staged_file::target_of(&self.rewrite.path).is_ok_and(|target| target == self.target);
        let found = document::content(&self.target);
        leads_there && found.is_ok_and(|found| found.as_ref() == content)
    }

    fn put_back(&self) -> bool {
        // What somebody wrote since is theirs.
        if !self.holds(self.rewrite.after.as_ref()) {
            return false;
        }
        match &self.rewrite.before {
            Some(before) => staged_file::stage(&self.target, before).and_then(Staged::put).is_ok(),
            None => std::fs::remove_file(&self.target).is_ok(),
        }
    }
}

#[cfg(test)]
mod tests;

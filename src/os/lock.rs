//! `FileLock`: one writer at a time, across processes.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::os::private_file;

/// Held for as long as it lives. The lock is the system's own, so it goes with the process that dies.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Somebody else held it for the whole time.
    #[error("another process holds the lock")]
    Busy,
    /// The lock file can't be used.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl FileLock {
    /// The file itself, for what only its holder may write there.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Waits for the lock on `path` (a file of its own, never the one that gets replaced), for at most `patience`.
    ///
    /// # Errors
    /// [`LockError::Busy`] after `patience`; [`LockError::Io`] where the file can't be opened or is not ours.
    pub(crate) fn acquire(path: &Path, patience: Duration) -> Result<Self, LockError> {
        let file = private_file::open_for_lock(path)?;
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                Err(TryLockError::Error(error)) => return Err(error.into()),
                Err(TryLockError::WouldBlock) if start.elapsed() >= patience => {
                    return Err(LockError::Busy);
                }
                Err(TryLockError::WouldBlock) => sleep(pause),
            }
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}

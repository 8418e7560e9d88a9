//! `RewriteError`: why files were not rewritten, and which are not as they were.

use std::io;
use std::path::{Path, PathBuf};

use crate::os::lock::LockError;

/// Why files were not rewritten.
#[derive(Debug, thiserror::Error)]
#[error("{} {why}", path.display())]
pub(crate) struct RewriteError {
    path: PathBuf,
    #[source]
    why: Why,
    remaining: Vec<PathBuf>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Why {
    /// Another `mcpcred` is at work.
    #[error("is held by another mcpcred that rewrites configurations")]
    Busy,
    /// Its client is at work.
    #[error("is being written by its client")]
    ClientBusy,
    /// It was added before.
    #[error("is there twice, under two names")]
    Twice,
    /// Nothing was touched yet.
    #[error("can't be rewritten")]
    Prepare(#[source] io::Error),
    /// In the middle.
    #[error("can't be replaced")]
    Replace(#[source] io::Error),
    /// What was written is not what is there.
    #[error("holds other bytes than were written to it")]
    OtherBytes,
}

impl From<LockError> for Why {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Busy => Self::Busy,
            LockError::Io(error) => Self::Prepare(error),
        }
    }
}

impl RewriteError {
    pub(super) fn new(path: &Path, why: Why) -> Self {
        Self { path: path.to_owned(), why, remaining: Vec::new() }
    }

    pub(super) fn with_remaining(mut self, remaining: Vec<PathBuf>) -> Self {
        self.remaining = remaining;
        self
    }

    /// Files that have their new content and could not be put back; mostly none.
    pub(crate) fn remaining(&self) -> &[PathBuf] {
        &self.remaining
    }

    /// Whether the same may work a moment later.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.why, Why::Busy | Why::ClientBusy)
    }
}

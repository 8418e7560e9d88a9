//! `UndoError`: why edits were not made or undone.

use std::io;
use std::path::PathBuf;

use crate::document::inverse::InverseError;
use crate::rewrite::RewriteError;

/// Why edits were not made or undone; all files are as they were, but for what a [`RewriteError`] names.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UndoError {
    /// The files.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
    /// The record.
    #[error("the record of edits `{}` can't be used", path.display())]
    Record {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The record was written by a newer mcpcred, or is none.
    #[error("the record of edits `{}` can't be understood: {why}", path.display())]
    Damaged { path: PathBuf, why: String },
    /// What would be written down, or put back.
    #[error("`{}` is left as it is: {error}", path.display())]
    Inverse {
        path: PathBuf,
        #[source]
        error: InverseError,
    },
}

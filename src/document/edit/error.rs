//! `EditError`: why an edit is not made, in fixed words and with a place, never with text of the document.

use std::path::{Path, PathBuf};

use crate::document::Place;

/// Why a document can't be changed as asked. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[error("{} can't be edited at {place}: {why}", path.display())]
pub(crate) struct EditError {
    path: PathBuf,
    place: Place,
    why: EditWhy,
}

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditWhy {
    /// Two edits of one place.
    #[error("two edits are about the same place")]
    Overlap,
    /// A mapping has the key.
    #[error("the key is already there")]
    KeyExists,
    /// The way it is written there can't be edited.
    #[error("{0}")]
    Unsupported(&'static str),
    /// An alias repeats it.
    #[error("other places of the file repeat what stands there, by an alias")]
    Shared,
    /// What was written does not read back as it was meant.
    #[error("the text does not read back as it was meant, so nothing is written")]
    NotAsMeant,
}

impl EditError {
    pub(super) fn new(path: &Path, place: Place, why: EditWhy) -> Self {
        Self { path: path.to_owned(), place, why }
    }

    /// What stands in the way; its words follow the place.
    pub(crate) fn why(&self) -> EditWhy {
        self.why
    }

    /// Where.
    pub(crate) fn place(&self) -> Place {
        self.place
    }
}

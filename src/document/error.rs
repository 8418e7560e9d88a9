//! `DocumentError`: why a file can't be read or understood, in fixed words and with a place, never with its text.

use std::io;
use std::path::{Path, PathBuf};

use crate::document::Syntax;
use crate::document::place::Place;

/// Why a file is not a document.
#[derive(Debug, thiserror::Error)]
#[error("{} {why}", path.display())]
pub(crate) struct DocumentError {
    path: PathBuf,
    #[source]
    why: Why,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Why {
    /// The system does not let it be read.
    #[error("can't be read")]
    Unreadable(#[source] io::Error),
    /// Links that lead to one another.
    #[error("can't be read: its links lead in a circle")]
    LinksInCircle,
    /// A folder, a pipe, a device.
    #[error("is not a regular file")]
    NotAFile,
    /// More bytes than [`super::MAX_DOCUMENT`] or [`super::MAX_YAML`].
    #[error("is larger than {} MiB, and no configuration is", limit / 1024 / 1024)]
    TooLarge { limit: usize },
    /// Text of two bytes a letter, as some programs on Windows write it.
    #[error("is written in UTF-16, and not in UTF-8")]
    Wide,
    /// Bytes that are no text.
    #[error("is not UTF-8 at {place}")]
    NotText { place: Place },
    /// The syntax does not allow it.
    #[error("is not {} at {place}: {what}", .syntax.name())]
    Syntax { syntax: Syntax, place: Place, what: &'static str },
    /// More than [`super::MAX_DEPTH`] values in one another, or fewer where a library gives up earlier.
    #[error("is nested too deeply at {place}")]
    TooDeep { place: Place },
    /// More than [`super::MAX_VALUES`] values.
    #[error("holds more than {} values at {place}, and no configuration does", super::MAX_VALUES)]
    TooMany { place: Place },
}

impl DocumentError {
    pub(super) fn new(path: &Path, why: Why) -> Self {
        Self { path: path.to_owned(), why }
    }

    /// What is wrong with it; its words follow the name of the file: `is not JSON at line 3, column 5: …`.
    pub(crate) fn why(&self) -> &Why {
        &self.why
    }

    /// Where it is wrong, where that is known.
    pub(crate) fn place(&self) -> Option<Place> {
        match self.why {
            Why::Unreadable(_) | Why::LinksInCircle | Why::NotAFile | Why::TooLarge { .. } => None,
            Why::Wide => Some(Place { line: 1, column: 1 }),
            Why::NotText { place }
            | Why::Syntax { place, .. }
            | Why::TooDeep { place }
            | Why::TooMany { place } => Some(place),
        }
    }
}

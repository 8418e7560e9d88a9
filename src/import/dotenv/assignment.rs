//! `Assignment`: one `KEY=value` of a file, as one dialect reads it.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::import::dotenv::text::Plain;
use crate::secret::Secret;

/// One assignment.
pub(super) struct Assignment {
    /// The key as it is written, which may be a piece of a value that was written wrongly.
    pub(super) key: Zeroizing<String>,
    /// The line that the key is on, from 1.
    pub(super) line: u32,
    /// The whole lines that it takes, as bytes of the file.
    pub(super) lines: Range<usize>,
    /// What it says.
    pub(super) reading: Reading,
}

/// What an assignment says.
#[derive(PartialEq, Eq)]
pub(super) enum Reading {
    /// A value of at least one byte.
    Value(Secret),
    /// Nothing.
    Empty,
    /// A value that begins with a quote which does not close it: what the dialect makes of it, or nothing.
    Quotes(Option<Secret>),
}

impl Reading {
    /// The value, where there is any.
    pub(super) fn value(&self) -> Option<&Secret> {
        match self {
            Self::Value(value) => Some(value),
            Self::Quotes(value) => value.as_ref(),
            Self::Empty => None,
        }
    }
}

impl Assignment {
    /// Whose key lies here in the text, and whose value ends there.
    pub(super) fn new(plain: &Plain, key: Range<usize>, end: usize, reading: Reading) -> Self {
        Self {
            key: Zeroizing::new(plain.text()[key.clone()].to_owned()),
            line: plain.line(key.start),
            lines: plain.lines(&(key.start..end)),
            reading,
        }
    }
}

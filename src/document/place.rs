//! `Place`: line and column, as editors count them, and the index that finds them.

use std::fmt;

/// What some editors put in front of a file of UTF-8.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A place in a file as editors count: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

impl Place {
    /// The place of a byte in a text; of its end for one past it.
    pub(crate) fn of(text: &[u8], offset: usize) -> Self {
        Lines::of(text).place(text, offset)
    }
}

/// Where every line begins. Lines end with LF, CRLF or CR.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut starts = vec![0];
        for (index, byte) in text.iter().enumerate() {
            let ends = *byte == b'\n' || (*byte == b'\r' && text.get(index + 1) != Some(&b'\n'));
            if ends {
                starts.push(index + 1);
            }
        }
        Self(starts)
    }

    /// The place of a byte. Past the end it is the end; the byte order mark has no column of its own.
    pub(super) fn place(&self, text: &[u8], offset: usize) -> Place {
        let offset = offset.min(text.len());
        let line = self.0.partition_point(|start| *start <= offset).max(1);
        let start = self.0.get(line - 1).copied().unwrap_or_default();
        let before = text.get(start..offset).unwrap_or_default();
        let before = if line == 1 {
            before.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(before)
        } else {
            before
        };
        // Every character has one byte that is no continuation.
        let column = before.iter().filter(|byte| **byte & 0xc0 != 0x80).count() + 1;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Place { line: number(line), column: number(column) }
    }
}

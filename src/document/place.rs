//! `Place`: line and column, as editors count them, and the index that finds them.

use std::fmt;

/// What some editors put in front of a file of UTF-8.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What stands in front of a file of UTF-16, in either order of its bytes.
pub(super) const WIDE_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// A place in a file as editors count: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
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

/// How many bytes lie between two entries of [`Lines::characters`].
const STRIDE: usize = 256;

/// Finds places. Lines end with LF, CRLF or CR.
pub(super) struct Lines {
    /// Where every line begins.
    starts: Vec<usize>,
    /// How many characters begin before every [`STRIDE`]th byte: a file may be one long line.
    characters: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut starts = vec![0];
        for (index, byte) in text.iter().enumerate() {
            let ends = *byte == b'\n' || (*byte == b'\r' && text.get(index + 1) != Some(&b'\n'));
            if ends {
                starts.push(index + 1);
            }
        }
        let counts = text.chunks(STRIDE).scan(0, |sum, chunk| {
            let before = *sum;
            *sum += count(chunk);
            Some(before)
        });
        let characters = counts.collect();
        Self { starts, characters }
    }

    /// The place of a byte. Past the end it is the end; the byte order mark has no column of its own.
    pub(super) fn place(&self, text: &[u8], offset: usize) -> Place {
        let offset = offset.min(text.len());
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let mut start = self.starts.get(line - 1).copied().unwrap_or_default();
        if line == 1 && text.starts_with(BYTE_ORDER_MARK.as_bytes()) {
            start = BYTE_ORDER_MARK.len().min(offset);
        }
        let column = self.characters_before(text, offset) - self.characters_before(text, start) + 1;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Place { line: number(line), column: number(column) }
    }

    fn characters_before(&self, text: &[u8], offset: usize) -> usize {
        let chunk = offset / STRIDE;
        let before = self.characters.get(chunk).or(self.characters.last()).copied().unwrap_or_default();
        let begun = chunk.min(self.characters.len().saturating_sub(1)) * STRIDE;
        before + count(text.get(begun..offset).unwrap_or_default())
    }
}

/// How many characters begin in the bytes: each has one byte that is no continuation.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

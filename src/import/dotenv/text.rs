//! `Plain`: the text of a file with one kind of line ending, and the way back to its own bytes.

use std::ops::Range;

use zeroize::Zeroizing;

/// The text as both dialects see it: CRLF and CR are LF.
pub(super) struct Plain {
    text: Zeroizing<String>,
    /// Where, in this text, an LF stands for two bytes of the file.
    pairs: Vec<usize>,
    /// Where every LF is.
    ends: Vec<usize>,
}

impl Plain {
    /// Of a file.
    pub(super) fn of(file: &str) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(file.len()));
        let mut pairs = Vec::new();
        let mut rest = file;
        while let Some(at) = rest.find('\r') {
            text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('\n') {
                pairs.push(text.len());
                rest = after;
            }
            text.push('\n');
        }
        text.push_str(rest);
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        Self { text, pairs, ends }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The whole lines, with their ends, that this part of the text touches: as bytes of the file.
    pub(super) fn lines(&self, part: &Range<usize>) -> Range<usize> {
        let before = self.ends.partition_point(|end| *end < part.start);
        let start = before.checked_sub(1).map_or(0, |last| self.ends[last] + 1);
        let after = self.ends.partition_point(|end| *end < part.end.max(part.start));
        let end = self.ends.get(after).map_or(self.text.len(), |end| end + 1);
        self.in_file(start)..self.in_file(end)
    }

    /// The number of the line, from 1, on which this place of the text is.
    pub(super) fn line(&self, at: usize) -> u32 {
        let before = self.ends.partition_point(|end| *end < at);
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    fn in_file(&self, at: usize) -> usize {
        at + self.pairs.partition_point(|pair| *pair < at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_ending_is_one_and_the_way_back_is_known() {
        let file = "a\r\nb\rc\nd\r\n\r\ne";
        let plain = Plain::of(file);
        assert_eq!(plain.text(), "a\nb\nc\nd\n\ne");
        let line = |at: usize| &file[plain.lines(&(at..at + 1))];
        assert_eq!([line(0), line(2), line(4), line(6), line(9)], ["a\r\n", "b\r", "c\n", "d\r\n", "e"]);
        assert_eq!(&file[plain.lines(&(0..5))], "a\r\nb\rc\n");
        assert_eq!([plain.line(0), plain.line(2), plain.line(9)], [1, 2, 6]);
    }
}

//! `Block`: lines of ours between two marks in a file of the person's, put in and taken out so that every other byte
//! stays as it was.

use std::ops::Range;

use crate::secret::{Secret, SecretBuffer};

const BEGIN: &str = "# >>> mcpcred >>>";
const END: &str = "# <<< mcpcred <<<";
/// Stands in the first line where the file was not there before.
const MADE: &str = "which made this file";

/// Why a file is left alone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BlockError {
    /// Somebody changed the marks.
    #[error("the marks of mcpcred in it do not stand in one pair any more")]
    Broken,
    /// UTF-16 with half a character at its end.
    #[error("it says that it is UTF-16, and is not")]
    NotText,
}

/// What comes of putting the lines in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Installed {
    /// They are there, just so.
    Unchanged,
    /// They came to the end of the file.
    Added(Secret),
    /// Other lines of ours were there.
    Updated(Secret),
}

/// What comes of taking the lines out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Removed {
    /// None were there.
    Unchanged,
    /// What stays. The file was there before.
    Rest(Secret),
    /// Nothing stays, and the file was made for the lines.
    Nothing,
}

/// The lines as they stand in a file that has nothing else: between the marks, with what they are in the first.
pub(crate) fn marked(lines: &str, word: &str, made: bool) -> String {
    let made = if made { format!(", {MADE}") } else { String::new() };
    format!(
        "{BEGIN} lines of `mcpcred init {word}`{made}; `mcpcred init {word} --uninstall` takes them out\n{lines}{END}\n"
    )
}

/// Puts the lines at the end of the file, or in the place of those that are there. `word` is the shell's.
///
/// # Errors
/// Where the marks are broken, or the file is no text.
pub(crate) fn install(content: Option<&[u8]>, lines: &str, word: &str) -> Result<Installed, BlockError> {
    let Some(content) = content else {
        return Ok(Installed::Added(Secret::copy_of(marked(lines, word, true).as_bytes())));
    };
    let text = MarkedText::of(content)?;
    // A carriage return is a part of a word to all other shells, and breaks the lines.
    let newline = if word == "powershell" { text.newline() } else { "\n" };
    let mut block = text.encode(&marked(lines, word, text.made).replace('\n', newline));
    let line_feed = text.encode(newline);
    let Some(range) = text.block.clone() else {
        let mut new = SecretBuffer::with_capacity(content.len() + block.len() + line_feed.len());
        new.push(content);
        if !text.ends_a_line(content.len()) {
            // A file without a line feed at its end has none afterwards: so it is known that this one is ours.
            new.push(&line_feed);
            block.truncate(block.len() - line_feed.len());
        }
        new.push(&block);
        return Ok(Installed::Added(new.into_secret()));
    };
    if !text.ends_a_line(range.end) {
        block.truncate(block.len() - line_feed.len());
    }
    if content[range.clone()] == block {
        return Ok(Installed::Unchanged);
    }
    Ok(Installed::Updated(spliced(content, range, &block)))
}

/// Takes the lines out.
///
/// # Errors
/// Where the marks are broken, or the file is no text.
pub(crate) fn uninstall(content: &[u8]) -> Result<Removed, BlockError> {
    let text = MarkedText::of(content)?;
    let Some(mut range) = text.block.clone() else { return Ok(Removed::Unchanged) };
    if !text.ends_a_line(range.end) {
        // The line feed before it came with it.
        let line_feed = text.encode(text.newline());
        if content[..range.start].ends_with(&line_feed) && range.start >= text.start + line_feed.len() {
            range.start -= line_feed.len();
        }
    }
    if text.made && range == (text.start..content.len()) {
        return Ok(Removed::Nothing);
    }
    Ok(Removed::Rest(spliced(content, range, b"")))
}

fn spliced(content: &[u8], range: Range<usize>, new: &[u8]) -> Secret {
    let mut spliced = SecretBuffer::with_capacity(content.len() + new.len());
    spliced.push(&content[..range.start]);
    spliced.push(new);
    spliced.push(&content[range.end..]);
    spliced.into_secret()
}

/// How the characters of a file are written. Windows PowerShell writes UTF-16 where nobody says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// Or anything else that has ASCII in it as it is.
    Bytes,
    Utf16Little,
    Utf16Big,
}

/// A file, and the block in it.
struct MarkedText<'c> {
    content: &'c [u8],
    encoding: Encoding,
    /// Where the text begins: after the byte order mark.
    start: usize,
    /// From the first byte of the first mark to the last one of the line of the second.
    block: Option<Range<usize>>,
    /// Whether the block says that it made the file.
    made: bool,
}

impl<'c> MarkedText<'c> {
    fn of(content: &'c [u8]) -> Result<Self, BlockError> {
        let (encoding, start) = match content {
            [0xff, 0xfe, ..] => (Encoding::Utf16Little, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16Big, 2),
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Bytes, 3),
            _ => (Encoding::Bytes, 0),
        };
        let mut text = Self { content, encoding, start, block: None, made: false };
        if !content.len().is_multiple_of(text.unit()) {
            return Err(BlockError::NotText);
        }
        let (begins, ends) = (text.lines_with(BEGIN), text.lines_with(END));
        match (&begins[..], &ends[..]) {
            ([], []) => {}
            ([begin], [end]) if begin.end <= end.start => {
                let first_line = &content[begin.clone()];
                let made = text.encode(MADE);
                text.made = first_line.windows(made.len()).any(|window| window == made);
                text.block = Some(begin.start..end.end);
            }
            _ => return Err(BlockError::Broken),
        }
        Ok(text)
    }

    /// How many bytes an ASCII character has.
    fn unit(&self) -> usize {
        if self.encoding == Encoding::Bytes { 1 } else { 2 }
    }

    fn encode(&self, text: &str) -> Vec<u8> {
        match self.encoding {
            Encoding::Bytes => text.as_bytes().to_vec(),
            Encoding::Utf16Little => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Big => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }

    /// The lines that begin with `mark`, each with its line feed.
    fn lines_with(&self, mark: &str) -> Vec<Range<usize>> {
        let (mark, line_feed) = (self.encode(mark), self.encode("\n"));
        let mut found = Vec::new();
        let mut start = self.start;
        while start < self.content.len() {
            let units = (start..self.content.len()).step_by(self.unit());
            let end = units
                .map(|at| at + self.unit())
                .find(|end| self.content[..*end].ends_with(&line_feed))
                .unwrap_or(self.content.len());
            if self.content[start..end].starts_with(&mark) {
                found.push(start..end);
            }
            start = end;
        }
        found
    }

    /// Whether a new line begins at this place.
    fn ends_a_line(&self, at: usize) -> bool {
        at <= self.start || self.content[self.start..at].ends_with(&self.encode("\n"))
    }

    /// How the lines of the block end, or without one, the first line of the file.
    fn newline(&self) -> &'static str {
        let from = self.block.as_ref().map_or(self.start, |range| range.start);
        let (line_feed, return_too) = (self.encode("\n"), self.encode("\r\n"));
        let mut ends = (from..self.content.len()).step_by(self.unit()).map(|at| at + self.unit());
        let first = ends.find(|end| self.content[from..*end].ends_with(&line_feed));
        let is_windows = first.is_some_and(|end| self.content[from..end].ends_with(&return_too));
        if is_windows { "\r\n" } else { "\n" }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINES: &str = "one\ntwo\n";

    fn put_in(content: &[u8]) -> Vec<u8> {
        match install(Some(content), LINES, "zsh").unwrap() {
            Installed::Added(new) => new.expose_secret().to_vec(),
            other => panic!("{other:?}"),
        }
    }

    fn taken_out(content: &[u8]) -> Vec<u8> {
        match uninstall(content).unwrap() {
            Removed::Rest(rest) => rest.expose_secret().to_vec(),
            other => panic!("{other:?}"),
        }
    }

    fn utf16(text: &str) -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn lines_come_to_the_end_and_go_without_a_trace() {
        for before in ["", "a\n", "a", "a\r\nb\r\n", "a\r\nb", "\u{feff}a", "a\r", "\n", "a\n\n"] {
            let with = put_in(before.as_bytes());
            assert!(with.starts_with(before.as_bytes()), "{before:?}");
            assert_eq!(taken_out(&with), before.as_bytes(), "{before:?}");
        }
    }

    #[test]
    fn the_lines_end_as_those_of_the_file_do_where_the_shell_takes_that() {
        let before = b"a\r\nb\r\n";
        let Installed::Added(with) = install(Some(before), LINES, "powershell").unwrap() else { panic!() };
        assert_eq!(taken_out(with.expose_secret()), before);
        let with = with.expose_secret_str().unwrap();
        assert!(with.contains("one\r\ntwo\r\n") && !with.replace("\r\n", "").contains('\n'), "{with:?}");
        let with = String::from_utf8(put_in(before)).unwrap();
        assert!(with.contains("one\ntwo\n") && with.starts_with("a\r\nb\r\n# >>>"), "{with:?}");
    }

    #[test]
    fn a_profile_in_utf_16_stays_one() {
        for before in ["$a = 1\r\n", "$a = 1", ""] {
            let with = put_in(&utf16(before));
            let text: Vec<u16> = with.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            assert!(String::from_utf16(&text).unwrap().contains("one"), "{before:?}");
            assert_eq!(taken_out(&with), utf16(before), "{before:?}");
        }
        assert_eq!(install(Some(b"\xff\xfea"), LINES, "zsh"), Err(BlockError::NotText));
    }

    #[test]
    fn a_second_time_changes_nothing_and_other_lines_take_their_place() {
        for before in ["a\n", "a", ""] {
            let with = put_in(before.as_bytes());
            assert_eq!(install(Some(&with), LINES, "zsh"), Ok(Installed::Unchanged), "{before:?}");
            let Installed::Updated(other) = install(Some(&with), "three\n", "zsh").unwrap() else { panic!() };
            assert!(!other.expose_secret().windows(3).any(|window| window == b"one"));
            assert_eq!(taken_out(other.expose_secret()), before.as_bytes(), "{before:?}");
        }
    }

    #[test]
    fn what_came_after_them_stays() {
        let with = [put_in(b"a\n"), b"later\n".to_vec()].concat();
        assert_eq!(taken_out(&with), b"a\nlater\n");
        let with = [put_in(b"a"), b"\nlater\n".to_vec()].concat();
        assert_eq!(taken_out(&with), b"a\nlater\n");
    }

    #[test]
    fn a_file_that_was_made_for_them_goes_with_them_unless_something_else_is_in_it() {
        let Installed::Added(made) = install(None, LINES, "fish").unwrap() else { panic!() };
        let made = made.expose_secret();
        assert_eq!(uninstall(made), Ok(Removed::Nothing));
        assert_eq!(install(Some(made), LINES, "fish"), Ok(Installed::Unchanged));
        assert_eq!(taken_out(&[made, b"mine\n"].concat()), b"mine\n");
    }

    #[test]
    fn marks_that_somebody_changed_are_left_alone() {
        let with = put_in(b"a\n");
        let half = &with[..with.len() - END.len() - 1];
        for broken in [half, &[&with[..], &with[..]].concat(), END.as_bytes()] {
            assert_eq!(uninstall(broken), Err(BlockError::Broken));
            assert_eq!(install(Some(broken), LINES, "zsh"), Err(BlockError::Broken));
        }
        assert_eq!(uninstall(b"nothing of ours\n"), Ok(Removed::Unchanged));
    }

    proptest! {
        #[test]
        fn any_file_is_the_same_afterwards(
            bytes in proptest::collection::vec(prop::sample::select(&b"\r\n#a \x00\xff\xfe\xef\xbb\xbf"[..]), 0..12),
            wide in any::<bool>(),
        ) {
            let before = if wide { utf16(&bytes.iter().map(|byte| char::from(*byte)).collect::<String>()) } else { bytes };
            if MarkedText::of(&before).is_ok() {
                prop_assert_eq!(taken_out(&put_in(&before)), before);
            }
        }
    }
}

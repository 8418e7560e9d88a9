//! Python's dialect: what `python-dotenv` reads, step by step as it does, but for `${NAME}`, which stays as it is.

use std::ops::Range;

use crate::import::dotenv::assignment::{Assignment, Reading};
use crate::import::dotenv::text::Plain;
use crate::secret::SecretBuffer;

/// What the file says in this dialect.
pub(super) struct Read {
    /// All assignments, in order.
    pub(super) assignments: Vec<Assignment>,
    /// Lines that are neither an assignment nor a comment.
    pub(super) strange: Vec<u32>,
}

/// Reads the whole file.
pub(super) fn read(plain: &Plain) -> Read {
    let text = plain.text();
    let begin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader { text, at: begin };
    let mut found = Read { assignments: Vec::new(), strange: Vec::new() };
    while reader.at < text.len() {
        reader.skip(is_space);
        let start = reader.at;
        if start == text.len() {
            break;
        }
        let binding = reader.binding();
        let (key, end, reading) = match binding {
            Ok(Some(binding)) => binding,
            Ok(None) => continue,
            Err(key) => {
                let reached = reader.at;
                reader.skip_line();
                let Some(key) = key else {
                    found.strange.push(plain.line(start));
                    continue;
                };
                // A key whose value can't be read.
                (key, reached, Reading::Quotes(None))
            }
        };
        found.assignments.push(Assignment::new(plain, key, end, reading));
    }
    found
}

/// A key, where its value ends, and what that is.
type Binding = (Range<usize>, usize, Reading);

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        self.at = self.text.len() - self.rest().trim_start_matches(is_skipped).len();
    }

    fn skip_line(&mut self) {
        self.skip(|it| it != '\n');
        self.at += usize::from(self.next().is_some());
    }

    /// One assignment to the end of its line; nothing for a comment.
    ///
    /// # Errors
    /// The key, where it got so far.
    fn binding(&mut self) -> Result<Option<Binding>, Option<Range<usize>>> {
        let after = self.rest().strip_prefix("export").filter(|it| it.starts_with(is_blank));
        if after.is_some() {
            self.at += "export".len();
            self.skip(is_blank);
        }
        let key = self.key()?;
        self.skip(is_blank);
        let mut value = (self.at, Reading::Empty);
        let is_assignment = self.next() == Some('=');
        if is_assignment {
            self.at += 1;
            let blanks = self.at;
            self.skip(is_blank);
            value.0 = blanks;
            if self.at == blanks || self.next() != Some('#') {
                value = self.value().ok_or_else(|| key.clone())?;
            }
        }
        let blanks = self.at;
        self.skip(is_blank);
        if self.next() == Some('#') {
            self.skip(|it| it != '\n');
        }
        match self.next() {
            None => {}
            Some('\n') => self.at += 1,
            Some(_) => {
                // A comment takes all of a line, so what stands here stands behind a value.
                self.at = blanks;
                return Err(key.filter(|_| is_assignment));
            }
        }
        Ok(key.map(|key| (key, value.0, value.1)))
    }

    fn key(&mut self) -> Result<Option<Range<usize>>, Option<Range<usize>>> {
        let start = self.at;
        let key = match self.next() {
            Some('#') => return Ok(None),
            Some('\'') => {
                let length = self.rest()[1..].find('\'').filter(|length| *length > 0).ok_or(None)?;
                self.at += length + 2;
                start + 1..start + 1 + length
            }
            _ => {
                self.skip(|it| it != '=' && it != '#' && !is_space(it));
                start..self.at
            }
        };
        if key.is_empty() { Err(None) } else { Ok(Some(key)) }
    }

    /// The value and where it ends; nothing where a quote does not close.
    fn value(&mut self) -> Option<(usize, Reading)> {
        let quote = match self.next() {
            Some(quote @ ('\'' | '"')) => quote,
            None | Some('\n') => return Some((self.at, Reading::Empty)),
            Some(_) => {
                let start = self.at;
                self.skip(|it| it != '\n');
                let line = &self.text[start..self.at];
                let written = without_comment(line).trim_end_matches(is_space);
                let mut value = SecretBuffer::with_capacity(written.len());
                value.push(written.as_bytes());
                return Some((start + written.len(), settled(value)));
            }
        };
        let start = self.at + 1;
        let mut value = SecretBuffer::with_capacity(32);
        let mut characters = self.text[start..].char_indices();
        while let Some((at, character)) = characters.next() {
            if character == quote {
                self.at = start + at + 1;
                return Some((self.at, settled(value)));
            }
            if character != '\\' {
                value.push(&self.text.as_bytes()[start + at..start + at + character.len_utf8()]);
                continue;
            }
            let (_, escaped) = characters.next()?;
            match unescaped(escaped, quote) {
                Some(plain) => value.push(&[plain]),
                None => value.push(&self.text.as_bytes()[start + at..start + at + 1 + escaped.len_utf8()]),
            }
        }
        None
    }
}

fn settled(value: SecretBuffer) -> Reading {
    let value = value.into_secret();
    if value.is_empty() { Reading::Empty } else { Reading::Value(value) }
}

/// What a backslash and this character stand for between these quotes.
fn unescaped(character: char, quote: char) -> Option<u8> {
    let plain = match character {
        '\\' => b'\\',
        '\'' => b'\'',
        _ if quote == '\'' => return None,
        '"' => b'"',
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        _ => return None,
    };
    Some(plain)
}

/// Up to the white space before the first `#` that has some before it.
fn without_comment(line: &str) -> &str {
    let mark = line.match_indices('#').map(|(at, _)| at).find(|at| line[..*at].ends_with(is_space));
    mark.map_or(line, |at| line[..at].trim_end_matches(is_space))
}

/// What Python calls white space.
fn is_space(character: char) -> bool {
    matches!(
        character,
        '\t'..='\r' | '\u{1c}'..=' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}'
            | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// The same within a line. There is no CR in a text that comes here.
fn is_blank(character: char) -> bool {
    is_space(character) && character != '\n'
}

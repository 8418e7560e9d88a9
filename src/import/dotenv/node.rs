//! Node's dialect: what `dotenv` of npm reads, by the rule that it states as one pattern.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use crate::import::dotenv::assignment::{Assignment, Reading};
use crate::import::dotenv::text::Plain;
use crate::secret::{Secret, SecretBuffer};

/// Begins a line and ends it besides LF.
const SEPARATORS: [char; 2] = ['\u{2028}', '\u{2029}'];

/// What JavaScript calls white space, as a class of a pattern.
const SPACE: &str =
    r"[\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}]";

/// One assignment from the beginning of a line on: its key, its value, and the end of the line that is behind it.
///
/// The value may be in one of three quotes, which must close before the end of a line or a comment; otherwise it ends
/// with the line or before the first `#`.
fn pattern() -> Option<&'static Regex> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let make = || {
        let quoted =
            ['\'', '"', '`'].map(|quote| format!(r"{SPACE}*{quote}(?:\\{quote}|[^{quote}])*{quote}"));
        let [single, double, back] = quoted;
        let pattern = format!(
            r"\A{SPACE}*(?:export{SPACE}+)?([A-Za-z0-9_.-]+)(?:{SPACE}*={SPACE}*?|:{SPACE}+?)({single}|{double}|{back}|[^#\n]+)?{SPACE}*(?:#[^\n\x{{2028}}\x{{2029}}]*)?(\z|[\n\x{{2028}}\x{{2029}}])"
        );
        Regex::new(&pattern).ok()
    };
    PATTERN.get_or_init(make).as_ref()
}

/// All assignments of the file, in order.
pub(super) fn read(plain: &Plain) -> Vec<Assignment> {
    let text = plain.text();
    let mut found = Vec::new();
    let Some(pattern) = pattern() else { return found };
    let mut from = 0;
    while let Some(start) = line_start(text, from) {
        let rest = &text[start..];
        let parts = pattern.captures(rest).and_then(|it| Some((it.get(1)?, it.get(2), it.get(3)?)));
        let Some((key, value, end)) = parts else {
            // What begins here begins behind the white space too, and is none there either.
            match rest.char_indices().find(|(_, it)| !is_space(*it)) {
                Some((at, character)) => from = start + at + character.len_utf8(),
                None => break,
            }
            continue;
        };
        let written = value.map_or("", |it| it.as_str());
        let value_end = value.map_or(key.end(), |it| it.start() + written.trim_end_matches(is_space).len());
        found.push(Assignment::new(
            plain,
            start + key.start()..start + key.end(),
            start + value_end.max(key.end()),
            reading(written.trim_matches(is_space)),
        ));
        // An assignment has a key, so this is further on.
        from = start + end.start();
    }
    found
}

/// The first place from here on at which a line begins.
fn line_start(text: &str, from: usize) -> Option<usize> {
    let ends_line = |it: char| it == '\n' || SEPARATORS.contains(&it);
    if from == 0 || text[..from].ends_with(ends_line) {
        return (from < text.len()).then_some(from);
    }
    let (at, end) = text[from..].char_indices().find(|(_, it)| ends_line(*it))?;
    let start = from + at + end.len_utf8();
    (start < text.len()).then_some(start)
}

fn is_space(character: char) -> bool {
    matches!(
        character,
        '\t'..='\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}'
            | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// The value as it was written, without quotes, and in double quotes with `\n` and `\r` as what they stand for.
fn reading(written: &str) -> Reading {
    let first = written.chars().next();
    let (bare, is_closed) = without_quotes(written);
    let value = if first == Some('"') { unescaped(&bare) } else { bare };
    if value.is_empty() {
        Reading::Empty
    } else if first.is_some_and(|it| "'\"`".contains(it)) && !is_closed {
        Reading::Quotes(Some(value))
    } else {
        Reading::Value(value)
    }
}

/// Takes away each pair of quotes of which the one begins a line and the other ends one, the first and the last of
/// their kind. Says whether the value as a whole was in one.
fn without_quotes(written: &str) -> (Secret, bool) {
    let mut bare = SecretBuffer::with_capacity(written.len());
    let mut is_closed = false;
    let mut from = 0;
    while let Some(start) = line_start(written, from) {
        bare.push(&written.as_bytes()[from..start]);
        from = start;
        match quoted(&written[start..]) {
            Some(inner) => {
                is_closed |= start == 0;
                bare.push(&written.as_bytes()[start + inner.start..start + inner.end]);
                from = start + inner.end + 1;
            }
            None => match written[start..].chars().next() {
                Some(character) => {
                    bare.push(&written.as_bytes()[start..start + character.len_utf8()]);
                    from = start + character.len_utf8();
                }
                None => break,
            },
        }
    }
    bare.push(&written.as_bytes()[from..]);
    (bare.into_secret(), is_closed)
}

/// What is between a quote at the beginning and the last one of its kind that ends a line.
fn quoted(text: &str) -> Option<Range<usize>> {
    let quote = text.chars().next().filter(|it| "'\"`".contains(*it))?;
    let ends_line = |it: char| it == '\n' || SEPARATORS.contains(&it);
    let closes = |at: &usize| *at > 0 && text[at + 1..].chars().next().is_none_or(ends_line);
    let end = text.rmatch_indices(quote).map(|(at, _)| at).find(closes)?;
    Some(1..end)
}

fn unescaped(value: &Secret) -> Secret {
    let bytes = value.expose_secret();
    let mut plain = SecretBuffer::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        plain.push(&rest[..at]);
        match rest.get(at + 1) {
            Some(b'n') => plain.push(b"\n"),
            Some(b'r') => plain.push(b"\r"),
            _ => {
                plain.push(b"\\");
                rest = &rest[at + 1..];
                continue;
            }
        }
        rest = &rest[at + 2..];
    }
    plain.push(rest);
    plain.into_secret()
}

//! Places: where in a value a secret may stand, and what it is called there.
//!
//! A value may be the secret itself, a header, an assignment, a line for a shell, JSON, an address, a connection string,
//! or several of these within each other. Every place is found in one walk; the work for places within places has a
//! limit, so that a hostile text costs no more than its length.

use std::ops::Range;

use crate::catalog::client::FieldKind;
use crate::recognise::address;
use crate::recognise::name::{Speech, Words};
use crate::reference::find_any;

/// How many bytes of values are looked at for each byte of the text, at most.
const WORK: usize = 8;

/// What is allowed beyond it, in bytes.
const MORE_WORK: usize = 4096;

/// The longest name before a `=` or `:`, in bytes.
const MAX_NAME: usize = 100;

/// How deep places lie within places.
const MAX_DEPTH: usize = 3;

/// Words before a token in a header.
const SCHEMES: &[&str] = &["apikey", "api-key", "basic", "bearer", "bot", "flyv1", "key", "ssws", "token"];

/// Those of them that stand before nothing but a token or a password.
const TELLING_SCHEMES: &[&str] = &["basic", "bearer"];

/// What a header is called that has one of them.
const AUTHORIZATION: &str = "authorization";

/// How a place came about, which says how sure a find in it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// The value of a name.
    Named,
    /// The password of an address.
    Password,
    /// The user of an address, who has no password.
    User,
    /// A step of a path or a word of a command, which has no name.
    Bare,
}

/// A place.
pub(super) struct Place<'t> {
    /// What it is called; empty for nothing.
    pub(super) name: &'t str,
    /// Where it is.
    pub(super) span: Range<usize>,
    pub(super) manner: Manner,
}

/// Finds places in one text.
pub(super) struct Places<'t, F: FnMut(Place<'t>)> {
    text: &'t str,
    work: usize,
    found: F,
}

impl<'t, F: FnMut(Place<'t>)> Places<'t, F> {
    /// Of a text, for somebody who takes them.
    pub(super) fn of(text: &'t str, found: F) -> Self {
        Self { text, work: text.len().saturating_mul(WORK).saturating_add(MORE_WORK), found }
    }

    /// In the value of a field.
    pub(super) fn in_field(&mut self, name: &'t str, field: FieldKind) {
        let all = 0..self.text.len();
        match field {
            FieldKind::Url => self.in_addresses(all, true),
            FieldKind::Args => self.in_argument(name, all, MAX_DEPTH),
            FieldKind::Command | FieldKind::Helper => self.in_line(all),
            FieldKind::Env
            | FieldKind::Headers
            | FieldKind::Oauth
            | FieldKind::InputDefault
            | FieldKind::Setting
            | FieldKind::EnvFile => self.in_value(name, all, MAX_DEPTH),
        }
    }

    /// In text of any kind: a comment, a line of a forgotten file.
    pub(super) fn in_prose(&mut self) {
        let all = 0..self.text.len();
        self.in_pairs(all.clone(), 1);
        self.in_addresses(all, false);
    }

    /// Whether there is work left for a span.
    fn takes(&mut self, span: &Range<usize>) -> bool {
        let costs = span.len() + 1;
        let left = self.work >= costs;
        self.work = self.work.saturating_sub(costs);
        left
    }

    fn note(&mut self, name: &'t str, span: Range<usize>, manner: Manner) {
        if !span.is_empty() && self.takes(&span) {
            (self.found)(Place { name, span, manner });
        }
    }

    /// In one argument of a command, which follows a flag or stands for itself.
    fn in_argument(&mut self, flag: &'t str, span: Range<usize>, depth: usize) {
        if depth == 0 || !self.takes(&span) {
            return;
        }
        let text = &self.text[span.clone()];
        if let Some((name, value)) = assignment(text) {
            let value = span.start + value..span.end;
            if is_header_flag(name) || is_variable_flag(name) {
                return self.in_argument(name, value, depth - 1);
            }
            // `API_KEY=abc npx foo` is a line for a shell, `--password=a b` is not.
            let is_line = !name.starts_with('-') && self.text[value.clone()].contains(' ');
            if !is_line {
                return self.in_value(name, value, depth - 1);
            }
        }
        if let Some((name, value)) = header(text) {
            return self.in_value(name, span.start + value..span.end, depth - 1);
        }
        if text.contains(' ') {
            return self.in_line(span);
        }
        let flag =
            if is_variable_flag(flag) || is_header_flag(flag) || !flag.starts_with('-') { "" } else { flag };
        if flag.is_empty() {
            self.in_addresses(span.clone(), true);
            self.note("", span, Manner::Named);
        } else {
            self.in_value(flag, span, depth - 1);
        }
    }

    /// In a line for a shell: assignments, headers, addresses, and words of a command that makes a header.
    fn in_line(&mut self, span: Range<usize>) {
        let makes_header =
            ["uthorization", "earer ", "-key", "oken"].iter().any(|it| self.text[span.clone()].contains(it));
        self.in_pairs(span.clone(), 2);
        self.in_addresses(span.clone(), true);
        if makes_header {
            let text = &self.text[span.clone()];
            for (at, word) in words(text) {
                self.note("", span.start + at..span.start + at + word, Manner::Bare);
            }
        }
    }

    /// In the value of a name.
    fn in_value(&mut self, name: &'t str, span: Range<usize>, depth: usize) {
        let span = trimmed(self.text, span);
        if depth == 0 || span.is_empty() || !self.takes(&span) {
            return;
        }
        let text = &self.text[span.clone()];
        let speech = Words::of(name).speech();
        if text.contains("://") {
            self.in_addresses(span.clone(), speech != Speech::Nothing && speech != Speech::Harmless);
        }
        for default in find_any(text).into_iter().filter_map(|reference| reference.default) {
            self.in_value(name, span.start + default.start..span.start + default.end, depth - 1);
        }
        let structured = text.starts_with(['{', '[']) || text.contains(": ") || is_list_of_pairs(text);
        if speech == Speech::Cookie && text.contains('=') {
            return self.in_pairs_called(Some(name), span, depth - 1);
        }
        if structured {
            self.in_pairs(span.clone(), depth - 1);
        }
        let rest = behind_scheme(text);
        if rest > 0 {
            let name = if speech == Speech::Nothing && is_told(text, rest) { AUTHORIZATION } else { name };
            self.note(name, trimmed(self.text, span.start + rest..span.end), Manner::Named);
        } else {
            self.note(name, span, Manner::Named);
        }
    }

    /// At every `name=value`, `name: value` and `"name": "value"`.
    fn in_pairs(&mut self, span: Range<usize>, depth: usize) {
        self.in_pairs_called(None, span, depth);
    }

    /// The same, all of them called this instead of what they are called.
    fn in_pairs_called(&mut self, called: Option<&'t str>, span: Range<usize>, depth: usize) {
        if depth == 0 {
            return;
        }
        let text = &self.text[span.clone()];
        let mut walk = Pairs { text, at: 0, bare_end: 0..0, quoted_end: [0..0, 0..0, 0..0] };
        while let Some((name, value)) = walk.next() {
            let name = &self.text[span.start + name.start..span.start + name.end];
            let value = span.start + value.start..span.start + value.end;
            if !self.takes(&value) {
                return;
            }
            self.in_value(called.unwrap_or(name), value, depth);
        }
    }

    /// In every address: passwords, names in the query, and steps of the path where those may be secrets.
    fn in_addresses(&mut self, span: Range<usize>, steps: bool) {
        let mut places: Vec<(Range<usize>, Range<usize>, Manner)> = Vec::new();
        let mut note = |name, value, manner| places.push((name, value, manner));
        address::walk(&self.text[span.clone()], steps, &mut note);
        for (name, value, manner) in places {
            let name = &self.text[span.start + name.start..span.start + name.end];
            self.note(name, span.start + value.start..span.start + value.end, manner);
        }
    }
}

/// `NAME=value`, `--flag=value`, `-eNAME=value`: the name, and where the value begins.
fn assignment(text: &str) -> Option<(&str, usize)> {
    let at = text.as_bytes().iter().take(MAX_NAME).position(|byte| *byte == b'=')?;
    let name = &text[..at];
    let bare = name.trim_start_matches('-');
    let named = bare.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    named.then_some((name, at + 1))
}

/// `Authorization: Bearer x`: the name, and where the value begins. A drive and the scheme of an address are none.
fn header(text: &str) -> Option<(&str, usize)> {
    let at = text.as_bytes().iter().take(MAX_NAME).position(|byte| *byte == b':')?;
    let name = &text[..at];
    let named =
        name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    (named && !text[at..].starts_with("://") && !name.starts_with('-')).then_some((name, at + 1))
}

fn is_header_flag(flag: &str) -> bool {
    ["-H", "--header", "--headers"].contains(&flag)
}

fn is_variable_flag(flag: &str) -> bool {
    ["-e", "--env", "--build-arg", "--set"].contains(&flag)
}

/// Without blanks around it, and without one pair of quotes.
fn trimmed(text: &str, span: Range<usize>) -> Range<usize> {
    let part = &text[span.clone()];
    let start = span.start + part.len() - part.trim_start().len();
    let end = span.end - (part.len() - part.trim_end().len());
    if start >= end {
        return start..start;
    }
    let part = &text[start..end];
    for quote in ['"', '\'', '`'] {
        if part.len() > 2 && part.starts_with(quote) && part.ends_with(quote) && quote != '`' {
            return start + 1..end - 1;
        }
    }
    start..end
}

/// Where the token begins behind `Bearer` and its like.
fn behind_scheme(text: &str) -> usize {
    let Some(at) = text.as_bytes().iter().take(12).position(|byte| *byte == b' ') else { return 0 };
    let is_scheme = SCHEMES.iter().any(|scheme| text[..at].eq_ignore_ascii_case(scheme));
    if is_scheme { at + 1 } else { 0 }
}

/// Whether the scheme before `rest` says that a token follows, and one word does.
fn is_told(text: &str, rest: usize) -> bool {
    let scheme = text[..rest].trim_end();
    TELLING_SCHEMES.iter().any(|it| scheme.eq_ignore_ascii_case(it)) && !text[rest..].trim().contains(' ')
}

/// `host=x user=y`, `Server=x;Password=y`: a second name, or one that does not begin the text.
fn is_list_of_pairs(text: &str) -> bool {
    let parts = text.split([' ', ';', '&']).take(64);
    parts.filter(|part| assignment(part).is_some()).take(2).count() == 2
}

/// Where each word of a command begins, and how long it is; without quotes.
fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.+/=~:%".contains(&byte);
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !part(bytes[at]) {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && part(bytes[at]) {
            at += 1;
        }
        (at > start).then_some((start, at - start))
    })
}

/// A walk over `name=value` and its like. Where a value ends is looked up once for all names within it.
struct Pairs<'t> {
    text: &'t str,
    at: usize,
    /// The last value without quotes that was looked up.
    bare_end: Range<usize>,
    /// The same for each kind of quotes.
    quoted_end: [Range<usize>; 3],
}

impl Pairs<'_> {
    fn next(&mut self) -> Option<(Range<usize>, Range<usize>)> {
        let bytes = self.text.as_bytes();
        loop {
            let at = self.at + bytes.get(self.at..)?.iter().position(|byte| matches!(byte, b'=' | b':'))?;
            self.at = at + 1;
            let Some(name) = self.name_before(at) else { continue };
            if bytes[at] == b':' && bytes[at + 1..].starts_with(b"//") {
                continue;
            }
            if let Some(value) = self.value_after(at) {
                return Some((name, value));
            }
        }
    }

    /// The name that ends before this byte.
    fn name_before(&self, at: usize) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        let mut end = at;
        let blank = |end: usize| end > 0 && bytes[end - 1] == b' ';
        while at - end < 2 && blank(end) {
            end -= 1;
        }
        if end > 0 && matches!(bytes[end - 1], b'"' | b'\'') {
            end -= 1;
            if end > 0 && bytes[end - 1] == b'\\' {
                end -= 1;
            }
        }
        let named = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
        let length = bytes[..end].iter().rev().take(MAX_NAME).take_while(|byte| named(byte)).count();
        (length > 0).then_some(end - length..end)
    }

    /// The value that begins behind this byte.
    fn value_after(&mut self, at: usize) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        let mut start = at + 1;
        if matches!(bytes.get(start), Some(b'=' | b'>')) {
            start += 1;
        }
        start += bytes.get(start..)?.iter().take(3).take_while(|byte| **byte == b' ').count();
        let escaped = usize::from(bytes.get(start) == Some(&b'\\'));
        let quote = bytes.get(start + escaped).copied();
        if let Some(kind) = quote.and_then(|quote| b"\"'`".iter().position(|it| *it == quote)) {
            let start = start + escaped + 1;
            let end = self.quoted_end(start, kind)?;
            let end = end - usize::from(escaped == 1 && bytes[start..end].last() == Some(&b'\\'));
            return Some(start..end);
        }
        let end = self.bare_end(start);
        // `Authorization: Bearer x`
        if behind_scheme(self.text.get(start..)?) == end + 1 - start && bytes.get(end) == Some(&b' ') {
            let last = self.bare_end(end + 1);
            return Some(start..last);
        }
        (end > start).then_some(start..end)
    }

    fn quoted_end(&mut self, start: usize, kind: usize) -> Option<usize> {
        let known = &mut self.quoted_end[kind];
        if !known.contains(&start) {
            let quote = b"\"'`"[kind];
            let end = start + self.text.as_bytes()[start..].iter().position(|byte| *byte == quote)?;
            *known = start..end + 1;
        }
        Some(known.end - 1)
    }

    fn bare_end(&mut self, start: usize) -> usize {
        if !self.bare_end.contains(&start) {
            let rest = &self.text.as_bytes()[start..];
            let stops = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`,;&|<>(){}\\".contains(byte);
            let end = start + rest.iter().position(stops).unwrap_or(rest.len());
            self.bare_end = start..end + 1;
        }
        self.bare_end.end - 1
    }
}

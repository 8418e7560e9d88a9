//! Addresses: the password of a URL, the names in its query, and the steps of its path.
//!
//! A password that is the user's name again is one that everybody knows.

use std::ops::Range;

use crate::recognise::places::Manner;

/// Hosts whose paths hold ids that look drawn by lot and are no secrets.
const HOSTS_OF_IDS: &[&str] =
    &["docs.google.com", "drive.google.com", "notion.so", "www.notion.so", "figma.com", "www.figma.com"];

/// Who hears of a place: where its name is (the scheme, for users and passwords), where it is itself, and how it came
/// about.
type Found<'f> = &'f mut dyn FnMut(Range<usize>, Range<usize>, Manner);

/// Walks over every address in the text. Steps of paths are told only where it is asked for.
pub(super) fn walk(text: &str, steps: bool, found: Found<'_>) {
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        let start = from + at + 3;
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`<>|\\".contains(byte);
        let rest = &text.as_bytes()[start..];
        let end = start + rest.iter().position(ends).unwrap_or(rest.len());
        let scheme = scheme_before(text, from + at);
        if !scheme.is_empty() && &text[scheme.clone()] != "file" {
            one(text, scheme, start..end, steps, found);
        }
        from = end.max(start);
    }
}

/// The scheme that ends here, without `jdbc:` and `postgresql+asyncpg`'s driver.
fn scheme_before(text: &str, end: usize) -> Range<usize> {
    let bytes = &text.as_bytes()[..end];
    let length = bytes
        .iter()
        .rev()
        .take(32)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(byte))
        .count();
    end - length..end
}

fn one(text: &str, scheme: Range<usize>, span: Range<usize>, steps: bool, found: Found<'_>) {
    let whole = &text[span.clone()];
    let is_web = matches!(&text[scheme.clone()], "http" | "https" | "ws" | "wss" | "sse");
    let mut host_end = whole.find(['/', '?', '#']).unwrap_or(whole.len());
    // People do not always write the `/` of a password as `%2F`.
    if !is_web && !whole[..host_end].contains('@') {
        host_end = whole
            .rfind('@')
            .map_or(host_end, |at| at + whole[at..].find(['/', '?', '#']).unwrap_or(whole.len() - at));
    }
    let mut host_start = 0;
    if let Some(at) = whole[..host_end].rfind('@') {
        host_start = at + 1;
        let (value, manner) = match whole[..at].find(':') {
            Some(colon) if whole[..colon] == whole[colon + 1..at] => (at..at, Manner::Password),
            Some(colon) => (colon + 1..at, Manner::Password),
            None => (0..at, Manner::User),
        };
        if !is_public_user(&whole[host_start..host_end]) {
            found(scheme, span.start + value.start..span.start + value.end, manner);
        }
    }
    let host = &whole[host_start..host_end];
    let path_end = whole[host_end..].find(['?', '#']).map_or(whole.len(), |at| host_end + at);
    if steps && is_web && !HOSTS_OF_IDS.contains(&host) {
        let mut at = span.start + host_end;
        for step in whole[host_end..path_end].split('/') {
            found(0..0, at..at + step.len(), Manner::Bare);
            at += step.len() + 1;
        }
    }
    let mut at = span.start + path_end;
    for part in whole[path_end..].split(['?', '&', '#', ';']) {
        if let Some(equals) = part.find('=') {
            found(at..at + equals, at + equals + 1..at + part.len(), Manner::Named);
        }
        at += part.len() + 1;
    }
}

/// The key in a DSN of Sentry is seen by every visitor of a page.
fn is_public_user(host: &str) -> bool {
    host.ends_with(".sentry.io") || host == "sentry.io" || host.starts_with("sentry.")
}

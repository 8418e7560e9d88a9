//! `json`: one document, whose schema is `src/cli/schemas/check.schema.json`.

use std::borrow::Cow;
use std::fmt::Write;
use std::io;

use serde::Serialize;

use crate::check::finding::{Finding, Report, Status};
use crate::ui::sanitize;

#[derive(Serialize)]
struct Document<'r> {
    schema_version: u32,
    profile: &'r str,
    live: bool,
    root: Cow<'r, str>,
    files: Vec<Cow<'r, str>>,
    servers: usize,
    summary: Summary,
    findings: &'r [Finding],
}

#[derive(Serialize)]
struct Summary {
    ready: usize,
    warning: usize,
    problem: usize,
    unknown: usize,
}

pub(super) fn render(report: &Report, findings: &[Finding]) -> io::Result<Vec<u8>> {
    let document = Document {
        schema_version: 1,
        profile: &report.profile,
        live: report.live,
        root: report.root.to_string_lossy(),
        files: report.files.iter().map(|file| file.to_string_lossy()).collect(),
        servers: report.servers,
        summary: Summary {
            ready: report.count(Status::Ready),
            warning: report.count(Status::Warning),
            problem: report.count(Status::Problem),
            unknown: report.count(Status::Unknown),
        },
        findings,
    };
    written(&document)
}

/// The document with every character that a terminal might obey written as an escape, which reads back as the same text.
pub(super) fn written(document: &impl Serialize) -> io::Result<Vec<u8>> {
    let text = serde_json::to_string_pretty(document).map_err(io::Error::other)?;
    let mut escaped = String::with_capacity(text.len() + 1);
    // Outside of strings there is ASCII alone, and within them none below U+0020.
    for character in text.chars() {
        let is_plain =
            character == '\n' || matches!(sanitize(character.encode_utf8(&mut [0; 4])), Cow::Borrowed(_));
        if is_plain {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped.push('\n');
    Ok(escaped.into_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_escaped_reads_back_as_it_was(text: String) {
            let written = written(&[&text]).unwrap();
            let back: Vec<String> = serde_json::from_slice(&written).unwrap();
            prop_assert_eq!(&back[0], &text);
            let shown = String::from_utf8(written).unwrap();
            let lines = shown.lines().map(sanitize).all(|line| matches!(line, Cow::Borrowed(_)));
            prop_assert!(lines, "{:?}", shown);
        }
    }
}

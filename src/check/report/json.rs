//! `json`: the whole report as one document; its schema is `src/cli/schemas/check.schema.json`.

use std::fmt::Write;

use serde::Serialize;

use crate::check::finding::{Finding, Report, Status};
use crate::ui::is_harmful;

#[derive(Serialize)]
struct Document<'report> {
    schema_version: u32,
    profile: &'report str,
    root: String,
    live: bool,
    servers: usize,
    files: Vec<String>,
    summary: Summary,
    findings: &'report [Finding],
}

/// How many findings stand so.
#[derive(Serialize)]
struct Summary {
    ready: usize,
    unknown: usize,
    warning: usize,
    problem: usize,
}

pub(super) fn render(report: &Report) -> Result<String, serde_json::Error> {
    let document = Document {
        schema_version: 1,
        profile: &report.profile,
        root: report.root.to_string_lossy().into_owned(),
        live: report.live,
        servers: report.servers,
        files: report.files.iter().map(|file| file.to_string_lossy().into_owned()).collect(),
        summary: Summary {
            ready: report.count(Status::Ready),
            unknown: report.count(Status::Unknown),
            warning: report.count(Status::Warning),
            problem: report.count(Status::Problem),
        },
        findings: &report.findings,
    };
    write(&document)
}

/// The document, indented, with a newline at its end. What a terminal would obey, or not show, is written as
/// `\u202e`: a parser reads the text as it was, and whoever looks at the file is safe.
///
/// # Errors
/// Where the document can't be JSON.
pub(super) fn write(document: &impl Serialize) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(document)?;
    let mut harmless = String::with_capacity(text.len() + 1);
    // Outside of strings JSON is ASCII, and the newlines of the layout are its only control characters.
    for character in text.chars() {
        if character != '\n' && is_harmful(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                _ = write!(harmless, "\\u{unit:04x}");
            }
        } else {
            harmless.push(character);
        }
    }
    harmless.push('\n');
    Ok(harmless)
}

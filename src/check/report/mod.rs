//! Findings for a person (`text`) and for programs (`json`, `github`, `sarif`, `junit`).
//!
//! Names of servers and files are text of strangers: in a report they can neither move a cursor, nor add a line, nor be
//! taken for a command of the program that reads it, nor be longer than a name should be. Values are in none of them.

mod github;
mod json;
mod junit;
mod place;
mod rule;
mod sarif;
#[cfg(test)]
mod tests;
mod text;

use std::io;

use crate::check::finding::{Finding, Report, Status};

/// How long a text of somebody else may be, in characters.
const MAX_TEXT: usize = 1024;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For a person.
    Text,
    /// For programs; its schema is `src/cli/schemas/check.schema.json`.
    Json,
    /// Annotations of a GitHub workflow.
    Github,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// A test report, which every CI can show.
    Junit,
}

/// How the text for a person may look.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Look {
    /// Columns of the terminal; `None` where it goes elsewhere.
    pub(crate) width: Option<usize>,
    /// Whether it may be coloured.
    pub(crate) colour: bool,
}

/// The report in that format, ready for stdout.
///
/// # Errors
/// None but those of the writers, which write into memory.
pub(crate) fn render(format: Format, report: &Report, look: Look) -> io::Result<Vec<u8>> {
    let findings: Vec<Finding> = report.findings.iter().map(bounded).collect();
    match format {
        Format::Text => Ok(text::render(report, &findings, look).into_bytes()),
        Format::Json => json::render(report, &findings),
        Format::Github => Ok(github::render(report, &findings).into_bytes()),
        Format::Sarif => sarif::render(report, &findings),
        Format::Junit => junit::render(report, &findings),
    }
}

/// The finding with texts of a length that a report can bear. A pointer that is cut leads nowhere, so it is left out.
fn bounded(finding: &Finding) -> Finding {
    let mut finding = finding.clone();
    let action = finding.action.iter_mut().flat_map(|action| {
        std::iter::once(&mut action.sentence).chain(&mut action.command).chain(&mut action.page)
    });
    let texts = finding.server.iter_mut().chain(&mut finding.credential).chain(&mut finding.clients);
    for text in texts.chain([&mut finding.message]).chain(action) {
        if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
            text.truncate(end);
            text.push('…');
        }
    }
    if let Some(location) = &mut finding.location {
        location.pointer = location.pointer.take().filter(|pointer| pointer.as_str().len() <= 4 * MAX_TEXT);
    }
    finding
}

/// `claude-code, project`, where that is known.
fn whose(finding: &Finding) -> String {
    let scope = finding.scope.map(rule::of_scope);
    let parts: Vec<&str> = finding.clients.iter().map(String::as_str).chain(scope).collect();
    parts.join(", ")
}

/// `github, GITHUB_TOKEN`, as far as it is about either.
fn subject(finding: &Finding) -> String {
    let parts: Vec<&str> = finding.server.iter().chain(&finding.credential).map(String::as_str).collect();
    parts.join(", ")
}

/// What is the case and what to do about it, a line for each.
fn sentences(finding: &Finding) -> Vec<String> {
    let mut sentences = vec![finding.message.clone()];
    if let Some(action) = &finding.action {
        let parts = [Some(&action.sentence), action.command.as_ref(), action.page.as_ref()];
        let parts: Vec<&str> =
            parts.into_iter().flatten().map(String::as_str).filter(|part| !part.is_empty()).collect();
        if !parts.is_empty() {
            sentences.push(parts.join(": "));
        }
    }
    sentences
}

/// `1 problem, 2 warnings, 0 unknown, 4 ready`.
fn summary(report: &Report) -> String {
    let many =
        |count: usize, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
    format!(
        "{}, {}, {} unknown, {} ready",
        many(report.count(Status::Problem), "problem", "problems"),
        many(report.count(Status::Warning), "warning", "warnings"),
        report.count(Status::Unknown),
        report.count(Status::Ready),
    )
}

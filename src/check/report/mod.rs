//! Findings for a person (`text`) and for programs (`json`, `github`, `sarif`, `junit`).

mod github;
mod json;
mod junit;
mod reason;
mod sarif;
mod text;

use std::path::{Component, Path};

use crate::check::finding::{Finding, Report, Status};
use crate::ui::sanitize;

/// What the report is written for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A person, at a terminal
    #[default]
    Text,
    /// A program: one JSON document, with a schema
    Json,
    /// A GitHub workflow: annotations at the lines of the files
    Github,
    /// Code scanning: SARIF 2.1.0
    Sarif,
    /// A CI server: the XML of test results
    Junit,
}

/// What the terminal of a person can show. Programs get the same bytes everywhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Columns of the terminal; `None` where lines may be of any length.
    pub(crate) width: Option<usize>,
    /// Whether colours are wanted.
    pub(crate) colour: bool,
}

/// The report could not be written down. Its data is as it should be; this is the writer's own fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    /// As JSON.
    #[error("the report can't be written as JSON")]
    Json(#[from] serde_json::Error),
    /// As XML.
    #[error("the report can't be written as XML")]
    Xml(#[from] std::io::Error),
}

/// The report as bytes, with a newline at the end of every line. No byte of it moves a cursor, reorders or hides text,
/// whatever a configuration holds; the colours of `text` are the only escapes.
///
/// # Errors
/// [`RenderError`]
pub(crate) fn render(format: Format, report: &Report, look: Look) -> Result<Vec<u8>, RenderError> {
    Ok(match format {
        Format::Text => text::render(report, look).into_bytes(),
        Format::Json => json::render(report)?.into_bytes(),
        Format::Github => github::render(report).into_bytes(),
        Format::Sarif => sarif::render(report)?.into_bytes(),
        Format::Junit => junit::render(report)?,
    })
}

/// The way from the root of the project to the file, with `/` between its parts; `None` where the file is elsewhere.
fn inside(file: &Path, root: &Path) -> Option<String> {
    let mut way = String::new();
    for part in file.strip_prefix(root).ok()?.components() {
        let Component::Normal(part) = part else { return None };
        if !way.is_empty() {
            way.push('/');
        }
        way.push_str(&part.to_string_lossy());
    }
    (!way.is_empty()).then_some(way)
}

/// The file as a person knows it: from the root of the project, or in full.
fn shown(file: &Path, root: &Path) -> String {
    inside(file, root).unwrap_or_else(|| file.to_string_lossy().into_owned())
}

/// `github GITHUB_TOKEN`, `.mcp.json` or nothing: what the finding is about.
fn subject(finding: &Finding) -> String {
    [&finding.server, &finding.credential]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What is the case and what to do about it, a line each, harmless on a terminal.
fn lines(finding: &Finding) -> Vec<String> {
    let mut lines = vec![sanitize(&finding.message).into_owned()];
    if let Some(action) = &finding.action {
        let parts = [Some(&action.sentence), action.command.as_ref(), action.page.as_ref()];
        lines.extend(
            parts
                .into_iter()
                .flatten()
                .filter(|part| !part.is_empty())
                .map(|part| sanitize(part).into_owned()),
        );
    }
    lines
}

/// The beginning of a text, sanitized, of at most so many characters of the text, with `…` where there is more.
fn beginning(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", sanitize(&text[..end])),
        None => sanitize(text).into_owned(),
    }
}

/// `1 problem, 2 warnings, 1 unknown, 12 ready`: the statuses that occur, the gravest first.
fn summary(report: &Report) -> String {
    let words = [
        (Status::Problem, "problem", "problems"),
        (Status::Warning, "warning", "warnings"),
        (Status::Unknown, "unknown", "unknown"),
        (Status::Ready, "ready", "ready"),
    ];
    let counts: Vec<String> = words
        .into_iter()
        .map(|(status, one, many)| (report.count(status), one, many))
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    let number = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let counts = if counts.is_empty() { "nothing to report".to_owned() } else { counts.join(", ") };
    format!("{counts}; {} in {}", number(report.servers, "server"), number(report.files.len(), "file"))
}

#[cfg(test)]
mod tests;

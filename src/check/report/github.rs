//! `github`: annotations, as commands that a GitHub workflow reads from the output of a step.

use crate::check::finding::{Finding, Report, Status};
use crate::check::report::reason::about;
use crate::check::report::{beginning, lines, shown, subject, summary};
use crate::ui::sanitize;

/// A heading is no longer than this; the message has the names in full.
const TITLE: usize = 200;

/// One command a finding that is not ready, and a last line with the counts for the log.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let command = match finding.status {
            Status::Problem => "error",
            Status::Warning => "warning",
            Status::Unknown => "notice",
            Status::Ready => continue,
        };
        text.push_str(&annotation(command, finding, report));
        text.push('\n');
    }
    text.push_str(&summary(report));
    text.push('\n');
    text
}

fn annotation(command: &str, finding: &Finding, report: &Report) -> String {
    let mut properties = Vec::new();
    if let Some(location) = &finding.location {
        properties.push(format!("file={}", property(&sanitize(&shown(&location.file, &report.root)))));
        if let Some(place) = location.place {
            properties.push(format!("line={},col={}", place.line, place.column));
        }
    }
    let words = about(finding.reason).words;
    let subject = beginning(&subject(finding), TITLE);
    let title = if subject.is_empty() { words.to_owned() } else { format!("{subject}: {words}") };
    properties.push(format!("title={}", property(&title)));
    format!("::{command} {}::{}", properties.join(","), data(&lines(finding).join("\n")))
}

/// As the runner undoes it in the text behind `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As the runner undoes it in a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

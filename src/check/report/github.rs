//! `github`: workflow commands, which GitHub shows as annotations at the line.

use std::fmt::Write;

use crate::check::finding::{Finding, Report, Status};
use crate::check::report::{place, rule, sentences, subject, whose};
use crate::ui::sanitize;

/// One command a finding; what is ready has none. Nothing else is written, and no line begins with a text of somebody
/// else, so that no name can be a command.
pub(super) fn render(report: &Report, findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let level = match finding.status {
            Status::Ready => continue,
            Status::Unknown => "notice",
            Status::Warning => "warning",
            Status::Problem => "error",
        };
        _ = write!(text, "::{level} ");
        let location = finding.location.as_ref();
        let file = location.and_then(|location| place::relative(&report.root, &location.file));
        if let Some(file) = &file {
            _ = write!(text, "file={},", property(file));
            if let Some(place) = location.and_then(|location| location.place) {
                _ = write!(text, "line={},col={},", place.line, place.column);
            }
        }
        let subject = subject(finding);
        let title = [rule::of(finding.reason).short, &subject].map(str::to_owned);
        _ = write!(text, "title={}::", property(title.join(": ").trim_end_matches(": ")));
        let elsewhere =
            location.filter(|_| file.is_none()).map(|location| place::shown(&report.root, location));
        let lines = elsewhere.into_iter().chain(sentences(finding)).chain([whose(finding)]);
        let lines: Vec<String> = lines.filter(|line| !line.is_empty()).map(|line| data(&line)).collect();
        text.push_str(&lines.join("%0A"));
        text.push('\n');
    }
    text
}

/// A message: on one line, and without anything that GitHub would turn into something else.
fn data(text: &str) -> String {
    sanitize(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, which ends at a comma or a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::tests::{hostile, names, report};

    /// A line as GitHub's runner reads it: the command, its properties and its message.
    fn read(line: &str) -> (String, Vec<(String, String)>, String) {
        let back = |text: &str| {
            text.replace("%0D", "\r")
                .replace("%0A", "\n")
                .replace("%3A", ":")
                .replace("%2C", ",")
                .replace("%25", "%")
        };
        let rest = line.strip_prefix("::").unwrap();
        let (head, message) = rest.split_once("::").unwrap();
        let (command, properties) = head.split_once(' ').unwrap();
        let pairs = properties.split(',').map(|pair| pair.split_once('=').unwrap());
        (
            command.to_owned(),
            pairs.map(|(name, value)| (name.to_owned(), back(value))).collect(),
            back(message),
        )
    }

    #[test]
    fn every_finding_but_ready_ones_is_an_annotation_at_its_line() {
        let report = report();
        let text = render(&report, &report.findings);
        let lines: Vec<_> = text.lines().map(read).collect();
        let commands: Vec<&str> = lines.iter().map(|(command, _, _)| command.as_str()).collect();
        assert_eq!(commands, ["error", "error", "warning", "notice"]);
        let (_, properties, message) = &lines[0];
        let names: Vec<&str> = properties.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["file", "line", "col", "title"]);
        assert_eq!(properties[0].1, "sub folder/.mcp.json");
        assert_eq!((properties[1].1.as_str(), properties[2].1.as_str()), ("6", "48"));
        assert_eq!(properties[3].1, "A secret lies in the open: github, GITHUB_TOKEN");
        assert!(
            message.starts_with("a classic personal access token of GitHub lies in the open\n"),
            "{message}"
        );
    }

    #[test]
    fn a_file_elsewhere_is_named_in_the_message() {
        let report = report();
        let text = render(&report, &report.findings);
        let (_, properties, message) = read(text.lines().nth(1).unwrap());
        assert_eq!(properties.len(), 1, "{properties:?}");
        assert!(message.contains(".claude.json:3\n"), "{message}");
    }

    #[test]
    fn no_name_becomes_a_command() {
        for name in names() {
            let report = hostile(&name);
            let text = render(&report, &report.findings);
            assert_eq!(text.lines().count(), report.findings.len(), "{text}");
            for line in text.lines() {
                let (command, properties, _) = read(line);
                assert!(["error", "warning", "notice"].contains(&command.as_str()));
                assert!(
                    properties
                        .iter()
                        .all(|(name, _)| ["file", "line", "col", "title"].contains(&name.as_str())),
                    "{line}"
                );
                assert!(
                    !line[2..].contains("\n::") && !line.contains(['\r', '\u{1b}', '\u{202e}']),
                    "{line}"
                );
            }
        }
    }
}

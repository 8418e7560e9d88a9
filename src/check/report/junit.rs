//! `junit`: a test report in the dialect of Jenkins, which GitLab, Azure and the others read too.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::check::finding::{Finding, Report, Status};
use crate::check::report::{place, rule, sentences, subject, whose};
use crate::ui::sanitize;

/// The name of the suite, and of all of them together.
const NAME: &str = "mcpcred check";

/// A test for each finding: problems fail, what nobody could say is skipped, a warning passes and says so.
pub(super) fn render(report: &Report, findings: &[Finding]) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let count = |status| report.count(status).to_string();
    let (tests, failures) = (findings.len().to_string(), count(Status::Problem));
    let totals = [("name", NAME), ("tests", &tests), ("failures", &failures), ("errors", "0")];
    writer.create_element("testsuites").with_attributes(totals).write_inner_content(|writer| {
        let suite = writer.create_element("testsuite").with_attributes(totals);
        let skipped = count(Status::Unknown);
        suite.with_attribute(("skipped", skipped.as_str())).write_inner_content(|writer| {
            findings.iter().try_for_each(|finding| test(writer, report, finding))
        })?;
        Ok(())
    })?;
    let mut xml = writer.into_inner();
    xml.push(b'\n');
    Ok(xml)
}

fn test(writer: &mut Writer<impl Write>, report: &Report, finding: &Finding) -> io::Result<()> {
    let rule = rule::of(finding.reason);
    let name = match subject(finding) {
        subject if subject.is_empty() => rule.short.to_owned(),
        subject => format!("{subject}: {}", rule.short),
    };
    let class = whose(finding).replace(", ", ".");
    let class = if class.is_empty() { "mcpcred".to_owned() } else { class };
    let (name, class) = (plain(&name), plain(&class));
    let message = plain(&finding.message);
    let place = finding.location.as_ref().map(|location| place::shown(&report.root, location));
    let lines: Vec<String> = place.into_iter().chain(sentences(finding)).map(|line| plain(&line)).collect();
    let details = BytesText::new(&lines.join("\n")).into_owned();
    let case =
        writer.create_element("testcase").with_attributes([("name", name.as_str()), ("classname", &class)]);
    let element = match finding.status {
        Status::Ready => return case.write_empty().map(|_| ()),
        Status::Warning => "system-out",
        Status::Unknown => "skipped",
        Status::Problem => "failure",
    };
    case.write_inner_content(|writer| {
        let element = writer.create_element(element);
        let element = match finding.status {
            Status::Warning => element,
            _ => element.with_attributes([("type", rule.id), ("message", message.as_str())]),
        };
        element.write_text_content(details).map(|_| ())
    })?;
    Ok(())
}

/// Text on one line, of characters that XML 1.0 knows.
fn plain(text: &str) -> String {
    let text = sanitize(text);
    if !text.contains(['\u{fffe}', '\u{ffff}']) {
        return text.into_owned();
    }
    text.replace('\u{fffe}', r"\u{fffe}").replace('\u{ffff}', r"\u{ffff}")
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;

    use super::*;
    use crate::check::report::tests::{hostile, names, report};

    /// The attributes of every element of that name, and how many elements there are in all.
    fn attributes(xml: &[u8], element: &str) -> Vec<Vec<(String, String)>> {
        let mut reader = Reader::from_reader(xml);
        let mut found = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) | Event::Empty(start) if start.name().as_ref() == element => {
                    let pairs = start.attributes().map(Result::unwrap);
                    found.push(
                        pairs
                            .map(|pair| {
                                let key = pair.key.as_ref().to_owned();
                                (
                                    key,
                                    pair.normalized_value(quick_xml::XmlVersion::Implicit1_0)
                                        .unwrap()
                                        .into_owned(),
                                )
                            })
                            .collect(),
                    );
                }
                Event::Eof => return found,
                _ => {}
            }
        }
    }

    #[test]
    fn problems_fail_and_what_nobody_could_say_is_skipped() {
        let report = report();
        let xml = render(&report, &report.findings).unwrap();
        let suite = attributes(&xml, "testsuite").remove(0);
        let suite: Vec<(&str, &str)> =
            suite.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [("name", NAME), ("tests", "5"), ("failures", "2"), ("errors", "0"), ("skipped", "1")];
        assert_eq!(suite, expected);
        assert_eq!(attributes(&xml, "testcase").len(), 5);
        assert_eq!(attributes(&xml, "failure").len(), 2);
        assert_eq!(attributes(&xml, "skipped").len(), 1);
        assert_eq!(attributes(&xml, "system-out").len(), 1);
        let case = &attributes(&xml, "testcase")[0];
        assert_eq!(case[0].1, "github, GITHUB_TOKEN: A secret lies in the open");
        assert_eq!(case[1].1, "claude-code.project");
    }

    #[test]
    fn no_name_leaves_its_attribute() {
        for name in names() {
            let report = hostile(&name);
            let xml = render(&report, &report.findings).unwrap();
            assert_eq!(attributes(&xml, "testcase").len(), report.findings.len());
            let text = String::from_utf8(xml).unwrap();
            let is_xml =
                |it: char| matches!(it, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
            assert!(text.chars().all(is_xml) && !text.contains(['\u{1b}', '\u{7f}', '\u{202e}']), "{text}");
            assert!(!text.contains("]]>"), "{text}");
        }
    }
}

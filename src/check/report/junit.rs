//! `junit`: a suite a file and a test case a finding, as CI servers show them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::path::Path;

use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::Writer;

use crate::check::finding::{Finding, Report, Status};
use crate::check::report::reason::about;
use crate::check::report::{lines, shown};
use crate::ui::sanitize;

const NAME: &str = "mcpcred check";

/// The findings of one file, in their order.
struct Suite<'report> {
    /// The file, or the program's name for what lies in no file.
    name: Cow<'report, str>,
    findings: Vec<&'report Finding>,
}

pub(super) fn render(report: &Report) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<&Finding> = report.findings.iter().collect();
    xml.create_element("testsuites")
        .with_attribute(("name", NAME))
        .with_attributes(counts(&all).iter().map(|(name, count)| (*name, count.as_str())))
        .write_inner_content(|xml| suites(report).iter().try_for_each(|suite| write_suite(xml, suite)))?;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn suites(report: &Report) -> Vec<Suite<'_>> {
    let mut suites: Vec<Suite<'_>> = Vec::new();
    let mut places: HashMap<Option<&Path>, usize> = HashMap::new();
    for finding in &report.findings {
        let file = finding.location.as_ref().map(|location| location.file.as_path());
        let place = *places.entry(file).or_insert_with(|| {
            let name =
                file.map_or(Cow::Borrowed(NAME), |file| Cow::Owned(harmless(&shown(file, &report.root))));
            suites.push(Suite { name, findings: Vec::new() });
            suites.len() - 1
        });
        if let Some(suite) = suites.get_mut(place) {
            suite.findings.push(finding);
        }
    }
    suites
}

fn write_suite(xml: &mut Writer<Vec<u8>>, suite: &Suite<'_>) -> io::Result<()> {
    xml.create_element("testsuite")
        .with_attribute(("name", suite.name.as_ref()))
        .with_attributes(counts(&suite.findings).iter().map(|(name, count)| (*name, count.as_str())))
        .write_inner_content(|xml| {
            suite.findings.iter().try_for_each(|finding| write_case(xml, finding, &suite.name))
        })?;
    Ok(())
}

fn counts(findings: &[&Finding]) -> [(&'static str, String); 4] {
    let count = |status| findings.iter().filter(|finding| finding.status == status).count().to_string();
    [
        ("tests", findings.len().to_string()),
        ("failures", count(Status::Problem)),
        ("errors", "0".to_owned()),
        ("skipped", count(Status::Unknown)),
    ]
}

fn write_case(xml: &mut Writer<Vec<u8>>, finding: &Finding, file: &str) -> io::Result<()> {
    let about = about(finding.reason);
    let names: Vec<&str> =
        [&finding.server, &finding.credential].into_iter().flatten().map(String::as_str).collect();
    let name = if names.is_empty() { about.words.to_owned() } else { harmless(&names.join("/")) };
    let case = xml
        .create_element("testcase")
        .with_attribute(("classname", file))
        .with_attribute(("name", name.as_str()));
    if finding.status == Status::Ready {
        case.write_empty()?;
        return Ok(());
    }
    let message = format!("{}: {}", about.words, harmless(&finding.message));
    let mut text = lines(finding).iter().map(|line| harmless(line)).collect::<Vec<_>>().join("\n");
    if let Some(place) = finding.location.as_ref().and_then(|location| location.place) {
        text = format!("{file}:{}:{}\n{text}", place.line, place.column);
    }
    case.write_inner_content(|xml| {
        match finding.status {
            Status::Problem => {
                let failure = xml.create_element("failure").with_attribute(("type", about.id));
                failure
                    .with_attribute(("message", message.as_str()))
                    .write_text_content(BytesText::new(&text))?;
            }
            Status::Unknown => {
                let skipped = xml.create_element("skipped").with_attribute(("message", message.as_str()));
                skipped.write_text_content(BytesText::new(&text))?;
            }
            Status::Warning | Status::Ready => {
                let text = format!("{}: {text}", about.words);
                xml.create_element("system-out").write_text_content(BytesText::new(&text))?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// The text, sanitized, and without the two characters that are harmless and that XML 1.0 forbids all the same.
fn harmless(text: &str) -> String {
    sanitize(text).replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

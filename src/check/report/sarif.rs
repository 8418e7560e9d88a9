//! `sarif`: SARIF 2.1.0 (OASIS), as GitHub's code scanning and editors read it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::check::finding::{Finding, Report, Status};
use crate::check::report::{json, place, rule, sentences, subject, whose};
use crate::document::Pointer;
use crate::ui::sanitize;

/// The root of the project, which every reader finds for itself.
const ROOT: &str = "%SRCROOT%";

/// Where a finding is that is in no file: readers want a location all the same.
const NOWHERE: &str = "no%20file";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    original_uri_base_ids: BTreeMap<&'static str, Base>,
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Base {
    description: Message,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor>,
}

/// A rule, as a reader explains it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Message,
    help: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Properties {
    tags: [&'static str; 1],
    security_severity: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [SarifLocation; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_locations: Option<[LogicalLocation; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

/// What is ready is no result: readers show every result as an alert.
pub(super) fn render(report: &Report, findings: &[Finding]) -> io::Result<Vec<u8>> {
    let results = findings.iter().filter_map(|finding| result(report, finding)).collect();
    let log = Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver: driver() },
            column_kind: "unicodeCodePoints",
            original_uri_base_ids: [(ROOT, Base { description: message("the root of the project") })].into(),
            results,
        }],
    };
    json::written(&log)
}

fn driver() -> Driver {
    let descriptor = |reason| {
        let rule::Rule { id, short, help, severity } = rule::of(reason);
        let properties =
            severity.map(|security_severity| Properties { tags: ["security"], security_severity });
        Descriptor { id, short_description: message(short), help: message(help), properties }
    };
    let rules = rule::FAULTS.iter().copied().map(descriptor).collect();
    Driver { name: "mcpcred", semantic_version: env!("CARGO_PKG_VERSION"), rules }
}

fn result(report: &Report, finding: &Finding) -> Option<SarifResult> {
    let level = match finding.status {
        Status::Ready => return None,
        Status::Unknown => "note",
        Status::Warning => "warning",
        Status::Problem => "error",
    };
    let lines = [subject(finding)].into_iter().chain(sentences(finding)).chain([whose(finding)]);
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    let location = finding.location.as_ref();
    let (uri, is_relative) = match location {
        Some(location) => place::uri(&report.root, &location.file),
        None => (NOWHERE.to_owned(), false),
    };
    let region = location
        .and_then(|location| location.place)
        .map(|place| Region { start_line: place.line, start_column: place.column });
    let pointer = location.and_then(|location| location.pointer.as_ref()).map(Pointer::as_str);
    let fingerprint = fingerprint(&[
        rule::of(finding.reason).id,
        &uri,
        pointer.unwrap_or_default(),
        &subject(finding),
        finding.clients.first().map_or("", String::as_str),
    ]);
    let logical = pointer.filter(|pointer| !pointer.is_empty());
    Some(SarifResult {
        rule_id: rule::of(finding.reason).id,
        rule_index: rule::FAULTS.iter().position(|reason| *reason == finding.reason),
        level,
        message: message(&lines.join("\n")),
        locations: [SarifLocation {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri, uri_base_id: is_relative.then_some(ROOT) },
                region,
            },
            logical_locations: logical
                .map(|pointer| [LogicalLocation { fully_qualified_name: sanitize(pointer).into_owned() }]),
        }],
        partial_fingerprints: [("mcpcredPlace/v1", fingerprint)].into(),
    })
}

/// The same for the same finding at the same place, wherever the lines move to; the value has no part in it.
fn fingerprint(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0"));
    digest.iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

/// A message is plain text but for links in brackets (3.11.6), which a name must not become.
fn message(text: &str) -> Message {
    let lines: Vec<String> = text
        .lines()
        .map(|line| sanitize(line).replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]"))
        .collect();
    Message { text: lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::check::report::tests::{hostile, names, report};

    fn log(report: &Report) -> Value {
        serde_json::from_slice(&render(report, &report.findings).unwrap()).unwrap()
    }

    #[test]
    fn a_result_names_its_rule_its_level_and_its_place() {
        let log = log(&report());
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        let levels: Vec<&str> = results.iter().map(|result| result["level"].as_str().unwrap()).collect();
        assert_eq!(levels, ["error", "error", "warning", "note"]);
        let first = &results[0];
        let index = usize::try_from(first["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], first["ruleId"]);
        let place = &first["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "sub%20folder/.mcp.json");
        assert_eq!(place["artifactLocation"]["uriBaseId"], ROOT);
        assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&6.into(), &48.into()));
        let elsewhere = &results[1]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert!(elsewhere["uri"].as_str().unwrap().starts_with("file:///"), "{elsewhere}");
        assert!(elsewhere.get("uriBaseId").is_none());
    }

    #[test]
    fn a_finding_keeps_its_fingerprint_where_lines_move_and_values_change() {
        let print = |report: &Report| log(report)["runs"][0]["results"][0]["partialFingerprints"].clone();
        let before = report();
        let mut after = report();
        let finding = &mut after.findings[0];
        finding.fingerprint = Some("ffffffffffff".to_owned());
        finding.location.as_mut().unwrap().place.as_mut().unwrap().line += 7;
        assert_eq!(print(&before), print(&after));
        after.findings[0].credential = Some("OTHER".to_owned());
        assert_ne!(print(&before), print(&after));
    }

    #[test]
    fn no_name_becomes_a_link_or_leaves_its_uri() {
        for name in names() {
            let log = log(&hostile(&name));
            for result in log["runs"][0]["results"].as_array().unwrap() {
                let text = result["message"]["text"].as_str().unwrap();
                let bare = text.replace(r"\\", "").replace(r"\[", "").replace(r"\]", "");
                assert!(!bare.contains(['[', ']', '\u{1b}', '\u{202e}']), "{text}");
                let uri =
                    result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
                assert!(
                    uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`#?".contains(&byte)),
                    "{uri}"
                );
            }
        }
    }
}

//! `sarif`: SARIF 2.1.0, as GitHub's code scanning takes it.
//!
//! Three things are narrower than the standard. Findings that are ready are left out, because code scanning takes every
//! result for a fault, also those of kind `pass`. Every result has a location, because one without makes it refuse the
//! whole file: what lies in no file stands at the root of the project. Every location has a line, the first where none
//! is known.

use std::collections::BTreeMap;
use std::path::Path;

use percent_encoding::{AsciiSet, utf8_percent_encode};
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::Url;

use crate::check::finding::{Finding, Reason, Report, Status};
use crate::check::report::reason::about;
use crate::check::report::{inside, lines};
use crate::document::Place;
use crate::ui::json;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The name under which consumers know the root of the project.
const ROOT: &str = "%SRCROOT%";

/// What [`Url`] leaves in a path, and RFC 3986 does not.
const NOT_IN_A_PATH: &AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// In a relative reference a colon would end a scheme.
const NOT_IN_A_RELATIVE_PATH: &AsciiSet = &NOT_IN_A_PATH.add(b':');

#[derive(Serialize)]
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
    original_uri_base_ids: BTreeMap<&'static str, BaseId>,
    column_kind: &'static str,
    results: Vec<Entry>,
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
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
    full_description: Text,
    help: Text,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct BaseId {
    description: Text,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

/// A `result` of the standard.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
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

pub(super) fn render(report: &Report) -> Result<String, serde_json::Error> {
    let mut reasons: BTreeMap<Reason, usize> = told(report).map(|finding| (finding.reason, 0)).collect();
    for (index, place) in reasons.values_mut().enumerate() {
        *place = index;
    }
    let results = told(report)
        .map(|finding| {
            let index = reasons.get(&finding.reason).copied().unwrap_or_default();
            entry(finding, index, &report.root)
        })
        .collect();
    let description = text("the root of the project that was checked");
    json::write(&Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: env!("CARGO_PKG_NAME"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    version: env!("CARGO_PKG_VERSION"),
                    rules: reasons.into_keys().map(rule).collect(),
                },
            },
            original_uri_base_ids: BTreeMap::from([(ROOT, BaseId { description })]),
            column_kind: "unicodeCodePoints",
            results,
        }],
    })
}

fn told(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| finding.status != Status::Ready)
}

fn rule(reason: Reason) -> Rule {
    let about = about(reason);
    Rule {
        id: about.id,
        short_description: text(about.words),
        full_description: text(about.sentence),
        help: text(about.help),
        default_configuration: Configuration { level: level(about.usual) },
    }
}

fn entry(finding: &Finding, rule_index: usize, root: &Path) -> Entry {
    let rule_id = about(finding.reason).id;
    let file = finding.location.as_ref().map(|location| location.file.as_path());
    let place = finding.location.as_ref().and_then(|location| location.place);
    let Place { line, column } = place.unwrap_or(Place { line: 1, column: 1 });
    let artifact_location = file.map_or_else(
        || ArtifactLocation { uri: ".".to_owned(), uri_base_id: Some(ROOT) },
        |file| artifact(file, root),
    );
    let partial_fingerprints =
        BTreeMap::from([("mcpcredFinding/v1", fingerprint(finding, rule_id, &artifact_location.uri))]);
    let region = Region { start_line: line, start_column: column };
    Entry {
        rule_id,
        rule_index,
        level: level(finding.status),
        message: message(finding),
        locations: [Location { physical_location: PhysicalLocation { artifact_location, region } }],
        partial_fingerprints,
    }
}

fn level(status: Status) -> &'static str {
    match status {
        Status::Problem => "error",
        Status::Warning => "warning",
        Status::Unknown => "note",
        Status::Ready => "none",
    }
}

fn text(text: &str) -> Text {
    Text { text: text.to_owned() }
}

/// What is the case and what to do. `[words](address)` would be a link in a message, so that a name can't be one.
fn message(finding: &Finding) -> Text {
    Text { text: lines(finding).join("\n").replace("](", "] (") }
}

/// The same for the same finding of another day, also where lines were added above it. Made of names alone.
fn fingerprint(finding: &Finding, rule: &str, file: &str) -> String {
    let pointer = finding.location.as_ref().and_then(|location| location.pointer.as_ref());
    let names = [
        Some(rule),
        Some(file),
        pointer.map(crate::document::Pointer::as_str),
        finding.server.as_deref(),
        finding.credential.as_deref(),
    ];
    let mut digest = Sha256::new();
    for name in names.map(Option::unwrap_or_default) {
        // With its length, so that no two lists of names are the same bytes.
        digest.update((name.len() as u64).to_be_bytes());
        digest.update(name);
    }
    digest.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        text.extend(
            [byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)),
        );
        text
    })
}

/// The file relative to the root where it is inside, so that a report of one machine is good on another.
fn artifact(file: &Path, root: &Path) -> ArtifactLocation {
    let full = Url::from_file_path(root.join(file)).map(String::from).unwrap_or_default();
    let base = Url::from_directory_path(root).map(String::from).unwrap_or_default();
    match full.strip_prefix(&base) {
        Some(way) if inside(file, root).is_some() && !base.is_empty() => ArtifactLocation {
            uri: utf8_percent_encode(way, NOT_IN_A_RELATIVE_PATH).to_string(),
            uri_base_id: Some(ROOT),
        },
        _ => {
            ArtifactLocation { uri: utf8_percent_encode(&full, NOT_IN_A_PATH).to_string(), uri_base_id: None }
        }
    }
}

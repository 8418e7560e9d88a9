//! Reports for the tests of every format: one that a person might get, and one whose names nobody would choose.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Format, Look, render};
use crate::catalog::client::Scope;
use crate::check::finding::{Action, Finding, Location, Reason, Report, Status};
use crate::check::verdict::Verdict;
use crate::document::{Place, Pointer};

/// Two problems, one of them in a file outside of the project, a warning, one unknown, one ready.
pub(super) fn report() -> Report {
    let home = std::env::temp_dir().join("kim");
    let root = home.join("work");
    let mcp = root.join("sub folder").join(".mcp.json");
    let at = |file: &Path, line, column, pointer: &[&str]| {
        let pointer = pointer.iter().fold(Pointer::default(), |way, key| way.join(key));
        Some(Location { file: file.to_owned(), place: Some(Place { line, column }), pointer: Some(pointer) })
    };
    let action = |sentence: &str, command: Option<&str>, page: Option<&str>| Action {
        sentence: sentence.to_owned(),
        command: command.map(str::to_owned),
        page: page.map(str::to_owned),
    };
    let about = |server: Option<&str>, credential: &str, verdict: Verdict| Finding {
        server: server.map(str::to_owned),
        clients: server.iter().map(|_| "claude-code".to_owned()).collect(),
        scope: server.map(|_| Scope::Project),
        credential: Some(credential.to_owned()),
        ..verdict.finding()
    };
    let page = "https://github.com/settings/tokens";
    let plaintext =
        Verdict::problem(Reason::Plaintext, "a classic personal access token of GitHub lies in the open")
            .fingerprint("0123456789ab".to_owned())
            .action(action(
                "store it and refer to it by name",
                Some("mcpcred add GITHUB_TOKEN --server github"),
                Some(page),
            ));
    let literal =
        Verdict::problem(Reason::UnsupportedReference, "`${env:NOTION_TOKEN}` is passed on as it is written")
            .advice("write `${NOTION_TOKEN}`");
    let soon = Verdict::warning(Reason::ExpiresSoon, "`SLACK_TOKEN` expires on 2026-12-01, in 9 days")
        .action(action("", Some("mcpcred rotate SLACK_TOKEN"), None))
        .expires("2026-12-01T00:00:00Z".parse().unwrap());
    let locked = Verdict::new(Status::Unknown, Reason::StoreUnavailable, "the vault is locked");
    let findings = vec![
        Finding {
            location: at(&mcp, 6, 48, &["mcpServers", "github", "env", "GITHUB_TOKEN"]),
            ..about(Some("github"), "GITHUB_TOKEN", plaintext)
        },
        Finding {
            location: at(&home.join(".claude.json"), 3, 1, &["mcpServers", "notes"]),
            scope: Some(Scope::User),
            ..about(Some("notes"), "NOTION_TOKEN", literal)
        },
        Finding {
            location: at(&mcp, 9, 5, &["mcpServers", "slack"]),
            clients: vec!["claude-code".to_owned(), "cursor".to_owned()],
            ..about(Some("slack"), "SLACK_TOKEN", soon)
        },
        about(None, "OTHER_TOKEN", locked),
        Finding {
            location: at(&mcp, 20, 5, &["mcpServers", "sentry"]),
            scopes: Some(vec!["org:read".to_owned()]),
            ..about(Some("sentry"), "SENTRY_ACCESS", Verdict::ready("`SENTRY_ACCESS` is in the vault"))
        },
    ];
    let files = vec![mcp, home.join(".claude.json")];
    Report { profile: "default".to_owned(), root, files, servers: 4, live: true, findings }
}

/// Names that somebody might choose who wants a report to say or to do something else.
pub(super) fn names() -> Vec<String> {
    [
        "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{7f}",
        "abc\u{202e}cba\u{2066}\u{200b}\u{feff}\u{e0041}",
        "\"quoted\" 'both' `ways` <tag attr=\"x\"> &amp; &#27; ]]> <!-- -->",
        "line\r\n::error file=x,line=1::forged",
        "::add-mask::x",
        "##[error]forged ##[add-mask]x",
        "%0A::error::forged%25%0D%3A%2C",
        "a,b=c:d,line=99",
        "[click](https://evil.example) ![image](x) [1](1) \\[",
        "\0\u{1}\u{b}\u{1f}\u{85}\u{fffe}\u{ffff}\u{10ffff}",
        "../../etc/passwd",
        r"C:\Users\x ${X} $(x) {token}",
        "",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain(["long ".repeat(2000), "鍵".repeat(10_000)])
    .collect()
}

/// A report of all statuses in which everything that comes from outside is this name.
pub(super) fn hostile(name: &str) -> Report {
    let mut report = report();
    report.profile = name.to_owned();
    // What a file may be called; a NUL it can't have.
    let file: String = name.chars().filter(|it| *it != '\0').take(60).collect();
    report.findings.retain(|finding| finding.status != Status::Ready);
    for finding in &mut report.findings {
        finding.server = Some(name.to_owned());
        finding.credential = Some(name.to_owned());
        finding.clients = vec![name.to_owned()];
        finding.message = format!("the server `{name}` is not what it says");
        finding.action = Some(Action {
            sentence: format!("look at {name}"),
            command: Some(format!("mcpcred add {name}")),
            page: Some(format!("https://example.com/{name}")),
        });
        if let Some(location) = &mut finding.location {
            location.file = report.root.join("sub").join(format!("x{file}"));
            location.pointer = Some(Pointer::default().join(name));
        }
    }
    report.files = vec![PathBuf::from(name)];
    report
}

fn every_report() -> Vec<Report> {
    names().iter().map(|name| hostile(name)).chain([report()]).collect()
}

fn rendered(format: Format, report: &Report) -> Vec<u8> {
    render(format, report, Look::default()).unwrap()
}

#[test]
fn json_is_what_its_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../../cli/schemas/check.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for report in every_report() {
        let document = serde_json::from_slice(&rendered(Format::Json, &report)).unwrap();
        validator.validate(&document).unwrap();
    }
    let document: Value = serde_json::from_slice(&rendered(Format::Json, &report())).unwrap();
    assert_eq!(
        document["summary"],
        serde_json::json!({"ready": 1, "warning": 1, "problem": 2, "unknown": 1})
    );
    assert_eq!(document["findings"][0]["location"]["pointer"], "/mcpServers/github/env/GITHUB_TOKEN");
    assert_eq!(document["findings"][0]["action"]["command"], "mcpcred add GITHUB_TOKEN --server github");
    assert_eq!(document["findings"][2]["expires"], "2026-12-01T00:00:00Z");
}

#[test]
fn a_name_is_never_longer_than_a_report_can_bear() {
    let report = hostile(&"x".repeat(1_000_000));
    for format in [Format::Text, Format::Json, Format::Github, Format::Sarif, Format::Junit] {
        let length = rendered(format, &report).len();
        let allowed = if format == Format::Json { 2_100_000 } else { 100_000 };
        assert!(length < allowed, "{format:?}: {length}");
    }
}

/// What `.ci/prepare` put there; with `CI` it has to be there.
#[cfg(target_os = "linux")]
fn prepared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    assert!(path.exists() || option_env!("CI").is_none(), "{} is missing: run .ci/prepare", path.display());
    path.exists().then_some(path)
}

#[test]
#[cfg(target_os = "linux")]
fn sarif_is_what_the_standard_says() {
    let path = "target/parsers/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json";
    let Some(path) = prepared(path) else { return };
    let mut schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    // Two patterns with a bracket too many, about a property that we do not write.
    for whose in ["run", "toolComponent"] {
        let property = schema.pointer_mut(&format!("/definitions/{whose}/properties/language")).unwrap();
        property.as_object_mut().unwrap().remove("pattern");
    }
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for report in every_report() {
        let log = serde_json::from_slice(&rendered(Format::Sarif, &report)).unwrap();
        validator.validate(&log).unwrap();
    }
    assert!(validator.validate(&serde_json::json!({"version": "2.1.0", "runs": [{}]})).is_err());
}

#[test]
#[cfg(target_os = "linux")]
fn junit_is_what_jenkins_reads() {
    let Some(schema) = prepared("target/parsers/junit/junit-10.xsd") else { return };
    for report in every_report() {
        let xml = rendered(Format::Junit, &report);
        let mut child = std::process::Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema"])
            .arg(&schema)
            .arg("-")
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), &xml).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

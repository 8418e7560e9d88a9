//! The formats, with ordinary and with hostile findings.

use std::path::PathBuf;

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::catalog::client::Scope;
use crate::check::finding::{Action, Location, Reason};
use crate::document::{Place, Pointer};
use crate::ui::is_harmful;

const FORMATS: [Format; 5] = [Format::Text, Format::Json, Format::Github, Format::Sarif, Format::Junit];

const PLAIN: Look = Look { width: None, colour: false };

/// Every reason; [`every_reason_has_words`] holds that none is left out.
const REASONS: [Reason; 25] = [
    Reason::Ok,
    Reason::Missing,
    Reason::Empty,
    Reason::Expired,
    Reason::ExpiresSoon,
    Reason::RotationDue,
    Reason::Malformed,
    Reason::Plaintext,
    Reason::UnsupportedReference,
    Reason::UnsetReference,
    Reason::Duplicate,
    Reason::WorldReadable,
    Reason::SyncedFolder,
    Reason::Rejected,
    Reason::InsufficientScope,
    Reason::StoreUnavailable,
    Reason::NotVerifiable,
    Reason::RateLimited,
    Reason::NoAnswer,
    Reason::Unreadable,
    Reason::Misconfigured,
    Reason::VulnerableClient,
    Reason::NotMarkedSensitive,
    Reason::UnusualUse,
    Reason::Drifted,
];

fn root() -> PathBuf {
    PathBuf::from(if cfg!(windows) { r"C:\work\my project" } else { "/work/my project" })
}

fn finding(status: Status, reason: Reason, server: &str) -> Finding {
    Finding {
        status,
        reason,
        server: Some(server.to_owned()),
        clients: vec!["claude-code".to_owned(), "cursor".to_owned()],
        scope: Some(Scope::Project),
        credential: Some("GITHUB_TOKEN".to_owned()),
        message: "it is neither stored nor in the environment".to_owned(),
        action: Some(Action {
            sentence: "store it".to_owned(),
            command: Some("mcpcred add GITHUB_TOKEN".to_owned()),
            page: Some("https://github.com/settings/tokens".to_owned()),
        }),
        location: Some(Location {
            file: root().join(".mcp.json"),
            place: Some(Place { line: 4, column: 12 }),
            pointer: Some(Pointer::default().join("mcpServers").join(server)),
        }),
        fingerprint: None,
        expires: None,
        scopes: None,
        is_of_other_profile: false,
    }
}

fn report(findings: Vec<Finding>) -> Report {
    Report {
        profile: "default".to_owned(),
        root: root(),
        files: vec![root().join(".mcp.json")],
        servers: findings.len(),
        live: false,
        findings,
    }
}

fn four() -> Report {
    let mut ready = finding(Status::Ready, Reason::Ok, "slack");
    ready.action = None;
    let mut unknown = finding(Status::Unknown, Reason::StoreUnavailable, "sentry");
    unknown.location = None;
    unknown.clients.clear();
    let mut warning = finding(Status::Warning, Reason::ExpiresSoon, "notion");
    warning.expires = Some("2026-12-01T00:00:00Z".parse().unwrap());
    warning.scopes = Some(vec!["repo".to_owned()]);
    warning.fingerprint = Some("0123456789ab".to_owned());
    report(vec![finding(Status::Problem, Reason::Missing, "github"), warning, unknown, ready])
}

/// Everything that a name can be.
fn hostile() -> Report {
    let names = [
        "a\u{1b}[2J\u{1b}]0;title\u{7}b".to_owned(),
        "gpj.\u{202e}exe\u{2066}\u{200b}\u{feff}\u{e0041}".to_owned(),
        "\"quoted\" 'name' \\ <b>&amp;</b> `x` $(y) [click](https://example.com) {0}".to_owned(),
        "x]]>y<![CDATA[z".to_owned(),
        "x\n::error file=a,line=1::injected\r\n##[error]injected".to_owned(),
        "::error::injected %0A::warning::injected,title=x".to_owned(),
        "\0\u{1}\u{8}\u{b}\u{c}\u{1f}\u{7f}\u{80}\u{85}\u{9b}\u{2028}\u{fffe}\u{ffff}\u{10ffff}".to_owned(),
        "鍵🔑مفتاح".to_owned(),
        "long".repeat(2_500),
    ];
    let statuses = [Status::Ready, Status::Unknown, Status::Warning, Status::Problem];
    let mut findings = Vec::new();
    for name in &names {
        for status in statuses {
            let mut finding = finding(status, Reason::Malformed, name);
            finding.credential = Some(name.clone());
            finding.clients.push(name.clone());
            finding.message = name.clone();
            finding.action = Some(Action {
                sentence: name.clone(),
                command: Some(name.clone()),
                page: Some(name.clone()),
            });
            let file = root().join(name.replace(['/', '\\', ':', '\0'], "_")).join("c.json");
            finding.location.as_mut().unwrap().file = file;
            findings.push(finding);
        }
    }
    let mut report = report(findings);
    report.profile.clone_from(&names[1]);
    report
}

fn rendered(format: Format, report: &Report, look: Look) -> String {
    String::from_utf8(render(format, report, look).unwrap()).unwrap()
}

fn validate(document: &Value) {
    let schema = serde_json::from_str(include_str!("../../cli/schemas/check.schema.json")).unwrap();
    jsonschema::validate(&schema, document).unwrap();
}

#[test]
fn a_person_sees_a_line_a_finding_and_what_mends_it_below() {
    let expected = "\
STATUS   SERVER  CREDENTIAL    REASON             CLIENT                         PLACE
ready    slack   GITHUB_TOKEN                     claude-code, cursor (project)
unknown  sentry  GITHUB_TOKEN  store unavailable  project
     why: it is neither stored nor in the environment
    mend: store it
     run: mcpcred add GITHUB_TOKEN
    page: https://github.com/settings/tokens
warning  notion  GITHUB_TOKEN  expires soon       claude-code, cursor (project)  .mcp.json:4:12
     why: it is neither stored nor in the environment
    mend: store it
     run: mcpcred add GITHUB_TOKEN
    page: https://github.com/settings/tokens
problem  github  GITHUB_TOKEN  missing            claude-code, cursor (project)  .mcp.json:4:12
     why: it is neither stored nor in the environment
    mend: store it
     run: mcpcred add GITHUB_TOKEN
    page: https://github.com/settings/tokens

1 problem, 1 warning, 1 unknown, 1 ready; 4 servers in 1 file
";
    assert_eq!(rendered(Format::Text, &four(), PLAIN), expected);
    assert_eq!(
        rendered(Format::Text, &report(Vec::new()), PLAIN),
        "nothing to report; 0 servers in 1 file\n"
    );
}

#[test]
fn a_person_with_a_narrow_terminal_reads_everything_too() {
    for width in [30, 40, 60, 80, 100, 200] {
        let text = rendered(Format::Text, &four(), Look { width: Some(width), colour: false });
        for line in
            text.lines().filter(|line| !["run:", "page:", "where:"].iter().any(|it| line.contains(it)))
        {
            assert!(line.width() <= width.max(42), "{width}: {line}");
        }
        assert!(text.contains(".mcp.json:4:12"), "{text}");
    }
    let text = rendered(Format::Text, &four(), Look { width: Some(60), colour: false });
    assert!(text.contains("\n  client: claude-code, cursor (project)\n   where: .mcp.json:4:12\n"), "{text}");
}

#[test]
fn colours_are_the_only_escapes_and_only_where_they_are_wanted() {
    let coloured = rendered(Format::Text, &hostile(), Look { width: Some(100), colour: true });
    let plain = rendered(Format::Text, &hostile(), Look { width: Some(100), colour: false });
    assert!(coloured.contains("\u{1b}[1m\u{1b}[31mproblem\u{1b}[0m"));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn a_hostile_name_moves_no_cursor_and_adds_no_line() {
    for format in FORMATS {
        for width in [None, Some(80)] {
            let text = rendered(format, &hostile(), Look { width, colour: false });
            let raw = text.chars().find(|character| *character != '\n' && is_harmful(*character));
            assert_eq!(raw, None, "{format:?}");
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{format:?}");
        }
    }
    let text = rendered(Format::Text, &hostile(), PLAIN);
    assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
}

#[test]
fn a_thousand_findings_with_long_names_take_little_room() {
    let findings = (0..1_000).map(|_| finding(Status::Ready, Reason::Ok, &"x".repeat(10_000))).collect();
    let text = rendered(Format::Text, &report(findings), PLAIN);
    assert!(text.len() < 300_000, "{}", text.len());
}

#[test]
fn a_program_reads_what_was_found_as_the_schema_says() {
    for report in [four(), hostile(), report(Vec::new())] {
        let document: Value = serde_json::from_str(&rendered(Format::Json, &report, PLAIN)).unwrap();
        validate(&document);
        // What was escaped is the same text to whoever reads it.
        for (finding, read) in report.findings.iter().zip(document["findings"].as_array().unwrap()) {
            assert_eq!(read["server"].as_str(), finding.server.as_deref());
        }
    }
    let document: Value = serde_json::from_str(&rendered(Format::Json, &four(), PLAIN)).unwrap();
    assert_eq!(document["summary"]["problem"], 1);
    assert_eq!(document["findings"][0]["location"]["column"], 12);
    assert_eq!(document["findings"][2]["location"], Value::Null);
}

#[test]
fn every_reason_has_words_and_is_in_the_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../cli/schemas/check.schema.json")).unwrap();
    let listed = &schema["properties"]["findings"]["items"]["properties"]["reason"]["enum"];
    let ids: Vec<Value> = REASONS.iter().map(|reason| serde_json::to_value(reason).unwrap()).collect();
    assert_eq!(listed, &Value::Array(ids.clone()));
    assert_eq!(REASONS.len(), Reason::Drifted as usize + 1);
    for (reason, id) in REASONS.into_iter().zip(ids) {
        assert_eq!(reason::about(reason).id, id);
    }
}

#[test]
fn a_workflow_gets_an_annotation_at_the_line() {
    let expected = "\
::error file=.mcp.json,line=4,col=12,title=github GITHUB_TOKEN%3A missing::it is neither stored nor in the \
environment%0Astore it%0Amcpcred add GITHUB_TOKEN%0Ahttps://github.com/settings/tokens
::warning file=.mcp.json,line=4,col=12,title=notion GITHUB_TOKEN%3A expires soon::it is neither stored nor in the \
environment%0Astore it%0Amcpcred add GITHUB_TOKEN%0Ahttps://github.com/settings/tokens
::notice title=sentry GITHUB_TOKEN%3A store unavailable::it is neither stored nor in the environment%0Astore it\
%0Amcpcred add GITHUB_TOKEN%0Ahttps://github.com/settings/tokens
1 problem, 1 warning, 1 unknown, 1 ready; 4 servers in 1 file
";
    assert_eq!(rendered(Format::Github, &four(), PLAIN), expected);
}

#[test]
fn a_server_cannot_speak_to_the_workflow() {
    let text = rendered(Format::Github, &hostile(), PLAIN);
    let commands = ["::error file=", "::warning file=", "::notice file="];
    let (last, annotations) =
        text.lines().collect::<Vec<_>>().split_last().map(|(l, a)| (*l, a.to_vec())).unwrap();
    assert_eq!(annotations.len(), 27);
    assert!(last.starts_with("9 problems"), "{last}");
    for line in annotations {
        assert!(commands.iter().any(|command| line.starts_with(command)), "{line}");
        // As the runner takes it apart.
        let (head, _) = line[2..].split_once("::").unwrap();
        let properties = head.split_once(' ').unwrap().1.split(',');
        let keys: Vec<&str> = properties.map(|property| property.split_once('=').unwrap().0).collect();
        assert_eq!(keys, ["file", "line", "col", "title"], "{line}");
    }
}

#[test]
fn a_file_is_named_from_the_root_of_the_project_where_it_is_inside() {
    assert_eq!(shown(&root().join("a").join("b.json"), &root()), "a/b.json");
    let outside = root().with_file_name("other.json");
    assert_eq!(shown(&outside, &root()), outside.to_string_lossy());
    assert_eq!(inside(&root().join("..").join("x"), &root()), None);
    assert_eq!(inside(&root(), &root()), None);
}

fn sarif(report: &Report) -> Value {
    serde_json::from_str(&rendered(Format::Sarif, report, PLAIN)).unwrap()
}

#[test]
fn code_scanning_gets_a_log_that_its_schema_accepts() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/schemas/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
    if !schema.exists() && option_env!("CI").is_none() {
        return;
    }
    let mut schema: Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    // A bracket too many, which JavaScript overlooks. The report says nothing about languages.
    for object in ["run", "toolComponent"] {
        schema["definitions"][object]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    let schema = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for report in [four(), hostile(), report(Vec::new())] {
        schema.validate(&sarif(&report)).map_err(|error| error.to_string()).unwrap();
    }
    assert!(!schema.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{}] })));
}

#[test]
fn code_scanning_shows_what_is_not_ready_with_a_rule_and_a_line() {
    let run = &sarif(&four())["runs"][0];
    let results = run["results"].as_array().unwrap();
    let levels: Vec<&str> = results.iter().map(|result| result["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["error", "warning", "note"]);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"],
        serde_json::json!({ "uri": ".mcp.json", "uriBaseId": "%SRCROOT%" })
    );
    assert_eq!(place["region"], serde_json::json!({ "startLine": 4, "startColumn": 12 }));
    let nowhere = &results[2]["locations"][0]["physicalLocation"];
    assert_eq!(nowhere["artifactLocation"]["uri"], ".");
    assert_eq!(nowhere["region"]["startLine"], 1);
}

#[test]
fn a_name_is_no_link_in_code_scanning() {
    for result in sarif(&hostile())["runs"][0]["results"].as_array().unwrap() {
        let message = result["message"]["text"].as_str().unwrap();
        assert!(!message.contains("]("), "{message}");
        assert!(!message.contains(|character| character != '\n' && is_harmful(character)), "{message}");
    }
}

#[test]
fn a_file_has_an_address_wherever_it_lies() {
    let uri = |file: PathBuf| {
        let mut finding = finding(Status::Problem, Reason::Missing, "x");
        finding.location.as_mut().unwrap().file = file;
        let log = sarif(&report(vec![finding]));
        let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
        (place["uri"].as_str().unwrap().to_owned(), place["uriBaseId"].as_str().is_some())
    };
    let drive = if cfg!(windows) { "/C:" } else { "" };
    assert_eq!(
        uri(root().join("a b").join("c#%[ä].json")),
        ("a%20b/c%23%25%5B%C3%A4%5D.json".to_owned(), true)
    );
    assert_eq!(uri(root().with_file_name("o p.json")), (format!("file://{drive}/work/o%20p.json"), false));
    assert_eq!(
        uri(root().with_file_name("my project 2")),
        (format!("file://{drive}/work/my%20project%202"), false)
    );
    if cfg!(unix) {
        assert_eq!(uri(root().join("a:b?.json")), ("a%3Ab%3F.json".to_owned(), true));
    }
}

#[test]
fn a_finding_stays_the_same_when_lines_are_added_above_it() {
    let print = |finding: Finding| {
        sarif(&report(vec![finding]))["runs"][0]["results"][0]["partialFingerprints"]["mcpcredFinding/v1"]
            .clone()
    };
    let first = finding(Status::Problem, Reason::Missing, "x");
    let mut moved = first.clone();
    moved.location.as_mut().unwrap().place = Some(Place { line: 40, column: 2 });
    moved.fingerprint = Some("0123456789ab".to_owned());
    assert_eq!(print(first.clone()), print(moved));
    assert_eq!(print(first.clone()).as_str().unwrap().len(), 64);
    let mut other = first.clone();
    other.credential = Some("OTHER".to_owned());
    assert_ne!(print(first.clone()), print(other));
    assert_ne!(print(first), print(finding(Status::Problem, Reason::Missing, "y")));
}

/// What every test case is called, and what stands in it.
fn cases(xml: &str) -> Vec<(String, String)> {
    use quick_xml::events::Event;

    let mut cases = Vec::new();
    let mut reader = quick_xml::Reader::from_str(xml);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "testcase" => {
                let name = tag.try_get_attribute("name").unwrap().unwrap();
                cases.push((quick_xml::escape::unescape(&name.value).unwrap().into_owned(), String::new()));
            }
            Event::Start(tag) if tag.name().as_ref() != "testsuite" => {
                if let Some((_, inner)) = cases.last_mut() {
                    tag.name().as_ref().clone_into(inner);
                }
            }
            Event::Eof => return cases,
            _ => {}
        }
    }
}

#[test]
fn a_ci_server_sees_a_suite_a_file_and_a_case_a_finding() {
    let xml = rendered(Format::Junit, &four(), PLAIN);
    let names = ["failure", "system-out", "skipped", ""];
    let expected = ["github", "notion", "sentry", "slack"].map(|server| format!("{server}/GITHUB_TOKEN"));
    let mut found = cases(&xml);
    found.sort_by_key(|(name, _)| name.clone());
    let (titles, inner): (Vec<String>, Vec<String>) = found.into_iter().unzip();
    assert_eq!(titles, expected);
    assert_eq!(inner, names);
    assert!(
        xml.contains("<testsuite name=\".mcp.json\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"0\">"),
        "{xml}"
    );
    assert_eq!(cases(&rendered(Format::Junit, &hostile(), PLAIN)).len(), 36);
}

#[test]
#[cfg(target_os = "linux")]
fn python_reads_the_names_as_they_were_written() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let Ok(python) = which::which("python3") else {
        assert!(option_env!("CI").is_none(), "python3 is missing");
        return;
    };
    let script = "import json,sys,xml.etree.ElementTree as E\n\
        print(json.dumps([c.get('name') for c in E.fromstring(sys.stdin.buffer.read()).iter('testcase')]))";
    let mut child = Command::new(python)
        .args(["-I", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let xml = rendered(Format::Junit, &hostile(), PLAIN);
    child.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let names: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(names, cases(&xml).into_iter().map(|(name, _)| name).collect::<Vec<_>>());
    assert_eq!(names.len(), 36);
}

#[test]
#[cfg(unix)]
fn a_file_whose_name_is_no_text_is_reported_too() {
    use std::os::unix::ffi::OsStrExt;

    let mut finding = finding(Status::Problem, Reason::Unreadable, "x");
    finding.location.as_mut().unwrap().file = root().join(std::ffi::OsStr::from_bytes(b"\xff.json"));
    let report = report(vec![finding]);
    for format in FORMATS {
        let name = if format == Format::Sarif { "\"%FF.json\"" } else { "\u{fffd}.json" };
        assert!(rendered(format, &report, PLAIN).contains(name), "{format:?}");
    }
}

//! Configurations that nobody wrote by hand.

use std::fmt::Write;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::check::{about, check_in, findings_in, project, the};
use crate::support::Sandbox;

/// Far more than a check needs, even with the test's own slowness.
const PATIENCE: Duration = Duration::from_secs(20);

#[track_caller]
fn is_unreadable(content: impl AsRef<[u8]>) {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    fs::write(folder.join(".mcp.json"), content).unwrap();
    let begun = Instant::now();
    let finding = the(&findings_in(&sandbox, &folder, &[], 1), "unreadable");
    assert!(finding["location"]["file"].as_str().unwrap().ends_with(".mcp.json"), "{finding}");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
fn a_file_of_fifty_megabytes_is_not_read() {
    is_unreadable(vec![b' '; 50 * 1024 * 1024]);
}

#[test]
fn a_file_nested_ten_thousand_deep_is_refused() {
    is_unreadable(format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)));
    is_unreadable(format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    is_unreadable(b"{\"mcpServers\": {\"x\": {\"command\": \"\xff\xfe\"}}}");
}

#[test]
fn a_file_that_breaks_off_is_refused_with_its_place() {
    is_unreadable("{\"mcpServers\": {\n\"x\": {\"command\": \"npx\"");
}

#[test]
#[cfg(unix)]
fn a_link_to_itself_is_refused() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    fs::remove_file(folder.join(".mcp.json")).unwrap();
    std::os::unix::fs::symlink(folder.join(".mcp.json"), folder.join(".mcp.json")).unwrap();
    the(&findings_in(&sandbox, &folder, &[], 1), "unreadable");
}

#[test]
#[cfg(unix)]
fn a_pipe_in_place_of_a_file_is_not_waited_for() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    fs::remove_file(folder.join(".mcp.json")).unwrap();
    let path = folder.join(".mcp.json");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    the(&findings_in(&sandbox, &folder, &[], 1), "unreadable");
}

#[test]
fn of_two_keys_with_one_name_the_later_counts_and_both_are_looked_at() {
    let sandbox = Sandbox::new();
    let token = crate::check::TOKEN;
    let content = format!(
        r#"{{"mcpServers": {{"x": {{"command": "a", "env": {{"GITHUB_TOKEN": "{token}"}}}}, "x": {{"command": "b"}}}}}}"#
    );
    let folder = project(&sandbox, &content);
    let findings = findings_in(&sandbox, &folder, &[], 1);
    assert!(findings.iter().any(|it| it["reason"] == "plaintext"), "{findings:#?}");
}

#[test]
fn names_that_would_move_the_cursor_or_fake_a_line_are_shown_harmlessly() {
    let sandbox = Sandbox::new();
    let name = "git\u{1b}[2Khub\u{202e}\n::error file=x::forged";
    let servers = json!({ "mcpServers": {name: {"command": "x", "env": {"X_TOKEN": "${X_TOKEN}"}}} });
    let folder = project(&sandbox, &servers.to_string());
    for format in ["text", "github", "junit", "json", "sarif"] {
        let shown = check_in(&sandbox, &folder, &["--format", format]).exits(1).stdout();
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{format}: {shown:?}");
        assert!(!shown.contains("\n::error file=x"), "{format}: {shown}");
    }
}

#[test]
fn a_thousand_servers_are_checked_one_by_one() {
    let sandbox = Sandbox::new();
    let mut servers = String::new();
    for number in 0..1000 {
        write!(
            servers,
            r#"{}"s{number}": {{"command": "npx", "args": ["-y", "the-server"], "env": {{"T{number}_TOKEN": "${{T{number}_TOKEN}}"}}}}"#,
            if number == 0 { "" } else { "," }
        )
        .unwrap();
    }
    let folder = project(&sandbox, &format!(r#"{{"mcpServers": {{{servers}}}}}"#));
    let begun = Instant::now();
    let findings = findings_in(&sandbox, &folder, &[], 1);
    assert_eq!(about(&findings, "s999"), [("problem", "missing", "T999_TOKEN")]);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

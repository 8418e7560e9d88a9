//! Whether what is there is what it should be.

use crate::check::{TOKEN, about, findings_in, project, the};
use crate::support::Sandbox;

const ENTRY: &str = r#"{"mcpServers": {"x": {"command": "mcpcred", "args": ["run", "-e", "GITHUB_TOKEN", "--", "the-server"]}}}"#;

fn reason_of(value: &str, more: &[&str], status: i32) -> String {
    let sandbox = Sandbox::new();
    let add = [&["add", "GITHUB_TOKEN", "--stdin"], more].concat();
    sandbox.feed(add, value.as_bytes()).succeeds();
    let folder = project(&sandbox, ENTRY);
    let findings = findings_in(&sandbox, &folder, &[], status);
    let found = about(&findings, "x");
    assert_eq!(found.len(), 1, "{findings:#?}");
    format!("{} {}", found[0].0, found[0].1)
}

#[test]
fn a_whole_token_is_ready() {
    assert_eq!(reason_of(TOKEN, &[], 0), "ready ok");
}

#[test]
fn a_value_that_was_pasted_badly_is_malformed() {
    for value in [
        &TOKEN[..20],
        &format!("\"{TOKEN}\""),
        &format!("{TOKEN}\n\n"),
        &format!("Bearer {TOKEN}"),
        &format!("GITHUB_TOKEN={TOKEN}"),
        &format!("{TOKEN}\u{200b}"),
        "your-token-here",
        "<YOUR_GITHUB_TOKEN>",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ] {
        assert_eq!(reason_of(value, &[], 1), "problem malformed", "{value:?}");
    }
}

#[test]
fn a_word_that_stands_for_a_token_in_a_configuration_is_no_token() {
    let sandbox = Sandbox::new();
    let entry = |value: &str| {
        format!(
            r#"{{"mcpServers": {{"x": {{"command": "the-server", "env": {{"BRAVE_API_KEY": "{value}"}}}}}}}}"#
        )
    };
    for (value, reason) in [("YOUR_API_KEY", "malformed"), ("<your token>", "malformed"), ("", "empty")] {
        let folder = project(&sandbox, &entry(value));
        let findings = findings_in(&sandbox, &folder, &[], 1);
        assert_eq!(about(&findings, "x"), [("problem", reason, "BRAVE_API_KEY")], "{value:?}");
    }
}

#[test]
fn dates_count() {
    assert_eq!(reason_of(TOKEN, &["--expires", "2020-01-31"], 1), "problem expired");
    assert_eq!(reason_of(TOKEN, &["--expires", "13d"], 0), "warning expires_soon");
    assert_eq!(reason_of(TOKEN, &["--expires", "30d"], 0), "ready ok");
    // Some kinds of tokens end by themselves, whatever anybody knows of this one.
    let of_app = TOKEN.replace("ghp_", "ghs_");
    assert_eq!(reason_of(&of_app, &[], 0), "warning expires_soon");
    assert_eq!(reason_of(&of_app, &["--expires", "30d"], 0), "ready ok");
}

#[test]
fn warnings_are_problems_for_the_strict() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITHUB_TOKEN", "--stdin", "--expires", "3d"], TOKEN.as_bytes()).succeeds();
    let folder = project(&sandbox, ENTRY);
    findings_in(&sandbox, &folder, &[], 0);
    let finding = the(&findings_in(&sandbox, &folder, &["--strict"], 1), "expires_soon");
    assert_eq!(finding["status"], "problem");
}

#[test]
fn one_value_under_two_names_is_told() {
    let sandbox = Sandbox::new();
    for name in ["GITHUB_TOKEN", "GH_TOKEN"] {
        sandbox.feed(["add", name, "--stdin"], TOKEN.as_bytes()).succeeds();
    }
    let folder = project(&sandbox, ENTRY);
    let finding = the(&findings_in(&sandbox, &folder, &[], 0), "duplicate");
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains("GITHUB_TOKEN") && message.contains("GH_TOKEN"), "{message}");
}

#[test]
fn a_stored_credential_that_no_server_uses_is_spoken_of_only_when_something_is_wrong_with_it() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITHUB_TOKEN", "--stdin"], TOKEN.as_bytes()).succeeds();
    sandbox.feed(["add", "FINE", "--stdin"], b"f4e1c0a7b2d95863").succeeds();
    sandbox.feed(["add", "OLD", "--stdin", "--expires", "2020-01-31"], b"a7b2d95863f4e1c0").succeeds();
    let folder = project(&sandbox, ENTRY);
    let findings = findings_in(&sandbox, &folder, &[], 1);
    assert_eq!(the(&findings, "expired")["credential"], "OLD");
    assert!(!findings.iter().any(|it| it["credential"] == "FINE"), "{findings:#?}");
}

//! What is looked at.

use serde_json::json;

use crate::check::{about, check_in, findings_in, project, write};
use crate::support::{Ran, Sandbox, feed};

fn entry(name: &str) -> String {
    json!({"mcpServers": {name: {"command": "the-server", "env": {"X_TOKEN": "${X_TOKEN}"}}}}).to_string()
}

#[test]
fn without_any_configuration_there_is_nothing_to_do() {
    let sandbox = Sandbox::new();
    check_in(&sandbox, &sandbox.path(""), &[]).succeeds().says("no MCP configuration");
}

#[test]
fn one_file_one_client_or_one_server_can_be_asked_for() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &entry("here"));
    write(&sandbox, ".cursor/mcp.json", entry("there"));
    let all = findings_in(&sandbox, &folder, &[], 1);
    assert_eq!((about(&all, "here").len(), about(&all, "there").len()), (1, 1));
    let cursor = findings_in(&sandbox, &folder, &["--client", "cursor"], 1);
    assert_eq!((about(&cursor, "here").len(), about(&cursor, "there").len()), (0, 1));
    let here = findings_in(&sandbox, &folder, &["--server", "here"], 1);
    assert_eq!((about(&here, "here").len(), about(&here, "there").len()), (1, 0));
    let path = write(&sandbox, "elsewhere/mcp.json", entry("elsewhere"));
    let file = findings_in(&sandbox, &folder, &["--config", path.to_str().unwrap()], 1);
    assert_eq!((about(&file, "elsewhere").len(), about(&file, "here").len()), (1, 0));
}

#[test]
fn a_client_that_nobody_knows_is_a_wrong_usage_with_the_nearest_name() {
    let sandbox = Sandbox::new();
    sandbox.run(["check", "--client", "cursr"]).exits(2).says("cursor");
}

#[test]
fn a_server_that_is_nowhere_is_said() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &entry("here"));
    check_in(&sandbox, &folder, &["--server", "her"]).exits(3).says("here");
}

#[test]
fn a_file_that_is_not_there_is_a_failure() {
    let sandbox = Sandbox::new();
    sandbox.run(["check", "--config", "no-such.json"]).exits(1).says("no-such.json");
}

#[test]
fn nothing_in_a_configuration_is_executed() {
    let sandbox = Sandbox::new();
    let mark = sandbox.path("executed");
    let touch = format!("touch {}", mark.display());
    let servers = json!({
        "a": {"command": "sh", "args": ["-c", touch]},
        "b": {"type": "http", "url": "https://x.example", "headersHelper": touch},
        "c": {"command": format!("$({touch})"), "env": {"X": format!("$({touch})")}},
    });
    let folder = project(&sandbox, &json!({ "mcpServers": servers }).to_string());
    write(&sandbox, "work/crush.json", json!({ "mcp": servers }).to_string());
    check_in(&sandbox, &folder, &[]);
    assert!(!mark.exists());
}

#[test]
fn a_hook_that_only_guards_files_is_not_stopped_by_a_missing_credential() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &entry("here"));
    assert!(findings_in(&sandbox, &folder, &["--exposure"], 0).is_empty());
    let open = entry("here").replace("${X_TOKEN}", crate::check::TOKEN);
    let folder = project(&sandbox, &open);
    let findings = findings_in(&sandbox, &folder, &["--exposure"], 1);
    assert_eq!(about(&findings, "here"), [("problem", "plaintext", "X_TOKEN")]);
}

#[test]
fn a_check_changes_nothing() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &entry("here"));
    let before = std::fs::metadata(folder.join(".mcp.json")).unwrap().modified().unwrap();
    check_in(&sandbox, &folder, &[]).exits(1);
    assert_eq!(std::fs::metadata(folder.join(".mcp.json")).unwrap().modified().unwrap(), before);
    assert!(!sandbox.data().exists());
}

#[test]
fn a_project_is_found_from_any_folder_in_it() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &entry("here"));
    let inner = folder.join("src/deep");
    std::fs::create_dir_all(&inner).unwrap();
    assert_eq!(about(&findings_in(&sandbox, &inner, &[], 1), "here").len(), 1);
}

#[test]
fn a_reader_that_goes_away_is_no_failure_of_the_check() {
    let sandbox = Sandbox::new();
    let ran = Ran(feed(sandbox.command(["check", "--format", "json"]), b""));
    ran.succeeds();
}

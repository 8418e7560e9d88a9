//! What `protect` did is undone behind a person's back.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{CANARY, TOKEN, about, findings_in, the, write};
use crate::support::Sandbox;

const FILE: &str = ".cursor/mcp.json";

/// A server that is protected, with a token in a variable.
fn protected(token: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let entry = json!({ "command": "a-server", "args": ["x"], "env": { "GITHUB_TOKEN": token } });
    write(&sandbox, FILE, json!({ "mcpServers": { "mine": entry } }).to_string());
    sandbox.run(["protect", "--yes"]).succeeds();
    assert!(findings(&sandbox, 0).iter().all(|it| it["status"] == "ready"));
    sandbox
}

fn findings(sandbox: &Sandbox, status: i32) -> Vec<Value> {
    findings_in(sandbox, &sandbox.path(""), &[], status)
}

/// Changes the file as its client might.
fn change(sandbox: &Sandbox, how: impl FnOnce(&mut Value)) {
    let path = sandbox.path(FILE);
    let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    how(&mut document["mcpServers"]);
    fs::write(path, document.to_string()).unwrap();
}

#[test]
fn a_server_that_its_client_wiped_is_told_until_it_is_off_the_record() {
    let sandbox = protected(TOKEN);
    change(&sandbox, |servers| *servers = json!({}));
    let finding = the(&findings(&sandbox, 0), "drifted");
    assert_eq!((&finding["status"], &finding["server"]), (&json!("warning"), &json!("mine")));
    assert_eq!(Path::new(finding["location"]["file"].as_str().unwrap()), sandbox.path(FILE));
    assert_eq!(findings_in(&sandbox, &sandbox.path(""), &["--server", "mine"], 0).len(), 1);
    sandbox.run(["check", "--strict"]).exits(1);
    sandbox.run(["unprotect", "--yes"]).succeeds();
    assert!(findings(&sandbox, 0).is_empty());
}

#[test]
fn a_file_that_its_client_deleted_is_told_where_it_is_missed() {
    let sandbox = protected(TOKEN);
    fs::remove_file(sandbox.path(FILE)).unwrap();
    let finding = the(&findings(&sandbox, 0), "drifted");
    assert_eq!((&finding["status"], &finding["server"]), (&json!("warning"), &json!("mine")));
    assert!(finding["message"].as_str().unwrap().contains("not there any more"), "{finding}");
    assert_eq!(findings_in(&sandbox, &sandbox.path(""), &["--client", "cursor"], 0).len(), 1);
    assert!(findings_in(&sandbox, &sandbox.path(""), &["--client", "zed"], 0).is_empty());
    // A program that is gone with its folder is not missed.
    fs::remove_dir(sandbox.path(".cursor")).unwrap();
    assert!(findings(&sandbox, 0).is_empty());
    fs::create_dir(sandbox.path(".cursor")).unwrap();
    sandbox.run(["unprotect", "--yes"]).succeeds();
    assert!(findings(&sandbox, 0).is_empty());
}

#[test]
fn a_file_that_its_client_made_anew_is_told() {
    let sandbox = protected(TOKEN);
    write(&sandbox, FILE, "{ \"mcpServers\": { \"another\": { \"command\": \"x\" } } }");
    let finding = the(&findings(&sandbox, 0), "drifted");
    assert_eq!(finding["server"], "mine");
}

#[test]
fn a_token_that_came_back_is_told_as_one_in_the_open_that_was_protected() {
    let sandbox = protected(TOKEN);
    change(&sandbox, |servers| servers["mine"]["env"] = json!({ "GITHUB_TOKEN": TOKEN }));
    let found = findings(&sandbox, 1);
    let finding = the(&found, "plaintext");
    assert!(finding["message"].as_str().unwrap().contains("had been protected before"), "{finding}");
    assert!(found.iter().all(|it| it["reason"] != "drifted"), "{found:#?}");
    // Protected again, it is as it should be.
    sandbox.run(["protect", "--yes"]).succeeds();
    assert!(findings(&sandbox, 0).iter().all(|it| it["status"] == "ready"));
    assert!(!fs::read_to_string(sandbox.path(FILE)).unwrap().contains(CANARY));
}

#[test]
fn a_server_that_is_no_longer_given_its_credential_is_told() {
    let sandbox = protected(TOKEN);
    change(&sandbox, |servers| {
        servers["mine"]["command"] = json!("a-server");
        servers["mine"]["args"] = json!(["y"]);
    });
    let finding = the(&findings(&sandbox, 0), "drifted");
    assert_eq!(finding["credential"], "GITHUB_TOKEN");
}

#[test]
fn a_person_may_change_the_rest_of_a_protected_server() {
    let sandbox = protected(TOKEN);
    change(&sandbox, |servers| {
        servers["mine"]["args"].as_array_mut().unwrap().push(json!("--more"));
        servers["mine"]["env"] = json!({ "LOG": "1" });
        servers["other"] = json!({ "command": "x" });
    });
    let found = findings(&sandbox, 0);
    assert!(found.iter().all(|it| it["status"] == "ready"), "{found:#?}");
}

#[test]
fn what_our_own_command_for_headers_needs_is_looked_for() {
    let sandbox = Sandbox::new();
    let entry = json!({
        "type": "http",
        "url": "https://x.example/mcp",
        "headers": { "Authorization": format!("Bearer {TOKEN}") }
    });
    write(&sandbox, ".claude.json", json!({ "mcpServers": { "far": entry } }).to_string());
    sandbox.run(["protect", "--yes"]).succeeds();
    assert_eq!(about(&findings(&sandbox, 0), "far"), [("ready", "ok", "GITHUB_TOKEN")]);
    sandbox.run(["delete", "GITHUB_TOKEN", "--yes"]).succeeds();
    let finding = the(&findings(&sandbox, 1), "missing");
    assert_eq!((&finding["server"], &finding["credential"]), (&json!("far"), &json!("GITHUB_TOKEN")));
    assert_eq!(finding["location"]["pointer"], "/mcpServers/far/headersHelper");
}

#[test]
fn a_record_that_can_not_be_read_keeps_nobody_from_a_check() {
    let sandbox = protected(TOKEN);
    fs::write(sandbox.data().join("undo.json"), "{").unwrap();
    let ran = sandbox.run(["check"]).succeeds();
    assert!(ran.stderr().contains("undo.json"), "{}", ran.stderr());
}

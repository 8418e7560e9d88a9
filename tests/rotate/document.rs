//! A script replaces values, and reads what became of each.

use serde_json::Value;

use crate::rotate::due::grow_old;
use crate::support::provider_server::{ProviderServer, answer};
use crate::support::{CANARY, Ran, Sandbox};

const GITLAB: &str = "glpat-CANARY0dont0let0me0be0seen01";

fn row(ran: &Ran, name: &str) -> Value {
    let document = ran.json("rotate");
    for value in [CANARY, GITLAB, "glpat-a0new0one000000000000"] {
        assert!(!ran.stdout().contains(value), "{document}");
    }
    let rows = document["credentials"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap().clone()
}

fn told(row: &Value) -> [String; 3] {
    ["outcome", "way", "former"].map(|field| row[field].as_str().unwrap_or("-").to_owned())
}

#[test]
fn each_way_and_each_end_has_its_word() {
    let sandbox = Sandbox::new().with("A");
    let ran = sandbox.feed(["rotate", "a", "--stdin", "--json", "--keep-previous", "7d"], b"new").succeeds();
    let given = row(&ran, "A");
    assert_eq!(told(&given), ["replaced", "given", "may-live"]);
    assert!(given["former_until"].is_string() && given["verified"].is_null() && given["error"].is_null());
    let back = row(&sandbox.run(["rotate", "A", "--rollback", "--json"]).succeeds(), "A");
    assert_eq!(told(&back), ["rolled-back", "-", "may-live"]);
    let made_up = sandbox.run(["rotate", "A", "--generate", "32", "--json", "--expires", "2031-05-05"]);
    let made_up = row(&made_up.succeeds(), "A");
    assert_eq!(told(&made_up), ["replaced", "generated", "may-live"]);
    assert_eq!(made_up["expires"], "2031-05-05T00:00:00Z");
    // Nobody is there to be asked for a value.
    sandbox.feed(["add", "B", "--stdin"], b"value").succeeds();
    let guided = row(&sandbox.run(["rotate", "B", "--json"]).exits(5), "B");
    assert_eq!(told(&guided), ["unchanged", "guided", "may-live"]);
    assert!(guided["error"].is_string());
    // What is no request has no document.
    sandbox.run(["rotate", "NOPE", "--stdin", "--json"]).exits(3).prints("");
}

#[test]
fn a_value_that_its_provider_rejects_is_told_to_be_taken_back() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], GITLAB.as_bytes()).succeeds();
    let server = ProviderServer::start(|_| answer(401, &[], "{}"));
    let host = format!("gitlab={}", server.url());
    let words = ["rotate", "GITLAB_TOKEN", "--stdin", "--verify", "--json", "--host", &host];
    let ran = sandbox.feed(words, b"glpat-a0new0one000000000000").exits(1);
    let taken_back = row(&ran, "GITLAB_TOKEN");
    assert_eq!((&taken_back["outcome"], &taken_back["verified"]), (&"taken-back".into(), &false.into()));
    assert!(taken_back["error"].is_string(), "{taken_back}");
    sandbox.run(["get", "GITLAB_TOKEN"]).succeeds().prints(GITLAB);
}

#[test]
fn what_is_due_comes_in_one_document_with_what_is_left() {
    let sandbox = Sandbox::new().with("A_TOKEN");
    let none = sandbox.run(["rotate", "--due", "--json"]).succeeds().json("rotate");
    assert_eq!(none["credentials"], Value::Array(Vec::new()));
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], GITLAB.as_bytes()).succeeds();
    grow_old(&sandbox);
    let server = ProviderServer::start(|_| answer(200, &[], r#"{"token":"glpat-a0new0one000000000000"}"#));
    let host = format!("gitlab={}", server.url());
    let ran = sandbox.run(["rotate", "--due", "--json", "--host", &host]).exits(5);
    assert_eq!(told(&row(&ran, "A_TOKEN")), ["skipped", "guided", "may-live"]);
    assert_eq!(told(&row(&ran, "GITLAB_TOKEN")), ["replaced", "provider", "exchanged"]);
}

#[test]
#[cfg(unix)]
fn programs_and_clients_that_hold_the_value_before_are_in_it() {
    let sandbox = Sandbox::new().with("A");
    let servers = r#"{"mcpServers":{"x":{"command":"mcpcred","args":["run","-e","A","--","x"]}}}"#;
    std::fs::write(sandbox.path(".mcp.json"), servers).unwrap();
    let server = crate::support::server::Server::start(&sandbox, &["-e", "A"]);
    let ran = sandbox.feed(["rotate", "A", "--stdin", "--json", "--quiet"], b"new").succeeds();
    let held = row(&ran, "A");
    assert_eq!(held["programs"][0]["pid"], server.0.id());
    assert_eq!(held["programs"][0]["ended"], false);
    assert_eq!(
        (&held["clients"][0]["client"], &held["clients"][0]["servers"][0]),
        (&"Claude Code".into(), &"x".into())
    );
}

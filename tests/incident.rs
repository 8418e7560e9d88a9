//! A person reads what to do when a token is in other hands.

use std::fs;

use crate::support::server::Server;
use crate::support::{CANARY, Sandbox};

#[test]
fn the_page_tells_what_to_do_in_order_and_where() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN").with("SAME");
    sandbox.feed(["add", "OTHER", "--stdin"], b"another").succeeds();
    let entry = r#"{"mcpServers": {"hub": {"command": "mcpcred", "args": ["run", "-e", "GITHUB_TOKEN", "--", "hub"]}}}"#;
    fs::write(sandbox.path(".mcp.json"), entry).unwrap();
    let server = Server::start(&sandbox, &["-e", "GITHUB_TOKEN"]);
    let document = sandbox.run(["incident", "github_token", "--json"]).succeeds().json("incident");
    let what: Vec<_> = document["steps"].as_array().unwrap().iter().map(|step| &step["what"]).collect();
    assert_eq!(what, ["stop", "revoke", "replace", "update", "review", "siblings", "forget"]);
    assert_eq!(document["steps"][2]["command"], "mcpcred add GITHUB_TOKEN_2");
    assert_eq!(document["programs"][0]["pid"], server.0.id());
    assert_eq!(document["same_value"].as_array().unwrap().len(), 1);
    assert_eq!(document["same_value"][0]["name"], "SAME");
    assert_eq!(document["configurations"][0]["server"], "hub");
    // Where it is found again, not the form for a new one.
    assert_eq!(document["page"], "https://github.com/settings/personal-access-tokens");
    let page = sandbox.run(["incident", "GITHUB_TOKEN"]).succeeds().stdout();
    assert!(page.contains("mcpcred lockdown GITHUB_TOKEN") && page.contains(".mcp.json"), "{page}");
    assert!(!page.contains(CANARY) && !page.contains("CANARY"), "{page}");
    sandbox.run(["incident", "NOPE"]).exits(3);
    sandbox.holds_no_canary();
}

#[test]
fn a_token_whose_person_said_where_it_is_revoked_is_revoked_there() {
    let sandbox = Sandbox::new();
    let words = ["add", "TOKEN", "--stdin", "--revoke-at", "https://auth.example.com/oauth2/revoke"];
    sandbox.feed(words, CANARY.as_bytes()).succeeds();
    let page = sandbox.run(["incident", "TOKEN"]).succeeds().stdout();
    assert!(page.contains("revoke it at auth.example.com"), "{page}");
    assert!(page.contains("mcpcred lockdown TOKEN --revoke"), "{page}");
}

#[test]
fn the_page_is_there_in_a_lockdown_as_well() {
    let sandbox = Sandbox::new().with("A").with("B");
    sandbox.run(["lockdown", "--all", "--no-revoke"]).succeeds();
    let document = sandbox.run(["incident", "A", "--json"]).succeeds().json("incident");
    assert_eq!((&document["locked_down"], &document["steps"][0]["what"]), (&true.into(), &"revoke".into()));
    assert_eq!(document["same_value"][0]["name"], "B");
}

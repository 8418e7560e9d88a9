//! What a person is told while a change of a credential is under way elsewhere, or was cut off: nobody decides on it.

use std::fs;

use serde_json::{Value, json};

use crate::check::{TOKEN, about, findings_in, project, the, write};
use crate::rotate::due::grow_old;
use crate::support::{CANARY, Sandbox};

/// Writes into the index what a command notes there before it touches the store; `of` is a credential whose facts it gets.
fn begin(sandbox: &Sandbox, (profile, name): (&str, &str), state: &str, of: &str) {
    let path = sandbox.data().join("index.json");
    let mut index: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let mut entry = index["profiles"]["default"][of].clone();
    entry["state"] = state.into();
    index["profiles"][profile][name] = entry;
    fs::write(path, serde_json::to_vec(&index).unwrap()).unwrap();
}

fn names(document: &Value) -> Vec<&str> {
    document["credentials"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[test]
fn a_name_that_is_only_being_added_is_missing_and_can_be_added() {
    let sandbox = Sandbox::new().with("OTHER");
    begin(&sandbox, ("default", "HERE"), "adding", "OTHER");
    let entry = json!({ "command": "mcpcred", "args": ["run", "-e", "HERE", "--", "x"] });
    let folder = project(&sandbox, &json!({ "mcpServers": { "x": entry } }).to_string());
    let finding = the(&findings_in(&sandbox, &folder, &[], 1), "missing");
    assert_eq!(finding["message"], "`HERE` is not in the store or the environment");
    let command = finding["action"]["command"].as_str().unwrap();
    assert!(command.starts_with("mcpcred add HERE"), "{finding}");
    // Nobody types a value in vain, and nobody is told to take the name that was given.
    for words in [&["get", "HERE"][..], &["rotate", "HERE", "--stdin"], &["incident", "HERE"]] {
        let ran = sandbox.feed(words, TOKEN.as_bytes()).exits(3).says("there is no credential named `HERE`");
        assert!(!ran.stderr().contains("did you mean"), "{}", ran.said());
    }
    sandbox.run(["list"]).succeeds().prints_line("its addition is not finished");
    sandbox.feed(["add", "HERE", "--stdin"], TOKEN.as_bytes()).succeeds();
    sandbox.run(["get", "HERE"]).succeeds().prints(TOKEN);
    assert_eq!(about(&findings_in(&sandbox, &folder, &[], 0), "x"), [("ready", "ok", "HERE")]);
}

#[test]
fn an_addition_whose_value_came_is_a_credential() {
    let sandbox = Sandbox::new().with("HERE");
    begin(&sandbox, ("default", "HERE"), "adding", "HERE");
    sandbox.run(["get", "HERE"]).succeeds().prints(CANARY);
    sandbox.run(["incident", "HERE"]).succeeds();
    sandbox.feed(["rotate", "HERE", "--stdin"], TOKEN.as_bytes()).succeeds();
    sandbox.run(["get", "HERE"]).succeeds().prints(TOKEN);
}

#[test]
fn what_was_only_begun_is_not_due() {
    let sandbox = Sandbox::new().with("OTHER");
    begin(&sandbox, ("default", "HERE"), "adding", "OTHER");
    grow_old(&sandbox);
    let document = sandbox.run(["rotate", "--due", "--json"]).exits(5).json("rotate");
    assert_eq!(names(&document), ["OTHER"]);
}

#[test]
fn setup_asks_for_what_was_only_begun() {
    const NAME: &str = "GITHUB_PERSONAL_ACCESS_TOKEN";
    let sandbox = Sandbox::new().with("OTHER");
    begin(&sandbox, ("default", NAME), "adding", "OTHER");
    let entry = json!({ "command": "mcpcred", "args": ["run", "-e", NAME, "--", "x"] });
    write(&sandbox, ".mcp.json", json!({ "mcpServers": { "x": entry } }).to_string());
    let document = sandbox.run(["setup", "--json"]).exits(5).json("setup");
    assert_eq!(document["missing"][0]["credential"], NAME);
}

#[test]
fn what_another_profile_is_deleting_or_only_adding_is_not_called_ready() {
    let sandbox = Sandbox::new().with("OTHER");
    let entry =
        json!({ "command": "mcpcred", "args": ["run", "--profile", "work", "-e", "THERE", "--", "x"] });
    let folder = project(&sandbox, &json!({ "mcpServers": { "x": entry } }).to_string());
    begin(&sandbox, ("work", "THERE"), "removing", "OTHER");
    the(&findings_in(&sandbox, &folder, &[], 1), "missing");
    begin(&sandbox, ("work", "THERE"), "adding", "OTHER");
    let finding = the(&findings_in(&sandbox, &folder, &[], 0), "not_verifiable");
    assert_eq!(
        (&finding["status"], &finding["action"]["command"]),
        (&"unknown".into(), &"mcpcred doctor --repair".into())
    );
}

#[test]
fn a_deletion_that_was_cut_off_keeps_no_name_from_being_locked_down() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "HERE", "--stdin"], TOKEN.as_bytes()).succeeds();
    begin(&sandbox, ("default", "HERE"), "removing", "HERE");
    sandbox.run(["get", "HERE"]).exits(3);
    let ran = sandbox.run(["lockdown", "here", "--no-revoke", "--json"]).succeeds();
    let document = ran.json("lockdown");
    assert_eq!(document["credentials"], json!([{ "profile": "default", "name": "HERE" }]));
    // Its value is there still, and is told to its provider where a person says so.
    assert_eq!(document["tokens"][0]["provider"], "GitHub", "{document}");
}

#[test]
#[cfg(unix)]
fn what_is_deleted_or_replaced_while_protect_asks_stays_in_the_file() {
    use crate::support::terminal::Terminal;
    for (words, said) in [
        (&["delete", "HERE", "--yes"][..], "there is no credential named `HERE`"),
        (&["rotate", "HERE", "--stdin"], "`HERE` was given another value in the meantime"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.feed(["add", "HERE", "--stdin"], TOKEN.as_bytes()).succeeds();
        let servers = json!({ "mcpServers": { "x": { "command": "x", "env": { "HERE": TOKEN } } } });
        let file = write(&sandbox, ".cursor/mcp.json", servers.to_string());
        let before = fs::read(&file).unwrap();
        let mut terminal = Terminal::start(&sandbox.command(["protect"]));
        terminal.expect("Change 1 file? [y/N] ");
        sandbox.feed(words, b"another value").succeeds();
        terminal.send("y\n");
        terminal.expect(said);
        terminal.expect("no file was changed");
        assert_ne!(terminal.wait(), 0);
        assert!(fs::read(&file).unwrap() == before, "{words:?}");
    }
}

//! What is due, and who sees to it.

use std::fs;

use crate::support::provider_server::{ProviderServer, answer};
use crate::support::{CANARY, Sandbox};

/// Makes every credential of the home a hundred days old.
pub(crate) fn grow_old(sandbox: &Sandbox) {
    let path = sandbox.data().join("index.json");
    let mut index: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for (_, names) in index["profiles"].as_object_mut().unwrap() {
        for (_, entry) in names.as_object_mut().unwrap() {
            entry["created"] = "2026-01-01T00:00:00Z".into();
            entry.as_object_mut().unwrap().remove("rotated");
        }
    }
    fs::write(path, serde_json::to_vec(&index).unwrap()).unwrap();
}

fn due(sandbox: &Sandbox) -> Vec<String> {
    let document = sandbox.run(["list", "--due", "--json"]).succeeds().json("list");
    let rows = document["credentials"].as_array().unwrap();
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn without_a_terminal_only_the_automated_ones_are_replaced_and_the_rest_is_listed() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    sandbox.run(["rotate", "--due"]).succeeds().says("Nothing is due");
    let old = "glpat-CANARY0dont0let0me0be0seen01";
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], old.as_bytes()).succeeds();
    sandbox.run(["add", "MADE_UP", "--generate", "32"]).succeeds();
    let made_up = sandbox.run(["get", "MADE_UP"]).succeeds().stdout();
    grow_old(&sandbox);
    let server = ProviderServer::start(|_| answer(200, &[], r#"{"token":"glpat-a0new0one000000000000"}"#));
    let host = format!("gitlab={}", server.url());
    let ran = sandbox.run(["rotate", "--due", "--host", &host]).exits(5);
    let ran =
        ran.says("`GITHUB_TOKEN`, `MADE_UP`").says("2 of 3: `GITLAB_TOKEN`").says("Rotated `GITLAB_TOKEN`");
    assert!(!ran.stderr().contains("Rotated `MADE_UP`"), "{}", ran.said());
    sandbox.run(["get", "GITLAB_TOKEN"]).succeeds().prints("glpat-a0new0one000000000000");
    sandbox.run(["get", "GITHUB_TOKEN"]).succeeds().prints(CANARY);
    sandbox.run(["get", "MADE_UP"]).succeeds().prints(made_up);
    assert_eq!(due(&sandbox), ["GITHUB_TOKEN", "MADE_UP"]);
    sandbox.run(["rotate", "--due", "--stdin"]).exits(2);
    sandbox.run(["rotate", "--due", "GITHUB_TOKEN"]).exits(2);
    sandbox.run(["rotate"]).exits(2);
}

#[test]
fn one_that_fails_does_not_keep_the_others_from_their_turn() {
    let sandbox = Sandbox::new();
    for (name, value) in
        [("A_TOKEN", "glpat-first000000000000000"), ("B_TOKEN", "glpat-second00000000000000")]
    {
        sandbox.feed(["add", name, "--stdin"], value.as_bytes()).succeeds();
    }
    grow_old(&sandbox);
    let server = ProviderServer::start(|request| {
        if request.contains("first") { answer(403, &[], "") } else { answer(200, &[], r#"{"token":"new"}"#) }
    });
    let host = format!("gitlab={}", server.url());
    sandbox.run(["rotate", "--due", "--host", &host]).exits(1).says("not replaced: `A_TOKEN`");
    sandbox.run(["get", "B_TOKEN"]).succeeds().prints("new");
    assert_eq!(due(&sandbox), ["A_TOKEN"]);
}

#[test]
fn the_settings_say_how_often_by_kind_and_by_provider() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITHUB_PERSONAL_ACCESS_TOKEN", "--stdin"], b"a").succeeds();
    sandbox.feed(["add", "SOME_TOKEN", "--stdin"], b"b").succeeds();
    sandbox.feed(["add", "OWN_TOKEN", "--stdin", "--rotate-every", "5000d"], b"c").succeeds();
    let days = |name: &str| {
        let document = sandbox.run(["list", "--json"]).succeeds().json("list");
        let rows = document["credentials"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap()["rotate_every_days"].clone()
    };
    assert_eq!(days("GITHUB_PERSONAL_ACCESS_TOKEN"), 90);
    fs::create_dir_all(sandbox.path("config")).unwrap();
    let settings = "[rotate.every]\nkind.token = \"3000d\"\nprovider.github = \"20d\"\n";
    fs::write(sandbox.path("config/config.toml"), settings).unwrap();
    assert_eq!(days("GITHUB_PERSONAL_ACCESS_TOKEN"), 20);
    assert_eq!(days("SOME_TOKEN"), 3000);
    assert_eq!(days("OWN_TOKEN"), 5000);
    grow_old(&sandbox);
    assert_eq!(due(&sandbox), ["GITHUB_PERSONAL_ACCESS_TOKEN"]);
    // The preflight speaks of the same ones.
    let servers = r#"{"mcpServers":{"x":{"command":"mcpcred","args":["run","-e","SOME_TOKEN","-e","GITHUB_PERSONAL_ACCESS_TOKEN","--","x"]}}}"#;
    fs::write(sandbox.path(".mcp.json"), servers).unwrap();
    let report = sandbox.run(["check", "--json", "--config", ".mcp.json"]).json("check");
    let findings = report["findings"].as_array().unwrap();
    let due: Vec<_> = findings.iter().filter(|finding| finding["reason"] == "rotation_due").collect();
    assert_eq!(due.len(), 1, "{report}");
    assert_eq!(due[0]["credential"], "GITHUB_PERSONAL_ACCESS_TOKEN");
}

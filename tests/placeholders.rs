//! A person has placeholders in configurations that no client fills in, and gets what they meant.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::check::{TOKEN, about, findings_in, the, write};
use crate::support::guide::guide_with;
use crate::support::{CANARY, Ran, Sandbox, feed};

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    run_in(sandbox, &sandbox.path("work"), arguments)
}

/// Where no value is ever seen.
#[track_caller]
fn run_in(sandbox: &Sandbox, folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command(arguments);
    command.current_dir(folder);
    let ran = Ran(feed(command, b""));
    assert!(!ran.said().contains(&CANARY[4..]), "{}", ran.said());
    ran
}

/// A person with a project, and with these stored.
fn with(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("work/.git")).unwrap();
    for name in names {
        sandbox.feed(["add", name, "--stdin"], TOKEN.as_bytes()).succeeds();
    }
    sandbox
}

fn servers(entries: &Value) -> String {
    json!({ "mcpServers": entries }).to_string()
}

fn entry_of(sandbox: &Sandbox, file: &str, server: &str) -> Value {
    let document: Value = serde_json::from_slice(&fs::read(sandbox.path(file)).unwrap()).unwrap();
    document["mcpServers"][server].clone()
}

/// `server mechanism credential`, or why it stays.
fn steps(document: &Value) -> Vec<String> {
    let step = |step: &Value| {
        assert_eq!(step["placeholder"], true, "{step:#}");
        let last = step["credential"].as_str().or(step["why"].as_str()).unwrap();
        format!("{} {} {last}", step["server"].as_str().unwrap(), step["mechanism"].as_str().unwrap())
    };
    document["steps"].as_array().unwrap().iter().map(step).collect()
}

#[test]
fn what_check_advises_about_the_guides_placeholder_ends_in_a_green_check() {
    let sandbox = with(&[]);
    let guide = guide_with(&["github"]);
    write(&sandbox, ".claude.json", &guide);
    let file = sandbox.path(".claude.json");
    let advice = |status: i32| {
        let findings = findings_in(&sandbox, &sandbox.path("work"), &["--client", "claude-code"], status);
        the(&findings, "unsupported_reference")["action"].clone()
    };
    let action = advice(1);
    assert_eq!(action["command"], "mcpcred add GITHUB_TOKEN --server github");
    assert!(action["sentence"].as_str().unwrap().contains("once it is stored"), "{action}");
    let left = run(&sandbox, &["protect", "--yes", "--json"]).succeeds().json("protect");
    assert_eq!(left["ending"], "nothing");
    assert!(steps(&left)[0].starts_with("github none `GITHUB_TOKEN` is not stored"), "{left:#}");
    assert_eq!(fs::read_to_string(&file).unwrap(), guide);

    sandbox.feed(["add", "GITHUB_TOKEN", "--server", "github", "--stdin"], TOKEN.as_bytes()).succeeds();
    let action = advice(1);
    assert_eq!(action["command"], "mcpcred protect --client claude-code --server github");
    assert!(action["sentence"].as_str().unwrap().contains("`${GITHUB_TOKEN}`"), "{action}");
    let shown = run(&sandbox, &["protect", "--client", "claude-code", "--server", "github", "--dry-run"]);
    assert!(
        shown.stdout().contains("-        \"GITHUB_TOKEN\": \"${env:GITHUB_TOKEN}\""),
        "{}",
        shown.said()
    );
    run(&sandbox, &["protect", "--client", "claude-code", "--server", "github", "--yes"]).succeeds();
    let findings = findings_in(&sandbox, &sandbox.path("work"), &[], 0);
    assert_eq!(about(&findings, "github"), [("ready", "ok", "GITHUB_TOKEN")]);
    let again = run(&sandbox, &["protect", "--yes", "--json"]).json("protect");
    assert_eq!(again["steps"], json!([]));

    run(&sandbox, &["unprotect", "--yes"]).succeeds().says("github: as it was written before");
    assert_eq!(fs::read_to_string(&file).unwrap(), guide);
    assert!(sandbox.files_holding(TOKEN.as_bytes()).is_empty());
}

#[test]
fn each_part_of_an_entry_gets_the_way_that_a_value_in_the_open_would_get() {
    let sandbox = with(&["X_TOKEN"]);
    let local = |arguments: &[&str]| json!({ "command": "a-server", "args": arguments });
    let far = |value: &str| json!({ "type": "http", "url": "https://x.example/mcp", "headers": { "X-Key": value } });
    let entries = json!({
        "argument": local(&["--key", "${env:X_TOKEN}"]),
        "container": json!({ "command": "docker", "args": ["run", "-e", "KEY=${env:X_TOKEN}", "image"] }),
        "emptied": far("Bearer ${VAULT_TOKEN}"),
        "header": far("Bearer ${env:X_TOKEN}"),
        "renamed": json!({ "command": "x", "env": { "KEY": "${env:X_TOKEN}", "LOG": "${env:LOG_LEVEL}" } }),
        "wrapped": json!({ "command": "mcpcred", "args": ["run", "-e", "X_TOKEN", "--", "x"], "env": { "KEY": "%X_TOKEN%" } }),
        "within": json!({ "command": "x", "env": { "AUTH": "Bearer ${env:X_TOKEN}" } }),
    });
    let before = serde_json::to_string_pretty(&json!({ "mcpServers": entries })).unwrap();
    write(&sandbox, ".claude.json", &before);
    let done = run(&sandbox, &["protect", "--yes", "--json"]).succeeds().json("protect");
    assert_eq!(
        steps(&done),
        [
            "argument argument X_TOKEN",
            "container wrapper X_TOKEN",
            "emptied none `VAULT_TOKEN` is not stored, so that nothing could take the place of the placeholder",
            "header headers-helper X_TOKEN",
            "renamed wrapper X_TOKEN",
            "within none something else stands around the placeholder in the same value",
            "wrapped wrapper X_TOKEN",
        ]
    );
    let arguments = |server: &str| {
        let entry = entry_of(&sandbox, ".claude.json", server);
        let words = entry["args"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned());
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(arguments("argument"), "run --expand X_TOKEN -- a-server --key {{X_TOKEN}}");
    assert_eq!(arguments("container"), "run -e KEY=X_TOKEN -- docker run -e KEY image");
    assert_eq!(arguments("renamed"), "run -e KEY=X_TOKEN -- x");
    assert_eq!(arguments("wrapped"), "run -e KEY=X_TOKEN -e X_TOKEN -- x");
    assert_eq!(entry_of(&sandbox, ".claude.json", "renamed")["env"], json!({ "LOG": "${env:LOG_LEVEL}" }));
    let helper = entry_of(&sandbox, ".claude.json", "header")["headersHelper"].as_str().unwrap().to_owned();
    assert!(helper.ends_with("--header \"X-Key: Bearer {X_TOKEN}\""), "{helper}");

    // What the client fills in with nothing, whatever its value, is handed over too once it is stored.
    sandbox.feed(["add", "VAULT_TOKEN", "--stdin"], b"f4e1c0a7b2d95863").succeeds();
    let done = run(&sandbox, &["protect", "--yes", "--json"]).succeeds().json("protect");
    assert_eq!(steps(&done)[0], "emptied headers-helper VAULT_TOKEN");
    run(&sandbox, &["unprotect", "--yes"]).succeeds();
    assert_eq!(fs::read_to_string(sandbox.path(".claude.json")).unwrap(), before);
}

#[test]
fn what_a_client_fills_in_or_nobody_knows_to_be_a_secret_stays_as_it_is() {
    let sandbox = with(&["X_TOKEN"]);
    let local = |value: &str| json!({ "command": "x", "env": { "KEY": value } });
    write(&sandbox, ".cursor/mcp.json", servers(&json!({ "a": local("${env:X_TOKEN}") })));
    write(
        &sandbox,
        ".claude.json",
        servers(&json!({ "b": local("${X_TOKEN}"), "c": local("${env:HOSTNAME}") })),
    );
    let entries =
        json!({ "d": local("${X_TOKEN:-dev}"), "e": local("${input:x-token}"), "f": local("X_TOKEN") });
    write(&sandbox, ".lmstudio/mcp.json", servers(&entries));
    let command = json!({ "command": "sh", "args": ["-c", "a-server --key $X_TOKEN"] });
    write(&sandbox, ".gemini/settings.json", servers(&json!({ "g": command })));
    let done = run(&sandbox, &["protect", "--yes", "--json"]).succeeds().json("protect");
    assert_eq!(done["steps"], json!([]), "{done:#}");

    // And what none of those fills in that know placeholders of another form.
    write(
        &sandbox,
        ".lmstudio/mcp.json",
        servers(&json!({ "h": local("$X_TOKEN"), "i": local("${X_TOKEN}") })),
    );
    write(&sandbox, ".cursor/mcp.json", servers(&json!({ "j": local("${X_TOKEN}") })));
    write(&sandbox, ".claude.json", servers(&json!({ "k": { "command": "x", "disabled": true } })));
    let done = run(&sandbox, &["protect", "--yes", "--json"]).succeeds().json("protect");
    assert_eq!(steps(&done), ["j wrapper X_TOKEN", "h wrapper X_TOKEN", "i wrapper X_TOKEN"]);
}

#[test]
fn a_placeholder_in_the_words_of_another_client_is_written_as_its_own_where_the_person_asks() {
    let sandbox = with(&["X_TOKEN"]);
    let far = json!({ "url": "https://x.example/mcp", "headers": { "X-Key": "${X_TOKEN}" } });
    let before = servers(&json!({ "far": far }));
    write(&sandbox, ".cursor/mcp.json", &before);
    let findings = findings_in(&sandbox, &sandbox.path("work"), &["--client", "cursor"], 1);
    let action = the(&findings, "unsupported_reference")["action"].clone();
    assert_eq!(action["command"], "mcpcred protect --client cursor --server far --style reference");
    run(&sandbox, &["protect", "--client", "cursor", "--style", "reference", "--yes"])
        .succeeds()
        .says("mcpcred export-env");
    assert_eq!(entry_of(&sandbox, ".cursor/mcp.json", "far")["headers"]["X-Key"], "${env:X_TOKEN}");
    run(&sandbox, &["unprotect", "--yes"]).succeeds();
    assert_eq!(fs::read_to_string(sandbox.path(".cursor/mcp.json")).unwrap(), before);
}

#[test]
fn the_name_in_a_placeholder_may_be_another_name_of_what_is_stored() {
    let sandbox = with(&["GITHUB_PERSONAL_ACCESS_TOKEN"]);
    write(&sandbox, ".claude.json", guide_with(&["github"]));
    let done = run(&sandbox, &["protect", "--yes", "--json"]).succeeds().json("protect");
    assert_eq!(steps(&done), ["github wrapper GITHUB_PERSONAL_ACCESS_TOKEN"]);
    let entry = entry_of(&sandbox, ".claude.json", "github");
    assert_eq!(entry["args"][2], "GITHUB_TOKEN=GITHUB_PERSONAL_ACCESS_TOKEN");
}

#[test]
fn a_secret_beside_a_placeholder_goes_along_and_both_come_back() {
    let sandbox = with(&["X_TOKEN"]);
    let other = "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";
    let entry = json!({ "command": "x", "env": { "A": "${env:X_TOKEN}", "NOTION_TOKEN": other } });
    let before = servers(&json!({ "x": entry }));
    let path = write(&sandbox, ".claude.json", &before);
    run(&sandbox, &["protect", "--yes"]).succeeds();
    assert_eq!(entry_of(&sandbox, ".claude.json", "x")["env"], json!({}));
    assert!(sandbox.files_holding(other.as_bytes()).is_empty());
    run(&sandbox, &["unprotect", "--yes"]).succeeds().says("NOTION_TOKEN in plain text again");
    assert_eq!(fs::read_to_string(path).unwrap(), before);
}

/// An entry that starts `x` through `mcpcred run` with these arguments of its own.
fn wrapped(variables: &Value, arguments: &[&str]) -> Value {
    let arguments = [&["run"], arguments, &["-e", "A", "--", "x"]].concat();
    json!({ "command": "mcpcred", "args": arguments, "env": variables })
}

#[test]
fn an_entry_that_takes_its_credentials_from_another_profile_gets_none_from_this_one() {
    let sandbox = with(&["X_TOKEN"]);
    let entries = json!({
        "flag": wrapped(&json!({ "GITHUB_TOKEN": TOKEN }), &["--profile", "work"]),
        "variable": wrapped(&json!({ "MCPCRED_PROFILE": "work", "KEY": "$X_TOKEN" }), &[]),
    });
    let before = servers(&entries);
    let path = write(&sandbox, ".lmstudio/mcp.json", &before);
    let done = run(&sandbox, &["protect", "--yes", "--json"]).succeeds().json("protect");
    for step in done["steps"].as_array().unwrap() {
        assert!(step["why"].as_str().unwrap().contains("from the profile `work`"), "{step:#}");
        assert!(step["advice"].as_str().unwrap().contains("mcpcred protect --profile work"), "{step:#}");
    }
    assert_eq!((done["steps"].as_array().unwrap().len(), &done["ending"]), (2, &json!("nothing")));
    assert_eq!(fs::read_to_string(&path).unwrap(), before);

    run(&sandbox, &["protect", "--profile", "work", "--server", "flag", "--yes"]).succeeds();
    sandbox.run(["get", "GITHUB_TOKEN", "--profile", "work"]).prints(TOKEN);
    sandbox.run(["get", "GITHUB_TOKEN"]).exits(3);
    let words = entry_of(&sandbox, ".lmstudio/mcp.json", "flag")["args"].clone();
    assert_eq!(words, json!(["run", "-e", "GITHUB_TOKEN", "--profile", "work", "-e", "A", "--", "x"]));
    sandbox.run(["unprotect", "--profile", "work", "--yes"]).succeeds();
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
}

#[test]
fn an_entry_that_takes_its_credentials_from_another_store_gets_none_from_this_one() {
    let sandbox = with(&["X_TOKEN"]);
    let entries = json!({
        "flag": wrapped(&json!({ "GITHUB_TOKEN": TOKEN }), &["--store", "keychain"]),
        "variable": wrapped(&json!({ "MCPCRED_STORE": "keychain", "GITHUB_TOKEN": TOKEN }), &[]),
        "nowhere": wrapped(&json!({ "GITHUB_TOKEN": TOKEN }), &["--store=none"]),
    });
    let before = servers(&entries);
    let path = write(&sandbox, ".lmstudio/mcp.json", &before);
    let done = run(&sandbox, &["protect", "--yes", "--json"]).succeeds().json("protect");
    let steps = done["steps"].as_array().unwrap();
    for (step, (why, advice)) in steps.iter().zip([
        ("from the store `keychain`", "mcpcred protect --store keychain"),
        ("from the environment alone", "take `--store` out of the entry"),
        ("from the store `keychain`", "mcpcred protect --store keychain"),
    ]) {
        assert!(step["why"].as_str().unwrap().contains(why), "{step:#}");
        assert!(step["advice"].as_str().unwrap().contains(advice), "{step:#}");
    }
    assert_eq!((steps.len(), &done["ending"]), (3, &json!("nothing")));
    assert_eq!(fs::read_to_string(&path).unwrap(), before);

    // The one that is used anyway may be named.
    let entries = json!({ "flag": wrapped(&json!({ "GITHUB_TOKEN": TOKEN }), &["--store", "vault"]) });
    write(&sandbox, ".lmstudio/mcp.json", servers(&entries));
    run(&sandbox, &["protect", "--yes"]).succeeds();
    let words = entry_of(&sandbox, ".lmstudio/mcp.json", "flag")["args"].clone();
    assert_eq!(words, json!(["run", "-e", "GITHUB_TOKEN=X_TOKEN", "--store", "vault", "-e", "A", "--", "x"]));
}

#[cfg(target_os = "linux")]
mod real_clients {
    use super::{TOKEN, run_in};
    use crate::support::clients::{Client, Desk, Server};

    #[test]
    fn the_server_gets_the_value_in_place_of_what_its_client_passed_on_or_kept() {
        for (client, written) in [
            (Client::ClaudeCode, "${env:GITHUB_TOKEN}"),
            (Client::Codex, "$GITHUB_TOKEN"),
            (Client::Copilot, "${GITHUB_TOKEN}"),
            (Client::Opencode, "${GITHUB_TOKEN}"),
        ] {
            let Some(mut desk) = Desk::with(client) else { return };
            desk.sandbox.set("GITHUB_TOKEN", "of the client");
            desk.sandbox.feed(["add", "GITHUB_TOKEN", "--stdin"], TOKEN.as_bytes()).succeeds();
            desk.configure(client, &[Server::local("mine").with("MY_TOKEN", written)]);
            let before = desk.read(client.file());
            let said = desk.start_servers(client).said();
            let reached = desk.reached("mine").unwrap_or_else(|| panic!("{client:?}: {said}"));
            assert_eq!(reached.environment["MY_TOKEN"], written, "{client:?}");
            let before = if desk.read(client.file()) == before { before } else { desk.read(client.file()) };
            run_in(&desk.sandbox, &desk.project(), &["protect", "--yes"]).succeeds();
            let said = desk.start_servers(client).said();
            let reached = desk.reached("mine").unwrap_or_else(|| panic!("{client:?}: {said}"));
            assert_eq!(reached.environment["MY_TOKEN"], TOKEN, "{client:?}");
            if client != Client::ClaudeCode {
                run_in(&desk.sandbox, &desk.project(), &["unprotect", "--yes"]).succeeds();
                assert_eq!(desk.read(client.file()), before, "{client:?}");
            }
        }
    }
}

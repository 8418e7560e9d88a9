//! `protect` and `unprotect` that are killed at any moment: each file is old or new, no value is lost, and a
//! repetition finishes the work.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::check::{TOKEN, write};
use crate::support::Sandbox;
use crate::support::crash::{copy, killed_at, twin_of};

/// Another token of the same form.
const OTHER: &str = "ghp_q8ZtLr5WnXv03MbKsJyHdQfCgPaEuTi7RoB2";

/// The configurations of two clients, one of which has a lock of its own.
const FILES: [&str; 2] = [".claude.json", ".codex/config.toml"];

fn written() -> [String; 2] {
    let servers =
        json!({ "a": { "command": "npx", "args": ["a-server"], "env": { "GITHUB_TOKEN": TOKEN } } });
    let toml = format!(
        "# mine\n[mcp_servers.b]\ncommand = 'npx'\nargs = [ \"b-server\" ]\n\n[mcp_servers.b.env]\nGITHUB_TOKEN = \"{OTHER}\"\n"
    );
    [serde_json::to_string_pretty(&json!({ "mcpServers": servers })).unwrap(), toml]
}

fn home() -> Sandbox {
    let sandbox = Sandbox::new();
    for (path, text) in FILES.iter().zip(written()) {
        write(&sandbox, path, text);
    }
    sandbox.feed(["add", "OTHER", "--stdin"], b"a bystander").succeeds();
    sandbox
}

/// A second home, in which everything is as in the first but for the paths.
fn twin(home: &Sandbox) -> Sandbox {
    let twin = twin_of(home);
    for folder in [".claude", ".codex"] {
        if home.path(folder).exists() {
            copy(&home.path(folder), &twin.path(folder));
        }
    }
    fs::copy(home.path(FILES[0]), twin.path(FILES[0])).unwrap();
    twin
}

fn texts(sandbox: &Sandbox) -> [String; 2] {
    FILES.map(|path| fs::read_to_string(sandbox.path(path)).unwrap())
}

/// What a client or one of us held when it was killed is ten seconds old now.
fn ten_seconds_later(sandbox: &Sandbox) {
    if let Ok(lock) = fs::File::open(sandbox.path(".claude.json.lock")) {
        lock.set_modified(SystemTime::now() - Duration::from_secs(11)).unwrap();
    }
}

/// Files beside the two and below the data folder that hold a value.
fn strays(sandbox: &Sandbox) -> Vec<PathBuf> {
    let own = FILES.map(|path| sandbox.path(path));
    let mut found = [TOKEN, OTHER].map(|value| sandbox.files_holding(value.as_bytes())).concat();
    found.retain(|path| !own.contains(path));
    found
}

/// The names that are listed.
fn names(sandbox: &Sandbox) -> Vec<String> {
    let list = sandbox.run(["list", "--json"]).succeeds().json("list");
    let credentials = list["credentials"].as_array().unwrap();
    credentials.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_protect_that_is_killed_loses_nothing_and_can_be_repeated() {
    let home = home();
    let before = written();
    let mut kills = 0;
    loop {
        let twin = twin(&home);
        if !killed_at(&twin, &["protect", "--yes"], b"", kills) {
            break;
        }
        let stored = twin.run(["export-env", "--shell", "json"]).succeeds().stdout();
        assert!(stored.contains("a bystander"), "{stored}");
        for ((text, old), value) in texts(&twin).iter().zip(&before).zip([TOKEN, OTHER]) {
            let is_new = text.contains("GITHUB_TOKEN") && !text.contains(value);
            assert!(text == old || is_new, "torn after {kills}: {text}");
            assert!(text == old || stored.contains(value), "lost after {kills}");
        }
        ten_seconds_later(&twin);
        twin.run(["protect", "--yes"]).succeeds();
        for (text, value) in texts(&twin).iter().zip([TOKEN, OTHER]) {
            assert!(!text.contains(value), "after {kills}: {text}");
        }
        assert_eq!(strays(&twin), Vec::<PathBuf>::new(), "after {kills}");
        // A name of which only the beginning of an addition is left is nobody's.
        assert_eq!(names(&twin), ["GITHUB_TOKEN", "GITHUB_TOKEN_B", "OTHER"], "after {kills}");
        // And all of it comes back, whatever was on record when it was killed.
        twin.run(["unprotect", "--yes"]).succeeds();
        assert_eq!(texts(&twin), before, "after {kills}");
        assert!(!twin.path(".claude.json.lock").exists(), "after {kills}");
        kills += 1;
    }
    assert!(kills > 30, "{kills} changes are not all");
}

#[test]
fn an_unprotect_that_is_killed_leaves_each_file_old_or_new_and_can_be_repeated() {
    let before = written();
    let mut kills = 0;
    loop {
        // The record has the paths of the files, so that a twin would not do.
        let home = home();
        home.run(["protect", "--yes"]).succeeds();
        let protected = texts(&home);
        if !killed_at(&home, &["unprotect", "--yes"], b"", kills) {
            break;
        }
        for (at, text) in texts(&home).into_iter().enumerate() {
            assert!(text == before[at] || text == protected[at], "torn after {kills}: {text}");
        }
        ten_seconds_later(&home);
        home.run(["unprotect", "--yes"]).succeeds();
        assert_eq!(texts(&home), before, "after {kills}");
        kills += 1;
    }
    assert!(kills > 10, "{kills} changes are not all");
}

//! Many values that are stored in one go: a kill at any moment leaves each of them stored or not, and it costs as few
//! writes as one value (Linux).

use std::collections::BTreeMap;
use std::fs;

use nix::libc;
use serde_json::Value;

use crate::support::Sandbox;
use crate::support::crash::{killed_at, twin_of};
use crate::support::keyring_session::KeyringSession;
use crate::support::traced::{self, Stop};

/// Brings in everything that the file holds.
const IMPORT: [&str; 4] = ["import", "dotenv", "--all", "--yes"];

/// Four values, one of which is too long for a keyring.
fn values() -> BTreeMap<String, String> {
    let short = ["A", "B", "C"].map(|name| (format!("{name}_TOKEN"), format!("the value of {name}")));
    short.into_iter().chain([("LONG_TOKEN".to_owned(), "x".repeat(70_000))]).collect()
}

fn write_file(sandbox: &Sandbox, values: &BTreeMap<String, String>) {
    let lines: Vec<String> = values.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect();
    fs::write(sandbox.path(".env"), lines.concat()).unwrap();
}

/// What is stored, but for what was there before.
#[track_caller]
fn stored(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let stdout = sandbox.run(["export-env", "--shell", "json"]).succeeds().stdout();
    let mut stored: BTreeMap<String, String> = serde_json::from_str(&stdout).unwrap();
    assert_eq!(stored.remove("OTHER").as_deref(), Some("a bystander"));
    stored
}

/// What the log says of additions, by name: how often each was done, and how often interrupted.
fn recorded(sandbox: &Sandbox) -> BTreeMap<String, (usize, usize)> {
    let text = fs::read_to_string(sandbox.data().join("audit.jsonl")).unwrap();
    let mut recorded = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["action"] == "add" {
            let (done, interrupted) =
                recorded.entry(line["name"].as_str().unwrap().to_owned()).or_insert((0, 0));
            let is_interrupted =
                line["detail"].as_str().is_some_and(|detail| detail.starts_with("interrupted"));
            *(if is_interrupted { interrupted } else { done }) += 1;
        }
    }
    recorded
}

/// What holds after a kill; then a repetition stores the rest.
fn look(sandbox: &Sandbox, kills: usize) {
    let all = values();
    let before = stored(sandbox);
    assert!(before.iter().all(|(name, value)| all[name] == *value), "torn after {kills}");
    let told = sandbox.run(["doctor"]);
    assert!([Some(0), Some(1)].contains(&told.0.status.code()), "after {kills}: {}", told.said());
    sandbox.run(IMPORT).succeeds();
    assert!(stored(sandbox) == all, "after {kills}");
    sandbox.run(["audit", "verify"]).succeeds();
    for (name, (done, interrupted)) in recorded(sandbox) {
        // One that was stored and not on record yet is told by the next who looks; nothing is told twice.
        let is_told = done <= 1 && interrupted <= 1 && done + interrupted > 0;
        assert!(is_told, "{name} was added {done} times, and interrupted {interrupted} times, after {kills}");
    }
    assert_eq!(recorded(sandbox).len(), all.len() + 1);
}

#[test]
fn many_values_on_their_way_into_the_vault_are_each_stored_or_not() {
    let home = Sandbox::new();
    home.feed(["add", "OTHER", "--stdin"], b"a bystander").succeeds();
    let mut kills = 0;
    loop {
        let twin = twin_of(&home);
        write_file(&twin, &values());
        if !killed_at(&twin, &IMPORT, b"", kills) {
            break;
        }
        look(&twin, kills);
        kills += 1;
    }
    assert!(kills > 20, "{kills} changes are not all");
}

#[test]
fn many_values_on_their_way_into_the_keyring_are_each_stored_or_not() {
    let session = KeyringSession::new();
    let mut kills = 0;
    loop {
        let sandbox = session.sandbox();
        sandbox.feed(["add", "OTHER", "--stdin"], b"a bystander").succeeds();
        write_file(&sandbox, &values());
        let is_killed = killed_at(&sandbox, &IMPORT, b"", kills);
        look(&sandbox, kills);
        let names: Vec<String> = values().into_keys().chain(["OTHER".to_owned()]).collect();
        let names = names.iter().map(String::as_str);
        sandbox.run(["delete", "--yes"].into_iter().chain(names)).succeeds();
        // The next home has a log of its own.
        session.secret_tool(&["clear", "service", "mcpcred"], "");
        if !is_killed {
            break;
        }
        // Each takes as long as all of them in a vault.
        kills += 3;
    }
    assert!(kills > 40, "{kills} changes are not all");
}

/// How often it waits for the disk.
fn syncs(sandbox: &Sandbox, arguments: &[&str]) -> usize {
    let (mut traced, _child) = traced::start(sandbox, arguments, b"");
    let mut syncs = 0;
    loop {
        match traced.next() {
            Stop::Ended(status) => {
                assert_eq!(status, 0);
                return syncs;
            }
            Stop::Call { number, .. } => {
                let is_sync =
                    [libc::SYS_fsync, libc::SYS_fdatasync].map(libc::c_long::cast_unsigned).contains(&number);
                syncs += usize::from(is_sync);
            }
            _ => {}
        }
    }
}

#[test]
fn forty_values_wait_for_the_disk_as_often_as_one_does() {
    let cost = |count: usize| {
        let sandbox = Sandbox::new();
        sandbox.feed(["add", "OTHER", "--stdin"], b"a bystander").succeeds();
        let values = (0..count).map(|number| (format!("TOKEN_{number}"), format!("the value of {number}")));
        write_file(&sandbox, &values.collect());
        syncs(&sandbox, &IMPORT)
    };
    let one = cost(1);
    assert!(one > 5, "{one} syncs keep nothing");
    assert_eq!(cost(40), one);
}

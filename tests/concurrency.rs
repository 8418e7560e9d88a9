//! Many processes at once: one wins or all do, and nothing is lost.

use std::fs;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::{Ran, Sandbox};

const WRITERS: usize = 8;

/// Runs this many commands at the same moment, each with its own number.
fn at_once(count: usize, work: impl Fn(usize) -> Ran + Sync) -> Vec<Ran> {
    let start = Barrier::new(count);
    thread::scope(|scope| {
        let (start, work) = (&start, &work);
        let begin = |number| {
            scope.spawn(move || {
                start.wait();
                work(number)
            })
        };
        let writers: Vec<_> = (0..count).map(begin).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    })
}

fn all_succeed(outcomes: Vec<Ran>) {
    for outcome in outcomes {
        outcome.succeeds();
    }
}

fn status(ran: &Ran) -> i32 {
    ran.0.status.code().unwrap()
}

/// The names that the index lists, none of which may be half-way.
fn listed(sandbox: &Sandbox) -> Vec<String> {
    let document = sandbox.run(["list", "--json"]).succeeds().json("list");
    let rows = document["credentials"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["state"] == "stored"), "{document}");
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

/// Index and vault tell of the same credentials, and the vault was written so often for them: as often again it was
/// told how far the audit log goes, at the latest after every hundred lines.
fn is_consistent(sandbox: &Sandbox, writes: u64) {
    let status = sandbox.run(["store", "status", "--json"]).succeeds().json("store-status");
    let lines = fs::read_to_string(sandbox.data().join("audit.jsonl")).unwrap().lines().count() as u64;
    let generation = status["vault"]["generation"].as_u64().unwrap();
    let expected = 2 * writes..=2 * writes + lines / 100;
    assert!(expected.contains(&generation), "a write was lost or doubled: {generation}, not {expected:?}");
    let before = listed(sandbox);
    fs::remove_file(sandbox.data().join("index.json")).unwrap();
    assert_eq!(listed(sandbox), before, "the vault holds others than the index listed");
}

#[test]
fn of_eight_who_add_one_name_exactly_one_wins() {
    let sandbox = Sandbox::new().with("OTHER");
    let outcomes =
        at_once(WRITERS, |number| sandbox.feed(["add", "TOKEN", "--stdin"], format!("{number}").as_bytes()));
    let winners: Vec<usize> = (0..WRITERS).filter(|number| status(&outcomes[*number]) == 0).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    for (number, outcome) in outcomes.into_iter().enumerate() {
        if number != winners[0] {
            outcome.exits(1).says("`TOKEN` exists already");
        }
    }
    sandbox.run(["get", "TOKEN"]).succeeds().prints(winners[0].to_string());
    is_consistent(&sandbox, 3);
}

#[test]
fn eight_who_rotate_one_name_all_do_and_one_was_the_last() {
    let sandbox = Sandbox::new().with("TOKEN");
    let outcomes = at_once(WRITERS, |number| {
        sandbox.feed(["rotate", "TOKEN", "--stdin"], format!("value {number}").as_bytes())
    });
    all_succeed(outcomes);
    let last = sandbox.run(["get", "TOKEN"]).succeeds().stdout();
    assert!((0..WRITERS).any(|number| last == format!("value {number}")), "{last}");
    is_consistent(&sandbox, 2 + WRITERS as u64);
}

#[test]
fn nothing_of_many_writers_is_lost_and_readers_never_notice() {
    const EACH: usize = 6;
    let sandbox = Sandbox::new();
    // Who reads without a pause is unusual.
    fs::create_dir(sandbox.path("config")).unwrap();
    fs::write(sandbox.path("config/config.toml"), "[audit.anomalies]\nburst_per_minute = 0\n").unwrap();
    sandbox.feed(["add", "SHARED", "--stdin"], b"value 0").succeeds();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (sandbox, over) = (&sandbox, &over);
        for reader in [["get", "SHARED"].as_slice(), &["list", "--json"], &["export-env", "--shell", "json"]]
        {
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let read = sandbox.run(reader).succeeds();
                    assert_eq!(read.stderr(), "", "{reader:?}");
                    assert!(reader[0] != "get" || read.stdout().starts_with("value "));
                }
            });
        }
        let writers = at_once(WRITERS, |writer| {
            for number in 0..EACH {
                let name = format!("W{writer}_{number}");
                sandbox.feed(["add", &name, "--stdin"], format!("{writer} {number}").as_bytes()).succeeds();
            }
            sandbox.feed(["rotate", "SHARED", "--stdin"], format!("value {writer}").as_bytes())
        });
        over.store(true, Ordering::Relaxed);
        all_succeed(writers);
    });
    let lines = sandbox.run(["export-env", "--shell", "json"]).succeeds();
    let values: serde_json::Value = serde_json::from_slice(&lines.0.stdout).unwrap();
    for writer in 0..WRITERS {
        for number in 0..EACH {
            assert_eq!(values[format!("W{writer}_{number}")], format!("{writer} {number}"));
        }
    }
    is_consistent(&sandbox, (2 + WRITERS * EACH + WRITERS) as u64);
}

#[test]
fn two_first_adds_at_once_make_one_vault() {
    for _ in 0..5 {
        let sandbox = Sandbox::new();
        let outcomes = at_once(2, |number| {
            let name = ["LEFT", "RIGHT"][number];
            sandbox.feed(["add", name, "--stdin"], name.as_bytes())
        });
        all_succeed(outcomes);
        sandbox.run(["get", "LEFT"]).succeeds().prints("LEFT");
        sandbox.run(["get", "RIGHT"]).succeeds().prints("RIGHT");
        is_consistent(&sandbox, 3);
    }
}

#[test]
fn of_two_first_adds_of_one_name_one_wins() {
    for _ in 0..3 {
        let sandbox = Sandbox::new();
        let outcomes =
            at_once(2, |number| sandbox.feed(["add", "TOKEN", "--stdin"], format!("{number}").as_bytes()));
        let mut codes: Vec<i32> = outcomes.iter().map(status).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 1], "{} {}", outcomes[0].stderr(), outcomes[1].stderr());
        is_consistent(&sandbox, 2);
    }
}

#[test]
fn a_deletion_and_a_rotation_at_once_leave_one_of_the_two() {
    for _ in 0..3 {
        let sandbox = Sandbox::new().with("TOKEN").with("OTHER");
        let outcomes = at_once(2, |number| {
            if number == 0 {
                sandbox.run(["delete", "TOKEN", "--yes"])
            } else {
                sandbox.feed(["rotate", "TOKEN", "--stdin"], b"new")
            }
        });
        assert_eq!(status(&outcomes[0]), 0, "{}", outcomes[0].stderr());
        assert!([0, 3].contains(&status(&outcomes[1])), "{}", outcomes[1].stderr());
        sandbox.run(["get", "TOKEN"]).exits(3);
        assert_eq!(listed(&sandbox), ["OTHER"]);
    }
}

#[test]
fn eight_who_protect_one_file_all_find_it_protected() {
    let sandbox = Sandbox::new();
    // The vault is there, and nobody has to make it.
    sandbox.feed(["add", "OTHER", "--stdin"], b"another value").succeeds();
    let token = "ghp_wT7hQm2ZrKx94LbVnPsYdJfGcEaUoI1DRt3k";
    let entry = format!(
        r#"{{ "mcpServers": {{ "x": {{ "command": "npx", "env": {{ "GITHUB_TOKEN": "{token}" }} }} }} }}"#
    );
    let path = sandbox.path(".cursor/mcp.json");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, &entry).unwrap();
    for ran in at_once(WRITERS, |_| sandbox.run(["protect", "--yes"])) {
        // Who comes too late leaves the file to the first, and says so.
        assert!([0, 1].contains(&status(&ran)) && !ran.said().contains("exists already"), "{}", ran.said());
        let did_something = ran.said().contains("Changed `");
        assert_eq!(ran.said().contains("mcpcred unprotect"), did_something, "{}", ran.said());
    }
    assert!(sandbox.files_holding(token.as_bytes()).is_empty());
    assert_eq!(listed(&sandbox), ["GITHUB_TOKEN", "OTHER"]);
    sandbox.run(["get", "GITHUB_TOKEN"]).prints(token);
    sandbox.run(["unprotect", "--yes"]).succeeds();
    assert_eq!(fs::read_to_string(&path).unwrap(), entry);
}

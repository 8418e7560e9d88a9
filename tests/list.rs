//! A person looks at what there is.

use crate::support::{CANARY, Sandbox};

#[test]
fn facts_are_shown_and_values_are_not() {
    let sandbox = Sandbox::new();
    let words = [
        "add",
        "GITHUB_TOKEN",
        "--stdin",
        "--server",
        "github",
        "--label",
        "of the bot",
        "--tag",
        "work",
        "--tag",
        "ci",
        "--expires",
        "2030-01-31",
        "--note",
        "ask Kim",
    ];
    sandbox.feed(words, CANARY.as_bytes()).succeeds();
    let shown = sandbox.run(["list"]).succeeds().stdout();
    for word in ["GITHUB_TOKEN", "token", "github", "vault", "of the bot"] {
        assert!(shown.contains(word), "{shown}");
    }
    assert!(!shown.contains(CANARY));

    let document = sandbox.run(["list", "--json"]).succeeds().json("list");
    let row = &document["credentials"][0];
    assert_eq!(row["tags"], serde_json::json!(["ci", "work"]));
    assert_eq!(row["expires"], "2030-01-31T00:00:00Z");
    assert_eq!(row["rotate_every_days"], 90);
    assert_eq!(row["note"], "ask Kim");
    sandbox.holds_no_canary();
}

#[test]
fn the_schedule_follows_the_kind_unless_told_otherwise() {
    let sandbox = Sandbox::new();
    for name in ["SLACK_TOKEN", "DATABASE_URL", "AWS_SECRET_ACCESS_KEY"] {
        sandbox.feed(["add", name, "--stdin"], b"value").succeeds();
    }
    sandbox.feed(["add", "OWN", "--stdin", "--rotate-every", "2w"], b"value").succeeds();
    sandbox.feed(["add", "NEVER", "--stdin", "--rotate-every", "never"], b"value").succeeds();
    sandbox.feed(["add", "PLAIN", "--stdin", "--kind", "other"], b"value").succeeds();
    let document = sandbox.run(["list", "--json"]).succeeds().json("list");
    let days = |name: &str| {
        let all = document["credentials"].as_array().unwrap();
        all.iter().find(|row| row["name"] == name).unwrap()["rotate_every_days"].as_u64()
    };
    assert_eq!(days("SLACK_TOKEN"), Some(90));
    assert_eq!(days("DATABASE_URL"), Some(60));
    assert_eq!(days("AWS_SECRET_ACCESS_KEY"), Some(30));
    assert_eq!(days("OWN"), Some(14));
    assert_eq!((days("NEVER"), days("PLAIN")), (None, None));
}

#[test]
fn due_shows_only_what_needs_a_new_value() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "FRESH", "--stdin"], b"value").succeeds();
    sandbox.feed(["add", "OVER", "--stdin", "--expires", "2020-01-01"], b"value").succeeds();
    let shown = sandbox.run(["list", "--due"]).succeeds().stdout();
    assert!(shown.contains("OVER") && shown.contains("expired") && !shown.contains("FRESH"), "{shown}");
}

#[test]
fn a_locked_store_is_not_asked() {
    let mut sandbox = Sandbox::new().with("GITHUB_TOKEN");
    sandbox.unset("MCPCRED_KEY_FILE");
    assert!(sandbox.run(["list", "--no-prompt"]).succeeds().stdout().contains("GITHUB_TOKEN"));
    std::fs::remove_file(sandbox.data().join("vault")).unwrap();
    assert!(sandbox.run(["list", "--no-prompt"]).succeeds().stdout().contains("GITHUB_TOKEN"));
}

#[test]
fn text_that_would_steer_a_terminal_is_made_harmless() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "A", "--stdin", "--label", "\u{1b}[2Jgone\u{202e}"], b"value").succeeds();
    let shown = sandbox.run(["list"]).succeeds().stdout();
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}') && shown.contains("gone"), "{shown:?}");
}

#[test]
fn profiles_do_not_see_each_other() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "A", "--stdin", "--profile", "one"], b"first").succeeds();
    sandbox.feed(["add", "A", "--stdin", "--profile", "two"], b"second").succeeds();
    sandbox.run(["get", "A", "--profile", "one"]).succeeds().prints("first");
    sandbox.run(["get", "A", "--profile", "two"]).succeeds().prints("second");
    sandbox.run(["get", "A"]).exits(3);
    sandbox.run(["list", "--profile", "Bad Name"]).exits(2);
}

//! The index is lost, damaged, or of another time.

use std::fs;

use crate::faults::{content, put, snapshot};
use crate::support::{CANARY, Sandbox};

#[test]
fn a_damaged_index_is_put_aside_and_made_anew() {
    let sandbox = Sandbox::new().with("TOKEN").with("OTHER");
    let whole = content(&sandbox, "index.json");
    let cases = [&b"not json at all"[..], b"", b"{}", &whole[..whole.len() / 2], &whole[..whole.len() - 3]];
    for damaged in cases {
        put(&sandbox, "index.json", damaged);
        let listed = sandbox.run(["list"]).succeeds();
        assert!(listed.stdout().contains("TOKEN") && listed.stdout().contains("OTHER"));
        listed
            .says("warning: the index was damaged and was made anew from the store: 2 names")
            .says("index.json.damaged`");
        assert_eq!(content(&sandbox, "index.json.damaged"), damaged, "what was there is kept");
        assert_eq!(sandbox.run(["list"]).succeeds().stderr(), "", "it is told once");
    }
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
}

#[test]
fn a_missing_index_is_made_anew() {
    let sandbox = Sandbox::new().with("TOKEN");
    fs::remove_file(sandbox.data().join("index.json")).unwrap();
    let read = sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    read.says("warning: the index was gone and was made anew from the store: 1 name");
    sandbox.run(["get", "TOKEN"]).succeeds();
}

#[test]
fn an_add_to_a_lost_index_loses_nothing() {
    let sandbox = Sandbox::new().with("TOKEN");
    fs::remove_file(sandbox.data().join("index.json")).unwrap();
    sandbox.feed(["add", "TOKEN", "--stdin"], b"another").exits(1).says("`TOKEN` exists already");
    fs::remove_file(sandbox.data().join("index.json")).unwrap();
    sandbox.feed(["add", "OTHER", "--stdin"], b"another").succeeds();
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
}

#[test]
fn an_index_of_a_later_version_is_left_alone() {
    let sandbox = Sandbox::new().with("TOKEN");
    put(&sandbox, "index.json", br#"{"schema_version": 7, "profiles": [], "more": {}}"#);
    let before = snapshot(&sandbox);
    for arguments in [&["get", "TOKEN"][..], &["list"], &["add", "NEW", "--stdin"]] {
        let refused = sandbox.feed(arguments, b"x").exits(1).prints("");
        refused.says("has schema version 7, and this mcpcred knows 1");
    }
    assert_eq!(snapshot(&sandbox), before);
}

#[test]
fn without_a_key_a_whole_index_lists_and_a_lost_one_says_what_is_missing() {
    let mut sandbox = Sandbox::new().with("TOKEN");
    sandbox.unset("MCPCRED_KEY_FILE");
    let listed = sandbox.run(["list", "--no-prompt"]).succeeds();
    assert!(listed.stdout().contains("TOKEN"));
    put(&sandbox, "index.json", b"damaged");
    let before = snapshot(&sandbox);
    let refused = sandbox.run(["list", "--no-prompt"]).exits(4).prints("");
    refused.says("the vault is locked, and no passphrase or key was given");
    sandbox.run(["doctor", "--no-prompt"]).exits(1);
    assert_eq!(snapshot(&sandbox), before, "it is not made anew out of nothing");
}

/// Seen from there, everything was made in the future.
#[test]
fn a_clock_that_was_set_back_is_no_fault() {
    let sandbox = Sandbox::new().with("TOKEN");
    sandbox.feed(["rotate", "TOKEN", "--stdin", "--keep-previous", "7d"], b"second").succeeds();
    let text = String::from_utf8(content(&sandbox, "index.json")).unwrap();
    let mut index: serde_json::Value = serde_json::from_str(&text).unwrap();
    let entry = &mut index["profiles"]["default"]["TOKEN"];
    entry["created"] = "2199-01-01T00:00:00Z".into();
    entry["rotated"] = "2199-01-02T00:00:00Z".into();
    entry["previous_until"] = "2199-01-09T00:00:00Z".into();
    put(&sandbox, "index.json", index.to_string());
    sandbox.run(["get", "TOKEN"]).succeeds().prints("second");
    sandbox.run(["get", "TOKEN", "--previous"]).succeeds().prints(CANARY);
    assert!(!sandbox.run(["list", "--due"]).succeeds().stdout().contains("TOKEN"));
    sandbox.feed(["rotate", "TOKEN", "--stdin"], b"third").succeeds();
    sandbox.run(["get", "TOKEN"]).succeeds().prints("third");
    sandbox.run(["list"]).succeeds();
    sandbox.run(["doctor"]).succeeds();
}

/// And set forward by a century, and back again.
#[test]
fn dates_out_of_the_past_end_nothing_but_what_they_say() {
    let sandbox = Sandbox::new().with("TOKEN");
    let text = String::from_utf8(content(&sandbox, "index.json")).unwrap();
    let mut index: serde_json::Value = serde_json::from_str(&text).unwrap();
    index["profiles"]["default"]["TOKEN"]["created"] = "1971-01-01T00:00:00Z".into();
    put(&sandbox, "index.json", index.to_string());
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    assert!(sandbox.run(["list", "--due"]).succeeds().stdout().contains("rotation due"));
}

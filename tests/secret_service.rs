//! A person on a Linux desktop, whose keyring answers, is locked, hangs, or is not there.

use std::fs;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::keyring_session::KeyringSession;
use crate::support::{CANARY, Ran, Sandbox};

/// What the keyring itself has under that name.
fn lookup(session: &KeyringSession, name: &str) -> String {
    let found = session.secret_tool(&["lookup", "service", "mcpcred:default", "username", name], "");
    String::from_utf8(found).unwrap()
}

fn chosen(sandbox: &Sandbox) -> String {
    let document = sandbox.run(["store", "status", "--json"]).succeeds().json("store-status");
    format!("{} by {}", document["store"].as_str().unwrap(), document["chosen_by"].as_str().unwrap())
}

/// It must have failed to get an answer, within this time.
#[track_caller]
fn gives_up(within: Duration, work: impl FnOnce() -> Ran) -> Ran {
    let start = Instant::now();
    let ran = work().exits(4).prints("");
    assert!(start.elapsed() < within, "took {:?}", start.elapsed());
    ran
}

const AT_ONCE: Duration = Duration::from_secs(3);
const QUIETLY: Duration = Duration::from_secs(9);

#[test]
fn the_first_add_takes_the_keyring_says_so_and_remembers() {
    let session = KeyringSession::new();
    let sandbox = session.sandbox();
    let added = sandbox.feed(["add", "TOKEN", "--stdin"], CANARY.as_bytes()).succeeds();
    added.says("Values rest in the Secret Service from now on").says("Added `TOKEN` to the Secret Service");
    assert_eq!(chosen(&sandbox), "secret-service by record");
    assert_eq!(lookup(&session, "TOKEN"), CANARY);
    assert_eq!(session.labels(), ["mcpcred: TOKEN"]);
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    sandbox.holds_no_canary();

    let second = sandbox.feed(["add", "OTHER", "--stdin"], b"x").succeeds();
    assert!(!second.stderr().contains("from now on"), "it is decided once");
    sandbox.run(["delete", "TOKEN", "--yes"]).succeeds();
    assert_eq!(session.labels(), ["mcpcred: OTHER"]);
}

#[test]
fn a_value_that_another_program_stored_is_adopted_and_read() {
    let session = KeyringSession::new();
    let sandbox = session.sandbox().with("OURS");
    let store = ["store", "--label=mine", "service", "mcpcred:default", "username", "THEIRS"];
    session.secret_tool(&store, "typed elsewhere");
    sandbox.run(["get", "THEIRS"]).exits(3);
    let refused = sandbox.feed(["add", "THEIRS", "--stdin"], b"another").exits(1);
    refused.says("already holds a `THEIRS`").says("mcpcred rotate THEIRS");
    sandbox.run(["get", "THEIRS"]).succeeds().prints("typed elsewhere");

    session.secret_tool(&["store", "--label=x", "service", "mcpcred:default", "username", "MORE"], "more");
    sandbox.run(["doctor", "--repair"]).succeeds();
    sandbox.run(["get", "MORE"]).succeeds().prints("more");
    sandbox.feed(["rotate", "THEIRS", "--stdin"], b"ours now").succeeds();
    assert_eq!(lookup(&session, "THEIRS"), "ours now");
}

#[test]
fn a_locked_keyring_without_a_screen_is_an_answer_at_once() {
    let session = KeyringSession::new();
    let sandbox = session.sandbox().with("TOKEN");
    session.lock();
    let refused = gives_up(AT_ONCE, || sandbox.run(["get", "TOKEN"]));
    refused.says("the Secret Service is locked").says("unlock the keyring in the desktop session");
    gives_up(AT_ONCE, || sandbox.feed(["rotate", "TOKEN", "--stdin"], b"new")).says("is locked");
    gives_up(AT_ONCE, || sandbox.feed(["add", "OTHER", "--stdin"], b"new")).says("is locked");
    // What needs no value needs no keyring.
    let listed = sandbox.run(["list"]).succeeds();
    assert!(listed.stdout().contains("TOKEN") && !listed.stdout().contains("OTHER"), "{}", listed.stdout());
}

#[test]
fn without_a_bus_there_is_no_answer_and_no_other_store() {
    let session = KeyringSession::new();
    let mut sandbox = session.sandbox().with("TOKEN");
    sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
    let nowhere = sandbox.path("runtime").to_str().unwrap().to_owned();
    sandbox.set("XDG_RUNTIME_DIR", &nowhere);
    gives_up(AT_ONCE, || sandbox.run(["get", "TOKEN"])).says("the Secret Service is not available");
    sandbox.run(["list"]).succeeds();
    session.around(&mut sandbox);
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
}

#[test]
fn a_first_add_without_a_bus_or_a_key_makes_nothing() {
    let mut sandbox = Sandbox::bare();
    let nowhere = sandbox.path("runtime").to_str().unwrap().to_owned();
    sandbox.set("XDG_RUNTIME_DIR", &nowhere);
    let refused = sandbox.feed(["add", "TOKEN", "--stdin", "--no-prompt"], CANARY.as_bytes()).exits(4);
    refused.says("no credential store that can be used").says("the Secret Service is not there");
    assert!(!sandbox.data().join("vault").exists() && !sandbox.data().join("store.json").exists());
    sandbox.holds_no_canary();
}

#[test]
fn a_bus_that_says_nothing_is_given_up_at_the_deadline() {
    let session = KeyringSession::new();
    let mut sandbox = session.sandbox().with("TOKEN");
    let socket = sandbox.path("mute");
    let _mute = UnixListener::bind(&socket).unwrap();
    sandbox.set("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}", socket.display()));
    let start = Instant::now();
    gives_up(QUIETLY, || sandbox.run(["get", "TOKEN", "--no-prompt"])).says("did not answer within 5 s");
    assert!(start.elapsed() > Duration::from_secs(4));
}

#[test]
fn a_keyring_that_hangs_is_given_up_at_the_deadline_and_nothing_changes() {
    let session = KeyringSession::new();
    let sandbox = session.sandbox().with("TOKEN");
    session.signal_keyring(Signal::SIGSTOP);
    gives_up(QUIETLY, || sandbox.run(["get", "TOKEN", "--no-prompt"])).says("did not answer within 5 s");
    let rotate = ["rotate", "TOKEN", "--stdin", "--no-prompt"];
    gives_up(2 * QUIETLY, || sandbox.feed(rotate, b"new")).says("did not answer within 5 s");
    session.signal_keyring(Signal::SIGCONT);
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
}

#[test]
fn a_keyring_that_died_is_no_reason_to_store_elsewhere() {
    let mut session = KeyringSession::new();
    let mut sandbox = session.sandbox().with("TOKEN");
    let record = fs::read(sandbox.data().join("store.json")).unwrap();
    session.kill_keyring();
    gives_up(QUIETLY, || sandbox.run(["get", "TOKEN", "--no-prompt"])).says("the Secret Service");
    // Even with all that a vault would need.
    let key = sandbox.path("key");
    fs::write(&key, [b'k'; 32]).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    sandbox.set("MCPCRED_KEY_FILE", key.to_str().unwrap());
    let add = ["add", "OTHER", "--stdin", "--no-prompt"];
    gives_up(2 * QUIETLY, || sandbox.feed(add, b"value")).says("the Secret Service");
    assert!(!sandbox.data().join("vault").exists());
    assert_eq!(fs::read(sandbox.data().join("store.json")).unwrap(), record);

    session.start_keyring();
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    sandbox.feed(["add", "OTHER", "--stdin"], b"value").succeeds();
    assert_eq!(chosen(&sandbox), "secret-service by record");
}

#[test]
fn everything_moves_to_the_vault_and_back() {
    let session = KeyringSession::new();
    let mut sandbox = Sandbox::new();
    sandbox.unset("MCPCRED_STORE");
    session.around(&mut sandbox);
    let sandbox = sandbox.with("TOKEN");
    let long: Vec<u8> = (0..200 * 1024_u32).map(|number| b'a' + (number % 23) as u8).collect();
    sandbox.feed(["add", "LONG", "--stdin"], &long).succeeds();
    sandbox.feed(["add", "BYTES", "--stdin"], b"\xff\xfe not text").succeeds();
    assert_eq!(chosen(&sandbox), "secret-service by record");
    assert!(lookup(&session, "LONG").starts_with("mcpcred-ref:v1:"));
    let sealed = || fs::read_dir(sandbox.data().join("sealed")).unwrap().count();
    assert_eq!(sealed(), 2);

    sandbox.run(["store", "move", "vault"]).succeeds().says("Moved 3 credentials to the vault");
    assert_eq!(chosen(&sandbox), "vault by record");
    assert!(session.labels().is_empty());
    assert_eq!(sealed(), 0);
    let record = sandbox.run(["audit", "--json"]).succeeds().json("audit");
    let lines = record["lines"].as_array().unwrap();
    let of = |action: &str, name: &str| {
        lines.iter().find(|line| line["action"] == action && line["name"] == name).unwrap().clone()
    };
    for name in ["TOKEN", "LONG", "BYTES"] {
        let moved = of("move", name);
        assert_eq!((&moved["store"], &moved["detail"]), (&"vault".into(), &"from secret-service".into()));
        assert_eq!(moved["value"], of("add", name)["value"], "the same value has the same fingerprint");
    }
    sandbox.run(["audit", "verify"]).succeeds();
    sandbox.run(["get", "LONG"]).succeeds().prints(&long);
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);

    sandbox.run(["store", "move", "secret-service"]).succeeds().says("Moved 3 credentials");
    assert_eq!(chosen(&sandbox), "secret-service by record");
    assert_eq!(lookup(&session, "TOKEN"), CANARY);
    sandbox.run(["get", "LONG"]).succeeds().prints(&long);
    assert_eq!(sandbox.run(["get", "BYTES"]).succeeds().0.stdout, b"\xff\xfe not text");
    sandbox.holds_no_canary();
}

#[test]
fn a_lost_index_is_made_anew_from_the_keyring() {
    let session = KeyringSession::new();
    let sandbox = session.sandbox().with("TOKEN").with("OTHER");
    fs::remove_file(sandbox.data().join("index.json")).unwrap();
    let listed = sandbox.run(["list"]).succeeds().says("the index was gone and was made anew");
    assert!(listed.stdout().contains("TOKEN") && listed.stdout().contains("OTHER"));
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    assert_eq!(sandbox.run(["list"]).succeeds().stderr(), "", "it is told once");
}

#[test]
fn two_profiles_keep_their_names_apart() {
    let session = KeyringSession::new();
    let sandbox = session.sandbox().with("TOKEN");
    sandbox.feed(["add", "TOKEN", "--stdin", "--profile", "work"], b"at work").succeeds();
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    sandbox.run(["get", "TOKEN", "--profile", "work"]).succeeds().prints("at work");
    let found = session.secret_tool(&["lookup", "service", "mcpcred:work", "username", "TOKEN"], "");
    assert_eq!(found, b"at work");
}

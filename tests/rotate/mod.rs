//! A person replaces a value, and sometimes wants the old one back.

mod document;
pub(crate) mod due;
#[cfg(unix)]
mod guided;
#[cfg(unix)]
mod hook;
#[cfg(target_os = "linux")]
mod interrupted;
mod provider;
#[cfg(target_os = "linux")]
mod reach;

use crate::support::{CANARY, Sandbox};

#[test]
fn a_new_value_takes_the_place_and_the_facts_stay() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "A", "--stdin", "--label", "mine"], CANARY.as_bytes()).succeeds();
    sandbox.feed(["rotate", "a", "--stdin"], b"new value\n").succeeds().says("Rotated `A`");
    sandbox.run(["get", "A"]).succeeds().prints("new value");
    sandbox.run(["get", "A", "--previous"]).exits(3).says("no former value");
    let row = sandbox.run(["list", "--json"]).succeeds().json("list")["credentials"][0].clone();
    assert_eq!(row["label"], "mine");
    assert!(row["rotated"].is_string());
    sandbox.holds_no_canary();
}

#[test]
fn a_former_value_that_is_kept_for_no_time_is_not_kept() {
    let sandbox = Sandbox::new().with("A");
    sandbox.feed(["rotate", "A", "--stdin", "--keep-previous", "0"], b"second").succeeds();
    sandbox.run(["get", "A", "--previous"]).exits(3);
    sandbox.feed(["rotate", "A", "--stdin", "--keep-previous", "-1d"], b"third").exits(2);
}

#[test]
fn the_former_value_is_kept_for_a_while_and_can_come_back() {
    let sandbox = Sandbox::new().with("A");
    sandbox.feed(["rotate", "A", "--stdin", "--keep-previous", "7d"], b"second").succeeds();
    sandbox.run(["get", "A"]).succeeds().prints("second");
    sandbox.run(["get", "A", "--previous"]).succeeds().prints(CANARY);
    sandbox.run(["rotate", "A", "--rollback"]).succeeds().says("Rolled back `A`");
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
    sandbox.run(["get", "A", "--previous"]).succeeds().prints("second");
    sandbox.run(["rotate", "A", "--rollback"]).succeeds();
    sandbox.run(["get", "A"]).succeeds().prints("second");
}

#[test]
fn a_former_value_past_its_time_is_not_given_out_and_is_removed() {
    let sandbox = Sandbox::new().with("A");
    sandbox.feed(["rotate", "A", "--stdin", "--keep-previous", "1s"], b"second").succeeds();
    std::thread::sleep(std::time::Duration::from_millis(1200));
    sandbox.run(["get", "A", "--previous"]).exits(3);
    sandbox.run(["rotate", "A", "--rollback"]).exits(3);
    sandbox.run(["doctor", "--repair"]).succeeds();
    let document = sandbox.run(["list", "--json"]).succeeds().json("list");
    assert!(document["credentials"][0]["previous_kept_until"].is_null());
}

#[test]
fn rotating_without_keeping_ends_the_former_former_value_too() {
    let sandbox = Sandbox::new().with("A");
    sandbox.feed(["rotate", "A", "--stdin", "--keep-previous", "7d"], b"second").succeeds();
    sandbox.feed(["rotate", "A", "--stdin"], b"third").succeeds();
    sandbox.run(["get", "A", "--previous"]).exits(3);
}

#[test]
fn a_bad_new_value_leaves_the_old_one_in_place() {
    let sandbox = Sandbox::new().with("A");
    sandbox.feed(["rotate", "A", "--stdin"], b"").exits(2);
    sandbox.feed(["rotate", "A", "--stdin"], b"a\0b").exits(2);
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
    sandbox.feed(["rotate", "B", "--stdin"], b"value").exits(3);
}

#[test]
fn a_new_value_can_be_made_up_and_its_facts_set() {
    let sandbox = Sandbox::new().with("A");
    sandbox.run(["rotate", "A", "--generate", "32", "--expires", "2031-05-05"]).succeeds();
    assert_eq!(sandbox.run(["get", "A"]).succeeds().stdout().len(), 32);
    let document = sandbox.run(["list", "--json"]).succeeds().json("list");
    assert_eq!(document["credentials"][0]["expires"], "2031-05-05T00:00:00Z");
}

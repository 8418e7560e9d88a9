//! A person prints a secret.

use crate::support::{CANARY, Sandbox};

#[test]
fn what_was_stored_is_printed_byte_for_byte_when_piped() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    sandbox.run(["get", "GITHUB_TOKEN"]).succeeds().prints(CANARY);
    sandbox.holds_no_canary();
}

#[test]
fn a_name_is_found_whatever_its_case() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    sandbox.run(["get", "github_token"]).succeeds().prints(CANARY);
}

#[test]
fn a_name_that_is_not_there_is_status_3_and_a_suggestion() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    sandbox.run(["get", "GITHB_TOKEN"]).exits(3).prints("").says("did you mean `GITHUB_TOKEN`");
    sandbox.run(["get", "OTHER"]).exits(3).says("mcpcred add OTHER");
}

#[test]
fn json_tells_the_name_the_encoding_and_the_value() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    let document = sandbox.run(["get", "GITHUB_TOKEN", "--json"]).succeeds().json("get");
    assert_eq!(document["name"], "GITHUB_TOKEN");
    assert_eq!(document["encoding"], "utf-8");
    assert_eq!(document["value"], CANARY);
    sandbox.feed(["add", "BYTES", "--stdin"], &[0xff, 0xfe, b'x']).succeeds();
    let document = sandbox.run(["get", "BYTES", "--json"]).succeeds().json("get");
    assert_eq!((document["encoding"].as_str(), document["value"].as_str()), (Some("base64"), Some("//54")));
}

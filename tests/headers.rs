//! A client asks for the headers of a remote server.

use crate::support::{CANARY, Sandbox};

const BEARER: &str = "Authorization: Bearer {GITHUB_TOKEN}";

#[test]
fn a_client_gets_one_json_object_and_nothing_else() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    let ran = sandbox.run(["headers", "--header", BEARER, "--header", "X-Key={github_token}"]).succeeds();
    let headers: serde_json::Value = serde_json::from_slice(&ran.0.stdout).unwrap();
    assert_eq!(headers, serde_json::json!({ "Authorization": format!("Bearer {CANARY}"), "X-Key": CANARY }));
    assert_eq!(ran.stderr(), "");
}

#[test]
fn a_user_and_a_password_become_the_header_that_a_client_makes_of_those_in_a_url() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "PASSWORD", "--stdin"], b"open sesame").succeeds();
    let ran = sandbox.run(["headers", "--basic", "Aladdin:{PASSWORD}"]).succeeds();
    ran.prints("{\"Authorization\":\"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\"}\n");
    sandbox.run(["headers", "--basic", "{PASSWORD}"]).exits(2).prints("").says("user:{CREDENTIAL}");
    let ran = sandbox.run(["headers", "--basic", "me:{PASSWORD}", "--header", "authorization: {PASSWORD}"]);
    ran.exits(2).prints("").says("given twice");
}

#[test]
fn a_client_that_connects_elsewhere_gets_nothing() {
    let mut sandbox = Sandbox::new().with("GITHUB_TOKEN");
    let arguments = ["headers", "--url", "https://api.example/mcp/", "--header", BEARER];
    // Some clients do not say what they ask for.
    sandbox.run(arguments).succeeds();
    sandbox.set("CLAUDE_CODE_MCP_SERVER_URL", "https://API.example/mcp?team=1");
    sandbox.run(arguments).succeeds();
    sandbox.set("CLAUDE_CODE_MCP_SERVER_URL", "https://evil.example/mcp");
    sandbox.run(arguments).exits(2).prints("").says("another address");
}

#[test]
fn a_value_that_can_not_be_had_or_not_be_a_header_prints_nothing() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    sandbox.run(["headers", "--header", "A: {NOBODY}"]).exits(3).prints("");
    sandbox.run(["headers", "--header", BEARER, "--header", "A: {NOBODY}"]).exits(3).prints("");
    sandbox.feed(["add", "LINES", "--stdin"], b"one\ntwo").succeeds();
    sandbox.run(["headers", "--header", "A: {LINES}"]).exits(1).prints("").says("LINES");
}

#[test]
fn a_value_in_the_place_of_a_name_is_refused_and_not_repeated() {
    let sandbox = Sandbox::new();
    let ran =
        sandbox.run(["headers", "--header", &format!("Authorization: Bearer {CANARY}")]).exits(2).prints("");
    assert!(!ran.stderr().contains(&CANARY[4..]), "{}", ran.stderr());
    sandbox.run(["headers"]).exits(2);
}

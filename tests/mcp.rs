//! A client starts a real MCP server through `mcpcred run`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{CANARY, Sandbox, feed};

fn package(file: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/node_modules/@modelcontextprotocol");
    let file = path.join(file);
    assert!(file.exists(), "`{}` is missing: `.ci/prepare` installs it", file.display());
    file
}

/// The environment that the server was given, told by its own tool `get-env` to the inspector.
fn environment_of_server(sandbox: &Sandbox, arguments: &[&str]) -> serde_json::Value {
    let mut inspector = Command::new("node");
    inspector.arg(package("inspector-cli/build/index.js"));
    inspector.arg(env!("CARGO_BIN_EXE_mcpcred")).arg("run").args(arguments);
    inspector.args(["--method", "tools/call", "--tool-name", "get-env"]);
    // The inspector takes the first of the two for itself.
    inspector.args(["--", "--", "node"]).arg(package("server-everything/dist/index.js"));
    sandbox.surround(&mut inspector);
    let output = feed(inspector, b"");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let answer: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    serde_json::from_str(answer["content"][0]["text"].as_str().unwrap()).unwrap()
}

#[test]
fn the_server_gets_its_token_and_nothing_that_is_not_its_own() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN").with("OTHER");
    sandbox
        .feed(["add", "LINES", "--stdin", "--server", "everything"], b"one\n\"two\"\n 'three' \xc3\xa9")
        .succeeds();
    let seen = environment_of_server(&sandbox, &["--server", "everything", "--env=TOKEN=GITHUB_TOKEN"]);
    assert_eq!(seen["LINES"], "one\n\"two\"\n 'three' é");
    assert_eq!(seen["TOKEN"], CANARY);
    for name in ["OTHER", "GITHUB_TOKEN", "MCPCRED_KEY_FILE", "MCPCRED_PASSPHRASE"] {
        assert!(seen[name].is_null(), "{name}");
    }
}

#[test]
fn a_rotated_token_is_what_the_next_start_gets() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    sandbox.feed(["rotate", "GITHUB_TOKEN", "--stdin"], b"the new one").succeeds();
    assert_eq!(environment_of_server(&sandbox, &["--all"])["GITHUB_TOKEN"], "the new one");
}

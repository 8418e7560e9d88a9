//! Our own commands in a configuration, written in every way that they take.

use serde_json::{Value, json};

use super::{TOKEN, about, findings_in, project, the, write};
use crate::support::Sandbox;

/// A project whose server is started by mcpcred with these arguments.
fn started_by(sandbox: &Sandbox, arguments: &[&str]) -> std::path::PathBuf {
    let entry = json!({ "command": "mcpcred", "args": arguments });
    project(sandbox, &json!({ "mcpServers": { "x": entry } }).to_string())
}

fn with_tokens() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "HERE", "--stdin", "--server", "near"], TOKEN.as_bytes()).succeeds();
    let there = ["add", "THERE", "--stdin", "--profile", "work", "--server", "far", "--expires", "3d"];
    sandbox.feed(there, b"f4e1c0a7b2d95863").succeeds();
    sandbox
}

#[test]
fn flags_with_values_do_not_hide_what_a_call_asks_for() {
    let sandbox = with_tokens();
    for arguments in [
        &["run", "-e", "HERE", "--", "x"][..],
        &["--reason", "run", "run", "--env=A=HERE", "--", "x"],
        &["--store", "vault", "--no-prompt", "run", "-qeHERE", "--", "x"],
        &["run", "--profile", "default", "--expand", "HERE", "--", "x", "--profile", "work"],
        &["run", "--store=auto", "--server", "near", "--", "run"],
    ] {
        let folder = started_by(&sandbox, arguments);
        let findings = findings_in(&sandbox, &folder, &[], 0);
        assert_eq!(about(&findings, "x"), [("ready", "ok", "HERE")], "{arguments:?}");
    }
}

#[test]
fn credentials_of_another_profile_are_looked_for_there() {
    let sandbox = with_tokens();
    for arguments in [
        &["--profile", "work", "run", "-e", "THERE", "--", "x"][..],
        &["run", "--profile=work", "--server", "far", "--", "x"],
        &["run", "--all", "--profile", "work", "--", "x"],
    ] {
        let folder = started_by(&sandbox, arguments);
        let findings = findings_in(&sandbox, &folder, &[], 0);
        assert_eq!(about(&findings, "x"), [("warning", "expires_soon", "THERE")], "{arguments:?}");
        let command = &the(&findings, "expires_soon")["action"]["command"];
        assert_eq!(command, "mcpcred rotate THERE --profile work");
    }
    // The one of the same name here is another one.
    let folder = started_by(&sandbox, &["--profile", "work", "run", "-e", "HERE", "--", "x"]);
    let finding = the(&findings_in(&sandbox, &folder, &[], 1), "missing");
    assert_eq!(finding["action"]["command"], "mcpcred add HERE --server x --profile work");
    let entry = json!({
        "command": "mcpcred", "args": ["run", "-e", "THERE", "--", "x"], "env": { "MCPCRED_PROFILE": "work" }
    });
    let folder = project(&sandbox, &json!({ "mcpServers": { "x": entry } }).to_string());
    the(&findings_in(&sandbox, &folder, &[], 0), "expires_soon");
}

#[test]
fn a_store_that_the_call_asks_for_is_the_one_that_counts() {
    let mut sandbox = with_tokens();
    let folder = started_by(&sandbox, &["run", "--store", "secret-service", "-e", "HERE", "--", "x"]);
    let finding = the(&findings_in(&sandbox, &folder, &[], 1), "missing");
    assert!(finding["message"].as_str().unwrap().contains("secret-service"), "{finding}");
    let folder = started_by(&sandbox, &["--store", "none", "run", "-e", "HERE", "--", "x"]);
    the(&findings_in(&sandbox, &folder, &[], 1), "missing");
    sandbox.set("HERE", TOKEN);
    assert_eq!(about(&findings_in(&sandbox, &folder, &[], 0), "x"), [("ready", "ok", "HERE")]);
}

#[test]
fn what_a_line_for_headers_asks_mcpcred_for_has_to_be_there() {
    let sandbox = with_tokens();
    for line in [
        "mcpcred run -e A=HERE -- my-headers",
        "LOG=1 mcpcred run --expand HERE -- sh -c 'my-headers {{HERE}} | cat'",
        r#"echo "{\"Authorization\":\"Bearer $(mcpcred get HERE)\"}""#,
    ] {
        for (line, status, expected) in [
            (line.to_owned(), 0, ("ready", "ok", "HERE")),
            (line.replace("HERE", "NOWHERE"), 1, ("problem", "missing", "NOWHERE")),
        ] {
            let entry = json!({ "type": "http", "url": "https://x.example/mcp", "headersHelper": line });
            let folder = project(&sandbox, &json!({ "mcpServers": { "x": entry } }).to_string());
            let findings = findings_in(&sandbox, &folder, &["--client", "claude-code"], status);
            assert_eq!(about(&findings, "x"), [expected], "{line}");
        }
    }
}

#[test]
fn a_call_that_mcpcred_refuses_is_told_with_its_place() {
    let sandbox = with_tokens();
    for (arguments, at) in [
        (&["run", "-e", "HERE", "npx", "-y", "a-server"][..], "3"),
        (&["run", "-e", "HERE", "--sever", "x", "--", "x"], "3"),
        (&["run", "-e", "HERE", "--server", "--", "x"], "3"),
        (&["run", "-e", "HERE"], "0"),
    ] {
        let folder = started_by(&sandbox, arguments);
        let finding = the(&findings_in(&sandbox, &folder, &[], 1), "misconfigured");
        assert_eq!(finding["location"]["pointer"], format!("/mcpServers/x/args/{at}"), "{arguments:?}");
        // And it does refuse it.
        let arguments = arguments.iter().map(ToString::to_string).collect::<Vec<_>>();
        sandbox.run(&arguments).exits(2);
    }
}

#[test]
fn a_helper_is_understood_with_its_flags_and_a_command_in_the_place_of_a_value_too() {
    let sandbox = with_tokens();
    let helper =
        |line: &str| json!({ "type": "http", "url": "https://x.example/mcp", "headersHelper": line });
    let servers = json!({
        "near": helper("mcpcred --reason 'for headers' headers --header \"Authorization: Bearer {HERE}\""),
        "far": helper("MCPCRED_PROFILE=work mcpcred headers --header 'X: {THERE}' --no-prompt"),
        "wrong": helper("mcpcred headers --headr 'X: {HERE}'"),
    });
    let folder = project(&sandbox, &json!({ "mcpServers": servers }).to_string());
    let findings = findings_in(&sandbox, &folder, &["--client", "claude-code"], 1);
    assert_eq!(about(&findings, "near"), [("ready", "ok", "HERE")]);
    assert_eq!(about(&findings, "far"), [("warning", "expires_soon", "THERE")]);
    assert_eq!(about(&findings, "wrong"), [("problem", "misconfigured", "")]);

    let header = |value: &str| -> Value {
        json!({ "type": "http", "url": "https://x.example/mcp", "headers": { "Authorization": value } })
    };
    let servers = json!({
        "near": header("Bearer $(mcpcred get HERE)"),
        "gone": header("Bearer $(mcpcred --quiet get GONE)"),
        "other": header("Bearer $(pass show x)"),
    });
    write(&sandbox, ".config/crush/crush.json", json!({ "mcp": servers }).to_string());
    let findings = findings_in(&sandbox, &folder, &["--client", "crush"], 1);
    assert_eq!(about(&findings, "near"), [("ready", "ok", "HERE")]);
    assert_eq!(about(&findings, "gone"), [("problem", "missing", "GONE")]);
    assert_eq!(about(&findings, "other")[0].1, "not_verifiable");
}

#[test]
fn what_protect_adds_to_our_own_wrapper_stands_behind_its_command() {
    let sandbox = Sandbox::new();
    let entry = json!({
        "command": "mcpcred",
        "args": ["--reason", "run", "run", "--quiet", "--", "a-server"],
        "env": { "GITHUB_TOKEN": TOKEN },
    });
    write(&sandbox, ".cursor/mcp.json", json!({ "mcpServers": { "x": entry } }).to_string());
    sandbox.run(["protect", "--yes"]).succeeds();
    let written: Value =
        serde_json::from_slice(&std::fs::read(sandbox.path(".cursor/mcp.json")).unwrap()).unwrap();
    let arguments = &written["mcpServers"]["x"]["args"];
    assert_eq!(
        *arguments,
        json!(["--reason", "run", "run", "-e", "GITHUB_TOKEN", "--quiet", "--", "a-server"])
    );
}

//! A person whose servers are started by another credential manager, or whose entries still ask for a value.

use serde_json::{Value, json};

use crate::check::{TOKEN, about, findings_in, project, the, write};
use crate::support::Sandbox;

fn servers(entries: &[(&str, Value)]) -> String {
    let all: serde_json::Map<_, _> =
        entries.iter().map(|(name, entry)| ((*name).to_owned(), entry.clone())).collect();
    json!({ "mcpServers": all }).to_string()
}

const NAME: &str = "GITHUB_PERSONAL_ACCESS_TOKEN";

#[test]
fn what_another_program_hands_over_is_not_known_and_no_problem() {
    let sandbox = Sandbox::new();
    let server = ["npx", "-y", "@modelcontextprotocol/server-github"];
    let with = |words: &[&'static str]| [words, &server].concat();
    let place = json!({ NAME: "op://Private/GitHub/token" });
    let folder = project(
        &sandbox,
        &servers(&[
            ("onepassword", json!({"command": "op", "args": with(&["run", "--"]), "env": place})),
            ("doppler", json!({"command": "doppler", "args": with(&["run", "--project", "x", "--"])})),
            (
                "shell",
                json!({"command": "sh", "args": ["-c", "exec infisical run -- npx -y @modelcontextprotocol/server-github"]}),
            ),
            (
                "sops",
                json!({"command": "sops", "args": ["exec-env", "x.yaml", "npx -y @modelcontextprotocol/server-github"]}),
            ),
            ("chain", json!({"command": "envchain", "args": with(&["github"])})),
        ]),
    );
    let findings = findings_in(&sandbox, &folder, &[], 0);
    for (server, broker) in [
        ("onepassword", "op"),
        ("doppler", "doppler"),
        ("shell", "infisical"),
        ("sops", "sops"),
        ("chain", "envchain"),
    ] {
        assert_eq!(about(&findings, server), [("unknown", "not_verifiable", NAME)], "{server}");
        let message = findings.iter().find(|it| it["server"] == server).unwrap()["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("`{broker}` ")), "{message}");
    }
}

#[test]
fn what_a_file_or_a_profile_sets_is_not_called_missing() {
    let sandbox = Sandbox::new();
    let shell = |flag: &str, line: &str| json!({"command": "bash", "args": [flag, line]});
    let server = "npx -y @modelcontextprotocol/server-github";
    let script = "node_modules/@modelcontextprotocol/server-github/dist/index.js";
    let entries = [
        ("source", shell("-c", &format!("source gh.env && exec {server}"))),
        ("dot", shell("-c", &format!("set -a; . ./gh.env; {server}"))),
        ("login", shell("-lc", server)),
        ("plain", shell("-c", server)),
        ("node", json!({"command": "node", "args": ["--env-file=gh.env", script]})),
        ("gone", json!({"command": "node", "args": ["--env-file=gone.env", script]})),
    ];
    let folder = project(&sandbox, &servers(&entries));
    write(&sandbox, "work/gh.env", format!("{NAME}=$(secret)\n"));
    let findings = findings_in(&sandbox, &folder, &[], 1);
    for server in ["source", "dot", "login"] {
        assert_eq!(about(&findings, server), [("unknown", "not_verifiable", NAME)], "{server}");
    }
    assert_eq!(about(&findings, "plain"), [("problem", "missing", NAME)]);
    assert_eq!(about(&findings, "node"), [("ready", "ok", "")]);
    assert!(about(&findings, "gone").contains(&("problem", "missing", NAME)));
}

#[test]
fn a_place_that_nobody_looks_up_reaches_the_server_as_it_is_written() {
    let sandbox = Sandbox::new();
    let entry = json!({"command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"],
        "env": {NAME: "op://Private/GitHub/token"}});
    let folder = project(&sandbox, &servers(&[("github", entry)]));
    let finding = the(&findings_in(&sandbox, &folder, &[], 1), "unsupported_reference");
    assert_eq!(finding["credential"], NAME);
    assert!(finding["message"].as_str().unwrap().contains("`op://…`"), "{finding}");
    assert!(finding["action"]["sentence"].as_str().unwrap().contains("mcpcred run -e"), "{finding}");
}

#[test]
fn a_word_that_asks_for_a_value_is_no_value_wherever_it_stands() {
    let sandbox = Sandbox::new();
    let remote = |url: &str| json!({"type": "http", "url": url});
    let local = |arguments: &[&str]| json!({"command": "thing", "args": arguments});
    let entries = [
        ("flag", local(&["--api-key", "YOUR_API_KEY"])),
        ("joined", local(&["--access-token=<token>"])),
        ("header", local(&["--header", "Authorization: Bearer your-token-here"])),
        ("query", remote("https://mcp.example.org/mcp?api_key=your-api-key")),
        ("address", local(&["postgresql://app:your-password@db.example.org/prod"])),
    ];
    let folder = project(&sandbox, &servers(&entries));
    let findings = findings_in(&sandbox, &folder, &[], 1);
    for (server, _) in &entries {
        let found = about(&findings, server);
        assert!(matches!(found[..], [("problem", "malformed", _)]), "{server}: {found:?}");
    }
    let column = |server: &str| {
        let found = findings.iter().find(|it| it["server"] == server).unwrap();
        usize::try_from(found["location"]["column"].as_u64().unwrap()).unwrap()
    };
    let text = std::fs::read_to_string(folder.join(".mcp.json")).unwrap();
    assert_eq!(column("query"), text.find("your-api-key").unwrap() + 1);
    assert_eq!(column("header"), text.find("your-token-here").unwrap() + 1);
}

#[test]
fn a_word_that_only_looks_like_a_request_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "KEY", "--stdin"], TOKEN.as_bytes()).succeeds();
    let local = |arguments: &[&str]| json!({"command": "thing", "args": arguments});
    let folder = project(
        &sandbox,
        &servers(&[
            ("variable", local(&["--token-env", "ACME_TOKEN"])),
            ("database", local(&["postgresql://postgres:postgres@localhost/dev"])),
            ("changeme", local(&["postgresql://app:changeme@localhost/dev"])),
            ("path", local(&["--key-file", "/etc/example/your.pem"])),
            (
                "expanded",
                json!({"command": "mcpcred", "args": ["run", "--expand", "KEY", "--", "thing", "--api-key", "{{KEY}}"]}),
            ),
        ]),
    );
    let findings = findings_in(&sandbox, &folder, &[], 0);
    assert!(findings.iter().all(|it| it["reason"] == "ok"), "{findings:#?}");
}

//! Every reason that a finding may have is one that a person meets.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::check::{TOKEN, findings_in, project, write};
use crate::support::Sandbox;
use crate::support::provider_server::{Part, ProviderServer, answer};

/// Another value that nobody could think of.
const OTHER: &str = "f4e1c0a7b2d95863";

/// A person, the folder that they stand in, and what they type behind `check`.
type Story = fn() -> (Sandbox, PathBuf, Vec<String>);

/// One story a reason. On Windows nobody else reads the files of a person's own folders.
const STORIES: &[(&str, Story)] = &[
    ("ok", || wrapped(TOKEN, &[])),
    ("missing", || with("${X_TOKEN}", &[])),
    ("empty", || with("${X_TOKEN}", &[("X_TOKEN", "")])),
    ("expired", || wrapped(TOKEN, &["--expires", "2020-01-31"])),
    ("expires_soon", || wrapped(TOKEN, &["--expires", "13d"])),
    ("rotation_due", rotation_due),
    ("malformed", || wrapped(&TOKEN[..20], &[])),
    ("plaintext", || with(TOKEN, &[])),
    ("unsupported_reference", || with("${env:X_TOKEN}", &[("X_TOKEN", OTHER)])),
    ("unset_reference", || {
        told(r#"{"mcpServers": {"x": {"command": "x", "env": {"REGION": "${REGION}"}}}}"#)
    }),
    ("duplicate", duplicate),
    #[cfg(unix)]
    ("world_readable", world_readable),
    ("synced_folder", synced_folder),
    ("rejected", || answered(answer(401, &[], "{}"))),
    ("insufficient_scope", || answered(answer(403, &[], "{}"))),
    ("rate_limited", || answered(answer(429, &[("retry-after", "60")], "{}"))),
    ("no_answer", || answered(Part::Closes)),
    ("store_unavailable", store_unavailable),
    ("not_verifiable", not_verifiable),
    ("unreadable", || told("{")),
    ("misconfigured", || told(r#"{"mcpServers": {"x": {"url": "https://mcp.example.com"}}}"#)),
    ("vulnerable_client", vulnerable_client),
    ("not_marked_sensitive", not_marked_sensitive),
    ("unusual_use", unusual_use),
    ("drifted", drifted),
];

fn told(content: &str) -> (Sandbox, PathBuf, Vec<String>) {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, content);
    (sandbox, folder, Vec::new())
}

/// A server that gets such a value, in such an environment.
fn with(value: &str, variables: &[(&str, &str)]) -> (Sandbox, PathBuf, Vec<String>) {
    let entry = json!({"mcpServers": {"x": {"command": "x", "env": {"X_TOKEN": value}}}});
    let (mut sandbox, folder, arguments) = told(&entry.to_string());
    for (name, value) in variables {
        sandbox.set(name, value);
    }
    (sandbox, folder, arguments)
}

/// A server that mcpcred starts, with such a value stored.
fn wrapped(value: &str, facts: &[&str]) -> (Sandbox, PathBuf, Vec<String>) {
    let words = ["run", "-e", "GITHUB_TOKEN", "--", "github-mcp-server"];
    let entry = json!({"mcpServers": {"x": {"command": "mcpcred", "args": words}}});
    let (sandbox, folder, arguments) = told(&entry.to_string());
    let add = [&["add", "GITHUB_TOKEN", "--stdin"], facts].concat();
    sandbox.feed(add, value.as_bytes()).succeeds();
    (sandbox, folder, arguments)
}

fn rotation_due() -> (Sandbox, PathBuf, Vec<String>) {
    let story = wrapped(TOKEN, &["--rotate-every", "30d"]);
    let index = story.0.data().join("index.json");
    let mut content: Value = serde_json::from_slice(&fs::read(&index).unwrap()).unwrap();
    make_old(&mut content);
    fs::write(&index, content.to_string()).unwrap();
    story
}

/// Every date in it is one of some years ago.
fn make_old(value: &mut Value) {
    match value {
        Value::Object(all) => all.values_mut().for_each(make_old),
        Value::Array(all) => all.iter_mut().for_each(make_old),
        Value::String(text) if text.starts_with("20") && text.ends_with('Z') => {
            text.replace_range(..4, "2020");
        }
        _ => {}
    }
}

fn duplicate() -> (Sandbox, PathBuf, Vec<String>) {
    let story = wrapped(TOKEN, &[]);
    story.0.feed(["add", "GH_TOKEN", "--stdin"], TOKEN.as_bytes()).succeeds();
    story
}

#[cfg(unix)]
fn world_readable() -> (Sandbox, PathBuf, Vec<String>) {
    use std::os::unix::fs::PermissionsExt;
    let (sandbox, folder, arguments) = with(TOKEN, &[]);
    fs::set_permissions(sandbox.path(""), PermissionsExt::from_mode(0o755)).unwrap();
    fs::set_permissions(folder.join(".mcp.json"), PermissionsExt::from_mode(0o644)).unwrap();
    (sandbox, folder, arguments)
}

fn synced_folder() -> (Sandbox, PathBuf, Vec<String>) {
    let sandbox = Sandbox::new();
    let entry = json!({"mcpServers": {"x": {"command": "x", "env": {"X_TOKEN": TOKEN}}}});
    write(&sandbox, "Dropbox/work/.mcp.json", entry.to_string());
    let folder = sandbox.path("Dropbox/work");
    (sandbox, folder, Vec::new())
}

fn answered(part: Part) -> (Sandbox, PathBuf, Vec<String>) {
    let (sandbox, folder, _) = wrapped(TOKEN, &[]);
    let server = Box::leak(Box::new(ProviderServer::start(move |_| part.clone())));
    let host = format!("github={}", server.url());
    (sandbox, folder, ["--live", "--host", &host].map(str::to_owned).into())
}

fn store_unavailable() -> (Sandbox, PathBuf, Vec<String>) {
    let (mut sandbox, folder, arguments) = wrapped(TOKEN, &[]);
    sandbox.unset("MCPCRED_KEY_FILE");
    (sandbox, folder, arguments)
}

fn not_verifiable() -> (Sandbox, PathBuf, Vec<String>) {
    let mut sandbox = Sandbox::new();
    sandbox.set("NOTION_TOKEN", OTHER);
    let words = ["-y", "@notionhq/notion-mcp-server"];
    let entry = json!({"mcpServers": {"notes": {"command": "npx", "args": words}}});
    write(&sandbox, "work/.cursor/mcp.json", entry.to_string());
    let folder = sandbox.path("work");
    (sandbox, folder, Vec::new())
}

fn vulnerable_client() -> (Sandbox, PathBuf, Vec<String>) {
    let story = told("{}");
    let manifest = json!({"name": "claude-code", "publisher": "anthropic", "version": "1.0.23"});
    write(&story.0, ".vscode/extensions/anthropic.claude-code-1.0.23/package.json", manifest.to_string());
    story
}

fn not_marked_sensitive() -> (Sandbox, PathBuf, Vec<String>) {
    let sandbox = Sandbox::new();
    let setting = json!({"type": "string", "title": "Key", "description": "The API key"});
    let manifest = json!({
        "manifest_version": "0.3", "name": "acme", "version": "1.0.0", "description": "x",
        "author": {"name": "Acme"},
        "server": {"type": "node", "entry_point": "x.js", "mcp_config": {"command": "node", "args": ["x.js"],
            "env": {"ACME_API_KEY": "${user_config.api_key}"}}},
        "user_config": {"api_key": setting},
    });
    let path = write(&sandbox, "bundle/manifest.json", manifest.to_string());
    let folder = sandbox.path("bundle");
    (sandbox, folder, vec!["--config".to_owned(), path.to_str().unwrap().to_owned()])
}

fn unusual_use() -> (Sandbox, PathBuf, Vec<String>) {
    let story = wrapped(TOKEN, &[]);
    write(&story.0, "config/config.toml", "[audit.anomalies]\nburst_per_minute = 3\n");
    for _ in 0..7 {
        story.0.run(["get", "GITHUB_TOKEN"]).succeeds();
    }
    story
}

fn drifted() -> (Sandbox, PathBuf, Vec<String>) {
    let (sandbox, folder, arguments) = with(TOKEN, &[]);
    let mut protect = sandbox.command(["protect", "--yes", "--project", "--client", "claude-code"]);
    protect.current_dir(&folder);
    crate::support::Ran(crate::support::feed(protect, b"")).succeeds();
    write(&sandbox, "work/.mcp.json", r#"{"mcpServers": {}}"#);
    (sandbox, folder, arguments)
}

#[test]
fn every_reason_has_a_story() {
    let schema = include_str!("../../src/cli/schemas/check.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let mut listed = BTreeSet::new();
    collect_reasons(&schema, &mut listed);
    if cfg!(windows) {
        listed.remove("world_readable");
    }
    let told: BTreeSet<String> = STORIES.iter().map(|(reason, _)| (*reason).to_owned()).collect();
    assert_eq!(told, listed);
    for (reason, story) in STORIES {
        let (sandbox, folder, arguments) = story();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut check = sandbox.command(["check", "--json"]);
        check.args(&arguments).current_dir(&folder);
        let ran = crate::support::Ran(crate::support::feed(check, b""));
        let status = ran.0.status.code().unwrap();
        let findings = findings_in(&sandbox, &folder, &arguments, status);
        let found: Vec<&str> = findings.iter().map(|it| it["reason"].as_str().unwrap()).collect();
        assert!(found.contains(reason), "{reason}: {findings:#?}");
        // Somebody who reads it knows what to do, where there is something to do.
        let of_reason = findings.iter().filter(|it| it["reason"] == *reason && it["status"] != "ready");
        for finding in of_reason.filter(|it| it["status"] == "problem" || it["status"] == "warning") {
            let sentence = finding["action"]["sentence"].as_str().unwrap_or_default();
            assert!(!sentence.is_empty(), "{reason}: {finding:#}");
        }
    }
}

/// What the schema allows for `reason`.
fn collect_reasons(schema: &Value, listed: &mut BTreeSet<String>) {
    match schema {
        Value::Object(all) => {
            if let Some(reason) = all.get("reason") {
                let reasons = reason["enum"].as_array().into_iter().flatten();
                listed.extend(reasons.map(|it| it.as_str().unwrap().to_owned()));
            }
            all.values().for_each(|it| collect_reasons(it, listed));
        }
        Value::Array(all) => all.iter().for_each(|it| collect_reasons(it, listed)),
        _ => {}
    }
}

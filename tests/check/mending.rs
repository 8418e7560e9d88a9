//! What a check advises is done, word by word, and is enough.

use std::path::Path;

use serde_json::{Value, json};

use super::{CANARY, TOKEN, check_in, findings_in, project, the, write};
use crate::support::{Ran, Sandbox, feed};

/// Runs an advised command in a folder, with this on stdin; what it would ask is answered by `more`.
#[track_caller]
fn follow(sandbox: &Sandbox, folder: &Path, command: &Value, more: &[&str], input: &[u8]) {
    let words: Vec<&str> = command.as_str().unwrap().split(' ').collect();
    assert_eq!(words[0], "mcpcred", "{command}");
    let mut call = sandbox.command(&words[1..]);
    call.args(more).current_dir(folder);
    Ran(feed(call, input)).succeeds();
}

fn plaintext(findings: &[Value]) -> Vec<&Value> {
    findings.iter().filter(|finding| finding["reason"] == "plaintext").collect()
}

#[test]
fn every_secret_in_a_server_is_moved_by_the_call_that_its_finding_names() {
    let common = |entry: Value| json!({ "mcpServers": { "mine": entry } }).to_string();
    let local = json!({ "command": "a-server", "env": { "GITHUB_TOKEN": TOKEN } });
    let bearer = format!("Bearer {TOKEN}");
    let docker = format!("GITHUB_PERSONAL_ACCESS_TOKEN={TOKEN}");
    let image = "ghcr.io/github/github-mcp-server";
    for (file, content, expected) in [
        (".cursor/mcp.json", common(local.clone()), "mcpcred protect --client cursor --server mine"),
        (
            ".claude.json",
            common(
                json!({ "type": "http", "url": "https://x.example", "headers": { "Authorization": bearer } }),
            ),
            "mcpcred protect --client claude-code --server mine",
        ),
        (
            "work/.cursor/mcp.json",
            common(json!({ "command": "docker", "args": ["run", "-i", "-e", docker, image] })),
            "mcpcred protect --client cursor --server mine --project",
        ),
        (
            "work/.vscode/mcp.json",
            json!({
                "inputs": [{ "type": "promptString", "id": "t", "password": true, "default": TOKEN }],
                "servers": { "mine": { "command": "x", "env": { "GITHUB_TOKEN": "${input:t}" } } },
            })
            .to_string(),
            "mcpcred protect --client vscode --server mine --project",
        ),
        (
            ".codex/config.toml",
            format!(
                "[mcp_servers.mine]\nurl = \"https://x.example\"\nhttp_headers = {{ Authorization = \"{bearer}\" }}\n"
            ),
            "mcpcred protect --client codex --server mine",
        ),
        (
            ".config/opencode/opencode.json",
            json!({ "mcp": { "mine": { "type": "local", "command": ["x", "--token", TOKEN] } } }).to_string(),
            "mcpcred protect --client opencode --server mine",
        ),
        (
            "work/.mcp.json",
            common(local.clone()),
            "mcpcred protect --client claude-code --server mine --project",
        ),
    ] {
        // No line for the shell of Windows sets what this client does not hand on.
        if cfg!(windows) && file.starts_with(".codex") {
            continue;
        }
        let sandbox = Sandbox::new();
        let folder = project(&sandbox, "{}");
        write(&sandbox, file, content);
        // Another one of the same client is left alone.
        write(&sandbox, ".kiro/settings/mcp.json", common(local.clone()));
        let findings = findings_in(&sandbox, &folder, &[], 1);
        let open = plaintext(&findings);
        let mine = open.iter().find(|it| it["clients"] != json!(["kiro"])).unwrap();
        // On Windows, Visual Studio reads files of others.
        let command = mine["action"]["command"].as_str().unwrap().replace("--client visual-studio ", "");
        assert_eq!(command, expected, "{file}");
        follow(&sandbox, &folder, &mine["action"]["command"], &["--yes"], b"");
        let findings = findings_in(&sandbox, &folder, &[], 1);
        let open = plaintext(&findings);
        assert!(open.iter().all(|it| it["clients"] == json!(["kiro"])), "{file}: {open:#?}");
        assert_eq!(open.len(), 1, "{file}");
    }
}

#[test]
fn a_style_that_a_person_has_to_ask_for_is_named_where_it_is_the_only_way() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    let far =
        json!({ "url": "https://x.example/mcp", "headers": { "Authorization": format!("Bearer {TOKEN}") } });
    write(&sandbox, ".cursor/mcp.json", json!({ "mcpServers": { "far": far } }).to_string());
    let findings = findings_in(&sandbox, &folder, &[], 1);
    let command = &the(&findings, "plaintext")["action"]["command"];
    let start = "mcpcred protect --client cursor --server far --style ";
    assert!(command.as_str().unwrap().starts_with(start), "{command}");
    follow(&sandbox, &folder, command, &["--yes"], b"");
    assert!(!sandbox.files_holding(CANARY.as_bytes()).contains(&sandbox.path(".cursor/mcp.json")));
}

#[test]
fn where_no_call_takes_a_secret_out_the_finding_says_why_and_what_to_do() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    let agent = format!(
        "---\nname: release\nmcp-servers:\n  acme:\n    type: local\n    command: npx\n    tools: [\"*\"]\n    env:\n      GITHUB_TOKEN: {TOKEN}\n---\nText.\n"
    );
    write(&sandbox, "work/.github/agents/release.agent.md", agent);
    let helper = format!("mcpcred run -e A -- my-headers --token {TOKEN}");
    let far = json!({ "type": "http", "url": "https://x.example", "headersHelper": helper });
    write(&sandbox, ".claude.json", json!({ "mcpServers": { "far": far } }).to_string());
    let findings = findings_in(&sandbox, &folder, &[], 1);
    for (server, why) in [("acme", "another machine"), ("far", "calls mcpcred already")] {
        let open = plaintext(&findings);
        let action = &open.iter().find(|it| it["server"] == server).unwrap()["action"];
        assert!(action["command"].is_null(), "{action}");
        assert!(action["sentence"].as_str().unwrap().contains(why), "{action}");
    }
    sandbox.run(["protect", "--yes"]).succeeds();
    assert_eq!(plaintext(&findings_in(&sandbox, &folder, &[], 1)).len(), 2);
}

#[test]
fn a_file_of_variables_is_imported_and_the_copy_of_a_client_covered() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    let entry = json!({ "command": "x", "envFile": "${workspaceFolder}/secrets.env" });
    write(&sandbox, "work/.vscode/mcp.json", json!({ "servers": { "x": entry } }).to_string());
    write(&sandbox, "work/secrets.env", format!("DEBUG=1\nGITHUB_TOKEN={TOKEN}\n"));
    write(&sandbox, ".gemini/.env", format!("GITHUB_TOKEN={TOKEN}\n"));
    let findings = findings_in(&sandbox, &folder, &[], 1);
    let open = plaintext(&findings);
    assert_eq!(open.len(), 2, "{open:#?}");
    for finding in open {
        assert!(finding["action"]["command"].as_str().unwrap().starts_with("mcpcred import dotenv "));
        follow(&sandbox, &folder, &finding["action"]["command"], &["--yes"], b"");
    }
    assert!(plaintext(&findings_in(&sandbox, &folder, &[], 0)).is_empty());

    let servers = json!({ "mcpServers": { "mine": { "command": "x", "env": { "GH": TOKEN } } } }).to_string();
    write(&sandbox, ".claude.json", &servers);
    write(&sandbox, ".claude/backups/.claude.json.backup.1763800000000", &servers);
    let findings = findings_in(&sandbox, &folder, &[], 1);
    let open = plaintext(&findings);
    let copy = open.iter().find(|it| it["server"].is_null()).unwrap();
    assert_eq!(copy["action"]["command"], "mcpcred protect --client claude-code --server mine --scrub");
    follow(&sandbox, &folder, &copy["action"]["command"], &["--yes"], b"");
    assert!(plaintext(&findings_in(&sandbox, &folder, &[], 0)).is_empty());
    assert!(sandbox.files_holding(CANARY.as_bytes()).is_empty());
}

#[test]
fn what_is_missing_expired_or_in_another_profile_is_stored_by_the_command_that_is_named() {
    let entry = |arguments: Value| {
        json!({ "mcpServers": { "x": { "command": "mcpcred", "args": arguments } } }).to_string()
    };
    let sandbox = Sandbox::new();
    let more = ["--stdin"];
    for (arguments, checked, reason) in [
        (json!(["run", "-e", "A", "--", "x"]), &[][..], "missing"),
        (json!(["run", "--server", "acme", "--profile", "work", "-e", "B", "--", "x"]), &[], "missing"),
        (json!(["run", "-e", "C", "--", "x"]), &["--profile", "home"], "missing"),
        (json!(["run", "-e", "OLD", "--", "x"]), &[], "expired"),
    ] {
        if reason == "expired" {
            sandbox
                .feed(["add", "OLD", "--stdin", "--expires", "2020-01-31"], b"f4e1c0a7b2d95863")
                .succeeds();
        }
        let folder = project(&sandbox, &entry(arguments));
        let finding = the(&findings_in(&sandbox, &folder, checked, 1), reason);
        let value = format!("a7b2d95863f4e1c0{}", u8::from(reason == "expired"));
        // A value that has another in its place gets a date of its own.
        let dated = [&more[..], &["--expires", "2099-01-31"]].concat();
        let more = if reason == "expired" { &dated[..] } else { &more };
        follow(&sandbox, &folder, &finding["action"]["command"], more, value.as_bytes());
        let findings = findings_in(&sandbox, &folder, checked, 0);
        assert!(findings.iter().all(|it| it["status"] == "ready"), "{findings:#?}");
    }
}

#[test]
#[cfg(unix)]
fn what_a_shell_is_told_to_do_mends_too() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITHUB_TOKEN", "--stdin"], TOKEN.as_bytes()).succeeds();
    let entry = json!({ "command": "a-server", "env": { "GITHUB_TOKEN": "${GITHUB_TOKEN}", "X": TOKEN } });
    let folder = project(&sandbox, &json!({ "mcpServers": { "x": entry } }).to_string());
    std::fs::set_permissions(sandbox.path(""), PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::set_permissions(folder.join(".mcp.json"), PermissionsExt::from_mode(0o644)).unwrap();
    let findings = findings_in(&sandbox, &folder, &[], 1);
    let command = |reason: &str| the(&findings, reason)["action"]["command"].as_str().unwrap().to_owned();
    let program = env!("CARGO_BIN_EXE_mcpcred");
    let lines = format!(
        "mcpcred() {{ {program} \"$@\"; }}\n{}\n{}\nmcpcred check --json || true\n",
        command("world_readable"),
        command("unset_reference")
    );
    let mut shell = std::process::Command::new("sh");
    sandbox.surround(&mut shell);
    shell.args(["-c", &lines]).current_dir(&folder);
    let document = Ran(feed(shell, b"")).succeeds().json("check");
    let findings = document["findings"].as_array().unwrap();
    let reasons: Vec<_> = findings.iter().map(|it| it["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons.iter().filter(|it| **it != "ok").collect::<Vec<_>>(), [&"plaintext"], "{findings:#?}");
}

#[test]
fn a_token_in_a_file_that_can_not_be_read_as_a_configuration_is_told_too() {
    let sandbox = Sandbox::new();
    let broken = format!(r#"{{"mcpServers": {{"x": {{"env": {{"GITHUB_TOKEN": "{TOKEN}"}},"#);
    let folder = project(&sandbox, &broken);
    let findings = findings_in(&sandbox, &folder, &[], 1);
    the(&findings, "unreadable");
    assert_eq!(the(&findings, "plaintext")["location"]["column"], 48);
    // And only that, where it is about files alone.
    check_in(&sandbox, &folder, &["--exposure"]).exits(1);
}

#[test]
fn a_name_that_no_shell_takes_as_it_is_stands_in_quotes_or_not_at_all() {
    let sandbox = Sandbox::new();
    let server =
        |name: &str| json!({ "mcpServers": { name: { "command": "x", "env": { "GITHUB_TOKEN": TOKEN } } } });
    let command = |name: &str| {
        write(&sandbox, ".cursor/mcp.json", server(name).to_string());
        let findings = findings_in(&sandbox, &sandbox.path(""), &[], 1);
        the(&findings, "plaintext")["action"]["command"].as_str().unwrap().to_owned()
    };
    let quotes = if cfg!(windows) { "\"" } else { "'" };
    let start = "mcpcred protect --client cursor";
    assert_eq!(command("my server"), format!("{start} --server {quotes}my server{quotes}"));
    assert_eq!(command("a\u{202e}b\n"), start);
}

#[test]
fn a_server_that_an_administrator_allows_as_it_is_is_not_put_under_another_command() {
    let sandbox = Sandbox::new();
    let entry = json!({"mcpServers": {"x": {"command": "the-server", "args": ["y"], "env": {"GITHUB_TOKEN": TOKEN}}}});
    write(&sandbox, ".claude.json", entry.to_string());
    let folder = project(&sandbox, "{}");
    let command = || {
        let findings = findings_in(&sandbox, &folder, &["--client", "claude-code"], 1);
        the(&findings, "plaintext")["action"].clone()
    };
    assert!(command()["command"].as_str().unwrap().starts_with("mcpcred protect"));
    let allowed = json!({"allowedMcpServers": [{"serverCommand": ["the-server", "y"]}]});
    write(&sandbox, ".claude/settings.json", allowed.to_string());
    let action = command();
    let named = action["command"].as_str().unwrap_or_default();
    assert!(!named.starts_with("mcpcred protect") || named.contains("--style reference"), "{action}");
}

//! Whether it is there.

use serde_json::json;

use crate::check::{TOKEN, about, check_in, findings_in, project, the, write};
use crate::support::Sandbox;

const WRAPPED: &str = r#"{"mcpServers": {"github": {
    "command": "mcpcred",
    "args": ["run", "-e", "GITHUB_PERSONAL_ACCESS_TOKEN=GITHUB_TOKEN", "--",
             "docker", "run", "-i", "--rm", "-e", "GITHUB_PERSONAL_ACCESS_TOKEN", "ghcr.io/github/github-mcp-server"]
}}}"#;

fn with_token(sandbox: Sandbox, name: &str) -> Sandbox {
    sandbox.feed(["add", name, "--stdin"], TOKEN.as_bytes()).succeeds();
    sandbox
}

#[test]
fn a_server_that_mcpcred_starts_is_ready_when_its_credential_is_stored() {
    let sandbox = with_token(Sandbox::new(), "GITHUB_TOKEN");
    let folder = project(&sandbox, WRAPPED);
    let findings = findings_in(&sandbox, &folder, &[], 0);
    assert_eq!(about(&findings, "github"), [("ready", "ok", "GITHUB_TOKEN")]);
    let shown = check_in(&sandbox, &folder, &[]).succeeds().stdout();
    assert!(shown.contains("github") && shown.contains("GITHUB_TOKEN"), "{shown}");
}

#[test]
fn an_address_that_mcpcred_puts_among_the_arguments_is_handed_over() {
    let sandbox = Sandbox::new();
    let address = b"postgresql://app:9vQ2mXe7Rk@db.example.com:5432/app";
    sandbox.feed(["add", "DATABASE_URI", "--stdin"], address).succeeds();
    let arguments = ["run", "--expand", "DATABASE_URI", "--", "npx", "-y"];
    let server = ["@modelcontextprotocol/server-postgres", "{{DATABASE_URI}}"];
    let entry = json!({"command": "mcpcred", "args": ([&arguments[..], &server[..]].concat())});
    let folder = project(&sandbox, &json!({"mcpServers": {"pg": entry}}).to_string());
    assert_eq!(about(&findings_in(&sandbox, &folder, &[], 0), "pg"), [("ready", "ok", "DATABASE_URI")]);
}

#[test]
fn a_server_that_reads_its_arguments_alone_gets_nothing_from_a_variable() {
    let address = "postgresql://app:9vQ2mXe7Rk@db.example.com:5432/app";
    let starts = ["npx", "-y", "@modelcontextprotocol/server-postgres"];
    let entry = |words: &[&str]| {
        json!({"mcpServers": {"pg": {"command": words[0], "args": &words[1..]}}}).to_string()
    };
    // Claude Code passes all of its environment on, and it does not help.
    let mut sandbox = Sandbox::bare();
    sandbox.set("MCPCRED_STORE", "none");
    sandbox.set("DATABASE_URI", address);
    let folder = project(&sandbox, &entry(&starts));
    let finding = the(&findings_in(&sandbox, &folder, &["--client", "claude-code"], 1), "missing");
    let sentence = finding["action"]["sentence"].as_str().unwrap();
    assert_eq!(sentence, "write `${DATABASE_URI}` among the arguments of the entry");
    let folder = project(&sandbox, &entry(&[&starts[..], &["${DATABASE_URI}"]].concat()));
    let findings = findings_in(&sandbox, &folder, &["--client", "claude-code"], 0);
    assert_eq!(about(&findings, "pg"), [("ready", "ok", "DATABASE_URI")]);
    // What is stored has to be put there as well.
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "DATABASE_URI", "--stdin"], address.as_bytes()).succeeds();
    let wrapped = [&["mcpcred", "run", "-e", "DATABASE_URI", "--"][..], &starts].concat();
    let folder = project(&sandbox, &entry(&wrapped));
    let finding = the(&findings_in(&sandbox, &folder, &[], 1), "missing");
    let sentence = finding["action"]["sentence"].as_str().unwrap();
    assert!(sentence.contains("`mcpcred run --expand DATABASE_URI -- … {{DATABASE_URI}}`"), "{sentence}");
}

#[test]
fn a_server_of_a_file_that_its_client_passes_over_is_not_ready() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, r#"{"mcpServers": {"a": {"command": "x"},}}"#);
    for arguments in [&["--client", "claude-code"][..], &["--client", "claude-code", "--server", "a"]] {
        let findings = findings_in(&sandbox, &folder, arguments, 1);
        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert!(the(&findings, "unreadable")["message"].as_str().unwrap().contains("Claude Code"));
    }
}

#[test]
fn a_file_that_an_entry_names_has_to_be_there() {
    let sandbox = Sandbox::new();
    let kubeconfig = sandbox.path("kubeconfig");
    let entry = |command: &str, words: &[&str]| {
        json!({"mcpServers": {"k8s": {"command": command, "args": words, "env": {"KUBECONFIG": kubeconfig}}}})
            .to_string()
    };
    let folder = project(&sandbox, &entry("npx", &["-y", "mcp-server-kubernetes"]));
    let only = ["--client", "claude-code"];
    assert_eq!(the(&findings_in(&sandbox, &folder, &only, 1), "missing")["credential"], "KUBECONFIG");
    // Whoever runs in a container looks it up there.
    let folder = project(&sandbox, &entry("docker", &["run", "-e", "KUBECONFIG", "mcp/kubernetes"]));
    findings_in(&sandbox, &folder, &only, 0);
    let folder = project(&sandbox, &entry("npx", &["-y", "mcp-server-kubernetes"]));
    write(&sandbox, "kubeconfig", "apiVersion: v1");
    assert_eq!(about(&findings_in(&sandbox, &folder, &only, 0), "k8s"), [("ready", "ok", "KUBECONFIG")]);
}

#[test]
fn of_several_ways_the_one_that_was_begun_is_spoken_of() {
    let sandbox = Sandbox::new();
    let entry =
        json!({"command": "npx", "args": ["-y", "slack-mcp-server"], "env": {"SLACK_MCP_XOXB_TOKEN": ""}});
    let folder = project(&sandbox, &json!({"mcpServers": {"slack": entry}}).to_string());
    let findings = findings_in(&sandbox, &folder, &["--client", "claude-code"], 1);
    assert_eq!(about(&findings, "slack"), [("problem", "empty", "SLACK_MCP_XOXB_TOKEN")]);
}

#[test]
fn a_credential_that_is_nowhere_is_missing_and_the_way_to_store_it_is_shown() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, WRAPPED);
    let finding = the(&findings_in(&sandbox, &folder, &[], 1), "missing");
    assert_eq!(finding["credential"], "GITHUB_TOKEN");
    assert_eq!(finding["action"]["command"], "mcpcred add GITHUB_TOKEN --server github");
    assert!(
        finding["action"]["page"].as_str().unwrap().starts_with("https://github.com/settings"),
        "{finding}"
    );
    let shown = check_in(&sandbox, &folder, &[]).exits(1).stdout();
    assert!(shown.contains("mcpcred add GITHUB_TOKEN"), "{shown}");
}

#[test]
fn a_server_that_the_catalog_knows_and_nobody_hands_anything_to_misses_its_credential() {
    let sandbox = Sandbox::new();
    let entry = r#"{"mcpServers": {"notes": {"command": "npx", "args": ["-y", "@notionhq/notion-mcp-server@2.5.2"]}}}"#;
    let folder = project(&sandbox, entry);
    assert_eq!(
        about(&findings_in(&sandbox, &folder, &[], 1), "notes"),
        [("problem", "missing", "NOTION_TOKEN")]
    );
}

#[test]
fn a_variable_that_is_set_is_ready_one_that_is_empty_is_not() {
    let entry = r#"{"mcpServers": {"x": {"command": "the-server", "env": {"X_TOKEN": "${X_TOKEN}"}}}}"#;
    let mut sandbox = Sandbox::new();
    let folder = project(&sandbox, entry);
    assert_eq!(about(&findings_in(&sandbox, &folder, &[], 1), "x"), [("problem", "missing", "X_TOKEN")]);
    sandbox.set("X_TOKEN", "");
    assert_eq!(about(&findings_in(&sandbox, &folder, &[], 1), "x"), [("problem", "empty", "X_TOKEN")]);
    sandbox.set("X_TOKEN", "f4e1c0a7b2d95863");
    assert_eq!(about(&findings_in(&sandbox, &folder, &[], 0), "x"), [("ready", "ok", "X_TOKEN")]);
}

#[test]
fn a_credential_that_is_stored_and_not_loaded_into_the_environment_is_told_apart_from_a_missing_one() {
    let sandbox = with_token(Sandbox::new(), "X_TOKEN");
    let entry = r#"{"mcpServers": {"x": {"command": "the-server", "env": {"X_TOKEN": "${X_TOKEN}"}}}}"#;
    let folder = project(&sandbox, entry);
    let finding = the(&findings_in(&sandbox, &folder, &[], 0), "unset_reference");
    assert_eq!(finding["status"], "warning");
    assert!(finding["action"]["command"].as_str().unwrap().contains("mcpcred"), "{finding}");
    findings_in(&sandbox, &folder, &["--strict"], 1);
}

#[test]
fn a_default_stands_in_for_a_variable_that_is_not_set() {
    let sandbox = Sandbox::new();
    let entry =
        r#"{"mcpServers": {"x": {"command": "the-server", "env": {"REGION": "${REGION:-eu-west-1}"}}}}"#;
    let folder = project(&sandbox, entry);
    findings_in(&sandbox, &folder, &[], 0);
}

#[test]
fn the_placeholder_of_the_old_guide_is_passed_on_literally_by_claude_code_and_what_works_is_offered() {
    let mut sandbox = with_token(Sandbox::new(), "GITHUB_TOKEN");
    sandbox.set("GITHUB_TOKEN", TOKEN);
    let entry = r#"{"mcpServers": {"github": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"],
        "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "${env:GITHUB_TOKEN}"}}}}"#;
    write(&sandbox, ".claude.json", entry);
    let findings = findings_in(&sandbox, &sandbox.path(""), &["--client", "claude-code"], 1);
    let finding = the(&findings, "unsupported_reference");
    assert_eq!(finding["clients"], serde_json::json!(["claude-code"]));
    let action = finding["action"]["sentence"].as_str().unwrap();
    assert!(action.contains("${GITHUB_TOKEN}"), "{action}");
}

#[test]
fn the_same_placeholder_in_cursor_is_fine() {
    let mut sandbox = Sandbox::new();
    sandbox.set("GITHUB_TOKEN", TOKEN);
    let entry = r#"{"mcpServers": {"github": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"],
        "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "${env:GITHUB_TOKEN}"}}}}"#;
    write(&sandbox, ".cursor/mcp.json", entry);
    let findings = findings_in(&sandbox, &sandbox.path(""), &["--client", "cursor"], 0);
    assert_eq!(about(&findings, "github"), [("ready", "ok", "GITHUB_TOKEN")]);
}

#[test]
fn a_placeholder_that_mcp_remote_resolves_itself_is_no_fault() {
    let mut sandbox = Sandbox::new();
    sandbox.set("LINEAR", "f4e1c0a7b2d95863");
    let entry = r#"{"mcpServers": {"linear": {"command": "npx",
        "args": ["mcp-remote", "https://mcp.linear.app/mcp", "--header", "Authorization:${AUTH}"],
        "env": {"AUTH": "Bearer ${LINEAR}"}}}}"#;
    let folder = project(&sandbox, entry);
    assert_eq!(about(&findings_in(&sandbox, &folder, &[], 0), "linear"), [("ready", "ok", "LINEAR")]);
}

#[test]
fn a_variable_whose_name_says_nothing_is_missed_where_a_secret_belongs() {
    let mut sandbox = Sandbox::new();
    let entries = r#"{"mcpServers": {
        "variable": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"], "env": {"GITHUB_TOKEN": "${HUB}"}},
        "header": {"type": "http", "url": "https://x.example/mcp", "headers": {"Authorization": "Bearer ${HUB}"}},
        "flag": {"command": "x", "args": ["--api-key=${HUB}"]},
        "container": {"command": "docker", "args": ["run", "-i", "-e", "GITHUB_TOKEN=${HUB}", "image"]},
        "password": {"command": "x", "env": {"DB_URI": "postgresql://me:${HUB}@host/db"}},
        "part": {"command": "x", "env": {"TOKEN_URL": "https://${HUB}/token", "LOG": "${HUB}"}}
    }}"#;
    let folder = project(&sandbox, entries);
    let findings = findings_in(&sandbox, &folder, &["--client", "claude-code"], 1);
    for server in ["variable", "header", "flag", "container", "password"] {
        assert_eq!(about(&findings, server), [("problem", "missing", "HUB")], "{server}");
    }
    assert!(about(&findings, "part").iter().all(|it| (it.0, it.1) == ("warning", "unset_reference")));
    assert!(!about(&findings, "part").is_empty());
    // Nor is a word that stands for one a value.
    sandbox.set("HUB", "your-token-here");
    let findings = findings_in(&sandbox, &folder, &["--client", "claude-code"], 1);
    assert_eq!(about(&findings, "header"), [("problem", "malformed", "HUB")]);
    sandbox.set("HUB", TOKEN);
    let findings = findings_in(&sandbox, &folder, &["--client", "claude-code"], 0);
    assert_eq!(about(&findings, "header"), [("ready", "ok", "HUB")]);
}

#[test]
fn a_name_of_a_variable_for_a_header_is_missed_whatever_it_is() {
    let sandbox = Sandbox::new();
    let entry = "[mcp_servers.x]\nurl = \"https://x.example/mcp\"\nbearer_token_env_var = \"HUB\"\n";
    write(&sandbox, ".codex/config.toml", entry);
    let findings = findings_in(&sandbox, &sandbox.path(""), &["--client", "codex"], 1);
    assert_eq!(about(&findings, "x"), [("problem", "missing", "HUB")]);
}

#[test]
fn a_container_without_any_store_is_checked_against_its_environment() {
    let mut sandbox = Sandbox::bare();
    sandbox.set("MCPCRED_STORE", "none");
    let folder = project(&sandbox, WRAPPED);
    let finding = the(&findings_in(&sandbox, &folder, &[], 1), "missing");
    assert_eq!(finding["credential"], "GITHUB_TOKEN");
    assert!(finding["action"]["command"].is_null(), "nothing can be stored: {finding}");
    sandbox.set("GITHUB_TOKEN", TOKEN);
    assert_eq!(about(&findings_in(&sandbox, &folder, &[], 0), "github"), [("ready", "ok", "GITHUB_TOKEN")]);
    assert!(!sandbox.data().exists(), "a check leaves nothing behind");
}

#[test]
fn a_store_that_does_not_open_is_said_and_ends_with_its_own_status() {
    let mut sandbox = with_token(Sandbox::new(), "GITHUB_TOKEN");
    let folder = project(&sandbox, WRAPPED);
    sandbox.unset("MCPCRED_KEY_FILE");
    let finding = the(&findings_in(&sandbox, &folder, &[], 4), "store_unavailable");
    assert_eq!(finding["status"], "unknown");
}

#[test]
fn what_a_lockdown_covers_is_said_and_hides_nothing_else() {
    let sandbox = with_token(with_token(Sandbox::new(), "GITHUB_TOKEN"), "OTHER_TOKEN");
    let entry = |name: &str| json!({"command": "mcpcred", "args": ["run", "-e", name, "--", "the-server"]});
    let entries = json!({"mcpServers": {"github": entry("GITHUB_TOKEN"), "other": entry("OTHER_TOKEN")}});
    let folder = project(&sandbox, &entries.to_string());
    sandbox.run(["lockdown", "GITHUB_TOKEN", "--no-revoke"]).succeeds();
    let findings = findings_in(&sandbox, &folder, &["--client", "claude-code"], 1);
    let finding = the(&findings, "store_unavailable");
    assert_eq!((&finding["credential"], &finding["status"]), (&json!("GITHUB_TOKEN"), &json!("problem")));
    assert!(finding["message"].as_str().unwrap().contains("`GITHUB_TOKEN` is not handed out"), "{finding}");
    assert_eq!(finding["action"]["command"], "mcpcred lockdown --status");
    assert_eq!(about(&findings, "other"), [("ready", "ok", "OTHER_TOKEN")]);
    // It asked for no value that it may not have.
    let refused = sandbox.run(["audit", "--json"]).succeeds().json("audit");
    assert!(!refused["lines"].as_array().unwrap().iter().any(|line| line["outcome"] == "denied"));
}

#[test]
fn what_the_project_says_it_needs_is_checked_too() {
    let sandbox = with_token(Sandbox::new(), "GITHUB_TOKEN");
    let folder = project(&sandbox, "{}");
    write(&sandbox, "work/.mcpcred.toml", "credentials = [\"GITHUB_TOKEN\", \"SENTRY_ACCESS_TOKEN\"]\n");
    let findings = findings_in(&sandbox, &folder, &[], 1);
    assert_eq!(the(&findings, "missing")["credential"], "SENTRY_ACCESS_TOKEN");
}

#[test]
fn the_nearer_configuration_wins_over_the_farther_one() {
    let mut sandbox = Sandbox::new();
    sandbox.set("HERE_TOKEN", "f4e1c0a7b2d95863");
    let entry = |name: &str| {
        format!(r#"{{"mcpServers": {{"x": {{"command": "the-server", "env": {{"X": "${{{name}}}"}}}}}}}}"#)
    };
    write(&sandbox, ".claude.json", entry("FAR_TOKEN"));
    write(&sandbox, ".claude/settings.json", r#"{"enableAllProjectMcpServers": true}"#);
    let folder = project(&sandbox, &entry("HERE_TOKEN"));
    let findings = findings_in(&sandbox, &folder, &["--client", "claude-code"], 0);
    assert_eq!(about(&findings, "x"), [("ready", "ok", "HERE_TOKEN")]);
}

#[test]
fn a_path_to_a_file_of_credentials_is_looked_up_and_not_taken_for_a_secret() {
    let mut sandbox = Sandbox::new();
    let entry = r#"{"mcpServers": {"k8s": {"command": "npx", "args": ["-y", "mcp-server-kubernetes"],
        "env": {"KUBECONFIG": "${KUBECONFIG}"}}}}"#;
    let folder = project(&sandbox, entry);
    sandbox.set("KUBECONFIG", sandbox.path("kubeconfig").to_str().unwrap());
    let finding = the(&findings_in(&sandbox, &folder, &[], 1), "missing");
    assert_eq!(finding["credential"], "KUBECONFIG");
    write(&sandbox, "kubeconfig", "apiVersion: v1\n");
    findings_in(&sandbox, &folder, &[], 0);
}

#[test]
fn servers_under_the_key_of_another_client_are_told() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, r#"{"mcpServers": {}}"#);
    let servers = r#"{"github": {"command": "npx", "args": ["x"]}}"#;
    for (file, content, wanted, status) in [
        ("work/.vscode/mcp.json", format!(r#"{{"mcpServers": {servers}}}"#), "`servers`", "problem"),
        (".cursor/mcp.json", format!(r#"{{"servers": {servers}}}"#), "`mcpServers`", "problem"),
        (
            ".cursor/mcp.json",
            format!(r#"{{"servers": {servers}, "mcpServers": {servers}}}"#),
            "`mcpServers`",
            "warning",
        ),
        (".codex/config.toml", "[mcpServers.x]\ncommand = \"npx\"\n".to_owned(), "`mcp_servers`", "problem"),
    ] {
        let path = write(&sandbox, file, &content);
        let findings = findings_in(&sandbox, &folder, &[], i32::from(status == "problem"));
        let finding = the(&findings, "misconfigured");
        assert_eq!((&finding["status"], &finding["server"]), (&json!(status), &json!(null)), "{file}");
        assert!(finding["message"].as_str().unwrap().contains(wanted), "{finding}");
        std::fs::remove_file(path).unwrap();
    }
    // What only looks like it: lists of Gemini, and a key that another reader of the file has.
    write(
        &sandbox,
        ".gemini/settings.json",
        r#"{"mcpServers": {}, "mcp": {"allowed": ["x"], "command": "x"}}"#,
    );
    assert!(findings_in(&sandbox, &folder, &[], 0).iter().all(|it| it["reason"] != "misconfigured"));
}

#[test]
#[cfg(target_os = "linux")]
fn what_mends_an_entry_hands_the_value_over_under_the_name_that_the_server_reads() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    let variable = json!({"command": "npx", "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "${GITHUB_TOKEN}"}});
    let header =
        json!({"url": "https://mcp.example.com", "headers": {"Authorization": "Bearer your-token-here"}});
    write(
        &sandbox,
        ".config/Claude/claude_desktop_config.json",
        json!({"mcpServers": {"local": variable}}).to_string(),
    );
    write(&sandbox, ".cursor/mcp.json", json!({"mcpServers": {"remote": header}}).to_string());
    let findings = findings_in(&sandbox, &folder, &[], 1);
    let advice = |reason: &str| {
        let action = the(&findings, reason)["action"].clone();
        (action["sentence"].as_str().unwrap().to_owned(), action["command"].clone())
    };
    let (sentence, _) = advice("unsupported_reference");
    let command = "`mcpcred run -e GITHUB_PERSONAL_ACCESS_TOKEN=GITHUB_TOKEN -- npx …`";
    assert!(sentence.contains(command), "{sentence}");
    let (sentence, command) = advice("malformed");
    assert!(sentence.contains("`${env:REMOTE_TOKEN}`"), "{sentence}");
    assert_eq!(command, "mcpcred add REMOTE_TOKEN");
}

#[test]
fn a_variable_that_is_set_and_does_not_come_to_the_server_is_not_called_missing() {
    let mut sandbox = Sandbox::new();
    sandbox.set("NOTION_TOKEN", "f4e1c0a7b2d95863");
    let folder = project(&sandbox, "{}");
    let entry = json!({"command": "npx", "args": ["-y", "@notionhq/notion-mcp-server"]});
    let servers = json!({ "mcpServers": { "notes": entry } }).to_string();
    let codex = "[mcp_servers.notes]\ncommand = \"npx\"\nargs = [\"-y\", \"@notionhq/notion-mcp-server\"]\n";
    for (client, file, content, expected, words, advice) in [
        ("claude-code", "work/.mcp.json", servers.as_str(), ("ready", "ok"), "is there", ""),
        (
            "cursor",
            "work/.cursor/mcp.json",
            &servers,
            ("unknown", "not_verifiable"),
            "not known whether Cursor",
            "`\"NOTION_TOKEN\": \"${env:NOTION_TOKEN}\"`",
        ),
        (
            "gemini-cli",
            "work/.gemini/settings.json",
            &servers,
            ("problem", "missing"),
            "Gemini CLI does not pass",
            "`\"NOTION_TOKEN\": \"${NOTION_TOKEN}\"`",
        ),
        ("codex", ".codex/config.toml", codex, ("problem", "missing"), "Codex does not pass", "`env_vars`"),
        (
            "roo-code",
            "work/.roo/mcp.json",
            &servers,
            ("problem", "missing"),
            "Roo Code does not pass",
            "${env:",
        ),
    ] {
        let path = write(&sandbox, file, content);
        let status = i32::from(expected.0 == "problem");
        let findings = findings_in(&sandbox, &folder, &["--client", client], status);
        assert_eq!(about(&findings, "notes"), [(expected.0, expected.1, "NOTION_TOKEN")], "{client}");
        let message = findings[0]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
        let sentence = findings[0]["action"]["sentence"].as_str().unwrap_or_default();
        assert!(sentence.contains(advice), "{sentence}");
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_path_that_looks_like_no_secret_comes_to_a_server_of_gemini_by_itself() {
    let mut sandbox = Sandbox::new();
    let config = write(&sandbox, "kubeconfig", "apiVersion: v1\n");
    sandbox.set("KUBECONFIG", config.to_str().unwrap());
    let folder = project(&sandbox, "{}");
    let entry = json!({"mcpServers": {"k8s": {"command": "npx", "args": ["-y", "mcp-server-kubernetes"]}}});
    write(&sandbox, "work/.gemini/settings.json", entry.to_string());
    assert_eq!(about(&findings_in(&sandbox, &folder, &[], 0), "k8s"), [("ready", "ok", "KUBECONFIG")]);
}

#[test]
#[cfg(unix)]
fn a_vault_that_only_a_person_can_open_is_closed_to_servers() {
    let mut sandbox = Sandbox::bare();
    sandbox.set("MCPCRED_STORE", "vault");
    sandbox.set("MCPCRED_PASSPHRASE", crate::support::PASSPHRASE);
    let sandbox_with_passphrase = with_token(sandbox, "GITHUB_TOKEN");
    let folder = project(&sandbox_with_passphrase, WRAPPED);
    assert_eq!(
        about(&findings_in(&sandbox_with_passphrase, &folder, &[], 0), "github"),
        [("ready", "ok", "GITHUB_TOKEN")]
    );
    let mut sandbox = sandbox_with_passphrase;
    sandbox.unset("MCPCRED_PASSPHRASE");
    // Opened by whoever checks, and by nobody else.
    let mut command = sandbox.command(["check", "--json", "--passphrase-fd", "0"]);
    command.current_dir(&folder);
    let ran = crate::support::Ran(crate::support::feed(command, crate::support::PASSPHRASE.as_bytes()));
    let findings = ran.exits(0).json("check")["findings"].as_array().unwrap().clone();
    let finding = the(&findings, "store_unavailable");
    assert_eq!((&finding["status"], &finding["server"]), (&json!("warning"), &json!("github")));
    assert_eq!(finding["action"]["command"], "mcpcred store unlock");
}

#[test]
fn a_file_of_variables_that_is_not_there_is_told() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    let entry = |file: &str| json!({"servers": {"x": {"command": "x", "envFile": file}}}).to_string();
    for file in ["${workspaceFolder}/.env", ".env", "~/away.env"] {
        write(&sandbox, "work/.vscode/mcp.json", entry(file));
        let finding = the(&findings_in(&sandbox, &folder, &[], 0), "misconfigured");
        assert_eq!((&finding["status"], &finding["server"]), (&json!("warning"), &json!("x")), "{file}");
        assert_eq!(finding["location"]["pointer"], "/servers/x/envFile");
    }
    write(&sandbox, "work/.env", "REGION=eu\n");
    for file in ["${workspaceFolder}/.env", "${env:ELSEWHERE}/.env"] {
        write(&sandbox, "work/.vscode/mcp.json", entry(file));
        let findings = findings_in(&sandbox, &folder, &[], 0);
        assert!(findings.iter().all(|it| it["reason"] != "misconfigured"), "{file}: {findings:#?}");
    }
}

#[test]
fn of_a_client_that_nobody_has_told_of_no_placeholder_is_called_wrong() {
    let sandbox = with_token(Sandbox::new(), "GITHUB_TOKEN");
    let folder = project(&sandbox, "{}");
    let server = json!({"command": "x", "env": {"GITHUB_TOKEN": "${env:GITHUB_TOKEN}"}});
    write(&sandbox, ".kimi/mcp.json", json!({"mcpServers": {"hub": server}}).to_string());
    let finding = the(&findings_in(&sandbox, &folder, &[], 0), "unsupported_reference");
    assert_eq!(finding["status"], "unknown");
    assert_eq!(finding["message"], "whether Kimi CLI fills in `${env:GITHUB_TOKEN}` is not known");
    assert!(finding["action"]["sentence"].as_str().unwrap().contains("mcpcred"), "{finding}");
}

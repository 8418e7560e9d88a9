//! A person sets up what their servers need: one server in one client, or a whole first day.

use std::fs;
use std::path::Path;
use std::process::Command;

#[cfg(target_os = "linux")]
use serde_json::Value;

use crate::check::TOKEN as VALUE;
use crate::support::{CANARY, Ran, Sandbox};

pub(crate) const TOKEN: &str = "GITHUB_PERSONAL_ACCESS_TOKEN";

/// The command that the tests have a server started by: what is installed here does not count.
pub(crate) const START: [&str; 4] = ["--", "npx", "-y", "@modelcontextprotocol/server-github"];

/// A person whose token is stored, and looks like one.
fn ready() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", TOKEN, "--stdin"], VALUE.as_bytes()).succeeds();
    sandbox
}

pub(crate) fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A person who stands in a project, which is a repository in their home.
pub(crate) fn in_project(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let project = sandbox.path("project");
    fs::create_dir_all(project.join(".git")).unwrap();
    let mut command: Command = sandbox.command(arguments);
    command.current_dir(project);
    Ran(crate::support::feed(command, b""))
}

fn add(sandbox: &Sandbox, client: &str, more: &[&str]) -> Ran {
    let words = ["setup", "--server", "github", "--client", client, "--yes"];
    in_project(sandbox, &[&words[..], more, &START].concat())
}

fn clients(sandbox: &Sandbox) -> Vec<String> {
    let document = sandbox.run(["servers", "--clients", "--json"]).succeeds().json("clients");
    let clients = document["clients"].as_array().unwrap();
    clients.iter().map(|client| client["id"].as_str().unwrap().to_owned()).collect()
}

/// Every client, for every scope that it has: what is written is read back as the same server, and is ready. The
/// files are one snapshot, so that a change of what is written is always seen in review.
#[test]
#[cfg(target_os = "linux")]
fn every_client_gets_the_server_in_its_own_words() {
    let sandbox = ready();
    let mut written = String::new();
    for client in clients(&sandbox) {
        for scope in ["user", "project", "local"] {
            let ran = add(&sandbox, &client, &["--scope", scope, "--json"]);
            if ran.0.status.code() == Some(2) {
                let said = ran.stderr();
                assert!(said.contains("keeps no servers") || said.contains("may write"), "{client}: {said}");
                continue;
            }
            let document = ran.succeeds().json("setup-server");
            assert_eq!(document["change"], "added", "{client} {scope}");
            let path = Path::new(document["file"].as_str().unwrap());
            let content = fs::read_to_string(path).unwrap();
            #[cfg(unix)]
            {
                let mode =
                    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions());
                assert_eq!(mode & 0o777, 0o600, "{}", path.display());
            }
            let check = ["check", "--client", &client, "--server", "github", "--json"];
            let report = in_project(&sandbox, &check).exits(0).json("check");
            let findings = report["findings"].as_array().unwrap();
            let is_ready = |finding: &Value| finding["status"] == "ready" && finding["credential"] == TOKEN;
            assert!(findings.iter().any(is_ready), "{client} {scope}: {report:#}");

            let again = add(&sandbox, &client, &["--scope", scope, "--json"]).succeeds().json("setup-server");
            assert_eq!(again["change"], "unchanged", "{client} {scope}");
            assert_eq!(fs::read_to_string(path).unwrap(), content, "{client} {scope}");
            written.push_str(&page(&sandbox, &client, scope, path, &content));
            // The next one begins with an empty file, where several clients share one.
            fs::remove_file(path).unwrap();
        }
    }
    assert_eq!(sandbox.files_holding(VALUE.as_bytes()), Vec::<std::path::PathBuf>::new());
    // What Windows and macOS call their folders is held by unit tests.
    #[cfg(target_os = "linux")]
    snapbox::assert_data_eq!(written, snapbox::file!["setup.txt"].raw());
}

fn page(sandbox: &Sandbox, client: &str, scope: &str, path: &Path, content: &str) -> String {
    let home = sandbox.path("");
    let path = path.strip_prefix(&home).unwrap().display().to_string();
    let content = content.replace(env!("CARGO_BIN_EXE_mcpcred"), "/home/you/.cargo/bin/mcpcred");
    let content = content.replace(home.to_str().unwrap().trim_end_matches('/'), "/home/you");
    format!("---------- {client}, {scope}: {path}\n{content}\n")
}

#[test]
fn what_is_there_stays_as_it_is() {
    let sandbox = ready();
    let jsonc = "{\r\n\t// mine\r\n\t\"servers\": {\r\n\t\t\"other\": { \"command\": \"x\", }, // and this\r\n\t},\r\n}\r\n";
    let toml = "# mine\nmodel = \"m\"\n\n[mcp_servers.other]\ncommand = 'x'  # and this\n";
    let yaml = "# mine\nextensions:\n  other:\n    cmd: x # and this\n    type: stdio\n";
    for (client, file, before) in [
        ("vscode", ".config/Code/User/mcp.json", jsonc),
        ("codex", ".codex/config.toml", toml),
        ("goose", ".config/goose/config.yaml", yaml),
        (
            "claude-code",
            ".claude.json",
            "{\"numStartups\":1.50,\"mcpServers\":{\"other\":{\"command\":\"x\"}}}",
        ),
        ("cursor", ".cursor/mcp.json", "\u{feff}{\n    \"mcpServers\": {}\n}"),
        ("zed", ".config/zed/settings.json", "// mine\n{\n  \"theme\": \"x\",\n}\n"),
        ("warp", ".warp/.mcp.json", "  \n"),
    ] {
        let path = sandbox.path(file);
        write(&path, before);
        add(&sandbox, client, &[]).succeeds().says("Added `github`");
        let after = fs::read_to_string(&path).unwrap();
        // Every line of before is there, in order, but for a comma and a bracket that moved on.
        let plain = |line: &str| line.trim_end_matches(['\r', '\n', ',', '}', ' ']).to_owned();
        let mut lines = after.split('\n').map(plain);
        for line in before.split('\n').map(plain).filter(|line| !line.is_empty()) {
            assert!(lines.any(|other| other.starts_with(&line)), "{client}: `{line}` is gone from\n{after}");
        }
        assert_eq!(before.contains("\r\n"), after.contains("\r\n"), "{client}");
        assert_eq!(before.starts_with('\u{feff}'), after.starts_with('\u{feff}'), "{client}");
        in_project(&sandbox, &["check", "--client", client, "--server", "github"]).succeeds();
    }
}

#[test]
fn a_server_of_that_name_is_shown_beside_the_new_one_and_stays() {
    let sandbox = Sandbox::new().with(TOKEN);
    let path = sandbox.path(".cursor/mcp.json");
    let before = format!(r#"{{"mcpServers": {{"github": {{"command": "x", "env": {{"T": "{CANARY}"}}}}}}}}"#);
    write(&path, &before);
    let ran = add(&sandbox, "cursor", &[]).exits(1).says("another server named `github`").says("--name");
    assert!(ran.stderr().contains("@modelcontextprotocol/server-github"), "{}", ran.said());
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    add(&sandbox, "cursor", &["--name", "github-2"]).succeeds().says("Added `github-2`");
}

#[test]
#[cfg(target_os = "linux")]
fn what_would_be_written_is_shown_with_every_value_of_the_file_covered() {
    let sandbox = Sandbox::new();
    let path = sandbox.path(".config/Code/User/mcp.json");
    let before = format!(
        "{{\n  // {CANARY}\n  \"servers\": {{\n    \"a\": {{ \"env\": {{ \"T\": \"{CANARY}\" }} }}\n  }}\n}}\n"
    );
    write(&path, &before);
    let words = ["setup", "--server", "github", "--client", "vscode", "--dry-run"];
    let shown = in_project(&sandbox, &[&words[..], &START].concat()).succeeds();
    assert!(!shown.stdout().contains(CANARY), "{}", shown.stdout());
    assert!(shown.stdout().contains("+    \"github\": {"), "{}", shown.stdout());
    assert!(shown.stdout().contains("\"T\": \"…\""), "{}", shown.stdout());
    let document = in_project(&sandbox, &[&words[..], &["--json"], &START].concat()).succeeds();
    assert!(!document.stdout().contains(CANARY));
    let document = document.json("setup-server");
    assert_eq!(
        (&document["change"], &document["credentials"][0]["stored"]),
        (&"would-add".into(), &false.into())
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
}

#[test]
fn without_a_terminal_nothing_is_asked_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    add(&sandbox, "cursor", &[])
        .exits(5)
        .says("mcpcred add GITHUB_PERSONAL_ACCESS_TOKEN --server github --stdin");
    let sandbox = sandbox.with(TOKEN);
    let words = ["setup", "--server", "github", "--client", "cursor"];
    in_project(&sandbox, &[&words[..], &START].concat()).exits(5).says("--yes");
    assert!(!sandbox.path(".cursor").exists());
}

#[test]
fn what_can_not_be_is_wrong_usage_and_says_what_can() {
    let sandbox = Sandbox::new();
    let setup = |words: &[&str]| in_project(&sandbox, &[&["setup"], words].concat());
    setup(&["--server", "github"]).exits(2).says("--client");
    setup(&["--server", "githb", "--client", "cursor"]).exits(3).says("did you mean `github`");
    setup(&["--server", "github", "--client", "curser"]).exits(2).says("did you mean `cursor`");
    setup(&["--server", "github", "--client", "cursor", "--scope", "local"])
        .exits(2)
        .says("user and project");
    setup(&["--server", "github", "--client", "mcp-remote"]).exits(2).says("servers --clients");
    setup(&["--server", "azure-devops", "--client", "cursor"]).exits(2).says("`ORGANIZATION`");
    write(&sandbox.path(".cursor/mcp.json"), "{ not json");
    add(&sandbox, "cursor", &[]).exits(1).says("mend the file first");
    write(&sandbox.path(".cursor/mcp.json"), "{ \"mcpServers\": [] }");
    add(&sandbox, "cursor", &[]).exits(1).says("not what holds servers");
}

#[test]
fn a_credential_under_another_of_its_names_and_another_profile_are_handed_over() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITHUB_TOKEN", "--stdin", "--profile", "work"], CANARY.as_bytes()).succeeds();
    let document = add(&sandbox, "cursor", &["--profile", "work", "--json"]).succeeds().json("setup-server");
    let command: Vec<&str> =
        document["command"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    let expected = ["run", "--profile", "work", "-e", "GITHUB_PERSONAL_ACCESS_TOKEN=GITHUB_TOKEN"];
    assert_eq!(command[1..6], expected);
}

#[test]
fn a_key_that_is_good_to_have_is_left_out_while_there_is_none() {
    let sandbox = Sandbox::new();
    let words = ["setup", "--server", "context7", "--client", "cursor", "--yes", "--json"];
    let document = in_project(&sandbox, &words).succeeds().json("setup-server");
    assert_eq!(document["credentials"].as_array().unwrap().len(), 0, "{document}");
    assert_eq!(document["command"][0], "npx", "{document}");
    in_project(&sandbox, &["check", "--client", "cursor"]).succeeds();
}

#[cfg(target_os = "linux")]
mod real_clients {
    use super::*;
    use crate::support::clients::{Client, Desk};

    #[test]
    fn real_clients_start_it_with_the_token_that_is_in_no_file() {
        for client in Client::ALL {
            let Some(desk) = Desk::with(client) else { continue };
            desk.sandbox.feed(["add", TOKEN, "--stdin"], VALUE.as_bytes()).succeeds();
            let probe = desk.command("github", &[]);
            let mut words = vec!["setup", "--server", "github", "--client", client.id(), "--yes", "--"];
            words.extend(probe.iter().map(String::as_str));
            let mut command: Command = desk.sandbox.command(&words);
            command.current_dir(desk.project());
            Ran(crate::support::feed(command, b"")).succeeds();
            assert_eq!(desk.sandbox.files_holding(VALUE.as_bytes()), Vec::<std::path::PathBuf>::new());
            let said = desk.start_servers(client).said();
            let reached = desk.reached("github").unwrap_or_else(|| panic!("{client:?}: {said}"));
            assert_eq!(reached.environment[TOKEN], VALUE, "{client:?}");
        }
    }
}

#[test]
fn a_server_that_reads_its_arguments_alone_is_set_up_with_the_credential_among_them() {
    let sandbox = Sandbox::new().with("NEON_API_KEY");
    let words = ["setup", "--server", "neon", "--client", "cursor", "--yes", "--json"];
    let start = ["--", "npx", "-y", "@neondatabase/mcp-server-neon", "start"];
    let document = in_project(&sandbox, &[&words[..], &start].concat()).succeeds().json("setup-server");
    let command: Vec<&str> =
        document["command"].as_array().unwrap().iter().filter_map(|word| word.as_str()).skip(1).collect();
    let expected =
        ["run", "--expand", "NEON_API_KEY", "--", "npx", "-y", "@neondatabase/mcp-server-neon", "start"];
    assert_eq!(command, [&expected[..], &["{{NEON_API_KEY}}"]].concat());
}

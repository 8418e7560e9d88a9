//! Configurations that nobody wrote by hand.

use std::fmt::Write;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::check::{about, check_in, findings_in, project, the};
use crate::support::Sandbox;

/// Far more than a check needs, even with the test's own slowness.
const PATIENCE: Duration = Duration::from_secs(20);

#[track_caller]
fn is_unreadable(content: impl AsRef<[u8]>) {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    fs::write(folder.join(".mcp.json"), content).unwrap();
    let begun = Instant::now();
    let finding = the(&findings_in(&sandbox, &folder, &[], 1), "unreadable");
    assert!(finding["location"]["file"].as_str().unwrap().ends_with(".mcp.json"), "{finding}");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
fn a_file_of_fifty_megabytes_is_not_read() {
    is_unreadable(vec![b' '; 50 * 1024 * 1024]);
}

#[test]
fn a_file_nested_ten_thousand_deep_is_refused() {
    is_unreadable(format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)));
    is_unreadable(format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    is_unreadable(b"{\"mcpServers\": {\"x\": {\"command\": \"\xff\xfe\"}}}");
}

#[test]
fn a_file_that_breaks_off_is_refused_with_its_place() {
    is_unreadable("{\"mcpServers\": {\n\"x\": {\"command\": \"npx\"");
}

#[test]
#[cfg(unix)]
fn a_link_to_itself_is_refused() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    fs::remove_file(folder.join(".mcp.json")).unwrap();
    std::os::unix::fs::symlink(folder.join(".mcp.json"), folder.join(".mcp.json")).unwrap();
    the(&findings_in(&sandbox, &folder, &[], 1), "unreadable");
}

#[test]
#[cfg(unix)]
fn a_device_and_a_folder_in_place_of_a_file_are_not_read() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    let path = folder.join(".mcp.json");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    let begun = Instant::now();
    the(&findings_in(&sandbox, &folder, &[], 1), "unreadable");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    the(&findings_in(&sandbox, &folder, &[], 1), "unreadable");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
#[cfg(unix)]
fn folders_that_lead_to_one_another_are_walked_once() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    fs::create_dir_all(folder.join(".devcontainer")).unwrap();
    for name in ["a", "b", "c"] {
        std::os::unix::fs::symlink(folder.join(".devcontainer"), folder.join(".devcontainer").join(name))
            .unwrap();
    }
    std::os::unix::fs::symlink(&folder, folder.join("again")).unwrap();
    let workspace = r#"{"folders": [{"path": "again/again"}, {"path": "."}, {"path": "again/again/again"}]}"#;
    fs::write(folder.join("x.code-workspace"), workspace).unwrap();
    let begun = Instant::now();
    assert!(findings_in(&sandbox, &folder, &[], 0).is_empty());
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
fn toml_and_yaml_that_grow_without_end_are_refused() {
    let deep = "[".repeat(10_000);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    for (file, content) in [
        (".codex/config.toml", format!("x = {deep}")),
        (".codex/config.toml", format!("[{}]", vec!["a"; 10_000].join("."))),
        (".config/goose/config.yaml", format!("extensions: {deep}")),
    ] {
        let sandbox = Sandbox::new();
        crate::check::write(&sandbox, file, &content);
        if file.starts_with(".config/") && !cfg!(target_os = "linux") {
            continue;
        }
        let begun = Instant::now();
        the(&findings_in(&sandbox, &sandbox.path(""), &[], 1), "unreadable");
        assert!(begun.elapsed() < PATIENCE, "{file}: {:?}", begun.elapsed());
    }
    // Nobody writes out what aliases stand for.
    for content in [format!("{bomb}mcpServers: *a29\n"), "mcpServers: &a [*a]\n".to_owned()] {
        let sandbox = Sandbox::new();
        crate::check::write(&sandbox, ".continue/config.yaml", content);
        let begun = Instant::now();
        check_in(&sandbox, &sandbox.path(""), &[]).exits(0);
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    }
}

#[test]
fn two_thousand_secrets_of_one_name_are_told_apart_in_time() {
    let sandbox = Sandbox::new();
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
    let token = |number: usize| -> String {
        let digits = (0..36).map(|digit| letters[(number * (digit * 7 + 3) + digit * digit * 5) % 62]);
        format!("ghp_{}", digits.collect::<String>())
    };
    // In capitals all of the servers have one name too.
    let name =
        |number: usize| (0..11).map(|bit| if number >> bit & 1 == 1 { 'A' } else { 'a' }).collect::<String>();
    let servers: serde_json::Map<_, _> = (0..2000)
        .map(|number| (name(number), json!({"command": "x", "env": {"GITHUB_TOKEN": token(number)}})))
        .collect();
    let folder = project(&sandbox, &json!({ "mcpServers": servers }).to_string());
    let begun = Instant::now();
    let findings = findings_in(&sandbox, &folder, &["--exposure"], 1);
    let told = findings.iter().filter(|it| it["reason"] == "plaintext").count();
    assert!(told > 1900, "{told}");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
#[cfg(target_os = "linux")]
fn a_hostile_file_takes_little_memory() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &"[".repeat(15 * 1024 * 1024));
    let program = env!("CARGO_BIN_EXE_mcpcred");
    let check = |content: &[u8]| {
        fs::write(folder.join(".mcp.json"), content).unwrap();
        let mut command = std::process::Command::new("sh");
        sandbox.surround(&mut command);
        command.args(["-c", &format!("ulimit -v 500000; exec {program} check --json")]).current_dir(&folder);
        let document = crate::support::Ran(crate::support::feed(command, b"")).exits(1).json("check");
        the(document["findings"].as_array().unwrap(), "unreadable");
    };
    check("[".repeat(15 * 1024 * 1024).as_bytes());
    check(format!("{{\"a\": \"{}", "\\u0041".repeat(2_500_000)).as_bytes());
    check(&vec![0xff; 60 * 1024 * 1024]);
}

#[test]
#[cfg(unix)]
fn a_pipe_in_place_of_a_file_is_not_waited_for() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    fs::remove_file(folder.join(".mcp.json")).unwrap();
    let path = folder.join(".mcp.json");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    the(&findings_in(&sandbox, &folder, &[], 1), "unreadable");
}

#[test]
fn of_two_keys_with_one_name_the_later_counts_and_both_are_looked_at() {
    let sandbox = Sandbox::new();
    let token = crate::check::TOKEN;
    let content = format!(
        r#"{{"mcpServers": {{"x": {{"command": "a", "env": {{"GITHUB_TOKEN": "{token}"}}}}, "x": {{"command": "b"}}}}}}"#
    );
    let folder = project(&sandbox, &content);
    let findings = findings_in(&sandbox, &folder, &[], 1);
    assert!(findings.iter().any(|it| it["reason"] == "plaintext"), "{findings:#?}");
}

#[test]
fn names_that_would_move_the_cursor_or_fake_a_line_are_shown_harmlessly() {
    let sandbox = Sandbox::new();
    let name = "git\u{1b}[2Khub\u{202e}\n::error file=x::forged";
    let servers = json!({ "mcpServers": {name: {"command": "x", "env": {"X_TOKEN": "${X_TOKEN}"}}} });
    let folder = project(&sandbox, &servers.to_string());
    for format in ["text", "github", "junit", "json", "sarif"] {
        let shown = check_in(&sandbox, &folder, &["--format", format]).exits(1).stdout();
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{format}: {shown:?}");
        assert!(!shown.contains("\n::error file=x"), "{format}: {shown}");
    }
}

#[test]
fn a_thousand_servers_are_checked_one_by_one() {
    let sandbox = Sandbox::new();
    let mut servers = String::new();
    for number in 0..1000 {
        write!(
            servers,
            r#"{}"s{number}": {{"command": "npx", "args": ["-y", "the-server"], "env": {{"T{number}_TOKEN": "${{T{number}_TOKEN}}"}}}}"#,
            if number == 0 { "" } else { "," }
        )
        .unwrap();
    }
    let folder = project(&sandbox, &format!(r#"{{"mcpServers": {{{servers}}}}}"#));
    let begun = Instant::now();
    let findings = findings_in(&sandbox, &folder, &[], 1);
    assert_eq!(about(&findings, "s999"), [("problem", "missing", "T999_TOKEN")]);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
fn what_other_commands_print_for_programs_moves_no_cursor_either() {
    let sandbox = Sandbox::new();
    let name = "git\u{1b}[2Khub\u{202e}\u{9b}2J";
    let servers = json!({ "mcpServers": {name: {"command": "x", "env": {"X_TOKEN": crate::check::TOKEN}}} });
    let folder = project(&sandbox, &servers.to_string());
    let declared = json!({"name": "io.github.acme/tickets", "description": name, "version": "1.0.0",
        "packages": [{"registryType": "npm", "identifier": "@acme/tickets", "transport": {"type": "stdio"},
            "environmentVariables": [{"name": "ACME_TOKEN", "description": name, "isSecret": true}]}]});
    fs::write(folder.join("server.json"), declared.to_string()).unwrap();
    for arguments in [
        &["protect", "--dry-run", "--project", "--json"][..],
        &["servers", "--file", "server.json", "--json"],
    ] {
        let mut command = sandbox.command(arguments);
        command.current_dir(&folder);
        let shown = crate::support::Ran(crate::support::feed(command, b"")).succeeds().stdout();
        assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{arguments:?}: {shown:?}");
        assert!(serde_json::from_str::<serde_json::Value>(&shown).is_ok(), "{arguments:?}: {shown}");
        assert!(shown.contains("\\u202e"), "the name is there: {arguments:?}: {shown}");
    }
}

#[test]
#[cfg(unix)]
fn a_folder_or_a_link_to_itself_is_no_file_of_variables_and_a_pipe_may_be_one() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    let entry = json!({"servers": {"x": {"command": "y", "envFile": "${workspaceFolder}/.env"}}});
    fs::create_dir_all(folder.join(".vscode")).unwrap();
    fs::write(folder.join(".vscode/mcp.json"), entry.to_string()).unwrap();
    let variables = folder.join(".env");
    fs::create_dir(&variables).unwrap();
    the(&findings_in(&sandbox, &folder, &["--client", "vscode"], 0), "misconfigured");
    fs::remove_dir(&variables).unwrap();
    std::os::unix::fs::symlink(&variables, &variables).unwrap();
    the(&findings_in(&sandbox, &folder, &["--client", "vscode"], 0), "misconfigured");
    fs::remove_file(&variables).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&variables).status().unwrap().success());
    let findings = findings_in(&sandbox, &folder, &["--client", "vscode"], 0);
    assert!(findings.iter().all(|it| it["status"] == "ready"), "{findings:#?}");
}

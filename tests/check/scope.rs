//! What is looked at.

use serde_json::json;

use crate::check::{about, check_in, findings_in, project, write};
use crate::support::{Ran, Sandbox, feed};

fn entry(name: &str) -> String {
    json!({"mcpServers": {name: {"command": "the-server", "env": {"X_TOKEN": "${X_TOKEN}"}}}}).to_string()
}

#[test]
fn without_any_configuration_there_is_nothing_to_do() {
    let sandbox = Sandbox::new();
    check_in(&sandbox, &sandbox.path(""), &[]).succeeds().says("no MCP configuration");
}

#[test]
fn one_file_one_client_or_one_server_can_be_asked_for() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &entry("here"));
    write(&sandbox, ".cursor/mcp.json", entry("there"));
    let all = findings_in(&sandbox, &folder, &[], 1);
    assert_eq!((about(&all, "here").len(), about(&all, "there").len()), (1, 1));
    let cursor = findings_in(&sandbox, &folder, &["--client", "cursor"], 1);
    assert_eq!((about(&cursor, "here").len(), about(&cursor, "there").len()), (0, 1));
    let here = findings_in(&sandbox, &folder, &["--server", "here"], 1);
    assert_eq!((about(&here, "here").len(), about(&here, "there").len()), (1, 0));
    let path = write(&sandbox, "elsewhere/mcp.json", entry("elsewhere"));
    let file = findings_in(&sandbox, &folder, &["--config", path.to_str().unwrap()], 1);
    assert_eq!((about(&file, "elsewhere").len(), about(&file, "here").len()), (1, 0));
}

#[test]
fn a_client_that_nobody_knows_is_a_wrong_usage_with_the_nearest_name() {
    let sandbox = Sandbox::new();
    sandbox.run(["check", "--client", "cursr"]).exits(2).says("cursor");
}

#[test]
fn a_server_that_is_nowhere_is_said() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &entry("here"));
    check_in(&sandbox, &folder, &["--server", "her"]).exits(3).says("here");
}

#[test]
fn a_file_that_is_not_there_is_a_failure() {
    let sandbox = Sandbox::new();
    sandbox.run(["check", "--config", "no-such.json"]).exits(1).says("no-such.json");
}

#[test]
fn nothing_in_a_configuration_is_executed() {
    let sandbox = Sandbox::new();
    let mark = sandbox.path("executed");
    let touch = format!("touch {}", mark.display());
    let servers = json!({
        "a": {"command": "sh", "args": ["-c", touch]},
        "b": {"type": "http", "url": "https://x.example", "headersHelper": touch},
        "c": {"command": format!("$({touch})"), "env": {"X": format!("$({touch})")}},
    });
    let folder = project(&sandbox, &json!({ "mcpServers": servers }).to_string());
    write(&sandbox, "work/crush.json", json!({ "mcp": servers }).to_string());
    check_in(&sandbox, &folder, &[]);
    assert!(!mark.exists());
}

#[test]
fn a_hook_that_only_guards_files_is_not_stopped_by_a_missing_credential() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &entry("here"));
    assert!(findings_in(&sandbox, &folder, &["--exposure"], 0).is_empty());
    let open = entry("here").replace("${X_TOKEN}", crate::check::TOKEN);
    let folder = project(&sandbox, &open);
    let findings = findings_in(&sandbox, &folder, &["--exposure"], 1);
    assert_eq!(about(&findings, "here"), [("problem", "plaintext", "X_TOKEN")]);
}

#[test]
fn a_check_changes_nothing() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &entry("here"));
    let before = std::fs::metadata(folder.join(".mcp.json")).unwrap().modified().unwrap();
    check_in(&sandbox, &folder, &[]).exits(1);
    assert_eq!(std::fs::metadata(folder.join(".mcp.json")).unwrap().modified().unwrap(), before);
    assert!(!sandbox.data().exists());
}

#[test]
fn a_project_is_found_from_any_folder_in_it() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, &entry("here"));
    let inner = folder.join("src/deep");
    std::fs::create_dir_all(&inner).unwrap();
    assert_eq!(about(&findings_in(&sandbox, &inner, &[], 1), "here").len(), 1);
}

#[test]
fn a_reader_that_goes_away_is_no_failure_of_the_check() {
    let sandbox = Sandbox::new();
    let ran = Ran(feed(sandbox.command(["check", "--format", "json"]), b""));
    ran.succeeds();
}

#[test]
fn the_same_findings_give_the_same_status_in_every_format() {
    let mut sandbox = Sandbox::new();
    let entry = |value: &str| json!({"mcpServers": {"x": {"command": "x", "env": {"X": value}}}}).to_string();
    sandbox.set("MCPCRED_STORE", "none");
    for (value, status, strict) in
        [("plain", 0, 0), ("${REGION}", 0, 1), ("${X_TOKEN}", 1, 1), (crate::check::TOKEN, 1, 1)]
    {
        let folder = project(&sandbox, &entry(value));
        for format in ["text", "json", "github", "sarif", "junit"] {
            let ran = check_in(&sandbox, &folder, &["--format", format]).exits(status);
            assert!(!ran.0.stdout.is_empty() && ran.0.stdout.ends_with(b"\n"), "{format}");
            check_in(&sandbox, &folder, &["--format", format, "--strict"]).exits(strict);
        }
    }
}

#[test]
fn a_project_of_claude_code_is_known_however_its_folder_is_written() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    let plain = folder.to_str().unwrap().to_owned();
    let mut written = vec![plain.clone(), format!("{plain}/")];
    if cfg!(windows) {
        let forward = plain.replace('\\', "/");
        let (drive, rest) = forward.split_at(1);
        written.extend([
            forward.clone(),
            forward.replace('/', "\\"),
            format!("{}{rest}", drive.to_lowercase()),
            format!("{}{rest}", drive.to_uppercase()),
            forward.to_uppercase(),
        ]);
    }
    for key in written {
        let content = json!({"projects": {
            "/somewhere/else": {"mcpServers": {"far": entry_of("FAR_TOKEN")}},
            &key: {"mcpServers": {"near": entry_of("NEAR_TOKEN")}},
        }});
        write(&sandbox, ".claude.json", content.to_string());
        let findings = findings_in(&sandbox, &folder, &["--client", "claude-code"], 1);
        assert_eq!(crate::check::about(&findings, "near"), [("problem", "missing", "NEAR_TOKEN")], "{key}");
        assert_eq!(crate::check::about(&findings, "far"), [], "{key}");
    }
}

fn entry_of(name: &str) -> serde_json::Value {
    json!({"command": "x", "env": {name: format!("${{{name}}}")}})
}

#[test]
#[cfg(windows)]
fn the_packaged_claude_desktop_has_its_configuration_elsewhere() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    let places = [
        "AppData/Roaming/Claude/claude_desktop_config.json",
        "AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json",
    ];
    for place in places {
        let open = json!({"mcpServers": {"x": {"command": "x", "env": {"X_TOKEN": crate::check::TOKEN}}}});
        let path = write(&sandbox, place, open.to_string());
        let findings = findings_in(&sandbox, &folder, &["--client", "claude-desktop"], 1);
        let location = &crate::check::the(&findings, "plaintext")["location"];
        assert_eq!(std::path::Path::new(location["file"].as_str().unwrap()), path);
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
#[cfg(any(windows, target_os = "linux"))]
fn every_profile_of_an_editor_has_servers_of_its_own() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "{}");
    let user = if cfg!(windows) { "AppData/Roaming/Code/User" } else { ".config/Code/User" };
    for (place, name) in [
        (format!("{user}/mcp.json"), "USUAL_TOKEN"),
        (format!("{user}/profiles/-3f2a1b/mcp.json"), "PROFILE_TOKEN"),
    ] {
        let content =
            json!({"servers": {"same": {"command": "x", "env": {name: format!("${{env:{name}}}")}}}});
        write(&sandbox, &place, content.to_string());
    }
    let workspace = json!({
        "folders": [{"path": "."}, {"path": "inner"}],
        "settings": {"mcp": {"servers": {"ours": {"command": "x", "env": {"TEAM_TOKEN": "${env:TEAM_TOKEN}"}}}}},
    });
    write(&sandbox, "work/team.code-workspace", workspace.to_string());
    let inner = json!({"servers": {"inner": {"command": "x", "env": {"INNER_TOKEN": "${env:INNER_TOKEN}"}}}});
    write(&sandbox, "work/inner/.vscode/mcp.json", inner.to_string());
    let findings = findings_in(&sandbox, &folder, &["--client", "vscode"], 1);
    let mut missing: Vec<_> = findings.iter().map(|it| it["credential"].as_str().unwrap()).collect();
    missing.sort_unstable();
    assert_eq!(missing, ["INNER_TOKEN", "PROFILE_TOKEN", "TEAM_TOKEN", "USUAL_TOKEN"]);
}

#[test]
fn a_flag_without_its_value_is_told_as_that() {
    let sandbox = Sandbox::new();
    for flag in ["--format", "--config", "--client"] {
        sandbox.run(["check", flag]).exits(2).says("a value is required");
    }
    sandbox.run(["check", "--format", "xml"]).exits(2).says("[possible values: text, json");
}

#[test]
#[cfg(target_os = "linux")]
fn what_vs_code_reads_beside_claude_code_is_judged_by_its_own_rules() {
    let mut sandbox = Sandbox::new();
    let entry = |value: &str| json!({"command": "x", "env": {"X_TOKEN": value}});
    let servers = json!({"mcpServers": {"both": entry("${X_TOKEN}"), "asks": entry("${input:x}"), "own": entry("${env:X_TOKEN}")}});
    let folder = project(&sandbox, &servers.to_string());
    write(&sandbox, ".config/Code/User/settings.json", "{}");
    sandbox.set("X_TOKEN", crate::check::TOKEN);
    let findings = findings_in(&sandbox, &folder, &["--client", "vscode"], 1);
    assert_eq!(crate::check::about(&findings, "both"), [("ready", "ok", "X_TOKEN")]);
    for server in ["asks", "own"] {
        let judged = crate::check::about(&findings, server);
        assert!(
            judged
                .iter()
                .all(|(status, reason, _)| (*status, *reason) == ("problem", "unsupported_reference")),
            "{judged:?}"
        );
        assert!(!judged.is_empty());
    }
    // Both together are one finding a server and credential, and say who is meant.
    let findings = findings_in(&sandbox, &folder, &[], 1);
    assert_eq!(crate::check::about(&findings, "both"), [("ready", "ok", "X_TOKEN")]);
}

//! People tell real MCP clients which servers to start, and a check knows what these make of it.

use serde_json::{Value, json};

use crate::check::{about, findings_in, the};
use crate::support::clients::{Client, Desk};

/// An entry in which something is not as a client may expect it, by the name that it is configured under.
fn odd_entries(desk: &Desk) -> Vec<(&'static str, Value)> {
    let with = |name: &str, key: &str, value: Value| {
        let mut entry = desk.entry(name, &[], &json!({}));
        entry["tools"] = json!(["*"]);
        entry[key] = value;
        entry
    };
    let mut numbered = with("argument", "env", json!({}));
    numbered["args"].as_array_mut().unwrap().push(json!(5));
    vec![
        ("fine", with("fine", "env", json!({ "X": "5" }))),
        ("number", with("number", "env", json!({ "X": 5 }))),
        ("boolean", with("boolean", "env", json!({ "X": true }))),
        ("nothing", with("nothing", "env", json!({ "X": null }))),
        ("variables", with("variables", "env", json!(["X=5"]))),
        ("argument", numbered),
        ("stdio", with("stdio", "type", json!("stdio"))),
        ("local", with("local", "type", json!("local"))),
        ("weird", with("weird", "type", json!("weird"))),
        ("typeless", with("typeless", "type", json!(null))),
        ("wordless", with("wordless", "command", json!(""))),
        ("program", with("program", "command", json!(["python3"]))),
        ("off", with("off", "disabled", json!(true))),
        ("on", with("on", "enabled", json!(false))),
        ("empty", json!({ "tools": ["*"] })),
    ]
}

/// The client starts these and no others, and a check finds a fault in each of the others but in those that are
/// turned off.
#[track_caller]
fn starts(client: Client, expected: &[&str], turned_off: &[&str]) {
    let Some(desk) = Desk::with(client) else { return };
    let entries = odd_entries(&desk);
    let servers: Value = entries.iter().map(|(name, entry)| ((*name).to_owned(), entry.clone())).collect();
    desk.write(client.file(), &json!({ "mcpServers": servers }));
    let said = desk.start_servers(client).said();
    let names = entries.iter().map(|(name, _)| *name);
    let reached: Vec<_> = names.clone().filter(|name| desk.reached(name).is_some()).collect();
    assert_eq!(reached, expected, "{said}");
    let findings = findings_in(&desk.sandbox, &desk.project(), &["--client", client.id()], 1);
    for name in names {
        let judged = about(&findings, name);
        let is_faulty = judged.contains(&("problem", "misconfigured", ""));
        let is_expected = !expected.contains(&name) && !turned_off.contains(&name);
        assert_eq!(is_faulty, is_expected, "{name}: {judged:?}");
        assert_eq!(judged.is_empty(), turned_off.contains(&name), "{name}: {judged:?}");
    }
}

#[test]
fn claude_code_passes_over_an_entry_with_a_value_of_another_sort() {
    starts(Client::ClaudeCode, &["fine", "stdio", "off", "on"], &[]);
}

#[test]
fn copilot_passes_over_an_entry_with_a_value_of_another_sort() {
    starts(Client::Copilot, &["fine", "stdio", "local", "on"], &["off"]);
}

#[test]
fn gemini_does_not_start_a_server_with_a_number_among_its_variables() {
    let started = ["fine", "nothing", "argument", "stdio", "local", "weird", "typeless", "off", "on"];
    let Some(desk) = Desk::with(Client::Gemini) else { return };
    let entries = odd_entries(&desk);
    // These it can't do anything with, and starts no server at all.
    let kept = entries.iter().filter(|(name, _)| !["variables", "program"].contains(name));
    let servers: Value = kept.clone().map(|(name, entry)| ((*name).to_owned(), entry.clone())).collect();
    desk.write(Client::Gemini.file(), &json!({ "mcpServers": servers }));
    let said = desk.start_servers(Client::Gemini).said();
    let findings = findings_in(&desk.sandbox, &desk.project(), &["--client", "gemini-cli"], 1);
    for (name, _) in kept {
        assert_eq!(desk.reached(name).is_some(), started.contains(name), "{name}: {said}");
        let judged = about(&findings, name);
        let is_faulty = judged.contains(&("problem", "misconfigured", ""));
        assert_eq!(is_faulty, !started.contains(name), "{name}: {judged:?}");
    }
}

#[test]
fn one_number_among_variables_makes_codex_and_opencode_refuse_the_whole_file() {
    for (client, right) in [
        (Client::Codex, "[mcp_servers.ours]\ncommand = \"python3\"\nargs = ARGS\nenv = { X = \"5\" }\n"),
        (
            Client::Opencode,
            r#"{"mcp": {"ours": {"type": "local", "command": COMMAND, "environment": {"X": "5"}}}}"#,
        ),
    ] {
        let Some(desk) = Desk::with(client) else { return };
        let words = desk.command("ours", &[]);
        let right = right
            .replace("ARGS", &json!(words[1..]).to_string())
            .replace("COMMAND", &json!(words).to_string());
        desk.write(client.file(), &right);
        desk.start_servers(client);
        assert!(desk.reached("ours").is_some(), "{client:?}");
        assert_eq!(findings_in(&desk.sandbox, &desk.project(), &[], 0).len(), 1);
        let wrong =
            [right.replace("\"5\"", "5"), right.replace("\"type\": \"local\"", "\"type\": \"stdio\"")];
        for wrong in wrong.iter().filter(|wrong| **wrong != right) {
            desk.write(client.file(), wrong);
            let said = desk.start_servers(client).said();
            assert!(desk.reached("ours").is_none(), "{client:?}: {said}");
            let finding = the(&findings_in(&desk.sandbox, &desk.project(), &[], 1), "misconfigured");
            assert!(finding["message"].as_str().unwrap().contains("refuses the whole file"), "{finding}");
        }
    }
}

#[test]
fn what_copilot_refuses_in_a_projects_file_is_told_and_servers_without_a_wrapper_are_read() {
    let Some(desk) = Desk::with(Client::Copilot) else { return };
    let mut entry = desk.entry("ours", &[], &json!({}));
    entry["tools"] = json!(["*"]);
    let wrapped = json!({ "mcpServers": { "ours": entry } }).to_string();
    let bare = json!({ "$schema": "https://example.com", "ours": entry }).to_string();
    let client = ["--client", "copilot-cli"];
    for file in [".mcp.json", ".github/mcp.json"] {
        let path = format!("project/{file}");
        for right in [&wrapped, &bare] {
            desk.write(&path, right);
            desk.start_servers(Client::Copilot);
            assert!(desk.reached("ours").is_some(), "{file} {right}");
            assert_eq!(about(&findings_in(&desk.sandbox, &desk.project(), &client, 0), "ours").len(), 1);
        }
        for spoiled in [
            format!("\u{feff}{wrapped}"),
            format!("// ours\n{wrapped}"),
            format!("{},}}", &wrapped[..wrapped.len() - 1]),
        ] {
            desk.write(&path, &spoiled);
            desk.start_servers(Client::Copilot);
            assert!(desk.reached("ours").is_none(), "{file} {spoiled}");
            the(&findings_in(&desk.sandbox, &desk.project(), &client, 1), "unreadable");
        }
        std::fs::remove_file(desk.sandbox.path(&path)).unwrap();
    }
}

#[test]
fn gemini_takes_a_comment_and_neither_a_comma_too_many_nor_a_byte_order_mark() {
    let Some(desk) = Desk::with(Client::Gemini) else { return };
    let servers = json!({ "mcpServers": { "ours": desk.entry("ours", &[], &json!({})) } }).to_string();
    for (written, is_read) in [
        (format!("// ours\n{servers}"), true),
        (format!("{},}}", &servers[..servers.len() - 1]), false),
        (format!("\u{feff}{servers}"), false),
    ] {
        desk.write(Client::Gemini.file(), &written);
        let said = desk.start_servers(Client::Gemini).said();
        assert_eq!(desk.reached("ours").is_some(), is_read, "{written}: {said}");
        let findings = findings_in(&desk.sandbox, &desk.project(), &[], i32::from(!is_read));
        let is_told = findings.iter().any(|finding| finding["reason"] == "unreadable");
        assert_eq!(is_told, !is_read, "{written}: {findings:?}");
    }
}

#[test]
fn gemini_starts_what_its_lists_let_through() {
    let Some(desk) = Desk::with(Client::Gemini) else { return };
    let entry = |name| desk.entry(name, &[], &json!({ "X_TOKEN": "${X_TOKEN}" }));
    let servers = json!({ "one": entry("one"), "two": entry("two") });
    for lists in [json!({ "excluded": ["two"] }), json!({ "allowed": ["one"] })] {
        desk.write(Client::Gemini.file(), &json!({ "mcpServers": servers, "mcp": lists }));
        desk.start_servers(Client::Gemini);
        assert!(desk.reached("one").is_some() && desk.reached("two").is_none(), "{lists}");
        let findings = findings_in(&desk.sandbox, &desk.project(), &[], 1);
        assert_eq!((about(&findings, "one").len(), about(&findings, "two").len()), (1, 0), "{lists}");
    }
}

#[test]
fn codex_reads_a_projects_file_once_the_folder_is_trusted() {
    let Some(desk) = Desk::with(Client::Codex) else { return };
    let entry = |name: &str| {
        let words = desk.command(name, &[]);
        format!("[mcp_servers.ours]\ncommand = \"python3\"\nargs = {}\n", json!(words[1..]))
    };
    desk.write("project/.codex/config.toml", &entry("theirs"));
    desk.write(".codex/config.toml", &entry("own"));
    let steps = [(entry("own"), false), (trusted(&desk, &entry("own")), true)];
    for (own, is_trusted) in steps {
        desk.write(".codex/config.toml", &own);
        desk.start_servers(Client::Codex);
        assert_eq!(
            (desk.reached("theirs").is_some(), desk.reached("own").is_some()),
            (is_trusted, !is_trusted)
        );
        let findings = findings_in(&desk.sandbox, &desk.project(), &[], 0);
        let says = |words| findings.iter().any(|it| it["message"].as_str().unwrap().contains(words));
        assert_eq!(says("once you approve it"), !is_trusted, "{findings:#?}");
        assert_eq!(about(&findings, "ours").len(), if is_trusted { 1 } else { 2 }, "{findings:#?}");
    }
}

fn trusted(desk: &Desk, own: &str) -> String {
    format!("{own}\n[projects.{}]\ntrust_level = \"trusted\"\n", json!(desk.project()))
}

/// What a person and a project have said to Claude Code, and which of three servers it then starts.
#[test]
fn claude_code_starts_what_is_approved_and_neither_refused_nor_forbidden() {
    let approved = json!({ "enabledMcpjsonServers": ["theirs"] });
    let all = json!({ "enableAllProjectMcpServers": true });
    let refused = json!({ "disabledMcpjsonServers": ["theirs"] });
    let nothing = json!({});
    let user = ".claude/settings.json";
    let shared = "project/.claude/settings.json";
    let local = "project/.claude/settings.local.json";
    let everything = ["local", "theirs", "user"];
    for (trusted, project, settings, expected) in [
        (true, &nothing, vec![], &["local", "user"][..]),
        (true, &approved, vec![], &everything),
        (false, &approved, vec![], &["local", "user"]),
        (true, &nothing, vec![(local, &approved)], &everything),
        (true, &nothing, vec![(shared, &all)], &everything),
        (true, &nothing, vec![(user, &all)], &everything),
        (false, &nothing, vec![(user, &all)], &everything),
        (false, &nothing, vec![(local, &all)], &["local", "user"]),
        (true, &refused, vec![(local, &all)], &["local", "user"]),
        (true, &nothing, vec![(local, &all), (user, &refused)], &["local", "user"]),
        (
            true,
            &nothing,
            vec![(local, &json!({ "enableAllProjectMcpServers": false })), (user, &all)],
            &["local", "user"],
        ),
        (true, &json!({ "disabledMcpServers": ["user", "local"] }), vec![(local, &all)], &["theirs"]),
        (
            true,
            &approved,
            vec![(user, &json!({ "deniedMcpServers": [{ "serverName": "user" }] }))],
            &["local", "theirs"],
        ),
        (
            true,
            &approved,
            vec![(user, &json!({ "allowedMcpServers": [{ "serverName": "user" }] }))],
            &["user"],
        ),
    ] {
        let Some(desk) = Desk::with(Client::ClaudeCode) else { return };
        let entry = |name: &str| json!({ name: desk.entry(name, &[], &json!({ "X_TOKEN": "${X_TOKEN}" })) });
        let mut of_project = project.clone();
        of_project["hasTrustDialogAccepted"] = json!(trusted);
        of_project["mcpServers"] = entry("local");
        let projects = json!({ desk.project().to_str().unwrap(): of_project });
        desk.write(".claude.json", &json!({ "mcpServers": entry("user"), "projects": projects }));
        desk.write("project/.mcp.json", &json!({ "mcpServers": entry("theirs") }));
        for (file, content) in &settings {
            desk.write(file, content);
        }
        let case = format!("{trusted} {project} {settings:?}");
        let said = desk.start_servers(Client::ClaudeCode).said();
        let started = everything.iter().filter(|name| desk.reached(name).is_some());
        assert!(started.eq(expected.iter()), "{case}: {said}");

        // What is not started needs nothing; what nobody has decided about yet may be started next.
        let client = ["--client", "claude-code"];
        let findings = findings_in(&desk.sandbox, &desk.project(), &client, 1);
        for name in everything {
            let is_pending = said.lines().any(|line| line.starts_with(name) && line.contains("Pending"));
            let is_judged = !about(&findings, name).is_empty();
            assert_eq!(is_judged, expected.contains(&name) || is_pending, "{case}: {name}: {said}");
        }
    }
}

#[test]
fn a_server_that_waits_for_approval_is_checked_and_said_to_wait() {
    let Some(desk) = Desk::with(Client::ClaudeCode) else { return };
    let entry = |name: &str| json!({ "mcpServers": { "ours": desk.entry(name, &[], &json!({})) } });
    desk.write(".claude.json", &entry("own"));
    desk.write("project/.mcp.json", &entry("theirs"));
    let client = ["--client", "claude-code"];
    desk.start_servers(Client::ClaudeCode);
    assert!(desk.reached("own").is_some() && desk.reached("theirs").is_none());
    let findings = findings_in(&desk.sandbox, &desk.project(), &client, 0);
    let messages: Vec<_> = findings.iter().map(|it| it["message"].as_str().unwrap()).collect();
    assert_eq!(
        messages,
        [
            "refers to no credential",
            "refers to no credential; Claude Code starts the server once you approve it"
        ]
    );
}

#[test]
fn the_usual_file_of_claude_code_is_dead_beside_the_older_one_and_check_says_so() {
    let Some(desk) = Desk::with(Client::ClaudeCode) else { return };
    let entry = |name: &str| json!({ "mcpServers": { name: desk.entry(name, &[], &json!({})) } });
    desk.write(".claude.json", &entry("usual"));
    desk.write(".claude/.config.json", &entry("older"));
    desk.start_servers(Client::ClaudeCode).succeeds();
    assert!(desk.reached("older").is_some() && desk.reached("usual").is_none());
    let findings = findings_in(&desk.sandbox, &desk.project(), &["--client", "claude-code"], 0);
    assert!(about(&findings, "usual").is_empty() && !about(&findings, "older").is_empty());
    let dead = the(&findings, "misconfigured");
    assert_eq!(dead["location"]["file"], desk.sandbox.path(".claude.json").to_str().unwrap());
    let advice = dead["action"]["sentence"].as_str().unwrap();
    assert!(advice.contains(".config.json"), "{advice}");
}

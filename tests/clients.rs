//! People use real MCP clients, and what these do is what mcpcred says of them.

use serde_json::{Value, json};

use crate::check::{TOKEN, about, findings_in, the};
use crate::support::clients::{Client, Desk, Server};

/// Placeholders as guides write them for one client or another. `SET` holds `value`, `EMPTY` nothing, and there is no
/// `UNSET`.
const WRITTEN: &[&str] = &[
    "${SET}",
    "${UNSET}",
    "${EMPTY}",
    "${UNSET:-other}",
    "${EMPTY:-other}",
    "${UNSET:-${SET}}",
    "$SET",
    "$UNSET",
    "$EMPTY",
    "${env:SET}",
    "${env:UNSET}",
    "$env:SET",
    "{env:SET}",
    "{env:UNSET}",
    "{env:EMPTY}",
    "${input:SET}",
    "${{ secrets.SET }}",
    "SET",
    "EMPTY",
    "UNSET",
    "left ${SET} right",
];

#[test]
fn claude_code_expands_two_ways_of_writing_it_and_passes_the_others_on() {
    arrives(
        Client::ClaudeCode,
        &[
            ("${SET}", ["value"; 3]),
            ("${EMPTY}", [""; 3]),
            ("${UNSET:-other}", ["other"; 3]),
            ("${EMPTY:-other}", [""; 3]),
            ("${UNSET:-${SET}}", ["${SET}", "${SET}", "value"]),
            ("left ${SET} right", ["left value right"; 3]),
        ],
    );
}

#[test]
fn codex_expands_nothing() {
    arrives(Client::Codex, &[]);
}

#[test]
fn copilot_takes_a_name_alone_for_a_variable_too() {
    arrives(
        Client::Copilot,
        &[
            ("${SET}", ["value"; 3]),
            ("${EMPTY}", [""; 3]),
            ("${UNSET:-other}", ["other"; 3]),
            ("${EMPTY:-other}", [""; 3]),
            ("${UNSET:-${SET}}", ["${SET}"; 3]),
            ("$SET", ["value"; 3]),
            ("$EMPTY", [""; 3]),
            ("SET", ["SET", "value", "SET"]),
            ("EMPTY", ["EMPTY", "", "EMPTY"]),
            ("left ${SET} right", ["left value right"; 3]),
        ],
    );
}

#[test]
fn gemini_makes_what_it_does_not_know_empty_in_variables_and_headers() {
    arrives(
        Client::Gemini,
        &[
            ("${SET}", ["value"; 3]),
            ("${UNSET}", ["${UNSET}", "", ""]),
            ("${EMPTY}", [""; 3]),
            ("${UNSET:-other}", ["other"; 3]),
            ("${EMPTY:-other}", [""; 3]),
            ("${UNSET:-${SET}}", ["${SET}", "value", "value"]),
            ("$SET", ["value"; 3]),
            ("$UNSET", ["$UNSET", "", ""]),
            ("$EMPTY", [""; 3]),
            ("${env:SET}", ["${env:SET}", "", ""]),
            ("${env:UNSET}", ["${env:UNSET}", "", ""]),
            ("$env:SET", ["$env:SET", ":SET", ":SET"]),
            ("${input:SET}", ["${input:SET}", "", ""]),
            ("left ${SET} right", ["left value right"; 3]),
        ],
    );
}

#[test]
fn opencode_leaves_the_dollar_of_another_client_before_the_value() {
    arrives(
        Client::Opencode,
        &[
            ("${env:SET}", ["$value"; 3]),
            ("${env:UNSET}", ["$"; 3]),
            ("{env:SET}", ["value"; 3]),
            ("{env:UNSET}", [""; 3]),
            ("{env:EMPTY}", [""; 3]),
        ],
    );
}

/// What reaches a server as an argument, a variable and a header: as it is written, but for these. And a check has
/// something to say about all that arrives as nobody meant it, and nothing about the rest.
fn arrives(client: Client, expected: &[(&str, [&str; 3])]) {
    let Some(mut desk) = Desk::with(client) else { return };
    desk.sandbox.set("SET", "value");
    desk.sandbox.set("EMPTY", "");
    let (mut local, mut remote) = (Server::local("local"), Server::remote("remote"));
    for (number, &written) in WRITTEN.iter().enumerate() {
        local = local.argument(written).with(format!("X_{number}"), written);
        remote = remote.with(format!("X-{number}"), written);
    }
    desk.configure(client, &[local, remote]);
    let said = desk.start_servers(client).succeeds().said();
    let local = desk.reached("local").expect(&said);
    let remote = desk.request("remote").expect(&said);
    let mut arrivals = Vec::new();
    for (number, &written) in WRITTEN.iter().enumerate() {
        let arrived = [
            local.arguments[number].clone(),
            local.environment[&format!("X_{number}")].clone(),
            remote.headers.get(&format!("x-{number}")).cloned().unwrap_or_default(),
        ];
        let expected = expected.iter().find(|(own, _)| *own == written).map_or([written; 3], |(_, it)| *it);
        assert_eq!(arrived, expected, "{written}");
        arrivals.push(arrived);
    }

    // Each in an entry of its own, because a check has one word for one credential of one server.
    let fields = ["argument", "variable", "header"];
    let entries = WRITTEN.iter().enumerate().flat_map(|(number, &written)| {
        let [argument, variable, header] = fields.map(|field| format!("{field}-{number}"));
        [
            Server::local(argument).argument(written),
            Server::local(variable).with("X", written),
            Server::remote(header).with("X", written),
        ]
    });
    desk.configure(client, &entries.collect::<Vec<_>>());
    let findings = findings_in(&desk.sandbox, &desk.project(), &["--client", client.id()], 1);
    let mut wrong = Vec::new();
    for (number, (&written, arrived)) in WRITTEN.iter().zip(&arrivals).enumerate() {
        for (field, arrived) in fields.iter().zip(arrived) {
            let judged = about(&findings, &format!("{field}-{number}"));
            let is_fine = judged.iter().all(|(status, _, _)| *status == "ready");
            let is_meant = match written {
                "SET" | "EMPTY" | "UNSET" => [written, "value"].contains(&arrived.as_str()),
                _ => ["value", "other", "left value right"].contains(&arrived.as_str()),
            };
            if is_fine != is_meant {
                wrong.push(format!("{written} as {field} arrives as {arrived:?}, and {judged:?}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_guides_reference_reaches_the_server_as_it_is_written_and_check_says_so() {
    let Some(mut desk) = Desk::with(Client::ClaudeCode) else { return };
    desk.sandbox.set("GITHUB_TOKEN", TOKEN);
    let github = |written: &str| Server::local("github").with("GITHUB_TOKEN", written);
    desk.configure(Client::ClaudeCode, &[github("${env:GITHUB_TOKEN}")]);
    desk.start_servers(Client::ClaudeCode).succeeds();
    assert_eq!(desk.reached("github").unwrap().environment["GITHUB_TOKEN"], "${env:GITHUB_TOKEN}");
    let finding = the(&findings_in(&desk.sandbox, &desk.project(), &[], 1), "unsupported_reference");
    assert_eq!((&finding["server"], &finding["credential"]), (&json!("github"), &json!("GITHUB_TOKEN")));
    assert_eq!(finding["location"]["pointer"], "/mcpServers/github/env/GITHUB_TOKEN");
    let advice = finding["action"]["sentence"].as_str().unwrap();
    assert!(advice.contains("${GITHUB_TOKEN}"), "{advice}");

    // Written as check advises, it arrives.
    desk.configure(Client::ClaudeCode, &[github("${GITHUB_TOKEN}")]);
    desk.start_servers(Client::ClaudeCode).succeeds();
    assert_eq!(desk.reached("github").unwrap().environment["GITHUB_TOKEN"], TOKEN);
    let findings = findings_in(&desk.sandbox, &desk.project(), &[], 0);
    assert_eq!(about(&findings, "github"), [("ready", "ok", "GITHUB_TOKEN")]);
}

#[test]
fn copilot_keeps_the_tokens_that_it_uses_itself_from_every_server() {
    let Some(mut desk) = Desk::with(Client::Copilot) else { return };
    let kept = ["GITHUB_TOKEN", "GITHUB_PERSONAL_ACCESS_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"];
    for name in kept {
        desk.sandbox.set(name, "github_pat_EXAMPLE");
    }
    desk.sandbox.set("NOTION_TOKEN", "value");
    // Only reading them is barred.
    let mut server = Server::local("local").with("GITHUB_TOKEN", "${NOTION_TOKEN}");
    for name in kept {
        server = server.with(format!("MY_{name}"), format!("${{{name}}}"));
    }
    desk.configure(Client::Copilot, &[server]);
    desk.start_servers(Client::Copilot).succeeds();
    let environment = desk.reached("local").unwrap().environment;
    for name in kept {
        assert_eq!(environment[&format!("MY_{name}")], format!("${{{name}}}"));
    }
    for name in &kept[1..] {
        assert!(!environment.contains_key(*name), "{name}");
    }
    assert_eq!((&*environment["GITHUB_TOKEN"], &*environment["NOTION_TOKEN"]), ("value", "value"));

    let findings = findings_in(&desk.sandbox, &desk.project(), &["--client", "copilot-cli"], 1);
    let judged = about(&findings, "local");
    for name in kept {
        assert!(judged.contains(&("problem", "unsupported_reference", name)), "{name}: {judged:?}");
    }
    assert_eq!(judged.len(), 5, "{judged:?}");
}

#[test]
fn claude_code_empties_well_known_names_in_headers_and_not_in_variables() {
    let Some(mut desk) = Desk::with(Client::ClaudeCode) else { return };
    let names = ["NPM_TOKEN", "VAULT_TOKEN", "SONAR_TOKEN", "SLACK_WEBHOOK_URL", "GITHUB_TOKEN", "HF_TOKEN"];
    for name in names {
        desk.sandbox.set(name, "value");
    }
    let (mut local, mut remote) = (Server::local("local"), Server::remote("remote"));
    for name in names {
        local = local.with(name, format!("${{{name}}}"));
        remote = remote.with(name.replace('_', "-"), format!("${{{name}}}"));
    }
    desk.configure(Client::ClaudeCode, &[local, remote]);
    desk.start_servers(Client::ClaudeCode).succeeds();
    let local = desk.reached("local").unwrap().environment;
    assert!(names.iter().all(|name| local[*name] == "value"));
    let remote = desk.request("remote").unwrap().headers;
    let header = |name: &str| remote.get(&name.to_lowercase().replace('_', "-")).cloned();
    for name in &names[..4] {
        assert_eq!(header(name).unwrap_or_default(), "", "{name}");
    }
    for name in &names[4..] {
        assert_eq!(header(name).as_deref(), Some("value"), "{name}");
    }

    let findings = findings_in(&desk.sandbox, &desk.project(), &[], 1);
    let blanked = |server| {
        let judged = about(&findings, server).into_iter();
        let judged = judged.filter(|(_, reason, _)| *reason == "unsupported_reference");
        judged.map(|(_, _, name)| name.to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(blanked("remote"), names[..4].iter().map(ToString::to_string).collect());
    assert!(blanked("local").is_empty());
}

#[test]
fn codex_passes_variables_on_that_are_named_and_no_others() {
    let Some(mut desk) = Desk::with(Client::Codex) else { return };
    desk.sandbox.set("NAMED", "value");
    desk.sandbox.set("EMPTY", "");
    desk.sandbox.set("OTHER", "value");
    desk.configure(Client::Codex, &[Server::local("local"), Server::remote("remote")]);
    let config = desk.read(".codex/config.toml");
    let config = config.replacen("command =", "env_vars = [\"NAMED\", \"EMPTY\", \"UNSET\"]\ncommand =", 1);
    let token = "bearer_token_env_var = ";
    let config = config.replacen("url =", &format!("{token}\"NAMED\"\nurl ="), 1);
    let without =
        format!("\n[mcp_servers.without]\nurl = \"http://127.0.0.1:8931/without\"\n{token}\"EMPTY\"\n");
    desk.write(".codex/config.toml", &(config + &without));
    let said = desk.start_servers(Client::Codex).said();
    let environment = desk.reached("local").expect(&said).environment;
    assert_eq!((&*environment["NAMED"], &*environment["EMPTY"]), ("value", ""));
    assert!(!environment.contains_key("UNSET") && !environment.contains_key("OTHER"));
    assert_eq!(desk.request("remote").unwrap().headers["authorization"], "Bearer value");
    assert!(desk.request("without").is_none());

    let findings = findings_in(&desk.sandbox, &desk.project(), &[], 1);
    let mut judged = about(&findings, "local");
    judged.sort_unstable();
    assert_eq!(
        judged,
        [("problem", "empty", "EMPTY"), ("ready", "ok", "NAMED"), ("warning", "unset_reference", "UNSET")]
    );
    assert_eq!(about(&findings, "remote"), [("ready", "ok", "NAMED")]);
    assert_eq!(about(&findings, "without"), [("problem", "empty", "EMPTY")]);
}

#[test]
fn gemini_hands_on_no_variable_that_looks_like_a_secret() {
    let Some(mut desk) = Desk::with(Client::Gemini) else { return };
    for name in ["MY_TOKEN", "HARMLESS"] {
        desk.sandbox.set(name, "value");
    }
    desk.configure(Client::Gemini, &[Server::local("local").with("NAMED", "$MY_TOKEN")]);
    desk.start_servers(Client::Gemini).succeeds();
    let environment = desk.reached("local").unwrap().environment;
    assert!(!environment.contains_key("MY_TOKEN"));
    assert_eq!((&*environment["HARMLESS"], &*environment["NAMED"]), ("value", "value"));
}

#[test]
fn a_comment_makes_claude_code_ignore_the_projects_file_and_check_says_so() {
    let Some(desk) = Desk::with(Client::ClaudeCode) else { return };
    trust(&desk);
    let servers = json!({ "mcpServers": { "ours": desk.entry("ours", &[], &json!({})) } });
    desk.write("project/.mcp.json", &servers);
    desk.start_servers(Client::ClaudeCode).succeeds();
    assert!(desk.reached("ours").is_some());
    for spoiled in [format!("// ours\n{servers}"), servers.to_string().replace("}}}", "}},}")] {
        desk.write("project/.mcp.json", &spoiled);
        let shown = desk.start_servers(Client::ClaudeCode).succeeds().stdout();
        assert!(shown.contains("not a valid JSON") && desk.reached("ours").is_none(), "{shown}");
        let finding = the(&findings_in(&desk.sandbox, &desk.project(), &[], 1), "unreadable");
        assert_eq!(finding["location"]["file"], desk.project().join(".mcp.json").to_str().unwrap());
        assert!(finding["clients"].as_array().unwrap().contains(&json!("claude-code")), "{finding}");
    }
}

#[test]
fn a_byte_order_mark_is_nothing_to_one_client_and_an_error_to_another() {
    for client in Client::ALL {
        let Some(desk) = Desk::with(client) else { return };
        desk.configure(client, &[Server::local("local")]);
        let marked = format!("\u{feff}{}", desk.read(client.file()));
        desk.write(client.file(), &marked);
        let said = desk.start_servers(client).said();
        assert_eq!(desk.reached("local").is_some(), client != Client::Gemini, "{client:?}: {said}");
    }
}

#[test]
fn claude_code_passes_over_an_address_without_a_type_and_check_says_so() {
    let Some(desk) = Desk::with(Client::ClaudeCode) else { return };
    desk.configure(Client::ClaudeCode, &[Server::remote("remote")]);
    let mut servers: Value = serde_json::from_str(&desk.read(".claude.json")).unwrap();
    servers["mcpServers"]["remote"].as_object_mut().unwrap().remove("type");
    desk.write(".claude.json", &servers);
    let shown = desk.start_servers(Client::ClaudeCode).succeeds().stdout();
    assert!(shown.contains(r#"has a "url" but no "type""#) && desk.request("remote").is_none(), "{shown}");
    let finding = the(&findings_in(&desk.sandbox, &desk.project(), &[], 1), "misconfigured");
    assert_eq!(finding["location"]["pointer"], "/mcpServers/remote/url");
}

#[test]
fn the_nearest_entry_of_claude_code_wins_as_a_whole() {
    let Some(desk) = Desk::with(Client::ClaudeCode) else { return };
    let entry = |scope: &str| desk.entry("ours", &[scope], &json!({ scope: "1" }));
    let project = desk.project().display().to_string();
    let user = json!({ "mcpServers": { "ours": entry("user") }, "projects": { &project: { "hasTrustDialogAccepted": true } } });
    let mut local = user.clone();
    local["projects"][&project]["mcpServers"] = json!({ "ours": entry("local") });
    let ours = json!({ "mcpServers": { "ours": entry("project") } });
    let approved = json!({ "enableAllProjectMcpServers": true });
    let steps: [(&str, Value, &str); 4] = [
        (".claude.json", user, "user"),
        // Until somebody has approved it, what the user has counts.
        ("project/.mcp.json", ours, "user"),
        ("project/.claude/settings.local.json", approved, "project"),
        (".claude.json", local, "local"),
    ];
    for (file, content, winner) in steps {
        desk.write(file, &content);
        desk.start_servers(Client::ClaudeCode).succeeds();
        let reached = desk.reached("ours").unwrap();
        assert_eq!(reached.arguments, [winner], "after {file}");
        let scopes = ["user", "project", "local"];
        let variables = scopes.iter().filter(|scope| reached.environment.contains_key(**scope));
        assert_eq!(variables.collect::<Vec<_>>(), [&winner]);
    }
}

#[test]
fn a_worktree_is_the_project_of_its_repository() {
    let own = |desk: &Desk, name: &str| {
        let words = desk.command(name, &[]);
        format!("[mcp_servers.{name}]\ncommand = \"python3\"\nargs = {}\n", json!(words[1..]))
    };
    for client in [Client::ClaudeCode, Client::Codex] {
        let Some(desk) = Desk::with(client) else { return };
        let repository = desk.sandbox.path("repository");
        // `git worktree add ../project`
        desk.write("repository/.git/worktrees/project/commondir", &"../..\n");
        let back = desk.project().join(".git");
        desk.write("repository/.git/worktrees/project/gitdir", &format!("{}\n", back.display()));
        desk.write("repository/.git/worktrees/project/HEAD", &"ref: refs/heads/x\n");
        desk.write("repository/.git/HEAD", &"ref: refs/heads/main\n");
        std::fs::create_dir_all(repository.join(".git/objects")).unwrap();
        std::fs::create_dir_all(repository.join(".git/refs")).unwrap();
        std::fs::remove_dir(&back).unwrap();
        let administrative = repository.join(".git/worktrees/project");
        std::fs::write(&back, format!("gitdir: {}\n", administrative.display())).unwrap();
        if client == Client::ClaudeCode {
            let entry = |name: &str| json!({ "mcpServers": { name: desk.entry(name, &[], &json!({})) } });
            let projects = json!({ repository.display().to_string(): entry("near"), desk.project().display().to_string(): entry("far") });
            desk.write(client.file(), &json!({ "projects": projects }));
        } else {
            desk.write("project/.codex/config.toml", &own(&desk, "near"));
            let trust = format!("[projects.{}]\ntrust_level = \"trusted\"\n", json!(repository));
            desk.write(client.file(), &trust);
        }
        let said = desk.start_servers(client).said();
        assert!(desk.reached("near").is_some() && desk.reached("far").is_none(), "{client:?}: {said}");
        let findings = findings_in(&desk.sandbox, &desk.project(), &["--client", client.id()], 0);
        assert_eq!(about(&findings, "near"), [("ready", "ok", "")], "{client:?}");
        assert!(!findings[0]["message"].as_str().unwrap().contains("approve"), "{client:?}: {findings:?}");
        assert_eq!(about(&findings, "far"), [], "{client:?}");
    }
}

#[test]
fn an_older_file_of_claude_code_takes_the_place_of_the_usual_one() {
    let Some(desk) = Desk::with(Client::ClaudeCode) else { return };
    for (file, name) in [(".claude.json", "usual"), (".claude/.config.json", "older")] {
        desk.write(file, &json!({ "mcpServers": { name: desk.entry(name, &[], &json!({})) } }));
    }
    desk.start_servers(Client::ClaudeCode).succeeds();
    assert!(desk.reached("older").is_some() && desk.reached("usual").is_none());
    let findings = findings_in(&desk.sandbox, &desk.project(), &["--server", "older"], 0);
    assert_eq!(about(&findings, "older").len(), 1);
}

#[test]
fn a_token_typed_into_mcp_add_is_found_where_the_client_wrote_it() {
    let variable = format!("GITHUB_TOKEN={TOKEN}");
    let server = ["--", "npx", "-y", "@modelcontextprotocol/server-github"];
    let usual = [&["mcp", "add", "github", "--env"][..], &[&variable], &server].concat();
    let claude = |scope: &'static str| {
        [&["mcp", "add", "-s", scope, "github", "-e"][..], &[&variable], &server].concat()
    };
    let gemini = ["mcp", "add", "github", "npx", "-e", &variable, "--", "-y", server[3]];
    let common = "/mcpServers/github/env/GITHUB_TOKEN";
    for (client, words, file, pointer) in [
        (
            Client::ClaudeCode,
            claude("local"),
            ".claude.json",
            "/projects/PROJECT/mcpServers/github/env/GITHUB_TOKEN",
        ),
        (Client::ClaudeCode, claude("user"), ".claude.json", common),
        (Client::ClaudeCode, claude("project"), "project/.mcp.json", common),
        (Client::Codex, usual.clone(), ".codex/config.toml", "/mcp_servers/github/env/GITHUB_TOKEN"),
        (Client::Copilot, usual.clone(), ".copilot/mcp-config.json", common),
        (Client::Gemini, gemini.to_vec(), "project/.gemini/settings.json", common),
        (
            Client::Opencode,
            usual.clone(),
            ".config/opencode/opencode.jsonc",
            "/mcp/github/environment/GITHUB_TOKEN",
        ),
    ] {
        let Some(desk) = Desk::with(client) else { return };
        desk.run(client, &words).succeeds();
        assert_eq!(desk.sandbox.files_holding(TOKEN.as_bytes()), [desk.sandbox.path(file)], "{client:?}");
        let findings = findings_in(&desk.sandbox, &desk.project(), &["--server", "github"], 1);
        let location = &the(&findings, "plaintext")["location"];
        let project = desk.project().display().to_string().replace('/', "~1");
        assert_eq!(location["pointer"], pointer.replace("PROJECT", &project));
        assert_eq!(location["file"], desk.sandbox.path(file).to_str().unwrap());
        let line = desk.read(file).lines().position(|line| line.contains(TOKEN)).unwrap() + 1;
        assert_eq!(location["line"], line, "{client:?}");
    }
}

#[test]
fn gemini_writes_the_values_of_its_other_servers_into_the_file_and_check_finds_them() {
    let Some(mut desk) = Desk::with(Client::Gemini) else { return };
    desk.sandbox.set("GITHUB_TOKEN", TOKEN);
    desk.configure(Client::Gemini, &[Server::local("github").with("GITHUB_TOKEN", "${GITHUB_TOKEN}")]);
    desk.run(Client::Gemini, ["mcp", "add", "-s", "user", "other", "true"]).succeeds();
    assert!(desk.read(".gemini/settings.json").contains(TOKEN));
    the(&findings_in(&desk.sandbox, &desk.project(), &["--client", "gemini-cli"], 1), "plaintext");
}

/// The person has said yes to the folder, and to every server in it.
pub(crate) fn trust(desk: &Desk) {
    let project = desk.project().display().to_string();
    desk.write(".claude.json", &json!({ "projects": { project: { "hasTrustDialogAccepted": true } } }));
    desk.write("project/.claude/settings.local.json", &json!({ "enableAllProjectMcpServers": true }));
}

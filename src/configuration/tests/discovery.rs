//! Which files are found, who reads them, and which of their entries count.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Person;
use crate::catalog::client::Platform;
use crate::configuration::discover::{Discovery, Reading, Request, discover};
use crate::configuration::entry::{ServerEntry, Standing};
use crate::configuration::places::Places;

fn servers(names: &[&str]) -> String {
    let entries: Vec<_> = names.iter().map(|name| format!(r#""{name}": {{"command": "x"}}"#)).collect();
    format!(r#"{{"mcpServers": {{{}}}}}"#, entries.join(", "))
}

/// `file: client client` of every reading.
fn read_by(person: &Person, discovery: &Discovery<'_>) -> Vec<String> {
    let line =
        |reading: &Reading<'_>| format!("{}: {}", person.shown(&reading.path), reading.clients().join(" "));
    discovery.readings.iter().map(line).collect()
}

/// `server`, with a star where it counts.
fn counting(discovery: &Discovery<'_>) -> Vec<String> {
    let name = |entry: ServerEntry<'_>| {
        let counts = entry.here && entry.enabled && !entry.shadowed;
        format!("{}{}", entry.name, if counts { "*" } else { "" })
    };
    discovery.entries().into_iter().flatten().map(name).collect()
}

#[test]
fn a_file_that_several_clients_read_is_read_once() {
    let person = Person::new();
    person.write("project/.mcp.json", &servers(&["a"]));
    assert_eq!(read_by(&person, &person.looks(&[])), ["project/.mcp.json: claude-code visual-studio"]);
    person.write(".copilot/mcp-config.json", "{}");
    person.write(".warp/mark", "");
    assert_eq!(
        read_by(&person, &person.looks(&[])),
        [
            "project/.mcp.json: claude-code visual-studio copilot-cli warp",
            ".copilot/mcp-config.json: copilot-cli"
        ]
    );
    assert_eq!(read_by(&person, &person.looks(&["air"])), ["project/.mcp.json: air"]);
}

#[test]
fn vs_code_reads_what_others_keep_at_the_root_of_a_folder_where_it_is_used() {
    let person = Person::new();
    person.write("project/.mcp.json", &servers(&["a", "b"]));
    person.write("project/.vscode/extensions.json", "{}");
    let readers = |discovery: &Discovery<'_>| discovery.readings[0].clients();
    assert_eq!(readers(&person.looks(&[])), ["claude-code", "visual-studio"]);
    person.write(".config/VSCodium/User/settings.json", "{}");
    assert!(readers(&person.looks(&[])).contains(&"vscode".to_owned()));
    // It shows what another file has under the same name beside it.
    person.write("project/.vscode/mcp.json", r#"{"servers": {"a": {"command": "x"}}}"#);
    assert_eq!(counting(&person.looks(&["vscode"])), ["a*", "a*", "b*"]);
}

#[test]
fn a_project_is_searched_from_its_root_and_above_only_by_those_who_do_that() {
    let person = Person::new();
    for folder in ["", "project/", "project/a/", "project/a/b/"] {
        person.write(&format!("{folder}.mcp.json"), &servers(&["near", &folder.len().to_string()]));
        person.write(&format!("{folder}.vscode/mcp.json"), r#"{"servers": {}}"#);
        person.write(&format!("{folder}opencode.json"), "{}");
    }
    let ids: Vec<String> = ["claude-code", "vscode", "opencode"].map(str::to_owned).into();
    let request = Request { clients: &ids, files: &[] };
    let discovery = discover(&person.clients, &person.places("a/b"), request).unwrap();
    let paths: Vec<_> = discovery.readings.iter().map(|reading| person.shown(&reading.path)).collect();
    assert_eq!(
        paths,
        [
            ".mcp.json",
            "project/.mcp.json",
            "project/a/.mcp.json",
            "project/a/b/.mcp.json",
            "project/.vscode/mcp.json",
            "project/a/b/.vscode/mcp.json",
            "project/opencode.json",
            "project/a/opencode.json",
            "project/a/b/opencode.json",
        ]
    );
    // VS Code takes the root of the repository and the folder itself, each by itself.
    let expected = ["near", "0*", "near", "8*", "near*", "8*", "near", "10*", "near*", "12*", "near*", "12*"];
    assert_eq!(counting(&discovery), expected);
}

#[test]
fn a_variable_moves_the_files_of_its_client() {
    let person = Person::new();
    person.write(".claude.json", &servers(&["left"]));
    person.write("moved/.claude.json", &servers(&["moved"]));
    let moved = person.home().join("moved");
    let lookup = move |name: &str| (name == "CLAUDE_CONFIG_DIR").then(|| moved.clone());
    let places = Places::new(Platform::Linux, Some(person.home()), person.project(), Box::new(lookup));
    let discovery = discover(&person.clients, &places, Request::default()).unwrap();
    assert_eq!(counting(&discovery), ["moved*"]);
}

#[test]
fn every_folder_of_a_workspace_has_its_own_servers_and_none_far_away_is_looked_at() {
    let person = Person::new();
    let entry = |name: &str| servers(&[name]).replace("mcpServers", "servers");
    let far = person.write("far/.vscode/mcp.json", &entry("far"));
    let far = far.parent().and_then(Path::parent).unwrap().to_str().unwrap().replace('\\', "/");
    person.write("beside/.vscode/mcp.json", &entry("same"));
    person.write("project/web/.vscode/mcp.json", &entry("same"));
    let folders = format!(
        r#"{{"folders": [{{"path": "web"}}, {{"path": "../beside"}}, {{"path": "{far}"}}, {{"path": "gone"}}, {{}}]}}"#
    );
    person.write("project/team.code-workspace", &folders);
    // The same name in two folders is two servers.
    assert_eq!(counting(&person.looks(&["vscode"])), ["same*", "same*"]);
}

#[test]
fn other_systems_have_their_own_places() {
    let person = Person::new();
    person.write("Library/Application Support/Claude/claude_desktop_config.json", &servers(&["mac"]));
    person.write("AppData/Roaming/Claude/claude_desktop_config.json", &servers(&["windows"]));
    let packaged =
        "AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json";
    person.write(packaged, &servers(&["packaged"]));
    for (platform, expected) in [
        (Platform::Macos, &["mac*"][..]),
        (Platform::Windows, &["windows*", "packaged*"]),
        (Platform::Linux, &[]),
    ] {
        let places = Places::new(platform, Some(person.home()), person.project(), Box::new(|_| None));
        let discovery = discover(&person.clients, &places, Request::default()).unwrap();
        assert_eq!(counting(&discovery), expected, "{platform:?}");
    }
}

#[test]
#[cfg(unix)]
fn links_are_followed_and_two_ways_to_one_file_are_one() {
    let person = Person::new();
    let own = person.write("dotfiles/cursor.json", &servers(&["a"]));
    person.write(".cursor/mark", "");
    std::os::unix::fs::symlink(&own, person.home().join(".cursor/mcp.json")).unwrap();
    person.write("project/.cursor/mark", "");
    std::os::unix::fs::symlink(&own, person.project().join(".cursor/mcp.json")).unwrap();
    assert_eq!(counting(&person.looks(&["cursor"])), ["a*"]);
}

#[test]
#[cfg(unix)]
fn a_link_in_a_circle_and_a_folder_are_told_of() {
    let person = Person::new();
    person.write(".cursor/mark", "");
    let path = person.home().join(".cursor/mcp.json");
    std::os::unix::fs::symlink(&path, &path).unwrap();
    std::fs::create_dir_all(person.home().join(".kiro/settings/mcp.json")).unwrap();
    std::os::unix::fs::symlink("nowhere", person.project().join(".mcp.json")).unwrap();
    let discovery = person.looks(&[]);
    let errors: Vec<_> =
        discovery.readings.iter().map(|it| it.document.as_ref().err().unwrap().to_string()).collect();
    assert_eq!(errors.len(), 2);
    assert!(errors[0].contains("circle") && errors[1].contains("not a regular file"), "{errors:?}");
}

#[test]
fn what_an_administrator_says_alone_counts_where_it_does() {
    let mut person = Person::new();
    let claude = person.clients.iter_mut().find(|client| client.id == "claude-code").unwrap();
    for file in &mut claude.files {
        file.path = file.path.replace("/etc/claude-code/", "~/etc/");
    }
    person.write(".claude.json", &servers(&["mine", "both"]));
    assert_eq!(counting(&person.looks(&[])), ["mine*", "both*"]);
    person.write("etc/managed-mcp.json", &servers(&["both"]));
    assert_eq!(counting(&person.looks(&[])), ["mine", "both", "both*"]);
}

#[test]
fn a_name_that_is_written_twice_counts_once() {
    let person = Person::new();
    person.write("project/.mcp.json", &servers(&["a", "b", "a"]));
    assert_eq!(counting(&person.looks(&["claude-code"])), ["a", "b*", "a*"]);
}

#[test]
fn copies_and_dead_files_are_found_and_configurations_are_none_of_them() {
    let person = Person::new();
    for path in [
        ".claude.json",
        ".claude/backups/.claude.json.backup.1763",
        ".claude/mcp.json",
        ".claude.json~",
        "project/.mcp.json.bak",
        "project/.mcp.json",
        "project/.claude/settings.local.json",
        ".mcp-auth/mcp-remote-0.1.2/abc_tokens.json",
    ] {
        person.write(path, "{}");
    }
    let discovery = person.looks(&[]);
    let mut found: Vec<_> =
        discovery.leftovers.iter().map(|it| (person.shown(&it.path), it.in_use)).collect();
    found.sort();
    let expected = [
        (".claude.json~", false),
        (".claude/backups/.claude.json.backup.1763", false),
        (".claude/mcp.json", false),
        (".mcp-auth/mcp-remote-0.1.2/abc_tokens.json", true),
        ("project/.claude/settings.local.json", true),
        ("project/.mcp.json.bak", false),
    ];
    assert_eq!(found, expected.map(|(path, in_use)| (path.to_owned(), in_use)));
    assert_eq!(*discovery.leftovers[0].text().unwrap(), "{}");
}

#[test]
#[cfg(unix)]
fn what_an_editor_keeps_of_a_configuration_is_a_copy_and_what_it_keeps_of_other_files_is_none() {
    let person = Person::new();
    let file = person.write("project/.vscode/mcp.json", r#"{"servers": {}}"#);
    let address = format!("file://{}", file.to_str().unwrap());
    let number = address.bytes().fold(149_417_i32, |sum, it| sum.wrapping_mul(31).wrapping_add(it.into()));
    let own = format!("{}{:x}", if number < 0 { "-" } else { "" }, number.unsigned_abs());
    for name in [&format!("{own}/entries.json"), &format!("{own}/aB3x.json"), "1234abcd/Qw4z.json"] {
        person.write(&format!(".config/Code/User/History/{name}"), "{}");
    }
    let discovery = person.looks(&["vscode"]);
    let found: Vec<_> = discovery.leftovers.iter().map(|it| person.shown(&it.path)).collect();
    assert_eq!(found, [format!(".config/Code/User/History/{own}/aB3x.json")]);
    assert!(discovery.leftovers.iter().all(|it| !it.in_use));
}

#[test]
fn a_file_that_is_named_is_known_by_its_place_its_name_or_its_keys() {
    let person = Person::new();
    let servers = servers(&["a"]);
    for (path, content, expected) in [
        ("x/.cursor/mcp.json", servers.as_str(), "visual-studio cursor"),
        ("x/.mcp.json", &servers, "claude-code vscode visual-studio copilot-cli air warp"),
        ("x/claude_desktop_config.json", &servers, "claude-desktop"),
        ("x/mcp-config.json", &servers, "copilot-cli"),
        ("x/my.json", &servers, "claude-code"),
        ("x/mcp.json", r#"{"servers": {}, "inputs": []}"#, "vscode"),
        ("x/any.toml", "[mcp_servers.a]\ncommand = \"x\"\n", "codex"),
        ("x/any.yaml", "extensions:\n  a:\n    cmd: x\n", "goose"),
        ("x/b.json", r#"{"mcp": {"a": {"type": "local", "command": ["x"]}}}"#, "opencode"),
        ("x/c.json", r#"{"mcp": {"a": {"type": "stdio", "command": "x"}}}"#, "crush"),
        ("x/z.json", r#"{"context_servers": {}}"#, "zed"),
        ("x/manifest.json", r#"{"manifest_version": "0.3", "server": {}}"#, ""),
    ] {
        let path = person.write(path, content);
        let discovery = person.names(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(discovery.readings[0].clients().join(" "), expected, "{}", path.display());
    }
    let error = person.names(Path::new("no-such.json")).err().unwrap();
    assert!(error.to_string().contains("no-such.json"), "{error}");
}

#[test]
fn names_of_any_text_are_kept_as_they_are() {
    let person = Person::new();
    let name = "git\u{1b}[2Jhub\u{202e}/~ ghp_";
    let content = serde_json::json!({"mcpServers": {name: {"command": "x", "env": {name: "v"}}}}).to_string();
    person.write(".cursor/mcp.json", &content);
    let discovery = person.looks(&["cursor"]);
    let entry = &discovery.entries()[0][0];
    assert_eq!((entry.name.as_str(), entry.fields[1].name.as_str()), (name, name));
}

#[test]
fn a_great_many_servers_take_little_time() {
    let person = Person::new();
    let mut content = String::from("{\"mcpServers\": {");
    for number in 0..20_000 {
        let comma = if number == 0 { "" } else { "," };
        write!(
            content,
            r#"{comma}"s{}": {{"command": "docker", "args": ["run", "-e", "A"], "env": {{"A": "${{A}}"}}}}"#,
            number % 7000
        )
        .unwrap();
    }
    content.push_str("}}");
    person.write("project/.mcp.json", &content);
    let started = Instant::now();
    let discovery = person.looks(&["claude-code", "warp"]);
    let entries = discovery.entries();
    assert_eq!(entries[0].len(), 40_000);
    assert_eq!(entries[0].iter().filter(|entry| !entry.shadowed).count(), 14_000);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn files_of_variables_are_found_where_the_entry_says() {
    let person = Person::new();
    let entry = |file: &str| format!(r#"{{"servers": {{"a": {{"command": "x", "envFile": "{file}"}}}}}}"#);
    person.write("project/.env", "A_KEY=1\nexport B_KEY = \"2\"\n# C_KEY=3\nnot a line\n");
    person.write("outside.env", "D_KEY=1\n");
    let files = |file: &str| {
        person.write("project/.vscode/mcp.json", &entry(file));
        let discovery = person.looks(&["vscode"]);
        let found = discovery.entries()[0][0].env_files(Some(&person.home()));
        found.into_iter().map(|it| (person.shown(&it.path), it.variables().unwrap())).collect::<Vec<_>>()
    };
    let names: std::collections::BTreeSet<String> = ["A_KEY".to_owned(), "B_KEY".to_owned()].into();
    for file in ["${workspaceFolder}/.env", ".env", "./.env"] {
        let found = files(file);
        assert_eq!(found.len(), 1, "{file}");
        assert!(found[0].0 == "project/.env" && found[0].1 == names, "{file}: {found:?}");
    }
    // What a project says does not lead out of it.
    for file in ["${userHome}/outside.env", "../outside.env", "none.env", "${env:X}/.env"] {
        assert_eq!(files(file), [], "{file}");
    }
}

#[test]
fn a_file_that_another_one_hides_is_a_leftover_that_says_which() {
    let person = Person::new();
    let servers = r#"{"mcpServers": {"x": {"command": "y"}}}"#;
    person.write(".claude.json", servers);
    let older = person.write(".claude/.config.json", servers);
    let discovery = person.looks(&["claude-code"]);
    let read: Vec<_> = discovery.readings.iter().map(|reading| person.shown(&reading.path)).collect();
    assert_eq!(read, [".claude/.config.json"]);
    let hidden = &discovery.leftovers[0];
    assert_eq!(
        (person.shown(&hidden.path), hidden.instead.as_ref()),
        (".claude.json".to_owned(), Some(&older))
    );
}

#[test]
fn an_entry_that_waits_for_approval_takes_no_others_place() {
    let person = Person::new();
    person.write(".claude.json", r#"{"mcpServers": {"x": {"command": "own"}, "y": {"command": "own"}}}"#);
    person.write(
        "project/.mcp.json",
        r#"{"mcpServers": {"x": {"command": "theirs"}, "y": {"command": "theirs"}}}"#,
    );
    person.write(".claude/settings.json", r#"{"enabledMcpjsonServers": ["y"]}"#);
    let discovery = person.looks(&["claude-code"]);
    let mut seen = Vec::new();
    for entry in discovery.entries().iter().flatten().filter(|entry| entry.enabled && !entry.shadowed) {
        let command = entry.command().unwrap().expose();
        seen.push((entry.name.clone(), command.to_owned(), entry.standing == Standing::Pending));
    }
    let expected = [("x", "own", false), ("x", "theirs", true), ("y", "theirs", false)];
    assert_eq!(seen, expected.map(|(name, command, waits)| (name.to_owned(), command.to_owned(), waits)));
}

#[test]
fn the_folder_within_a_repository_is_no_project_of_its_own() {
    let person = Person::new();
    let projects = r#"{"projects": {"@PROJECT@/inner": {"mcpServers": {"x": {"command": "y"}}}}}"#;
    person.write(".claude.json", projects);
    fs::create_dir(person.project().join("inner")).unwrap();
    let clients = ["claude-code".to_owned()];
    let request = Request { clients: &clients, files: &[] };
    let discovery = discover(&person.clients, &person.places("inner"), request).unwrap();
    assert!(discovery.entries().iter().flatten().all(|entry| !entry.here));
}

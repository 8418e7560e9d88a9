//! Files that somebody else put on a machine for everybody, on every system.

use std::path::PathBuf;

use super::Person;
use crate::catalog::client::{Platform, Scope};
use crate::configuration::discover::{Discovery, Request, discover};
use crate::configuration::places::Places;

/// Where the root of the machine is, in the home of the person.
const MACHINE: &str = "~/machine";

impl Person {
    /// A person at a machine whose root lies in the own home, so that no test looks at, or depends on, the real one.
    fn at_machine() -> Self {
        let mut person = Self::new();
        for client in &mut person.clients {
            let files = client.files.iter_mut().map(|file| &mut file.path);
            for path in files.chain(client.settings.iter_mut().map(|file| &mut file.path)) {
                if let Some(rest) = path.strip_prefix("C:/").or_else(|| path.strip_prefix('/')) {
                    *path = format!("{MACHINE}/{rest}");
                }
            }
        }
        person
    }

    fn looks_on(&self, platform: Platform) -> Discovery<'_> {
        let program_data: PathBuf = self.home().join("machine/ProgramData");
        let lookup = move |name: &str| (name == "PROGRAMDATA").then(|| program_data.clone());
        let places = Places::new(platform, Some(self.home()), self.project(), Box::new(lookup));
        discover(&self.clients, &places, Request::default()).unwrap()
    }
}

/// `scope server` of every entry that is started, in the order of the files.
fn started(discovery: &Discovery<'_>) -> Vec<String> {
    let entries = discovery.entries().into_iter().flatten();
    let started = entries.filter(|entry| entry.here && entry.enabled && !entry.shadowed);
    let lines = started.map(|entry| {
        let scope = if entry.scope == Scope::Managed { "managed" } else { "own" };
        format!("{scope} {}", entry.name)
    });
    lines.collect()
}

const SYSTEMS: [Platform; 3] = [Platform::Linux, Platform::Macos, Platform::Windows];

/// Writes the file of one system alone, and tells what is started on each.
fn started_with(path: &str, content: &str, own: (&str, &str)) -> [Vec<String>; 3] {
    let person = Person::at_machine();
    person.write(&format!("machine/{path}"), content);
    person.write(own.0, own.1);
    SYSTEMS.map(|system| started(&person.looks_on(system)))
}

#[test]
fn servers_that_an_administrator_gives_claude_code_are_the_only_ones() {
    let given = r#"{"mcpServers": {"given": {"command": "x"}}}"#;
    let own = (".claude.json", r#"{"mcpServers": {"mine": {"command": "x"}}}"#);
    let (with, without) = (vec!["managed given".to_owned()], vec!["own mine".to_owned()]);
    for (path, system) in [
        ("etc/claude-code/managed-mcp.json", Platform::Linux),
        ("Library/Application Support/ClaudeCode/managed-mcp.json", Platform::Macos),
        ("Program Files/ClaudeCode/managed-mcp.json", Platform::Windows),
    ] {
        let expected = SYSTEMS.map(|it| if it == system { with.clone() } else { without.clone() });
        assert_eq!(started_with(path, given, own), expected, "{path}");
    }
}

#[test]
fn a_server_that_an_administrator_forbids_claude_code_is_not_started() {
    let own = (".claude.json", r#"{"mcpServers": {"mine": {"command": "x"}, "other": {"command": "y"}}}"#);
    let both = vec!["own mine".to_owned(), "own other".to_owned()];
    let settings = r#"{"deniedMcpServers": [{"serverName": "mine"}],
        "managedMcpServers": {"given": {"type": "http", "url": "https://mcp.example.com"}}}"#;
    for (folder, system) in [
        ("etc/claude-code", Platform::Linux),
        ("Library/Application Support/ClaudeCode", Platform::Macos),
        ("Program Files/ClaudeCode", Platform::Windows),
    ] {
        for name in ["managed-settings.json", "managed-settings.d/10-servers.json"] {
            let path = format!("{folder}/{name}");
            let mut seen = started_with(&path, settings, own);
            for lines in &mut seen {
                lines.sort();
            }
            let with = vec!["managed given".to_owned(), "own other".to_owned()];
            let expected = SYSTEMS.map(|it| if it == system { with.clone() } else { both.clone() });
            assert_eq!(seen, expected, "{path}");
        }
    }
}

#[test]
fn what_gemini_is_given_for_the_system_outdoes_a_persons_own_and_its_defaults_do_not() {
    let own = (
        ".gemini/settings.json",
        r#"{"mcpServers": {"same": {"command": "mine"}, "mine": {"command": "mine"}}}"#,
    );
    let given = r#"{"mcpServers": {"same": {"command": "theirs"}}}"#;
    let mine = vec!["own same".to_owned(), "own mine".to_owned()];
    for (folder, system) in [
        ("etc/gemini-cli", Platform::Linux),
        ("Library/Application Support/GeminiCli", Platform::Macos),
        ("ProgramData/gemini-cli", Platform::Windows),
    ] {
        let theirs = vec!["own mine".to_owned(), "managed same".to_owned()];
        let expected = SYSTEMS.map(|it| if it == system { theirs.clone() } else { mine.clone() });
        assert_eq!(started_with(&format!("{folder}/settings.json"), given, own), expected, "{folder}");
        let weak = started_with(&format!("{folder}/system-defaults.json"), given, own);
        assert_eq!(weak, [mine.clone(), mine.clone(), mine.clone()], "{folder}");
    }
}

#[test]
fn what_opencode_and_codex_are_given_is_read_where_their_systems_have_it() {
    let opencode = r#"{"mcp": {"given": {"type": "local", "command": ["x"]}}}"#;
    let codex = "[mcp_servers.given]\ncommand = \"x\"\n";
    let given = vec!["managed given".to_owned()];
    for (path, content, systems) in [
        ("etc/opencode/opencode.jsonc", opencode, &[Platform::Linux][..]),
        ("Library/Application Support/opencode/opencode.json", opencode, &[Platform::Macos]),
        ("ProgramData/opencode/opencode.json", opencode, &[Platform::Windows]),
        ("etc/codex/managed_config.toml", codex, &[Platform::Linux, Platform::Macos]),
        ("etc/codex/config.toml", codex, &[Platform::Linux, Platform::Macos]),
    ] {
        let expected = SYSTEMS.map(|it| if systems.contains(&it) { given.clone() } else { Vec::new() });
        assert_eq!(started_with(path, content, ("mark", "")), expected, "{path}");
    }
}

#[test]
fn a_path_of_another_system_leads_to_its_own_root() {
    let places = |platform| Places::new(platform, None, PathBuf::from("/here"), Box::new(|_| None));
    let base = |platform, path| places(platform).base(path).and_then(|(base, _)| base);
    assert_eq!(base(Platform::Macos, "/Library/x"), Some(PathBuf::from("/")));
    assert_eq!(base(Platform::Windows, "C:/Program Files/x"), Some(PathBuf::from("C:/")));
    assert_eq!(base(Platform::Windows, "$PROGRAMDATA/x"), Some(PathBuf::from("C:/ProgramData")));
}

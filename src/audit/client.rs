//! `Client`: which program, of those that led to us, is known to ask for credentials.

/// What sort of program asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A model decides what it does next.
    Agent,
    /// An editor, of which an extension or its terminal may be the one that asks.
    Editor,
    /// A shell that a person or a script uses.
    Shell,
    /// A machine that builds and tests.
    Automation,
}

/// A program that is recognised.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its word in the log, which `--client` takes.
    pub(crate) id: &'static str,
    /// What sort of program it is.
    pub(crate) sort: Sort,
    /// Names of its process, in small letters and without `.exe`; Linux cuts them to 15 characters.
    programs: &'static [&'static str],
    /// Variables that it sets for what it starts.
    variables: &'static [&'static str],
}

const fn agent(
    id: &'static str,
    programs: &'static [&'static str],
    variables: &'static [&'static str],
) -> Client {
    Client { id, sort: Sort::Agent, programs, variables }
}

const fn editor(id: &'static str, programs: &'static [&'static str]) -> Client {
    Client { id, sort: Sort::Editor, programs, variables: &[] }
}

/// All that are recognised, agents first.
pub(crate) const CLIENTS: &[Client] = &[
    agent("claude-code", &["claude"], &["CLAUDECODE"]),
    agent("claude-desktop", &["claude-desktop", "claude desktop", "claude helper"], &[]),
    agent("codex", &["codex", "codex-cli", "codex-linux-san"], &["CODEX_SANDBOX"]),
    agent("cursor", &["cursor", "cursor-agent", "cursor helper"], &["CURSOR_AGENT"]),
    agent("windsurf", &["windsurf", "windsurf helper"], &[]),
    agent("gemini-cli", &["gemini", "gemini-cli"], &["GEMINI_CLI"]),
    agent("copilot-cli", &["copilot"], &[]),
    agent("opencode", &["opencode"], &["OPENCODE"]),
    agent("goose", &["goose", "goosed"], &[]),
    agent("amp", &["amp"], &[]),
    agent("kiro", &["kiro", "kiro-cli"], &[]),
    agent("warp", &["warp", "warp-terminal"], &[]),
    editor("vscode", &["code", "code-insiders", "code helper", "vscodium", "codium", "code - insiders"]),
    editor("zed", &["zed", "zed-editor"]),
    editor(
        "jetbrains",
        &["idea", "idea64", "pycharm", "pycharm64", "webstorm", "webstorm64", "goland", "rustrover"],
    ),
    Client {
        id: "ci",
        sort: Sort::Automation,
        programs: &["runner.worker", "gitlab-runner", "buildkite-agent"],
        variables: &["CI"],
    },
    Client {
        id: "shell",
        sort: Sort::Shell,
        programs: &[
            "sh",
            "bash",
            "zsh",
            "fish",
            "dash",
            "ksh",
            "nu",
            "elvish",
            "pwsh",
            "powershell",
            "cmd",
            "tcsh",
        ],
        variables: &[],
    },
];

/// The client among the programs that led to us (the nearest first) or in the environment around us. A process is
/// believed before a variable, which anything inherits, and an agent before the shell that it used.
pub(crate) fn recognise(parents: &[String], is_set: impl Fn(&str) -> bool) -> Option<&'static Client> {
    let find = |is_wanted: &dyn Fn(Sort) -> bool| {
        parents.iter().find_map(|parent| {
            let name = plain(parent);
            CLIENTS.iter().find(|client| is_wanted(client.sort) && client.programs.contains(&name.as_str()))
        })
    };
    find(&|sort| sort == Sort::Agent)
        .or_else(|| {
            let is_known = |client: &&Client| client.variables.iter().any(|variable| is_set(variable));
            CLIENTS.iter().find(is_known)
        })
        .or_else(|| find(&|sort| sort != Sort::Shell))
        .or_else(|| find(&|sort| sort == Sort::Shell))
}

/// The name as the table has it: a login shell is `-zsh`, and Windows says `.exe`.
fn plain(program: &str) -> String {
    let name = program.to_ascii_lowercase();
    name.strip_suffix(".exe").unwrap_or(&name).trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(parents: &[&str], variables: &[&str]) -> Option<&'static str> {
        let parents: Vec<String> = parents.iter().map(|&parent| parent.to_owned()).collect();
        recognise(&parents, |name| variables.contains(&name)).map(|client| client.id)
    }

    #[test]
    fn an_agent_counts_before_the_shell_that_it_used() {
        assert_eq!(found(&["bash", "claude", "zsh", "gnome-terminal-"], &[]), Some("claude-code"));
        assert_eq!(found(&["-zsh", "login"], &[]), Some("shell"));
        assert_eq!(found(&["pwsh.exe", "Code.exe"], &[]), Some("vscode"));
        assert_eq!(found(&["sh", "node"], &["CI"]), Some("ci"));
        assert_eq!(found(&["node", "systemd"], &[]), None);
    }

    #[test]
    fn a_process_is_believed_before_a_variable() {
        assert_eq!(found(&["bash", "codex"], &["CLAUDECODE"]), Some("codex"));
        assert_eq!(found(&["bash"], &["CLAUDECODE"]), Some("claude-code"));
    }

    #[test]
    fn names_are_in_small_letters_as_they_are_compared() {
        for name in CLIENTS.iter().flat_map(|client| client.programs) {
            assert_eq!(plain(name), *name);
        }
    }
}

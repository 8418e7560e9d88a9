//! `Desk`: a person with a project and real MCP clients, which start servers that note what reaches them (Linux).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::support::{Ran, Sandbox, feed};

/// Where the probe serves over HTTP, within the network that the clients have.
const PROBE: &str = "http://127.0.0.1:8931";

/// A client that `.ci/prepare` installs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    ClaudeCode,
    Codex,
    Copilot,
    Gemini,
    Opencode,
}

impl Client {
    pub(crate) const ALL: [Self; 5] =
        [Self::ClaudeCode, Self::Codex, Self::Copilot, Self::Gemini, Self::Opencode];

    /// Its `id` in the catalog.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::Copilot => "copilot-cli",
            Self::Gemini => "gemini-cli",
            Self::Opencode => "opencode",
        }
    }

    /// The file that holds the user's own servers, below the home folder.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::ClaudeCode => ".claude.json",
            Self::Codex => ".codex/config.toml",
            Self::Copilot => ".copilot/mcp-config.json",
            Self::Gemini => ".gemini/settings.json",
            Self::Opencode => ".config/opencode/opencode.json",
        }
    }

    /// The file to start. Each publisher names the packages of its platforms in its own way.
    fn program(self) -> PathBuf {
        let (processor, short) = match std::env::consts::ARCH {
            "aarch64" => ("aarch64", "arm64"),
            _ => ("x86_64", "x64"),
        };
        let below = match self {
            Self::ClaudeCode => format!("@anthropic-ai/claude-code-linux-{short}/claude"),
            Self::Codex => format!("@openai/codex/vendor/{processor}-unknown-linux-musl/bin/codex"),
            Self::Copilot => format!("@github/copilot-linux-{short}/copilot"),
            Self::Gemini => "@google/gemini-cli/bundle/gemini.js".to_owned(),
            Self::Opencode if short == "x64" => "opencode-linux-x64-baseline/bin/opencode".to_owned(),
            Self::Opencode => format!("opencode-linux-{short}/bin/opencode"),
        };
        installed().join("node_modules").join(below)
    }

    /// What it needs in its environment to do without a network, an update and a question.
    fn variables(self) -> Vec<(&'static str, OsString)> {
        match self {
            Self::Copilot => vec![
                ("COPILOT_OFFLINE", "true".into()),
                ("COPILOT_AUTO_UPDATE", "false".into()),
                ("COPILOT_PROVIDER_BASE_URL", format!("{PROBE}/v1").into()),
                ("COPILOT_MODEL", "m".into()),
                // It unpacks itself there; once is enough for all homes.
                ("XDG_CACHE_HOME", installed().join("cache").into()),
            ],
            Self::Gemini => vec![("GEMINI_CLI_TRUST_WORKSPACE", "true".into())],
            _ => Vec::new(),
        }
    }

    /// The shortest command that makes it start its servers.
    fn starting(self) -> Vec<String> {
        let words: &[&str] = match self {
            Self::ClaudeCode | Self::Gemini | Self::Opencode => &["mcp", "list"],
            Self::Copilot => &["-p", "hello", "--allow-all-tools", "--trust-folder"],
            Self::Codex => &["exec", "--skip-git-repo-check"],
        };
        let mut words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        if self == Self::Codex {
            let provider = format!(
                r#"model_providers.x={{name="x",base_url="{PROBE}/v1",wire_api="responses",stream_max_retries=0}}"#
            );
            for setting in [r#"model="m""#, r#"model_provider="x""#, &provider] {
                words.extend(["-c".to_owned(), setting.to_owned()]);
            }
            words.push("hello".to_owned());
        }
        words
    }
}

fn installed() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/target/clients"))
}

fn probe() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/probe.py")
}

/// How to get a network of one's own: the words before a command, and whom the command is to run as.
static ALONE: LazyLock<Option<(Vec<&str>, String)>> = LazyLock::new(|| {
    let own = format!("{}:{}", rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let works = |words: &[&str]| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg("true").stdin(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    // Some systems let nobody but root make a namespace.
    [
        (vec!["unshare", "--net"], own.clone()),
        (vec!["unshare", "--user", "--map-root-user", "--net"], "0:0".to_owned()),
        (vec!["sudo", "-n", "unshare", "--net"], own),
    ]
    .into_iter()
    .find(|(words, _)| works(words))
});

/// Copilot unpacks itself where all homes share it: one at a time.
static UNPACKING: Mutex<()> = Mutex::new(());

/// A person with an empty home and an empty project in it, which is a repository.
pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
}

/// A server that a person configures: the probe, over stdin or over HTTP.
#[derive(Debug)]
pub(crate) struct Server {
    name: String,
    is_remote: bool,
    arguments: Vec<String>,
    /// Variables, or headers.
    values: Vec<(String, String)>,
}

impl Server {
    /// One that is started.
    pub(crate) fn local(name: impl Into<String>) -> Self {
        Self { name: name.into(), is_remote: false, arguments: Vec::new(), values: Vec::new() }
    }

    /// One that is called.
    pub(crate) fn remote(name: impl Into<String>) -> Self {
        Self { is_remote: true, ..Self::local(name) }
    }

    /// With one more argument.
    pub(crate) fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// With one more variable, or header.
    pub(crate) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.push((name.into(), value.into()));
        self
    }
}

fn codex(name: &str, entry: &Value) -> String {
    let rows = |table: &Value| {
        let rows = table.as_object().unwrap().iter().filter(|(_, value)| !value.is_object());
        rows.map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join("\n")
    };
    let inner = if entry["url"].is_null() { "env" } else { "http_headers" };
    format!("[mcp_servers.{name}]\n{}\n[mcp_servers.{name}.{inner}]\n{}\n", rows(entry), rows(&entry[inner]))
}

/// What a server was started with.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
}

/// What a server was asked over HTTP.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) headers: BTreeMap<String, String>,
}

impl Desk {
    /// `None` where such a client can't be run here: `.ci/prepare` was not, or there is no network of one's own to be
    /// had. In CI both have to be there.
    pub(crate) fn with(client: Client) -> Option<Self> {
        let is_there = client.program().exists() && ALONE.is_some();
        assert!(is_there || option_env!("CI").is_none(), "{client:?} can't be run: was `.ci/prepare`?");
        is_there.then(Self::new)
    }

    fn new() -> Self {
        let desk = Self { sandbox: Sandbox::new() };
        fs::create_dir_all(desk.project().join(".git")).unwrap();
        fs::create_dir(desk.notes()).unwrap();
        desk
    }

    /// The folder that the person stands in.
    pub(crate) fn project(&self) -> PathBuf {
        self.sandbox.path("project")
    }

    /// Where the servers note what reached them.
    pub(crate) fn notes(&self) -> PathBuf {
        self.sandbox.path("notes")
    }

    /// Writes a file below the home folder.
    pub(crate) fn write(&self, name: &str, content: &impl ToString) {
        let path = self.sandbox.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content.to_string()).unwrap();
    }

    /// The text of a file below the home folder.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.sandbox.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The command line of the probe under that name.
    pub(crate) fn command(&self, name: &str, arguments: &[&str]) -> Vec<String> {
        let notes = self.notes();
        let words = ["python3", probe(), "stdio", notes.to_str().unwrap(), name];
        words.iter().chain(arguments).map(|&word| word.to_owned()).collect()
    }

    /// An entry for the probe, as most clients write one.
    pub(crate) fn entry(&self, name: &str, arguments: &[&str], environment: &Value) -> Value {
        let words = self.command(name, arguments);
        json!({ "command": words[0], "args": words[1..], "env": environment })
    }

    /// Writes these servers into the user's own configuration of the client, each in the client's own words.
    pub(crate) fn configure(&self, client: Client, servers: &[Server]) {
        let entries = servers.iter().map(|server| (server.name.clone(), self.entry_of(client, server)));
        let content = match client {
            // A string or list of JSON is one of TOML.
            Client::Codex => entries.map(|(name, entry)| codex(&name, &entry)).collect(),
            Client::Opencode => json!({ "mcp": entries.collect::<Value>() }).to_string(),
            _ => json!({ "mcpServers": entries.collect::<Value>() }).to_string(),
        };
        self.write(client.file(), &content);
    }

    fn entry_of(&self, client: Client, server: &Server) -> Value {
        let values: Value = server.values.iter().cloned().collect();
        let url = format!("{PROBE}/{}", server.name);
        let arguments: Vec<&str> = server.arguments.iter().map(String::as_str).collect();
        let mut entry = match client {
            Client::Codex if server.is_remote => json!({ "url": url, "http_headers": values }),
            Client::Gemini if server.is_remote => json!({ "httpUrl": url, "headers": values }),
            Client::Opencode if server.is_remote => {
                json!({ "type": "remote", "url": url, "headers": values })
            }
            _ if server.is_remote => json!({ "type": "http", "url": url, "headers": values }),
            Client::Opencode => {
                let command = self.command(&server.name, &arguments);
                json!({ "type": "local", "command": command, "environment": values })
            }
            _ => self.entry(&server.name, &arguments, &values),
        };
        if client == Client::Copilot {
            entry["tools"] = json!(["*"]);
        }
        entry
    }

    /// Runs a client in the project, with nothing but loopback around it and two minutes to come to an end.
    pub(crate) fn run<I: AsRef<OsStr>>(&self, client: Client, arguments: impl IntoIterator<Item = I>) -> Ran {
        let (alone, person) = ALONE.as_ref().unwrap();
        let mut inner = Command::new("true");
        self.sandbox.surround(&mut inner);
        inner.envs(client.variables());
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", "120"]).args(alone).args(["env", "-i"]);
        for (name, value) in inner.get_envs() {
            let mut variable = name.to_owned();
            variable.push("=");
            variable.push(value.unwrap());
            command.arg(variable);
        }
        command.args(["python3", probe(), "around"]).arg(self.notes()).arg(person);
        if client == Client::Gemini {
            command.arg("node");
        }
        command.arg(client.program()).args(arguments).current_dir(self.project());
        let unpacking = || UNPACKING.lock().unwrap_or_else(PoisonError::into_inner);
        let _one = (client == Client::Copilot).then(unpacking);
        Ran(feed(command, b""))
    }

    /// Lets the client start the servers that it is configured with, or say why it does not.
    pub(crate) fn start_servers(&self, client: Client) -> Ran {
        for note in fs::read_dir(self.notes()).unwrap().flatten() {
            fs::remove_file(note.path()).unwrap();
        }
        self.run(client, client.starting())
    }

    /// What the server of that name was started with; `None` where it was not.
    pub(crate) fn reached(&self, name: &str) -> Option<Reached> {
        let note = fs::read(self.notes().join(name).with_extension("json")).ok()?;
        let mut note: Value = serde_json::from_slice(&note).unwrap();
        Some(Reached {
            arguments: serde_json::from_value(note["arguments"].take()).unwrap(),
            environment: serde_json::from_value(note["environment"].take()).unwrap(),
        })
    }

    /// The first request to the server of that name; `None` where there was none.
    pub(crate) fn request(&self, name: &str) -> Option<Request> {
        let notes = fs::read_to_string(self.notes().join("requests.jsonl")).ok()?;
        notes.lines().find_map(|line| {
            let mut note: Value = serde_json::from_str(line).unwrap();
            let own = note["path"].as_str().unwrap().to_owned();
            let headers = serde_json::from_value(note["headers"].take()).unwrap();
            (own == format!("/{name}")).then_some(Request { headers })
        })
    }
}

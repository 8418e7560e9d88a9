//! Clients: programs that start MCP servers, where they keep their configurations, and what they make of a placeholder.

use serde::Deserialize;

use crate::catalog::acceptance::{SettingsFile, Typed};
pub(crate) use crate::catalog::inherits::Inherits;
use crate::document::{Leniency, Syntax};

/// One client.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// `claude-code`: what `--client` takes.
    pub(crate) id: String,
    /// `Claude Code`.
    pub(crate) name: String,
    /// Its own page about MCP.
    #[serde(default)]
    pub(crate) page: Option<String>,
    /// How much of this was seen.
    pub(crate) confidence: Confidence,
    /// What its stdio servers find in their environment.
    pub(crate) inherits: Inherits,
    /// What it does with placeholders.
    #[serde(default)]
    pub(crate) references: References,
    /// Whether entries of the same name in several of its files become one, key by key. Otherwise the one in the
    /// strongest file counts as a whole.
    #[serde(default)]
    pub(crate) merges: bool,
    /// Folders and files that are here where this client is used. Where none is, and none of its own configurations
    /// either, it is not expected to read what belongs to another client ([`ConfigurationFile::guest`]).
    #[serde(default)]
    pub(crate) traces: Vec<String>,
    /// The key under which an entry names a command that prints headers, where the client runs one.
    #[serde(default)]
    pub(crate) headers_helper: Option<String>,
    /// Keys that tell whether a server is to be started, and that it passes over: `disabled`, `enabled`.
    #[serde(default)]
    pub(crate) passes_over: Vec<String>,
    /// What it does with an entry that holds a value of another sort than it expects.
    #[serde(default)]
    pub(crate) typed: Option<Typed>,
    /// Its settings in which somebody says which servers it starts, the weakest first.
    #[serde(default)]
    pub(crate) settings: Vec<SettingsFile>,
    /// What a person has to do before a change counts: `start a new session`.
    #[serde(default)]
    pub(crate) reload: Option<String>,
    /// Its configurations, the weakest first: what a later one says of a server takes the place of what an earlier
    /// one says.
    #[serde(default, rename = "file")]
    pub(crate) files: Vec<ConfigurationFile>,
    /// Other files of its own that may hold secrets: what it once read, copies that it makes, stores in the open.
    #[serde(default, rename = "leftover")]
    pub(crate) leftovers: Vec<Leftover>,
}

/// How a fact is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Confidence {
    /// Seen in a run of the real thing.
    Run,
    /// Read in its source.
    Source,
    /// Said by its makers.
    Documented,
    /// Said by others.
    Reported,
    /// Remembered by somebody.
    Unverified,
}

/// What a client does with placeholders. Without `syntaxes` it passes all of them on as they are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct References {
    /// Which ones it knows.
    pub(crate) syntaxes: Vec<ReferenceSyntax>,
    /// In which fields; in all of them where the list is empty.
    pub(crate) fields: Vec<FieldKind>,
    /// Whether nobody has told what it does, so that nothing can be said of any placeholder.
    pub(crate) unknown: bool,
    /// What comes of a name that is not set.
    pub(crate) unset: Unset,
    /// Whether a name that is set to nothing gives way to its default, as in a shell.
    pub(crate) default_if_empty: bool,
    /// In which fields a placeholder within a default is looked at too.
    pub(crate) nested: Vec<FieldKind>,
    /// Whether only names count that the person has approved in the settings of the client.
    pub(crate) approved_only: bool,
    /// Names that it makes empty, set or not.
    pub(crate) blanked: Vec<Blanked>,
    /// Names that it keeps to itself: no server inherits them, and it takes them for names that are not set.
    pub(crate) withheld: Vec<String>,
    /// Fields with rules of their own.
    pub(crate) except: Vec<Exception>,
}

/// Names that a client makes empty.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Blanked {
    /// Where.
    pub(crate) fields: Vec<FieldKind>,
    /// Which.
    pub(crate) names: Vec<String>,
}

/// Fields in which a client follows other rules than elsewhere. What is not said here is as elsewhere.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exception {
    /// Where.
    pub(crate) fields: Vec<FieldKind>,
    /// Which placeholders it knows there.
    #[serde(default)]
    pub(crate) syntaxes: Option<Vec<ReferenceSyntax>>,
    /// What comes of a name that is not set there.
    #[serde(default)]
    pub(crate) unset: Option<Unset>,
}

impl References {
    /// The placeholders that the client knows in such a field.
    pub(crate) fn syntaxes_in(&self, field: FieldKind) -> &[ReferenceSyntax] {
        let own = self.exceptions(field).find_map(|exception| exception.syntaxes.as_deref());
        match own {
            Some(syntaxes) => syntaxes,
            None if self.fields.is_empty() || self.fields.contains(&field) => &self.syntaxes,
            None => &[],
        }
    }

    /// What comes of a name in such a field that is not set.
    pub(crate) fn unset_in(&self, field: FieldKind) -> Unset {
        self.exceptions(field).find_map(|exception| exception.unset).unwrap_or(self.unset)
    }

    /// Whether the client makes this name empty in such a field.
    pub(crate) fn blanks(&self, name: &str, field: FieldKind) -> bool {
        let mut lists = self.blanked.iter().filter(|blanked| blanked.fields.contains(&field));
        lists.any(|blanked| blanked.names.iter().any(|own| own.eq_ignore_ascii_case(name)))
    }

    /// Whether the client keeps this name to itself.
    pub(crate) fn withholds(&self, name: &str) -> bool {
        self.withheld.iter().any(|own| own == name)
    }

    fn exceptions(&self, field: FieldKind) -> impl Iterator<Item = &Exception> {
        self.except.iter().filter(move |exception| exception.fields.contains(&field))
    }
}

/// How a placeholder is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
pub(crate) enum ReferenceSyntax {
    /// `$VAR`
    #[serde(rename = "$VAR")]
    Dollar,
    /// `${VAR}`
    #[serde(rename = "${VAR}")]
    Braces,
    /// `${VAR:-default}`
    #[serde(rename = "${VAR:-default}")]
    BracesDefault,
    /// `${VAR:?message}`
    #[serde(rename = "${VAR:?message}")]
    BracesRequired,
    /// `${env:VAR}`
    #[serde(rename = "${env:VAR}")]
    Env,
    /// `$env:VAR`
    #[serde(rename = "$env:VAR")]
    DollarEnv,
    /// `{env:VAR}`
    #[serde(rename = "{env:VAR}")]
    BareEnv,
    /// `${file:/path}`
    #[serde(rename = "${file:path}")]
    File,
    /// `{file:path}`
    #[serde(rename = "{file:path}")]
    BareFile,
    /// `${input:id}`: asked of the person, and declared under `inputs`.
    #[serde(rename = "${input:id}")]
    Input,
    /// `${{ secrets.NAME }}`
    #[serde(rename = "${{ secrets.NAME }}")]
    Secrets,
    /// `${{ inputs.NAME }}`, `${{ vars.NAME }}`: of the same making, and no secrets.
    #[serde(rename = "${{ inputs.NAME }}")]
    Inputs,
    /// `%VAR%`: of the command prompt of Windows.
    #[serde(rename = "%VAR%")]
    Percent,
    /// `${user_config.key}`: of an MCPB bundle.
    #[serde(rename = "${user_config.key}")]
    UserConfig,
    /// `$(command)`: run by a shell.
    #[serde(rename = "$(command)")]
    Command,
    /// A value that is nothing but the name of a variable that is set.
    #[serde(rename = "VAR")]
    BareName,
    /// `${workspaceFolder}`, `${userHome}` and the like, which are no secrets.
    #[serde(rename = "${workspaceFolder}")]
    Editor,
}

/// What comes of a placeholder whose name is not set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unset {
    /// It is passed on as it stands.
    #[default]
    Literal,
    /// It becomes empty.
    Empty,
    /// The server is not started.
    Error,
    /// The variable or header is left out.
    Omitted,
    /// The person is asked.
    Asks,
    /// Nobody knows.
    Unknown,
}

/// A part of a server's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FieldKind {
    Command,
    Args,
    Env,
    Url,
    Headers,
    /// A command that prints headers.
    Helper,
    /// The secret of an OAuth client, or a token in the entry.
    Oauth,
    /// The default of a question to the person.
    InputDefault,
    /// A setting of an extension.
    Setting,
    /// A file of variables beside the configuration.
    EnvFile,
}

/// A file in which a client looks for servers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigurationFile {
    /// Whom it is for.
    pub(crate) scope: Scope,
    /// Where it is. It begins with `~`, with `$CONFIG` and the other words that `configuration/places.rs` tells of,
    /// with any other `$VARIABLE`, or with a root; without any of them it lies in the project. `*` stands for any
    /// characters within one step, `{a,b}` for one of several, the weakest first.
    pub(crate) path: String,
    /// On which systems; on all of them where the list is empty.
    #[serde(default)]
    pub(crate) platforms: Vec<Platform>,
    /// How it is written.
    pub(crate) syntax: Syntax,
    /// How its servers are laid out.
    pub(crate) layout: Layout,
    /// Where in the document they are: keys from the root, each one a step, `*` for every key.
    pub(crate) key: Vec<String>,
    /// Where else they may be.
    #[serde(default)]
    pub(crate) or: Vec<Vec<String>>,
    /// The file that is made for a first server, where `path` leaves open which: with no `*` and no `{a,b}`.
    #[serde(default)]
    pub(crate) made: Option<String>,
    /// Whether teams commit it.
    #[serde(default)]
    pub(crate) committed: bool,
    /// Whether mcpcred may change it. Not: what a manager or another program owns.
    #[serde(default = "yes")]
    pub(crate) writable: bool,
    /// Whether its servers are started on another machine than this one: in a container, in a cloud.
    #[serde(default)]
    pub(crate) elsewhere: bool,
    /// Which parent folders of the project are searched too, the nearest being the strongest.
    #[serde(default)]
    pub(crate) parents: Parents,
    /// The variables that move it, the strongest first.
    #[serde(default)]
    pub(crate) moved_by: Vec<MovedBy>,
    /// A file that keeps the client from reading this one, as in [`ConfigurationFile::path`].
    #[serde(default)]
    pub(crate) hidden_by: Option<String>,
    /// Whether it counts for itself: of a profile, of another edition of the program. What it says of a server takes
    /// no other's place.
    #[serde(default)]
    pub(crate) apart: bool,
    /// Whether the client reads nothing else where this file is.
    #[serde(default)]
    pub(crate) exclusive: bool,
    /// Whether it belongs to another client, and this one reads it as well.
    #[serde(default)]
    pub(crate) guest: bool,
    /// What makes the client pass over the whole file.
    #[serde(default)]
    pub(crate) refuses: Vec<Leniency>,
    /// Whether the servers may also stand at the root of the document, without a key around them.
    #[serde(default)]
    pub(crate) bare: bool,
    /// Whether only what stands between two lines of `---` at its beginning is the document.
    #[serde(default)]
    pub(crate) front_matter: bool,
    /// What the client does with placeholders in this file, where that is not what it does elsewhere.
    #[serde(default)]
    pub(crate) references: Option<References>,
}

fn yes() -> bool {
    true
}

/// Which folders above the one that a person stands in are searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Parents {
    /// None. The root of the repository is searched in any case, for that is what an editor opens.
    #[default]
    None,
    /// Up to the root of the repository.
    Repository,
    /// All.
    All,
}

/// `CLAUDE_CONFIG_DIR` stands for the folder of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MovedBy {
    /// What follows the variable's value in the path of the file that keeps the client from reading this one.
    #[serde(default)]
    pub(crate) hidden_by: Option<String>,
    /// The variable.
    pub(crate) variable: String,
    /// What follows its value; empty where it names the file itself.
    #[serde(default)]
    pub(crate) path: String,
}

/// Whom a configuration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scope {
    /// All projects of a person.
    User,
    /// Everybody who works on a project.
    Project,
    /// One person in one project.
    Local,
    /// Everybody on the machine, by its administrator.
    Managed,
}

/// Where a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Platform {
    Linux,
    Macos,
    Windows,
}

/// How the entry of a server is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Layout {
    /// `{"command": "npx", "args": […], "env": {…}}` or `{"url": …, "headers": {…}}`, by name: nearly everybody.
    Common,
    /// The same with `inputs` beside it: VS Code, Visual Studio.
    Inputs,
    /// `command` is an array, `environment` a map: opencode, Kilo.
    CommandArray,
    /// `[mcp_servers.x]` with `env_vars`, `http_headers`, `bearer_token_env_var`: Codex.
    Codex,
    /// `cmd`, `envs`, `env_keys`, `uri`: Goose.
    Goose,
    /// A sequence of entries with `name`: Continue, Vibe.
    Named,
    /// `{"command": {"path": …, "args": …, "env": …}}` or `settings`, beside the common form: Zed.
    Zed,
    /// `transport: {…}` around the common form as well: Cline.
    Nested,
}

/// A file of a client that is no configuration and may hold secrets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leftover {
    /// Where, as in [`ConfigurationFile::path`].
    pub(crate) path: String,
    /// What it is: `a backup that Claude Code made`.
    pub(crate) what: String,
    /// On which systems; on all of them where the list is empty.
    #[serde(default)]
    pub(crate) platforms: Vec<Platform>,
    /// Whether the client needs it, so that a secret in it is told of and the file is not to be deleted.
    #[serde(default)]
    pub(crate) in_use: bool,
}

/// The clients that are part of the binary.
///
/// # Errors
/// Never in a binary that passed its tests.
#[cfg(test)]
pub(crate) fn embedded() -> Result<Vec<Client>, toml::de::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Clients {
        client: Vec<Client>,
    }
    toml::from_str::<Clients>(include_str!("clients.toml")).map(|file| file.client)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_client_is_known_by_one_id_and_says_where_it_keeps_its_servers() {
        let clients = embedded().unwrap();
        let ids: HashSet<_> = clients.iter().map(|client| &client.id).collect();
        assert_eq!(ids.len(), clients.len());
        let with_files = clients.iter().filter(|client| !client.files.is_empty()).count();
        assert!(with_files >= 30, "{with_files}");
        for client in &clients {
            assert!(!client.files.is_empty() || !client.leftovers.is_empty(), "{}", client.id);
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(client.id.bytes().all(is_plain), "{}", client.id);
            assert!(client.page.as_ref().is_none_or(|page| page.starts_with("https://")), "{}", client.id);
        }
    }

    #[test]
    fn what_a_manager_owns_is_never_written() {
        for client in embedded().unwrap() {
            for file in client.files {
                let is_managed = file.scope == Scope::Managed;
                assert!(!is_managed || !file.writable, "{} {}", client.id, file.path);
                let is_in_project = !file.path.starts_with(['~', '$', '/']) && !file.path.starts_with("C:");
                assert_eq!(
                    is_in_project,
                    matches!(file.scope, Scope::Project | Scope::Local)
                        && !file.path.starts_with("~/.claude"),
                    "{} {}",
                    client.id,
                    file.path
                );
                assert!(!file.path.contains('\\') && !file.key.is_empty(), "{} {}", client.id, file.path);
            }
        }
    }

    #[test]
    fn rules_of_a_field_stand_in_for_those_of_all() {
        let clients = embedded().unwrap();
        let references = |id: &str| &clients.iter().find(|client| client.id == id).unwrap().references;
        let gemini = references("gemini-cli");
        assert_eq!(gemini.unset_in(FieldKind::Env), Unset::Empty);
        assert_eq!(gemini.unset_in(FieldKind::Args), Unset::Literal);
        let copilot = references("copilot-cli");
        assert!(copilot.syntaxes_in(FieldKind::Env).contains(&ReferenceSyntax::BareName));
        assert!(!copilot.syntaxes_in(FieldKind::Headers).contains(&ReferenceSyntax::BareName));
        let q = references("amazon-q");
        assert_eq!(q.syntaxes_in(FieldKind::Args), []);
        assert_eq!(q.syntaxes_in(FieldKind::Command), [ReferenceSyntax::Dollar, ReferenceSyntax::Braces]);
        assert!(references("claude-code").blanks("NPM_TOKEN", FieldKind::Headers));
        assert!(!references("claude-code").blanks("NPM_TOKEN", FieldKind::Env));
    }
}

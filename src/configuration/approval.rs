//! Whether a client starts an entry at all, by what its settings say of servers: approved, refused, forbidden.

use crate::catalog::client::Scope;
use crate::configuration::discover::{Reader, Reading, Settings};
use crate::configuration::entry::{ServerEntry, Standing};
use crate::configuration::paths::is_like;
use crate::configuration::read::is_here;
use crate::document::{Document, Shape, Text, Value};

/// Marks every entry that its client does not start, or starts only once a person has approved it. Only what was seen
/// of the real clients.
pub(super) fn apply(settings: &[Settings<'_>], readings: &[Reading<'_>], all: &mut [Vec<ServerEntry<'_>>]) {
    let of_client = |id: &str| -> Vec<(&Document, &Reader<'_>)> {
        let documents =
            readings.iter().filter_map(|reading| Some((reading.document.as_ref().ok()?, reading)));
        documents
            .flat_map(|(document, reading)| reading.readers.iter().map(move |reader| (document, reader)))
            .filter(|(_, reader)| reader.client.id == id)
            .collect()
    };
    let claude = ClaudeCode::of(settings, &of_client("claude-code"));
    let codex = Codex::of(&of_client("codex"));
    let gemini = Gemini::of(&of_client("gemini-cli"));
    for entry in all.iter_mut().flatten().filter(|entry| entry.here) {
        let standing = match entry.client.id.as_str() {
            "claude-code" => claude.standing(entry),
            "codex" => codex.standing(entry),
            "gemini-cli" => gemini.standing(entry),
            _ => Standing::Counts,
        };
        entry.enabled &= standing != Standing::Refused;
        entry.standing = standing;
    }
}

/// Whether settings list commands or addresses of servers that a client starts, or does not.
pub(super) fn lists_commands(settings: &[Settings<'_>]) -> bool {
    let lists = settings.iter().flat_map(|it| {
        ["allowedMcpServers", "deniedMcpServers"].into_iter().filter_map(|key| it.document.root().get(key))
    });
    lists.into_iter().any(|list| list.items().any(|rule| !matches!(Rule::of(&rule), Rule::Name(_))))
}

/// What Claude Code knows of the project that a person stands in, and what its settings say.
struct ClaudeCode<'d> {
    /// Whether there is anything of it here but the project's own files.
    is_used: bool,
    /// `projects` of its own configuration, of this project.
    project: Option<Value<'d>>,
    /// Settings, the weaker before the stronger, and whether they may approve.
    settings: Vec<(Value<'d>, bool)>,
    is_trusted: bool,
}

impl<'d> ClaudeCode<'d> {
    fn of(settings: &'d [Settings<'_>], documents: &[(&'d Document, &'d Reader<'_>)]) -> Self {
        let project = of_project(documents, "projects");
        let is_trusted = project.as_ref().is_some_and(|it| is_true(it, "hasTrustDialogAccepted"));
        let own = settings.iter().filter(|it| it.client == "claude-code");
        let settings: Vec<_> = own.map(|it| (it.document.root(), is_trusted || !it.wants_trust)).collect();
        let is_used = !settings.is_empty() || documents.iter().any(|(_, reader)| reader.project.is_none());
        Self { is_used, project, settings, is_trusted }
    }

    fn standing(&self, entry: &ServerEntry<'_>) -> Standing {
        let name = entry.name.as_str();
        let is_of_project = entry.scope == Scope::Project;
        let says = |key: &str| self.everywhere().any(|(value, _)| names(value, key, name));
        let is_off = self.project.as_ref().is_some_and(|it| names(it, "disabledMcpServers", name));
        if is_off || (is_of_project && says("disabledMcpjsonServers")) || self.forbids(entry) {
            return Standing::Refused;
        }
        if !is_of_project || !self.is_used {
            return Standing::Counts;
        }
        let approves = |key: &str| self.everywhere().any(|(value, may)| may && names(value, key, name));
        let all = self
            .settings
            .iter()
            .rev()
            .filter(|(_, may)| *may)
            .find_map(|(value, _)| value.get("enableAllProjectMcpServers").and_then(|it| it.boolean()));
        if approves("enabledMcpjsonServers") || all == Some(true) {
            Standing::Counts
        } else {
            Standing::Pending
        }
    }

    /// The settings and the project, each with whether it may approve.
    fn everywhere(&self) -> impl Iterator<Item = (&Value<'d>, bool)> {
        let settings = self.settings.iter().map(|(value, may)| (value, *may));
        settings.chain(self.project.iter().map(|value| (value, self.is_trusted)))
    }

    /// Whether a list of what is forbidden has it, or one of what is allowed has it not.
    fn forbids(&self, entry: &ServerEntry<'_>) -> bool {
        let lists = |key: &'static str| {
            let all = self.settings.iter().filter_map(move |(value, _)| value.get(key));
            all.filter(|list| list.shape() == Shape::Sequence)
        };
        if lists("deniedMcpServers").any(|list| list.items().any(|rule| Rule::of(&rule).fits(entry))) {
            return true;
        }
        let mut allowed = lists("allowedMcpServers").peekable();
        if allowed.peek().is_none() {
            return false;
        }
        let rules: Vec<_> = allowed.flat_map(|list| list.items().collect::<Vec<_>>()).collect();
        // Where commands or addresses are listed, a name alone opens nothing to a server of that sort.
        let is_remote = entry.url().is_some() && entry.command().is_none();
        let is_strict = rules.iter().any(|rule| match Rule::of(rule) {
            Rule::Command(_) => !is_remote,
            Rule::Address(_) => is_remote,
            _ => false,
        });
        !rules
            .iter()
            .map(Rule::of)
            .any(|rule| !(is_strict && matches!(rule, Rule::Name(_))) && rule.fits(entry))
    }
}

/// One line of a list of servers that are allowed, or are not.
enum Rule<'d> {
    Name(Text<'d>),
    Command(Value<'d>),
    /// With `*` for any characters.
    Address(Text<'d>),
    Other,
}

impl<'d> Rule<'d> {
    fn of(rule: &Value<'d>) -> Self {
        let text = |key| rule.get(key).and_then(|it| it.text());
        if let Some(name) = text("serverName") {
            Self::Name(name)
        } else if let Some(address) = text("serverUrl") {
            Self::Address(address)
        } else if let Some(command) = rule.get("serverCommand") {
            Self::Command(command)
        } else {
            Self::Other
        }
    }

    fn fits(&self, entry: &ServerEntry<'_>) -> bool {
        match self {
            Self::Name(name) => name.is(&entry.name),
            Self::Address(pattern) => entry.url().is_some_and(|url| is_like(url.expose(), pattern.expose())),
            Self::Command(command) => {
                let own = entry.command().into_iter().chain(entry.arguments()).map(Text::expose);
                own.map(Some).eq(command.items().map(|word| word.text().map(Text::expose)))
            }
            Self::Other => false,
        }
    }
}

/// Codex reads the configuration of a project only where the person trusts it.
struct Codex {
    is_used: bool,
    is_trusted: bool,
}

impl Codex {
    fn of(documents: &[(&Document, &Reader<'_>)]) -> Self {
        let is_used = documents.iter().any(|(_, reader)| reader.file.scope == Scope::User);
        let level = of_project(documents, "projects").and_then(|project| project.get("trust_level"));
        let is_trusted = level.and_then(|level| level.text()).is_some_and(|level| level.is("trusted"));
        Self { is_used, is_trusted }
    }

    fn standing(&self, entry: &ServerEntry<'_>) -> Standing {
        let is_pending = self.is_used && !self.is_trusted && entry.scope == Scope::Project;
        if is_pending { Standing::Pending } else { Standing::Counts }
    }
}

/// `mcp.allowed` and `mcp.excluded` of Gemini CLI.
struct Gemini<'d> {
    settings: Vec<Value<'d>>,
}

impl<'d> Gemini<'d> {
    fn of(documents: &[(&'d Document, &Reader<'_>)]) -> Self {
        Self { settings: documents.iter().filter_map(|(document, _)| document.root().get("mcp")).collect() }
    }

    fn standing(&self, entry: &ServerEntry<'_>) -> Standing {
        let is_excluded = self.settings.iter().any(|it| names(it, "excluded", &entry.name));
        let mut allowed = self.settings.iter().filter(|it| it.get("allowed").is_some()).peekable();
        let is_left_out = allowed.peek().is_some() && !allowed.any(|it| names(it, "allowed", &entry.name));
        if is_excluded || is_left_out { Standing::Refused } else { Standing::Counts }
    }
}

/// What the person's own configuration says of the project here, under such a key.
fn of_project<'d>(documents: &[(&'d Document, &'d Reader<'_>)], key: &str) -> Option<Value<'d>> {
    let own = documents.iter().filter(|(_, reader)| reader.project.is_none());
    own.filter_map(|(document, reader)| Some((document.root().get(key)?, reader))).find_map(
        |(all, reader)| {
            let mut projects = all.members();
            projects.find_map(|(folder, value)| is_here(Some(folder.expose()), &reader.here).then_some(value))
        },
    )
}

fn is_true(value: &Value<'_>, key: &str) -> bool {
    value.get(key).and_then(|it| it.boolean()) == Some(true)
}

/// Whether a list of names under such a key has this one.
fn names(value: &Value<'_>, key: &str, name: &str) -> bool {
    value.get(key).is_some_and(|list| list.items().any(|it| it.text().is_some_and(|it| it.is(name))))
}

//! One server in full, for a person: what it needs, where to create it, and how to hand it over.

use unicode_width::UnicodeWidthStr;

use crate::catalog::Catalog;
use crate::catalog::provider::Provider;
use crate::catalog::publisher::Published;
use crate::catalog::server::{Alternative, Requirement, SecretKind, Server, Setup, Transport};
use crate::cli::servers::Known;
use crate::ui::sanitize;

/// Where the facts about a credential begin.
const INDENT: usize = 18;

/// Lines that are as long as the terminal is wide, at most, where words allow.
struct Lines {
    text: String,
    width: Option<usize>,
}

impl Lines {
    /// A line that begins with a label and goes on below its own beginning.
    fn fact(&mut self, label: &str, words: &str) {
        let label = format!("    {label}");
        let mut line = format!("{label:INDENT$}");
        let mut used = INDENT;
        for word in sanitize(words).split(' ') {
            let wide = word.width();
            if used > INDENT && self.width.is_some_and(|width| used + 1 + wide > width) {
                self.line(&line);
                line = " ".repeat(INDENT);
                used = INDENT;
            }
            if used > INDENT {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += wide;
        }
        self.line(&line);
    }

    fn some(&mut self, label: &str, words: Option<&str>) {
        if let Some(words) = words {
            self.fact(label, words);
        }
    }

    /// A line that is kept whole, such as a command to copy.
    fn line(&mut self, line: &str) {
        self.text.push_str(sanitize(line).trim_end_matches(' '));
        self.text.push('\n');
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }
}

/// The page of a server.
pub(super) fn full(catalog: &Catalog, known: &Known, server: &Server, width: Option<usize>) -> String {
    let mut lines = Lines { text: String::new(), width };
    lines.line(&format!("{} ({})", server.name, server.id));
    lines.some("page", server.page.as_deref());
    lines.fact("setup", setup(server.setup));
    lines.some("note", server.note.as_deref());
    lines.some("remote", server.url.as_deref());
    if !server.companions.is_empty() {
        lines.fact("also reads", &server.companions.join(", "));
    }
    let mut names: Vec<&str> = Vec::new();
    for name in server.known_by.names() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if !names.is_empty() {
        lines.fact("known by", &names.join(", "));
    }
    lines.blank();
    lines.line(match server.alternatives.len() {
        0 => "It needs no credential.",
        1 => "It needs:",
        _ => "It needs one of these:",
    });
    for alternative in &server.alternatives {
        lines.blank();
        described(&mut lines, catalog, known, alternative);
    }
    let commands = commands(catalog, known, server);
    if !commands.is_empty() {
        lines.blank();
        lines.line("Hand it over:");
        lines.blank();
        for command in commands {
            lines.line(&format!("  {command}"));
        }
    }
    lines.text
}

fn described(lines: &mut Lines, catalog: &Catalog, known: &Known, alternative: &Alternative) {
    let place = match alternative.only {
        Some(Transport::Local) => &["local"][..],
        Some(Transport::Remote) => &["remote"],
        None => &[],
    };
    if let Some(instead) = &alternative.instead {
        lines.line(&["  ", instead, if place.is_empty() { "" } else { ", " }, &place.join("")].concat());
        of(lines, alternative);
    }
    for requirement in &alternative.credentials {
        let is_optional = alternative.optional || requirement.optional;
        let remarks = [place, if is_optional { &["optional"] } else { &[] }].concat().join(", ");
        let remarks = if remarks.is_empty() { remarks } else { format!(" ({remarks})") };
        lines.line(&format!("  {}{remarks}", requirement.name));
        of(lines, alternative);
        let kind = requirement.kind.words();
        lines.fact("what", requirement.token.as_deref().unwrap_or(kind));
        let mut others = catalog.aliases(&requirement.name);
        others.retain(|name| *name != requirement.name);
        others.extend(requirement.aliases.iter().map(String::as_str));
        others.sort_unstable();
        others.dedup();
        if !others.is_empty() {
            lines.fact("same as", &others.join(", "));
        }
        if let Some(form) = requirement.form {
            lines.fact("written as", form.words());
        }
        if !requirement.made_from.is_empty() {
            lines.fact("made from", &requirement.made_from.join(", "));
        }
        let provider = requirement.provider.as_deref().and_then(|provider| catalog.provider(provider));
        let of_provider =
            |fact: fn(&Provider) -> &Option<String>| provider.and_then(|it| fact(it).as_deref());
        let (scope, page) = (of_provider(|it| &it.scope), of_provider(|it| &it.create_at));
        lines.some("scope", requirement.scope.as_deref().or(scope));
        lines.some("create at", requirement.create_at.as_deref().or(page));
        if let Some(days) = provider.and_then(|provider| provider.rotate_days) {
            lines.fact("replace", &format!("every {days} days"));
        }
        if let Some(header) = &requirement.header {
            lines.fact("header", &String::from(header.clone()));
        }
        if requirement.argument_only {
            lines.fact("given as", "an argument, which every program of the machine sees");
        }
        if !requirement.flags.is_empty() {
            lines.fact(
                "flags",
                &format!("{}: better not, every program sees them", requirement.flags.join(", ")),
            );
        }
        if let Some(name) = known.stored_as(catalog, requirement) {
            lines.fact("stored", &format!("as {name}"));
        }
    }
}

/// What an alternative is for, where it is not for all that the server is known by.
fn of(lines: &mut Lines, alternative: &Alternative) {
    if !alternative.of.is_empty() {
        lines.fact("for", &alternative.of.join(", "));
    }
}

/// Commands that store what is not stored yet, and that start the server with it.
fn commands(catalog: &Catalog, known: &Known, server: &Server) -> Vec<String> {
    let has_secret =
        |it: &&Alternative| it.credentials.iter().any(|credential| credential.kind != SecretKind::Path);
    let secrets = || server.alternatives.iter().filter(has_secret);
    // What is stored already, or else what stands first.
    let Some(alternative) =
        secrets().find(|alternative| known.has_all(catalog, alternative)).or_else(|| secrets().next())
    else {
        return Vec::new();
    };
    let (mut commands, mut flags, mut arguments) = (Vec::new(), Vec::new(), String::new());
    let needed =
        || alternative.credentials.iter().filter(|credential| !credential.optional || alternative.optional);
    for requirement in needed() {
        let stored = known.stored_as(catalog, requirement);
        let name = stored.unwrap_or(&requirement.name);
        if stored.is_none() {
            commands.push(format!("mcpcred add {name} --server {}", server.id));
        }
        flags.push(requirement.flag(name).join(" "));
        arguments.extend(requirement.place(name).map(|place| format!(" {place}")));
    }
    let is_named = (commands.is_empty() && !flags.is_empty()) || !arguments.is_empty();
    let flags = if is_named { flags.join(" ") } else { format!("--server {}", server.id) };
    if let Some(start) = started(server, alternative) {
        commands.push(format!("mcpcred run {flags} -- {start}{arguments}"));
    }
    commands
}

/// The command that starts a server, or one that leads to it where it is elsewhere.
fn started(server: &Server, alternative: &Alternative) -> Option<String> {
    let local = || server.start_command().filter(|_| alternative.only != Some(Transport::Remote));
    let remote = || {
        let url = server.url.as_ref()?;
        let headers = alternative.credentials.iter().filter_map(bridged);
        let headers: Vec<String> = headers.collect();
        (!headers.is_empty()).then(|| format!("npx -y mcp-remote {url} {}", headers.join(" ")))
    };
    local().or_else(remote)
}

/// The header as `mcp-remote` takes it: it looks the name up itself, so that the value is in no argument.
fn bridged(requirement: &Requirement) -> Option<String> {
    let header = requirement.header.as_ref()?;
    let value = header.value.replace("{token}", &format!("${{{}}}", requirement.name));
    Some(format!("--header '{}:{value}'", header.name))
}

/// What a person should know of a bundle before they type a secret into it.
pub(super) fn unmarked(published: &Published) -> String {
    if published.unmarked.is_empty() {
        return String::new();
    }
    let keys: Vec<&str> = published.unmarked.iter().map(|it| it.key.as_str()).collect();
    let keys = keys.join(", ");
    format!(
        "\n{}\n",
        sanitize(&format!("Not marked `sensitive`, so that clients keep it in the open: {keys}"))
    )
}

/// `simple`
pub(super) fn setup(setup: Setup) -> &'static str {
    match setup {
        Setup::Simple => "simple",
        Setup::Moderate => "moderate",
        Setup::Complex => "complex",
    }
}

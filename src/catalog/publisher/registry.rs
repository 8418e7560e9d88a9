//! `server.json` of the MCP registry, of both generations: names with underscores until the summer of 2025, in camel
//! case since.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalog::launch::{without_tag, without_version};
use crate::catalog::publisher::json::{id, items, member, members, page, text, truth, variable, words};
use crate::catalog::publisher::{Origin, Published, guess};
use crate::catalog::server::{
    Alternative, Form, Header, KnownBy, Requirement, SecretKind, Server, Transport,
};
use crate::name::CredentialName;

/// How many packages, arguments and variables of a declaration are looked at.
const MOST: usize = 200;

/// How deep variables of variables are followed.
const DEEPEST: usize = 4;

/// The server of a declaration, or of an answer of the registry, which puts it into `server`.
pub(super) fn read(value: &Value) -> Option<Published> {
    let value = value.get("server").filter(|inner| inner.is_object()).unwrap_or(value);
    let full_name = text(value, "name")?;
    let packages = items(value, "packages");
    let remotes = items(value, "remotes");
    if packages.is_empty() && remotes.is_empty() && member(value, "$schema").is_none() {
        return None;
    }
    let id = id(full_name);
    let mut reading = Reading { id: &id, known_by: KnownBy::default(), companions: BTreeSet::new() };
    let mut local = Vec::new();
    for package in packages.iter().take(MOST) {
        reading.package(package, &mut local);
    }
    let mut remote = Vec::new();
    for server in remotes.iter().take(MOST) {
        reading.remote(server, &mut remote);
    }
    let Reading { known_by, companions, .. } = reading;
    let setup = guess::setup(local.len().max(remote.len()));
    let alternative = |only, credentials: Vec<Requirement>| {
        let optional = credentials.iter().all(|credential| credential.optional);
        Alternative { only: Some(only), optional, credentials, ..Alternative::default() }
    };
    let alternatives = [(Transport::Local, local), (Transport::Remote, remote)]
        .into_iter()
        .filter(|(_, credentials)| !credentials.is_empty())
        .map(|(only, credentials)| alternative(only, credentials))
        .collect();
    let repository = member(value, "repository").and_then(|repository| text(repository, "url"));
    let url = remotes.iter().filter_map(|remote| text(remote, "url")).find(|url| !url.contains('{'));
    let url = url.and_then(page);
    let name = text(value, "title").or_else(|| full_name.rsplit('/').next()).and_then(words);
    let server = Server {
        name: name.unwrap_or_else(|| id.clone()),
        setup,
        page: text(value, "websiteUrl").and_then(page).or_else(|| repository.and_then(page)),
        note: text(value, "description").and_then(words),
        start: None,
        url,
        known_by,
        alternatives,
        companions: companions.into_iter().collect(),
        id,
    };
    Some(Published { server, origin: Origin::Registry, unmarked: Vec::new() })
}

struct Reading<'r> {
    id: &'r str,
    known_by: KnownBy,
    companions: BTreeSet<String>,
}

impl Reading<'_> {
    fn package(&mut self, package: &Value, found: &mut Vec<Requirement>) {
        let name = text(package, "identifier").or_else(|| text(package, "name")).unwrap_or_default();
        let kind =
            text(package, "registryType").or_else(|| text(package, "registryName")).unwrap_or_default();
        let (names, name) = match kind {
            "npm" => (&mut self.known_by.npm, without_version(name)),
            "pypi" => (&mut self.known_by.pypi, without_version(name)),
            "oci" | "docker" => (&mut self.known_by.images, without_tag(name)),
            _ => (&mut self.known_by.commands, ""),
        };
        if is_plain(name) && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        for input in items(package, "environmentVariables").iter().take(MOST) {
            if let Some(name) = text(input, "name") {
                self.environment(name, input, found);
            }
        }
        for (key, inner) in [("runtimeArguments", true), ("packageArguments", false)] {
            let mut before = None;
            for argument in items(package, key).iter().take(MOST) {
                self.argument(argument, before, inner, found);
                before = text(argument, "value").filter(|_| text(argument, "name").is_none());
            }
        }
        let headers = member(package, "transport").map(|transport| items(transport, "headers"));
        for header in headers.unwrap_or_default().iter().take(MOST) {
            self.header(header, found);
        }
    }

    /// A variable: by itself a secret, or with one in its value.
    fn environment(&mut self, name: &str, input: &Value, found: &mut Vec<Requirement>) {
        if name.parse::<CredentialName>().is_err() {
            return;
        }
        match Secrecy::of(name, input) {
            None => {
                self.companions.insert(name.to_owned());
            }
            Some(secrecy) => {
                let mut requirement = requirement(name, &secrecy);
                let value = text(input, "value").unwrap_or_default();
                if value.trim_start().starts_with("Bearer {") {
                    requirement.form = Some(Form::Bearer);
                }
                put(found, requirement);
            }
        }
    }

    /// An argument: of a container's runtime it may set a variable, of the server it may be the secret.
    fn argument(
        &mut self,
        input: &Value,
        before: Option<&str>,
        is_runtime: bool,
        found: &mut Vec<Requirement>,
    ) {
        let value = text(input, "value").unwrap_or_default();
        let flag = text(input, "name").unwrap_or_default();
        let (flag, attached) = flag.split_once('=').unwrap_or((flag, ""));
        let sets = |word: &str| word == "-e" || word == "--env";
        if is_runtime && (sets(flag) || (flag.is_empty() && before.is_some_and(sets))) {
            let setting = if attached.is_empty() { value } else { attached };
            let name = setting.split_once('=').map_or(setting, |(name, _)| name);
            return self.environment(name, input, found);
        }
        if is_runtime {
            return;
        }
        let words = [flag, text(input, "valueHint").unwrap_or_default()];
        let Some(called) = words.into_iter().find(|word| !word.is_empty()) else { return };
        let Some(secrecy) = Secrecy::of(called, input) else { return };
        let mut requirement = requirement(&variable(self.id, called), &secrecy);
        if flag.starts_with('-') {
            requirement.flags = vec![flag.to_owned()];
        } else {
            requirement.positional = true;
        }
        put(found, requirement);
    }

    fn remote(&mut self, remote: &Value, found: &mut Vec<Requirement>) {
        let url = text(remote, "url").unwrap_or_default();
        if let Some(pattern) = pattern(url)
            && !self.known_by.urls.contains(&pattern)
        {
            self.known_by.urls.push(pattern);
        }
        for header in items(remote, "headers").iter().take(MOST) {
            self.header(header, found);
        }
        for (name, input) in members(remote, "variables").take(MOST) {
            if let Some(secrecy) = Secrecy::of(name, input) {
                let mut requirement = requirement(&variable(self.id, name), &secrecy);
                let (before, query) = url.split_once('?').unwrap_or((url, ""));
                let place = format!("{{{name}}}");
                requirement.in_path = before.contains(&place);
                requirement.query = query
                    .split('&')
                    .filter_map(|part| part.split_once('='))
                    .filter(|(_, value)| value.contains(&place))
                    .map(|(key, _)| key.to_owned())
                    .collect();
                put(found, requirement);
            }
        }
    }

    fn header(&mut self, input: &Value, found: &mut Vec<Requirement>) {
        let Some(name) = text(input, "name") else { return };
        let Some(secrecy) = Secrecy::of(name, input) else { return };
        let is_authorization = name.eq_ignore_ascii_case("authorization");
        let value = text(input, "value").unwrap_or_default();
        // Often the description alone says what stands before the token.
        let value = match (value.split_once('{'), value.split_once('}')) {
            (Some((before, _)), Some((_, after))) if !after.contains('{') => {
                format!("{before}{{token}}{after}")
            }
            _ if is_authorization => "Bearer {token}".to_owned(),
            _ => "{token}".to_owned(),
        };
        let called = secrecy.variable.as_deref().unwrap_or(if is_authorization { "token" } else { name });
        let mut requirement = requirement(&variable(self.id, called), &secrecy);
        requirement.header = Header::try_from(format!("{name}: {value}")).ok();
        put(found, requirement);
    }
}

/// What is said of a secret.
struct Secrecy {
    /// The variable of the input that is the secret, where it is not the input itself.
    variable: Option<String>,
    description: Option<String>,
    is_required: bool,
    is_path: bool,
}

impl Secrecy {
    /// Whether the input, or one of its variables, is marked as a secret, or is called like one where nobody said.
    fn of(name: &str, input: &Value) -> Option<Self> {
        Self::within(name, input, DEEPEST)
    }

    fn within(name: &str, input: &Value, deeper: usize) -> Option<Self> {
        let variables = || members(input, "variables").take(MOST);
        let inner = (deeper > 0)
            .then(|| {
                variables().find_map(|(name, inner)| Some((name, Self::within(name, inner, deeper - 1)?)))
            })
            .flatten();
        if let Some((name, inner)) = inner {
            return Some(Self {
                variable: Some(inner.variable.unwrap_or_else(|| name.clone())),
                description: inner.description.or_else(|| text(input, "description").and_then(words)),
                ..inner
            });
        }
        let is_fixed =
            text(input, "value").is_some_and(|value| !value.contains('{')) && variables().next().is_none();
        let format = text(input, "format").unwrap_or_default();
        let cannot = matches!(format, "number" | "boolean") || !items(input, "choices").is_empty();
        let is_secret = match truth(input, "isSecret") {
            Some(said) => said,
            None => guess::is_secret(name) && !cannot && !is_fixed,
        };
        is_secret.then(|| Self {
            variable: None,
            description: text(input, "description").and_then(words),
            is_required: truth(input, "isRequired").unwrap_or(false),
            is_path: format == "filepath",
        })
    }
}

fn requirement(name: &str, secrecy: &Secrecy) -> Requirement {
    Requirement {
        token: secrecy.description.clone(),
        optional: !secrecy.is_required,
        ..Requirement::new(name, guess::kind(name, secrecy.is_path))
    }
}

/// Several packages of a server name the same secrets: a requirement is there once, needed if any needs it.
fn put(found: &mut Vec<Requirement>, requirement: Requirement) {
    if requirement.name.parse::<CredentialName>().is_err() {
        return;
    }
    match found.iter_mut().find(|known| known.name == requirement.name) {
        Some(known) => {
            known.optional &= requirement.optional;
            known.flags.extend(requirement.flags);
            known.header = known.header.take().or(requirement.header);
            if known.kind == SecretKind::Token {
                known.kind = requirement.kind;
            }
        }
        None => found.push(requirement),
    }
}

/// A name of a package, of nothing that could mean more.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 300
        && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"*{}$\"'\\".contains(&byte))
}

/// The host of a URL and its path up to what differs; a first name that differs is any: `https://{tenant}.acme.example`.
fn pattern(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = match host.split_once('.') {
        Some((first, parent)) if first.starts_with('{') && first.ends_with('}') && parent.contains('.') => {
            format!("*.{parent}")
        }
        _ => host.to_owned(),
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
    if host.is_empty() || !host.trim_start_matches("*.").bytes().all(is_host) {
        return None;
    }
    // A segment with a variable in it, and what follows, is different for everybody.
    let fixed: String =
        path.split('/').skip(1).take_while(|part| is_plain(part)).flat_map(|part| ["/", part]).collect();
    Some(host + &fixed)
}

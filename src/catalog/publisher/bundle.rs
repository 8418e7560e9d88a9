//! The manifest of a bundle (MCPB, once DXT), of versions 0.1 to 0.4: `user_config` names what a person is asked for,
//! and `${user_config.key}` in the server's `env` and `args` says what becomes of it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalog::publisher::json::{id, member, members, page, text, texts, truth, variable, words};
use crate::catalog::publisher::{Origin, Published, Unmarked, guess};
use crate::catalog::server::{Alternative, Form, KnownBy, Requirement, Server, Transport};
use crate::document::Pointer;
use crate::name::CredentialName;

/// How many settings, variables and arguments are looked at.
const MOST: usize = 500;

/// Programs that start servers of every kind, so that none is known by them.
const RUNTIMES: &[&str] = &[
    "node",
    "node.exe",
    "python",
    "python3",
    "python.exe",
    "uv",
    "uvx",
    "npx",
    "bun",
    "deno",
    "docker",
    "bash",
    "sh",
];

/// Whether this is a manifest.
pub(super) fn is_manifest(value: &Value) -> bool {
    let server = value.get("server").filter(|server| server.is_object());
    ["manifest_version", "dxt_version", "user_config"].iter().any(|key| value.get(*key).is_some())
        || server
            .is_some_and(|server| server.get("mcp_config").is_some() || server.get("entry_point").is_some())
}

/// The server of a manifest.
pub(super) fn read(value: &Value) -> Option<Published> {
    let full_name = text(value, "name")?;
    let id = id(full_name);
    let server = member(value, "server")?;
    let configurations = configurations(server);
    let settings: Vec<(&String, &Value)> = members(value, "user_config").take(MOST).collect();
    let mut credentials: Vec<Requirement> = Vec::new();
    let mut unmarked = Vec::new();
    let mut used = BTreeSet::new();
    for (key, setting) in &settings {
        let marked = truth(setting, "sensitive").unwrap_or(false);
        // Only a text can be hidden; the path of a file is none.
        let is_text = text(setting, "type").is_none_or(|kind| kind == "string");
        let looks_secret = is_text && guess::is_secret(key);
        if !marked && looks_secret {
            unmarked.push(Unmarked {
                key: (*key).clone(),
                pointer: Pointer::default().join("user_config").join(key),
            });
        }
        let is_file = text(setting, "type") == Some("file");
        if marked || looks_secret || (is_file && guess::is_secret(key)) {
            let requirement = requirement(&id, key, setting, is_file, &configurations);
            used.extend(requirement.names().map(str::to_owned));
            credentials.push(requirement);
        }
    }
    let companions: BTreeSet<String> = configurations
        .iter()
        .flat_map(|configuration| members(configuration, "env").take(MOST))
        .map(|(name, _)| name.clone())
        .filter(|name| !used.contains(name) && name.parse::<CredentialName>().is_ok())
        .collect();
    let setup = guess::setup(credentials.len());
    let optional = credentials.iter().all(|credential| credential.optional);
    let alternative =
        Alternative { only: Some(Transport::Local), optional, credentials, ..Alternative::default() };
    let alternatives = if alternative.credentials.is_empty() { Vec::new() } else { vec![alternative] };
    let repository = member(value, "repository").and_then(|it| it.as_str().or_else(|| text(it, "url")));
    let pages = [text(value, "documentation"), text(value, "homepage"), repository];
    let server = Server {
        name: text(value, "display_name")
            .and_then(words)
            .or_else(|| words(full_name))
            .unwrap_or_else(|| id.clone()),
        setup,
        page: pages.into_iter().flatten().find_map(page),
        note: text(value, "description").and_then(words),
        start: None,
        url: None,
        known_by: KnownBy { commands: programs(&configurations), ..KnownBy::default() },
        alternatives,
        companions: companions.into_iter().collect(),
        id,
    };
    Some(Published { server, origin: Origin::Bundle, unmarked })
}

/// How the server is started, here and on each platform.
fn configurations(server: &Value) -> Vec<&Value> {
    let Some(common) = member(server, "mcp_config") else { return Vec::new() };
    let platforms = members(common, "platform_overrides").map(|(_, platform)| platform).take(8);
    std::iter::once(common).chain(platforms).collect()
}

fn requirement(
    id: &str,
    key: &str,
    setting: &Value,
    is_file: bool,
    configurations: &[&Value],
) -> Requirement {
    let place = format!("${{user_config.{key}}}");
    let mut names: Vec<&String> = Vec::new();
    let mut form = None;
    let mut flags: Vec<String> = Vec::new();
    let mut positional = false;
    for configuration in configurations {
        for (name, value) in members(configuration, "env").take(MOST) {
            let value = value.as_str().unwrap_or_default();
            if value.contains(&place) && name.parse::<CredentialName>().is_ok() && !names.contains(&name) {
                names.push(name);
                if value.starts_with("Bearer ") {
                    form = Some(Form::Bearer);
                }
            }
        }
        let mut before = "";
        for argument in texts(configuration, "args").take(MOST) {
            if argument.contains(&place) {
                let flag = argument.split_once('=').map_or(before, |(flag, _)| flag);
                if flag.starts_with('-') && !flags.iter().any(|known| known == flag) {
                    flags.push(flag.to_owned());
                }
                positional |= !flag.starts_with('-');
            }
            before = argument;
        }
    }
    let name = names.first().map_or_else(|| variable(id, key), |name| (*name).clone());
    let title = text(setting, "title").and_then(words);
    let description = text(setting, "description").and_then(words);
    Requirement {
        aliases: names.into_iter().skip(1).cloned().collect(),
        token: description.or(title),
        // What has a default is still asked for where it is required: hosts look at the person's own values.
        optional: !truth(setting, "required").unwrap_or(false),
        form,
        flags,
        positional,
        ..Requirement::new(name.clone(), guess::kind(&name, is_file))
    }
}

/// Programs of the bundle itself: `${__dirname}/acme-mcp`.
fn programs(configurations: &[&Value]) -> Vec<String> {
    let commands = configurations.iter().filter_map(|configuration| text(configuration, "command"));
    let names: BTreeSet<&str> = commands
        .filter_map(|command| command.rsplit(['/', '\\']).next())
        .map(|name| name.strip_suffix(".exe").unwrap_or(name))
        .filter(|name| !name.is_empty() && !name.contains(['$', '*', '{']) && !RUNTIMES.contains(name))
        .filter(|name| name.len() <= 100 && name.bytes().all(|byte| byte.is_ascii_graphic()))
        .collect();
    names.into_iter().map(str::to_owned).collect()
}

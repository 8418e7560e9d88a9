//! What will not work in an entry, whatever the credentials: each client has its own.

use crate::catalog::client::{FieldKind, Layout, ReferenceSyntax, Scope};
use crate::configuration::entry::{Fault, NamedBy, ServerEntry, program};
use crate::document::{Text, Value};
use crate::reference;

/// How many variables of a container are looked at.
const MOST_VARIABLES: usize = 64;

/// Variables that are for the program that starts a container, or that every container has.
const OF_THE_HOST: &[&str] = &["PATH", "HOME", "USER", "TMPDIR", "TEMP", "TMP", "LANG", "XDG_RUNTIME_DIR"];

/// Looks at an entry as a whole and notes its faults.
pub(super) fn look(entry: &mut ServerEntry<'_>) {
    let mut faults = of_transport(entry);
    faults.extend(of_placeholders(entry));
    faults.extend(of_container(entry));
    entry.faults.append(&mut faults);
}

fn fault<'d>(value: &Value<'d>, what: impl Into<String>, mend: impl Into<String>) -> Fault<'d> {
    Fault { what: what.into(), mend: mend.into(), is_grave: true, value: value.clone() }
}

fn of_transport<'d>(entry: &ServerEntry<'d>) -> Vec<Fault<'d>> {
    let mut faults = Vec::new();
    let url = entry.fields.iter().find(|field| field.kind == FieldKind::Url);
    let command = entry.fields.iter().any(|field| field.kind == FieldKind::Command);
    let kind = entry.value.get("type").and_then(|kind| kind.text());
    if let Some(url) = url {
        let address = url.value.text().map_or("", Text::expose);
        match entry.client.id.as_str() {
            "codex" if command => faults.push(fault(
                &url.value,
                "Codex refuses an entry with both a `command` and a `url`",
                "keep one of them",
            )),
            "codex" if entry.value.get("env").is_some() => faults.push(fault(
                &url.value,
                "Codex refuses `env` in an entry with a `url`",
                "hand the value over in a header: `env_http_headers` or `bearer_token_env_var`",
            )),
            "roo-code" if !kind.is_some_and(|kind| kind.is("sse") || kind.is("streamable-http")) => {
                faults.push(fault(
                    &url.value,
                    "Roo Code refuses a `url` without a `type`",
                    "add `\"type\": \"streamable-http\"`, or `sse` for an old server",
                ));
            }
            "claude-code" if !command && entry.value.get("type").is_none() => faults.push(fault(
                &url.value,
                "Claude Code passes over a `url` without a `type`",
                "add `\"type\": \"http\"`, or `sse` for an old server",
            )),
            "claude-desktop" => faults.push(fault(
                &url.value,
                "Claude Desktop starts only programs from this file, and passes over a `url`",
                "add the server as a connector, or start a local bridge to it",
            )),
            "kiro" if is_open_http(address) => {
                faults.push(fault(
                    &url.value,
                    "Kiro refuses `http://` but to this machine",
                    "use `https://`",
                ));
            }
            _ => {}
        }
    }
    let reserved = ["workspace", "claude-in-chrome", "computer-use"];
    if entry.client.id == "claude-code" && reserved.contains(&entry.name.as_str()) {
        faults.push(fault(
            &entry.value,
            format!("Claude Code keeps the name `{}` for itself, and passes over the entry", entry.name),
            "give the server another name",
        ));
    }
    if entry.client.id == "copilot-agent" && entry.value.get("tools").is_none() {
        faults.push(fault(
            &entry.value,
            "the cloud agent wants `tools`",
            "add `tools: [\"*\"]`, or those to be used",
        ));
    }
    faults
}

/// `http://` to another machine.
fn is_open_http(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    !["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|own| host.strip_prefix(own).is_some_and(|port| port.is_empty() || port.starts_with(':')))
}

fn of_placeholders<'d>(entry: &ServerEntry<'d>) -> Vec<Fault<'d>> {
    let mut faults = Vec::new();
    for field in &entry.fields {
        let Some(text) = field.value.text().map(Text::expose) else { continue };
        if !text.contains(['$', '{']) {
            continue;
        }
        let client = entry.client.id.as_str();
        if entry.layout == Layout::CommandArray {
            let bare = reference::find(text, &[ReferenceSyntax::BareEnv]);
            if client == "kilo-code" && entry.scope == Scope::Project && !bare.is_empty() {
                faults.push(fault(
                    &field.value,
                    "Kilo Code passes over a whole file of a project that holds an `{env:…}`",
                    "write it in your own configuration, or let mcpcred start the server",
                ));
            } else if bare.iter().any(|found| text[..found.span.start].ends_with('$')) {
                faults.push(fault(
                    &field.value,
                    "the `$` in front of `{env:…}` is no part of the placeholder and stays in the value",
                    "write `{env:NAME}` without the `$`",
                ));
            }
        }
        let syntaxes = entry.references().syntaxes_in(field.kind);
        let is_shell = syntaxes.contains(&ReferenceSyntax::Command);
        if is_shell && entry.configuration.committed && text.contains("$(") {
            let runs = reference::find(text, syntaxes).iter().any(|it| it.syntax == ReferenceSyntax::Command);
            if runs {
                let what =
                    format!("{} runs this command for everybody who opens the project", entry.client.name);
                let mend = "move it into your own configuration, or refer to a variable";
                faults.push(Fault { is_grave: false, ..fault(&field.value, what, mend) });
            }
        }
        if client == "copilot-agent" {
            let foreign = reference::find(text, syntaxes)
                .into_iter()
                .find(|it| it.syntax != ReferenceSyntax::BareName && !it.name.starts_with("COPILOT_MCP_"));
            if let Some(found) = foreign {
                faults.push(fault(
                    &field.value,
                    format!(
                        "the cloud agent knows no `{}`: its secrets begin with `COPILOT_MCP_`",
                        found.name
                    ),
                    format!("call it `COPILOT_MCP_{}`, in the settings of the repository too", found.name),
                ));
            }
        }
    }
    faults
}

/// A container's program sees of the entry's variables only those that the command line hands over.
fn of_container<'d>(entry: &ServerEntry<'d>) -> Vec<Fault<'d>> {
    let is_container = entry.fields.iter().any(|field| {
        field.kind == FieldKind::Command
            && field
                .value
                .text()
                .is_some_and(|text| ["docker", "podman", "nerdctl"].contains(&program(text.expose())))
    });
    let runs_image = entry.arguments().any(|text| text.is("run"));
    let has_file = entry.fields.iter().any(|field| {
        field.kind == FieldKind::EnvFile || (field.kind == FieldKind::Args && field.name == "--env-file")
    });
    if !is_container || !runs_image || has_file {
        return Vec::new();
    }
    let handed: std::collections::HashSet<&str> = entry
        .named
        .iter()
        .filter(|named| named.by == NamedBy::Container)
        .map(|named| named.target.as_str())
        .chain(
            entry
                .fields
                .iter()
                .filter(|field| field.kind == FieldKind::Args)
                .map(|field| field.name.as_str()),
        )
        .collect();
    // `-e NAME=${NAME}` and the like use the variable as well.
    let is_used = |name: &str| entry.arguments().any(|text| text.expose().contains(name));
    let variables = entry.fields.iter().filter(|field| field.kind == FieldKind::Env).take(MOST_VARIABLES);
    let lost = variables.filter(|field| {
        !handed.contains(field.name.as_str())
            && !field.name.starts_with("DOCKER_")
            && !OF_THE_HOST.contains(&field.name.as_str())
            && !is_used(&field.name)
    });
    lost.take(8)
        .map(|field| {
            fault(
                &field.value,
                format!("the container does not get `{}`: nothing in `args` hands it over", field.name),
                format!("add `\"-e\", \"{}\"` to `args`, before the image", field.name),
            )
        })
        .collect()
}

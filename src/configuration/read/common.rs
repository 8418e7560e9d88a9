//! The common form of an entry, and what each layout adds to it.

use crate::catalog::client::{Client, FieldKind, Layout};
use crate::configuration::entry::NamedBy;
use crate::configuration::read::arguments;
use crate::configuration::read::builder::Builder;
use crate::configuration::read::named;
use crate::document::{Shape, Text, Value};

/// Keys that hold neither a secret nor a name of one.
const HARMLESS: &[&str] = &[
    "$schema",
    "alwaysAllow",
    "autoApprove",
    "available_tools",
    "bundled",
    "cwd",
    "description",
    "dev",
    "disabledTools",
    "disabled_tools",
    "display_name",
    "enabled_tools",
    "excludeTools",
    "gallery",
    "icon",
    "includeTools",
    "name",
    "oauthScopes",
    "oauth_resource",
    "provider",
    "remote",
    "required",
    "scopes",
    "source",
    "timeout",
    "tools",
    "trust",
    "type",
    "version",
    "workingDir",
    "working_directory",
];

/// Reads an entry that is a mapping.
pub(super) fn read<'d>(builder: &mut Builder<'d>, value: &Value<'d>, layout: Layout, client: &Client) {
    // Arguments may be written before the command.
    let command = ["command", "cmd"].into_iter().find_map(|key| value.get(key));
    let command = command.as_ref().and_then(Value::text).map(Text::expose);
    for (key, member) in value.members() {
        one(builder, key.expose(), &member, command, layout, client);
    }
}

fn one<'d>(
    builder: &mut Builder<'d>,
    key: &str,
    value: &Value<'d>,
    command: Option<&str>,
    layout: Layout,
    client: &Client,
) {
    use FieldKind as K;
    match key {
        "command" if value.shape() == Shape::Sequence => {
            let program = value.items().next();
            let text = program.as_ref().and_then(Value::text).map(Text::expose);
            if let Some(program) = program {
                builder.field(K::Command, key, program);
            }
            arguments::read(builder, text, value.items().skip(1));
        }
        // Zed once.
        "command" if value.shape() == Shape::Mapping => {
            let program = value.get("path").and_then(|path| path.text()).map(Text::expose);
            for (key, value) in value.members() {
                let key = if key.is("path") { "command" } else { key.expose() };
                one(builder, key, &value, program, layout, client);
            }
        }
        "command" => builder.field(K::Command, key, value.clone()),
        "cmd" if layout == Layout::Goose => builder.field(K::Command, key, value.clone()),
        "args" if value.shape() == Shape::Sequence => arguments::read(builder, command, value.items()),
        "args" => builder.field(K::Args, key, value.clone()),
        "env" | "environment" | "envs" => variables(builder, key, value, layout),
        "url" | "serverUrl" | "httpUrl" | "baseUrl" | "uri" | "sseUrl" => {
            builder.field(K::Url, "url", value.clone());
        }
        "headers" if layout == Layout::Codex => {
            builder.fault(
                value,
                "Codex passes over `headers`, and the server gets none of them",
                "call it `http_headers`, or name a variable with `bearer_token_env_var` or `env_http_headers`",
            );
            builder.leaves(K::Setting, key, value);
        }
        "headers" | "http_headers" => builder.members(K::Headers, value),
        "requestOptions" | "requestInit" => {
            for (key, value) in value.members() {
                if key.is("headers") {
                    builder.members(K::Headers, &value);
                } else {
                    builder.leaves(K::Setting, key.expose(), &value);
                }
            }
        }
        "headersHelper" => helper(builder, key, value, client.id.starts_with("claude-")),
        "http_headers_helper" => helper(builder, key, value, layout == Layout::Codex),
        "transport" if value.shape() == Shape::Mapping => read(builder, value, layout, client),
        "transport" => {}
        "oauth" | "oauthClient" | "auth" | "authorization" => {
            let mut left = 4096;
            builder.leaves_where(K::Oauth, key, value, &is_secret_of_oauth, &mut left);
        }
        "bearer_token" if layout == Layout::Codex => {
            builder.fault(
                value,
                "Codex refuses a `bearer_token` in its configuration",
                "name a variable with `bearer_token_env_var`, or let a command print headers with `http_headers_helper`",
            );
            builder.field(K::Oauth, key, value.clone());
        }
        "apiKey"
        | "api_key"
        | "bearerToken"
        | "bearer_token"
        | "authToken"
        | "token"
        | "accessToken"
        | "oauthClientSecret"
        | "oauth_client_secret"
        | "clientSecret"
        | "client_secret" => {
            builder.field(K::Oauth, key, value.clone());
        }
        "envFile" | "env_file" => {
            builder.field(K::EnvFile, key, value.clone());
            value.items().for_each(|file| builder.field(K::EnvFile, key, file));
        }
        "settings" => builder.leaves(K::Setting, key, value),
        "enabled" | "active" | "disabled" => switch(builder, key, value, client),
        _ if named::read(builder, key, value, layout) => {}
        _ if HARMLESS.contains(&key) => {}
        _ => builder.leaves(K::Setting, key, value),
    }
}

/// Variables, under the key that this layout has for them.
fn variables<'d>(builder: &mut Builder<'d>, key: &str, value: &Value<'d>, layout: Layout) {
    let right = match layout {
        Layout::CommandArray => "environment",
        Layout::Goose => "envs",
        _ => "env",
    };
    if key != right {
        if value.members().next().is_some() {
            builder.fault(
                value,
                format!("the client passes over `{key}` here, and the server gets none of these variables"),
                format!("call it `{right}`"),
            );
        }
        builder.leaves(FieldKind::Setting, key, value);
        return;
    }
    builder.members(FieldKind::Env, value);
    // As the agent client protocol writes them.
    for item in value.items() {
        let name = item.get("name").and_then(|name| name.text());
        if let (Some(name), Some(value)) = (name, item.get("value")) {
            builder.field(FieldKind::Env, name.expose(), value);
        } else if let Some((name, _)) = item.text().and_then(|text| text.expose().split_once('=')) {
            let part = name.len() + 1..item.text().map_or(0, |text| text.expose().len());
            builder.part(FieldKind::Env, name, item.clone(), Some(part));
        }
    }
}

/// What says whether the server is to be started.
fn switch<'d>(builder: &mut Builder<'d>, key: &str, value: &Value<'d>, client: &Client) {
    let Some(says) = value.boolean() else { return };
    let is_on = says == (key != "disabled");
    if !client.passes_over.iter().any(|own| own == key) {
        builder.enabled = Some(is_on);
    } else if !is_on {
        builder.warning(
            value,
            format!("{} passes over `{key}`, and starts the server all the same", client.name),
            "take the entry out, or turn it off within the client",
        );
    }
}

fn helper<'d>(builder: &mut Builder<'d>, key: &str, value: &Value<'d>, is_run: bool) {
    if is_run {
        builder.field(FieldKind::Helper, key, value.clone());
    } else {
        builder.fault(
            value,
            format!("this client does not run a `{key}`, and the server gets no headers from it"),
            "write the headers with a placeholder, or let mcpcred start a local bridge",
        );
        builder.leaves(FieldKind::Setting, key, value);
    }
}

/// Whether the value under such a key of an OAuth setting is to be kept secret: not identifiers, addresses, scopes.
fn is_secret_of_oauth(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace(['_', '-'], "");
    let is_about = ["type", "url", "uri", "endpoint", "method", "paramname", "expires", "env", "audience"]
        .iter()
        .any(|it| key.contains(it));
    !is_about
        && ["secret", "token", "verifier", "password", "assertion", "privatekey", "apikey"]
            .iter()
            .any(|it| key.contains(it))
}

/// Whose variable a name is.
pub(super) fn named_by(layout: Layout) -> NamedBy {
    if layout == Layout::Goose { NamedBy::ClientStore } else { NamedBy::Client }
}

//! `entry`: a server that mcpcred starts, in the dialect of a client.

use crate::catalog::client::{Client, Layout};
use crate::document::edit::NewValue;

/// The entry of that name, as the client's own commands and its makers' examples write it. The first of `words` is
/// the program. `variables` are those that the client would not hand on by itself; none of them is a secret.
pub(crate) fn entry(
    client: &Client,
    layout: Layout,
    name: &str,
    words: &[String],
    variables: &[(&str, String)],
) -> NewValue {
    let (program, rest) = words.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let text = NewValue::text;
    let arguments = || NewValue::texts(rest);
    let mapping = || {
        let members = variables.iter().map(|(name, value)| ((*name).to_owned(), text(value)));
        NewValue::Mapping(members.collect())
    };
    let environment = |key| if variables.is_empty() { Vec::new() } else { vec![(key, mapping())] };
    let stdio = ("type", text("stdio"));
    let started = || with(vec![("command", text(program)), ("args", arguments())], environment("env"));
    let members = match layout {
        Layout::Common => match client.id.as_str() {
            "claude-code" | "crush" | "factory-droid" => with(vec![stdio], started()),
            "copilot-cli" => {
                with(vec![("type", text("local"))], with(started(), vec![("tools", NewValue::texts(["*"]))]))
            }
            _ => started(),
        },
        Layout::Inputs => with(vec![stdio], started()),
        Layout::CommandArray => {
            let command = vec![("type", text("local")), ("command", NewValue::texts(words))];
            with(with(command, environment("environment")), vec![("enabled", NewValue::Boolean(true))])
        }
        Layout::Goose => vec![
            ("enabled", NewValue::Boolean(true)),
            stdio,
            ("name", text(name)),
            ("cmd", text(program)),
            ("args", arguments()),
            ("envs", mapping()),
            ("env_keys", NewValue::Sequence(Vec::new())),
            ("timeout", NewValue::Number("300".to_owned())),
        ],
        Layout::Named if client.id == "mistral-vibe" => {
            with(vec![("name", text(name)), ("transport", text("stdio"))], started())
        }
        Layout::Named => with(vec![("name", text(name))], started()),
        Layout::Zed if variables.is_empty() => with(started(), vec![("env", mapping())]),
        Layout::Codex | Layout::Zed => started(),
        Layout::Nested => with(
            with(vec![stdio], started()),
            vec![("disabled", NewValue::Boolean(false)), ("autoApprove", NewValue::Sequence(Vec::new()))],
        ),
    };
    NewValue::Mapping(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn with<'k>(mut first: Vec<(&'k str, NewValue)>, then: Vec<(&'k str, NewValue)>) -> Vec<(&'k str, NewValue)> {
    first.extend(then);
    first
}

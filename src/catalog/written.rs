//! A server as `catalog.toml` has it.

use serde_json::Value;

use crate::catalog::server::Server;

/// What stands first in a table; the rest follows by the alphabet.
const FIRST: [&str; 4] = ["id", "name", "setup", "kind"];

/// The text of `[[server]]`, which reads back as the same server.
pub(super) fn entry(server: &Server) -> Option<String> {
    let mut text = String::new();
    table(&mut text, "server", &serde_json::to_value(server).ok()?);
    Some(text)
}

/// A table and those in it: simple values first, as TOML wants it.
fn table(text: &mut String, path: &str, value: &Value) {
    let Value::Object(members) = value else { return };
    text.extend(["[[", path, "]]\n"]);
    let place = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
    let mut members: Vec<(&String, &Value)> = members.iter().collect();
    members.sort_by_key(|(key, _)| (place(key), *key));
    for (key, value) in &members {
        match value {
            Value::Object(inner) => {
                for (name, value) in inner {
                    text.extend([key.as_str(), ".", name, " = ", &simple(value), "\n"]);
                }
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {}
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            value => text.extend([key.as_str(), " = ", &simple(value), "\n"]),
        }
    }
    for (key, value) in members {
        if let Value::Array(items) = value {
            for item in items.iter().filter(|item| item.is_object()) {
                text.push('\n');
                table(text, &format!("{path}.{key}"), item);
            }
        }
    }
}

/// JSON writes booleans, numbers, texts and lists of texts as TOML does, but for one control character.
fn simple(value: &Value) -> String {
    value.to_string().replace('\u{7f}', "\\u007f").replace("\",\"", "\", \"")
}

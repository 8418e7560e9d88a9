//! A configuration with a secret in every field, for every client.

use std::path::Path;

use crate::catalog::client::{ConfigurationFile, Layout};
use crate::document::edit::{Edits, NewValue};
use crate::document::{Document, Syntax};
use crate::secret::Secret;

/// The fields of the table: the entry that has one is called so.
pub(super) const FIELDS: [&str; 4] = ["env", "args", "headers", "url"];

/// Tokens that are ones by their form, one for each field.
pub(super) const TOKENS: [&str; 4] = [
    "ghp_wT7hQm2ZrKx94LbVnPsYdJfGcEaUoI1DRt3k",
    "ghp_q8ZtLr5WnXv03MbKsJyHdQfCgPaEuTi7RoB2",
    "ghp_m4XcVb9NqLw62PzKrHtJyGsDfAaSuEo8TiU1",
    "ghp_b6NmQw3ErTy71UiOpLkJhGfDsAzXcVbN5mK9",
];

fn map(members: Vec<(&str, NewValue)>) -> NewValue {
    NewValue::Mapping(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// An entry as the file has it.
fn entry(file: &ConfigurationFile, field: usize) -> NewValue {
    let layout = file.layout;
    let text = NewValue::text;
    let token = TOKENS[field];
    let variables = || map(vec![("LOG", text("1")), ("GITHUB_TOKEN", text(token))]);
    let words = |words: &[&str]| NewValue::texts(words.iter().copied());
    let name = ("name", text(FIELDS[field]));
    let bearer = format!("Bearer {token}");
    let address = format!("https://x.example/mcp?api_key={token}");
    let url = if field == 3 { text(&address) } else { text("https://x.example/mcp") };
    let headers = || map(vec![("Authorization", text(&bearer)), ("X-Team", text("mine"))]);
    let arguments: &[&str] =
        if field == 1 { &["-y", "a-server", "--token", token] } else { &["-y", "a-server"] };
    let is_local = field < 2;
    match (layout, is_local) {
        (Layout::CommandArray, true) => {
            let mut members =
                vec![("type", text("local")), ("command", words(&[&["npx"], arguments].concat()))];
            if field == 0 {
                members.push(("environment", variables()));
            }
            map(members)
        }
        (Layout::Goose, true) => {
            let mut members = vec![("type", text("stdio")), ("cmd", text("npx")), ("args", words(arguments))];
            if field == 0 {
                members.push(("envs", variables()));
            }
            map(members)
        }
        (_, true) => {
            let mut members = vec![("command", text("npx")), ("args", words(arguments))];
            if field == 0 {
                members.push(("env", variables()));
            }
            match layout {
                Layout::Nested => {
                    members.insert(0, ("type", text("stdio")));
                    map(vec![("transport", map(members))])
                }
                Layout::Named => {
                    members.insert(0, name);
                    map(members)
                }
                _ => map(members),
            }
        }
        (_, false) => {
            let key = if layout == Layout::Goose { "uri" } else { "url" };
            let header_key = if layout == Layout::Codex { "http_headers" } else { "headers" };
            let mut members = vec![(key, url)];
            let is_continue = layout == Layout::Named && file.syntax == Syntax::Yaml;
            if field == 2 && is_continue {
                members.push(("requestOptions", map(vec![(header_key, headers())])));
            } else if field == 2 {
                members.push((header_key, headers()));
            }
            match layout {
                Layout::Named => members.insert(0, name),
                Layout::Common | Layout::Inputs => members.insert(0, ("type", text("http"))),
                Layout::CommandArray => members.insert(0, ("type", text("remote"))),
                _ => {}
            }
            map(members)
        }
    }
}

/// The text of a file of this sort, in the manner of its syntax.
pub(super) fn sample(file: &ConfigurationFile) -> String {
    let entries = 0..FIELDS.len();
    let servers = if file.layout == Layout::Named {
        NewValue::Sequence(entries.map(|field| entry(file, field)).collect())
    } else {
        map(entries.map(|field| (FIELDS[field], entry(file, field))).collect())
    };
    let (first, rest) = file.key.split_first().unwrap();
    let key = |key: &String| if key == "*" { "/somewhere".to_owned() } else { key.clone() };
    let inner = rest.iter().rev().fold(servers, |inner, own| NewValue::Mapping(vec![(key(own), inner)]));
    let empty = match file.syntax {
        crate::document::Syntax::Json | crate::document::Syntax::Jsonc => "{\n}\n",
        _ => "kept: 1\n",
    };
    let empty = if file.syntax == crate::document::Syntax::Toml { "kept = 1\n" } else { empty };
    let document =
        Document::parse(Path::new("sample"), Secret::copy_of(empty.as_bytes()), file.syntax).unwrap();
    let mut edits = Edits::of(&document);
    edits.insert(&document.root(), &key(first), inner);
    let edited = edits.apply().unwrap();
    edited.document().text().expose().to_owned()
}

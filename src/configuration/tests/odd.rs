//! Documents that nobody would write.

use std::path::Path;

use proptest::prelude::*;

use crate::catalog::client::{FieldKind, Layout, embedded};
use crate::configuration::discover::Reader;
use crate::configuration::entry::entries;
use crate::document::{Document, Syntax};
use crate::secret::Secret;

/// Any value, under keys that the readers know.
fn values() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        proptest::sample::select(vec![
            "-e",
            "--env",
            "--header",
            "A=b",
            "Authorization: x",
            "docker",
            "run",
            "${A}",
            "${input:x}",
            "$(y)",
            "é=",
            "{env:X}",
            "${env:X}",
            "--",
            "mcpcred",
            "-eÄ",
            "http://x",
            "--env-file=",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let key = proptest::sample::select(vec![
        "mcpServers",
        "servers",
        "mcp",
        "projects",
        "inputs",
        "command",
        "cmd",
        "args",
        "env",
        "envs",
        "environment",
        "url",
        "uri",
        "headers",
        "http_headers",
        "env_http_headers",
        "oauth",
        "transport",
        "settings",
        "path",
        "name",
        "id",
        "default",
        "enabled",
        "disabled",
        "type",
        "env_vars",
        "env_keys",
        "bearer_token_env_var",
        "envFile",
        "requestOptions",
        "headersHelper",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        text.prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::Array),
            proptest::collection::vec((key.clone(), inner), 0..6).prop_map(|members| members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_document_is_too_odd_for_any_reader(value in values()) {
        let clients = embedded().unwrap();
        // As a whole, and where each client looks.
        for client in &clients {
            for (position, file) in client.files.iter().enumerate() {
                let mut whole = serde_json::json!({"entry": value, "other": value["x"]});
                for key in file.key.iter().rev() {
                    let key = if key == "*" { "/some/project" } else { key };
                    whole = serde_json::json!({key: whole, "inputs": value});
                }
                let text = Secret::new(whole.to_string().into_bytes());
                let document = Document::parse(Path::new("x"), text, Syntax::Json);
                prop_assume!(document.is_ok());
                let document = document.unwrap();
                let reader =
                    Reader { client, file, project: None, here: Vec::new(), strength: (position, 0) };
                for entry in entries(&document, &reader) {
                    _ = (entry.runs_shell(), entry.runs_mcp_remote());
                    for field in &entry.fields {
                        let text = field.value.text().map_or("", |text| text.expose());
                        prop_assert!(field.part.clone().is_none_or(|part| text.get(part).is_some()));
                        prop_assert!(field.kind != FieldKind::InputDefault || file.layout == Layout::Inputs);
                    }
                }
            }
        }
    }
}

/// Whether the first placeholder in the arguments or the helper is the program's own.
#[track_caller]
fn is_its_own(client: &str, entry: &str, expected: bool) {
    let clients = embedded().unwrap();
    let client = clients.iter().find(|it| it.id == client).unwrap();
    let file = client.files.iter().find(|file| file.key.len() == 1).unwrap();
    let text = format!(r#"{{"{}": {{"a": {entry}}}}}"#, file.key[0]);
    let document = Document::parse(Path::new("x"), Secret::new(text.into_bytes()), Syntax::Json).unwrap();
    let reader = Reader { client, file, project: None, here: Vec::new(), strength: (0, 0) };
    let entries = entries(&document, &reader);
    let found = entries[0].fields.iter().find_map(|field| {
        let found = crate::reference::find_any(field.value.text()?.expose());
        Some((field, found.into_iter().next()?))
    });
    let (field, reference) = found.unwrap();
    assert_eq!(entries[0].expands_itself(field, &reference), expected, "{} {entry}", client.id);
}

#[test]
fn what_a_program_expands_itself_is_not_the_clients() {
    let remote = r#"{"command": "npx", "args": ["-y", "mcp-remote@0.1", "https://x.example", "--header", "Authorization:${AUTH}"], "env": {"AUTH": "x"}}"#;
    for client in ["claude-code", "copilot-cli", "gemini-cli", "cursor", "claude-desktop"] {
        is_its_own(client, remote, true);
    }
    // These make something else of it before `mcp-remote` sees it.
    is_its_own("warp", remote, false);
    is_its_own("crush", remote, false);
    is_its_own(
        "claude-code",
        r#"{"command": "npx", "args": ["mcp-remote", "https://x.example/${PATH_KEY}"]}"#,
        false,
    );
    is_its_own("claude-code", r#"{"command": "x", "args": ["--header", "A: ${AUTH}"]}"#, false);
    is_its_own("cursor", r#"{"command": "sh", "args": ["-c", "KEY=$KEY exec x"]}"#, true);
    is_its_own("cursor", r#"{"command": "x", "args": ["-c", "$KEY"]}"#, false);
    is_its_own("claude-code", r#"{"url": "https://x.example", "headersHelper": "echo $KEY"}"#, true);
}

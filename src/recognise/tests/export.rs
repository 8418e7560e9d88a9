//! The corpus as configurations in files, for scanners of others: `.ci/scanners` compares.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::corpus::{Case, harmless, secrets};
use crate::catalog::client::FieldKind;
use crate::catalog::provider::Providers;
use crate::document::Text;
use crate::recognise::{Context, Detector};

/// The ending of its file, and the configuration that such a value would stand in.
fn written(case: &Case) -> (&'static str, String) {
    let (name, text) = (case.name.as_str(), case.text.as_str());
    let url = "https://mcp.example.com/mcp";
    let entry = match case.field {
        None => {
            return (
                "jsonc",
                format!("{{\n  // {}\n  \"mcpServers\": {{}}\n}}\n", text.replace('\n', "\n  // ")),
            );
        }
        Some(FieldKind::EnvFile) => return ("env", format!("{name}={text}\n")),
        Some(FieldKind::Env) => {
            json!({ "command": "npx", "args": ["-y", "acme-mcp"], "env": { (name): text } })
        }
        Some(FieldKind::Args) if name.starts_with(['-', '/']) => {
            json!({ "command": "npx", "args": ["acme-mcp", name, text] })
        }
        Some(FieldKind::Args) => json!({ "command": "npx", "args": ["acme-mcp", text] }),
        Some(FieldKind::Command) => json!({ "command": text, "args": [] }),
        Some(FieldKind::Url) => json!({ "type": "http", (name): text }),
        Some(FieldKind::Headers) => json!({ "type": "http", "url": url, "headers": { (name): text } }),
        Some(FieldKind::Helper) => json!({ "type": "http", "url": url, (name): text }),
        Some(FieldKind::Oauth) => json!({ "type": "http", "url": url, "oauth": { (name): text } }),
        Some(FieldKind::Setting) => json!({ "settings": { (name): text } }),
        Some(FieldKind::InputDefault) => json!({ "id": name, "type": "promptString", "default": text }),
    };
    let document = json!({ "mcpServers": { "acme": entry } });
    ("json", serde_json::to_string_pretty(&document).unwrap() + "\n")
}

#[test]
#[ignore = "writes files for .ci/scanners"]
fn the_corpus_is_written_for_other_scanners() {
    let providers = Providers::embedded().unwrap().providers;
    let detector = Detector::new(&providers);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus");
    let _ = fs::remove_dir_all(&root);
    let mut ours = String::new();
    for (kind, cases) in [
        ("secret/before", secrets(include_str!("secret.txt"), 0)),
        ("secret/after", secrets(include_str!("secret-later.txt"), 0)),
        ("harmless/before", harmless(include_str!("harmless.txt"), 0)),
        ("harmless/after", harmless(include_str!("harmless-later.txt"), 0)),
    ] {
        fs::create_dir_all(root.join(kind)).unwrap();
        for (number, case) in cases.iter().enumerate() {
            let (ending, text) = written(case);
            let file = format!("{kind}/{number:03}.{ending}");
            fs::write(root.join(&file), text).unwrap();
            let text = Text::of(&case.text);
            let found = match case.field {
                Some(field) => detector.examine(&Context { name: &case.name, field }, text),
                None => detector.examine_prose(text),
            };
            if !found.is_empty() {
                ours.push_str(&file);
                ours.push('\n');
            }
        }
    }
    fs::write(root.join("ours.txt"), ours).unwrap();
}

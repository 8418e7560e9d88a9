//! Properties: in whatever way an entry is written, its secrets leave it, nothing else changes, and all comes back.

use std::fmt::Write;

use proptest::prelude::*;

use super::pen::Pen;
use super::samples::TOKENS;
use super::{file_of, there_and_back};
use crate::catalog::Catalog;
use crate::catalog::client::{ConfigurationFile, Scope};
use crate::document::Syntax;
use crate::protect::mechanism::Mechanism;

fn holds(id: &str, text: &str, ends: usize) {
    let catalog = Catalog::embedded();
    let file = file_of(catalog, id, Scope::User);
    let text = match ends {
        0 => text.replace('\n', "\r\n"),
        1 if file.syntax != Syntax::Yaml => format!("\u{feff}{text}"),
        _ => text.to_owned(),
    };
    holds_in(id, file, &text);
}

fn holds_in(id: &str, file: &ConfigurationFile, text: &str) {
    let outcome = there_and_back(id, file, text);
    let mut left = String::new();
    for step in outcome.steps.iter().filter(|step| step.mechanism == Mechanism::None) {
        writeln!(left, "{}: {:?}", step.server, step.why).unwrap();
    }
    assert!(left.is_empty(), "{left}\n{text}");
    assert_eq!(outcome.steps.len(), 4, "{}\n{text}", outcome.told());
    for token in TOKENS {
        assert!(!outcome.after.contains(token), "{text}\n{}", outcome.after);
    }
    assert_eq!(outcome.undone, text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn yaml_in_any_dress_is_protected_and_comes_back(choices in prop::collection::vec(any::<u8>(), 1..64), ends in 0..3_usize) {
        for (id, key, names) in [
            ("goose", "extensions", ["cmd", "args", "envs"]),
            ("hermes", "mcp_servers", ["command", "args", "env"]),
        ] {
            let mut pen = Pen::new(&choices);
            pen.yaml(key, names);
            holds(id, &pen.out, ends);
        }
        let mut pen = Pen::new(&choices);
        pen.yaml_list("mcpServers");
        holds("continue", &pen.out, ends);
    }

    #[test]
    fn toml_in_any_dress_is_protected_and_comes_back(choices in prop::collection::vec(any::<u8>(), 1..64), ends in 0..3_usize) {
        for id in ["codex", "grok-cli"] {
            let mut pen = Pen::new(&choices);
            pen.toml("mcp_servers");
            holds(id, &pen.out, ends);
        }
        let mut pen = Pen::new(&choices);
        pen.toml_list("mcp_servers");
        holds("mistral-vibe", &pen.out, ends);
    }
}

#[test]
fn what_an_alias_repeats_stays_and_the_rest_leaves() {
    let catalog = Catalog::embedded();
    let file = file_of(catalog, "hermes", Scope::User);
    let text = format!(
        "mcp_servers:\n  a:\n    command: npx\n    env: &shared\n      GITHUB_TOKEN: {}\n  b:\n    command: npx\n    env: *shared\n  c: {{command: npx, env: {{GITHUB_TOKEN: {}}}}}\n",
        TOKENS[0], TOKENS[1]
    );
    let outcome = there_and_back("hermes", file, &text);
    let mechanisms: Vec<_> =
        outcome.steps.iter().map(|step| (step.server.as_str(), step.mechanism)).collect();
    assert_eq!(mechanisms, [("a", Mechanism::None), ("c", Mechanism::Wrapper)]);
    assert!(outcome.steps[0].why.as_ref().unwrap().contains("alias"), "{}", outcome.told());
    assert!(outcome.after.starts_with(text.split("  c:").next().unwrap()), "{}", outcome.after);
    assert_eq!(outcome.undone, text);
}

#[test]
fn what_is_there_twice_under_one_name_comes_back_twice() {
    let catalog = Catalog::embedded();
    let file = file_of(catalog, "cursor", Scope::User);
    let entry = |program: &str, variables: &str| {
        format!(r#""x": {{ "command": "{program}", "env": {{ {variables} }} }}"#)
    };
    let variable = |token: &str| format!(r#""GITHUB_TOKEN": "{token}""#);
    let [one, other] = [variable(TOKENS[0]), variable(TOKENS[1])];
    for entries in [
        format!("{}, {}", entry("a", &one), entry("b", &other)),
        format!("{},\n{}", entry("a", &one), entry("b", &one)),
        entry("a", &format!("{one}, {other}")),
        format!("{}, {}", entry("a", &format!("{one}, {other}")), entry("b", &one)),
    ] {
        let text = format!("{{ \"mcpServers\": {{ {entries} }} }}");
        let outcome = there_and_back("cursor", file, &text);
        assert!(TOKENS.iter().all(|token| !outcome.after.contains(token)), "{}", outcome.after);
        assert_eq!(outcome.undone, text);
    }
}

#[test]
fn a_password_in_an_address_is_stored_as_it_is_and_put_back_as_it_was_written() {
    let file = file_of(Catalog::embedded(), "claude-code", Scope::User);
    for (written, value) in [
        ("S3cr3t%40pa55word", "S3cr3t@pa55word"),
        ("p%23w%2fS3cr3t", "p#w/S3cr3t"),
        ("S3cr3t%C3%BC!", "S3cr3tü!"),
    ] {
        let text = format!(
            "{{\n  \"mcpServers\": {{ \"x\": {{ \"url\": \"https:\\/\\/us%40er:{written}@x.example/mcp\" }} }}\n}}\r\n"
        );
        let outcome = there_and_back("claude-code", file, &text);
        assert_eq!(outcome.values, [value]);
        assert!(
            outcome.after.contains("us@er:{X_TOKEN}") && !outcome.after.contains(written),
            "{}",
            outcome.after
        );
        assert_eq!(outcome.undone, text);
    }
}

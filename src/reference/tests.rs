//! Placeholders as people write them, and as nobody would.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::catalog::client::{Blanked, Exception, FieldKind, ReferenceSyntax as S, References, Unset};

const ALL: &[S] = &[
    S::Dollar,
    S::Braces,
    S::BracesDefault,
    S::BracesRequired,
    S::Env,
    S::DollarEnv,
    S::BareEnv,
    S::File,
    S::BareFile,
    S::Input,
    S::Secrets,
    S::Inputs,
    S::UserConfig,
    S::Command,
    S::Editor,
    S::Percent,
];

/// What was found, as `syntax name default`, each with its text.
fn seen(text: &str, found: &[Reference]) -> Vec<String> {
    found
        .iter()
        .map(|it| {
            let default = it.default.clone().map_or(String::new(), |range| format!(" [{}]", &text[range]));
            format!("{} {:?} {}{default}", &text[it.span.clone()], it.syntax, it.name)
        })
        .collect()
}

#[track_caller]
fn finds(text: &str, syntaxes: &[S], expected: &[&str]) {
    assert_eq!(seen(text, &find(text, syntaxes)), expected, "{text}");
}

#[track_caller]
fn finds_any(text: &str, expected: &[&str]) {
    assert_eq!(seen(text, &find_any(text)), expected, "{text}");
}

const CLAUDE: &[S] = &[S::Braces, S::BracesDefault];
const GEMINI: &[S] = &[S::Dollar, S::Braces, S::BracesDefault];
const SHELL: &[S] = &[S::Dollar, S::Braces, S::BracesDefault, S::BracesRequired, S::Command];
const VSCODE: &[S] = &[S::Env, S::Input, S::Editor];

#[test]
fn every_syntax_is_found_where_the_client_knows_it() {
    finds("Bearer ${TOKEN}", CLAUDE, &["${TOKEN} Braces TOKEN"]);
    finds("${A}${B:-x}", CLAUDE, &["${A} Braces A", "${B:-x} BracesDefault B [x]"]);
    finds("${A:-}", CLAUDE, &["${A:-} BracesDefault A []"]);
    finds("x-$TOKEN.y", GEMINI, &["$TOKEN Dollar TOKEN"]);
    finds(
        "${env:TOKEN} ${input:gh-pat} ${userHome}",
        VSCODE,
        &["${env:TOKEN} Env TOKEN", "${input:gh-pat} Input gh-pat", "${userHome} Editor userHome"],
    );
    finds("${env:ProgramFiles(x86)}", VSCODE, &["${env:ProgramFiles(x86)} Env ProgramFiles(x86)"]);
    finds(
        "Bearer {file:~/t}{env:X}",
        &[S::BareEnv, S::BareFile],
        &["{file:~/t} BareFile ~/t", "{env:X} BareEnv X"],
    );
    finds("${file:/run/t}", &[S::File], &["${file:/run/t} File /run/t"]);
    finds(
        "${{ secrets.A }} ${{inputs.b}}",
        &[S::Secrets, S::Inputs],
        &["${{ secrets.A }} Secrets A", "${{inputs.b}} Inputs b"],
    );
    finds("$env:A", &[S::DollarEnv], &["$env:A DollarEnv A"]);
    finds("%A%", &[S::Percent], &["%A% Percent A"]);
    finds("${user_config.api_key}", &[S::UserConfig], &["${user_config.api_key} UserConfig api_key"]);
    finds("${A:?set it}", SHELL, &["${A:?set it} BracesRequired A [set it]"]);
}

#[test]
fn what_the_client_does_not_know_is_not_found() {
    finds("${env:TOKEN} $TOKEN {env:TOKEN} %TOKEN% ${TOKEN-x} ${ TOKEN }", CLAUDE, &[]);
    finds("${TOKEN} ${TOKEN:-x}", VSCODE, &[]);
    finds("${TOKEN:-x}", &[S::Braces], &[]);
    finds("${{ secrets.X }}", CLAUDE, &[]);
    finds("${} ${:-x} $ $$ {env:} ${env:} ${input:} $( ${A", ALL, &[]);
    finds("anything", &[], &[]);
}

#[test]
fn a_brace_within_a_dollar_is_found_by_those_who_read_the_bare_form() {
    finds("${env:X}", &[S::BareEnv], &["{env:X} BareEnv X"]);
    finds_any("${env:X}", &["${env:X} Env X"]);
}

#[test]
fn a_default_may_hold_more_placeholders() {
    let text = "${A:-${B:-c}d}e}";
    finds(text, CLAUDE, &["${A:-${B:-c}d} BracesDefault A [${B:-c}d]"]);
    let found = find(text, CLAUDE);
    let inner = found[0].within_default(text, CLAUDE);
    assert_eq!(seen(text, &inner), ["${B:-c} BracesDefault B [c]"]);
    // One that is not closed leaves the others as they are.
    finds("${A:-${B}", CLAUDE, &["${B} Braces B"]);
    finds("${A:-{\"b\": 1}}", CLAUDE, &["${A:-{\"b\": 1} BracesDefault A [{\"b\": 1]"]);
}

#[test]
fn a_command_is_found_with_all_that_is_in_it_and_is_not_named() {
    finds("Bearer $(mcpcred get $X (a) ${Y})!", SHELL, &["$(mcpcred get $X (a) ${Y}) Command "]);
    finds("\\$X \\${Y} $Z", SHELL, &["$Z Dollar Z"]);
    finds("$()", SHELL, &[]);
}

#[test]
fn a_bare_name_is_the_whole_value() {
    finds("MY_TOKEN", &[S::BareName, S::Braces], &["MY_TOKEN BareName MY_TOKEN"]);
    finds("${MY_TOKEN}", &[S::BareName, S::Braces], &["${MY_TOKEN} Braces MY_TOKEN"]);
    finds("my_token", &[S::BareName], &[]);
    assert!(!is_bare_name(""));
}

#[test]
fn of_all_syntaxes_only_what_nobody_takes_for_text_is_found() {
    finds_any("Bearer $GITHUB_TOKEN", &["$GITHUB_TOKEN Dollar GITHUB_TOKEN"]);
    finds_any("%APPDATA%\\x", &["%APPDATA% Percent APPDATA"]);
    finds_any("pa$word pa$$WORD pa$WORD $5 100%AB%", &[]);
    finds_any("https://example.com/%AB%CD?x=%20Y%20", &[]);
    finds_any("DEBUG", &[]);
}

#[test]
fn what_a_client_does_not_know_is_told_apart_from_what_it_knows() {
    let text = "${A} ${env:B} {env:C} ${D:-${env:E}} %FFF% $G";
    let foreign = find_foreign(text, &find(text, CLAUDE));
    assert_eq!(seen(text, &foreign), ["${env:B} Env B", "{env:C} BareEnv C", "%FFF% Percent FFF"]);
    // The one within is what the client makes of it.
    assert_eq!(find_foreign("${env:X}", &find("${env:X}", &[S::BareEnv])), []);
    assert_eq!(find_foreign("${A}", &[]).len(), 1);
}

fn rules(syntaxes: &[S], unset: Unset) -> References {
    References { syntaxes: syntaxes.to_vec(), unset, ..References::default() }
}

#[track_caller]
fn becomes(text: &str, references: &References, field: FieldKind, expected: Outcome) {
    let found = find(text, references.syntaxes_in(field));
    assert_eq!(found.len(), 1, "{text}");
    let lookup = |name: &str| match name {
        "SET" | "NPM_TOKEN" => Some(false),
        "NOTHING" => Some(true),
        _ => None,
    };
    assert_eq!(outcome(text, &found[0], references, field, &lookup), expected, "{text}");
}

#[test]
fn a_client_makes_of_it_what_its_rules_say() {
    let mut claude = rules(CLAUDE, Unset::Literal);
    claude.nested = vec![FieldKind::Headers];
    claude.blanked =
        vec![Blanked { fields: vec![FieldKind::Url, FieldKind::Headers], names: vec!["NPM_TOKEN".into()] }];
    becomes("${SET}", &claude, FieldKind::Env, Outcome::Value);
    becomes("${NOTHING}", &claude, FieldKind::Env, Outcome::SetEmpty);
    becomes("${NOTHING:-x}", &claude, FieldKind::Env, Outcome::SetEmpty);
    becomes("${GONE:-x}", &claude, FieldKind::Env, Outcome::Default);
    becomes("${GONE}", &claude, FieldKind::Env, Outcome::Literal);
    becomes("${NPM_TOKEN}", &claude, FieldKind::Env, Outcome::Value);
    becomes("${NPM_TOKEN}", &claude, FieldKind::Headers, Outcome::Blanked);
    becomes("${GONE:-${SET}}", &claude, FieldKind::Headers, Outcome::Default);
    becomes("${GONE:-${SET}}", &claude, FieldKind::Env, Outcome::Torn);

    let mut copilot = rules(CLAUDE, Unset::Literal);
    copilot.withheld = vec!["SET".into()];
    becomes("${SET}", &copilot, FieldKind::Env, Outcome::Withheld);
    becomes("${SET:-x}", &copilot, FieldKind::Env, Outcome::Default);

    let mut gemini = rules(GEMINI, Unset::Literal);
    gemini.except = vec![Exception {
        fields: vec![FieldKind::Env, FieldKind::Headers],
        syntaxes: None,
        unset: Some(Unset::Empty),
    }];
    becomes("$GONE", &gemini, FieldKind::Args, Outcome::Literal);
    becomes("$GONE", &gemini, FieldKind::Env, Outcome::Empty);

    let mut shell = rules(SHELL, Unset::Empty);
    shell.default_if_empty = true;
    becomes("${NOTHING:-x}", &shell, FieldKind::Env, Outcome::Default);
    becomes("${GONE:?why}", &shell, FieldKind::Env, Outcome::Error);
    becomes("$(true)", &shell, FieldKind::Env, Outcome::Elsewhere);

    let mut copilot = rules(CLAUDE, Unset::Literal);
    copilot.except =
        vec![Exception { fields: vec![FieldKind::Env], syntaxes: Some(vec![S::BareName]), unset: None }];
    becomes("SET", &copilot, FieldKind::Env, Outcome::Value);
    becomes("PLAIN", &copilot, FieldKind::Env, Outcome::Plain);
    assert_eq!(find("SET", copilot.syntaxes_in(FieldKind::Headers)), []);

    let code = rules(VSCODE, Unset::Empty);
    becomes("${env:GONE}", &code, FieldKind::Env, Outcome::Empty);
    becomes("${env:SET:-x}", &code, FieldKind::Env, Outcome::Empty);
    becomes("${input:SET}", &code, FieldKind::Env, Outcome::Asks);

    let kiro = References { approved_only: true, ..rules(&[S::Braces], Unset::Literal) };
    becomes("${SET}", &kiro, FieldKind::Env, Outcome::AfterApproval);
    becomes("${GONE}", &kiro, FieldKind::Env, Outcome::Literal);
}

/// Text out of the parts of placeholders, and out of nothing in particular.
fn texts() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        proptest::sample::select(vec![
            "$",
            "{",
            "}",
            "${",
            "${{",
            "}}",
            "(",
            ")",
            "$(",
            "env:",
            "$env:",
            "input:",
            "file:",
            "secrets.",
            ":-",
            ":?",
            "A",
            "NAME",
            "_1",
            " ",
            "%",
            "\\",
            "/",
            "é",
            "\u{202e}",
            "workspaceFolder",
            "user_config.",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    proptest::collection::vec(parts, 0..40).prop_map(|parts| parts.concat())
}

/// Every span is a placeholder, in order, and read alone it is the same one.
fn holds(
    text: &str,
    found: &[Reference],
    again: impl Fn(&str) -> Vec<Reference>,
) -> Result<(), TestCaseError> {
    let mut end = 0;
    for reference in found {
        prop_assert!(reference.span.start >= end);
        end = reference.span.end;
        let alone = text.get(reference.span.clone());
        prop_assert!(alone.is_some());
        let alone = alone.unwrap();
        let read = again(alone);
        prop_assert_eq!(read.len(), 1, "{:?}", alone);
        prop_assert_eq!(&read[0].span, &(0..alone.len()));
        prop_assert_eq!(&read[0].name, &reference.name);
        prop_assert_eq!(read[0].syntax, reference.syntax);
        prop_assert!(alone.contains(&reference.name));
        if let Some(default) = reference.default.clone() {
            prop_assert!(default.start > reference.span.start && default.end == reference.span.end - 1);
            prop_assert!(text.get(default).is_some());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_span_is_exact(
        text in texts(),
        syntaxes in proptest::sample::subsequence(ALL.to_vec(), 0..=ALL.len()),
    ) {
        let found = find(&text, &syntaxes);
        for reference in &found {
            prop_assert!(syntaxes.contains(&reference.syntax));
            _ = reference.within_default(&text, &syntaxes);
        }
        holds(&text, &found, |alone| find(alone, &syntaxes))?;
        holds(&text, &find_any(&text), find_any)?;
    }
}

#[test]
fn hostile_text_takes_no_longer_than_other_text() {
    let parts = [
        "${A:-",
        "$(",
        "${",
        "${{",
        "${{ ",
        "{file:",
        "${input:",
        "${file:",
        "$a",
        "%A",
        "\\",
        "}",
        "${A:-}",
        "$((",
        "${A:-$(",
        "${env:A",
        "${config:",
    ];
    let started = Instant::now();
    for part in parts {
        let text = part.repeat(1_000_000 / part.len());
        _ = find(&text, ALL);
        _ = find_any(&text);
    }
    // A second or so without optimisation; hours, if it were quadratic.
    assert!(started.elapsed() < Duration::from_secs(60));
}

//! What looking costs: measured without optimisation it says nothing, so it runs only when it is asked for.

use std::time::{Duration, Instant};

use super::corpus::{Case, harmless, secrets};
use crate::catalog::client::FieldKind;
use crate::catalog::provider::{Provider, Providers};
use crate::document::Text;
use crate::recognise::{Context, Detector};

fn providers() -> Vec<Provider> {
    Providers::embedded().unwrap().providers
}

fn look(detector: &Detector<'_>, case: &Case) -> usize {
    let text = Text::of(&case.text);
    match case.field {
        Some(field) => detector.examine(&Context { name: &case.name, field }, text).len(),
        None => detector.examine_prose(text).len(),
    }
}

/// `cargo test --release --lib recognise::tests::cost -- --ignored --nocapture`
#[test]
#[ignore = "measures, and only an optimised build is worth it"]
#[expect(clippy::print_stdout, reason = "figures")]
fn ten_thousand_values_cost_less_than_two_microseconds_each() {
    let start = Instant::now();
    let providers = providers();
    let read = start.elapsed();
    let start = Instant::now();
    let detector = Detector::new(&providers);
    let made = start.elapsed();
    println!("providers read in {read:?}, detector made in {made:?}");
    let start = Instant::now();
    let _ = detector.examine(
        &Context { name: "GITHUB_TOKEN", field: FieldKind::Env },
        Text::of("ghp_x7Kq2mWz9RtLb4Vnx7Kq2mWz9RtLb4Vnx7Kq"),
    );
    println!("first secret in {:?}", start.elapsed());

    let files = [include_str!("harmless.txt"), include_str!("harmless-later.txt")];
    let mut typical: Vec<Case> =
        files.iter().flat_map(|file| (0..13).flat_map(|draw| harmless(file, draw))).collect();
    typical.truncate(9_500);
    // One value in twenty is a secret.
    typical.extend((0..2).flat_map(|draw| secrets(include_str!("secret.txt"), draw)).take(500));
    let bytes: usize = typical.iter().map(|case| case.text.len()).sum();
    let look_at_all = || {
        let start = Instant::now();
        let found: usize = typical.iter().map(|case| look(&detector, case)).sum();
        (start.elapsed(), found)
    };
    let (first, found) = look_at_all();
    // The least of several, because others use the machine too.
    let least = (0..9).map(|_| look_at_all().0).min().unwrap();
    let each = least / u32::try_from(typical.len()).unwrap();
    println!(
        "{} values, {bytes} bytes, {found} found: {first:?} with patterns to compile, then {least:?}, {each:?} each",
        typical.len()
    );
    assert!(each < Duration::from_micros(2), "{each:?}");
    assert!(made < Duration::from_millis(1), "{made:?}");
}

/// Ten times the text must not take much more than ten times the time, whatever it holds.
#[test]
#[expect(clippy::print_stdout, reason = "figures")]
fn hostile_text_costs_no_more_than_its_length() {
    let providers = providers();
    let detector = Detector::new(&providers);
    let parts = [
        "a=",
        "a:",
        "\"a\":\"",
        "://",
        "a://b:c@",
        "${A:-",
        "$(",
        "ghp_",
        "sk-",
        "eyJa.",
        "-----BEGIN PRIVATE KEY-----AAAAAAAAAAAAAAAAAAAA",
        "ghs_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ",
        "ATATT3",
        "xoxb-",
        "Bearer ",
        "?key=",
        "key=a1b2c3d4e5f6g7h8 ",
        "{\"key\": ",
        "'",
        "\\\"",
        "/",
        "AKIA",
        ":A",
        "token=\"",
        "a=\"b=\"",
        "%41",
        "eyJhbGciOiJIUzI1NiJ9.eyJ",
        "https://a/",
        "\u{200b}",
        "é",
    ];
    let fields = [FieldKind::Env, FieldKind::Args, FieldKind::Url, FieldKind::Helper, FieldKind::Headers];
    let time = |text: &str| {
        let mut slowest = Duration::ZERO;
        for field in fields {
            let start = Instant::now();
            let _ = detector.examine(&Context { name: "API_TOKEN", field }, Text::of(text));
            slowest = slowest.max(start.elapsed());
        }
        let start = Instant::now();
        let _ = detector.examine_prose(Text::of(text));
        slowest.max(start.elapsed())
    };
    for part in parts {
        let (short, long) = (part.repeat(4_000 / part.len()), part.repeat(40_000 / part.len()));
        time(&short);
        let (less, more) = (time(&short), time(&long));
        println!("{part:?}: {less:?}, {more:?}");
        assert!(more < less * 30 + Duration::from_millis(200), "{part:?}: {less:?}, {more:?}");
    }
}

//! Tests of texts that somebody wrote to hurt the reader.

use std::time::{Duration, Instant};

use super::{ALL, Shape, Syntax, Why, at, parse, why};
use crate::document::{MAX_DEPTH, MAX_DUPLICATES};

/// Far more than any of these takes on a busy machine, and far less than what grows with the square. The heap of Wine
/// has one lock for all threads, and takes up to forty times as long where other tests run beside these.
const PATIENCE: Duration = Duration::from_secs(if cfg!(windows) { 180 } else { 20 });

fn in_time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    let took = start.elapsed();
    assert!(took < PATIENCE, "{what} took {took:?}");
    result
}

#[test]
fn nesting_has_a_limit_in_every_syntax() {
    let nested = |syntax, depth: usize| -> Vec<String> {
        let lists = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let mappings = |key: &str, sign: &str| {
            format!("{}1{}", format!("{{{key}{sign}").repeat(depth), "}".repeat(depth))
        };
        match syntax {
            Syntax::Json | Syntax::Jsonc => {
                vec![lists, mappings("\"a\"", ":"), "[".repeat(depth), "{\"a\":".repeat(depth)]
            }
            Syntax::Toml => vec![
                format!("a = {lists}"),
                format!("a = {}", mappings("a", " = ")),
                format!("a = {}", mappings("a.b.c", " = ")),
                format!("a{} = 1", ".a".repeat(depth)),
                format!("[a{}]", ".a".repeat(depth)),
                format!("[[a{}]]", ".a".repeat(depth)),
                format!("[a{}]\n{}a = [[[[1]]]]", ".a".repeat(depth / 2), "a.".repeat(depth / 2)),
                format!("a = {}", "[".repeat(depth)),
                format!("a = {}", "{a=".repeat(depth)),
            ],
            Syntax::Yaml => vec![
                lists,
                mappings("a", ": "),
                "- ".repeat(depth),
                "? ".repeat(depth),
                format!("{}1", "[a: ".repeat(depth)),
                (0..depth.min(2000))
                    .flat_map(|level| {
                        [
                            " ".repeat(level),
                            "a:
"
                            .to_owned(),
                        ]
                    })
                    .collect(),
                "[".repeat(depth),
            ],
        }
    };
    for syntax in ALL {
        for text in nested(syntax, 10_000) {
            let error = in_time("nesting", || parse(&text, syntax)).err().unwrap();
            let is_refused = matches!(error.why(), Why::TooDeep { .. } | Why::Syntax { .. });
            assert!(is_refused && error.place().is_some(), "{syntax:?} {error}");
        }
        for text in nested(syntax, 40).iter().filter(|text| text.contains([']', '1', '-'])) {
            let is_complete = text.matches('[').count() == text.matches(']').count();
            assert!(parse(text, syntax).is_ok() || !is_complete, "{text}");
        }
    }
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(&deep(MAX_DEPTH), Syntax::Json).is_ok());
    assert!(why(&deep(1000), Syntax::Json).starts_with("is nested too deeply at line 1, column "));
    assert!(why(&deep(MAX_DEPTH + 2), Syntax::Yaml).starts_with("is nested too deeply"));
    assert!(why(&format!("a{} = 1", ".a".repeat(200)), Syntax::Toml).starts_with("is nested too deeply"));
}

#[test]
fn a_hundred_thousand_keys_take_no_time() {
    let keys = |separator: &str, line: &dyn Fn(usize) -> String| {
        (0..100_000).map(line).collect::<Vec<_>>().join(separator)
    };
    let texts = [
        (
            Syntax::Json,
            format!("{{{}}}", keys(",\n", &|number| format!("\"key{number}\": \"\\u0061{number}\""))),
        ),
        (Syntax::Toml, keys("\n", &|number| format!("key{number} = \"{number}\""))),
        (Syntax::Toml, keys("\n", &|number| format!("[key{number}]\na.b = {number}"))),
        (Syntax::Toml, keys("\n", &|number| format!("[[key]]\nkey{number} = 1"))),
        (Syntax::Yaml, keys("\n", &|number| format!("key{number}: 'é{number}'"))),
        (Syntax::Yaml, format!("{{{}}}", keys(",\n", &|number| format!("key{number}: a")))),
        (Syntax::Yaml, format!("[{}]", keys(",", &|number| format!("\"a{number}\" : b")))),
        (Syntax::Yaml, keys("\n", &|number| format!("- &a{number} {{b: 1}}"))),
        (Syntax::Yaml, keys("\n", &|number| format!("? a{number}"))),
    ];
    for (syntax, text) in texts {
        let what: String = text.chars().take(20).collect();
        let what = what.as_str();
        let document = in_time(what, || parse(&text, syntax)).unwrap();
        let places = in_time(what, || {
            let root = document.root();
            let all = root.members().map(|(_, value)| value).chain(root.items());
            all.step_by(10).filter(|value| value.place().line > 0).count()
        });
        assert!(places == 10_000 || places == 1, "{what}");
    }
}

#[test]
fn places_in_one_long_line_are_found_in_time() {
    let text = format!("[{}1]", "\"é\",".repeat(200_000));
    let document = in_time("parsing", || parse(&text, Syntax::Json)).unwrap();
    in_time("places", || {
        let last = document.root().items().last().unwrap();
        assert_eq!(last.place(), at(1, 800_002));
        assert!(document.root().items().take(10_000).all(|value| value.place().line == 1));
    });
}

#[test]
fn repeated_keys_under_a_long_one_do_not_fill_the_memory() {
    let long = "k".repeat(1_000_000);
    let repeated = "\"a\":1,".repeat(100_000);
    let text = format!("{{\"{long}\": {{{repeated}\"a\":[{}1]}}}}", "1,".repeat(100_000));
    let document = in_time("parsing", || parse(&text, Syntax::Json)).unwrap();
    assert_eq!(document.duplicates().count(), MAX_DUPLICATES);
    in_time("walking", || {
        let mapping = document.root().members().next().unwrap().1;
        assert_eq!(mapping.members().count(), 100_001);
        assert_eq!(mapping.get("a").unwrap().items().count(), 100_001);
    });
}

#[test]
fn more_values_than_any_configuration_has_are_refused() {
    let too_many = [
        (Syntax::Json, format!("[{}1]", "1,".repeat(500_001))),
        (Syntax::Toml, format!("a = [{}1]", "1,".repeat(500_001))),
        (Syntax::Toml, "a=1\n".repeat(500_001)),
        (Syntax::Yaml, "-\n".repeat(500_001)),
        (Syntax::Yaml, format!("[{}1]", "1,".repeat(500_001))),
    ];
    for (syntax, text) in too_many {
        let error = in_time("refusing", || parse(&text, syntax)).err().unwrap();
        assert!(matches!(error.why(), Why::TooMany { .. }), "{syntax:?} {error}");
    }
    // Commas in text are none between values.
    let text = format!("{{\"history\": \"{}\"}} // {}", ",".repeat(2_000_000), ",".repeat(2_000_000));
    assert!(in_time("reading", || parse(&text, Syntax::Json)).is_ok());
}

#[test]
fn long_runs_of_one_character_are_read_or_refused_in_time() {
    for syntax in ALL {
        for part in [
            "[",
            "{",
            "\"",
            "'",
            "\\",
            "/*",
            "//",
            "#",
            ",",
            ":",
            "-",
            "=",
            ".",
            "?",
            "!",
            "&",
            "*",
            "%",
            "|",
            ">",
            " ",
            "\t",
            "\n",
            "\r",
            "a",
            "1",
            "é",
            "{}",
            "[]",
            "[],",
            "\"\"",
            "\"\",",
            "a:",
            "a: ",
            "? ",
            "- ",
            "\"a\":",
            "a=",
            "a.",
            "[a]\n",
            "&a ",
            "!a ",
            "\\u",
            "\\ud800",
            "|\n",
            ">\n ",
            "a\n",
            "- a\n ",
            "[a,",
            "{a: ",
            "''",
            "---\n",
            "%TAG ! a\n",
            "#\n",
            "/**/",
            "\u{feff}",
            "\0",
            "- - a\n",
        ] {
            for prefix in ["", "\"", "a: ", "a = ", "[", "{\"a\":", "a: |\n "] {
                let text = format!("{prefix}{}", part.repeat(20_000 / part.len()));
                let _ = in_time(&format!("{syntax:?} {prefix:?} {part:?}"), || parse(&text, syntax));
            }
        }
    }
}

#[test]
fn half_a_pair_of_surrogates_is_read_as_javascript_reads_it() {
    let document = parse(
        r#"{"a": "\ud83d", "b": "x\uDE00y", "c": "\ud83d\ude00", "d": "\\ud83d", "e": "\ud83d\ud83d\ude00", "f": 1}"#,
        Syntax::Json,
    )
    .unwrap();
    let text = |key| document.root().get(key).unwrap().text().unwrap().expose().to_owned();
    assert_eq!(text("a"), "\u{fffd}");
    assert_eq!(text("b"), "x\u{fffd}y");
    assert_eq!(text("c"), "😀");
    assert_eq!(text("d"), "\\ud83d");
    assert_eq!(text("e"), "\u{fffd}😀");
    assert_eq!(document.root().get("f").unwrap().place(), at(1, 103));
}

#[test]
fn odd_characters_are_kept_or_refused() {
    let bidi = "{\"\u{202e}token\u{2066}\": \"\u{200b}\"}";
    let document = parse(bidi, Syntax::Json).unwrap();
    assert!(document.root().get("\u{202e}token\u{2066}").unwrap().text().unwrap().is("\u{200b}"));
    let huge = format!("{{\"a\": 1{}, \"b\": -1e999999999}}", "0".repeat(10_000));
    let document = parse(&huge, Syntax::Json).unwrap();
    assert_eq!(document.root().get("b").unwrap().shape(), Shape::Number);
    for syntax in ALL {
        assert!(parse("\0", syntax).is_err());
        assert!(parse("{\"a\": \"\0\"}", syntax).is_err());
    }
    for text in ["a: 1\0\nb: 2", "a: \u{1b}[31m", "a: 'x\u{7}'", "# \0"] {
        assert_eq!(why(text, Syntax::Yaml).split(": ").nth(1), Some("control characters are not allowed"));
    }
    assert!(
        why("{\"a\": \"\t\"}", Syntax::Json)
            .ends_with("column 8: a control character in a string has to be written as an escape")
    );
    let escaped = parse(r#"{"a\u0000": "\u0000\u001b"}"#, Syntax::Json).unwrap();
    assert!(escaped.root().get("a\0").unwrap().text().unwrap().is("\0\u{1b}"));
}

#[test]
fn a_name_of_a_client_is_not_looked_for_in_values() {
    let document = parse("{\"a\": \"mcpServers\", \"b\": [\"mcpServers\"]}", Syntax::Json).unwrap();
    assert!(document.root().get("mcpServers").is_none());
    assert!(document.root().get("b").unwrap().get("mcpServers").is_none());
    assert_eq!(document.root().get("a").unwrap().items().count(), 0);
    assert!(document.root().text().is_none() && document.root().boolean().is_none());
}

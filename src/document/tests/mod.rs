//! Tests of documents that hold for every syntax.

mod files;
mod hostile;
pub(super) mod properties;

use std::path::Path;

use super::{Document, DocumentError, Leniency, Place, Shape, Syntax, Value, Why};
use crate::secret::Secret;

fn parse(text: &str, syntax: Syntax) -> Result<Document, DocumentError> {
    Document::parse(Path::new("mcp.json"), Secret::copy_of(text.as_bytes()), syntax)
}

const ALL: [Syntax; 4] = [Syntax::Json, Syntax::Jsonc, Syntax::Toml, Syntax::Yaml];

fn why(text: &str, syntax: Syntax) -> String {
    parse(text, syntax).err().unwrap().why().to_string()
}

fn at(line: u32, column: u32) -> Place {
    Place { line, column }
}

fn walk<'d>(value: &Value<'d>, look: &mut impl FnMut(&Value<'d>)) {
    look(value);
    for (_, member) in value.members() {
        walk(&member, look);
    }
    for item in value.items() {
        walk(&item, look);
    }
}

#[test]
fn the_same_configuration_reads_the_same_in_every_syntax() {
    let texts = [
        (
            Syntax::Json,
            "{\"servers\": {\"a b\": {\"args\": [\"-y\", \"caf\\u00e9\"], \"off\": true, \"port\": 1}}}",
        ),
        (
            Syntax::Jsonc,
            "{ // one\n \"servers\": {\"a b\": {\"args\": [\"-y\", \"café\",], \"off\": true, \"port\": 1}} /* two */ }",
        ),
        (Syntax::Toml, "# one\n[servers.\"a b\"]\nargs = [\"-y\", 'café'] # two\noff = true\nport = 1\n"),
        (
            Syntax::Yaml,
            "# one\nservers:\n  a b:\n    args:\n    - -y\n    - \"caf\\xe9\" # two\n    off: true\n    port: 1\n",
        ),
    ];
    for (syntax, text) in texts {
        for text in [text.to_owned(), format!("\u{feff}{text}"), text.replace('\n', "\r\n")] {
            let document = parse(&text, syntax).unwrap();
            let server = document.root().get("servers").unwrap().get("a b").unwrap();
            assert_eq!(server.pointer().as_str(), "/servers/a b");
            let items: Vec<_> = server.get("args").unwrap().items().collect();
            assert!(items[0].text().unwrap().is("-y"), "{syntax:?}");
            assert!(items[1].text().unwrap().is("café"), "{syntax:?}");
            assert_eq!(items[1].pointer().as_str(), "/servers/a b/args/1");
            let written = document.text().expose();
            assert_eq!(&written[items[0].span()].trim_matches('"'), &"-y");
            assert_eq!(&written[items[0].content_span().unwrap()], "-y");
            assert_eq!(server.get("off").unwrap().boolean(), Some(true));
            assert_eq!(server.get("port").unwrap().shape(), Shape::Number);
            assert_eq!(&written[server.get("port").unwrap().span()], "1");
            assert_eq!(&written[server.get("port").unwrap().key_span().unwrap()].trim_matches('"'), &"port");
            let keys: Vec<_> = server.members().map(|(key, _)| key.expose()).collect();
            assert_eq!(keys, ["args", "off", "port"]);
        }
    }
}

#[test]
fn text_is_decoded_and_the_written_text_is_found() {
    let decoded = |text: &str, syntax| {
        let document = parse(text, syntax).unwrap();
        let value = document.root().get("k").unwrap();
        let written = value.content_span().map(|span| document.text().expose()[span].to_owned());
        (value.text().unwrap().expose().to_owned(), written)
    };
    let escaped = |text: &str| (text.to_owned(), None);
    let plain = |text: &str| (text.to_owned(), Some(text.to_owned()));
    for syntax in [Syntax::Json, Syntax::Jsonc] {
        assert_eq!(decoded(r#"{"k": "a\/b\"\u00e9\ud83d\ude00\n"}"#, syntax), escaped("a/b\"é😀\n"));
        assert_eq!(decoded(r#"{"k": "é 😀"}"#, syntax), plain("é 😀"));
        assert_eq!(decoded(r#"{"\u006b": ""}"#, syntax), plain(""));
    }
    assert_eq!(decoded("k = \"a\\tb\"", Syntax::Toml), escaped("a\tb"));
    assert_eq!(decoded("k = 'a\\tb'", Syntax::Toml), plain("a\\tb"));
    assert_eq!(decoded("k = ''", Syntax::Toml), plain(""));
    assert_eq!(decoded("k = \"\"\"\na\nb\"\"\"", Syntax::Toml), plain("a\nb"));
    assert_eq!(decoded("k = \"\"\"\"\"\"", Syntax::Toml), plain(""));
    assert_eq!(decoded("k = '''\na'''", Syntax::Toml), plain("a"));
    assert_eq!(decoded("k: \"a\\tb\"", Syntax::Yaml), escaped("a\tb"));
    assert_eq!(decoded("k: 'it''s'", Syntax::Yaml), escaped("it's"));
    assert_eq!(decoded("k: 'a b'", Syntax::Yaml), plain("a b"));
    assert_eq!(decoded("k: a b  # c", Syntax::Yaml), plain("a b"));
    assert_eq!(decoded("k: a\n  b\n", Syntax::Yaml), escaped("a b"));
    assert_eq!(decoded("k: |\n  one\n", Syntax::Yaml), plain("one\n"));
    assert_eq!(decoded("k: |\n  one\n  two\nl: 1", Syntax::Yaml), escaped("one\ntwo\n"));
    assert_eq!(decoded("k: >- # c\n  one\n  two\n", Syntax::Yaml), escaped("one two"));
    assert_eq!(decoded("k: &name !!str 1", Syntax::Yaml), plain("1"));
    assert_eq!(decoded("k: !secret é", Syntax::Yaml), plain("é"));
}

#[test]
fn a_place_is_where_an_editor_shows_it() {
    let text = "\u{feff}{\"é😀\": 1,\r\n \"b\": 2,\r\"c\":\n3}";
    let document = parse(text, Syntax::Json).unwrap();
    let place = |key| document.root().get(key).unwrap().place();
    assert_eq!(document.root().place(), at(1, 1));
    assert_eq!(place("é😀"), at(1, 8));
    assert_eq!(place("b"), at(2, 7));
    assert_eq!(place("c"), at(4, 1));
    assert_eq!(document.place(usize::MAX), at(4, 3));
    assert_eq!(document.place(0), at(1, 1));
}

#[test]
fn what_plain_json_does_not_allow_is_read_and_told() {
    let all = [Leniency::Mark, Leniency::Comment, Leniency::Comma];
    let first = |text: &str, refused: &[Leniency]| parse(text, Syntax::Jsonc).unwrap().first_of(refused);
    let leniency = |text: &str, syntax| {
        let found = parse(text, syntax).unwrap().first_of(&all);
        found.map(|(_, place)| place)
    };
    assert_eq!(leniency("{\"a\": [1, 2]}", Syntax::Json), None);
    assert_eq!(leniency("{\"a,}\": \"//,]\"}", Syntax::Json), None);
    assert_eq!(leniency("{\"a\": [1, 2 /* ,] */ , // \n ]}", Syntax::Json), Some(at(1, 13)));
    assert_eq!(leniency("{\"a\": [1, 2 , /* , */ ]}", Syntax::Json), Some(at(1, 13)));
    assert_eq!(leniency("{\"a\": 1\n,}", Syntax::Json), Some(at(2, 1)));
    assert_eq!(leniency("// one\n{}", Syntax::Json), Some(at(1, 1)));
    assert_eq!(leniency("\u{feff}{}", Syntax::Json), Some(at(1, 1)));
    let both = "{\"a\": [1,] // b\n}";
    assert_eq!(first(both, &all), Some((Leniency::Comma, at(1, 9))));
    assert_eq!(first(both, &[Leniency::Comment]), Some((Leniency::Comment, at(1, 12))));
    assert_eq!(first(both, &[Leniency::Mark]), None);
    let document = parse("/*a*/{\"k\"://b\r1}// \"c\"", Syntax::Jsonc).unwrap();
    let comments: Vec<_> = document.comments().map(|(text, place)| (text.expose(), place)).collect();
    assert_eq!(comments, [("/*a*/", at(1, 1)), ("//b", at(1, 11)), ("// \"c\"", at(2, 3))]);
}

#[test]
fn comments_are_found_in_toml_and_yaml() {
    let comments = |text: &str, syntax| -> Vec<String> {
        parse(text, syntax).unwrap().comments().map(|(text, _)| text.expose().to_owned()).collect()
    };
    let text = "#a\n\"k#\" = '#no' #b\r\n[t] # c\nx = [ # d\n \"\"\"# no\n\"\"\" ]\n# é";
    assert_eq!(comments(text, Syntax::Toml), ["#a", "#b", "# c", "# d", "# é"]);
    let text = "#a\n'k #': x#no # b\nl: | #c\n  # no\nm: &a#no !t#no \"# no\" # d\nn: [a, # é\n b]\n#f";
    assert_eq!(comments(text, Syntax::Yaml), ["#a", "# b", "#c", "# d", "# é", "#f"]);
    assert_eq!(comments("a: 1 # a\n--- # b\nk: \"\n # no\"\n", Syntax::Yaml), ["# a"]);
}

#[test]
fn repeated_keys_are_kept_and_told_and_the_last_one_counts() {
    let document = parse("{\"s\": {\"a\": 1, \"b\": 2,\n \"\\u0061\": 3}}", Syntax::Json).unwrap();
    let mapping = document.root().get("s").unwrap();
    assert_eq!(mapping.members().count(), 3);
    let last = mapping.get("a").unwrap();
    assert_eq!(&document.text().expose()[last.span()], "3");
    let duplicates: Vec<_> =
        document.duplicates().map(|(pointer, place)| (pointer.as_str().to_owned(), place)).collect();
    assert_eq!(duplicates, [("/s/a".to_owned(), at(1, 8))]);
    let document = parse("a: 1\na: 2\n", Syntax::Yaml).unwrap();
    assert_eq!(document.duplicates().count(), 1);
    assert_eq!(
        why("a = 1\na = 2", Syntax::Toml),
        "is not TOML at line 2, column 1: the key is already there"
    );
}

#[test]
fn a_file_without_a_value_is_what_its_clients_take_it_for() {
    for text in ["", " \r\n\t", "\u{feff}", "\u{feff}\n"] {
        assert_eq!(why(text, Syntax::Json), "is not JSON at line 1, column 1: there is nothing in it");
        for syntax in [Syntax::Jsonc, Syntax::Toml, Syntax::Yaml] {
            let document = parse(text.trim_matches('\t'), syntax).unwrap();
            assert_eq!(document.root().shape(), Shape::Mapping, "{syntax:?}");
        }
    }
    assert_eq!(parse("// nothing", Syntax::Jsonc).unwrap().root().shape(), Shape::Mapping);
    for text in ["# nothing", "---", "~", "null"] {
        assert_eq!(parse(text, Syntax::Yaml).unwrap().root().shape(), Shape::Mapping);
    }
}

#[test]
fn a_toml_document_has_its_tables_in_the_order_of_the_file() {
    let text = "z = 1\n[b.y]\nk = 1\n[a]\nl.m = 2\n[[b.x]]\nn = { p.q = 3 }\n[[b.x]]\n";
    let document = parse(text, Syntax::Toml).unwrap();
    let mut seen = Vec::new();
    walk(&document.root(), &mut |value| seen.push(value.pointer().as_str().to_owned()));
    let expected = [
        "",
        "/z",
        "/b",
        "/b/y",
        "/b/y/k",
        "/b/x",
        "/b/x/0",
        "/b/x/0/n",
        "/b/x/0/n/p",
        "/b/x/0/n/p/q",
        "/b/x/1",
        "/a",
        "/a/l",
        "/a/l/m",
    ];
    assert_eq!(seen, expected);
    let text = document.text().expose();
    let table = document.root().get("b").unwrap().get("y").unwrap();
    assert_eq!(&text[table.span()], "[b.y]");
    assert_eq!(&text[table.key_span().unwrap()], "y");
}

#[test]
fn yaml_is_read_once_without_following_anything() {
    let text =
        "base: &b {k: 1}\nalias: *b\n<<: *b\n? [a, b]\n: 1\n*b : 2\nt: !!python/object x\n--- \nsecond: 1\n";
    let document = parse(text, Syntax::Yaml).unwrap();
    let root = document.root();
    assert_eq!(root.get("alias").unwrap().shape(), Shape::Null);
    assert_eq!(root.get("<<").unwrap().shape(), Shape::Null);
    assert_eq!(root.get("[a, b]").unwrap().shape(), Shape::Number);
    assert_eq!(root.get("*b").unwrap().shape(), Shape::Number);
    assert_eq!(root.get("t").unwrap().shape(), Shape::String);
    assert!(root.get("k").is_none() && root.get("second").is_none());
    let shape = |text: &str| {
        let document = parse(&format!("k: {text}"), Syntax::Yaml).unwrap();
        document.root().get("k").unwrap().shape()
    };
    for text in ["1", "-1.5e3", "0x1f", "0o17", ".inf", "-.Inf", ".nan", "1e400", ".5", "!!int 3"] {
        assert_eq!(shape(text), Shape::Number, "{text}");
    }
    let strings = [
        "yes", "on", "1.2.3", "1_000", "-", "+", ".", "12e", "0x", "inf", "nan", "'1'", "!!str 1", "1-2",
        "-x",
    ];
    for text in strings {
        if text != "-" {
            assert_eq!(shape(text), Shape::String, "{text}");
        }
    }
    assert_eq!(shape("True"), Shape::Boolean(true));
    assert_eq!(shape(""), Shape::Null);
}

#[test]
fn a_block_of_yaml_ends_before_the_blank_lines_behind_it() {
    for blank in ["", "\n", "\r\n\r\n", "\n \n\r\n\r\n\r\n\r\r\n"] {
        let document = parse(&format!("a: |\n  x y\n{blank}b: z\n"), Syntax::Yaml).unwrap();
        assert_eq!(document.root().get("a").unwrap().text().unwrap().expose(), "x y\n", "{blank:?}");
        assert_eq!(document.root().get("b").unwrap().text().unwrap().expose(), "z");
    }
}

#[test]
fn a_block_of_yaml_is_text_whatever_its_tag_says() {
    let document = parse("a: !!int |\n  5\nb: !!int \"6\"\nc: !!str: >-\n   1.2\n", Syntax::Yaml).unwrap();
    let text = |key| document.root().get(key).unwrap().text().map(|text| text.expose().to_owned());
    assert_eq!([text("a"), text("b"), text("c")], [Some("5\n".to_owned()), None, Some("1.2".to_owned())]);
}

#[test]
fn yaml_behind_a_directive_is_found_where_it_lies_or_refused() {
    for plain in ["%YAML 1.2\n---\na: \"x\"\n", "# \u{e9}\n%X y\n---\na: \"x\"\n", "%\u{e9}: 1\n---\n"] {
        assert_eq!(parse(plain, Syntax::Yaml).is_ok(), !plain.starts_with("%\u{e9}"), "{plain}");
    }
    for foreign in ["%\u{e9} x\n---\na: \"x\"\n", "\n# y\r\n%X \u{da}\r\n---\r\na: \"x\"\r\n"] {
        let why = why(foreign, Syntax::Yaml);
        assert!(why.ends_with("a directive holds other characters than ASCII ones"), "{why}");
    }
    let late = parse("a: |\n  x\n  %\u{e9}\nb: \"y\"\n", Syntax::Yaml).unwrap();
    assert_eq!(late.root().get("b").unwrap().place(), at(4, 4));
}

#[test]
fn errors_say_where_and_never_what_is_written_there() {
    let broken = [
        (Syntax::Json, "{\n \"token\": hunter2}", at(2, 11)),
        (Syntax::Json, "{\n \"token\": \"hunter2\n}", at(2, 11)),
        (Syntax::Json, "{\n \"token\": \"hunter2\\x\"}", at(2, 19)),
        (Syntax::Json, "{\"token\": \"hunter2\" \"b\": 1}", at(1, 20)),
        (Syntax::Json, "{\"token\":\u{a0}\"hunter2\"}", at(1, 10)),
        (Syntax::Json, "{'token': 'hunter2'}", at(1, 2)),
        (Syntax::Jsonc, "{token: 'hunter2'}", at(1, 2)),
        (Syntax::Jsonc, "{} hunter2", at(1, 4)),
        (Syntax::Toml, "a = 1\ntoken = hunter2", at(2, 9)),
        (Syntax::Toml, "token = \"hunter2", at(1, 17)),
        (Syntax::Toml, "token = 'hunter2'\ntoken.hunter2 = 1", at(2, 1)),
        (Syntax::Toml, "hunter2", at(1, 8)),
        (Syntax::Yaml, "token: \"hunter2\n", at(1, 8)),
        (Syntax::Yaml, "token: hunter2: 1", at(1, 15)),
        (Syntax::Yaml, "token: *hunter2", at(1, 8)),
        (Syntax::Yaml, "token: !hunter2!x 1", at(1, 8)),
        (Syntax::Yaml, "a: 1\n\thunter2: 2", at(1, 4)),
    ];
    for (syntax, text, place) in broken {
        let error = parse(text, syntax).err().unwrap();
        assert_eq!(error.place(), Some(place), "{text}: {error}");
        let said = format!("{error} {} {error:?}", error.why());
        assert!(!said.contains("hunter2"), "{said}");
        assert!(
            error.to_string().starts_with(&format!("mcp.json is not {} at line", syntax.name())),
            "{error}"
        );
    }
}

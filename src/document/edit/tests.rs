//! Tests of edits: what is asked for changes, and nothing else.

use std::path::Path;

use super::{EditWhy, Edits, NewValue};
use crate::document::{Document, Pointer, Syntax};
use crate::secret::Secret;

fn parse(text: &str, syntax: Syntax) -> Document {
    Document::parse(Path::new("mcp.json"), Secret::copy_of(text.as_bytes()), syntax).unwrap()
}

fn pointer(text: &str) -> Pointer {
    text.split('/').skip(1).fold(Pointer::default(), |pointer, step| pointer.join(step))
}

/// What becomes of a text.
fn edited(text: &str, syntax: Syntax, edit: impl for<'d> FnOnce(&'d Document, &mut Edits<'d>)) -> String {
    let document = parse(text, syntax);
    let mut edits = Edits::of(&document);
    edit(&document, &mut edits);
    let edited = edits.apply().unwrap_or_else(|error| panic!("{error}: {text}"));
    String::from_utf8(edited.whole().expose_secret().to_vec()).unwrap()
}

fn mapping(members: &[(&str, &str)]) -> NewValue {
    NewValue::Mapping(members.iter().map(|(key, value)| ((*key).to_owned(), NewValue::text(value))).collect())
}

const PRETTY: &str = r#"{
  "mcpServers": {
    "github": {
      "command": "npx",
      "args": ["-y", "server"],
      "env": {
        "GITHUB_TOKEN": "secret"
      }
    }
  }
}
"#;

#[test]
fn a_member_goes_and_the_last_one_leaves_an_empty_mapping() {
    let gone = |text: &str, at: &str| {
        edited(text, Syntax::Jsonc, |document, edits| edits.remove(&document.find(&pointer(at)).unwrap()))
    };
    let whole = gone(PRETTY, "/mcpServers/github/env/GITHUB_TOKEN");
    assert_eq!(whole, PRETTY.replace("{\n        \"GITHUB_TOKEN\": \"secret\"\n      }", "{}"));
    let whole = gone(PRETTY, "/mcpServers/github/env");
    let without = "\"],\n      \"env\": {\n        \"GITHUB_TOKEN\": \"secret\"\n      }";
    assert_eq!(whole, PRETTY.replace(without, "\"]"));
    assert_eq!(gone("{\"a\":1,\"b\":2,\"c\":3}", "/a"), "{\"b\":2,\"c\":3}");
    assert_eq!(gone("{\"a\":1,\"b\":2,\"c\":3}", "/b"), "{\"a\":1,\"c\":3}");
    assert_eq!(gone("{\"a\":1,\"b\":2,\"c\":3}", "/c"), "{\"a\":1,\"b\":2}");
    assert_eq!(gone("{ \"a\": 1, \"b\": 2 }", "/a"), "{ \"b\": 2 }");
    assert_eq!(gone("{ \"a\": 1, \"b\": 2 }", "/b"), "{ \"a\": 1 }");
    assert_eq!(gone("{\n \"a\": 1,\n \"b\": 2,\n}", "/b"), "{\n \"a\": 1,\n}");
    assert_eq!(
        gone("{\r\n \"a\": 1, // one\r\n \"b\": 2 // two\r\n}", "/b"),
        "{\r\n \"a\": 1 // one\r\n // two\r\n}"
    );
    assert_eq!(gone("{\n \"a\": 1, // one\n \"b\": 2\n}", "/a"), "{\n // one\n \"b\": 2\n}");
    assert_eq!(gone("{\"a\": 1 /* , */ , \"b\": 2}", "/a"), "{ /* , */  \"b\": 2}");
    assert_eq!(gone("[1, 2, 3]", "/1"), "[1, 3]");
}

#[test]
fn what_comes_in_looks_like_what_is_there() {
    let added = |text: &str, at: &str, key: &str, value: NewValue| {
        edited(text, Syntax::Jsonc, |document, edits| {
            edits.insert(&document.find(&pointer(at)).unwrap(), key, value);
        })
    };
    let server = || {
        NewValue::Mapping(vec![
            ("command".to_owned(), NewValue::text("mcpcred")),
            ("args".to_owned(), NewValue::texts(["run", "--"])),
            ("env".to_owned(), NewValue::Mapping(Vec::new())),
            ("off".to_owned(), NewValue::Boolean(false)),
        ])
    };
    let whole = added(PRETTY, "/mcpServers", "new", server());
    let new = "      }\n    },\n    \"new\": {\n      \"command\": \"mcpcred\",\n      \"args\": [\"run\", \"--\"],\n      \"env\": {},\n      \"off\": false\n    }\n  }";
    assert_eq!(whole, PRETTY.replace("      }\n    }\n  }", new));
    assert_eq!(
        added("{\"a\":{\"b\":1}}", "/a", "c", mapping(&[("x", "y")])),
        "{\"a\":{\"b\":1,\"c\":{\"x\":\"y\"}}}"
    );
    assert_eq!(added("{ \"a\": {} }", "/a", "c", NewValue::text("\"")), "{ \"a\": { \"c\": \"\\\"\" } }");
    assert_eq!(added("{}", "", "a", mapping(&[("x", "y")])), "{\n  \"a\": {\n    \"x\": \"y\"\n  }\n}");
    assert_eq!(
        added("{\r\n\t\"a\": 1, // one\r\n}", "", "b", NewValue::Null),
        "{\r\n\t\"a\": 1, // one\r\n\t\"b\": null,\r\n}"
    );
    assert_eq!(
        added("{\n \"a\": 1 // one\n}", "", "b", NewValue::Boolean(true)),
        "{\n \"a\": 1, // one\n \"b\": true\n}"
    );
    assert_eq!(added("{\n  // none\n}", "", "b", NewValue::Boolean(true)), "{\n  // none\n  \"b\": true\n}");
    assert_eq!(
        added("\u{feff}{\"a\": {}}\r\n", "/a", "b", NewValue::Null),
        "\u{feff}{\"a\": {\"b\": null}}\r\n"
    );
}

#[test]
fn items_come_in_anywhere_and_parts_of_a_text_are_replaced() {
    let whole = edited(PRETTY, Syntax::Json, |document, edits| {
        let server = document.find(&pointer("/mcpServers/github")).unwrap();
        edits.replace(&server.get("command").unwrap(), NewValue::text("/opt/m c\\p"));
        let args = server.get("args").unwrap();
        edits.insert_items(
            &args,
            0,
            vec![NewValue::text("run"), NewValue::text("--"), NewValue::text("npx")],
        );
        edits.replace_part(&args.items().nth(1).unwrap(), 0..3, Secret::copy_of("é\"".as_bytes()));
        edits.remove(&server.get("env").unwrap().get("GITHUB_TOKEN").unwrap());
    });
    let meant = PRETTY
        .replace("\"npx\"", "\"/opt/m c\\\\p\"")
        .replace("[\"-y\", \"server\"]", "[\"run\", \"--\", \"npx\", \"-y\", \"é\\\"ver\"]")
        .replace("{\n        \"GITHUB_TOKEN\": \"secret\"\n      }", "{}");
    assert_eq!(whole, meant);
    let whole = edited("[\"a\\u0062\\/c\\ud83d\\ude00d\"]", Syntax::Json, |document, edits| {
        let item = document.root().items().next().unwrap();
        edits.replace_part(&item, 2..4, Secret::copy_of(b"X"));
        edits.replace_part(&item, 8..9, Secret::copy_of(b"Y"));
    });
    assert_eq!(whole, "[\"a\\u0062X\\ud83d\\ude00Y\"]");
}

#[test]
fn two_edits_of_one_place_are_refused() {
    let refused = |edit: &dyn for<'d> Fn(&'d Document, &mut Edits<'d>)| {
        let document = parse(PRETTY, Syntax::Json);
        let mut edits = Edits::of(&document);
        edit(&document, &mut edits);
        edits.apply().err().unwrap().why()
    };
    let why = refused(&|document, edits| {
        let server = document.find(&pointer("/mcpServers/github")).unwrap();
        edits.remove(&server);
        edits.remove(&server.get("env").unwrap());
    });
    assert_eq!(why, EditWhy::Overlap);
    let why = refused(&|document, edits| {
        edits.insert(&document.find(&pointer("/mcpServers")).unwrap(), "github", NewValue::Null);
    });
    assert_eq!(why, EditWhy::KeyExists);
    let why = refused(&|document, edits| {
        let command = document.find(&pointer("/mcpServers/github/command")).unwrap();
        edits.replace_part(&command, 2..9, Secret::copy_of(b""));
    });
    assert!(matches!(why, EditWhy::Unsupported(_)));
}

#[test]
fn toml_is_edited_in_the_way_it_is_written() {
    let gone = |text: &str, at: &str| {
        edited(text, Syntax::Toml, |document, edits| edits.remove(&document.find(&pointer(at)).unwrap()))
    };
    let added = |text: &str, at: &str, key: &str, value: NewValue| {
        edited(text, Syntax::Toml, |document, edits| {
            edits.insert(&document.find(&pointer(at)).unwrap(), key, value);
        })
    };
    let codex = "model = \"x\" # mine\r\n\r\n[mcp_servers.github]\r\ncommand = \"npx\"\r\nargs = [\"-y\", 'server']\r\n\r\n[mcp_servers.github.env]\r\nTOKEN = \"secret\" # read only\r\nLEVEL = 1\r\n\r\n[tui]\r\ndark = true\r\n";
    let table = "\r\n[mcp_servers.github.env]\r\nTOKEN = \"secret\" # read only\r\nLEVEL = 1\r\n";
    assert_eq!(gone(codex, "/mcp_servers/github/env/LEVEL"), codex.replace("LEVEL = 1\r\n", ""));
    assert_eq!(gone(codex, "/mcp_servers/github/env/TOKEN"), codex.replace("TOKEN = \"secret\" # r", "# r"));
    assert_eq!(gone(codex, "/mcp_servers/github/env"), codex.replace(table, "# read only\r\n"));
    assert_eq!(gone("[a.b]\nc = 1\n", "/a/b"), "[a]\n");
    assert_eq!(gone("[a.b]\nc = 1\n", "/a/b/c"), "[a.b]\n");
    assert_eq!(gone("[s]\nenv.A = 1\nenv.B = 2\n", "/s/env/A"), "[s]\nenv.B = 2\n");
    assert_eq!(gone("[s]\nenv.A = 1", "/s/env/A"), "[s]\nenv = {}");
    assert_eq!(gone("[s]\nenv = { A = 1, B = 2 }", "/s/env/B"), "[s]\nenv = { A = 1 }");
    assert_eq!(gone("[s]\nenv = { A = 1 } # c", "/s/env/A"), "[s]\nenv = {} # c");
    assert_eq!(gone("a = 1\n[[s]]\nb = 1\n\n[[s]]\nb = 2", "/s/0"), "a = 1\n\n[[s]]\nb = 2");
    assert_eq!(gone("a = 1\nb = 2", "/b"), "a = 1");

    let github = || {
        NewValue::Mapping(vec![
            ("command".to_owned(), NewValue::text("mcpcred")),
            ("args".to_owned(), NewValue::texts(["run", "--"])),
            ("env".to_owned(), mapping(&[("A", "b")])),
        ])
    };
    let new = "LEVEL = 1\r\n\r\n[mcp_servers.new]\r\ncommand = \"mcpcred\"\r\nargs = [\"run\", \"--\"]\r\n\r\n[mcp_servers.new.env]\r\nA = \"b\"\r\n";
    assert_eq!(added(codex, "/mcp_servers", "new", github()), codex.replace("LEVEL = 1\r\n", new));
    let new = "args = [\"-y\", 'server']\r\nnew = true\r\n";
    assert_eq!(
        added(codex, "/mcp_servers/github", "new", NewValue::Boolean(true)),
        codex.replace("args = [\"-y\", 'server']\r\n", new)
    );
    assert_eq!(added("", "", "a", NewValue::text("b")), "a = \"b\"\n");
    assert_eq!(
        added("model = 1", "", "mcp_servers", NewValue::Mapping(vec![("x y".to_owned(), github())]))
            .lines()
            .nth(4),
        Some("[mcp_servers.\"x y\"]")
    );
    assert_eq!(
        added("[s]\nenv.A = 1\n[t]\n", "/s/env", "B", NewValue::text("x")),
        "[s]\nenv.A = 1\nenv.B = \"x\"\n[t]\n"
    );
    assert_eq!(
        added("[s]\na = { b = 1 }\n", "/s", "c", mapping(&[("x", "y")])),
        "[s]\na = { b = 1 }\nc = { x = \"y\" }\n"
    );
    let item = |text: &str, at: usize| {
        edited(text, Syntax::Toml, |document, edits| {
            edits.insert_items(&document.root().get("s").unwrap(), at, vec![mapping(&[("b", "new")])]);
        })
    };
    assert_eq!(item("[[s]]\nb = 1\n\n[t]\n", 1), "[[s]]\nb = 1\n\n[[s]]\nb = \"new\"\n\n[t]\n");
    assert_eq!(item("[[s]]\nb = 1\n", 0), "[[s]]\nb = \"new\"\n\n[[s]]\nb = 1\n");
    let whole = edited(codex, Syntax::Toml, |document, edits| {
        let server = document.find(&pointer("/mcp_servers/github")).unwrap();
        edits.replace(&server.get("command").unwrap(), NewValue::text("C:\\m"));
        edits.insert_items(&server.get("args").unwrap(), 0, vec![NewValue::text("run")]);
        edits.replace_part(&server.get("args").unwrap().items().nth(1).unwrap(), 0..3, Secret::copy_of(b"'"));
        edits.remove(&server.get("env").unwrap().get("LEVEL").unwrap());
    });
    let meant = codex
        .replace("\"npx\"", "\"C:\\\\m\"")
        .replace("[\"-y\", 'server']", "[\"run\", \"-y\", \"'ver\"]")
        .replace("LEVEL = 1\r\n", "");
    assert_eq!(whole, meant);
}

#[test]
fn yaml_is_edited_in_the_way_it_is_written() {
    let gone = |text: &str, at: &str| {
        edited(text, Syntax::Yaml, |document, edits| edits.remove(&document.find(&pointer(at)).unwrap()))
    };
    let added = |text: &str, at: &str, key: &str, value: NewValue| {
        edited(text, Syntax::Yaml, |document, edits| {
            edits.insert(&document.find(&pointer(at)).unwrap(), key, value);
        })
    };
    let goose = "# mine\nextensions:\n  github:\n    cmd: npx # here\n    args:\n      - -y\n      - server\n    envs:\n      TOKEN: secret # read only\n      LEVEL: 1\n  other: {cmd: x, envs: {A: b}}\nGOOSE: 1\n";
    assert_eq!(gone(goose, "/extensions/github/envs/LEVEL"), goose.replace("      LEVEL: 1\n", ""));
    assert_eq!(gone(goose, "/extensions/github/envs/TOKEN"), goose.replace("TOKEN: secret # r", "# r"));
    let envs = "    envs:\n      TOKEN: secret # read only\n      LEVEL: 1\n";
    assert_eq!(gone(goose, "/extensions/github/envs"), goose.replace(envs, ""));
    assert_eq!(gone(goose, "/extensions/other/envs/A"), goose.replace("{A: b}", "{}"));
    assert_eq!(gone("a:\n  b: 1 # c\nd: 2", "/a/b"), "a: {}\n  # c\nd: 2");
    assert_eq!(gone("a:\n  b: 1\n", "/a/b"), "a: {}\n");
    assert_eq!(gone("a:\n  b: |\n    x\n    y\n  c: 1\n", "/a/b"), "a:\n  c: 1\n");
    assert_eq!(gone("a:\n- b: 1\n  c: 2\n- d: 3\n", "/a/0/b"), "a:\n- c: 2\n- d: 3\n");
    assert_eq!(gone("a:\n- b: 1\n  c: 2\n- d: 3\n", "/a/1"), "a:\n- b: 1\n  c: 2\n");
    assert_eq!(gone("a:\n- b: 1\n  c: 2\n- d: 3\n", "/a/1/d"), "a:\n- b: 1\n  c: 2\n- {}\n");
    assert_eq!(gone("a:\r\n  - 1\r\n  - 2", "/a/1"), "a:\r\n  - 1");

    let server = || {
        NewValue::Mapping(vec![
            ("cmd".to_owned(), NewValue::text("mcpcred")),
            ("args".to_owned(), NewValue::texts(["run", "--", "a: b"])),
            ("envs".to_owned(), NewValue::Mapping(Vec::new())),
        ])
    };
    let new = "LEVEL: 1\n  other: {cmd: x, envs: {A: b}}\n  new:\n    cmd: mcpcred\n    args:\n      - run\n      - \"--\"\n      - \"a: b\"\n    envs: {}\n";
    assert_eq!(
        added(goose, "/extensions", "new", server()),
        goose.replace("LEVEL: 1\n  other: {cmd: x, envs: {A: b}}\n", new)
    );
    assert_eq!(
        added(goose, "/extensions/other/envs", "B", NewValue::text("1")),
        goose.replace("{A: b}", "{A: b, B: \"1\"}")
    );
    assert_eq!(added("", "", "a", mapping(&[("x", "z")])), "a:\n  x: z\n");
    assert_eq!(added("a: 1 # c", "", "b", NewValue::Boolean(true)), "a: 1 # c\nb: true");
    assert_eq!(
        added("s:\n- name: a\n  env: {}\n- name: b\n", "/s/0", "c", mapping(&[("x", "z")])),
        "s:\n- name: a\n  env: {}\n  c:\n    x: z\n- name: b\n"
    );
    let items = |text: &str, at: usize, value: NewValue| {
        edited(text, Syntax::Yaml, |document, edits| {
            edits.insert_items(&document.root().get("s").unwrap(), at, vec![value]);
        })
    };
    assert_eq!(items("s:\n  - a\n  - b\n", 0, NewValue::text("-y")), "s:\n  - -y\n  - a\n  - b\n");
    assert_eq!(items("s:\n  - a\n  - b\n", 1, NewValue::text("true")), "s:\n  - a\n  - \"true\"\n  - b\n");
    assert_eq!(
        items("s:\n- name: a\n", 1, mapping(&[("name", "b"), ("c", "d")])),
        "s:\n- name: a\n- name: b\n  c: d\n"
    );
    // A word that begins with a dash is no dash, and dashes may stand right below their key.
    assert_eq!(items("s:\n- -y\n- b\nt: 1\n", 0, NewValue::text("run")), "s:\n- run\n- -y\n- b\nt: 1\n");
    assert_eq!(
        items("- s: [ a, # c\n    b ]\n".replace("- s", "s").as_str(), 0, NewValue::text("run")),
        "s: [ run,\n  a, # c\n    b ]\n"
    );
    let replaced = |text: &str, value: NewValue| {
        edited(text, Syntax::Yaml, |document, edits| edits.replace(&document.root().get("k").unwrap(), value))
    };
    for (text, meant) in [
        ("k: a # c\n", "k: b # c\n"),
        ("k: 'a' # c\n", "k: 'b' # c\n"),
        ("k: \"a\"\n", "k: \"b\"\n"),
        ("k: |\n  a\n  c\nl: 1\n", "k: \"b\"\nl: 1\n"),
        ("k: >- # c\n  a\n", "k: \"b\"\n"),
    ] {
        assert_eq!(replaced(text, NewValue::text("b")), meant);
    }
    assert_eq!(replaced("k: a\n", NewValue::text("b: c")), "k: \"b: c\"\n");
    assert_eq!(replaced("k:\nl: 1\n", mapping(&[("x", "z")])), "k:\n  x: z\nl: 1\n");
    let part = |text: &str, part, with: &str| {
        edited(text, Syntax::Yaml, |document, edits| {
            edits.replace_part(&document.root().get("k").unwrap(), part, Secret::copy_of(with.as_bytes()));
        })
    };
    assert_eq!(part("k: |\n  Bearer secret\n  two\n", 7..13, "${X}"), "k: |\n  Bearer ${X}\n  two\n");
    assert_eq!(part("k: >-\n  secret  \n  two\n", 0..6, "${X}"), "k: >-\n  ${X}  \n  two\n");
    assert_eq!(part("k: 'it''s secret'\n", 5..11, "'"), "k: 'it''s '''\n");
}

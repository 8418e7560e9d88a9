//! Tests of the way back: any edits of any document, and it is as it was.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::{Inverse, InverseError, Restored, State, Values, inverses, restore};
use crate::document::edit::{EditWhy, Edits, NewValue};
use crate::document::tests::properties::{Meant, any_meant, any_table, without_null, write};
use crate::document::{Document, Pointer, Shape, Syntax, Value};
use crate::secret::Secret;

fn parse(text: &str, syntax: Syntax) -> Document {
    Document::parse(Path::new("mcp.json"), Secret::copy_of(text.as_bytes()), syntax).unwrap()
}

fn pointer(text: &str) -> Pointer {
    text.split('/').skip(1).fold(Pointer::default(), |pointer, step| pointer.join(step))
}

/// What credentials hold: names by value.
#[derive(Default)]
struct Store {
    names: HashMap<String, String>,
    values: HashMap<String, Secret>,
}

impl Store {
    fn put(&mut self, value: &str) -> String {
        let next = format!("SECRET_{}", self.names.len());
        let name = self.names.entry(value.to_owned()).or_insert(next).clone();
        self.values.insert(name.clone(), Secret::copy_of(value.as_bytes()));
        name
    }

    fn undo(&self, document: &Document, inverses: &[&Inverse]) -> (Option<Document>, Vec<Restored>) {
        let get = |name: &str| self.values.get(name);
        restore(document, inverses, &Values { get: &get }).unwrap()
    }
}

/// Says what happens to each value, from bytes.
struct Dice<'b> {
    bytes: &'b [u8],
    rolled: usize,
}

impl Dice<'_> {
    fn roll(&mut self, sides: usize) -> usize {
        let byte = self.bytes[self.rolled % self.bytes.len()] as usize + self.rolled / self.bytes.len();
        self.rolled += 1;
        byte % sides
    }

    fn new_value(&mut self, depth: usize) -> NewValue {
        match self.roll(if depth == 0 { 3 } else { 5 }) {
            0 => NewValue::text("run"),
            1 => NewValue::text("a \"b\" é\n\\ 'c' ${X} # : y"),
            2 => NewValue::Boolean(true),
            3 => NewValue::texts(["--", "npx"]),
            _ => NewValue::Mapping(vec![
                ("k".to_owned(), self.new_value(depth - 1)),
                ("l m".to_owned(), NewValue::Mapping(Vec::new())),
            ]),
        }
    }

    /// Edits of a value and what it holds.
    fn edit<'d>(&mut self, value: &Value<'d>, is_root: bool, edits: &mut Edits<'d>, store: &mut Store) {
        if !is_root && self.roll(12) == 0 {
            edits.group(value, "entry");
        }
        if !is_root && self.roll(6) == 0 {
            hide_all(value, edits, store);
            if self.roll(2) == 0 {
                edits.remove(value);
            } else {
                let new = self.new_value(2);
                edits.replace(value, new);
            }
            return;
        }
        match value.shape() {
            Shape::String => {
                let text = value.text().unwrap().expose();
                let boundaries: Vec<usize> =
                    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                if self.roll(3) == 0 {
                    let one = boundaries[self.roll(boundaries.len())];
                    let other = boundaries[self.roll(boundaries.len())];
                    let part = one.min(other)..one.max(other);
                    if !part.is_empty() {
                        edits.hide(value, Some(part.clone()), &store.put(&text[part.clone()]));
                    }
                    edits.replace_part(value, part, Secret::copy_of(b"${X}"));
                }
            }
            Shape::Sequence => {
                let items: Vec<_> = value.items().collect();
                if self.roll(3) == 0 {
                    let at = self.roll(items.len() + 1);
                    let new = vec![self.new_value(1), self.new_value(0)];
                    edits.insert_items(value, at, new);
                }
                for item in items {
                    self.edit(&item, false, edits, store);
                }
            }
            Shape::Mapping => {
                let members: Vec<_> = value.members().collect();
                if self.roll(3) == 0 && value.get("new key").is_none() {
                    let at = self.roll(members.len() + 1);
                    let new = self.new_value(2);
                    edits.insert_at(value, at, "new key", new);
                }
                for (_, member) in members {
                    self.edit(&member, false, edits, store);
                }
            }
            _ => {}
        }
    }
}

fn hide_all<'d>(value: &Value<'d>, edits: &mut Edits<'d>, store: &mut Store) {
    if let Some(text) = value.text().filter(|text| !text.is("")) {
        edits.hide(value, None, &store.put(text.expose()));
    }
    for (_, member) in value.members() {
        hide_all(&member, edits, store);
    }
    for item in value.items() {
        hide_all(&item, edits, store);
    }
}

/// As a client writes it that reads it and writes it anew.
fn serialised(value: &Value<'_>) -> serde_json::Value {
    match value.shape() {
        Shape::Null => serde_json::Value::Null,
        Shape::Boolean(boolean) => boolean.into(),
        // As text: numbers are written in more ways than one.
        Shape::Number => serde_json::from_str(value.written().expose()).unwrap_or_default(),
        Shape::String => value.text().unwrap().expose().into(),
        Shape::Sequence => value.items().map(|item| serialised(&item)).collect(),
        Shape::Mapping => serde_json::Value::Object(
            value.members().map(|(key, member)| (key.expose().to_owned(), serialised(&member))).collect(),
        ),
    }
}

/// Long texts are unique, so that it can be told whether a secret is anywhere.
fn distinct(meant: &mut Meant, number: &mut usize) {
    match meant {
        Meant::Text(text) if number.is_multiple_of(2) => {
            *number += 1;
            *text = format!("{text}sK-{number}-7f3a9c");
        }
        Meant::Text(_) => *number += 1,
        Meant::List(list) => list.iter_mut().for_each(|item| distinct(item, number)),
        Meant::Table(table) => table.iter_mut().for_each(|(_, value)| distinct(value, number)),
        _ => {}
    }
}

/// Edits a document in some way and undoes that. Says whether the document could be edited.
fn there_and_back(text: &str, syntax: Syntax, dice: &[u8]) -> bool {
    let document = parse(text, syntax);
    let mut store = Store::default();
    let mut edits = Edits::of(&document);
    Dice { bytes: dice, rolled: 0 }.edit(&document.root(), true, &mut edits, &mut store);
    let edited = match edits.apply() {
        Ok(edited) => edited,
        Err(error) => {
            // Tables of TOML can be scattered so that what is asked for has no place, and a value of YAML can hang on
            // how it is folded, or be repeated by an alias: then nothing is written. Plain YAML has a property of its own.
            let is_odd = matches!(syntax, Syntax::Toml | Syntax::Yaml);
            let is_refused = is_odd && matches!(error.why(), EditWhy::NotAsMeant | EditWhy::Shared);
            assert!(is_refused || matches!(error.why(), EditWhy::Unsupported(_)), "{error}: {text:?}");
            return false;
        }
    };
    let after = edited.document().text().expose();
    // What is a key as well, or is said elsewhere, is no secret.
    let all_before = said(&document);
    if store.names.keys().any(|it| it.len() >= 8 && all_before.matches(it.as_str()).count() > 1) {
        return true;
    }
    let records = match inverses(&edited, &[]) {
        Ok(records) => records,
        // A key says the same as a secret, or a secret reaches beyond what is edited: then nothing is written.
        Err(InverseError::WouldHoldSecret | InverseError::SecretInPart) => return false,
        Err(error) => panic!("{error}: {text:?}"),
    };
    let record = serde_json::to_string(&records).unwrap();
    let all_after = said(edited.document());
    for secret in store.names.keys().filter(|secret| secret.len() >= 8) {
        let written = serde_json::to_string(secret).unwrap();
        let is_noted = record.contains(&written[1..written.len() - 1]);
        assert!(!is_noted, "{secret:?} is in {record}: {text:?}");
        let is_there = all_after.contains(secret.as_str())
            || (after.contains(secret.as_str()) && text.matches(secret.as_str()).count() == 1);
        assert!(!is_there, "{secret:?} is in {after:?}: {text:?}");
    }
    let records: Vec<(String, Inverse)> = serde_json::from_str(&record).unwrap();
    let all: Vec<&Inverse> = records.iter().map(|(_, inverse)| inverse).collect();
    let after = parse(after, syntax);
    let (restored, outcomes) = store.undo(&after, &all);
    let words =
        |outcomes: &[Restored]| format!("{outcomes:?} {record}: {text:?} {:?}", after.text().expose());
    assert!(outcomes.iter().all(|outcome| *outcome == Restored::Exactly), "{}", words(&outcomes));
    assert_eq!(restored.as_ref().unwrap_or(&after).text().expose(), text, "{record}");

    // A client reads what is there and writes it in its own way.
    let is_twice = document.duplicates().next().is_some();
    if !is_twice {
        let rewritten = parse(&serialised(&after.root()).to_string(), Syntax::Jsonc);
        let (restored, outcomes) = store.undo(&rewritten, &all);
        let is_undone = |outcome: &Restored| matches!(outcome, Restored::ByValue | Restored::Exactly);
        assert!(outcomes.iter().all(is_undone), "{}", words(&outcomes));
        let restored = serialised(&restored.as_ref().unwrap_or(&rewritten).root());
        assert_eq!(restored, serialised(&document.root()), "{}", words(&outcomes));
    }
    true
}

/// Everything that the strings of a document say, keys too.
fn said(document: &Document) -> String {
    fn collect(value: &Value<'_>, out: &mut String) {
        if let Some(text) = value.text() {
            out.push_str(text.expose());
            out.push('\u{0}');
        }
        for (key, member) in value.members() {
            out.push_str(key.expose());
            out.push('\u{0}');
            collect(&member, out);
        }
        value.items().for_each(|item| collect(&item, out));
    }
    let mut out = String::new();
    collect(&document.root(), &mut out);
    out
}

/// A document of any sort, as somebody may have written it.
fn written(table: Vec<(String, Meant)>, syntax: Syntax, choices: Vec<u8>) -> String {
    let mut meant = Meant::Table(table);
    distinct(&mut meant, &mut 0);
    if syntax == Syntax::Toml {
        meant = without_null(meant);
    }
    let Meant::Table(table) = meant else { return String::new() };
    write(&table, syntax, choices).out
}

/// TOML with headers: tables, and lists of tables, have them.
fn with_headers(table: &[(String, Meant)], header: &str, choices: &[u8], out: &mut String) {
    let is_section = |value: &Meant| match value {
        Meant::Table(_) => true,
        Meant::List(list) => !list.is_empty() && list.iter().all(|item| matches!(item, Meant::Table(_))),
        _ => false,
    };
    let pairs: Vec<_> = table.iter().filter(|(_, value)| !is_section(value)).cloned().collect();
    let lines = write(&pairs, Syntax::Toml, choices.to_vec()).out;
    out.push_str(lines.strip_prefix('\u{feff}').unwrap_or(&lines));
    for (key, value) in table.iter().filter(|(_, value)| is_section(value)) {
        let key = serde_json::to_string(key).unwrap().replace('\u{7f}', "\\u007f");
        let header = if header.is_empty() { key } else { format!("{header} . {key}") };
        match value {
            Meant::Table(inner) => {
                write!(out, "\n[{header}] # é\r\n").unwrap();
                with_headers(inner, &header, choices, out);
            }
            Meant::List(items) => {
                for item in items {
                    writeln!(out, "[[ {header}]]").unwrap();
                    if let Meant::Table(inner) = item {
                        with_headers(inner, &header, choices, out);
                    }
                }
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_comes_back_byte_for_byte(table in any_table(any_meant()), choices in prop::collection::vec(any::<u8>(), 1..64), dice in prop::collection::vec(any::<u8>(), 1..64)) {
        for syntax in [Syntax::Json, Syntax::Jsonc] {
            prop_assert!(there_and_back(&written(table.clone(), syntax, choices.clone()), syntax, &dice));
        }
    }

    #[test]
    fn toml_comes_back_byte_for_byte(table in any_table(any_meant()), choices in prop::collection::vec(any::<u8>(), 1..64), dice in prop::collection::vec(any::<u8>(), 1..64)) {
        prop_assert!(there_and_back(&written(table, Syntax::Toml, choices), Syntax::Toml, &dice));
    }

    #[test]
    fn toml_with_headers_comes_back_byte_for_byte(table in any_table(any_meant()), choices in prop::collection::vec(any::<u8>(), 1..64), dice in prop::collection::vec(any::<u8>(), 1..64)) {
        let mut meant = Meant::Table(table);
        distinct(&mut meant, &mut 0);
        if let Meant::Table(table) = without_null(meant) {
            let mut text = String::new();
            with_headers(&table, "", &choices, &mut text);
            // A table can't be replaced as a whole, and a list of tables can't become an empty one.
            there_and_back(&text, Syntax::Toml, &dice);
        }
    }

    #[test]
    fn yaml_comes_back_byte_for_byte(table in any_table(any_meant()), choices in prop::collection::vec(any::<u8>(), 1..64), dice in prop::collection::vec(any::<u8>(), 1..64)) {
        prop_assert!(there_and_back(&written(table, Syntax::Yaml, choices), Syntax::Yaml, &dice));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn configurations_of_every_client_come_back_byte_for_byte(dice in prop::collection::vec(any::<u8>(), 1..64)) {
        for (text, syntax) in EXAMPLES.iter() {
            let text = match dice[0] % 3 {
                0 => text.clone(),
                1 => text.replace('\n', "\r\n"),
                _ => format!("\u{feff}{text}"),
            };
            there_and_back(&text, *syntax, &dice);
        }
    }
}

/// The examples of what clients write, and some of what people do.
static EXAMPLES: LazyLock<Vec<(String, Syntax)>> = LazyLock::new(|| {
    let mut examples = Vec::new();
    collect_examples(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configurations"), &mut examples);
    assert!(examples.len() > 20, "the examples are found");
    for text in [
        "a: &x !t one\nb: *x\nc: # c\n  - &y one two\n  - ! 'it''s'\n\n  -\n    k: v\nd:\n- |-\n  long text here\n\n    more\n- >+\n  folded text\n  here\n\ne: plain text\n  that goes on\n",
        "key: |  # PEM\n  -----BEGIN X-----\n  abcdefghijkl\n  -----END X-----\n\n\nother:\n    deep:\n        - [a, {b: c}]\n        - k: \"folded \\\n            text\n\n            here\"\n",
    ] {
        examples.push((text.to_owned(), Syntax::Yaml));
    }
    let text = r#"a.b.c = 1 # c
a.b.d = """
long text \
   goes on"""
[x]
y.z = '''
lines
here'''
t = { u = [ 1, # one
 2 ] }
[[x.list]]
n = 1
[x.list.sub]
m = "a long secret"
[[x.list]]
"#;
    examples.push((text.to_owned(), Syntax::Toml));
    examples
});

fn collect_examples(folder: &Path, examples: &mut Vec<(String, Syntax)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_examples(&path, examples);
            continue;
        }
        let syntax = match path.extension().and_then(|it| it.to_str()) {
            Some("json") => Syntax::Jsonc,
            Some("toml") => Syntax::Toml,
            Some("yaml" | "yml") => Syntax::Yaml,
            _ => continue,
        };
        let text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        if Document::parse(&path, Secret::copy_of(text.as_bytes()), syntax).is_ok() {
            examples.push((text, syntax));
        }
    }
}

const CONFIGURATION: &str = r#"{
  // mine
  "mcpServers": {
    "github": {
      "command": "npx",
      "args": ["-y", "server", "--token", "ghp_0123456789"],
      "env": {
        "GITHUB_TOKEN": "ghp_abcdefghij", // read only
        "LEVEL": "debug"
      }
    },
    "other": {"url": "https://x"}
  }
}
"#;

/// The usual edit: a wrapper around the command.
fn protected() -> (String, Vec<(String, Inverse)>, Store) {
    let document = parse(CONFIGURATION, Syntax::Jsonc);
    let mut store = Store::default();
    let mut edits = Edits::of(&document);
    let server = document.find(&pointer("/mcpServers/github")).unwrap();
    edits.group(&server, "github");
    let token = server.find(&pointer("/env/GITHUB_TOKEN")).unwrap();
    edits.hide(&token, None, &store.put("ghp_abcdefghij"));
    edits.remove(&token);
    let argument = server.find(&pointer("/args/3")).unwrap();
    edits.hide(&argument, None, &store.put("ghp_0123456789"));
    edits.replace(&argument, NewValue::text("{{SECRET_1}}"));
    edits.replace(&server.get("command").unwrap(), NewValue::text("mcpcred"));
    let words = ["run", "--", "npx"].map(NewValue::text).into_iter().collect();
    edits.insert_items(&server.get("args").unwrap(), 0, words);
    let edited = edits.apply().unwrap();
    let records = inverses(&edited, &[]).unwrap();
    (edited.document().text().expose().to_owned(), records, store)
}

fn states(inverse: &Inverse, text: &str) -> Vec<State> {
    inverse.drift(&parse(text, Syntax::Jsonc)).into_iter().map(|drift| drift.state).collect()
}

#[test]
fn an_entry_comes_back_byte_for_byte_whatever_is_around_it() {
    let (after, records, store) = protected();
    let all: Vec<&Inverse> = records.iter().map(|(_, inverse)| inverse).collect();
    assert_eq!(records[0].0, "github");
    assert_eq!(all[0].credentials(), ["SECRET_0", "SECRET_1"]);
    for (from, to) in [("", ""), ("// mine", "// a longer remark of mine"), ("https://x", "https://y/z")] {
        let changed = after.replace(from, to);
        assert_eq!(states(all[0], &changed), [State::InPlace; 4]);
        let (restored, outcomes) = store.undo(&parse(&changed, Syntax::Jsonc), &all);
        assert_eq!(outcomes, [Restored::Exactly]);
        assert_eq!(restored.unwrap().text().expose(), CONFIGURATION.replace(from, to));
    }
}

#[test]
fn values_come_back_after_the_client_has_written_the_file_anew() {
    let (after, records, store) = protected();
    let all: Vec<&Inverse> = records.iter().map(|(_, inverse)| inverse).collect();
    let mut tree = serialised(&parse(&after, Syntax::Jsonc).root());
    tree["mcpServers"]["github"]["disabled"] = true.into();
    tree["theme"] = "dark".into();
    let meant = |tree: &serde_json::Value| {
        let mut meant = tree.clone();
        let original = serialised(&parse(CONFIGURATION, Syntax::Jsonc).root());
        for key in ["command", "args", "env"] {
            meant["mcpServers"]["github"][key] = original["mcpServers"]["github"][key].clone();
        }
        meant
    };
    for text in [serde_json::to_string_pretty(&tree).unwrap(), tree.to_string()] {
        let (restored, outcomes) = store.undo(&parse(&text, Syntax::Jsonc), &all);
        assert_eq!(outcomes, [Restored::ByValue]);
        assert_eq!(serialised(&restored.unwrap().root()), meant(&tree));
    }
    // A client that leaves out what is empty.
    let server = &mut tree["mcpServers"]["github"];
    server["env"].as_object_mut().unwrap().clear();
    server.as_object_mut().unwrap().remove("env");
    let (restored, outcomes) = store.undo(&parse(&tree.to_string(), Syntax::Jsonc), &all);
    assert_eq!(outcomes, [Restored::ByValue]);
    let env = &serialised(&restored.unwrap().root())["mcpServers"]["github"]["env"];
    assert_eq!(*env, serde_json::json!({"GITHUB_TOKEN": "ghp_abcdefghij"}));
}

#[test]
fn a_rotated_value_comes_back_as_it_is_now() {
    let (after, records, mut store) = protected();
    let all: Vec<&Inverse> = records.iter().map(|(_, inverse)| inverse).collect();
    store.values.insert("SECRET_0".to_owned(), Secret::copy_of(b"new \"value\""));
    let (restored, _) = store.undo(&parse(&after, Syntax::Jsonc), &all);
    let meant = CONFIGURATION.replace("ghp_abcdefghij", "new \\\"value\\\"");
    assert_eq!(restored.unwrap().text().expose(), meant);
}

#[test]
fn what_has_become_of_an_edit_is_told() {
    let (after, records, store) = protected();
    let all: Vec<&Inverse> = records.iter().map(|(_, inverse)| inverse).collect();
    let undo = |text: &str| store.undo(&parse(text, Syntax::Jsonc), &all).1;
    assert_eq!(states(all[0], CONFIGURATION), [State::Reverted; 4]);
    assert_eq!(undo(CONFIGURATION), [Restored::Already]);
    assert_eq!(states(all[0], "{\"mcpServers\": {}}"), [State::Gone; 4]);
    assert_eq!(undo("{\"mcpServers\": {}}"), [Restored::Gone]);
    let changed = after.replace("\"mcpcred\"", "\"uvx\"");
    assert!(states(all[0], &changed).contains(&State::Changed));
    assert_eq!(undo(&changed), [Restored::Changed]);
}

//! Properties: whatever is written, in whatever style, is found where it was written and reads as it was meant.

use std::ops::Range;
use std::path::Path;

use proptest::prelude::*;

use super::{ALL, Document, Shape, Syntax, Value};
use crate::document::invariants;
use crate::secret::Secret;

/// A value that somebody means.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::document) enum Meant {
    Null,
    Boolean(bool),
    Number(String),
    Text(String),
    List(Vec<Self>),
    Table(Vec<(String, Self)>),
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9_./ -]{0,12}",
        2 => "(\\PC|[\n\t\"'\\\\#:,\\[\\]{}]){0,8}",
        1 => any::<String>().prop_map(|text| text.chars().take(8).collect()),
        1 => Just("null".to_owned()),
        1 => Just("- # x: ".to_owned()),
    ]
}

pub(in crate::document) fn any_meant() -> impl Strategy<Value = Meant> {
    let leaf = prop_oneof![
        1 => Just(Meant::Null),
        1 => any::<bool>().prop_map(Meant::Boolean),
        1 => "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?".prop_map(Meant::Number),
        4 => any_text().prop_map(Meant::Text),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Meant::List),
            any_table(inner).prop_map(Meant::Table),
        ]
    })
}

pub(in crate::document) fn any_table(
    inner: impl Strategy<Value = Meant>,
) -> impl Strategy<Value = Vec<(String, Meant)>> {
    prop::collection::vec((any_text(), inner), 0..5).prop_map(|mut members| {
        let mut seen = std::collections::HashSet::new();
        members.retain(|(key, _)| seen.insert(key.clone()));
        members
    })
}

/// Writes values in styles that follow from `choices`, and notes where each one lies.
pub(in crate::document) struct Writer {
    pub(in crate::document) out: String,
    syntax: Syntax,
    choices: Vec<u8>,
    taken: usize,
    /// Of every value that has a place of its own, in the order in which they are met.
    spans: Vec<Range<usize>>,
    keys: Vec<Range<usize>>,
}

impl Writer {
    fn choose(&mut self, count: usize) -> usize {
        let choice = self.choices[self.taken % self.choices.len()] as usize + self.taken / self.choices.len();
        self.taken += 1;
        choice % count
    }

    /// White space, and a comment where the syntax has them. `wide` is where lines may end.
    fn space(&mut self, wide: bool) {
        let spaces: &[&str] = match (self.syntax, wide) {
            (_, false) => &["", " ", "\t", "  "],
            (Syntax::Json, true) => &["", " ", "\n", "\r\n", "\t", "\n  ", "\r"],
            (Syntax::Jsonc, true) => {
                &["", " ", "\n", "\r\n", " // é \"x\n", "/* , ] } \"\n */", "//\r\n", "/**/", "// [\r"]
            }
            (Syntax::Toml, true) => &["", " ", "\n", "\r\n", " # é \"x\n", "#\r\n\t"],
            (Syntax::Yaml, true) => &[
                " ",
                "\n                    ",
                "\r\n\n                    ",
                " # é \"x\n                    ",
            ],
        };
        let choice = self.choose(spaces.len());
        self.out.push_str(spaces[choice]);
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn flow(&mut self, meant: &Meant) {
        let start = self.out.len();
        let number = self.spans.len();
        self.spans.push(start..start);
        match meant {
            Meant::Null => self.out.push_str("null"),
            Meant::Boolean(boolean) => self.out.push_str(if *boolean { "true" } else { "false" }),
            Meant::Number(number) => self.out.push_str(number),
            Meant::Text(text) => self.text(text),
            Meant::List(list) => {
                self.out.push('[');
                for (index, item) in list.iter().enumerate() {
                    self.space(true);
                    self.flow(item);
                    self.space(true);
                    self.comma(index + 1 == list.len());
                }
                self.space(true);
                self.out.push(']');
            }
            Meant::Table(table) => {
                self.out.push('{');
                for (index, (key, value)) in table.iter().enumerate() {
                    self.space(true);
                    self.key(key);
                    self.space(self.is_json());
                    self.out.push_str(match self.syntax {
                        Syntax::Toml => "=",
                        Syntax::Yaml => ": ",
                        _ => ":",
                    });
                    self.space(self.is_json());
                    self.flow(value);
                    self.space(true);
                    self.comma(index + 1 == table.len());
                }
                self.space(true);
                self.out.push('}');
            }
        }
        self.spans[number] = start..self.out.len();
    }

    fn is_json(&self) -> bool {
        matches!(self.syntax, Syntax::Json | Syntax::Jsonc)
    }

    fn comma(&mut self, is_last: bool) {
        if !is_last || (self.syntax != Syntax::Json && self.choose(3) == 0) {
            self.out.push(',');
        }
    }

    fn key(&mut self, key: &str) {
        let start = self.out.len();
        let is_bare = !key.is_empty()
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && key.starts_with(|it: char| it.is_ascii_alphabetic())
            && !["null", "true", "false"].contains(&key.to_ascii_lowercase().as_str());
        if is_bare && !self.is_json() && self.choose(2) == 0 {
            self.out.push_str(key);
        } else {
            self.text_in_a_line(key);
        }
        self.keys.push(start..self.out.len());
    }

    fn text(&mut self, text: &str) {
        let has_control = text.chars().any(|it| it.is_control() && it != '\n');
        if self.syntax == Syntax::Toml && !has_control && self.choose(3) == 0 {
            if !text.contains("''") && !text.ends_with('\'') && !text.starts_with('\'') && self.choose(2) == 0
            {
                self.put(&format!("'''\n{text}'''"));
            } else {
                let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
                self.put(&format!("\"\"\"\n{escaped}\"\"\""));
            }
            return;
        }
        self.text_in_a_line(text);
    }

    fn text_in_a_line(&mut self, text: &str) {
        let is_simple = !text
            .chars()
            .any(|it| it.is_control() || ('\u{2028}'..='\u{2029}').contains(&it) || it == '\u{feff}');
        let is_plain = is_simple && self.choose(2) == 0;
        match self.syntax {
            Syntax::Toml if is_plain && !text.contains('\'') => {
                self.put(&format!("'{text}'"));
            }
            Syntax::Yaml if is_plain => {
                self.put(&format!("'{}'", text.replace('\'', "''")));
            }
            _ => {
                self.out.push('"');
                for character in text.chars() {
                    self.character(character);
                }
                self.out.push('"');
            }
        }
    }

    fn character(&mut self, character: char) {
        let must = character.is_control()
            || matches!(
                character,
                '"' | '\\' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
            );
        if !must && self.choose(8) != 0 {
            self.out.push(character);
            return;
        }
        let code = u32::from(character);
        match (character, self.choose(2)) {
            ('"' | '\\', 0) => self.out.extend(['\\', character]),
            ('\n', 0) => self.out.push_str("\\n"),
            ('\t', 0) => self.out.push_str("\\t"),
            ('\u{8}', 0) => self.out.push_str("\\b"),
            _ if code < 0x1_0000 => self.put(&format!("\\u{code:04x}")),
            _ if self.is_json() => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    self.put(&format!("\\u{unit:04X}"));
                }
            }
            _ => self.put(&format!("\\U{code:08X}")),
        }
    }

    /// The whole document, whose value is a table.
    fn document(&mut self, table: &[(String, Meant)]) {
        if self.choose(4) == 0 {
            self.out.push('\u{feff}');
        }
        if self.is_json() {
            self.space(true);
            self.flow(&Meant::Table(table.to_vec()));
            self.space(true);
            return;
        }
        self.spans.push(0..0);
        for (key, value) in table {
            self.line();
            self.key(key);
            self.out.push_str(if self.syntax == Syntax::Toml { " =" } else { ":" });
            self.space(false);
            if self.syntax == Syntax::Yaml {
                self.out.push(' ');
                self.block(value, 1);
            } else {
                self.flow(value);
            }
            self.space(false);
            if self.choose(4) == 0 {
                self.out.push_str(" # é");
            }
            let end = if self.choose(3) == 0 { "\r\n" } else { "\n" };
            self.out.push_str(end);
        }
    }

    fn line(&mut self) {
        if self.choose(4) == 0 {
            self.out.push_str("# é: [\"\n\n");
        }
    }

    /// YAML in lines below one another.
    fn block(&mut self, meant: &Meant, depth: usize) {
        let indentation = " ".repeat(2 * depth);
        match meant {
            Meant::List(list) if !list.is_empty() && self.choose(2) == 0 => {
                let number = self.spans.len();
                self.spans.push(0..0);
                let mut start = None;
                for item in list {
                    self.put(&format!("\n{indentation}"));
                    start.get_or_insert(self.out.len());
                    self.out.push_str("- ");
                    self.block(item, depth + 1);
                }
                self.end_block(number, start);
            }
            Meant::Table(table) if !table.is_empty() && self.choose(2) == 0 => {
                let number = self.spans.len();
                self.spans.push(0..0);
                let mut start = None;
                for (key, value) in table {
                    self.put(&format!("\n{indentation}"));
                    start.get_or_insert(self.out.len());
                    self.key(key);
                    self.out.push_str(": ");
                    self.block(value, depth + 1);
                }
                self.end_block(number, start);
            }
            _ => self.flow(meant),
        }
    }

    /// A block reaches from its first key or dash to the end of its last value.
    fn end_block(&mut self, number: usize, start: Option<usize>) {
        let end = self.spans[number + 1..].iter().map(|span| span.end).max().unwrap_or_default();
        self.spans[number] = start.unwrap_or_default()..end;
    }
}

pub(in crate::document) fn write(table: &[(String, Meant)], syntax: Syntax, choices: Vec<u8>) -> Writer {
    let mut writer =
        Writer { out: String::new(), syntax, choices, taken: 0, spans: Vec::new(), keys: Vec::new() };
    writer.document(table);
    writer
}

/// TOML has no null.
pub(in crate::document) fn without_null(meant: Meant) -> Meant {
    match meant {
        Meant::Null => Meant::Boolean(false),
        Meant::List(list) => Meant::List(list.into_iter().map(without_null).collect()),
        Meant::Table(table) => {
            Meant::Table(table.into_iter().map(|(key, value)| (key, without_null(value))).collect())
        }
        other => other,
    }
}

fn read_back(
    value: &Value<'_>,
    text: &str,
    spans: &mut Vec<Range<usize>>,
    keys: &mut Vec<Range<usize>>,
) -> Meant {
    spans.push(value.span());
    match value.shape() {
        Shape::Null => Meant::Null,
        Shape::Boolean(boolean) => Meant::Boolean(boolean),
        Shape::Number => Meant::Number(text[value.span()].to_owned()),
        Shape::String => Meant::Text(value.text().unwrap().expose().to_owned()),
        Shape::Sequence => {
            Meant::List(value.items().map(|item| read_back(&item, text, spans, keys)).collect())
        }
        Shape::Mapping => {
            let mut members = Vec::new();
            for (key, member) in value.members() {
                keys.push(member.key_span().unwrap());
                members.push((key.expose().to_owned(), read_back(&member, text, spans, keys)));
            }
            Meant::Table(members)
        }
    }
}

fn holds(table: Vec<(String, Meant)>, syntax: Syntax, choices: Vec<u8>) {
    let meant = Meant::Table(table);
    let meant = if syntax == Syntax::Toml { without_null(meant) } else { meant };
    let Meant::Table(table) = &meant else { return };
    let writer = write(table, syntax, choices);
    let document = Document::parse(Path::new("x"), Secret::copy_of(writer.out.as_bytes()), syntax)
        .unwrap_or_else(|error| panic!("{error}: {:?}", writer.out));
    invariants::check(&document);
    let (mut spans, mut keys) = (Vec::new(), Vec::new());
    let found = read_back(&document.root(), &writer.out, &mut spans, &mut keys);
    assert_eq!(found, meant, "{:?}", writer.out);
    assert_eq!(keys, writer.keys, "{:?}", writer.out);
    // The document as a whole has no brackets in TOML and YAML.
    let first = usize::from(matches!(syntax, Syntax::Toml | Syntax::Yaml));
    let parts = |spans: &[Range<usize>]| -> Vec<String> {
        spans[first..].iter().map(|span| format!("{span:?} {}", &writer.out[span.clone()])).collect()
    };
    assert_eq!(parts(&spans), parts(&writer.spans), "{:?}", writer.out);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_is_found_where_it_was_written(table in any_table(any_meant()), choices in prop::collection::vec(any::<u8>(), 1..64)) {
        holds(table.clone(), Syntax::Json, choices.clone());
        holds(table, Syntax::Jsonc, choices);
    }

    #[test]
    fn toml_is_found_where_it_was_written(table in any_table(any_meant()), choices in prop::collection::vec(any::<u8>(), 1..64)) {
        holds(table, Syntax::Toml, choices);
    }

    #[test]
    fn yaml_is_found_where_it_was_written(table in any_table(any_meant()), choices in prop::collection::vec(any::<u8>(), 1..64)) {
        holds(table, Syntax::Yaml, choices);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for syntax in ALL {
            if let Ok(document) = Document::parse(Path::new("x"), Secret::copy_of(&bytes), syntax) {
                invariants::check(&document);
            }
        }
    }

    #[test]
    fn no_marks_make_a_reader_panic(text in "([\\[\\]{}:,=.\"'#/*&!|>?%~\\\\ \t\n\r-]|[a-b0-1]|é|null|---|<<|\\\\u|/\\*|\\*/){0,40}") {
        for syntax in ALL {
            if let Ok(document) = Document::parse(Path::new("x"), Secret::copy_of(text.as_bytes()), syntax) {
                invariants::check(&document);
            }
        }
    }
}

//! `Style`: how a document is laid out, found by looking at it, so that what is put into it looks the same.

use std::ops::Range;

use crate::document::node::{Node, NodeKind};
use crate::document::{Document, Syntax};

/// What is found in a document, or what most programs write where it shows nothing.
pub(super) struct Style {
    /// How lines end.
    pub(super) newline: &'static str,
    /// What a level is indented by.
    pub(super) unit: String,
    /// What stands between a key and its value.
    pub(super) colon: String,
    /// What stands inside of the brackets of a mapping in one line.
    pub(super) padding: String,
    /// What follows a comma within a line.
    pub(super) gap: String,
    /// Whether sequences have a line for every item; nothing where there is none.
    pub(super) tall_sequences: Option<bool>,
    /// How far the dashes of YAML are indented below their key.
    pub(super) sequence_indentation: usize,
}

impl Style {
    pub(super) fn of(document: &Document) -> Self {
        let text = document.text().expose();
        let newline = match (text.find('\n'), text.find('\r')) {
            (Some(feed), Some(carriage)) if carriage + 1 == feed => "\r\n",
            (None, Some(_)) => "\r",
            _ => "\n",
        };
        let mut look = Look {
            document,
            text,
            unit: None,
            colon: None,
            padding: None,
            gap: None,
            tall: None,
            dashes: None,
        };
        look.at(&document.tree.root);
        let is_minified = look.colon.as_deref() == Some(":") && look.unit.is_none();
        let colon = if document.syntax() == Syntax::Toml { " = " } else { ": " };
        Self {
            newline,
            unit: look.unit.unwrap_or_else(|| "  ".to_owned()),
            colon: look.colon.unwrap_or_else(|| colon.to_owned()),
            padding: look.padding.unwrap_or_else(|| {
                if document.syntax() == Syntax::Yaml || is_minified { "" } else { " " }.to_owned()
            }),
            gap: look.gap.unwrap_or_else(|| if is_minified { "" } else { " " }.to_owned()),
            tall_sequences: look.tall,
            sequence_indentation: look.dashes.unwrap_or(2),
        }
    }
}

struct Look<'d> {
    document: &'d Document,
    text: &'d str,
    unit: Option<String>,
    colon: Option<String>,
    padding: Option<String>,
    gap: Option<String>,
    tall: Option<bool>,
    dashes: Option<usize>,
}

impl Look<'_> {
    fn at(&mut self, node: &Node) {
        let is_done =
            self.unit.is_some() && self.colon.is_some() && self.gap.is_some() && self.padding.is_some();
        if is_done && self.tall.is_some() {
            return;
        }
        match &node.kind {
            NodeKind::Sequence(nodes) => {
                if let Some(first) = nodes.first() {
                    let is_tall = self.lead(node, first.span.start)
                        || self.text.as_bytes().get(dash(self.text, node.span.start)) == Some(&b'-');
                    self.tall = self.tall.or(Some(is_tall));
                }
                self.after_first(nodes.first().map(|it| it.span.end), nodes.get(1).map(|it| it.span.start));
                for inner in nodes {
                    self.at(inner);
                }
            }
            NodeKind::Mapping(members) => {
                if let Some(first) = members.first() {
                    self.between(first.key_span.end, first.value.span.start);
                    let is_tall = self.lead(node, first.key_span.start);
                    let is_in_line = self.text.as_bytes().get(node.span.start) == Some(&b'{') && !is_tall;
                    if is_in_line && self.padding.is_none() {
                        self.padding = self.blank(node.span.start + 1..first.key_span.start);
                    }
                    if is_in_line || self.document.syntax() != Syntax::Toml {
                        self.after_first(
                            Some(first.value.span.end),
                            members.get(1).map(|it| it.key_span.start),
                        );
                    }
                }
                for member in members {
                    self.dashes(member.key_span.start, &member.value);
                    self.step(member.key_span.start, &member.value);
                    self.at(&member.value);
                }
            }
            _ => {}
        }
    }

    /// Whether the first child has a line of its own; learns from it what a level is.
    fn lead(&mut self, node: &Node, child: usize) -> bool {
        let Some(between) = self.text.get(node.span.start..child) else { return false };
        if !between.contains(['\n', '\r']) {
            return false;
        }
        let (outer, inner) = (indentation(self.text, node.span.start), indentation(self.text, child));
        let is_alone = self
            .text
            .get(..child)
            .is_some_and(|before| before.trim_end_matches([' ', '\t']).ends_with(['\n', '\r']));
        if let Some(unit) = inner.strip_prefix(outer).filter(|unit| is_alone && !unit.is_empty())
            && self.unit.is_none()
        {
            self.unit = Some(unit.to_owned());
        }
        true
    }

    /// How far keys of YAML are indented below the key of their mapping.
    fn step(&mut self, key: usize, value: &Node) {
        let NodeKind::Mapping(members) = &value.kind else { return };
        let Some(first) = members.first().filter(|_| self.document.syntax() == Syntax::Yaml) else { return };
        let column = |offset: usize| offset - line_start(self.text, offset);
        let is_below = line_start(self.text, first.key_span.start) > key;
        let is_block = self.text.as_bytes().get(value.span.start) != Some(&b'{');
        if self.unit.is_none() && is_below && is_block {
            let step = column(first.key_span.start).checked_sub(column(key)).filter(|step| *step > 0);
            self.unit = step.map(|step| " ".repeat(step));
        }
    }

    fn dashes(&mut self, key: usize, value: &Node) {
        let is_yaml = self.document.syntax() == Syntax::Yaml;
        if !is_yaml || self.dashes.is_some() || !matches!(value.kind, NodeKind::Sequence(_)) {
            return;
        }
        let dash = dash(self.text, value.span.start);
        if self.text.as_bytes().get(dash) == Some(&b'-') {
            let column = |offset: usize| offset - line_start(self.text, offset);
            self.dashes = column(dash).checked_sub(column(key));
        }
    }

    fn between(&mut self, key: usize, value: usize) {
        if self.colon.is_some() {
            return;
        }
        let Some(between) = self.text.get(key..value) else { return };
        let sign = if self.document.syntax() == Syntax::Toml { '=' } else { ':' };
        let is_plain = between.trim_matches([' ', '\t']).len() == 1 && between.contains(sign);
        if is_plain && (self.document.syntax() != Syntax::Yaml || between.ends_with(' ')) {
            self.colon = Some(between.to_owned());
        }
    }

    fn after_first(&mut self, end: Option<usize>, start: Option<usize>) {
        let (Some(end), Some(start), None) = (end, start, &self.gap) else { return };
        if let Some(gap) = self.text.get(end..start).and_then(|between| between.strip_prefix(',')) {
            self.gap = Some(gap.to_owned()).filter(|gap| gap.chars().all(|it| it == ' ' || it == '\t'));
        }
    }

    fn blank(&self, span: Range<usize>) -> Option<String> {
        let text = self.text.get(span)?;
        text.chars().all(|it| it == ' ' || it == '\t').then(|| text.to_owned())
    }
}

/// The white space at the beginning of the line that a byte is in.
pub(super) fn indentation(text: &str, offset: usize) -> &str {
    let start = line_start(text, offset);
    let line = text.get(start..).unwrap_or_default();
    let length = line.len() - line.trim_start_matches([' ', '\t']).len();
    line.get(..length).unwrap_or_default()
}

/// Where the line begins that a byte is in, without a byte order mark.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    if start == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8().min(offset) } else { start }
}

/// The first dash of a sequence of YAML that is said to begin here: where dashes are not indented, its first item is
/// meant.
pub(super) fn dash(text: &str, start: usize) -> usize {
    let before = text.get(..start).unwrap_or_default();
    let last = before.trim_end_matches([' ', '\t']).len();
    let is_own = text.as_bytes().get(start) == Some(&b'-')
        && matches!(text.as_bytes().get(start + 1), None | Some(b' ' | b'\t' | b'\r' | b'\n'));
    let is_dash = !is_own && last.checked_sub(1).is_some_and(|last| text.as_bytes().get(last) == Some(&b'-'));
    if is_dash && last > 0 { last - 1 } else { start }
}

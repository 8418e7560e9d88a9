//! YAML, built from the events of `saphyr-parser`: the first document, with aliases and tags not followed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use zeroize::Zeroizing;

use crate::document::node::{Content, Fault, Member, Node, NodeKind, Tree};
use crate::document::{MAX_DEPTH, MAX_VALUES};

/// Reads the text, which begins `base` bytes after the beginning of the file. A file without a value is an empty
/// mapping, as it is to the clients that read YAML.
pub(super) fn read(text: &str, base: usize) -> Result<Tree, Fault> {
    if let Some(index) = text.bytes().position(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) {
        return Err(Fault::syntax(base + index, "control characters are not allowed"));
    }
    if let Some(index) = foreign_directive(text) {
        return Err(Fault::syntax(base + index, "a directive holds other characters than ASCII ones"));
    }
    let offsets = Offsets::of(text);
    let mut builder = Builder {
        text,
        base,
        open: Vec::new(),
        root: None,
        scalars: Vec::new(),
        anchors: Vec::new(),
        aliases: HashSet::new(),
        count: 0,
        end: text.len(),
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            Fault::syntax(base + offsets.byte(text, error.marker().index()), words(error.info()))
        })?;
        let start = offsets.byte(text, span.start.index());
        let end = offsets.byte(text, span.end.index()).max(start);
        if matches!(event, Event::DocumentEnd) {
            builder.end = start;
            break;
        }
        builder.take(event, start..end)?;
    }
    let comments = comments(text.get(..builder.end).unwrap_or(text), base, &builder.scalars);
    let root = match builder.root {
        None | Some(Node { kind: NodeKind::Null, .. }) => {
            Node { span: base..base, kind: NodeKind::Mapping(Vec::new()) }
        }
        Some(root) => root,
    };
    let aliased = builder.anchors.into_iter().filter(|(anchor, _)| builder.aliases.contains(anchor));
    let shared = aliased.map(|(_, span)| span).collect();
    Ok(Tree { root, comments, trailing_comma: None, shared })
}

/// Where a directive before the first document holds other characters than ASCII ones. `saphyr-parser` 0.3 counts the
/// bytes of those, and characters everywhere else, so that all that follows would seem to lie farther on than it does.
fn foreign_directive(text: &str) -> Option<usize> {
    let is_before = |line: &&str| line.starts_with(['%', '#']) || line.trim().is_empty();
    let mut lines = text.split_inclusive(['\n', '\r']).take_while(is_before);
    let line = lines.find(|line| line.starts_with('%') && !line.is_ascii())?;
    Some(line.as_ptr().addr() - text.as_ptr().addr())
}

/// Bytes of characters: `saphyr-parser` counts characters.
struct Offsets(Option<Vec<usize>>);

/// Every how many characters the index has an entry.
const STRIDE: usize = 64;

impl Offsets {
    fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self(None);
        }
        Self(Some(text.char_indices().step_by(STRIDE).map(|(offset, _)| offset).collect()))
    }

    fn byte(&self, text: &str, character: usize) -> usize {
        let Some(index) = &self.0 else { return character.min(text.len()) };
        let Some(start) = index.get(character / STRIDE) else { return text.len() };
        let rest = text.get(*start..).unwrap_or_default();
        rest.char_indices().nth(character % STRIDE).map_or(text.len(), |(offset, _)| start + offset)
    }
}

struct Builder<'t> {
    text: &'t str,
    base: usize,
    open: Vec<Open>,
    root: Option<Node>,
    /// Where text lies in which `#` begins no comment.
    scalars: Vec<Range<usize>>,
    /// Values with an anchor, and the anchors that an alias names, by the numbers that the library gives them.
    anchors: Vec<(usize, Range<usize>)>,
    aliases: HashSet<usize>,
    count: usize,
    /// Where the document ends.
    end: usize,
}

/// What may stand between the parts of YAML. Other spaces belong to what they stand in.
const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];

/// A collection that is not complete.
struct Open {
    start: usize,
    anchor: usize,
    kind: OpenKind,
}

enum OpenKind {
    Sequence(Vec<Node>),
    Mapping { members: Vec<Member>, key: Option<(Content, Range<usize>)> },
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), Fault> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let is_decorated = anchor > 0 || tag.is_some();
                let node = self.scalar(value, style, tag.as_deref(), is_decorated, span);
                self.note_anchor(anchor, &node.span);
                self.close(node)
            }
            Event::Alias(anchor) => {
                self.aliases.insert(anchor);
                self.close(Node { span: self.shifted(&span), kind: NodeKind::Null })
            }
            Event::SequenceStart(anchor, tag) => {
                let start =
                    if anchor > 0 || tag.is_some() { self.after_decoration(&span) } else { span.start };
                self.open(start, anchor, OpenKind::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                let start =
                    if anchor > 0 || tag.is_some() { self.after_decoration(&span) } else { span.start };
                self.open(start, anchor, OpenKind::Mapping { members: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let (last, kind) = match open.kind {
                    OpenKind::Sequence(nodes) => {
                        (nodes.last().map(|node| node.span.end), NodeKind::Sequence(nodes))
                    }
                    OpenKind::Mapping { members, .. } => (
                        members.last().map(|member| member.value.span.end.max(member.key_span.end)),
                        NodeKind::Mapping(members),
                    ),
                };
                let start = self.base + open.start;
                let mut end = last.unwrap_or(start).max(start);
                // A collection in brackets ends with one; another one with its last value.
                if !span.is_empty() {
                    end = end.max(self.base + self.behind_bracket(span.start).unwrap_or_default());
                }
                self.note_anchor(open.anchor, &(start..end));
                self.close(Node { span: start..end, kind })
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn shifted(&self, span: &Range<usize>) -> Range<usize> {
        self.base + span.start..self.base + span.end
    }

    /// Zero is none.
    fn note_anchor(&mut self, anchor: usize, span: &Range<usize>) {
        if anchor > 0 {
            self.anchors.push((anchor, span.clone()));
        }
    }

    fn open(&mut self, start: usize, anchor: usize, kind: OpenKind) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Fault::too_deep(self.base + start));
        }
        self.open.push(Open { start, anchor, kind });
        Ok(())
    }

    /// Puts a complete value where it belongs.
    fn close(&mut self, node: Node) -> Result<(), Fault> {
        self.count += 1;
        if self.count > MAX_VALUES {
            return Err(Fault::too_many(node.span.start));
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(OpenKind::Sequence(nodes)) => nodes.push(node),
            Some(OpenKind::Mapping { members, key }) => {
                if let Some((key, key_span)) = key.take() {
                    members.push(Member { key, key_span, value: node });
                    return Ok(());
                }
                // A key that is no text is known by how it is written.
                let content = match node.kind {
                    NodeKind::String(content) => content,
                    _ => Content::Written(node.span.clone()),
                };
                *key = Some((content, node.span));
            }
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        value: Cow<'_, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        is_decorated: bool,
        span: Range<usize>,
    ) -> Node {
        let span = self.extent(value.is_empty(), style, is_decorated, &span);
        if !span.is_empty() {
            self.scalars.push(span.clone());
        }
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let is_text = match tag {
            // A block is text, whatever it is called: its lines are no number.
            Some(tag) if tag.is_yaml_core_schema() => tag.suffix == "str" || is_block,
            Some(_) => true,
            None => style != ScalarStyle::Plain,
        };
        let kind = if is_text { None } else { plain(&value) };
        let kind = kind.unwrap_or_else(|| NodeKind::String(self.content(value, style, &span)));
        Node { span: self.shifted(&span), kind }
    }

    /// Behind the closing bracket that follows, perhaps after a comma: the library gives the place of that.
    fn behind_bracket(&self, from: usize) -> Option<usize> {
        let rest = self.text.get(from..)?;
        let mut rest = rest.strip_prefix(',').unwrap_or(rest).trim_start_matches(BLANK);
        while rest.starts_with('#') {
            rest = rest
                .find(['\n', '\r'])
                .and_then(|end| rest.get(end..))
                .unwrap_or_default()
                .trim_start_matches(BLANK);
        }
        rest.starts_with([']', '}']).then(|| self.text.len() - rest.len() + 1)
    }

    /// Without an anchor, a tag, and the white space and comments behind them.
    fn after_decoration(&self, span: &Range<usize>) -> usize {
        let mut rest = self.text.get(span.clone()).unwrap_or_default();
        loop {
            rest = rest.trim_start_matches(BLANK);
            rest = match rest.as_bytes().first() {
                Some(b'&' | b'!') => rest.find(BLANK).and_then(|end| rest.get(end..)).unwrap_or_default(),
                Some(b'#') => rest.find(['\n', '\r']).and_then(|end| rest.get(end..)).unwrap_or_default(),
                _ => return span.end - rest.len(),
            };
        }
    }

    /// Where a scalar lies. The library is not exact: it counts what stands before the scalar, and white space and
    /// comments behind it.
    fn extent(
        &self,
        is_empty: bool,
        style: ScalarStyle,
        is_decorated: bool,
        span: &Range<usize>,
    ) -> Range<usize> {
        let start = if is_decorated { self.after_decoration(span) } else { span.start };
        let rest = self.text.get(start..span.end).unwrap_or_default();
        let is_at_quote = match style {
            ScalarStyle::SingleQuoted => rest.starts_with('\''),
            ScalarStyle::DoubleQuoted => rest.starts_with('"'),
            _ => true,
        };
        debug_assert!(is_at_quote, "a string in quotes begins with one");
        let (start, length) = match style {
            ScalarStyle::Plain if is_empty => (start, 0),
            ScalarStyle::Plain => (start, rest.trim_end_matches(BLANK).len()),
            ScalarStyle::SingleQuoted => (start, quoted(rest, b'\'', b'\'')),
            ScalarStyle::DoubleQuoted => (start, quoted(rest, b'"', b'\\')),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                // The library begins with the text, unless something stands before the header.
                let text = if is_decorated {
                    rest.find('\n')
                        .and_then(|end| rest.get(end..))
                        .unwrap_or_default()
                        .trim_start_matches(['\n', '\r', ' '])
                } else {
                    rest
                };
                // The last line break belongs to it, the indentation of what follows does not.
                (span.end.max(start) - text.len(), text.trim_end_matches([' ', '\t']).len())
            }
        };
        start..start + length
    }

    fn content(&self, value: Cow<'_, str>, style: ScalarStyle, span: &Range<usize>) -> Content {
        let written = self.text.get(span.clone()).unwrap_or_default();
        let (before, inner) = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                (1, written.get(1..written.len().saturating_sub(1)).unwrap_or_default())
            }
            // Of a block of one line; what is done with its last line break says its header.
            ScalarStyle::Literal | ScalarStyle::Folded if written.trim_end() == value.trim_end() => {
                (0, written.get(..value.len()).unwrap_or_default())
            }
            _ => (0, written),
        };
        if *inner == *value {
            let start = span.start + before;
            return Content::Written(self.shifted(&(start..start + inner.len())));
        }
        Content::Decoded(Zeroizing::new(value.into_owned()))
    }
}

/// How long a string is with its quotes; `escape` takes away what the next one means.
fn quoted(text: &str, quote: u8, escape: u8) -> usize {
    let bytes = text.as_bytes();
    let mut index = 1;
    while let Some(byte) = bytes.get(index) {
        if *byte == escape && (escape != quote || bytes.get(index + 1) == Some(&quote)) {
            index += 2;
        } else if *byte == quote {
            return index + 1;
        } else {
            index += 1;
        }
    }
    bytes.len()
}

/// What a scalar without quotes is by the core schema of YAML 1.2; nothing for a string.
fn plain(value: &str) -> Option<NodeKind> {
    match value {
        "" | "~" | "null" | "Null" | "NULL" => return Some(NodeKind::Null),
        "true" | "True" | "TRUE" => return Some(NodeKind::Boolean(true)),
        "false" | "False" | "FALSE" => return Some(NodeKind::Boolean(false)),
        _ => {}
    }
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    let is_of = |digits: &str, radix: u32| !digits.is_empty() && digits.chars().all(|it| it.is_digit(radix));
    let is_number = matches!(digits, ".inf" | ".Inf" | ".INF")
        || matches!(value, ".nan" | ".NaN" | ".NAN")
        || value.strip_prefix("0x").is_some_and(|digits| is_of(digits, 16))
        || value.strip_prefix("0o").is_some_and(|digits| is_of(digits, 8))
        || (digits.starts_with(|it: char| it.is_ascii_digit() || it == '.')
            && digits.chars().all(|it| it.is_ascii_digit() || matches!(it, '.' | 'e' | 'E' | '-' | '+'))
            && digits.parse::<f64>().is_ok());
    is_number.then_some(NodeKind::Number)
}

/// From a `#` at the beginning of a line or behind white space to the end of the line, outside of scalars.
fn comments(text: &str, base: usize, scalars: &[Range<usize>]) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut scalars = scalars.iter().peekable();
    let mut comments = Vec::new();
    let mut index = 0;
    while let Some(byte) = bytes.get(index) {
        while scalars.peek().is_some_and(|scalar| scalar.end <= index) {
            scalars.next();
        }
        if let Some(scalar) = scalars.peek().filter(|scalar| scalar.start <= index) {
            index = scalar.end;
            continue;
        }
        let is_free = index == 0 || matches!(bytes.get(index - 1), Some(b' ' | b'\t' | b'\n' | b'\r'));
        if *byte == b'#' && is_free {
            let length = bytes[index..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let end = length.map_or(bytes.len(), |length| index + length);
            comments.push(base + index..base + end);
            index = end;
        } else {
            index += 1;
        }
    }
    comments
}

/// What is wrong. Most of what the library says is fixed words, but not all of it.
fn words(info: &str) -> &'static str {
    const KNOWN: &[(&str, &str)] = &[
        ("tab", "tabs can't indent"),
        ("indent", "the indentation fits nothing above"),
        ("recursion", "too many brackets in one another"),
        ("quoted scalar", "a string in quotes has no end, or an escape that YAML does not know"),
        ("mapping values are not allowed", "a colon is not expected here"),
        ("simple key", "a colon is missing here"),
        ("flow", "a comma or a closing bracket is missing"),
        ("expected key", "a key is expected here"),
        ("unknown anchor", "an alias has no anchor"),
    ];
    KNOWN.iter().find(|(part, _)| info.contains(part)).map_or("this is not allowed here", |(_, words)| words)
}

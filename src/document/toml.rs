//! TOML, read with `toml`, after a look at its outline with `toml_parser`.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_parser::decoder::Encoding;
use toml_parser::parser::EventReceiver;
use toml_parser::{ErrorSink, ParseError, Source, Span};
use zeroize::Zeroizing;

use crate::document::node::{Content, Fault, Member, Node, NodeKind, Tree};
use crate::document::{MAX_DEPTH, MAX_VALUES};

/// How many brackets may be open: the library's own limit.
const MAX_BRACKETS: usize = 80;

/// How many tokens a document may have. A value has a key, a sign between them, spaces and the end of the line.
const MAX_TOKENS: usize = 8 * MAX_VALUES;

/// Reads the text, which begins `base` bytes after the beginning of the file.
pub(super) fn read(text: &str, base: usize) -> Result<Tree, Fault> {
    let outline = Outline::of(text).map_err(|fault| fault.shifted(base))?;
    let table = DeTable::parse(text).map_err(|error| {
        let offset = base + error.span().map_or(0, |span| span.start);
        Fault::syntax(offset, words(error.message()))
    })?;
    let reader = Reader { text, base };
    let root = reader.table(table.into_inner(), base..base + text.len(), 0)?;
    let comments = outline.comments.into_iter().map(|comment| base + comment.start()..base + comment.end());
    Ok(Tree { root, comments: comments.collect(), trailing_comma: None, shared: Vec::new() })
}

/// What the library does not tell (comments), and what it does not bound: `a.a.a = 1` is nested by its dots, and a
/// table that is nested very deeply can't even be dropped.
///
/// The library's errors hold a copy of the whole text, so most faults are found here, before it reads.
struct Outline {
    comments: Vec<Span>,
    fault: Option<Fault>,
    values: usize,
    /// Keys of the header of the table.
    header: usize,
    in_header: bool,
    /// The expression, and every bracket that is open in it: how many levels its keys add.
    frames: Vec<Frame>,
    /// All levels together.
    depth: usize,
}

#[derive(Default)]
struct Frame {
    levels: usize,
    is_array: bool,
}

impl Outline {
    fn of(text: &str) -> Result<Self, Fault> {
        let source = Source::new(text);
        let mut tokens = Vec::new();
        for token in source.lex() {
            if tokens.len() == MAX_TOKENS {
                return Err(Fault::too_many(token.span().start()));
            }
            tokens.push(token);
        }
        let mut outline = Self {
            comments: Vec::new(),
            fault: None,
            values: 0,
            header: 0,
            in_header: false,
            frames: vec![Frame::default()],
            depth: 0,
        };
        let mut first = None;
        let mut errors = |error: ParseError| {
            if first.is_none() {
                let span = error.unexpected().or(error.context()).unwrap_or_default();
                first = Some(Fault::syntax(span.start(), words(error.description())));
            }
        };
        toml_parser::parser::parse_document(&tokens, &mut outline, &mut errors);
        match first.into_iter().chain(outline.fault.take()).min_by_key(|fault| fault.offset) {
            Some(fault) => Err(fault),
            None => Ok(outline),
        }
    }

    fn count(&mut self, span: Span) {
        self.values += 1;
        if self.values > MAX_VALUES && self.fault.is_none() {
            self.fault = Some(Fault::too_many(span.start()));
        }
    }

    fn deepen(&mut self, span: Span) {
        self.depth += 1;
        if self.depth > MAX_DEPTH && self.fault.is_none() {
            self.fault = Some(Fault::too_deep(span.start()));
        }
    }

    fn open(&mut self, span: Span, is_array: bool) -> bool {
        self.count(span);
        let levels = usize::from(is_array);
        self.frames.push(Frame { levels, is_array });
        if is_array {
            self.deepen(span);
        }
        if self.frames.len() > MAX_BRACKETS && self.fault.is_none() {
            self.fault = Some(Fault::too_deep(span.start()));
        }
        // The library goes into this one if this says so, and its stack has an end.
        self.fault.is_none()
    }

    fn close(&mut self) {
        if self.frames.len() > 1 {
            self.depth -= self.frames.pop().map_or(0, |frame| frame.levels);
        }
    }

    /// The next key begins.
    fn separate(&mut self) {
        if let Some(frame) = self.frames.last_mut().filter(|frame| !frame.is_array) {
            self.depth -= std::mem::take(&mut frame.levels);
        }
    }

    fn open_header(&mut self) {
        self.frames.truncate(1);
        if let Some(frame) = self.frames.first_mut() {
            frame.levels = 0;
        }
        self.header = 0;
        self.depth = 0;
        self.in_header = true;
    }
}

impl EventReceiver for Outline {
    fn std_table_open(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.open_header();
    }

    fn std_table_close(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.in_header = false;
        self.count(span);
    }

    fn array_table_open(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.open_header();
    }

    fn array_table_close(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.in_header = false;
        self.count(span);
    }

    fn inline_table_open(&mut self, span: Span, _error: &mut dyn ErrorSink) -> bool {
        self.open(span, false)
    }

    fn inline_table_close(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.close();
    }

    fn array_open(&mut self, span: Span, _error: &mut dyn ErrorSink) -> bool {
        self.open(span, true)
    }

    fn array_close(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.close();
    }

    fn simple_key(&mut self, span: Span, _encoding: Option<Encoding>, _error: &mut dyn ErrorSink) {
        self.deepen(span);
        // Every dot makes a table.
        self.count(span);
        if self.in_header {
            self.header += 1;
        } else if let Some(frame) = self.frames.last_mut() {
            frame.levels += 1;
        }
    }

    fn scalar(&mut self, span: Span, _encoding: Option<Encoding>, _error: &mut dyn ErrorSink) {
        self.count(span);
    }

    fn value_sep(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.separate();
    }

    fn newline(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        if self.frames.len() == 1 {
            self.separate();
        }
    }

    fn comment(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.comments.push(span);
    }
}

struct Reader<'t> {
    text: &'t str,
    base: usize,
}

impl Reader<'_> {
    fn table(&self, table: DeTable<'_>, span: Range<usize>, depth: usize) -> Result<Node, Fault> {
        let mut members = Vec::with_capacity(table.len());
        for (key, value) in table {
            let key_span = self.shifted(key.span());
            let key = self.content(key.into_inner(), &key_span);
            members.push(Member { key, key_span, value: self.node(value, depth + 1)? });
        }
        // The library sorts them by name.
        members.sort_by_key(|member| member.key_span.start);
        Ok(Node { span, kind: NodeKind::Mapping(members) })
    }

    fn node(&self, value: Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Fault> {
        let span = self.shifted(value.span());
        if depth > MAX_DEPTH {
            return Err(Fault::too_deep(span.start));
        }
        let kind = match value.into_inner() {
            DeValue::String(text) => NodeKind::String(self.content(text, &span)),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => NodeKind::Number,
            DeValue::Boolean(boolean) => NodeKind::Boolean(boolean),
            DeValue::Array(array) => {
                let values = array.into_iter();
                NodeKind::Sequence(values.map(|it| self.node(it, depth + 1)).collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => return self.table(table, span, depth),
        };
        Ok(Node { span, kind })
    }

    fn shifted(&self, span: Range<usize>) -> Range<usize> {
        self.base + span.start..self.base + span.end
    }

    /// `span` is with the quotes, where there are any.
    fn content(&self, value: Cow<'_, str>, span: &Range<usize>) -> Content {
        let written = self.text.get(span.start - self.base..span.end - self.base).unwrap_or_default();
        let quotes = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quotes| written.starts_with(quotes) && written.len() >= 2 * quotes.len())
            .map_or(0, str::len);
        let mut inner = written.get(quotes..written.len() - quotes).unwrap_or_default();
        // A line break behind three quotes is not part of the text.
        if quotes == 3 {
            inner = inner.strip_prefix("\r\n").or(inner.strip_prefix('\n')).unwrap_or(inner);
        }
        if *inner == *value {
            let end = span.end - quotes;
            return Content::Written(end - inner.len()..end);
        }
        Content::Decoded(Zeroizing::new(value.into_owned()))
    }
}

/// What is wrong.
fn words(message: &str) -> &'static str {
    const KNOWN: &[(&str, &str)] = &[
        ("duplicate key", "the key is already there"),
        ("cannot extend", "the key is already there, and has no keys of its own"),
        ("key with no value", "`=` and a value have to follow the key"),
        ("unclosed", "something is not closed"),
        ("string", "the string is not written as TOML has it"),
        ("escape", "an escape that TOML does not know"),
    ];
    KNOWN
        .iter()
        .find(|(part, _)| message.contains(part))
        .map_or("this is not allowed here", |(_, words)| words)
}

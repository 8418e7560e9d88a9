//! `Statement`: a line of TOML: a header of a table, or a key with its value, and the way to what it says.

use std::borrow::Cow;
use std::ops::Range;

use toml_parser::decoder::Encoding;
use toml_parser::parser::EventReceiver;
use toml_parser::{ErrorSink, ParseError, Raw, Source, Span};
use zeroize::Zeroizing;

/// A key, which may be of any text.
pub(super) type Key = Zeroizing<String>;

/// What a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `[a.b]`
    Table,
    /// `[[a.b]]`
    Item,
    /// `a.b = 1`
    Pair,
}

/// One statement.
pub(super) struct Statement {
    pub(super) kind: Kind,
    /// The way to the value, from the whole document; items of arrays of tables by number.
    pub(super) path: Vec<Key>,
    /// How much of the way is that of the table it stands in; for a header, none.
    pub(super) table: usize,
    /// Where its own keys lie.
    pub(super) keys: Vec<Range<usize>>,
    /// From its first bracket or key to its last.
    pub(super) span: Range<usize>,
}

impl Statement {
    /// Whether it is about a value or something in it.
    pub(super) fn is_in(&self, path: &[Key]) -> bool {
        self.path.starts_with(path)
    }

    /// Whether it is the header of a table.
    pub(super) fn is_header(&self) -> bool {
        self.kind != Kind::Pair
    }
}

/// All statements of a text, which begins `base` bytes after the beginning of the file, in its order.
pub(super) fn statements(text: &str, base: usize) -> Vec<Statement> {
    let source = Source::new(text);
    let tokens: Vec<_> = source.lex().collect();
    let mut reader = Reader {
        text,
        base,
        statements: Vec::new(),
        open: None,
        depth: 0,
        table: Vec::new(),
        items: Vec::new(),
    };
    let mut errors = |_: ParseError| ();
    toml_parser::parser::parse_document(&tokens, &mut reader, &mut errors);
    reader.end();
    reader.statements
}

struct Reader<'t> {
    text: &'t str,
    base: usize,
    statements: Vec<Statement>,
    open: Option<Statement>,
    /// Brackets of values that are open.
    depth: usize,
    table: Vec<Key>,
    /// How many items every array of tables has so far.
    items: Vec<(Vec<Key>, usize)>,
}

impl Reader<'_> {
    fn end(&mut self) {
        if let Some(statement) = self.open.take() {
            self.statements.push(statement);
        }
    }

    fn begin_header(&mut self, kind: Kind, span: Span) {
        self.end();
        let span = self.shifted(span);
        self.open = Some(Statement { kind, path: Vec::new(), table: 0, keys: Vec::new(), span });
    }

    fn end_header(&mut self, span: Span) {
        let end = self.shifted(span).end;
        let Some(mut statement) = self.open.take() else { return };
        statement.span.end = end;
        // Keys of a header lead through the last item of every array of tables on the way.
        let mut path: Vec<Key> = Vec::with_capacity(statement.path.len() + 2);
        let count = statement.path.len();
        for (number, key) in std::mem::take(&mut statement.path).into_iter().enumerate() {
            path.push(key);
            let is_own = statement.kind == Kind::Item && number + 1 == count;
            let known = self.items.iter_mut().find(|(array, _)| *array == path);
            match known {
                Some((_, items)) => {
                    *items += usize::from(is_own);
                    let last = items.saturating_sub(1);
                    path.push(Zeroizing::new(last.to_string()));
                }
                None if is_own => {
                    self.items.push((path.clone(), 1));
                    path.push(Zeroizing::new("0".to_owned()));
                }
                None => {}
            }
        }
        self.table.clone_from(&path);
        statement.path = path;
        self.statements.push(statement);
    }

    fn shifted(&self, span: Span) -> Range<usize> {
        self.base + span.start()..self.base + span.end()
    }

    fn extend(&mut self, span: Span) {
        let end = self.shifted(span).end;
        if let Some(statement) = &mut self.open {
            statement.span.end = end;
        }
    }
}

impl EventReceiver for Reader<'_> {
    fn std_table_open(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.begin_header(Kind::Table, span);
    }

    fn std_table_close(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.end_header(span);
    }

    fn array_table_open(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.begin_header(Kind::Item, span);
    }

    fn array_table_close(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.end_header(span);
    }

    fn inline_table_open(&mut self, _span: Span, _error: &mut dyn ErrorSink) -> bool {
        self.depth += 1;
        true
    }

    fn inline_table_close(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.depth = self.depth.saturating_sub(1);
        self.extend(span);
    }

    fn array_open(&mut self, _span: Span, _error: &mut dyn ErrorSink) -> bool {
        self.depth += 1;
        true
    }

    fn array_close(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.depth = self.depth.saturating_sub(1);
        self.extend(span);
    }

    fn simple_key(&mut self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        if self.depth > 0 {
            return;
        }
        let raw = self.text.get(span.start()..span.end()).unwrap_or_default();
        let mut key = Cow::Borrowed("");
        Raw::new_unchecked(raw, encoding, span).decode_key(&mut key, error);
        let key = Zeroizing::new(key.into_owned());
        let span = self.shifted(span);
        let statement = self.open.get_or_insert_with(|| Statement {
            kind: Kind::Pair,
            path: self.table.clone(),
            table: self.table.len(),
            keys: Vec::new(),
            span: span.clone(),
        });
        statement.path.push(key);
        statement.span.end = span.end;
        statement.keys.push(span);
    }

    fn scalar(&mut self, span: Span, _encoding: Option<Encoding>, _error: &mut dyn ErrorSink) {
        self.extend(span);
    }

    fn newline(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        if self.depth == 0 {
            self.end();
        }
    }
}

//! JSON and JSON with comments, read with `jsonc-parser`.

use std::borrow::Cow;
use std::ops::Range;

use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};
use zeroize::Zeroizing;

use crate::document::node::{Content, Fault, Member, Node, NodeKind, Tree};
use crate::document::{MAX_DEPTH, MAX_VALUES, Syntax};

/// Comments and trailing commas, and nothing else that RFC 8259 does not allow.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Reads the text, which begins `base` bytes after the beginning of the file.
///
/// A file without a value is an empty mapping to editors, which write JSON with comments, and a fault to the readers
/// of plain JSON.
pub(super) fn read(text: &str, base: usize, syntax: Syntax) -> Result<Tree, Fault> {
    // Every value but the first of its collection stands behind a comma.
    if text.bytes().filter(|byte| *byte == b',').count() > MAX_VALUES {
        return Err(Fault::too_many(base));
    }
    let mended = without_lone_surrogates(text);
    let text = mended.as_ref().map_or(text, |mended| mended.as_str());
    let collect = CollectOptions { comments: CommentCollectionStrategy::Separate, tokens: false };
    let result = parse_to_ast(text, &collect, &OPTIONS).map_err(|error| {
        let offset = base + error.range().start;
        match words(error.kind()) {
            Some(what) => Fault::syntax(offset, what),
            None => Fault::too_deep(offset),
        }
    })?;
    let mut comments: Vec<Range<usize>> = result
        .comments
        .into_iter()
        .flat_map(std::collections::HashMap::into_values)
        .flat_map(|group| group.iter().map(|comment| comment.start()..comment.end()).collect::<Vec<_>>())
        .collect();
    comments.sort_unstable_by_key(|comment| comment.start);
    // Every group is kept under the token before it and the one after it.
    comments.dedup();
    let mut reader = Reader {
        text,
        base,
        comments: &comments,
        first_trailing_comma: None,
        is_strict: syntax == Syntax::Json,
    };
    let root = match result.value {
        Some(value) => reader.node(value, 0)?,
        None if syntax == Syntax::Jsonc => Node { span: base..base, kind: NodeKind::Mapping(Vec::new()) },
        None => return Err(Fault::syntax(base, "there is nothing in it")),
    };
    let first_comment = comments.first().map(|comment| base + comment.start);
    let leniency = match (first_comment, reader.first_trailing_comma) {
        (Some(comment), Some(comma)) => Some(comment.min(comma)),
        (comment, comma) => comment.or(comma),
    };
    let comments = comments.into_iter().map(|comment| base + comment.start..base + comment.end).collect();
    Ok(Tree { root, comments, leniency })
}

struct Reader<'t> {
    text: &'t str,
    base: usize,
    comments: &'t [Range<usize>],
    first_trailing_comma: Option<usize>,
    is_strict: bool,
}

impl Reader<'_> {
    fn node(&mut self, value: Value<'_>, depth: usize) -> Result<Node, Fault> {
        let range = value.range();
        let span = self.base + range.start..self.base + range.end;
        if depth > MAX_DEPTH {
            return Err(Fault::too_deep(span.start));
        }
        let kind = match value {
            Value::NullKeyword(_) => NodeKind::Null,
            Value::BooleanLit(boolean) => NodeKind::Boolean(boolean.value),
            Value::NumberLit(_) => NodeKind::Number,
            Value::StringLit(string) => NodeKind::String(self.content(string.value, &span)?),
            Value::Array(array) => {
                let mut nodes = Vec::with_capacity(array.elements.len());
                for element in array.elements {
                    nodes.push(self.node(element, depth + 1)?);
                }
                self.look_for_comma(nodes.last().map(|node| node.span.end), span.end);
                NodeKind::Sequence(nodes)
            }
            Value::Object(object) => {
                let mut members = Vec::with_capacity(object.properties.len());
                for property in object.properties {
                    let range = property.name.range();
                    let key_span = self.base + range.start..self.base + range.end;
                    let key = match property.name {
                        ObjectPropName::String(name) => self.content(name.value, &key_span)?,
                        ObjectPropName::Word(_) => Content::Written(key_span.clone()),
                    };
                    members.push(Member { key, key_span, value: self.node(property.value, depth + 1)? });
                }
                self.look_for_comma(members.last().map(|member| member.value.span.end), span.end);
                NodeKind::Mapping(members)
            }
        };
        Ok(Node { span, kind })
    }

    /// `span` is with the quotes.
    fn content(&self, value: Cow<'_, str>, span: &Range<usize>) -> Result<Content, Fault> {
        let inner = span.start + 1..span.end.saturating_sub(1);
        let written = self.text.get(inner.start - self.base..inner.end - self.base).unwrap_or_default();
        if let Some(index) = written.bytes().position(|byte| byte < b' ') {
            let what = "a control character in a string has to be written as an escape";
            return Err(Fault::syntax(inner.start + index, what));
        }
        Ok(match value {
            Cow::Borrowed(_) => Content::Written(inner),
            Cow::Owned(value) => Content::Decoded(Zeroizing::new(value)),
        })
    }

    /// Looks for the comma between the last value of a collection and its end.
    fn look_for_comma(&mut self, last: Option<usize>, end: usize) {
        let Some(mut index) = last.map(|last| last - self.base) else { return };
        let end = end - self.base;
        if !self.is_strict || self.first_trailing_comma.is_some_and(|comma| comma < index) {
            return;
        }
        let mut comments = &self.comments[self.comments.partition_point(|comment| comment.start < index)..];
        while index < end {
            match comments.split_first() {
                Some((comment, rest)) if comment.start == index => {
                    index = comment.end;
                    comments = rest;
                }
                _ if self.text.as_bytes().get(index) == Some(&b',') => {
                    let comma = self.base + index;
                    self.first_trailing_comma =
                        Some(self.first_trailing_comma.map_or(comma, |first| first.min(comma)));
                    return;
                }
                _ => index += 1,
            }
        }
    }
}

/// JavaScript cuts texts between the halves of a pair and writes the half as an escape; it reads that again, and so
/// do all clients. No UTF-8 says it, so U+FFFD stands in its place, in a copy of the same length.
fn without_lone_surrogates(text: &str) -> Option<Zeroizing<String>> {
    let bytes = text.as_bytes();
    let unit = |index: usize| -> Option<u32> {
        let digits = text.get(index..index + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let mut mended: Option<Zeroizing<String>> = None;
    let mut copied = 0;
    let mut index = 0;
    while let Some(next) = bytes.get(index..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        index += next;
        match unit(index) {
            Some(0xd800..=0xdbff) if matches!(unit(index + 6), Some(0xdc00..=0xdfff)) => index += 12,
            Some(0xd800..=0xdfff) => {
                let mended = mended.get_or_insert_with(|| Zeroizing::new(String::with_capacity(text.len())));
                mended.push_str(text.get(copied..index).unwrap_or_default());
                mended.push_str("\\ufffd");
                index += 6;
                copied = index;
            }
            // Not the backslash that this one may make harmless.
            _ => index += 2,
        }
    }
    if let Some(mended) = &mut mended {
        mended.push_str(text.get(copied..).unwrap_or_default());
    }
    mended
}

/// What is wrong; nothing for what is nested too deep.
fn words(kind: &ParseErrorKind) -> Option<&'static str> {
    Some(match kind {
        ParseErrorKind::NestingDepthExceeded => return None,
        ParseErrorKind::ExpectedColonAfterObjectKey => "a colon has to follow the key",
        ParseErrorKind::ExpectedObjectValue => "a value has to follow the colon",
        ParseErrorKind::ExpectedDigit
        | ParseErrorKind::ExpectedDigitFollowingNegativeSign
        | ParseErrorKind::ExpectedPlusMinusOrDigitInNumberLiteral
        | ParseErrorKind::HexadecimalNumbersNotAllowed
        | ParseErrorKind::UnaryPlusNumbersNotAllowed
        | ParseErrorKind::BareDecimalPointNumbersNotAllowed
        | ParseErrorKind::NonFiniteNumbersNotAllowed => "a number is not written as JSON has it",
        ParseErrorKind::ExpectedStringObjectProperty | ParseErrorKind::UnexpectedTokenInObject => {
            "a key in double quotes is expected here"
        }
        ParseErrorKind::ExpectedComma => "a comma is missing here",
        ParseErrorKind::MultipleRootJsonValues => "something follows the end of the value",
        ParseErrorKind::SingleQuotedStringsNotAllowed => "strings stand in double quotes",
        ParseErrorKind::String(_) => "a string has no end, or an escape that JSON does not know",
        ParseErrorKind::UnexpectedCloseBrace | ParseErrorKind::UnexpectedCloseBracket => {
            "a bracket closes what is not open"
        }
        ParseErrorKind::UnexpectedColon | ParseErrorKind::UnexpectedComma => "a value is expected here",
        ParseErrorKind::UnterminatedArray | ParseErrorKind::UnterminatedObject => {
            "the bracket here is never closed"
        }
        ParseErrorKind::UnterminatedCommentBlock => "the comment here has no end",
        _ => "this is no value",
    })
}

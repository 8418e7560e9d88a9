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
    let outline = Outline::of(text.as_bytes()).map_err(|fault| fault.shifted(base))?;
    let mended = without_lone_surrogates(text);
    let text = mended.as_ref().map_or(text, |mended| mended.as_str());
    let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
    let result = parse_to_ast(text, &collect, &OPTIONS).map_err(|error| {
        let offset = base + error.range().start;
        words(error.kind()).map_or_else(|| Fault::too_deep(offset), |what| Fault::syntax(offset, what))
    })?;
    let root = match result.value {
        Some(value) => node(value, base, 0)?,
        None if syntax == Syntax::Jsonc => Node { span: base..base, kind: NodeKind::Mapping(Vec::new()) },
        None => return Err(Fault::syntax(base, "there is nothing in it")),
    };
    let comments: Vec<_> =
        outline.comments.into_iter().map(|comment| base + comment.start..base + comment.end).collect();
    let trailing_comma = outline.trailing_comma.map(|comma| base + comma);
    Ok(Tree { root, comments, trailing_comma, shared: Vec::new() })
}

fn node(value: Value<'_>, base: usize, depth: usize) -> Result<Node, Fault> {
    let range = value.range();
    let span = base + range.start..base + range.end;
    if depth > MAX_DEPTH {
        return Err(Fault::too_deep(span.start));
    }
    let kind = match value {
        Value::NullKeyword(_) => NodeKind::Null,
        Value::BooleanLit(boolean) => NodeKind::Boolean(boolean.value),
        Value::NumberLit(_) => NodeKind::Number,
        Value::StringLit(string) => NodeKind::String(content(string.value, &span)),
        Value::Array(array) => {
            let elements = array.elements.into_iter();
            NodeKind::Sequence(
                elements.map(|element| node(element, base, depth + 1)).collect::<Result<_, _>>()?,
            )
        }
        Value::Object(object) => {
            let mut members = Vec::with_capacity(object.properties.len());
            for property in object.properties {
                let range = property.name.range();
                let key_span = base + range.start..base + range.end;
                let key = match property.name {
                    ObjectPropName::String(name) => content(name.value, &key_span),
                    ObjectPropName::Word(_) => Content::Written(key_span.clone()),
                };
                members.push(Member { key, key_span, value: node(property.value, base, depth + 1)? });
            }
            NodeKind::Mapping(members)
        }
    };
    Ok(Node { span, kind })
}

/// `span` is with the quotes.
fn content(value: Cow<'_, str>, span: &Range<usize>) -> Content {
    match value {
        Cow::Borrowed(_) => Content::Written(span.start + 1..span.end - 1),
        Cow::Owned(value) => Content::Decoded(Zeroizing::new(value)),
    }
}

/// What the library does not tell: comments and commas, and what it lets pass and no client does.
#[derive(Default)]
struct Outline {
    comments: Vec<Range<usize>>,
    trailing_comma: Option<usize>,
}

impl Outline {
    fn of(text: &[u8]) -> Result<Self, Fault> {
        let mut outline = Self::default();
        let mut commas = 0;
        let mut last_comma = None;
        let mut index = 0;
        while let Some(byte) = text.get(index) {
            let start = index;
            index += 1;
            match byte {
                b'"' => index = end_of_string(text, index)?,
                b'/' if matches!(text.get(index), Some(b'/' | b'*')) => {
                    index = end_of_comment(text, index);
                    outline.comments.push(start..index);
                    continue;
                }
                b',' => {
                    commas += 1;
                    // Every value but the first of its collection stands behind a comma.
                    if commas > MAX_VALUES {
                        return Err(Fault::too_many(start));
                    }
                    last_comma = Some(start);
                    continue;
                }
                b'}' | b']' => outline.trailing_comma = outline.trailing_comma.or(last_comma),
                b' ' | b'\t' | b'\n' | b'\r' => continue,
                // A space that does not break, from a page in a browser.
                0x0b | 0x0c | 0x80.. => {
                    return Err(Fault::syntax(
                        start,
                        "a character stands here that is allowed in strings only",
                    ));
                }
                _ => {}
            }
            last_comma = None;
        }
        Ok(outline)
    }
}

/// Behind the quote that ends the string whose text begins at `start`, or the end of the file.
fn end_of_string(text: &[u8], start: usize) -> Result<usize, Fault> {
    let mut index = start;
    loop {
        match text.get(index) {
            None => return Ok(index),
            Some(b'"') => return Ok(index + 1),
            Some(b'\n' | b'\r') => {
                return Err(Fault::syntax(start - 1, "the string here has no end in its line"));
            }
            Some(0..b' ') => {
                let what = "a control character in a string has to be written as an escape";
                return Err(Fault::syntax(index, what));
            }
            // Whatever it is, it does not end the string.
            Some(b'\\') if !matches!(text.get(index + 1), Some(0..b' ')) => index += 2,
            Some(_) => index += 1,
        }
    }
}

/// Behind a comment whose second character is at `second`.
fn end_of_comment(text: &[u8], second: usize) -> usize {
    let rest = text.get(second + 1..).unwrap_or_default();
    let length = if text.get(second) == Some(&b'/') {
        rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'))
    } else {
        rest.windows(2).position(|pair| pair == b"*/").map(|position| position + 2)
    };
    length.map_or(text.len(), |length| second + 1 + length)
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

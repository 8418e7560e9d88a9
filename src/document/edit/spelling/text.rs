//! `Written`: a string of a document as it is written, to put other text into it.

use std::ops::Range;

use crate::document::edit::EditWhy;
use crate::document::edit::editor::Editor;
use crate::document::edit::spelling::{self, Alignment, Quoting};
use crate::document::edit::splice::Splice;
use crate::document::node::{Content, Node, NodeKind};
use crate::document::{Document, Syntax};
use crate::secret::{Secret, SecretBuffer};

/// Where its text lies, without the quotes, and the style.
pub(crate) struct Written {
    /// What is written between the quotes.
    pub(crate) inside: Range<usize>,
    /// With quotes, and with the header of a block.
    pub(crate) outside: Range<usize>,
    pub(crate) quoting: Quoting,
}

impl Written {
    /// Of a string; nothing for every other value.
    pub(in crate::document) fn of(document: &Document, node: &Node) -> Option<Self> {
        let NodeKind::String(_) = node.kind else { return None };
        let text = document.text().expose();
        let span = node.span.clone();
        let written = text.get(span.clone())?;
        let (quoting, before, after) = match document.syntax() {
            Syntax::Json | Syntax::Jsonc => (Quoting::Json, 1, 1),
            Syntax::Toml if written.starts_with("\"\"\"") && written.len() >= 6 => (Quoting::TomlLines, 3, 3),
            Syntax::Toml if written.starts_with("'''") && written.len() >= 6 => {
                (Quoting::TomlLiteralLines, 3, 3)
            }
            Syntax::Toml if written.starts_with('\'') => (Quoting::TomlLiteral, 1, 1),
            Syntax::Toml => (Quoting::TomlBasic, 1, 1),
            Syntax::Yaml => {
                if let Some((quoting, header)) = block_header(document, span.start) {
                    return Some(Self { inside: span.clone(), outside: header..span.end, quoting });
                }
                match written.as_bytes().first() {
                    Some(b'\'') => (Quoting::YamlSingle, 1, 1),
                    Some(b'"') => (Quoting::YamlDouble, 1, 1),
                    _ => (Quoting::YamlPlain, 0, 0),
                }
            }
        };
        let mut inside = span.start + before..span.end.checked_sub(after)?;
        if before == 3 {
            // An end of a line behind the quotes is not part of the text.
            let inner = text.get(inside.clone())?;
            inside.start += match inner {
                _ if inner.starts_with("\r\n") => 2,
                _ if inner.starts_with('\n') => 1,
                _ => 0,
            };
        }
        Some(Self { inside, outside: span, quoting })
    }

    /// What is written, put beside what it says.
    pub(in crate::document) fn alignment(&self, document: &Document, node: &Node) -> Option<Alignment> {
        let NodeKind::String(content) = &node.kind else { return None };
        if let Content::Written(span) = content
            && *span == self.inside
        {
            let length = span.len();
            let piece = spelling::align::Piece { written: length, said: length, is_same: true };
            return Some(Alignment(if length == 0 { Vec::new() } else { vec![piece] }));
        }
        let said = content.text(document.text.expose_secret());
        Alignment::of(document.slice(&self.inside), said, self.quoting)
    }
}

/// The style of a block whose text begins there, and where its header is.
fn block_header(document: &Document, start: usize) -> Option<(Quoting, usize)> {
    let text = document.text().expose();
    let comments = &document.tree.comments;
    let mut end = text.get(..start)?.trim_end_matches([' ', '\t', '\n', '\r']).len();
    while let Some(comment) = comments.iter().rev().find(|comment| comment.end == end) {
        end = text.get(..comment.start)?.trim_end_matches([' ', '\t', '\n', '\r']).len();
    }
    if !text.get(end..start)?.contains(['\n', '\r']) {
        return None;
    }
    let before = text.get(..end)?.trim_end_matches(|it: char| it.is_ascii_digit() || matches!(it, '+' | '-'));
    let quoting = match before.as_bytes().last()? {
        b'|' => Quoting::YamlLiteral,
        b'>' => Quoting::YamlFolded,
        _ => return None,
    };
    before.as_bytes().get(before.len().checked_sub(2)?).is_some_and(u8::is_ascii_whitespace).then_some(())?;
    Some((quoting, before.len() - 1))
}

impl Editor<'_> {
    /// Other text in the place of a whole string, in the style that is there if that can hold it.
    pub(in crate::document::edit) fn text_in_place(
        &self,
        node: &Node,
        text: &Secret,
    ) -> Result<Splice, EditWhy> {
        let refused = EditWhy::Unsupported("this string is written in a way that can't be edited");
        let text = text.expose_secret_str().map_err(|_| EditWhy::Unsupported("no text can hold it"))?;
        let written = Written::of(self.document, node).ok_or(refused)?;
        let mut out = SecretBuffer::with_capacity(text.len() + 8);
        let is_block = matches!(written.quoting, Quoting::YamlLiteral | Quoting::YamlFolded);
        let is_plain_and_may = written.quoting != Quoting::YamlPlain || spelling::is_plain_in_yaml(text);
        if !is_block && is_plain_and_may && spelling::write(text, written.quoting, &mut out).is_ok() {
            return Ok(Splice::new(written.outside, out));
        }
        let mut out = SecretBuffer::with_capacity(text.len() + 8);
        spelling::write(text, Quoting::double(self.document.syntax()), &mut out)?;
        let mut outside = written.outside;
        if is_block {
            outside.end = self
                .text
                .get(..outside.end)
                .map_or(outside.end, |it| it.trim_end_matches(['\n', '\r', ' ']).len());
        }
        Ok(Splice::new(outside, out))
    }

    /// Other text in the place of parts of a string, which are in order.
    pub(in crate::document::edit) fn parts(
        &self,
        node: &Node,
        parts: &[(Range<usize>, Secret)],
    ) -> Result<Vec<Splice>, EditWhy> {
        let NodeKind::String(content) = &node.kind else {
            return Err(EditWhy::Unsupported("only text has parts"));
        };
        if parts.windows(2).any(|pair| matches!(pair, [(one, _), (other, _)] if other.start < one.end)) {
            return Err(EditWhy::Overlap);
        }
        let said = content.text(self.document.text.expose_secret());
        if let Some(splices) = self.parts_in_place(node, said, parts) {
            return Ok(splices);
        }
        let all = with_parts(said, parts);
        Ok(vec![self.text_in_place(node, &all)?])
    }

    /// Nothing where the style can't hold the new text.
    fn parts_in_place(
        &self,
        node: &Node,
        said: &str,
        parts: &[(Range<usize>, Secret)],
    ) -> Option<Vec<Splice>> {
        let written = Written::of(self.document, node)?;
        let alignment = written.alignment(self.document, node)?;
        if written.quoting == Quoting::YamlPlain {
            let all = with_parts(said, parts);
            all.expose_secret_str().ok().filter(|text| spelling::is_plain_in_yaml(text))?;
        }
        let mut splices = Vec::with_capacity(parts.len());
        for (part, with) in parts {
            let span = alignment.written(part)?;
            let mut out = SecretBuffer::with_capacity(with.len() + 8);
            for character in with.expose_secret_str().ok()?.chars() {
                written.quoting.spell(character, &mut out).then_some(())?;
            }
            let start = written.inside.start;
            splices.push(Splice::new(start + span.start..start + span.end, out));
        }
        Some(splices)
    }
}

/// A text with parts of it replaced, which are in order.
fn with_parts(said: &str, parts: &[(Range<usize>, Secret)]) -> Secret {
    let added: usize = parts.iter().map(|(_, with)| with.len()).sum();
    let mut out = SecretBuffer::with_capacity(said.len() + added);
    let mut copied = 0;
    for (part, with) in parts {
        out.push(said.get(copied..part.start).unwrap_or_default().as_bytes());
        out.push(with.expose_secret());
        copied = part.end;
    }
    out.push(said.get(copied..).unwrap_or_default().as_bytes());
    out.into_secret()
}

//! TOML, read with `toml`.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use crate::document::MAX_DEPTH;
use crate::document::node::{Content, Fault, Member, Node, NodeKind, Tree};

/// Reads the text, which begins `base` bytes after the beginning of the file.
pub(super) fn read(text: &str, base: usize) -> Result<Tree, Fault> {
    let table = DeTable::parse(text).map_err(|error| {
        let offset = base + error.span().map_or(0, |span| span.start);
        Fault::syntax(offset, "this is not allowed here")
    })?;
    let reader = Reader { text, base };
    let mut root = reader.table(table.into_inner(), base..base, 0)?;
    root.span = base..base + text.len();
    Ok(Tree { root, comments: Vec::new(), leniency: None })
}

struct Reader<'t> {
    text: &'t str,
    base: usize,
}

impl Reader<'_> {
    fn table(&self, table: DeTable<'_>, span: Range<usize>, depth: usize) -> Result<Node, Fault> {
        let mut members = Vec::with_capacity(table.len());
        for (key, value) in table {
            let key_span = self.base + key.span().start..self.base + key.span().end;
            let content = self.content(key.into_inner().into_owned(), &key_span);
            members.push(Member { key: content, key_span, value: self.node(value, depth + 1)? });
        }
        members.sort_by_key(|member| member.key_span.start);
        Ok(Node { span, kind: NodeKind::Mapping(members) })
    }

    fn node(&self, value: Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Fault> {
        let span = self.base + value.span().start..self.base + value.span().end;
        if depth > MAX_DEPTH {
            return Err(Fault::too_deep(span.start));
        }
        let kind = match value.into_inner() {
            DeValue::String(text) => NodeKind::String(self.content(text.into_owned(), &span)),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => NodeKind::Number,
            DeValue::Boolean(boolean) => NodeKind::Boolean(boolean),
            DeValue::Array(array) => NodeKind::Sequence(
                array.into_iter().map(|it| self.node(it, depth + 1)).collect::<Result<_, _>>()?,
            ),
            DeValue::Table(table) => return self.table(table, span, depth),
        };
        Ok(Node { span, kind })
    }

    fn content(&self, value: String, span: &Range<usize>) -> Content {
        let value = Zeroizing::new(value);
        let written = self.text.get(span.start - self.base..span.end - self.base).unwrap_or_default();
        let quotes = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quotes| written.len() >= 2 * quotes.len() && written.starts_with(quotes))
            .map_or(0, str::len);
        let inner = span.start + quotes..span.end - quotes;
        let same = self.text.get(inner.start - self.base..inner.end - self.base) == Some(value.as_str());
        if same { Content::Written(inner) } else { Content::Decoded(value) }
    }
}

//! Which way a collection is written decides how values come into it and go.

use std::ops::Range;

use crate::document::Syntax;
use crate::document::edit::editor::Editor;
use crate::document::edit::flow::Flow;
use crate::document::edit::render::Layout;
use crate::document::edit::splice::Splice;
use crate::document::edit::style::indentation;
use crate::document::edit::{EditWhy, Insertion, NewValue, Written};
use crate::document::node::{Node, NodeKind};
use crate::secret::SecretBuffer;

impl Editor<'_> {
    /// Takes children away and puts new ones in; says whether every one has a line of its own.
    pub(super) fn collection(
        &self,
        node: &Node,
        removed: &[usize],
        insertions: &[Insertion],
        outer_is_tall: bool,
        splices: &mut Vec<Splice>,
    ) -> Result<bool, EditWhy> {
        let is_changed = !removed.is_empty() || !insertions.is_empty();
        let is_flow = match self.document.syntax() {
            Syntax::Json | Syntax::Jsonc => true,
            Syntax::Toml | Syntax::Yaml => self.is_in_brackets(node),
        };
        if !is_flow {
            if is_changed && self.document.syntax() == Syntax::Toml {
                splices.extend(self.table(node, removed, insertions)?);
            } else if is_changed {
                splices.extend(self.block(node, removed, insertions)?);
            }
            return Ok(true);
        }
        if !is_changed {
            return Ok(Flow::of(self, node, removed, outer_is_tall).is_ok_and(|flow| flow.is_tall()));
        }
        let flow = Flow::of(self, node, removed, outer_is_tall)?;
        splices.extend(flow.change(insertions)?);
        Ok(flow.is_tall())
    }

    /// Whether it begins with a bracket.
    pub(super) fn is_in_brackets(&self, node: &Node) -> bool {
        let bracket = match node.kind {
            NodeKind::Mapping(_) => b'{',
            _ => b'[',
        };
        // An array of tables of TOML begins with a bracket too: its tables do not lie in it.
        let is_around = match &node.kind {
            NodeKind::Sequence(items) => {
                items.iter().all(|item| node.span.start < item.span.start && item.span.end < node.span.end)
            }
            _ => true,
        };
        node.span.len() >= 2 && is_around && self.byte(node.span.start) == Some(bracket)
    }

    /// Another value in the place of one.
    pub(super) fn replacement(
        &self,
        node: &Node,
        with: &NewValue,
        outer_is_tall: bool,
    ) -> Result<Vec<Splice>, EditWhy> {
        if let (NewValue::Text(text), NodeKind::String(_)) = (with, &node.kind) {
            return Ok(vec![self.text_in_place(node, text)?]);
        }
        if matches!(node.kind, NodeKind::Null) && node.span.is_empty() {
            return Ok(vec![self.in_place_of_nothing(node, with)?]);
        }
        let is_collection = matches!(node.kind, NodeKind::Sequence(_) | NodeKind::Mapping(_));
        let is_yaml = self.document.syntax() == Syntax::Yaml;
        let (span, is_tall) = if is_yaml {
            (self.extent(node), false)
        } else if is_collection {
            (node.span.clone(), Flow::of(self, node, &[], outer_is_tall)?.is_tall())
        } else {
            (node.span.clone(), outer_is_tall)
        };
        let layout = Layout { indentation: indentation(self.text, node.span.start).to_owned(), is_tall };
        let mut out = SecretBuffer::with_capacity(64);
        self.render(with, &layout, &mut out)?;
        Ok(vec![Splice::new(span, out)])
    }

    /// Where a value of YAML is written: with the header of a block, without the end of its last line.
    fn extent(&self, node: &Node) -> Range<usize> {
        let span = Written::of(self.document, node).map_or_else(|| node.span.clone(), |it| it.outside);
        let text = self.text.get(..span.end).unwrap_or_default();
        span.start..text.trim_end_matches(['\n', '\r', ' ']).len().max(span.start)
    }
}

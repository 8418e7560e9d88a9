//! `Editor`: makes splices of changes.

use std::collections::HashMap;
use std::ops::Range;

use crate::document::Document;
use crate::document::edit::splice::Splice;
use crate::document::edit::style::Style;
use crate::document::edit::{EditWhy, Marks};
use crate::document::node::{Node, NodeKind};

/// Makes splices of changes.
pub(super) struct Editor<'d> {
    pub(super) document: &'d Document,
    pub(super) text: &'d str,
    pub(super) style: Style,
    pub(super) marks: &'d HashMap<*const Node, Marks>,
    pub(super) groups: &'d [(String, *const Node)],
}

/// Why, and at which byte.
pub(super) type Refused = (usize, EditWhy);

impl Editor<'_> {
    pub(super) fn splices(&self) -> Result<Vec<Splice>, Refused> {
        let mut splices = Vec::new();
        self.visit(&self.document.tree.root, true, (0, 0), &mut splices)?;
        Ok(splices)
    }

    /// `is_tall` says whether what holds the value has a line for every one. As deep as the document, which has a limit.
    fn visit(
        &self,
        node: &Node,
        is_tall: bool,
        (group, depth): (usize, isize),
        splices: &mut Vec<Splice>,
    ) -> Result<(), Refused> {
        let first = splices.len();
        let group = self.groups.iter().position(|(_, entry)| std::ptr::eq(*entry, node)).unwrap_or(group);
        if self.changes_elsewhere(node) {
            return Err((node.span.start, EditWhy::Shared));
        }
        let is_tall = self.change(node, is_tall, splices).map_err(|why| (node.span.start, why))?;
        for splice in splices.iter_mut().skip(first) {
            splice.group = group;
            splice.rank = if splice.is_before { depth + 1 } else { -depth };
        }
        for child in children(node) {
            if self.is_removed(child) || is_tall.is_none() {
                if self.is_removed(child) && self.changes_elsewhere(child) {
                    return Err((child.span.start, EditWhy::Shared));
                }
                if self.has_marks_below(child) {
                    return Err((child.span.start, EditWhy::Overlap));
                }
            } else {
                self.visit(child, is_tall.unwrap_or_default(), (group, depth + 1), splices)?;
            }
        }
        Ok(())
    }

    /// What happens to a value itself, and to what it holds as a whole. Says whether what it holds has lines of its own;
    /// nothing where another value takes its place.
    fn change(&self, node: &Node, is_tall: bool, splices: &mut Vec<Splice>) -> Result<Option<bool>, EditWhy> {
        let marks = self.marks.get(&std::ptr::from_ref(node));
        if let Some(marks) = marks {
            if let Some(replacement) = &marks.replacement {
                if !marks.parts.is_empty() || !marks.insertions.is_empty() {
                    return Err(EditWhy::Overlap);
                }
                splices.extend(self.replacement(node, replacement, is_tall)?);
                return Ok(None);
            }
            if !marks.parts.is_empty() {
                splices.extend(self.parts(node, &marks.parts)?);
            }
        }
        if !matches!(node.kind, NodeKind::Sequence(_) | NodeKind::Mapping(_)) {
            return Ok(Some(false));
        }
        let removed: Vec<usize> = children(node)
            .enumerate()
            .filter(|(_, child)| self.is_removed(child))
            .map(|(number, _)| number)
            .collect();
        let insertions = marks.map_or(&[][..], |marks| marks.insertions.as_slice());
        self.collection(node, &removed, insertions, is_tall, splices).map(Some)
    }

    /// Whether a change of the value would change other places, which repeat it, or take away what they repeat.
    fn changes_elsewhere(&self, node: &Node) -> bool {
        let Some(marks) = self.marks.get(&std::ptr::from_ref(node)) else { return false };
        let is_in =
            |inner: &Range<usize>, outer: &Range<usize>| outer.start <= inner.start && inner.end <= outer.end;
        let goes = marks.is_removed || marks.replacement.is_some();
        let mut shared = self.document.tree.shared.iter();
        shared.any(|shared| is_in(&node.span, shared) || (goes && is_in(shared, &node.span)))
    }

    fn is_removed(&self, node: &Node) -> bool {
        self.marks.get(&std::ptr::from_ref(node)).is_some_and(|marks| marks.is_removed)
    }

    /// Whether something in a value that goes is to be changed, or the value itself in another way.
    fn has_marks_below(&self, node: &Node) -> bool {
        let marks = self.marks.get(&std::ptr::from_ref(node));
        let is_marked = marks.is_some_and(|marks| {
            marks.replacement.is_some() || !marks.parts.is_empty() || !marks.insertions.is_empty()
        });
        let is_inner = |child: &Node| self.is_removed(child) || self.has_marks_below(child);
        is_marked || children(node).any(is_inner)
    }

    pub(super) fn byte(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(offset).copied()
    }

    /// The next byte that is neither white space nor in a comment, or the end.
    pub(super) fn significant(&self, from: usize, end: usize) -> usize {
        let mut at = from;
        while at < end {
            if let Some(comment) = self.comment_at(at) {
                at = comment.end;
            } else if matches!(self.byte(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                at += 1;
            } else {
                break;
            }
        }
        at.min(end)
    }

    /// Behind blanks and tabs.
    pub(super) fn behind_blanks(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        self.text.len() - rest.trim_start_matches([' ', '\t']).len()
    }

    pub(super) fn comment_at(&self, offset: usize) -> Option<&Range<usize>> {
        let comments = &self.document.tree.comments;
        let number = comments.binary_search_by_key(&offset, |comment| comment.start).ok()?;
        comments.get(number)
    }

    pub(super) fn comment_around(&self, offset: usize) -> Option<&Range<usize>> {
        let comments = &self.document.tree.comments;
        let number = comments.partition_point(|comment| comment.start <= offset).checked_sub(1)?;
        comments.get(number).filter(|comment| offset < comment.end)
    }

    pub(super) fn has_comment(&self, span: &Range<usize>) -> bool {
        let comments = &self.document.tree.comments;
        let number = comments.partition_point(|comment| comment.start < span.start);
        comments.get(number).is_some_and(|comment| comment.start < span.end)
    }
}

/// What a collection holds, in the order of the file.
fn children(node: &Node) -> Box<dyn Iterator<Item = &Node> + '_> {
    match &node.kind {
        NodeKind::Sequence(nodes) => Box::new(nodes.iter()),
        NodeKind::Mapping(members) => Box::new(members.iter().map(|member| &member.value)),
        _ => Box::new(std::iter::empty()),
    }
}

//! EDITS BY SPAN: what a document says is changed, and every byte that the change is not about stays as it is.
//!
//! What is put in follows the style around it. The result is parsed again and compared with what was meant before
//! anybody gets to see it.

mod collection;
mod error;
mod flow;
mod new_value;
mod render;
mod spelling;
mod splice;
mod style;
mod verify;

use std::collections::HashMap;
use std::ops::Range;

pub(crate) use crate::document::edit::error::{EditError, EditWhy};
pub(crate) use crate::document::edit::new_value::NewValue;
pub(crate) use crate::document::edit::splice::Splice;

use crate::document::edit::style::Style;
use crate::document::node::{Node, NodeKind};
use crate::document::{Document, Shape, Value};
use crate::secret::Secret;

/// Changes of one document, made all at once. All of them are about the document as it is before.
pub(crate) struct Edits<'d> {
    document: &'d Document,
    marks: HashMap<*const Node, Marks>,
    fault: Option<(usize, EditWhy)>,
}

/// What happens to one value.
#[derive(Default)]
struct Marks {
    replacement: Option<NewValue>,
    /// Parts of a text, and what comes there.
    parts: Vec<(Range<usize>, Secret)>,
    is_removed: bool,
    insertions: Vec<Insertion>,
}

/// What comes into a collection, before the value that has this number now.
struct Insertion {
    index: usize,
    key: Option<String>,
    value: NewValue,
}

impl<'d> Edits<'d> {
    /// No changes so far.
    pub(crate) fn of(document: &'d Document) -> Self {
        Self { document, marks: HashMap::new(), fault: None }
    }

    /// Whether nothing is to be changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Puts another value in the place of one.
    pub(crate) fn replace(&mut self, value: &Value<'d>, with: NewValue) {
        let marks = self.marks(value);
        let is_twice = marks.replacement.replace(with).is_some();
        self.note(is_twice, value, EditWhy::Overlap);
    }

    /// Puts other text in the place of a part of a text, which is counted in bytes of what it says.
    pub(crate) fn replace_part(&mut self, value: &Value<'d>, part: Range<usize>, with: Secret) {
        let is_there = value.text().is_some_and(|text| text.expose().get(part.clone()).is_some());
        self.note(!is_there, value, EditWhy::Unsupported("this text has no such part"));
        self.marks(value).parts.push((part, with));
    }

    /// Adds a member at the end of a mapping.
    pub(crate) fn insert(&mut self, mapping: &Value<'d>, key: &str, value: NewValue) {
        self.insert_at(mapping, usize::MAX, key, value);
    }

    /// Adds a member before the one that has this number; where order says nothing, it may come to stand elsewhere.
    pub(crate) fn insert_at(&mut self, mapping: &Value<'d>, index: usize, key: &str, value: NewValue) {
        self.note(
            mapping.shape() != Shape::Mapping,
            mapping,
            EditWhy::Unsupported("only a mapping takes a key"),
        );
        let has_key = mapping.members().any(|(name, member)| {
            name.is(key) && !self.marks.get(&member.address()).is_some_and(|marks| marks.is_removed)
        });
        self.note(has_key, mapping, EditWhy::KeyExists);
        let index = index.min(mapping.members().count());
        self.marks(mapping).insertions.push(Insertion { index, key: Some(key.to_owned()), value });
    }

    /// Adds items to a sequence, before the one that has this number.
    pub(crate) fn insert_items(&mut self, sequence: &Value<'d>, index: usize, items: Vec<NewValue>) {
        self.note(
            sequence.shape() != Shape::Sequence,
            sequence,
            EditWhy::Unsupported("only a sequence takes items"),
        );
        let index = index.min(sequence.items().count());
        let insertions = items.into_iter().map(|value| Insertion { index, key: None, value });
        self.marks(sequence).insertions.extend(insertions);
    }

    /// Takes a member away with its key, or an item of a sequence.
    pub(crate) fn remove(&mut self, value: &Value<'d>) {
        let is_root = std::ptr::eq(value.node, &raw const self.document.tree.root);
        self.note(is_root, value, EditWhy::Unsupported("the whole document can't be taken away"));
        self.marks(value).is_removed = true;
    }

    /// Makes the changes, reads the result, and compares it with what was meant.
    ///
    /// # Errors
    /// Where two changes are about one place, where the way something is written can't be edited, or where the result
    /// does not read back as it was meant.
    pub(crate) fn apply(mut self) -> Result<Edited, EditError> {
        if let Some((offset, why)) = self.fault.take() {
            return Err(self.error(offset, why));
        }
        for marks in self.marks.values_mut() {
            marks.insertions.sort_by_key(|insertion| insertion.index);
            marks.parts.sort_by_key(|(part, _)| part.start);
        }
        let editor = Editor {
            document: self.document,
            text: self.document.text().expose(),
            style: Style::of(self.document),
            marks: &self.marks,
        };
        let splices = editor.splices().map_err(|(offset, why)| self.error(offset, why))?;
        let splices = splice::ordered(splices).map_err(|offset| self.error(offset, EditWhy::Overlap))?;
        let text = splice::applied(editor.text.as_bytes(), &splices, &[]);
        let meant = Document::parse(self.document.path(), text, self.document.syntax());
        let first = splices.first().map_or(0, |splice| splice.span.start);
        let mut document = meant.map_err(|_| self.error(first, EditWhy::NotAsMeant))?;
        if let Err(offset) = verify::is_as_meant(self.document, &self.marks, &document) {
            return Err(self.error(offset, EditWhy::NotAsMeant));
        }
        document.tail = Secret::copy_of(self.document.tail.expose_secret());
        Ok(Edited { document, splices })
    }

    fn marks(&mut self, value: &Value<'d>) -> &mut Marks {
        self.marks.entry(value.address()).or_default()
    }

    fn note(&mut self, is_wrong: bool, value: &Value<'d>, why: EditWhy) {
        if is_wrong && self.fault.is_none() {
            self.fault = Some((value.span().start, why));
        }
    }

    fn error(&self, offset: usize, why: EditWhy) -> EditError {
        EditError::new(self.document.path(), self.document.place(offset), why)
    }
}

/// A document after its changes, which is not written yet.
pub(crate) struct Edited {
    document: Document,
    splices: Vec<Splice>,
}

impl Edited {
    /// The document as it is then.
    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// What was replaced by what, in the order of the file; all else is the same.
    pub(crate) fn splices(&self) -> &[Splice] {
        &self.splices
    }

    /// All bytes of the file as it is then.
    pub(crate) fn whole(&self) -> Secret {
        self.document.whole()
    }
}

/// Makes splices of changes.
struct Editor<'d> {
    document: &'d Document,
    text: &'d str,
    style: Style,
    marks: &'d HashMap<*const Node, Marks>,
}

/// Why, and at which byte.
type Refused = (usize, EditWhy);

impl Editor<'_> {
    fn splices(&self) -> Result<Vec<Splice>, Refused> {
        let mut splices = Vec::new();
        self.visit(&self.document.tree.root, true, &mut splices)?;
        Ok(splices)
    }

    /// `is_tall` says whether what holds the value has a line for every one. As deep as the document, which has a limit.
    fn visit(&self, node: &Node, is_tall: bool, splices: &mut Vec<Splice>) -> Result<(), Refused> {
        let start = node.span.start;
        let marks = self.marks.get(&std::ptr::from_ref(node));
        if let Some(marks) = marks {
            if let Some(replacement) = &marks.replacement {
                if !marks.parts.is_empty() || !marks.insertions.is_empty() || self.has_marks_below(node) {
                    return Err((start, EditWhy::Overlap));
                }
                splices.extend(self.replacement(node, replacement, is_tall).map_err(|why| (start, why))?);
                return Ok(());
            }
            if !marks.parts.is_empty() {
                splices.extend(self.parts(node, &marks.parts).map_err(|why| (start, why))?);
            }
        }
        let children: Vec<&Node> = match &node.kind {
            NodeKind::Sequence(nodes) => nodes.iter().collect(),
            NodeKind::Mapping(members) => members.iter().map(|member| &member.value).collect(),
            _ => return Ok(()),
        };
        let mut removed = Vec::new();
        for (number, child) in children.iter().enumerate() {
            if self.is_removed(child) {
                if self.has_marks_below(child) {
                    return Err((child.span.start, EditWhy::Overlap));
                }
                removed.push(number);
            }
        }
        let insertions = marks.map_or(&[][..], |marks| marks.insertions.as_slice());
        let is_tall =
            self.collection(node, &removed, insertions, is_tall, splices).map_err(|why| (start, why))?;
        for child in children {
            if !self.is_removed(child) {
                self.visit(child, is_tall, splices)?;
            }
        }
        Ok(())
    }

    fn is_removed(&self, node: &Node) -> bool {
        self.marks.get(&std::ptr::from_ref(node)).is_some_and(|marks| marks.is_removed)
    }

    fn has_marks_below(&self, node: &Node) -> bool {
        let is_marked =
            |node: &Node| self.marks.contains_key(&std::ptr::from_ref(node)) || self.has_marks_below(node);
        match &node.kind {
            NodeKind::Sequence(nodes) => nodes.iter().any(is_marked),
            NodeKind::Mapping(members) => members.iter().any(|member| is_marked(&member.value)),
            _ => false,
        }
    }

    fn byte(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(offset).copied()
    }

    /// The next byte that is neither white space nor in a comment, or the end.
    fn significant(&self, from: usize, end: usize) -> usize {
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
    fn behind_blanks(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        self.text.len() - rest.trim_start_matches([' ', '\t']).len()
    }

    fn comment_at(&self, offset: usize) -> Option<&Range<usize>> {
        let comments = &self.document.tree.comments;
        let number = comments.binary_search_by_key(&offset, |comment| comment.start).ok()?;
        comments.get(number)
    }

    fn comment_around(&self, offset: usize) -> Option<&Range<usize>> {
        let comments = &self.document.tree.comments;
        let number = comments.partition_point(|comment| comment.start <= offset).checked_sub(1)?;
        comments.get(number).filter(|comment| offset < comment.end)
    }

    fn has_comment(&self, span: &Range<usize>) -> bool {
        let comments = &self.document.tree.comments;
        let number = comments.partition_point(|comment| comment.start < span.start);
        comments.get(number).is_some_and(|comment| comment.start < span.end)
    }
}

#[cfg(test)]
mod tests;

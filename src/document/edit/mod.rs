//! EDITS BY SPAN: what a document says is changed, and every byte that the change is not about stays as it is.
//!
//! What is put in follows the style around it. The result is parsed again and compared with what was meant before
//! anybody gets to see it.

mod block;
mod collection;
mod editor;
mod error;
mod flow;
mod new_value;
mod render;
mod spelling;
mod splice;
mod statements;
mod style;
mod tables;
mod verify;

use std::collections::HashMap;
use std::ops::Range;

pub(crate) use crate::document::edit::error::{EditError, EditWhy};
pub(crate) use crate::document::edit::new_value::NewValue;
pub(crate) use crate::document::edit::spelling::{Quoting, Spelling, Written};
pub(crate) use crate::document::edit::splice::{Splice, applied};

use crate::document::edit::editor::Editor;
use crate::document::edit::style::Style;
use crate::document::node::Node;
use crate::document::{Document, Shape, Value};
use crate::secret::Secret;

/// Changes of one document, made all at once. All of them are about the document as it is before.
pub(crate) struct Edits<'d> {
    document: &'d Document,
    marks: HashMap<*const Node, Marks>,
    hidden: Vec<Hidden>,
    /// What edits are undone together: what is in no entry, and then every entry.
    groups: Vec<(String, *const Node)>,
    fault: Option<(usize, EditWhy)>,
}

/// What happens to one value.
#[derive(Default)]
pub(super) struct Marks {
    pub(super) replacement: Option<NewValue>,
    /// Parts of a text, and what comes there.
    pub(super) parts: Vec<(Range<usize>, Secret)>,
    is_removed: bool,
    pub(super) insertions: Vec<Insertion>,
}

/// What comes into a collection, before the value that has this number now.
pub(super) struct Insertion {
    pub(super) index: usize,
    pub(super) key: Option<String>,
    pub(super) value: NewValue,
}

/// A part of a text that is a secret, and the name that it is stored under.
pub(super) struct Hidden {
    pub(super) address: *const Node,
    pub(super) part: Range<usize>,
    pub(super) name: String,
}

impl<'d> Edits<'d> {
    /// No changes so far.
    pub(crate) fn of(document: &'d Document) -> Self {
        let groups = vec![(String::new(), &raw const document.tree.root)];
        Self { document, marks: HashMap::new(), hidden: Vec::new(), groups, fault: None }
    }

    /// Whether nothing is to be changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Says that edits in this value belong together, and what they are called: they are undone by themselves.
    pub(crate) fn group(&mut self, entry: &Value<'d>, label: &str) {
        if !self.groups.iter().any(|(_, node)| *node == entry.address()) {
            self.groups.push((label.to_owned(), entry.address()));
        }
    }

    /// Says that a text, or a part of it, is the value of the credential of this name, so that the way back holds the
    /// name in its stead. Nothing is changed by that.
    pub(crate) fn hide(&mut self, value: &Value<'d>, part: Option<Range<usize>>, name: &str) {
        let length = value.text().map_or(0, |text| text.expose().len());
        let part = part.unwrap_or(0..length);
        self.note(part.end > length, value, EditWhy::Unsupported("this text has no such part"));
        self.hidden.push(Hidden { address: value.address(), part, name: name.to_owned() });
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

    /// Says that what is meant can't be done with a value: nothing will be.
    pub(crate) fn refuse(&mut self, value: &Value<'d>, why: EditWhy) {
        self.note(true, value, why);
    }

    /// Makes the changes, reads the result, and compares it with what was meant.
    ///
    /// # Errors
    /// Where two changes are about one place, where the way something is written can't be edited, or where the result
    /// does not read back as it was meant.
    pub(crate) fn apply(mut self) -> Result<Edited<'d>, EditError> {
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
            groups: &self.groups,
        };
        let splices = editor.splices().map_err(|(offset, why)| self.error(offset, why))?;
        let splices = splice::ordered(splices).map_err(|offset| self.error(offset, EditWhy::Overlap))?;
        let text = splice::applied(editor.text.as_bytes(), &splices);
        let first = splices.first().map_or(0, |splice| splice.span.start);
        let document = self.document.again(text).map_err(|_| self.error(first, EditWhy::NotAsMeant))?;
        if let Err(offset) = verify::is_as_meant(self.document, &self.marks, &document) {
            return Err(self.error(offset, EditWhy::NotAsMeant));
        }
        Ok(Edited { edits: self, document, splices })
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
pub(crate) struct Edited<'d> {
    edits: Edits<'d>,
    document: Document,
    splices: Vec<Splice>,
}

impl<'d> Edited<'d> {
    /// The document as it was.
    pub(crate) fn before(&self) -> &'d Document {
        self.edits.document
    }

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

    /// The document as it is then, alone.
    pub(crate) fn into_document(self) -> Document {
        self.document
    }

    pub(super) fn hidden(&self) -> &[Hidden] {
        &self.edits.hidden
    }

    pub(super) fn groups(&self) -> &[(String, *const Node)] {
        &self.edits.groups
    }

    pub(super) fn group_of(&self, value: &Value<'d>) -> Option<usize> {
        self.edits.groups.iter().position(|(_, node)| *node == value.address())
    }

    pub(super) fn marks_of(&self, value: &Value<'d>) -> Option<&Marks> {
        self.edits.marks.get(&value.address())
    }

    pub(super) fn is_removed(&self, value: &Value<'d>) -> bool {
        self.marks_of(value).is_some_and(|marks| marks.is_removed)
    }
}

#[cfg(test)]
mod tests;

//! Whether a document after its changes says what was meant: the same as before, but for the changes.

use std::collections::HashMap;

use crate::document::edit::{Marks, NewValue};
use crate::document::node::{Member, Node, NodeKind};
use crate::document::{Document, Syntax};

/// Compares both trees. Where they differ, the byte in the text before is the error.
pub(super) fn is_as_meant(
    old: &Document,
    marks: &HashMap<*const Node, Marks>,
    new: &Document,
) -> Result<(), usize> {
    let comparison = Comparison {
        old: old.text.expose_secret(),
        new: new.text.expose_secret(),
        marks,
        is_ordered: old.syntax() != Syntax::Toml,
    };
    if old.leniency().is_none() && new.leniency().is_some() {
        return Err(0);
    }
    comparison.node(&old.tree.root, &new.tree.root)
}

struct Comparison<'c> {
    old: &'c [u8],
    new: &'c [u8],
    marks: &'c HashMap<*const Node, Marks>,
    /// Tables of TOML stand where their headers do.
    is_ordered: bool,
}

/// What is meant to be there.
enum Meant<'m> {
    Old(&'m Node),
    New(&'m NewValue),
}

impl Comparison<'_> {
    fn marks(&self, node: &Node) -> Option<&Marks> {
        self.marks.get(&std::ptr::from_ref(node))
    }

    fn node(&self, old: &Node, new: &Node) -> Result<(), usize> {
        let differs = Err(old.span.start);
        let marks = self.marks(old);
        if let Some(meant) = marks.and_then(|marks| marks.replacement.as_ref()) {
            return if self.is_new(meant, new) { Ok(()) } else { differs };
        }
        match (&old.kind, &new.kind) {
            (NodeKind::Null, NodeKind::Null) => Ok(()),
            (NodeKind::Boolean(old), NodeKind::Boolean(new)) if old == new => Ok(()),
            (NodeKind::Number, NodeKind::Number)
                if self.old.get(old.span.clone()) == self.new.get(new.span.clone()) =>
            {
                Ok(())
            }
            (NodeKind::String(before), NodeKind::String(after)) => {
                let parts = marks.map_or(&[][..], |marks| marks.parts.as_slice());
                let (before, after) = (before.text(self.old), after.text(self.new));
                if is_text_with(before.as_bytes(), parts, after.as_bytes()) { Ok(()) } else { differs }
            }
            (NodeKind::Sequence(before), NodeKind::Sequence(after)) => {
                let mut meant: Vec<(usize, Meant<'_>)> = Vec::with_capacity(after.len());
                for (number, node) in before.iter().enumerate() {
                    if !self.marks(node).is_some_and(|marks| marks.is_removed) {
                        meant.push((number * 2 + 1, Meant::Old(node)));
                    }
                }
                for insertion in marks.iter().flat_map(|marks| &marks.insertions) {
                    meant.push((insertion.index * 2, Meant::New(&insertion.value)));
                }
                meant.sort_by_key(|(number, _)| *number);
                if meant.len() != after.len() {
                    return differs;
                }
                meant.iter().zip(after).try_for_each(|((_, meant), new)| self.one(meant, new, old.span.start))
            }
            (NodeKind::Mapping(before), NodeKind::Mapping(after)) => self.members(old, before, marks, after),
            _ => differs,
        }
    }

    fn members(
        &self,
        old: &Node,
        before: &[Member],
        marks: Option<&Marks>,
        after: &[Member],
    ) -> Result<(), usize> {
        let mut meant: Vec<(usize, &str, Meant<'_>)> = Vec::with_capacity(after.len());
        for (number, member) in before.iter().enumerate() {
            if !self.marks(&member.value).is_some_and(|marks| marks.is_removed) {
                meant.push((number * 2 + 1, member.key.text(self.old), Meant::Old(&member.value)));
            }
        }
        for insertion in marks.iter().flat_map(|marks| &marks.insertions) {
            let key = insertion.key.as_deref().unwrap_or_default();
            meant.push((insertion.index * 2, key, Meant::New(&insertion.value)));
        }
        let mut found: Vec<(&str, &Node)> =
            after.iter().map(|member| (member.key.text(self.new), &member.value)).collect();
        if self.is_ordered {
            meant.sort_by_key(|(number, ..)| *number);
        } else {
            meant.sort_by_key(|(_, key, _)| *key);
            found.sort_by_key(|(key, _)| *key);
        }
        if meant.len() != found.len() {
            return Err(old.span.start);
        }
        meant.iter().zip(found).try_for_each(|((_, key, meant), (found_key, found))| {
            if *key != found_key {
                return Err(old.span.start);
            }
            self.one(meant, found, old.span.start)
        })
    }

    fn one(&self, meant: &Meant<'_>, found: &Node, place: usize) -> Result<(), usize> {
        match meant {
            Meant::Old(old) => self.node(old, found),
            Meant::New(meant) if self.is_new(meant, found) => Ok(()),
            Meant::New(_) => Err(place),
        }
    }

    fn is_new(&self, meant: &NewValue, found: &Node) -> bool {
        match (meant, &found.kind) {
            (NewValue::Null, NodeKind::Null) => true,
            (NewValue::Boolean(meant), NodeKind::Boolean(found)) => meant == found,
            (NewValue::Number(meant), NodeKind::Number) => {
                self.new.get(found.span.clone()) == Some(meant.as_bytes())
            }
            (NewValue::Text(meant), NodeKind::String(found)) => {
                found.text(self.new).as_bytes() == meant.expose_secret()
            }
            (NewValue::Sequence(meant), NodeKind::Sequence(found)) => {
                meant.len() == found.len()
                    && meant.iter().zip(found).all(|(meant, found)| self.is_new(meant, found))
            }
            (NewValue::Mapping(meant), NodeKind::Mapping(found)) => {
                let mut meant: Vec<_> = meant.iter().collect();
                let mut found: Vec<_> =
                    found.iter().map(|member| (member.key.text(self.new), &member.value)).collect();
                if !self.is_ordered {
                    meant.sort_by_key(|(key, _)| key.as_str());
                    found.sort_by_key(|(key, _)| *key);
                }
                meant.len() == found.len()
                    && meant.iter().zip(found).all(|((key, meant), (found_key, found))| {
                        key == found_key && self.is_new(meant, found)
                    })
            }
            _ => false,
        }
    }
}

/// Whether a text is another one with parts of it replaced, which are in order.
fn is_text_with(
    before: &[u8],
    parts: &[(std::ops::Range<usize>, crate::secret::Secret)],
    after: &[u8],
) -> bool {
    let mut rest = after;
    let mut copied = 0;
    for (part, with) in parts {
        let Some(kept) = before.get(copied..part.start) else { return false };
        let Some(next) = rest.strip_prefix(kept).and_then(|rest| rest.strip_prefix(with.expose_secret()))
        else {
            return false;
        };
        rest = next;
        copied = part.end;
    }
    before.get(copied..) == Some(rest)
}

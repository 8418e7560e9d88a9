//! `Step`: one edit by values: what was there, what is there now, and how that is found in a file that its client has
//! written anew.

use serde::{Deserialize, Serialize};

use crate::document::inverse::State;
use crate::document::inverse::template::Template;
use crate::document::{Pointer, Shape, Value};

/// One edit. Pointers begin at the entry, and numbers are those after all edits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// A value took the place of another.
    Replaced {
        at: Pointer,
        /// Where it was before all edits, if that is another place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was_at: Option<Pointer>,
        now: Template,
        before: Template,
    },
    /// A member was added.
    Added { at: Pointer, now: Template },
    /// A member was taken away; it was before the one that has this number now.
    Removed { at: Pointer, index: usize, before: Template },
    /// Items were added to a sequence, the first of which has this number.
    ItemsAdded { to: Pointer, index: usize, now: Vec<Template> },
    /// Items were taken away; they were before the one that has this number now.
    ItemsRemoved {
        from: Pointer,
        index: usize,
        before: Vec<Template>,
        /// How many items the sequence has now.
        length: usize,
    },
}

impl Step {
    /// The pointer of what it is about, in the document.
    pub(super) fn pointer(&self, entry: &Pointer) -> Pointer {
        let at = match self {
            Self::Replaced { at, .. }
            | Self::Added { at, .. }
            | Self::Removed { at, .. }
            | Self::ItemsAdded { to: at, .. }
            | Self::ItemsRemoved { from: at, .. } => at,
        };
        at.steps().fold(entry.clone(), |pointer, step| pointer.join(&step))
    }

    pub(super) fn credentials<'s>(&'s self, names: &mut Vec<&'s str>) {
        match self {
            Self::Replaced { before, .. } | Self::Removed { before, .. } => before.credentials(names),
            Self::ItemsRemoved { before, .. } => before.iter().for_each(|item| item.credentials(names)),
            Self::Added { .. } | Self::ItemsAdded { .. } => {}
        }
    }

    /// What has become of it in an entry.
    pub(super) fn state(&self, entry: &Value<'_>) -> State {
        match self {
            Self::Replaced { at, was_at, now, before } => {
                let found = entry.find(at);
                let former = was_at.as_ref().map_or_else(|| found.clone(), |at| entry.find(at));
                if found.as_ref().is_some_and(|found| now.fits(found)) {
                    State::InPlace
                } else if former.is_some_and(|former| before.fits(&former)) {
                    State::Reverted
                } else {
                    found.map_or(State::Gone, |_| State::Changed)
                }
            }
            Self::Added { at, now } => match entry.find(at) {
                None => State::Reverted,
                Some(found) if now.fits(&found) => State::InPlace,
                Some(_) => State::Changed,
            },
            Self::Removed { at, before, .. } => match entry.find(at) {
                None => State::InPlace,
                Some(found) if before.fits(&found) => State::Reverted,
                Some(_) => State::Changed,
            },
            Self::ItemsAdded { to, index, now } => match entry.find(to) {
                None => State::Gone,
                Some(sequence) if sequence.shape() != Shape::Sequence => State::Changed,
                Some(sequence) if run(&sequence, *index, now).is_some() => State::InPlace,
                Some(sequence) => {
                    let is_any = sequence.items().any(|item| now.iter().any(|now| now.fits(&item)));
                    if is_any { State::Changed } else { State::Reverted }
                }
            },
            Self::ItemsRemoved { from, index, before, length } => match entry.find(from) {
                None => State::Gone,
                Some(sequence) if sequence.shape() != Shape::Sequence => State::Changed,
                // One that may be any text fits its neighbour too.
                Some(sequence) if sequence.items().count() == *length => State::InPlace,
                Some(sequence) if run(&sequence, *index, before).is_some() => State::Reverted,
                Some(_) => State::InPlace,
            },
        }
    }
}

/// Where items stand one after another in a sequence: at this number, else wherever they do.
pub(super) fn run(sequence: &Value<'_>, index: usize, items: &[Template]) -> Option<usize> {
    let found: Vec<Value<'_>> = sequence.items().collect();
    let is_at = |start: usize| {
        found
            .get(start..start + items.len())
            .is_some_and(|found| found.iter().zip(items).all(|(found, item)| item.fits(found)))
    };
    if is_at(index) {
        return Some(index);
    }
    (0..found.len()).find(|start| is_at(*start))
}

//! Undoes edits in a document, whatever its client has done to it since.

use std::cmp::Reverse;
use std::ops::Range;

use crate::document::edit::{Edits, NewValue};
use crate::document::inverse::hunk::{Refill, spliced};
use crate::document::inverse::step::{Step, run};
use crate::document::inverse::{Escaping, Inverse, InverseError, State, Values};
use crate::document::{Document, Pointer, Shape, Syntax, Value};
use crate::secret::Secret;

/// How the edits of one entry were undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restored {
    /// Every byte is as it was.
    Exactly,
    /// The values are as they were, in the style that is there now.
    ByValue,
    /// Nothing was left to undo.
    Already,
    /// Somebody has changed what was edited, so it was left alone.
    Changed,
    /// The entry is gone.
    Gone,
}

/// Undoes edits that were made together. Says of every one how, and gives the document as it is then; nothing where
/// it is as before.
///
/// # Errors
/// Where a credential has no value any more, or one that no text can hold.
pub(crate) fn restore(
    document: &Document,
    inverses: &[&Inverse],
    values: &Values<'_>,
) -> Result<(Option<Document>, Vec<Restored>), InverseError> {
    let written = written(inverses, values)?;
    let get = |named: &str| {
        let own = written.iter().find(|(own, _)| *own == named).map(|(_, value)| value);
        own.or_else(|| (values.get)(named))
    };
    let values = &Values { get: &get };
    let mut outcomes = vec![Restored::Changed; inverses.len()];
    let exact = exactly(document, inverses, values)?;
    let mut is_exact = vec![false; inverses.len()];
    let mut current: Option<Document> = None;
    if let Some((restored, numbers)) = exact {
        for number in numbers {
            if let (Some(outcome), Some(is_exact)) = (outcomes.get_mut(number), is_exact.get_mut(number)) {
                *outcome = Restored::Exactly;
                *is_exact = true;
            }
        }
        current = Some(restored);
    }
    // The last first: items of a sequence keep their numbers.
    for (number, inverse) in inverses.iter().enumerate().rev() {
        if is_exact.get(number) == Some(&true) {
            continue;
        }
        let (restored, outcome) = by_value(current.as_ref().unwrap_or(document), inverse, values)?;
        if let Some(slot) = outcomes.get_mut(number) {
            *slot = outcome;
        }
        current = restored.or(current);
    }
    Ok((current, outcomes))
}

/// The values that are not written as they are, as they are written.
fn written<'i>(
    inverses: &[&'i Inverse],
    values: &Values<'_>,
) -> Result<Vec<(&'i str, Secret)>, InverseError> {
    let named = inverses.iter().flat_map(|inverse| inverse.named());
    let written = named.filter_map(|named| match Escaping::part(named) {
        (credential, Some(escaping)) => {
            Some(values.of(credential).map(|value| (named, escaping.write(value))))
        }
        _ => None,
    });
    written.collect()
}

/// The former bytes for all entries whose bytes are those that were left.
fn exactly(
    document: &Document,
    inverses: &[&Inverse],
    values: &Values<'_>,
) -> Result<Option<(Document, Vec<usize>)>, InverseError> {
    let mut found: Vec<((u8, Reverse<usize>), Refill<'_>)> = Vec::new();
    let mut numbers = Vec::new();
    for (number, inverse) in inverses.iter().enumerate() {
        let places = [inverse.find_entry_at(document), inverse.find_entry(document)];
        // No pointer leads to an entry behind another of the same name: its region is that of the whole document.
        let root = inverse.is_shadowed.then(|| document.root());
        let entries = places.iter().flatten().map(|(_, entry)| entry).chain(&root);
        let mut spans = entries.filter_map(|entry| inverse.region.find(document, entry));
        let Some(span) = spans.next() else { continue };
        if let Some(splices) = inverse.region.splices(span.start, values)? {
            found.extend(splices.into_iter().map(|refill| (turn(&refill.0.span, &span), refill)));
            numbers.push(number);
        }
    }
    found.sort_by_key(|((turn, inner), (splice, _))| (splice.span.start, splice.span.end, *turn, *inner));
    let (splices, secrets): (Vec<_>, Vec<_>) = found.into_iter().map(|(_, refill)| refill).unzip();
    let is_apart =
        splices.windows(2).all(|pair| matches!(pair, [one, other] if one.span.end <= other.span.start));
    if numbers.is_empty() || !is_apart {
        return Ok(None);
    }
    let Ok(restored) = document.again(spliced(document, &splices)) else { return Ok(None) };
    let mut grown = 0_usize;
    let mut shrunk = 0_usize;
    for (splice, secrets) in splices.iter().zip(secrets) {
        let start = splice.span.start + grown - shrunk;
        for (span, value) in secrets {
            if !reads_back(&restored.root(), &(start + span.start..start + span.end), value) {
                return Ok(None);
            }
        }
        grown += splice.with.len();
        shrunk += splice.span.len();
    }
    Ok(Some((restored, numbers)))
}

/// Which of several that come back at one place is the first: what ends a region, the inner one before the outer; then
/// what lies within one; then what begins one.
fn turn(splice: &Range<usize>, region: &Range<usize>) -> (u8, Reverse<usize>) {
    if splice.start == region.end {
        (0, Reverse(region.start))
    } else if splice.start > region.start {
        (1, Reverse(0))
    } else {
        (2, Reverse(0))
    }
}

/// Whether what is written there is a part of a string that says the value: another value than the one that was there
/// may not be possible in its style.
fn reads_back(value: &Value<'_>, span: &Range<usize>, secret: &str) -> bool {
    let is_in = |value: &Value<'_>| {
        let outer = value.span();
        outer.start <= span.start && span.end <= outer.end
    };
    if let Some(text) = value.text() {
        return is_in(value) && text.expose().contains(secret);
    }
    let is_table = value.file_syntax() == Syntax::Toml;
    value
        .members()
        .map(|(_, member)| member)
        .chain(value.items())
        .filter(|inner| is_in(inner) || (is_table && inner.text().is_none()))
        .any(|inner| reads_back(&inner, span, secret))
}

fn by_value(
    document: &Document,
    inverse: &Inverse,
    values: &Values<'_>,
) -> Result<(Option<Document>, Restored), InverseError> {
    let Some((_, entry)) = inverse.find_entry(document) else { return Ok((None, Restored::Gone)) };
    let states: Vec<State> = inverse.steps.iter().map(|step| step.state(&entry)).collect();
    if inverse.is_shadowed || states.contains(&State::Changed) {
        return Ok((None, Restored::Changed));
    }
    if !states.contains(&State::InPlace) {
        return Ok((None, Restored::Already));
    }
    let mut edits = Edits::of(document);
    let mut missing = Missing { roots: Vec::new() };
    for (step, state) in inverse.steps.iter().zip(states) {
        if state == State::InPlace {
            undo(step, &entry, values, &mut edits, &mut missing)?;
        }
    }
    for (ancestor, key, value) in missing.roots {
        match entry.find(&ancestor) {
            Some(mapping) if mapping.shape() == Shape::Mapping => edits.insert(&mapping, &key, value),
            _ => return Ok((None, Restored::Changed)),
        }
    }
    match edits.apply() {
        Ok(edited) => Ok((Some(edited.into_document()), Restored::ByValue)),
        Err(_) => Ok((None, Restored::Changed)),
    }
}

fn undo<'d>(
    step: &Step,
    entry: &Value<'d>,
    values: &Values<'_>,
    edits: &mut Edits<'d>,
    missing: &mut Missing,
) -> Result<(), InverseError> {
    match step {
        Step::Replaced { at, before, .. } => {
            if let Some(found) = entry.find(at) {
                edits.replace(&found, before.filled(values)?);
            }
        }
        Step::Added { at, .. } => {
            if let Some(found) = entry.find(at) {
                edits.remove(&found);
            }
        }
        Step::Removed { at, index, before } => {
            let before = before.filled(values)?;
            let Some((parent, key)) = at.split() else { return Ok(()) };
            match entry.find(&parent) {
                Some(mapping) => edits.insert_at(&mapping, *index, &key, before),
                None => missing.put(entry, at, before),
            }
        }
        Step::ItemsAdded { to, index, now } => {
            let Some(sequence) = entry.find(to) else { return Ok(()) };
            let start = run(&sequence, *index, now).unwrap_or(*index);
            for item in sequence.items().skip(start).take(now.len()) {
                edits.remove(&item);
            }
        }
        Step::ItemsRemoved { from, index, before, .. } => {
            if let Some(sequence) = entry.find(from) {
                let items = before.iter().map(|item| item.filled(values)).collect::<Result<_, _>>()?;
                edits.insert_items(&sequence, *index, items);
            }
        }
    }
    Ok(())
}

/// Members of mappings that are not there any more, as a client leaves out what is empty.
struct Missing {
    /// What is there still, the first key that is not, and what comes under it.
    roots: Vec<(Pointer, String, NewValue)>,
}

impl Missing {
    fn put(&mut self, entry: &Value<'_>, at: &Pointer, value: NewValue) {
        let mut there = Pointer::default();
        let mut steps = at.steps().peekable();
        while let Some(step) = steps.peek() {
            let next = there.join(step);
            if entry.find(&next).is_none() {
                break;
            }
            there = next;
            steps.next();
        }
        let keys: Vec<String> = steps.collect();
        let Some((first, rest)) = keys.split_first() else { return };
        let known = self.roots.iter_mut().find(|(ancestor, key, _)| *ancestor == there && key == first);
        if let Some((_, _, value_there)) = known {
            nest(value_there, rest, value);
            return;
        }
        let mut root = NewValue::Mapping(Vec::new());
        if rest.is_empty() {
            root = value;
        } else {
            nest(&mut root, rest, value);
        }
        self.roots.push((there, first.clone(), root));
    }
}

fn nest(root: &mut NewValue, keys: &[String], value: NewValue) {
    let NewValue::Mapping(members) = root else { return };
    let Some((key, rest)) = keys.split_first() else { return };
    if rest.is_empty() {
        members.push((key.clone(), value));
        return;
    }
    let position = members.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
        members.push((key.clone(), NewValue::Mapping(Vec::new())));
        members.len() - 1
    });
    if let Some((_, inner)) = members.get_mut(position) {
        nest(inner, rest, value);
    }
}

impl Inverse {
    /// The entry in a document, and the way to it. In a sequence it may have another number by now.
    pub(super) fn find_entry<'d>(&self, document: &'d Document) -> Option<(Pointer, Value<'d>)> {
        let here = self.find_entry_at(document);
        let is_it = |value: &Value<'d>| self.steps.iter().all(|step| step.state(value) == State::InPlace);
        if here.as_ref().is_some_and(|(_, value)| is_it(value)) {
            return here;
        }
        let siblings = self.entry.split().and_then(|(parent, _)| Some((document.find(&parent)?, parent)));
        let moved =
            siblings.filter(|(parent, _)| parent.shape() == Shape::Sequence).and_then(|(parent, way)| {
                let (number, value) = parent.items().enumerate().find(|(_, value)| is_it(value))?;
                Some((way.join(&number.to_string()), value))
            });
        moved.or(here)
    }

    pub(super) fn find_entry_at<'d>(&self, document: &'d Document) -> Option<(Pointer, Value<'d>)> {
        Some((self.entry.clone(), document.find(&self.entry)?))
    }
}

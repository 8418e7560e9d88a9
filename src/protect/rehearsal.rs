//! Rehearsal: all changes of a plan and the way back, made in memory, so that what can't be done is known before
//! anything is done.

use std::path::Path;

use crate::check::values::Values;
use crate::configuration::discover::Discovery;
use crate::configuration::entry::{ServerEntry, Standing};
use crate::document::Document;
use crate::document::edit::EditError;
use crate::document::inverse::{self, InverseError};
use crate::os::staged_file;
use crate::protect::changes::Changes;
use crate::protect::mechanism::Left;
use crate::protect::plan::{Plan, Planning, Request};

/// A plan of which everything can be done: what can't stays where it is, as [`rehearse`] has it, and so does what lies in
/// files that can't be replaced.
pub(crate) fn plan<'s, 'd>(
    discovery: &'d Discovery<'_>,
    entries: &'s [Vec<ServerEntry<'d>>],
    values: &'s Values<'s>,
    request: &Request<'_>,
    is_tried: impl Fn(&Document) -> bool,
) -> Plan<'s, 'd> {
    let mut plan = Plan::make(discovery, entries, values, values.known, request);
    leave_fixed_files(discovery, &mut plan);
    rehearse(discovery, &mut plan, is_tried);
    plan
}

/// Leaves every secret in its file that can't be taken out of it, or that could not be put back without a value in the
/// record; the others go all the same. Nothing is written. A document that is not to be tried is taken for one with
/// which all can be done.
pub(crate) fn rehearse<'d>(
    discovery: &'d Discovery<'_>,
    plan: &mut Plan<'_, 'd>,
    is_tried: impl Fn(&Document) -> bool,
) {
    for (reading, read) in discovery.readings.iter().enumerate() {
        if !read.document.as_ref().is_ok_and(&is_tried) {
            continue;
        }
        let entries: Vec<usize> =
            (0..plan.entries.len()).filter(|number| plan.entries[*number].reading == reading).collect();
        if !entries.iter().any(|entry| !active(plan, *entry).is_empty()) {
            continue;
        }
        if attempt(discovery, plan, reading, &entries).is_ok() {
            continue;
        }
        let mut done: Vec<usize> = Vec::with_capacity(entries.len());
        for entry in entries {
            done.push(entry);
            if let Err(left) = attempt(discovery, plan, reading, &done) {
                thin_out(discovery, plan, (reading, entry), &done, &left);
            }
        }
        // One that stays may be in the way of what was fine before it stayed.
        if let Err(left) = attempt(discovery, plan, reading, &done) {
            plan.leave(reading, &left);
        }
    }
}

/// Leaves the secrets of every file that can't be replaced, so far as that is known without a change.
fn leave_fixed_files(discovery: &Discovery<'_>, plan: &mut Plan<'_, '_>) {
    let mut changed: Vec<usize> = plan.entries.iter().map(|entry| entry.reading).collect();
    changed.dedup();
    for reading in changed {
        if let Err(left) = may_be_replaced(&discovery.readings[reading].path) {
            plan.leave(reading, &left);
        }
    }
}

/// Leaves as few secrets of an entry as possible, so that the rest of it can be changed.
fn thin_out<'d>(
    discovery: &'d Discovery<'_>,
    plan: &mut Plan<'_, 'd>,
    (reading, entry): (usize, usize),
    done: &[usize],
    left: &Left,
) {
    let items = active(plan, entry);
    for item in &items {
        let way = std::mem::replace(&mut plan.entries[entry].items[*item].way, Err(left.clone()));
        if attempt(discovery, plan, reading, done).is_ok() {
            return;
        }
        plan.entries[entry].items[*item].way = way;
    }
    let ways: Vec<_> = items
        .iter()
        .map(|item| std::mem::replace(&mut plan.entries[entry].items[*item].way, Err(left.clone())))
        .collect();
    for (item, way) in items.into_iter().zip(ways) {
        plan.entries[entry].items[item].way = way;
        if let Err(left) = attempt(discovery, plan, reading, done) {
            plan.entries[entry].items[item].way = Err(left);
        }
    }
}

/// The secrets of an entry with which something is done.
fn active(plan: &Plan<'_, '_>, entry: usize) -> Vec<usize> {
    let items = plan.entries[entry].items.iter().enumerate();
    items.filter(|(_, item)| item.way.is_ok()).map(|(number, _)| number).collect()
}

/// Makes the changes of these entries of a file, and the way back, and looks at it as its clients would.
fn attempt<'d>(
    discovery: &'d Discovery<'_>,
    plan: &Plan<'_, 'd>,
    reading: usize,
    entries: &[usize],
) -> Result<(), Left> {
    let Ok(document) = &discovery.readings[reading].document else { return Ok(()) };
    let plannings: Vec<&Planning<'_, 'd>> = entries.iter().map(|number| &plan.entries[*number]).collect();
    let edits = Changes::of(document, &plannings, &plan.values);
    let edited = edits.apply().map_err(|error| not_edited(&error))?;
    inverse::inverses(&edited, &plan.left_in(reading)).map_err(|error| not_undone(&error))?;
    are_started(discovery, reading, document, edited.document())
}

/// Whether every server that its client starts is one that the client would start afterwards: a list of commands that
/// are allowed may not have ours.
fn are_started(
    discovery: &Discovery<'_>,
    reading: usize,
    before: &Document,
    after: &Document,
) -> Result<(), Left> {
    let is_refused = |entry: &&ServerEntry<'_>| entry.standing == Standing::Refused;
    let before = discovery.entries_with(reading, before);
    let after = discovery.entries_with(reading, after);
    let was_refused = |entry: &ServerEntry<'_>| {
        let mut former = before.iter().filter(is_refused);
        former.any(|it| it.value.pointer() == entry.value.pointer() && it.client.id == entry.client.id)
    };
    match after.iter().filter(is_refused).find(|entry| !was_refused(entry)) {
        None => Ok(()),
        Some(entry) => Err(Left::new(
            format!(
                "the settings of {} allow this server as it is, and not under `mcpcred`",
                entry.client.name
            ),
            "ask whoever keeps the list of what is allowed to put the new command on it, and protect it then",
        )),
    }
}

fn not_edited(error: &EditError) -> Left {
    Left::new(
        format!("the file can't be edited at {}: {}", error.place(), error.why()),
        "write that part in a plainer way, and protect it then",
    )
}

fn not_undone(error: &InverseError) -> Left {
    match error {
        InverseError::WouldHoldSecret => Left::new(
            "another secret that has to stay is within the same value or is the same text",
            "take the other one out by hand, and protect this one then",
        ),
        _ => Left::new(
            format!("what would be noted to undo the change could not be: {error}"),
            "take the value out by hand, or write it in a plainer way",
        ),
    }
}

fn may_be_replaced(path: &Path) -> Result<(), Left> {
    staged_file::probe(path).map_err(|error| {
        Left::new(
            format!("the file can't be replaced: {error}"),
            "take the values out where the file is made, or let yourself write it and its folder",
        )
    })
}

//! Drift: servers that `protect` took secrets out of, and that are not as it left them.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use crate::check::finding::{Finding, Location, Reason};
use crate::check::verdict::Verdict;
use crate::configuration::discover::{Discovery, Reading};
use crate::configuration::entry::ServerEntry;
use crate::document::inverse::State;
use crate::document::{Document, Text};
use crate::name::Profile;
use crate::undo::Entry;

/// What was looked at.
pub(crate) struct Look<'l> {
    /// What was found there.
    pub(crate) discovery: &'l Discovery<'l>,
    /// Only these servers; all where the list is empty.
    pub(crate) servers: &'l [String],
    /// Only these clients; all where the list is empty.
    pub(crate) clients: &'l [String],
    /// Whether files were named, so that one that is not among them is not missed.
    pub(crate) is_of_files: bool,
}

/// Tells what a client or a person undid. A secret that stands in a file again is told as one that lies in the open:
/// then it is noted there that it was protected.
pub(crate) fn check(record: &[Entry], profile: &Profile, look: &Look<'_>, findings: &mut Vec<Finding>) {
    let Look { discovery, servers, .. } = look;
    let is_wanted = |entry: &&Entry| {
        entry.profile == *profile
            && !entry.server.is_empty()
            && (servers.is_empty() || servers.contains(&entry.server))
    };
    // What was protected again counts as it was left last.
    let record: Vec<&Entry> = record.iter().rev().filter(is_wanted).collect();
    if record.is_empty() {
        return;
    }
    for (reading, entries) in discovery.readings.iter().zip(discovery.entries()) {
        let Ok(document) = &reading.document else { continue };
        let mut told: BTreeSet<(&str, String)> = BTreeSet::new();
        for entry in record.iter().filter(|entry| entry.file == reading.path) {
            for name in entry.credentials() {
                if told.insert((entry.server.as_str(), name.to_string())) {
                    of_credential(entry, name.as_str(), (reading, document, &entries), findings);
                }
            }
        }
    }
    if !look.is_of_files {
        of_missing_files(&record, look, findings);
    }
}

/// Files that are not there any more, though the folder is that they were in. One that belongs to another project than
/// the one that is looked at is not missed here.
fn of_missing_files(record: &[&Entry], look: &Look<'_>, findings: &mut Vec<Finding>) {
    let mut told: BTreeSet<(&Path, &str)> = BTreeSet::new();
    for entry in record.iter().filter(|entry| entry.is_made()) {
        let file = entry.file.as_path();
        let is_asked_for = look.clients.is_empty() || look.clients.contains(&entry.client);
        let is_gone =
            || fs::symlink_metadata(file).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        let has_folder = || file.parent().is_some_and(Path::is_dir);
        if !is_asked_for
            || !is_gone()
            || !has_folder()
            || is_of_another_project(file, look.discovery)
            || !told.insert((file, entry.server.as_str()))
        {
            continue;
        }
        let names: Vec<String> = entry.credentials().iter().map(|name| format!("`{name}`")).collect();
        let message = format!(
            "`protect` took {} out of this server, and the file that had it is not there any more",
            names.join(", ")
        );
        let verdict = Verdict::warning(Reason::Drifted, message)
            .advice("add the server again, or take it off the record with `mcpcred unprotect`");
        findings.push(Finding {
            server: Some(entry.server.clone()),
            clients: vec![entry.client.clone()],
            credential: entry.credentials().first().map(ToString::to_string),
            location: Some(Location { file: entry.file.clone(), place: None, pointer: None }),
            ..verdict.finding()
        });
    }
}

fn is_of_another_project(file: &Path, discovery: &Discovery<'_>) -> bool {
    let home = discovery.home.as_deref();
    let mut folders = file.ancestors().skip(1).take_while(|folder| Some(*folder) != home);
    let project = folders.find(|folder| folder.join(".git").symlink_metadata().is_ok());
    project.is_some_and(|project| project != discovery.project)
}

fn of_credential(
    entry: &Entry,
    name: &str,
    (reading, document, entries): (&Reading<'_>, &Document, &[ServerEntry<'_>]),
    findings: &mut Vec<Finding>,
) {
    let state = entry.state(document);
    let drifts = entry.drift(document);
    let is_of = |it: &&crate::document::inverse::Drift| it.credentials.iter().any(|own| own == name);
    let reverted = drifts.iter().filter(is_of).find(|it| it.state == State::Reverted);
    let is_asked = entries
        .iter()
        .filter(|it| it.name == entry.server)
        .any(|it| it.all_fields().filter_map(|field| field.value.text()).any(|text| speaks_of(text, name)));
    // An edit that is not known to have been made is not one that was undone.
    if !entry.is_made() {
        return;
    }
    let again = "call `mcpcred protect` again, or `mcpcred unprotect` where it is meant to stay so";
    let verdict = if state == State::Gone {
        let message =
            format!("`protect` took `{name}` out of this server, which is not in its file any more");
        Verdict::warning(Reason::Drifted, message)
            .advice("add the server again, or take it off the record with `mcpcred unprotect`")
    } else if reverted.is_some() {
        let is_its_own = |it: &&mut Finding| {
            it.reason == Reason::Plaintext
                && it.server.as_ref() == Some(&entry.server)
                && it.location.as_ref().is_some_and(|at| at.file == reading.path)
        };
        let mut is_open = false;
        for finding in findings.iter_mut().filter(is_its_own) {
            is_open = true;
            if !finding.message.ends_with(AGAIN) {
                finding.message.push_str(AGAIN);
            }
        }
        if is_open {
            return;
        }
        let message = format!("`protect` took `{name}` out of this server, and something stands there again");
        Verdict::warning(Reason::Drifted, message).advice(again)
    } else if !is_asked && drifts.iter().any(|drift| drift.state != State::InPlace) {
        let message =
            format!("`protect` had this server get `{name}` from mcpcred, and it does not any more");
        Verdict::warning(Reason::Drifted, message).advice(again)
    } else {
        return;
    };
    let pointer = reverted.or(drifts.first()).map(|drift| drift.pointer.clone());
    let found = pointer.as_ref().and_then(|pointer| document.find(pointer));
    let place = found.as_ref().map(crate::document::Value::place_of_key);
    findings.push(Finding {
        server: Some(entry.server.clone()),
        clients: reading.clients(),
        scope: reading.readers.first().map(|reader| reader.file.scope),
        credential: Some(name.to_owned()),
        location: Some(Location { file: reading.path.clone(), place, pointer }),
        ..verdict.finding()
    });
}

/// What is added to the message about a secret in the open.
const AGAIN: &str = "; it had been protected before";

/// Whether the text names the credential, in any case and with either dash, as questions do.
fn speaks_of(text: Text<'_>, name: &str) -> bool {
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
    let is_same =
        |window: &[u8]| window.iter().zip(name.bytes()).all(|(one, other)| plain(*one) == plain(other));
    text.expose().as_bytes().windows(name.len().max(1)).any(is_same)
}

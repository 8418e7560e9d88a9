//! `Preflight`: one check, from the files to the report.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::check::bundles;
use crate::check::copies::Copies;
use crate::check::exposure;
use crate::check::finding::{Action, Finding, Location, Reason, Status};
use crate::check::presence::{Judged, Presence};
use crate::check::quoted::quoted;
use crate::check::synced::synced_by;
use crate::check::values::{For, Values};
use crate::check::verdict::Verdict;
use crate::check::versions;
use crate::configuration::discover::{Discovery, Reading};
use crate::configuration::entry::{ServerEntry, Standing};
use crate::configuration::leftover::{Leftover, text_of};
use crate::configuration::misplaced::{Misplaced, misplaced};
use crate::document::{Document, Leniency, Place, Text, Why};
use crate::name::CredentialName;
use crate::os::readers::can_others_read;

/// How many keys that are written twice are told, of one file.
const MOST_DUPLICATES: usize = 16;

/// What is looked at.
pub(crate) struct Preflight<'c> {
    /// The files in reach.
    pub(crate) discovery: &'c Discovery<'c>,
    /// Only these entries; all of them where the list is empty.
    pub(crate) servers: &'c [String],
    /// What the project says that it needs.
    pub(crate) project_credentials: &'c [String],
    /// The file that says so.
    pub(crate) project_file: Option<PathBuf>,
    /// Whether only what lies in the open is looked for.
    pub(crate) exposure_alone: bool,
    /// Whether the machine as a whole is looked at too: versions of clients, credentials that nobody uses.
    pub(crate) everything: bool,
    /// What judges values.
    pub(crate) values: &'c Values<'c>,
    /// The files of variables that were looked at.
    pub(crate) env_files: RefCell<BTreeSet<PathBuf>>,
}

/// What was found, and on what it is based.
#[derive(Default)]
pub(crate) struct Found {
    /// In the order of the files and of their entries.
    pub(crate) findings: Vec<Finding>,
    /// Names of entries that were seen, before `--server` chose among them.
    pub(crate) servers: BTreeSet<String>,
    /// Names of credentials that something refers to.
    pub(crate) used: BTreeSet<String>,
}

/// Values that were met, and that may lie in copies too.
struct Seen<'v> {
    /// Those that are kept.
    kept: Copies<'v>,
    /// Those that lie in the open in an entry of that name.
    exposed: Vec<(Text<'v>, String)>,
}

impl Preflight<'_> {
    /// Looks at everything; the entries are those of [`Discovery::entries`].
    pub(crate) fn run(&self, entries: &[Vec<ServerEntry<'_>>]) -> Found {
        let mut found = Found::default();
        let mut seen = Seen { kept: Copies::of(self.values, &[]), exposed: Vec::new() };
        for (reading, entries) in self.discovery.readings.iter().zip(entries) {
            self.file(reading, entries, &mut seen, &mut found);
        }
        if self.servers.is_empty() {
            if !self.exposure_alone {
                self.project(&mut found);
            }
            let copies = Copies::of(self.values, &seen.exposed);
            for leftover in &self.discovery.leftovers {
                self.left_over(leftover, &copies, &mut found);
            }
            if self.everything && !self.exposure_alone {
                self.unused(&mut found);
                found
                    .findings
                    .extend(self.discovery.home.as_deref().map(versions::vulnerable).unwrap_or_default());
            }
            self.duplicates(&mut found);
        }
        found
    }

    fn file<'v, 'd: 'v>(
        &'v self,
        reading: &Reading<'_>,
        entries: &[ServerEntry<'d>],
        seen: &mut Seen<'v>,
        found: &mut Found,
    ) {
        let document = match &reading.document {
            Ok(document) => document,
            // A person named it, and it is looked at as what it is.
            Err(_) if bundles::is_packed(&reading.path) => return,
            Err(error) => {
                if self.servers.is_empty() {
                    let mend =
                        if matches!(error.why(), Why::Wide) { "save it as UTF-8" } else { "mend the file" };
                    let verdict = Verdict::problem(Reason::Unreadable, format!("the file {}", error.why()))
                        .advice(format!("{mend}; its servers were not checked"));
                    let finding = Finding {
                        clients: reading.clients(),
                        location: Some(Location::of_file(&reading.path, error.place())),
                        ..verdict.finding()
                    };
                    found.findings.push(finding);
                    let mut of_file = self.unread(reading);
                    self.exposure_of_file(reading, &mut of_file);
                    found.findings.append(&mut of_file);
                }
                return;
            }
        };
        let mut of_file = Vec::new();
        let mut reported = Vec::new();
        let mut is_asked_about = self.servers.is_empty();
        let refusals = reading.refusals();
        for entry in entries {
            found.servers.insert(entry.name.clone());
            if self.servers.is_empty() || self.servers.contains(&entry.name) {
                is_asked_about = true;
                let is_read = !refusals.iter().any(|(_, _, clients)| clients.contains(&&*entry.client.name));
                let mut of_entry =
                    self.entry(entry, (reading.is_committed(), is_read), &mut reported, seen, found);
                of_file.append(&mut of_entry);
            }
        }
        let mut of_file = settle(of_file);
        if is_asked_about {
            refused(reading, refusals, &mut of_file);
        }
        if self.servers.is_empty() {
            self.rest_of_file(reading, document, &reported, &mut of_file);
        }
        self.exposure_of_file(reading, &mut of_file);
        found.findings.append(&mut of_file);
    }

    /// What lies in the open in a file that is no configuration any more.
    fn unread(&self, reading: &Reading<'_>) -> Vec<Finding> {
        let Ok(text) = text_of(&reading.path) else { return Vec::new() };
        let exposed = exposure::unread(self.values, Text::of(&text)).into_iter();
        let findings = exposed.map(|exposed| Finding {
            clients: reading.clients(),
            location: Some(Location::of_file(&reading.path, Some(exposed.place))),
            ..exposed.verdict.finding()
        });
        findings.collect()
    }

    fn entry<'v, 'd: 'v>(
        &'v self,
        entry: &ServerEntry<'d>,
        (is_committed, is_read): (bool, bool),
        reported: &mut Vec<Range<usize>>,
        seen: &mut Seen<'v>,
        found: &mut Found,
    ) -> Vec<Finding> {
        let mut of_entry = Vec::new();
        let env_files = entry.env_files(self.values.home);
        let mut judged = Vec::new();
        for exposed in exposure::of_entry(self.values, entry, is_committed) {
            reported.push(exposed.span);
            judged.push(exposed.judged);
            seen.exposed.push((exposed.secret, entry.name.clone()));
        }
        if entry.enabled && entry.here && !entry.shadowed && is_read && !self.exposure_alone {
            let is_exposed = !judged.is_empty();
            let present = Presence::of(self.values, entry, &env_files, self.project_credentials);
            // That nothing is needed does not go well with a secret that was found.
            judged.extend(present.into_iter().filter(|it| !is_exposed || it.credential.is_some()));
            judged.extend(entry.absent_env_files(self.values.home).map(|value| {
                let what = "the file of variables that the entry names is not there";
                let verdict = Verdict::warning(Reason::Misconfigured, what)
                    .advice("make the file, or let mcpcred hand over what the server needs");
                Judged { credential: None, verdict, value: Some(value.clone()), within: 0 }
            }));
            if entry.standing == Standing::Pending {
                let after = format!("; {} starts the server once you approve it", entry.client.name);
                let ready = judged.iter_mut().filter(|it| it.verdict.status == Status::Ready);
                ready.for_each(|it| it.verdict.message.push_str(&after));
            }
        }
        for file in &env_files {
            if self.env_files.borrow_mut().insert(file.path.clone()) {
                self.left_over(file, &seen.kept, found);
            }
        }
        let faults = if self.exposure_alone { &[] } else { entry.faults.as_slice() };
        for fault in faults {
            let status = if fault.is_grave { Status::Problem } else { Status::Warning };
            let verdict =
                Verdict::new(status, Reason::Misconfigured, fault.what.clone()).advice(fault.mend.clone());
            judged.push(Judged { credential: None, verdict, value: Some(fault.value.clone()), within: 0 });
        }
        // That nothing is needed does not go well with a fault either.
        let is_faulty = judged.iter().any(|it| it.verdict.status == Status::Problem);
        judged.retain(|it| it.credential.is_some() || it.verdict.status != Status::Ready || !is_faulty);
        for Judged { credential, verdict, value, within } in judged {
            if verdict.reason != Reason::Plaintext && !verdict.is_of_other_profile {
                found.used.extend(credential.clone());
            }
            let value = value.as_ref().unwrap_or(&entry.value);
            let is_whole = value.span() == entry.value.span();
            let place = if is_whole { value.place_of_key() } else { value.place_within(within) };
            let location = Some(Location {
                file: value.file().to_owned(),
                place: Some(place),
                pointer: Some(value.pointer().clone()),
            });
            of_entry.push(Finding {
                server: Some(entry.name.clone()),
                clients: vec![entry.client.id.clone()],
                scope: Some(entry.scope),
                credential,
                location,
                ..verdict.finding()
            });
        }
        of_entry
    }

    /// What lies beside the entries: comments, histories, keys that are written twice.
    fn rest_of_file(
        &self,
        reading: &Reading<'_>,
        document: &Document,
        reported: &[Range<usize>],
        of_file: &mut Vec<Finding>,
    ) {
        let at = |place: Option<Place>| Some(Location::of_file(&reading.path, place));
        let misplaced = if self.exposure_alone { Vec::new() } else { misplaced(reading, document) };
        for Misplaced { key, value, wanted, client, has_others } in misplaced {
            let status = if has_others { Status::Warning } else { Status::Problem };
            let message =
                format!("{client} looks for servers under `{wanted}`, and here some stand under `{key}`");
            let verdict = Verdict::new(status, Reason::Misconfigured, message)
                .advice(format!("move them under `{wanted}`, in the form that {client} reads"));
            let (file, pointer) = (reading.path.clone(), Some(value.pointer().clone()));
            of_file.push(Finding {
                clients: reading.clients(),
                location: Some(Location { file, place: Some(value.place_of_key()), pointer }),
                ..verdict.finding()
            });
        }
        for (pointer, place) in document.duplicates().take(MOST_DUPLICATES) {
            let verdict =
                Verdict::warning(Reason::Misconfigured, "a key is written twice, and the later one counts")
                    .advice("take one of them out");
            let location =
                Location { file: reading.path.clone(), place: Some(place), pointer: Some(pointer.clone()) };
            of_file.push(Finding {
                clients: reading.clients(),
                location: Some(location),
                ..verdict.finding()
            });
        }
        for elsewhere in exposure::elsewhere(self.values, document, reported) {
            of_file.push(Finding {
                clients: reading.clients(),
                location: at(Some(elsewhere.place)),
                ..elsewhere.verdict.finding()
            });
        }
    }

    /// Who else gets to see the secrets of a file.
    fn exposure_of_file(&self, reading: &Reading<'_>, of_file: &mut Vec<Finding>) {
        if !of_file.iter().any(|finding| finding.reason == Reason::Plaintext) {
            return;
        }
        let mut push = |verdict: Verdict| {
            of_file.push(Finding {
                clients: reading.clients(),
                location: Some(Location::of_file(&reading.path, None)),
                ..verdict.finding()
            });
        };
        if can_others_read(&reading.path).unwrap_or(false) {
            let message = "other users of this machine can read this file, and it holds a secret";
            push(Verdict::problem(Reason::WorldReadable, message).action(owner_only(&reading.path)));
        }
        if let Some(program) = self.discovery.home.as_deref().and_then(|home| synced_by(&reading.path, home))
        {
            let message = format!("{program} copies this file to other machines, and it holds a secret");
            push(Verdict::problem(Reason::SyncedFolder, message).advice(
                "take the secret out, and replace it at its provider: copies of the file remain in the cloud",
            ));
        }
    }

    /// What the file of the project names, where no server refers to it.
    fn project(&self, found: &mut Found) {
        let Some(file) = &self.project_file else { return };
        for name in self.project_credentials {
            if !found.used.insert(name.clone()) {
                continue;
            }
            let verdict = match self.values.known.variable(name) {
                Some(value) if !value.is_empty() => self.values.value(name, &value),
                _ => self.values.handed_over(name, For::default()),
            };
            found.findings.push(Finding {
                credential: Some(name.clone()),
                location: Some(Location::of_file(file, None)),
                ..verdict.finding()
            });
        }
    }

    fn left_over(&self, leftover: &Leftover, copies: &Copies<'_>, found: &mut Found) {
        let Ok(text) = leftover.text() else { return };
        if let (Some(instead), false) = (&leftover.instead, self.exposure_alone) {
            let message = format!("{}: its servers are not started", leftover.what);
            let advice =
                format!("move those that you need into `{}`, and remove this file", instead.display());
            found.findings.push(Finding {
                clients: leftover.client.iter().cloned().collect(),
                location: Some(Location::of_file(&leftover.path, None)),
                ..Verdict::warning(Reason::Misconfigured, message).advice(advice).finding()
            });
        }
        for exposed in exposure::left_over(self.values, copies, Text::of(&text), leftover) {
            found.findings.push(Finding {
                clients: leftover.client.iter().cloned().collect(),
                location: Some(Location::of_file(&leftover.path, Some(exposed.place))),
                ..exposed.verdict.finding()
            });
        }
    }

    /// Credentials that are kept, that nothing here refers to, and that something is wrong with.
    fn unused(&self, found: &mut Found) {
        let is_used =
            |name: &CredentialName| found.used.iter().any(|it| it.eq_ignore_ascii_case(name.as_str()));
        let mut findings = Vec::new();
        for stored in self.values.known.stored().iter().filter(|stored| !is_used(&stored.name)) {
            let verdict = self.values.stored(stored);
            if matches!(verdict.reason, Reason::Ok | Reason::StoreUnavailable) {
                continue;
            }
            findings.push(Finding { credential: Some(stored.name.to_string()), ..verdict.finding() });
        }
        found.findings.extend(findings);
    }

    /// One value under several names.
    fn duplicates(&self, found: &mut Found) {
        for (fingerprint, name) in &self.values.kept {
            let Some(first) = self.values.stored_with(fingerprint).filter(|first| first != name) else {
                continue;
            };
            let verdict = Verdict::warning(
                Reason::Duplicate,
                format!("`{first}` and `{name}` hold the same value, and only one of them will be replaced"),
            )
            .command(
                format!("keep `{first}`, and hand it over under the other name with `-e {name}={first}`"),
                format!("mcpcred delete {name}"),
            )
            .fingerprint(fingerprint.clone());
            found.findings.push(Finding { credential: Some(name.to_string()), ..verdict.finding() });
        }
    }
}

/// What makes a client pass over the whole file.
fn refused(reading: &Reading<'_>, refusals: Vec<(Leniency, Place, Vec<&str>)>, of_file: &mut Vec<Finding>) {
    for (leniency, place, names) in refusals {
        let (what, mend) = match leniency {
            Leniency::Mark => ("a byte order mark at its beginning", "save the file as UTF-8 without it"),
            Leniency::Comment => ("a comment", "take it out"),
            Leniency::Comma => ("a comma behind the last value", "take it out"),
        };
        let verb = if names.len() == 1 { "passes" } else { "pass" };
        let message = format!("{what}, for which {} {verb} over the whole file", names.join(", "));
        of_file.push(Finding {
            clients: reading.clients(),
            location: Some(Location::of_file(&reading.path, Some(place))),
            ..Verdict::problem(Reason::Unreadable, message).advice(mend).finding()
        });
    }
}

/// How a file is made the owner's alone.
fn owner_only(path: &Path) -> Action {
    let sentence = "let only its owner read it, and take the secret out".to_owned();
    let path = path.to_str().and_then(quoted).filter(|_| cfg!(unix));
    let command = path.map(|path| format!("chmod go-r {path}"));
    Action { sentence, command, page: None }
}

/// One finding for each server and credential: the gravest; and one for several clients of the same file that say
/// the same.
fn settle(findings: Vec<Finding>) -> Vec<Finding> {
    let mut settled: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut places = std::collections::HashMap::new();
    for finding in findings {
        let is_own = finding.reason == Reason::Plaintext || finding.credential.is_none();
        let key = (
            finding.server.clone(),
            finding.credential.clone(),
            finding.clients.clone(),
            is_own.then(|| finding.location.clone()),
        );
        let at = *places.entry(key).or_insert(settled.len());
        match settled.get_mut(at) {
            None => settled.push(finding),
            Some(other) if rank(&finding) > rank(other) => *other = finding,
            Some(_) => {}
        }
    }
    let mut merged: Vec<Finding> = Vec::with_capacity(settled.len());
    let mut places = std::collections::HashMap::new();
    for finding in settled {
        let key = (
            finding.server.clone(),
            finding.credential.clone(),
            finding.reason,
            finding.status,
            finding.location.clone(),
        );
        let at = *places.entry(key).or_insert(merged.len());
        match merged.get_mut(at) {
            None => merged.push(finding),
            Some(other) => {
                let more =
                    finding.clients.into_iter().filter(|it| !other.clients.contains(it)).collect::<Vec<_>>();
                other.clients.extend(more);
            }
        }
    }
    merged
}

fn rank(finding: &Finding) -> (Status, u8) {
    (finding.status, finding.reason.gravity())
}

//! One act of protection, from the files to the report: for the command, and for whoever else calls for it.

use std::io;
use std::path::PathBuf;

use crate::app::App;
use crate::audit::Action;
use crate::catalog::Catalog;
use crate::check::fingerprint::Fingerprints;
use crate::check::known::{Held, Known};
use crate::check::values::Values;
use crate::cli::check::{absent_server, check_clients};
use crate::configuration::discover::{Discovery, Request, discover};
use crate::configuration::places::Places;
use crate::credential::{Facts, Kind};
use crate::credentials::{CredentialError, New, PartlyAdded};
use crate::document::edit::Edited;
use crate::failure::Failure;
use crate::name::CredentialName;
use crate::protect::changes::Changes;
use crate::protect::copies::{self, FoundCopy};
use crate::protect::history::{self, History};
use crate::protect::masked;
use crate::protect::mechanism::Style;
use crate::protect::naming::Planned;
use crate::protect::plan::{self, Plan, Planning, Step};
use crate::protect::program::Program;
use crate::protect::rehearsal;
use crate::recognise::Detector;
use crate::rewrite::{ClientLock, Outcome as Rewritten};
use crate::store::StoreKind;
use crate::undo::{self, Change};

/// What is asked for.
pub(in crate::cli) struct Wanted<'w> {
    /// Only configurations of these clients; of all where the list is empty.
    pub(in crate::cli) clients: &'w [String],
    /// Only these entries; all where the list is empty.
    pub(in crate::cli) servers: &'w [String],
    /// Only the project that the person stands in.
    pub(in crate::cli) project_alone: bool,
    /// What is preferred.
    pub(in crate::cli) style: Style,
    /// Whether copies that nobody reads any more are covered too.
    pub(in crate::cli) scrub: bool,
    /// Whether the person is asked before anything is done.
    pub(in crate::cli) may_ask: bool,
    /// Whether nothing is done at all.
    pub(in crate::cli) is_dry: bool,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli) enum Ending {
    /// There was nothing to do.
    Nothing,
    /// Nothing was done: that was the wish.
    Shown,
    /// There was nobody to ask.
    Unasked,
    /// The person said no.
    Refused,
    /// All of it was done.
    Done,
    /// Not all files could be written; every value is stored.
    Partly,
}

/// A credential of the plan.
#[derive(Debug, serde::Serialize)]
pub(in crate::cli) struct Kept {
    pub(in crate::cli) name: CredentialName,
    /// What it is, in words.
    pub(in crate::cli) what: String,
    /// Whether the value was stored under that name before.
    pub(in crate::cli) was_stored: bool,
    /// The name that another value has, for which this one got its own.
    pub(in crate::cli) instead_of: Option<CredentialName>,
}

/// A file of the plan.
#[derive(Debug)]
pub(in crate::cli) struct FileDone {
    pub(in crate::cli) path: PathBuf,
    /// Who reads it, and what has to be done before the change counts.
    pub(in crate::cli) clients: Vec<(String, Option<String>)>,
    /// Whether teams commit it.
    pub(in crate::cli) is_committed: bool,
    /// The change with the values covered, where nothing is done.
    pub(in crate::cli) difference: Option<String>,
    /// Whether it was written.
    pub(in crate::cli) is_written: bool,
    /// Why it was not.
    pub(in crate::cli) why: Option<String>,
}

/// What was found and done. No part of it is a value.
#[derive(Debug)]
pub(in crate::cli) struct Done {
    pub(in crate::cli) ending: Ending,
    pub(in crate::cli) steps: Vec<Step>,
    pub(in crate::cli) credentials: Vec<Kept>,
    pub(in crate::cli) files: Vec<FileDone>,
    /// Files that could not be read, and why.
    pub(in crate::cli) unread: Vec<(PathBuf, String)>,
    pub(in crate::cli) copies: Vec<FoundCopy>,
    /// Copies in which the values were covered.
    pub(in crate::cli) scrubbed: Vec<PathBuf>,
    pub(in crate::cli) history: History,
}

/// A file with its changes made, not written yet.
struct Prepared<'d> {
    /// Which reading it is of.
    reading: usize,
    edited: Edited<'d>,
}

/// Plans, shows, asks, stores, and rewrites.
///
/// # Errors
/// Where the store does not answer, or nothing can be stored: then no file was touched.
pub(in crate::cli) fn protect(
    app: &App,
    catalog: &Catalog,
    wanted: &Wanted<'_>,
    show: &dyn Fn(&Done) -> io::Result<()>,
) -> Result<Done, Failure> {
    check_clients(catalog, wanted.clients)?;
    let places = Places::of(app.environment);
    let request = Request { clients: wanted.clients, files: &[] };
    let discovery = discover(&catalog.clients, &places, request)
        .map_err(|error| Failure::of(Failure::GENERAL, &error))?;
    let fingerprints = Fingerprints::new().map_err(|error| Failure::of(Failure::GENERAL, &error))?;
    let detector = Detector::new(&catalog.providers);
    app.credentials.read_for(Action::Check, None);
    let known = Known::gather(&app.credentials, app.environment);
    let now = app.credentials.now();
    let values = Values::new(catalog, &known, &detector, &fingerprints, now, discovery.home.as_deref());
    let entries = discovery.entries();
    let program = Program::running(app.credentials.profile(), app.environment);
    let request = plan::Request {
        servers: wanted.servers,
        project_alone: wanted.project_alone,
        style: wanted.style,
        program: &program,
    };
    let mut plan = rehearsal::plan(&discovery, &entries, &values, &request, |_| true);
    if let Some(failure) = absent_server(wanted.servers, &plan.servers) {
        return Err(failure);
    }
    if !plan.does_something() {
        let mut done = told(&plan, &discovery, &detector, Vec::new());
        done.ending = Ending::Nothing;
        show(&done)?;
        return Ok(done);
    }
    refuse_unknown_values(&known, wanted.is_dry)?;
    let prepared = prepare(&discovery, &plan)?;
    let mut files: Vec<FileDone> =
        prepared.iter().map(|prepared| file(&discovery, prepared.reading)).collect();
    if wanted.is_dry {
        for (file, prepared) in files.iter_mut().zip(&prepared) {
            let reading = &discovery.readings[prepared.reading];
            let Ok(before) = &reading.document else { continue };
            let name = shown_path(&file.path, &discovery);
            let both = (before, prepared.edited.document());
            file.difference = Some(masked::difference(&values, &plan.values, &reading.readers, &name, both));
        }
    }
    let mut done = told(&plan, &discovery, &detector, files);
    done.ending = Ending::Shown;
    show(&done)?;
    if wanted.is_dry {
        done.copies = copies::find(&discovery, &entries, &plan);
        return Ok(done);
    }
    if wanted.may_ask {
        if !app.ui.can_ask() {
            done.ending = Ending::Unasked;
            return Ok(done);
        }
        ask_names(app, &known, &mut plan)?;
        if !app.ui.confirm(&question(&done))? {
            done.ending = Ending::Refused;
            return Ok(done);
        }
    }
    let changes = changes(&discovery, &plan, prepare(&discovery, &plan)?);
    undo::rehearse(&app.settings.data_folder.value, changes.iter().map(|(_, change)| change))
        .map_err(|error| Failure::from(error).because("nothing was stored"))?;
    store(app, &plan)?;
    read_back(app, &plan)?;
    let files = rewrite(app, &discovery, changes)?;
    done = told(&plan, &discovery, &detector, files);
    done.ending = if done.files.iter().all(|file| file.is_written) { Ending::Done } else { Ending::Partly };
    look_for_copies(app, wanted, &discovery, &entries, &plan, &mut done);
    Ok(done)
}

/// What is known before anything is done.
fn told(
    plan: &Plan<'_, '_>,
    discovery: &Discovery<'_>,
    detector: &Detector<'_>,
    files: Vec<FileDone>,
) -> Done {
    let used = plan.values.iter().enumerate().filter(|(number, _)| plan.uses(*number));
    let credentials = used.map(|(_, value)| Kept {
        name: value.name.clone(),
        what: value.what.clone(),
        was_stored: value.is_stored,
        instead_of: value.instead_of.clone(),
    });
    let unread = discovery.readings.iter().filter_map(|reading| {
        reading.document.as_ref().err().map(|error| (reading.path.clone(), error.why().to_string()))
    });
    Done {
        ending: Ending::Nothing,
        steps: plan.shown_steps(discovery, detector),
        credentials: credentials.collect(),
        files,
        unread: unread.collect(),
        copies: Vec::new(),
        scrubbed: Vec::new(),
        history: History { committed: Vec::new(), is_complete: true },
    }
}

fn file(discovery: &Discovery<'_>, reading: usize) -> FileDone {
    let reading = &discovery.readings[reading];
    let mut clients: Vec<(String, Option<String>)> = Vec::new();
    for reader in &reading.readers {
        let client = (reader.client.name.clone(), reader.client.reload.clone());
        if !clients.contains(&client) {
            clients.push(client);
        }
    }
    FileDone {
        path: reading.path.clone(),
        clients,
        is_committed: reading.is_committed(),
        difference: None,
        is_written: false,
        why: None,
    }
}

/// A path as a person reads it: from the project, or from the home.
pub(in crate::cli) fn shown_path(path: &std::path::Path, discovery: &Discovery<'_>) -> String {
    let within = path.strip_prefix(&discovery.project).ok();
    let within = within.or_else(|| path.strip_prefix(discovery.home.as_deref()?).ok());
    // As differences are written everywhere.
    let shown = within.unwrap_or(path).display().to_string();
    if cfg!(windows) { shown.replace('\\', "/") } else { shown }
}

/// Two values are told apart by what is stored, so that has to be known.
fn refuse_unknown_values(known: &Known, is_dry: bool) -> Result<(), Failure> {
    if known.is_none() && !is_dry {
        return Err(crate::credentials::CredentialError::ReadOnly.into());
    }
    let unavailable = known.stored().iter().find_map(|stored| match &stored.held {
        Held::Unavailable { store, why } => Some(format!("{} did not answer: {why}", store.title())),
        Held::LockedDown(why) => Some(why.clone()),
        _ => None,
    });
    match unavailable.or_else(|| known.unreadable().map(str::to_owned)) {
        Some(why) if !is_dry => {
            Err(Failure::new(Failure::NO_ANSWER, "what is stored can't be read, and nothing was changed")
                .because(why)
                .hint("`mcpcred doctor` tells what is wrong with the store"))
        }
        _ => Ok(()),
    }
}

/// Makes all changes in memory.
fn prepare<'d>(discovery: &'d Discovery<'_>, plan: &Plan<'_, 'd>) -> Result<Vec<Prepared<'d>>, Failure> {
    let mut prepared = Vec::new();
    for (number, reading) in discovery.readings.iter().enumerate() {
        let Ok(document) = &reading.document else { continue };
        let plannings: Vec<&Planning<'_, '_>> =
            plan.entries.iter().filter(|it| it.reading == number).collect();
        let edits = Changes::of(document, &plannings, &plan.values);
        if edits.is_empty() {
            continue;
        }
        let edited = edits.apply().map_err(|error| {
            Failure::of(Failure::GENERAL, &error)
                .because("nothing was changed")
                .hint("leave the file out with `--client` or `--server`, or write that part in a plainer way")
        })?;
        prepared.push(Prepared { reading: number, edited });
    }
    Ok(prepared)
}

fn question(done: &Done) -> String {
    let new = done.credentials.iter().filter(|kept| !kept.was_stored).count();
    let files = done.files.len();
    let credentials = if new == 1 { "1 credential".to_owned() } else { format!("{new} credentials") };
    let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
    match new {
        0 => format!("Change {files}?"),
        _ => format!("Store {credentials} and change {files}?"),
    }
}

/// A second value for one name gets a name from the person.
fn ask_names(app: &App, known: &Known, plan: &mut Plan<'_, '_>) -> Result<(), Failure> {
    for number in 0..plan.values.len() {
        let Some(value) = plan.values.get(number) else { continue };
        let is_new = !value.is_stored && plan.uses(number);
        let Some(other) = value.instead_of.clone().filter(|_| is_new) else { continue };
        let question =
            format!("`{}` has another value for `{other}`. Its name [{}]: ", value.server, value.name);
        loop {
            let answer = app.ui.ask_line(&question)?;
            let answer = answer.trim();
            if answer.is_empty() {
                break;
            }
            let is_taken = |name: &CredentialName| {
                known.find(name.as_str()).is_some()
                    || plan.values.iter().enumerate().any(|(at, it)| at != number && it.name.is_twin_of(name))
            };
            match answer.parse::<CredentialName>() {
                Ok(_) if crate::slip::is_token(answer) => {
                    app.ui.warn("that looks like a value, not like a name");
                }
                Ok(name) if is_taken(&name) => app.ui.warn(&format!("`{name}` is taken")),
                Ok(name) => {
                    plan.values[number].name = name;
                    break;
                }
                Err(error) => app.ui.warn(&error.to_string()),
            }
        }
    }
    Ok(())
}

/// Stores what is not stored yet; each value is read back and compared.
fn store<'p>(app: &App, plan: &'p Plan<'_, '_>) -> Result<(), Failure> {
    let values = plan.values.iter().enumerate();
    let new = values.filter(|(number, value)| !value.is_stored && plan.uses(*number));
    let new: Vec<&Planned> = new.map(|(_, value)| value).collect();
    if new.is_empty() {
        return Ok(());
    }
    let kind = app.store_for_new()?;
    let credential = |value: &&'p Planned| {
        let mut facts = Facts::new(Kind::suggested_by(&value.name), app.credentials.now());
        facts.server.clone_from(&value.known_server);
        New { name: &value.name, facts, secret: &value.secret }
    };
    let credentials: Vec<New<'_>> = new.iter().map(credential).collect();
    app.ui.progress(&format!("Storing {} values", new.len()), false);
    let stored = store_all(app, &credentials, kind);
    app.ui.progress("", true);
    stored.map_err(|PartlyAdded { added, error }| {
        let done = format!("{added} of {} values were stored, and no file was changed", new.len());
        Failure::from(error).because(done)
    })
}

/// Sees that what was stored before is stored still: while the person was asked somebody may have replaced or deleted it,
/// and the value would be nowhere once it is out of the files.
fn read_back(app: &App, plan: &Plan<'_, '_>) -> Result<(), Failure> {
    let values = plan.values.iter().enumerate();
    let before = values.filter(|(number, value)| value.is_stored && plan.uses(*number));
    let before: Vec<&Planned> = before.map(|(_, value)| value).collect();
    if before.is_empty() {
        return Ok(());
    }
    let names: Vec<CredentialName> = before.iter().map(|value| value.name.clone()).collect();
    app.credentials.read_for(Action::Protect, None);
    let untouched = "no file was changed";
    let held = app.credentials.get_many(&names).map_err(|error| Failure::from(error).because(untouched))?;
    match held.iter().zip(&before).find(|((_, held), value)| *held != value.secret) {
        None => Ok(()),
        Some(((name, _), _)) => {
            let what = format!("`{name}` was given another value in the meantime, and {untouched}");
            Err(Failure::new(Failure::GENERAL, what)
                .hint("call it again: the value gets a name of its own then"))
        }
    }
}

/// Stores them. A name that another call has taken since it was found to be free may have the same value.
fn store_all(app: &App, new: &[New<'_>], kind: StoreKind) -> Result<(), PartlyAdded> {
    let mut done = 0;
    while let Err(PartlyAdded { added, error }) = app.credentials.add_all(&new[done..], kind) {
        done += added;
        let is_taken = matches!(error, CredentialError::AlreadyExists { .. });
        let taken = new.get(done).filter(|_| is_taken);
        let held = taken.and_then(|new| Some((new, app.credentials.get(new.name).ok()?)));
        if !held.is_some_and(|(new, held)| held == *new.secret) {
            return Err(PartlyAdded { added: done, error });
        }
        done += 1;
    }
    Ok(())
}

/// The changes of the files, each with whose lock it takes and what is not to be written down.
fn changes<'d>(
    discovery: &Discovery<'_>,
    plan: &Plan<'_, '_>,
    prepared: Vec<Prepared<'d>>,
) -> Vec<(usize, Change<'d>)> {
    let change = |Prepared { reading: number, edited }| {
        // Whoever has a lock of its own writes the file itself.
        let readers = || discovery.readings[number].readers.iter();
        let locking = readers()
            .find(|it| ClientLock::of(&it.client.id, &discovery.readings[number].path) != ClientLock::None);
        let client = locking.or(readers().next()).map(|reader| reader.client.id.clone()).unwrap_or_default();
        (number, Change { edited, client, others: plan.left_in(number) })
    };
    prepared.into_iter().map(change).collect()
}

/// Replaces the files: all of those that nobody has changed since they were read.
fn rewrite(
    app: &App,
    discovery: &Discovery<'_>,
    changes: Vec<(usize, Change<'_>)>,
) -> Result<Vec<FileDone>, Failure> {
    let folder = &app.settings.data_folder.value;
    let (numbers, changes): (Vec<usize>, Vec<_>) = changes.into_iter().unzip();
    let mut files: Vec<FileDone> = numbers.into_iter().map(|number| file(discovery, number)).collect();
    let outcomes = undo::carry_out(folder, app.credentials.profile(), app.credentials.now(), changes);
    let outcomes = outcomes.map_err(|error| {
        Failure::from(error).because("every value is stored already; `mcpcred list` shows them")
    })?;
    for file in &mut files {
        let outcome = outcomes.iter().find(|(path, _)| *path == file.path).map(|(_, outcome)| *outcome);
        file.is_written = outcome == Some(Rewritten::Written);
        file.why = (!file.is_written).then(|| "somebody else changed it in between".to_owned());
    }
    Ok(files)
}

fn look_for_copies(
    app: &App,
    wanted: &Wanted<'_>,
    discovery: &Discovery<'_>,
    entries: &[Vec<crate::configuration::entry::ServerEntry<'_>>],
    plan: &Plan<'_, '_>,
    done: &mut Done,
) {
    done.copies = copies::find(discovery, entries, plan);
    let can_be_scrubbed: Vec<FoundCopy> =
        done.copies.iter().filter(|copy| copy.can_be_scrubbed).cloned().collect();
    let is_wanted = wanted.scrub
        || (wanted.may_ask
            && !can_be_scrubbed.is_empty()
            && app
                .ui
                .confirm(&format!(
                    "Cover the values in {} old copies that nobody reads any more?",
                    can_be_scrubbed.len()
                ))
                .unwrap_or(false));
    if is_wanted {
        for copy in can_be_scrubbed {
            match copies::scrub(&copy.file, &plan.values) {
                Ok(()) => {
                    done.copies.retain(|other| other.file != copy.file);
                    done.scrubbed.push(copy.file);
                }
                Err(error) => {
                    app.ui.warn(&format!("`{}` still holds a value: {error}", copy.file.display()));
                }
            }
        }
    }
    done.history = history::search(&discovery.project, &plan.values);
}

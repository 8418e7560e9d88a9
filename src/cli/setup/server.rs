//! `setup --server`: a server of the catalog, written into the configuration of a client.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use crate::app::App;
use crate::catalog::Catalog;
use crate::catalog::client::{Client, Inherits, Scope};
use crate::catalog::server::{Requirement, Server};
use crate::cli::Outcome;
use crate::cli::check::unknown;
use crate::cli::servers::{self, Known};
use crate::cli::setup::Setup;
use crate::cli::setup::token::Token;
use crate::configuration::places::Places;
use crate::configuration::target::{NoTarget, Target};
use crate::document::{Document, DocumentError, content};
use crate::failure::Failure;
use crate::name::{CredentialName, Profile};
use crate::os::process::own_program::own_program;
use crate::protect::program::places_in;
use crate::rewrite::{self, ClientLock, Rewrite, Rewriting};
use crate::secret::Secret;
use crate::setup::covered::difference;
use crate::setup::entry::entry;
use crate::setup::insertion::{self, Insertion, InsertionError};
use crate::setup::start::{NoStart, Start};
use crate::ui::AskError;

/// The document of `setup --server --json`; its schema is `src/cli/schemas/setup-server.schema.json`.
#[derive(Serialize)]
struct Written<'s> {
    schema_version: u32,
    server: &'s str,
    name: &'s str,
    client: &'s str,
    scope: Scope,
    file: PathBuf,
    change: &'static str,
    command: Vec<&'s str>,
    credentials: Vec<Handed<'s>>,
    difference: Option<&'s str>,
    after_a_change: Option<&'s str>,
}

/// A credential, and the variable that the server finds it in.
#[derive(Serialize)]
struct Handed<'s> {
    variable: &'s str,
    credential: &'s str,
    stored: bool,
}

/// A credential of the server.
struct Needed<'c> {
    requirement: &'c Requirement,
    /// The name that it has in the store, or gets there.
    name: CredentialName,
    is_stored: bool,
}

impl Setup {
    /// Adds the server to the client, once it is known that it can be.
    pub(super) fn add(&self, app: &App, server: &str, client: &str) -> Outcome {
        let catalog = servers::load(app)?;
        let server = catalog.server(server).ok_or_else(|| servers::unknown(&catalog, server))?;
        let client = find_client(&catalog, client)?;
        let target = Target::of(client, self.scope, &Places::of(app.environment)).map_err(no_target)?;
        let start = self.start(app, &catalog, server, &target)?;
        let mut needed = needed(app, &catalog, &start)?;
        if !app.ui.can_ask() {
            needed.retain(|needed| needed.is_stored || !start.is_optional);
        }
        let name = self.name.as_deref().unwrap_or(&server.id);
        let unread = |error: DocumentError| {
            Failure::of(Failure::GENERAL, &error).hint("mend the file first; nothing was written")
        };
        let before = content(&target.path).map_err(unread)?;
        let document = insertion::document(&target, before.as_ref()).map_err(unread)?;
        let put = |needed: &[Needed<'_>]| {
            let words = words(app, &target, &start, needed);
            let variables = if needed.is_empty() { Vec::new() } else { places_of_ours(app, &target) };
            let make = || entry(client, target.file.layout, name, &words, &variables);
            let insertion = insertion::insert(&document, &target, name, &make);
            insertion.map(|insertion| (words.clone(), insertion)).map_err(|error| not_put(&target, &error))
        };
        let (mut words, mut insertion) = put(&needed)?;
        let shown = match &insertion {
            Insertion::New(edited) => Some(difference(&target, name, &document, edited.document())),
            Insertion::Same => None,
            Insertion::Different(edited) => {
                return Err(taken(app, &target, name, &document, edited.document()));
            }
        };
        let is_new = shown.is_some();
        if !self.dry_run {
            if let Some(shown) = &shown {
                self.confirm(app, &target, shown)?;
            }
            let skipped = take_tokens(app, &catalog, server, &needed)?;
            if start.is_optional && !skipped.is_empty() {
                needed.retain(|needed| !skipped.contains(&needed.name));
                (words, insertion) = put(&needed)?;
            }
            if let Insertion::New(edited) = &insertion {
                write(app, &target, before, edited.whole())?;
            }
        }
        let change = match (is_new, self.dry_run) {
            (false, _) => "unchanged",
            (true, false) => "added",
            (true, true) => "would-add",
        };
        if self.json {
            app.print_json(&Written {
                schema_version: 1,
                server: &server.id,
                name,
                client: &client.id,
                scope: target.file.scope,
                file: target.path.clone(),
                change,
                command: words.iter().map(String::as_str).collect(),
                credentials: needed.iter().map(Needed::handed).collect(),
                difference: shown.as_deref(),
                after_a_change: client.reload.as_deref(),
            })?;
        } else if self.dry_run {
            app.ui.data(shown.unwrap_or_default().as_bytes())?;
        }
        self.tell(app, &target, name, is_new);
        if let Some(instead) = start.instead.filter(|_| needed.is_empty()) {
            app.ui.say(&format!("It is given no credential: it takes {instead}"));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What is started. Where others read the file too, what is installed here says nothing.
    fn start<'c>(
        &self,
        app: &App,
        catalog: &'c Catalog,
        server: &'c Server,
        target: &Target<'_>,
    ) -> Result<Start<'c>, Failure> {
        let known = Known::of(app);
        let is_here = |program: &str| target.file.committed || which::which(program).is_ok();
        let is_stored = |requirement: &Requirement| {
            known.stored_as(catalog, requirement).is_some() || is_in_environment(app, requirement)
        };
        let start = Start::of(catalog, server, &self.command, &is_here, &is_stored).map_err(no_start)?;
        if let Some(program) = start.words.first()
            && which::which(program).is_err()
        {
            app.ui.warn(&format!("`{program}`, which starts `{}`, is not in the `PATH` here", server.id));
        }
        Ok(start)
    }

    fn confirm(&self, app: &App, target: &Target<'_>, difference: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if app.ui.can_ask() && !self.json {
            difference.lines().for_each(|line| app.ui.say(line));
        }
        let question = format!("Write this to `{}`?", target.path.display());
        let answer = app.ui.confirm(&question).map_err(|error| match error {
            AskError::NoTerminal => Failure::from(error)
                .hint("say `--yes` to write without being asked, or `--dry-run` to see it"),
            error => error.into(),
        })?;
        if answer { Ok(()) } else { Err(Failure::new(Failure::NEEDS_PERSON, "nothing was written")) }
    }

    fn tell(&self, app: &App, target: &Target<'_>, name: &str, is_new: bool) {
        let client = &target.client.name;
        let path = target.path.display();
        match (is_new, self.dry_run) {
            (false, _) => app.ui.say(&format!("{client} has `{name}` already, just so, in `{path}`")),
            (true, true) => app.ui.say(&format!("Would add `{name}` to {client}, in `{path}`")),
            (true, false) => {
                app.ui.say(&format!("Added `{name}` to {client}, in `{path}`"));
                if let Some(reload) = &target.client.reload {
                    app.ui.say(&format!("Before it counts: {reload}"));
                }
            }
        }
    }
}

impl Needed<'_> {
    fn handed(&self) -> Handed<'_> {
        Handed { variable: &self.requirement.name, credential: self.name.as_str(), stored: self.is_stored }
    }
}

fn find_client<'c>(catalog: &'c Catalog, id: &str) -> Result<&'c Client, Failure> {
    let ids: Vec<&str> = catalog.clients.iter().map(|client| client.id.as_str()).collect();
    let found = catalog.clients.iter().find(|client| client.id == id);
    found.ok_or_else(|| unknown("client", id, &ids, "mcpcred servers --clients"))
}

/// Whether the environment holds it, where that is the store.
fn is_in_environment(app: &App, requirement: &Requirement) -> bool {
    app.credentials.stores().is_none() && requirement.names().any(|name| app.environment.has(name))
}

fn needed<'c>(app: &App, catalog: &'c Catalog, start: &Start<'c>) -> Result<Vec<Needed<'c>>, Failure> {
    let known = Known::of(app);
    let need = |requirement: &&'c Requirement| {
        let stored = known.stored_as(catalog, requirement);
        let name = stored.unwrap_or(&requirement.name);
        let name = name.parse().map_err(|error| Failure::of(Failure::GENERAL, &error))?;
        let is_stored = stored.is_some() || app.credentials.stores().is_none();
        Ok(Needed { requirement, name, is_stored })
    };
    start.needs.iter().map(need).collect()
}

/// The command line: `mcpcred run` before what starts the server, where it needs anything. Its whole path where only
/// this machine reads the file, for a client that was started from a dock has a short `PATH`; its name where a team does.
fn words(app: &App, target: &Target<'_>, start: &Start<'_>, needed: &[Needed<'_>]) -> Vec<String> {
    if needed.is_empty() {
        return start.words.clone();
    }
    let own = if target.file.committed { None } else { own_program().ok() };
    let own = own.as_deref().and_then(std::path::Path::to_str).unwrap_or("mcpcred");
    let mut words = vec![own.to_owned(), "run".to_owned()];
    let profile = app.credentials.profile();
    if *profile != Profile::default() {
        words.extend(["--profile".to_owned(), profile.to_string()]);
    }
    words.extend(needed.iter().flat_map(|it| it.requirement.flag(it.name.as_str())));
    words.push("--".to_owned());
    words.extend(start.words.iter().cloned());
    let places = needed.iter().filter_map(|it| it.requirement.place(it.name.as_str()));
    // A person who gave the command may have said where.
    words.extend(places.filter(|place| !start.words.iter().any(|word| word.contains(place))));
    words
}

/// Where our own files are and what opens them, as far as the environment says so and the client would not hand it on:
/// without it `mcpcred run` would look elsewhere. Paths and a word, no secrets; a team's file gets none of this.
fn places_of_ours(app: &App, target: &Target<'_>) -> Vec<(&'static str, String)> {
    if target.file.committed || target.client.inherits == Inherits::Everything {
        return Vec::new();
    }
    places_in(app.environment)
}

/// Takes what is not stored yet, from the person, and says which of it they skipped. Nothing is written before.
fn take_tokens(
    app: &App,
    catalog: &Catalog,
    server: &Server,
    needed: &[Needed<'_>],
) -> Result<Vec<CredentialName>, Failure> {
    let mut skipped = Vec::new();
    for needed in needed.iter().filter(|needed| !needed.is_stored) {
        let name = &needed.name;
        if !app.ui.can_ask() {
            return Err(Failure::new(
                Failure::NEEDS_PERSON,
                format!("`{name}`, which `{}` needs, is not stored, and nothing was written", server.id),
            )
            .hint(format!("store it with `mcpcred add {name} --server {} --stdin`", server.id)));
        }
        let token = Token { name, server: &server.id, requirement: Some(needed.requirement) };
        if !token.take(app, catalog)? {
            app.ui.say(&format!(
                "Skipped; `mcpcred add {name} --server {}` stores it, and the server does without until then",
                server.id
            ));
            skipped.push(name.clone());
        }
    }
    Ok(skipped)
}

fn no_target(error: NoTarget) -> Failure {
    let failure = Failure::of(Failure::USAGE, &error);
    match error {
        NoTarget::Nowhere { .. } => failure.hint("`mcpcred servers --clients` shows those that it may write"),
        NoTarget::Scope { others, .. } => {
            let others: Vec<&str> = others.into_iter().map(Scope::word).collect();
            failure.hint(format!("it has {}", others.join(" and ")))
        }
        NoTarget::NoFolder { .. } => failure.hint("set `HOME`"),
    }
}

fn no_start(error: NoStart) -> Failure {
    let failure = Failure::of(Failure::USAGE, &error);
    match error {
        NoStart::Open { command, word, .. } => failure
            .hint(format!("give the command yourself, with that in the place of `{word}`: `… -- {command}`")),
        NoStart::Unknown { .. } => failure.hint("give the command yourself, as in `… -- npx -y PACKAGE`"),
    }
}

/// Under the client's own lock, and only where the file still says what the entry was made for.
fn write(app: &App, target: &Target<'_>, before: Option<Secret>, after: Secret) -> Result<(), Failure> {
    let mut rewriting = Rewriting::begin(&app.settings.data_folder.value)?;
    let lock = ClientLock::of(&target.client.id, &target.path);
    rewriting.add(Rewrite { path: target.path.clone(), before, after: Some(after), lock })?;
    let outcomes = rewriting.carry_out()?;
    if outcomes.iter().any(|(_, outcome)| *outcome == rewrite::Outcome::ChangedMeanwhile) {
        return Err(Failure::new(
            Failure::GENERAL,
            format!(
                "somebody else changed `{}` at the same moment, and it is as they left it",
                target.path.display()
            ),
        )
        .hint("call again"));
    }
    Ok(())
}

fn not_put(target: &Target<'_>, error: &InsertionError) -> Failure {
    Failure::new(Failure::GENERAL, format!("`{}` is left as it is", target.path.display()))
        .because(error.to_string())
        .hint("write the entry by hand; `mcpcred servers NAME` shows the command")
}

/// Another entry of that name is the person's own: it is shown beside ours, and stays.
fn taken(app: &App, target: &Target<'_>, name: &str, before: &Document, after: &Document) -> Failure {
    difference(target, name, before, after).lines().for_each(|line| app.ui.say(line));
    Failure::new(
        Failure::GENERAL,
        format!("{} has another server named `{name}`, and nothing was written", target.client.name),
    )
    .hint("give the new one another name with `--name`, or take the old one out of the file")
}

//! The switch itself: what is done at once, in its order.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::app::App;
use crate::audit::{Action, Event, Outcome};
use crate::children::{self, Child, Ended, Held};
use crate::cli;
use crate::cli::lockdown::Lockdown;
use crate::cli::lockdown::document::{Document, Program};
use crate::cli::lockdown::revoking::Consent;
use crate::credential::{Facts, Kind};
use crate::credentials::{CredentialError, Target};
use crate::failure::Failure;
use crate::index::Entry;
use crate::lockdown;
use crate::name::{CredentialName, Profile};
use crate::os::process::identity::Identity;
use crate::store::StoreKind;

/// How long a program may take to end by itself: servers have little to tidy up, and each moment counts.
const GRACE: Duration = Duration::from_millis(500);

/// How long what keeps the clipboard may take to clear it.
const CLEARING: Duration = Duration::from_secs(1);

impl Lockdown {
    /// Does all of it.
    ///
    /// # Errors
    /// Where a name or the provider of a host is none, and nothing was done then. What fails later is a step of the report.
    pub(super) fn throw(&self, app: &App) -> cli::Outcome {
        self.check_hosts(app)?;
        let targets = if self.all { everything(app) } else { self.named(app)? };
        let mut document = Document::new(app, self.dry_run);
        self.mark(app, &targets, &mut document);
        let ours_last = self.end_programs(app, &targets, &mut document);
        self.lock_vault(app, &mut document);
        self.clear_clipboard(app, &targets, &mut document);
        let consent = self.revoke(app, &targets, &mut document);
        document.tell(app, self.json)?;
        // This command runs in them: everything is told and written by now.
        children::end(&ours_last, GRACE);
        Ok(match consent {
            Consent::NobodyToAsk if self.revoke => ExitCode::from(Failure::NEEDS_PERSON),
            _ if document.is_whole() => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }

    /// The tokens under the names that were given. One that is stored no more may run all the same.
    fn named(&self, app: &App) -> Result<Vec<Target>, Failure> {
        let mut targets: Vec<Target> = Vec::new();
        for name in &self.names {
            let found = match app.credentials.targets(Some(std::slice::from_ref(name))) {
                Err(error @ CredentialError::NotFound { .. }) => vec![running(app, name).ok_or(error)?],
                found => found?,
            };
            let is_new = !targets.iter().any(|known| found.iter().any(|it| it.name == known.name));
            targets.extend(found.into_iter().filter(|_| is_new));
        }
        Ok(targets)
    }

    /// No more values are handed out, also by programs that run already.
    fn mark(&self, app: &App, targets: &[Target], document: &mut Document) {
        let begin = Instant::now();
        let now = app.credentials.now();
        let marker = app.credentials.marker();
        if self.dry_run {
            document.covered = marker.look();
            document.step(app, "marker", begin, "planned", "no more values would be handed out");
            return;
        }
        let lockdown = if self.all {
            lockdown::Lockdown::of_everything(now)
        } else {
            let held = |target: &Target| Held { profile: target.profile.clone(), name: target.name.clone() };
            lockdown::Lockdown::of(targets.iter().map(held).collect(), now)
        };
        match marker.set(lockdown) {
            Ok(all) => {
                document.covered = Some(all);
                document.step(app, "marker", begin, "done", "no more values are handed out");
                let of = |target: &Target| event(Action::Lockdown, &target.profile, &target.name);
                let whole = self.all.then(|| Event::new(Action::Lockdown).because("everything"));
                let named = targets.iter().filter(|target| !target.former).map(of);
                document.record(app, &whole.into_iter().chain(named).collect::<Vec<_>>());
            }
            Err(error) => document.step(
                app,
                "marker",
                begin,
                "failed",
                format!("values are still handed out, since the marker can't be written: {error}"),
            ),
        }
    }

    /// Programs that hold them are ended. Those that this command runs in are given back, to be ended last.
    fn end_programs(&self, app: &App, targets: &[Target], document: &mut Document) -> Vec<Child> {
        let begin = Instant::now();
        let children = match app.children().list() {
            Ok(children) => children,
            Err(error) => {
                let why = format!("which programs hold them is not known: {error}");
                document.step(app, "programs", begin, "failed", why);
                return Vec::new();
            }
        };
        let holding = children.into_iter().filter(|child| !child.is_keeper && self.is_meant(child, targets));
        if self.dry_run {
            document.programs = holding.map(|child| Program::new(&child, "running")).collect();
            let count = document.programs.len();
            document.step(app, "programs", begin, "planned", format!("{count} would be ended"));
            return Vec::new();
        }
        let own_line = Identity::own_line();
        let (ours, others): (Vec<Child>, Vec<Child>) =
            holding.partition(|child| child.is_here && own_line.contains(&child.identity));
        let grace = self.grace.map_or(GRACE, |period| period.0.unsigned_abs());
        let ended = children::end(&others, grace);
        for (child, ended) in others.iter().zip(&ended) {
            document.programs.push(Program::new(child, ended.as_str()));
        }
        document.programs.extend(ours.iter().map(|child| Program::new(child, "last")));
        let events = others.iter().zip(&ended).flat_map(|(child, ended)| {
            let outcome = if ended.is_over() { Outcome::Done } else { Outcome::Failed };
            let of = move |held: &Held| {
                event(Action::Stop, &held.profile, &held.name).ended(outcome).because(ended.as_str())
            };
            child.credentials.iter().map(of)
        });
        let last = ours.iter().flat_map(|child| &child.credentials);
        let last = last.map(|held| event(Action::Stop, &held.profile, &held.name).because("last"));
        document.record(app, &events.chain(last).collect::<Vec<_>>());
        let remaining = ended.iter().filter(|ended| !ended.is_over()).count();
        let forced = ended.iter().filter(|ended| **ended == Ended::Forced).count();
        let (outcome, detail) = match (others.len() + ours.len(), remaining) {
            (0, _) => ("nothing", "no program holds them".to_owned()),
            (count, 0) => ("done", format!("{count} ended, {forced} of them forced")),
            (count, remaining) => {
                ("failed", format!("{remaining} of {count} programs that hold them can't be ended from here"))
            }
        };
        document.step(app, "programs", begin, outcome, detail);
        ours
    }

    /// A key that is kept to open the vault without a question is forgotten. Where tokens are to be revoked it opens the
    /// vault once more, for this command alone.
    fn lock_vault(&self, app: &App, document: &mut Document) {
        let begin = Instant::now();
        let now = app.credentials.now();
        if !app.unlocking.has_vault() || !app.unlocking.has_kept_key(now) {
            document.step(app, "unlocks", begin, "nothing", "no key of the vault was kept");
        } else if self.dry_run {
            document.step(app, "unlocks", begin, "planned", "the vault would be locked");
        } else {
            if !self.no_revoke {
                // Where it does not open, the tokens can't be read later either, which is told then.
                _ = app.credentials.stores().open(StoreKind::Vault);
            }
            match app.unlocking.close() {
                Ok(_) => {
                    document.step(app, "unlocks", begin, "done", "the vault is locked");
                    document.record(app, &[Event::new(Action::Lock).in_store(StoreKind::Vault)]);
                }
                Err(error) => {
                    let why = format!("the vault stays open, since its key can't be forgotten: {error}");
                    document.step(app, "unlocks", begin, "failed", why);
                }
            }
        }
    }

    /// What keeps a value in the clipboard takes it away, having seen the marker.
    fn clear_clipboard(&self, app: &App, targets: &[Target], document: &mut Document) {
        let begin = Instant::now();
        let children = app.children().list().unwrap_or_default();
        let keepers: Vec<Child> =
            children.into_iter().filter(|child| child.is_keeper && self.is_meant(child, targets)).collect();
        if keepers.is_empty() {
            document.step(app, "clipboard", begin, "nothing", "no value is kept in it");
        } else if self.dry_run {
            document.step(app, "clipboard", begin, "planned", "it would be cleared");
        } else if children::end(&keepers, CLEARING).iter().all(|ended| ended.is_over()) {
            document.step(app, "clipboard", begin, "done", "it is cleared");
        } else {
            document.step(app, "clipboard", begin, "failed", "what keeps a value in it can't be ended");
        }
    }

    fn is_meant(&self, child: &Child, targets: &[Target]) -> bool {
        self.all || targets.iter().any(|target| child.holds(&target.profile, &target.name))
    }
}

/// Every token of every profile. An index that is lost keeps nobody from locking everything down.
fn everything(app: &App) -> Vec<Target> {
    app.credentials.targets(None).unwrap_or_else(|error| {
        app.ui.warn(&format!("which credentials there are is not known: {error}"));
        Vec::new()
    })
}

/// A credential that was deleted, and that a program still holds.
fn running(app: &App, name: &CredentialName) -> Option<Target> {
    let profile = app.credentials.profile();
    let children = app.children().list().ok()?;
    let mut held = children.into_iter().flat_map(|child| child.credentials);
    let Held { profile, name } = held.find(|held| held.profile == *profile && held.name.is_twin_of(name))?;
    let store = app.credentials.stores().current().ok()??.kind;
    let facts = Facts::new(Kind::suggested_by(&name), app.credentials.now());
    Some(Target { profile, name, former: false, entry: Entry::stored(facts, store) })
}

fn event(action: Action, profile: &Profile, name: &CredentialName) -> Event {
    Event::new(action).of(profile, name)
}

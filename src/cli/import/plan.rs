//! `Plan`: what becomes of every value that a source offers, and the doing of it.

use std::process::ExitCode;

use jiff::SignedDuration;
use zeroize::Zeroizing;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::import::document;
use crate::cli::import::options::{Options, shown};
use crate::cli::import::origin::Origin;
use crate::cli::source::unfit;
use crate::credentials::{CredentialError, New, PartlyAdded};
use crate::failure::Failure;
use crate::import::{Choice, Offer, Place};
use crate::name::CredentialName;
use crate::secret::Secret;
use crate::store::{StoreError, StoreKind};
use crate::ui::AskError;

/// What a source holds: values that are meant, and what else is told.
#[derive(Default)]
pub(super) struct Haul {
    /// The values that are meant.
    pub(super) offers: Vec<Offer>,
    /// What is left where it is.
    pub(super) passed_over: Vec<PassedOver>,
}

/// Something of the source that is not imported.
pub(super) struct PassedOver {
    /// What the source calls it; in a file that is written wrongly, a piece of a value.
    pub(super) called: Zeroizing<String>,
    /// Where it lies.
    pub(super) place: Place,
    /// Why, as the end of a sentence.
    pub(super) why: &'static str,
}

/// Why a value is left where it is that nobody named.
pub(super) const HARMLESS: &str = "does not look like a secret; `--all` takes it too";

/// One value on its way.
pub(super) struct Step {
    /// What its credential is called.
    pub(super) name: CredentialName,
    /// The value.
    pub(super) offer: Offer,
    /// What becomes of it.
    pub(super) fate: Fate,
}

/// What becomes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fate {
    /// It is stored under a new name.
    Added,
    /// It takes the place of another value.
    Replaced,
    /// It is there already.
    Present,
}

/// Stores everything, reads it back, takes it out of the source where that was asked for, and tells.
pub(super) fn carry_out(app: &App, options: &Options, haul: Haul, origin: &Origin) -> Outcome {
    let called = haul.offers.iter().map(|it| &it.called).chain(haul.passed_over.iter().map(|it| &it.called));
    options.check_renames(&called.map(|called| called.as_str()))?;
    let (steps, passed_over) = plan(app, options, haul)?;
    let offers: Vec<&Offer> = steps.iter().map(|step| &step.offer).collect();
    if options.delete_source {
        origin.check_deletable(&offers)?;
    }
    tell_passed_over(app, &passed_over);
    if steps.is_empty() {
        app.ui.say("Nothing to import");
    } else if options.dry_run {
        for step in &steps {
            app.ui.say(&words(step, true));
        }
        if options.delete_source {
            app.ui.say("Would then take what was imported out of the source");
        }
    } else {
        ask(app, options, &steps)?;
        store(app, options, &steps)?;
        read_back(app, &steps)?;
        for step in &steps {
            app.ui.say(&words(step, false));
        }
        if options.delete_source {
            origin.delete(app, &offers)?;
            app.ui.say("Took what was imported out of the source");
        } else if !matches!(origin, Origin::Environment) {
            app.ui.say("The source still holds it; the same command with `--delete-source` takes it out");
        }
    }
    if options.json {
        document::print(app, options, origin.word(), &steps, &passed_over)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What becomes of each value. Nothing is changed yet.
fn plan(app: &App, options: &Options, haul: Haul) -> Result<(Vec<Step>, Vec<PassedOver>), Failure> {
    let Haul { offers, mut passed_over } = haul;
    let mut steps: Vec<Step> = Vec::with_capacity(offers.len());
    for offer in offers {
        let name = options.name_of(&offer);
        let why = unfit(&offer.value).or(name.is_err().then_some("has no name for a credential"));
        let name = match (name, why) {
            (Ok(name), None) => name,
            (_, why) => {
                let why = why.unwrap_or_default();
                if offer.choice == Choice::Named {
                    let what =
                        format!("{} {why}, and nothing was imported", subject(&offer.called, &offer.place));
                    let failure = Failure::new(Failure::USAGE, what);
                    let is_unfit = unfit(&offer.value).is_some();
                    return Err(if is_unfit {
                        failure
                    } else {
                        failure.hint("give it one with `--rename OLD=NEW`")
                    });
                }
                passed_over.push(PassedOver { called: offer.called, place: offer.place, why });
                continue;
            }
        };
        let twin = steps.iter().find(|step| step.name.is_twin_of(&name));
        let fate = match twin {
            Some(twin) if twin.offer.value == offer.value => Fate::Present,
            Some(twin) => {
                return Err(Failure::new(
                    Failure::GENERAL,
                    format!(
                        "`{name}` has one value in {} and another in {}, and nothing was imported",
                        twin.offer.place, offer.place
                    ),
                )
                .hint("import one of them, or give one another name with `--rename OLD=NEW`"));
            }
            None => Fate::Added,
        };
        steps.push(Step { name, offer, fate });
    }
    if !steps.is_empty() {
        app.check_store_for_new()?;
    }
    let mut taken = Vec::new();
    for step in steps.iter_mut().filter(|step| step.fate == Fate::Added) {
        match held(app, &step.name)? {
            Held::Nothing => {}
            Held::Value(own, value) if value == step.offer.value => {
                (step.name, step.fate) = (own, Fate::Present);
            }
            Held::Value(own, _) | Held::Lost(own) if options.replace => {
                (step.name, step.fate) = (own, Fate::Replaced);
            }
            Held::Value(own, _) => taken.push(own),
            Held::Lost(name) => {
                let store = app.credentials.find(&name)?.map_or(StoreKind::None, |(_, entry)| entry.store);
                return Err(CredentialError::Vanished { name, store }.into());
            }
        }
    }
    match taken.first() {
        None => Ok((steps, passed_over)),
        Some(first) => {
            let verb = if taken.len() == 1 { "holds" } else { "hold" };
            let what = format!("{} {verb} another value already, and nothing was imported", listed(&taken));
            Err(Failure::new(Failure::GENERAL, what).hint(format!(
                "replace what is there with `--replace` or `mcpcred rotate {first}`, or store it as another name with `--rename OLD=NEW`"
            )))
        }
    }
}

/// What the store has under a name.
enum Held {
    Nothing,
    Value(CredentialName, Secret),
    /// The index knows it, and the store does not.
    Lost(CredentialName),
}

fn held(app: &App, name: &CredentialName) -> Result<Held, Failure> {
    let Some((own, _)) = app.credentials.find(name)? else { return Ok(Held::Nothing) };
    match app.credentials.get(&own) {
        Ok(value) => Ok(Held::Value(own, value)),
        // Its addition was interrupted before the value was there.
        Err(CredentialError::NotFound { .. }) => Ok(Held::Nothing),
        Err(CredentialError::Vanished { name, .. }) => Ok(Held::Lost(name)),
        Err(error) => Err(error.into()),
    }
}

/// Asks whether the values are meant that only look like secrets.
fn ask(app: &App, options: &Options, steps: &[Step]) -> Result<(), Failure> {
    let guessed: Vec<&CredentialName> = steps
        .iter()
        .filter(|step| step.offer.choice == Choice::Looks && step.fate != Fate::Present)
        .map(|step| &step.name)
        .collect();
    if guessed.is_empty() || options.yes {
        return Ok(());
    }
    let question = format!("Import what looks like a secret: {}?", listed(&guessed));
    let answer = app.ui.confirm(&question).map_err(|error| match error {
        AskError::NoTerminal => Failure::from(error)
            .because(format!("these look like secrets: {}", listed(&guessed)))
            .hint("say `--yes` to import them without being asked, or name those that are meant"),
        _ => error.into(),
    })?;
    if answer { Ok(()) } else { Err(Failure::new(Failure::NEEDS_PERSON, "nothing was imported")) }
}

fn store(app: &App, options: &Options, steps: &[Step]) -> Result<(), Failure> {
    let mut done: Vec<&CredentialName> = Vec::new();
    let added = add(app, options, steps, &mut done);
    let stored = added.and_then(|()| {
        for step in steps.iter().filter(|step| step.fate == Fate::Replaced) {
            replace(app, options, &step.name, &step.offer.value)?;
            done.push(&step.name);
        }
        Ok(())
    });
    stored.map_err(|failure| {
        if done.is_empty() {
            failure
        } else {
            failure.because(format!(
                "{} had been stored before; the source is as it was, and the command can be repeated",
                listed(&done)
            ))
        }
    })
}

/// Adds what is new, all of it together; `done` gets the names.
fn add<'s>(
    app: &App,
    options: &Options,
    steps: &'s [Step],
    done: &mut Vec<&'s CredentialName>,
) -> Result<(), Failure> {
    let new: Vec<&Step> = steps.iter().filter(|step| step.fate == Fate::Added).collect();
    if new.is_empty() {
        return Ok(());
    }
    let kind = app.store_for_new()?;
    let mut rest = &new[..];
    while !rest.is_empty() {
        let credential = |step: &&'s Step| {
            let facts = options.facts.for_new(&step.name, app.credentials.now());
            New { name: &step.name, facts, secret: &step.offer.value }
        };
        let credentials: Vec<New<'_>> = rest.iter().map(credential).collect();
        let Err(PartlyAdded { added, error }) = app.credentials.add_all(&credentials, kind) else {
            done.extend(rest.iter().map(|step| &step.name));
            break;
        };
        done.extend(rest.iter().take(added).map(|step| &step.name));
        let Some(step) = rest.get(added) else { return Err(error.into()) };
        take_over(app, options, step, error)?;
        done.push(&step.name);
        rest = &rest[added + 1..];
    }
    Ok(())
}

/// A name that was taken in the meantime, or by an import that was killed before it could say so, may have the value
/// already.
fn take_over(app: &App, options: &Options, step: &Step, error: CredentialError) -> Result<(), Failure> {
    let (name, value) = (&step.name, &step.offer.value);
    if !matches!(error, CredentialError::AlreadyExists { .. } | CredentialError::Adopted { .. }) {
        return Err(error.into());
    }
    match held(app, name)? {
        Held::Value(_, held) if held == *value => Ok(()),
        _ if options.replace => replace(app, options, name, value),
        _ => Err(error.into()),
    }
}

fn replace(app: &App, options: &Options, name: &CredentialName, value: &Secret) -> Result<(), Failure> {
    let now = app.credentials.now();
    app.credentials.rotate(name, value, SignedDuration::ZERO, |entry| {
        // A new value does not end when the old one would have.
        entry.facts.expires = None;
        options.facts.apply(&mut entry.facts, now);
    })?;
    Ok(())
}

/// Compares all of them with what the store gives back, before the source may change.
fn read_back(app: &App, steps: &[Step]) -> Result<(), Failure> {
    let names: Vec<CredentialName> = steps.iter().map(|step| step.name.clone()).collect();
    for ((name, value), step) in app.credentials.get_many(&names)?.iter().zip(steps) {
        if *value != step.offer.value {
            let store = app.credentials.find(name)?.map_or(StoreKind::None, |(_, entry)| entry.store);
            return Err(StoreError::NotReadBack { store }.into());
        }
    }
    Ok(())
}

fn words(step: &Step, is_dry: bool) -> String {
    let Step { name, offer, fate } = step;
    let place = &offer.place;
    match (fate, is_dry) {
        (Fate::Added, false) => format!("Imported `{name}` from {place}"),
        (Fate::Added, true) => format!("Would import `{name}` from {place}"),
        (Fate::Replaced, false) => format!("Replaced `{name}` by the value from {place}"),
        (Fate::Replaced, true) => format!("Would replace `{name}` by the value from {place}"),
        (Fate::Present, _) => format!("`{name}` is here already, with the value from {place}"),
    }
}

/// One line for each reason.
fn tell_passed_over(app: &App, passed_over: &[PassedOver]) {
    let mut told: Vec<&str> = Vec::new();
    for first in passed_over {
        if told.contains(&first.why) {
            continue;
        }
        told.push(first.why);
        let same = passed_over.iter().filter(|it| it.why == first.why);
        let all: Vec<String> = same.map(|it| subject(&it.called, &it.place)).collect();
        app.ui.say(&format!("Passed over, because it {}: {}", first.why, all.join(", ")));
    }
}

/// What is spoken of: its name, where that can be shown, and its place.
fn subject(called: &str, place: &Place) -> String {
    match (shown(called), place) {
        (Some(name), Place::Line { .. }) => format!("{name} in {place}"),
        (Some(name), Place::Environment) => name,
        (_, place) => place.to_string(),
    }
}

fn listed<T: std::fmt::Display>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

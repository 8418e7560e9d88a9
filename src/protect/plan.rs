//! `Plan`: every secret that lies in the open in a configuration, what it will be called, and how it leaves its file.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::catalog::client::{FieldKind, Scope};
use crate::check::covered;
use crate::check::exposure::{self, Exposed};
use crate::check::known::{Held, Known, Stored};
use crate::check::unfilled::{Unfilled, unfilled};
use crate::check::values::Values;
use crate::configuration::discover::{Discovery, Reading};
use crate::configuration::entry::{Field, ServerEntry};
use crate::document::{Place, Pointer, Text};
use crate::protect::mechanism::{self, How, Left, Mechanism, Style};
use crate::protect::naming::{Names, Planned};
use crate::protect::program::Program;
use crate::protect::subject::{Found, Subject};
use crate::recognise::Detector;
use crate::secret::Secret;

/// What a person asks for.
pub(crate) struct Request<'r> {
    /// Only these entries; all of them where the list is empty.
    pub(crate) servers: &'r [String],
    /// Only files of the project that the person stands in.
    pub(crate) project_alone: bool,
    /// What is preferred.
    pub(crate) style: Style,
    /// How a configuration calls mcpcred.
    pub(crate) program: &'r Program,
}

/// What is to be done, before anything is. Nothing in it can print a value.
pub(crate) struct Plan<'s, 'd> {
    /// The values, each once, with their names.
    pub(crate) values: Vec<Planned>,
    /// The entries with secrets in the open, in the order of the files.
    pub(crate) entries: Vec<Planning<'s, 'd>>,
    /// Names of all entries that were seen.
    pub(crate) servers: Vec<String>,
}

/// One entry.
pub(crate) struct Planning<'s, 'd> {
    /// The entry and its readers.
    pub(crate) subject: Subject<'s, 'd>,
    /// Which of the readings it is of.
    pub(crate) reading: usize,
    /// How its file calls mcpcred.
    pub(crate) called: String,
    /// What follows `run`.
    pub(crate) flags: Vec<String>,
    /// What stands before our name in a line for a shell.
    pub(crate) surrounding: String,
    /// What mcpcred itself has to find in its environment.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// The secrets in it.
    pub(crate) items: Vec<Item<'d>>,
}

/// One secret of an entry, or a placeholder for one that nobody fills in.
pub(crate) struct Item<'d> {
    /// The name in the placeholder; nothing of a secret.
    pub(crate) named: Option<String>,
    /// The value that holds it.
    pub(crate) field: Field<'d>,
    /// Where it begins.
    pub(crate) place: Place,
    /// Where in the text of the value the secret lies, with all that becomes the credential.
    pub(crate) part: Range<usize>,
    /// What it is, in words.
    pub(crate) what: String,
    /// What is done, and the number of the value among those of the plan; or why nothing is.
    pub(crate) way: Result<(How, usize), Left>,
}

/// One step of a plan, for a person and for programs. No part of it is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    #[serde(serialize_with = "lossy")]
    pub(crate) file: PathBuf,
    #[serde(flatten)]
    pub(crate) place: Place,
    pub(crate) pointer: Pointer,
    pub(crate) clients: Vec<String>,
    pub(crate) scope: Scope,
    pub(crate) project: Option<String>,
    pub(crate) server: String,
    pub(crate) field: FieldKind,
    /// The field in words.
    pub(crate) place_in_words: String,
    /// The secret in words.
    pub(crate) what: String,
    /// Whether it is but a placeholder that nobody fills in.
    pub(crate) placeholder: bool,
    pub(crate) credential: Option<String>,
    /// Whether the value is stored under that name already.
    pub(crate) stored: bool,
    pub(crate) mechanism: Mechanism,
    /// Why it stays, where it does.
    pub(crate) why: Option<String>,
    /// What a person can do then.
    pub(crate) advice: Option<String>,
    /// The name in the placeholder.
    #[serde(skip)]
    pub(crate) named: Option<String>,
    /// The credential that has to be stored first, where nothing else is in the way.
    #[serde(skip)]
    pub(crate) lacks: Option<String>,
}

fn lossy<S: serde::Serializer>(file: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&file.to_string_lossy())
}

impl<'s, 'd> Plan<'s, 'd> {
    /// Looks at everything in reach. Nothing is changed, stored or asked.
    pub(crate) fn make(
        discovery: &'d Discovery<'_>,
        entries: &'s [Vec<ServerEntry<'d>>],
        values: &'s Values<'s>,
        known: &Known,
        request: &Request<'_>,
    ) -> Self {
        let mut names = Names::new(known, values.fingerprints);
        let mut plan = Self { values: Vec::new(), entries: Vec::new(), servers: Vec::new() };
        for (number, (reading, entries)) in discovery.readings.iter().zip(entries).enumerate() {
            if request.project_alone && !is_of_project(reading, &discovery.project) {
                continue;
            }
            for group in by_value(entries) {
                let Some(first) = group.first() else { continue };
                plan.servers.push(first.name.clone());
                if !request.servers.is_empty() && !request.servers.contains(&first.name) {
                    continue;
                }
                let Some(subject) = Subject::of(values, &group) else { continue };
                let items = items(reading, &subject, &group, request, &mut names);
                if !items.is_empty() {
                    let called = request.program.for_file(reading);
                    let flags = request.program.flags();
                    let variables = request.program.variables(reading).to_vec();
                    let surrounding = request.program.surrounding(reading).unwrap_or_default();
                    let reading = number;
                    plan.entries.push(Planning {
                        subject,
                        reading,
                        called,
                        flags,
                        surrounding,
                        variables,
                        items,
                    });
                }
            }
        }
        plan.values = names.into_planned();
        plan
    }

    /// The steps, in the order of the files.
    pub(crate) fn steps(&self, discovery: &Discovery<'_>) -> Vec<Step> {
        let step = |planning: &Planning<'_, '_>, item: &Item<'_>| {
            let entry = planning.subject.entry;
            let value = item.way.as_ref().ok().and_then(|(_, number)| self.values.get(*number));
            let left = item.way.as_ref().err();
            let mut clients: Vec<String> = Vec::new();
            for reader in &planning.subject.readers {
                if !clients.contains(&reader.client.id) {
                    clients.push(reader.client.id.clone());
                }
            }
            Step {
                file: discovery.readings[planning.reading].path.clone(),
                place: item.place,
                pointer: item.field.value.pointer().clone(),
                clients,
                scope: entry.scope,
                project: entry.project.clone(),
                server: entry.name.clone(),
                field: item.field.kind,
                place_in_words: exposure::in_words(&item.field),
                what: item.what.clone(),
                placeholder: item.named.is_some(),
                named: item.named.clone(),
                credential: value.map(|value| value.name.to_string()),
                stored: value.is_some_and(|value| value.is_stored),
                mechanism: item.way.as_ref().map_or(Mechanism::None, |(how, _)| how.mechanism()),
                why: left.map(|left| left.why.clone()),
                advice: left.map(|left| left.advice.clone()),
                lacks: left.and_then(|left| left.lacks.clone()),
            }
        };
        self.entries
            .iter()
            .flat_map(|planning| planning.items.iter().map(|item| step(planning, item)))
            .collect()
    }

    /// The steps as they are shown: without what has the shape of a token, also where a name belongs.
    pub(crate) fn shown_steps(&self, discovery: &Discovery<'_>, detector: &Detector<'_>) -> Vec<Step> {
        let mut steps = self.steps(discovery);
        for step in &mut steps {
            covered::cover_pointer(detector, &mut step.pointer);
            let Step { server, place_in_words, what, credential, why, advice, .. } = step;
            for text in [server, place_in_words, what].into_iter().chain(credential).chain(why).chain(advice)
            {
                covered::cover_text(detector, text);
            }
        }
        steps
    }

    /// Leaves a file as it is, whatever was planned.
    pub(crate) fn leave(&mut self, reading: usize, left: &Left) {
        for planning in self.entries.iter_mut().filter(|planning| planning.reading == reading) {
            for item in &mut planning.items {
                if item.way.is_ok() {
                    item.way = Err(left.clone());
                }
            }
        }
    }

    /// The secrets of a file that stay in it, and are stored nowhere.
    pub(crate) fn left_in(&self, reading: usize) -> Vec<Secret> {
        let items = self.entries.iter().filter(|it| it.reading == reading).flat_map(|it| &it.items);
        let left = items.filter(|item| item.way.is_err() && item.named.is_none()).filter_map(|item| {
            let text = item.field.value.text().map(Text::expose)?;
            Some(Secret::copy_of(text.get(item.part.clone())?.as_bytes()))
        });
        left.collect()
    }

    /// Whether something is done with the value of that number.
    pub(crate) fn uses(&self, number: usize) -> bool {
        let mut items = self.entries.iter().flat_map(|planning| &planning.items);
        items.any(|item| matches!(&item.way, Ok((_, own)) if *own == number))
    }

    /// Whether anything will be changed.
    pub(crate) fn does_something(&self) -> bool {
        self.entries.iter().flat_map(|planning| &planning.items).any(|item| item.way.is_ok())
    }
}

/// Entries of several readers that are the same value of the file.
fn by_value<'s, 'd>(entries: &'s [ServerEntry<'d>]) -> Vec<Vec<&'s ServerEntry<'d>>> {
    let mut groups: Vec<Vec<&ServerEntry<'d>>> = Vec::new();
    let mut known: HashMap<usize, usize> = HashMap::new();
    for entry in entries {
        let at = *known.entry(entry.value.span().start).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) if group[0].value.pointer() == entry.value.pointer() => group.push(entry),
            Some(_) | None => groups.push(vec![entry]),
        }
    }
    groups
}

/// Whether a file belongs to the project, for whomever it is.
pub(crate) fn is_of_project(reading: &Reading<'_>, project: &Path) -> bool {
    reading.path.starts_with(project)
        && reading.readers.iter().any(|reader| matches!(reader.file.scope, Scope::Project | Scope::Local))
}

fn items<'d>(
    reading: &Reading<'_>,
    subject: &Subject<'_, 'd>,
    group: &[&ServerEntry<'d>],
    request: &Request<'_>,
    names: &mut Names<'_>,
) -> Vec<Item<'d>> {
    let mut items: Vec<Item<'d>> = Vec::new();
    let mut seen: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for entry in group {
        for exposed in exposure::exposed_in(subject.values, entry) {
            if is_seen(&seen, &exposed) {
                continue;
            }
            let field = exposed.field.clone();
            let name = || subject.name_for(&exposed);
            let way = fixed(reading).map_or_else(|| choose(subject, &exposed, &name, reading, request), Err);
            let mut part = exposed.found.span.clone();
            let way = way.and_then(|found| {
                part = whole_part(&exposed, &found.secret).unwrap_or(part.clone());
                let suggested = found.suggested.clone().unwrap_or_else(|| subject.name_for(&exposed));
                let what = exposed.what();
                let own = field.value.text().and_then(|text| text.expose().get(part.clone()));
                let is_escaped = matches!(found.how, How::Basic { .. } | How::Bridge { .. })
                    && found.secret.expose_secret_str().ok() != own;
                let number = names.number_of(found.secret, &subject.suggestion(&suggested, &what));
                let number = number.ok_or_else(no_name)?;
                if let Some(own) = own.filter(|_| is_escaped) {
                    names.is_written(number, Secret::copy_of(own.as_bytes()));
                }
                Ok((found.how, number))
            });
            seen.push(taken(&way, &field, exposed.found.span.clone()));
            let place = field.value.place_within(exposed.found.span.start);
            let what = exposed.what().into_owned();
            items.push(Item { named: None, field, place, part, what, way });
        }
    }
    for Unfilled { name, place: exposed } in unfilled(subject.values, group) {
        if is_seen(&seen, &exposed) {
            continue;
        }
        let field = exposed.field.clone();
        let way = fixed(reading).map_or_else(|| mend(subject, &exposed, &name, reading, request), Err);
        let what = exposed.what();
        let way = way.and_then(|(how, stored)| {
            let number = names.number_of_stored(stored, &subject.suggestion(&name, &what));
            number.map(|number| (how, number)).ok_or_else(no_name)
        });
        seen.push(taken(&way, &field, exposed.found.span.clone()));
        let place = field.value.place_within(exposed.found.span.start);
        let (part, what) = (exposed.found.span.clone(), what.into_owned());
        items.push(Item { named: Some(name), field, place, part, what, way });
    }
    items
}

/// Whether it was met before, as another reader has it or with all of its value: values, and parts of their texts.
fn is_seen(seen: &[(Range<usize>, Range<usize>)], exposed: &Exposed<'_, '_, '_>) -> bool {
    let (value, part) = (exposed.field.value.span(), &exposed.found.span);
    seen.iter().any(|(own, other)| *own == value && other.start < part.end && part.start < other.end)
}

/// What goes of a file: where the whole value does, what else is in it goes with it.
fn taken(
    way: &Result<(How, usize), Left>,
    field: &Field<'_>,
    part: Range<usize>,
) -> (Range<usize>, Range<usize>) {
    let part = match way {
        Ok((How::Variable { .. } | How::Emptied { .. } | How::Taken { .. }, _)) => 0..usize::MAX,
        _ => part,
    };
    (field.value.span(), part)
}

/// How the credential that a placeholder names gets to the server, and that credential.
fn mend<'s>(
    subject: &Subject<'s, '_>,
    exposed: &Exposed<'_, '_, '_>,
    name: &str,
    reading: &Reading<'_>,
    request: &Request<'_>,
) -> Result<(How, &'s Stored), Left> {
    let stored = subject.values.stored_as(name);
    let named = || stored.map_or_else(|| name.to_owned(), |stored| stored.name.to_string());
    let found = choose(subject, exposed, &named, reading, request)?;
    if subject.secret(exposed).as_ref() != Some(&found.secret) {
        return Err(Left::not_alone());
    }
    match stored.map(|stored| (stored, &stored.held)) {
        Some((stored, Held::Value(_))) => Ok((found.how, stored)),
        Some((stored, Held::Gone | Held::Empty)) => Err(Left::new(
            format!("the value of `{}` is gone", stored.name),
            format!("store it again with `mcpcred rotate {}`, and call again", stored.name),
        )),
        Some((_, Held::LockedDown(why))) => {
            Err(Left::new(why.clone(), "`mcpcred lockdown --status` tells what it covers"))
        }
        Some((stored, Held::Unavailable { why, .. })) => Err(Left::new(
            format!("`{}` can't be read: {why}", stored.name),
            "`mcpcred doctor` tells what is wrong with the store",
        )),
        None => Err(Left::not_stored(name)),
    }
}

/// Where in its text all that becomes the credential lies: around what was found.
fn whole_part(exposed: &Exposed<'_, '_, '_>, secret: &Secret) -> Option<Range<usize>> {
    let text = exposed.field.value.text().map(Text::expose)?;
    let secret = secret.expose_secret_str().ok()?;
    let found = &exposed.found.span;
    let parts = text.match_indices(secret).map(|(start, it)| start..start + it.len());
    parts.into_iter().find(|part| part.start <= found.start && found.end <= part.end)
}

fn no_name() -> Left {
    Left::new("no name for it is free", "store it yourself with `mcpcred add`")
}

/// Why nothing in a file is changed, where that is so.
fn fixed(reading: &Reading<'_>) -> Option<Left> {
    let any = |is_so: fn(&crate::catalog::client::ConfigurationFile) -> bool| {
        reading.readers.iter().any(|reader| is_so(reader.file))
    };
    if any(|file| !file.writable) {
        Some(Left::new(
            "the file belongs to an administrator or to another program",
            "tell whoever made it, and replace the value at its provider",
        ))
    } else if any(|file| file.elsewhere) {
        Some(Left::new(
            "the server is started on another machine, which has no mcpcred and not your store",
            "use the secrets of that service, and replace the value at its provider",
        ))
    } else {
        None
    }
}

/// What is done about one secret.
fn choose(
    subject: &Subject<'_, '_>,
    exposed: &Exposed<'_, '_, '_>,
    name: &dyn Fn() -> String,
    reading: &Reading<'_>,
    request: &Request<'_>,
) -> Result<Found, Left> {
    use FieldKind as K;
    let kind = exposed.field.kind;
    if !covered::is_without_tokens(subject.values.detector, exposed.field.value.pointer().as_str()) {
        return Err(Left::below_a_token());
    }
    if request.style == Style::Reference
        && let Some(found) = mechanism::reference::choose(subject, exposed, &name())
    {
        return Ok(found);
    }
    if request.style == Style::Inputs && mechanism::headers::asks(subject, kind) && kind != K::InputDefault {
        let part = exposed.found.span.clone();
        let secret = subject.secret(exposed).ok_or_else(Left::starts_nothing)?;
        return Ok(Found { how: How::Input { part }, secret, suggested: None });
    }
    let may_help = || request.program.surrounding(reading).is_some();
    match kind {
        K::Env => mechanism::variables::choose(subject, exposed),
        K::Args => mechanism::arguments::choose(subject, exposed),
        K::Headers | K::Url => mechanism::headers::choose(subject, exposed, request.style, may_help()),
        K::InputDefault if exposed.field.value.is_member() => {
            let text = exposed.field.value.text().map_or("", Text::expose);
            let secret = Secret::copy_of(text.as_bytes());
            Ok(Found { how: How::Asked, secret, suggested: None })
        }
        K::Oauth => mechanism::oauth::choose(subject, exposed, &name(), may_help()),
        K::Helper => mechanism::line::choose(subject, exposed, may_help()),
        K::Command => Err(Left::one_line()),
        K::Setting | K::InputDefault | K::EnvFile => Err(Left::new(
            "the client has no other way to hand over this setting than to write it",
            "take it out where the server also reads a variable, and let `mcpcred run` hand that over",
        )),
    }
}

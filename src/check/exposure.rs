//! Whether a secret lies in the open: in the fields of an entry, anywhere else in a file, in copies left behind.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use crate::catalog::client::FieldKind;
use crate::catalog::provider::Provider;
use crate::catalog::server::Requirement;
use crate::check::copies::Copies;
use crate::check::finding::{Action, Reason};
use crate::check::handing;
use crate::check::presence::{Judged, recognise};
use crate::check::quoted::quoted;
use crate::check::values::Values;
use crate::check::verdict::Verdict;
use crate::configuration::entry::{Field, ServerEntry};
use crate::configuration::leftover::Leftover;
use crate::document::{Document, Place, Text};
use crate::name::CredentialName;
use crate::recognise::{Context, Recognised};

/// A secret in the open in an entry.
pub(crate) struct Exposed<'f, 'd, 'c> {
    /// The value that it is in, or is.
    pub(crate) field: &'f Field<'d>,
    /// Where in the text of the field, and what it is.
    pub(crate) found: Recognised<'c>,
    /// Whether it is but a placeholder for one, which nobody fills in.
    pub(crate) is_placeholder: bool,
}

impl Exposed<'_, '_, '_> {
    /// Where it lies in the file, in bytes. Written with escapes, the whole value is meant.
    pub(crate) fn span(&self) -> Range<usize> {
        match self.field.value.content_span() {
            Some(written) => written.start + self.found.span.start..written.start + self.found.span.end,
            None => self.field.value.span(),
        }
    }

    /// What it is, in words.
    pub(crate) fn what(&self) -> Cow<'static, str> {
        if self.is_placeholder { "placeholder that is not filled in".into() } else { self.found.what() }
    }
}

/// Every secret that lies in the open in an entry, in the order of its fields.
pub(crate) fn exposed_in<'f, 'd, 'c>(
    values: &Values<'c>,
    entry: &'f ServerEntry<'d>,
) -> Vec<Exposed<'f, 'd, 'c>> {
    let mut exposed = Vec::new();
    for field in entry.fields.iter().filter(|field| field.kind != FieldKind::EnvFile) {
        let Some(text) = field.value.text() else { continue };
        let context = Context { name: &field.name, field: field.kind };
        let found = values.detector.examine(&context, text).into_iter();
        let found = found.filter(|found| text.expose().get(found.span.clone()).is_some());
        exposed.extend(found.map(|found| Exposed { field, found, is_placeholder: false }));
    }
    exposed
}

/// What lies in the open in an entry.
pub(crate) struct OfEntry<'d> {
    pub(crate) judged: Judged<'d>,
    /// Where it lies in the file, in bytes.
    pub(crate) span: Range<usize>,
    /// The secret alone.
    pub(crate) secret: Text<'d>,
}

/// The verdicts on what lies in the open in an entry.
pub(crate) fn of_entry<'d>(
    values: &Values<'_>,
    entry: &ServerEntry<'d>,
    is_committed: bool,
) -> Vec<OfEntry<'d>> {
    let mut judgements = Vec::new();
    for exposed in exposed_in(values, entry) {
        let Exposed { field, found, .. } = &exposed;
        let text = field.value.text().map_or("", Text::expose);
        let Some(secret) = text.get(found.span.clone()) else { continue };
        let credential = suggested_name(values, entry, field, found.provider);
        let mut place = in_words(field);
        if let Some(project) = entry.project.as_deref().filter(|_| !entry.here) {
            place = format!("{place} for the project `{project}`");
        }
        let verdict = verdict(values, found, secret, &place, (entry, field, &credential), is_committed);
        let judged = Judged {
            credential: Some(credential),
            verdict,
            value: Some(field.value.clone()),
            within: found.span.start,
        };
        judgements.push(OfEntry { judged, span: exposed.span(), secret: Text::of(secret) });
    }
    judgements
}

/// What a person could call it: as the server calls it, where it does.
pub(crate) fn suggested_name(
    values: &Values<'_>,
    entry: &ServerEntry<'_>,
    field: &Field<'_>,
    provider: Option<&Provider>,
) -> String {
    let is_name =
        |name: &&str| name.parse::<CredentialName>().is_ok() && crate::recognise::is_secret_name(name);
    if field.kind == FieldKind::Env && is_name(&field.name.as_str()) {
        return field.name.clone();
    }
    let plain = |text: &str| {
        let name: String = text
            .chars()
            .map(|it| if it.is_ascii_alphanumeric() { it.to_ascii_uppercase() } else { '_' })
            .collect();
        name.trim_matches('_').to_owned()
    };
    let is_fine = |name: &String| name.parse::<CredentialName>().is_ok() && !crate::slip::is_token(name);
    // Not what the server takes, but what its client shows to the login server.
    let of_client = Some(format!("{}_CLIENT_SECRET", plain(&entry.name))).filter(is_fine);
    if let (true, Some(name)) = (is_of_oauth_client(field), of_client) {
        return name;
    }
    let required = recognise(values, entry).and_then(|known| {
        let all = || known.alternatives().flat_map(|it| &it.credentials);
        let of_provider =
            |it: &&Requirement| provider.is_some_and(|provider| it.provider.as_ref() == Some(&provider.id));
        all().find(of_provider).or_else(|| all().next())
    });
    if let Some(required) = required {
        return required.name.clone();
    }
    let stem = match provider {
        Some(provider) => plain(&provider.id),
        None => plain(&entry.name),
    };
    Some(format!("{stem}_TOKEN")).filter(is_fine).unwrap_or_else(|| "NAME".to_owned())
}

/// Whether it is the secret of an OAuth client, and no token.
pub(crate) fn is_of_oauth_client(field: &Field<'_>) -> bool {
    let key = field.name.rsplit('.').next().unwrap_or_default();
    field.kind == FieldKind::Oauth && key.to_ascii_lowercase().contains("secret")
}

/// The field, for a sentence.
pub(crate) fn in_words(field: &Field<'_>) -> String {
    let name = &field.name;
    match field.kind {
        FieldKind::Command => "the command".to_owned(),
        FieldKind::Args => "the arguments".to_owned(),
        FieldKind::Env => format!("the variable `{name}`"),
        FieldKind::Url => "the URL".to_owned(),
        FieldKind::Headers => format!("the header `{name}`"),
        FieldKind::Helper => "the helper's command line".to_owned(),
        FieldKind::Oauth => format!("the OAuth setting `{name}`"),
        FieldKind::InputDefault => format!("the default of the question `{name}`"),
        FieldKind::Setting => format!("the setting `{name}`"),
        FieldKind::EnvFile => "the file of variables".to_owned(),
    }
}

fn verdict(
    values: &Values<'_>,
    found: &Recognised<'_>,
    secret: &str,
    place: &str,
    (entry, field, name): (&ServerEntry<'_>, &Field<'_>, &str),
    is_committed: bool,
) -> Verdict {
    let fingerprint = values.fingerprints.of(secret.as_bytes());
    let stored = values.stored_with(&fingerprint);
    let kept =
        stored.as_ref().map(|name| format!("; it is the value of the stored `{name}`")).unwrap_or_default();
    let message = format!("{} lies in plaintext in {place}{kept}", found.one());
    let replace =
        if is_committed { ", and replace it at its provider, since others have this file" } else { "" };
    let credential = stored.as_ref().map_or(name, |stored| stored.as_str());
    let instead = handing::instead(entry, field, credential);
    let action = match &stored {
        Some(_) => {
            Action { sentence: format!("{instead}; then take the value out{replace}"), ..Action::default() }
        }
        None if values.known.is_none() => Action {
            sentence: format!("refer to a variable instead of writing the value{replace}"),
            ..Action::default()
        },
        None => Action {
            sentence: format!("store it, and {instead}; then take the value out{replace}"),
            command: Some(format!("mcpcred add {name}")),
            page: None,
        },
    };
    Verdict::problem(Reason::Plaintext, message).action(action).fingerprint(fingerprint)
}

/// A secret of a known form, somewhere in a text.
pub(crate) struct Elsewhere {
    pub(crate) verdict: Verdict,
    pub(crate) place: Place,
}

/// What lies in the open in the rest of a file: in comments, in entries that nobody reads, in a history. Only what is
/// known by its form; `reported` are the places that were spoken of, in bytes.
pub(crate) fn elsewhere(
    values: &Values<'_>,
    document: &Document,
    reported: &[Range<usize>],
) -> Vec<Elsewhere> {
    let is_reported =
        |span: &Range<usize>| reported.iter().any(|it| it.start < span.end && span.start < it.end);
    let verdict = |found: &Recognised<'_>, place: &str| {
        Verdict::problem(Reason::Plaintext, format!("{} lies in plaintext in {place}", found.one()))
            .advice("take it out, and replace it at its provider if others could read it")
    };
    let mut once = Once { values, seen: BTreeSet::new(), found: Vec::new() };
    for (comment, place) in document.comments() {
        for recognised in values.detector.examine_prose(comment) {
            once.push(comment, &recognised.span, || (verdict(&recognised, "a comment"), place));
        }
    }
    let text = document.text();
    for recognised in values.detector.shaped(text) {
        if !is_reported(&recognised.span) {
            once.push(text, &recognised.span, || {
                (verdict(&recognised, "this file"), document.place(recognised.span.start))
            });
        }
    }
    once.found
}

/// What lies in the open in a file that is no configuration, of that text.
pub(crate) fn left_over(
    values: &Values<'_>,
    copies: &Copies<'_>,
    text: Text<'_>,
    leftover: &Leftover,
) -> Vec<Elsewhere> {
    let mut once = Once { values, seen: BTreeSet::new(), found: Vec::new() };
    let shaped = values.detector.shaped(text);
    let is_new =
        |span: &Range<usize>| shaped.iter().all(|it| it.span.end <= span.start || span.end <= it.span.start);
    let known = copies.find_in(text).into_iter().filter(|(span, _)| is_new(span));
    let by_form = shaped.iter().map(|it| (it.span.clone(), it.one()));
    let mut all: Vec<_> = by_form.chain(known.map(|(span, what)| (span, what.to_owned()))).collect();
    all.sort_by_key(|(span, _)| span.start);
    for (span, what) in all {
        once.push(text, &span, || {
            let message = format!("{what} lies in plaintext in {}", leftover.what);
            // What the client itself keeps there it needs, and a person can do little about it.
            let verdict = if leftover.is_of_variables {
                let sentence = "let mcpcred start the server, and move what is in the file into the store";
                Verdict::problem(Reason::Plaintext, message).action(importing(leftover, sentence))
            } else if leftover.in_use && is_dotenv(leftover) {
                let sentence =
                    "move it into the store, and load it with `mcpcred export-env` before the client starts";
                Verdict::warning(Reason::Plaintext, message).action(importing(leftover, sentence))
            } else if leftover.in_use {
                Verdict::warning(Reason::Plaintext, message)
                    .advice("log out in the client where it is not needed any more")
            } else {
                Verdict::problem(Reason::Plaintext, message)
                    .advice("remove the file, and replace the value at its provider if others could read it")
            };
            (verdict, Place::of(text.expose().as_bytes(), span.start))
        });
    }
    once.found
}

/// What lies in the open in a file that can't be understood.
pub(crate) fn unread(values: &Values<'_>, text: Text<'_>) -> Vec<Elsewhere> {
    let mut once = Once { values, seen: BTreeSet::new(), found: Vec::new() };
    for recognised in values.detector.examine_prose(text) {
        once.push(text, &recognised.span, || {
            let message = format!("{} lies in plaintext in this file", recognised.one());
            let verdict = Verdict::problem(Reason::Plaintext, message);
            let verdict = verdict.advice("mend the file, and `mcpcred protect` can move it into the store");
            (verdict, Place::of(text.expose().as_bytes(), recognised.span.start))
        });
    }
    once.found
}

/// Whether the file is called as files of variables are.
fn is_dotenv(leftover: &Leftover) -> bool {
    let name = leftover.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name == ".env" || name.starts_with(".env.")
}

fn importing(leftover: &Leftover, sentence: &str) -> Action {
    let path = leftover.path.to_str().and_then(quoted);
    Action {
        sentence: sentence.to_owned(),
        command: path.map(|path| format!("mcpcred import dotenv {path} --delete-source")),
        page: None,
    }
}

/// Tells of each value of a file once, where it is met first.
struct Once<'v> {
    values: &'v Values<'v>,
    seen: BTreeSet<String>,
    found: Vec<Elsewhere>,
}

impl Once<'_> {
    fn push(&mut self, text: Text<'_>, span: &Range<usize>, tell: impl FnOnce() -> (Verdict, Place)) {
        let Some(secret) = text.expose().get(span.clone()) else { return };
        let fingerprint = self.values.fingerprints.of(secret.as_bytes());
        if self.seen.insert(fingerprint.clone()) {
            let (verdict, place) = tell();
            self.found.push(Elsewhere { verdict: verdict.fingerprint(fingerprint), place });
        }
    }
}

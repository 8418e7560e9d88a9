//! Placeholders for secrets that nobody who reads an entry fills in: what a check tells of, and `protect` can mend.

use std::ops::Range;

use crate::catalog::client::FieldKind;
use crate::check::exposure::Exposed;
use crate::check::values::Values;
use crate::configuration::entry::{Field, ServerEntry};
use crate::document::Text;
use crate::name::CredentialName;
use crate::recognise::{Evidence, Recognised};
use crate::reference::{self, Reference};

/// A placeholder in the place of a secret.
pub(crate) struct Unfilled<'f, 'd, 'c> {
    /// The name in it.
    pub(crate) name: String,
    /// Where it stands, as if it were a secret that lies in the open.
    pub(crate) place: Exposed<'f, 'd, 'c>,
}

/// The placeholders for secrets in one entry that none of its readers fills in, and because of which the server does not
/// get what it needs from one of them. What clients make of placeholders that nobody has told of does not count.
pub(crate) fn unfilled<'f, 'd, 'c>(
    values: &Values<'_>,
    readers: &[&'f ServerEntry<'d>],
) -> Vec<Unfilled<'f, 'd, 'c>> {
    let known: Vec<_> = readers.iter().copied().filter(|entry| !entry.references().unknown).collect();
    let is_started = |entry: &&ServerEntry<'_>| entry.enabled && entry.here && !entry.shadowed;
    let Some(first) = known.first().filter(|_| known.iter().any(is_started)) else { return Vec::new() };
    let mut all = Vec::new();
    for (number, field) in first.fields.iter().enumerate().filter(|(_, field)| is_handed_over(field.kind)) {
        let mut found = passed_on(first, field);
        found.retain(|it| is_for_secret(values, field, it));
        for other in &known[1..] {
            if found.is_empty() {
                break;
            }
            let spans: Vec<Range<usize>> = match same_field(other, number, field) {
                Some(own) => passed_on(other, own).into_iter().map(|it| it.span).collect(),
                None => Vec::new(),
            };
            found.retain(|it| spans.contains(&it.span));
        }
        let place = |span| Exposed {
            field,
            found: Recognised { span, provider: None, shape: None, evidence: Evidence::Name },
            is_placeholder: true,
        };
        all.extend(found.into_iter().map(|it| Unfilled { name: it.name, place: place(it.span) }));
    }
    all
}

/// What the client of the entry passes on as it is written, or never fills in whatever its value.
fn passed_on(entry: &ServerEntry<'_>, field: &Field<'_>) -> Vec<Reference> {
    let Some(text) = field.value.text().map(Text::expose) else { return Vec::new() };
    let references = entry.references();
    let own = reference::find(text, references.syntaxes_in(field.kind));
    let mut all = reference::find_foreign(text, &own);
    let is_kept = |it: &Reference| references.blanks(&it.name, field.kind) || references.withholds(&it.name);
    all.extend(own.into_iter().filter(is_kept));
    all.retain(|it| !entry.expands_itself(field, it));
    all.sort_by_key(|it| it.span.start);
    all
}

/// Whether such a field reaches the server. What else a client reads it reads for itself.
fn is_handed_over(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Env | FieldKind::Args | FieldKind::Headers | FieldKind::Url)
}

/// One with a default says what is to come in its place, which may be a value.
fn is_for_secret(values: &Values<'_>, field: &Field<'_>, found: &Reference) -> bool {
    let length = field.value.text().map_or(0, |text| text.expose().len());
    let is_within = field
        .part
        .as_ref()
        .is_none_or(|part| part.start <= found.span.start && found.span.end <= part.end.min(length));
    is_within
        && found.is_variable()
        && found.default.as_ref().is_none_or(Range::is_empty)
        && found.name.parse::<CredentialName>().is_ok()
        && !crate::slip::is_token(&found.name)
        && values.is_secret(&found.name)
}

/// The same field as another reader has it: readers of one layout have them in the same order.
fn same_field<'f, 'd>(entry: &'f ServerEntry<'d>, number: usize, field: &Field<'_>) -> Option<&'f Field<'d>> {
    let is_same = |own: &&Field<'_>| own.kind == field.kind && own.value.span() == field.value.span();
    entry.fields.get(number).filter(is_same).or_else(|| entry.fields.iter().find(is_same))
}

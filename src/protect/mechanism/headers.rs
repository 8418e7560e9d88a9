//! The headers and the URL of a remote server: what its clients can do without a value in the file.

use std::ops::Range;

use percent_encoding::percent_decode_str;

use crate::catalog::client::{FieldKind, Layout, ReferenceSyntax};
use crate::check::exposure::Exposed;
use crate::document::Text;
use crate::document::inverse::{Escaping, unescaped};
use crate::protect::mechanism::bridge::{self, Bridge};
use crate::protect::mechanism::{How, Left, Style, command};
use crate::protect::subject::{Found, Subject};
use crate::reference;
use crate::secret::Secret;

/// What is done about a secret in a header or in the URL. `may_help` says whether our helper finds the store when
/// these clients run it.
pub(crate) fn choose(
    subject: &Subject<'_, '_>,
    exposed: &Exposed<'_, '_, '_>,
    style: Style,
    may_help: bool,
) -> Result<Found, Left> {
    let is_header = exposed.field.kind == FieldKind::Headers;
    let secret =
        || subject.secret(exposed).ok_or_else(|| Left::new("the value is not text", "take it out by hand"));
    let part = exposed.found.span.clone();
    if style == Style::Bridge
        && let Some(found) = bridge::choose(subject, exposed)
    {
        return Ok(found);
    }
    if style != Style::Inputs
        && may_help
        && is_header
        && let Some(header) = helped(subject, exposed)
    {
        return Ok(Found { how: How::Helper { header, part }, secret: secret()?, suggested: None });
    }
    if style != Style::Inputs
        && may_help
        && !is_header
        && is_in_pair(subject, exposed)
        && let Some(secret) = secret_of_pair(subject, exposed)
    {
        return Ok(Found { how: How::Basic { part }, secret, suggested: None });
    }
    if let Some(found) = command::choose(subject, exposed, may_help) {
        return Ok(found);
    }
    if asks(subject, exposed.field.kind) {
        return Ok(Found { how: How::Input { part }, secret: secret()?, suggested: None });
    }
    Err(left(subject, exposed))
}

/// Whether all who read the file ask the person at such a place.
pub(crate) fn asks(subject: &Subject<'_, '_>, kind: FieldKind) -> bool {
    subject.entry.layout == Layout::Inputs
        && subject.readers.iter().all(|reader| {
            !reader.references.unknown
                && reader.references.syntaxes_in(kind).contains(&ReferenceSyntax::Input)
        })
}

/// The key of the helper that all who read the file run.
pub(crate) fn helper_key<'d>(subject: &Subject<'_, 'd>) -> Option<&'d str> {
    let first = subject.readers.first()?.client.headers_helper.as_deref()?;
    let all = subject.readers.iter().all(|reader| reader.client.headers_helper.as_deref() == Some(first));
    all.then_some(first)
}

/// The name of a header that our helper can print in the place of this one: nothing else in it is left to the
/// client, and it can stand in a line for any shell.
fn helped(subject: &Subject<'_, '_>, exposed: &Exposed<'_, '_, '_>) -> Option<String> {
    helper_key(subject)?;
    let field = exposed.field;
    let is_free = !subject.entry.has_helper() && field.value.is_member() && field.part.is_none();
    (is_free && is_plain(subject, exposed)).then(|| field.name.clone())
}

/// Whether a secret stands before the host of a URL of which our helper can print the header that the client makes of
/// it today, and no other header of the entry is in its way.
fn is_in_pair(subject: &Subject<'_, '_>, exposed: &Exposed<'_, '_, '_>) -> bool {
    let field = exposed.field;
    let text = field.value.text().map_or("", Text::expose);
    let found = &exposed.found.span;
    let Some(pair) = pair(text).filter(|pair| pair.start <= found.start && found.end <= pair.end) else {
        return false;
    };
    helper_key(subject).is_some()
        && !subject.entry.has_helper()
        && field.value.is_member()
        && field.part.is_none()
        && can_be_header(subject, text, &pair, std::slice::from_ref(found))
}

/// Whether a user and a password in front of a host could be a header as well, with these secrets in them: nothing else
/// in them means something to a shell or is a placeholder, and the entry has no such header.
pub(super) fn can_be_header(
    subject: &Subject<'_, '_>,
    url: &str,
    pair: &Range<usize>,
    secrets: &[Range<usize>],
) -> bool {
    let is_authorization = |name: &str| name.eq_ignore_ascii_case("authorization");
    let is_within = |it: &&Range<usize>| pair.start <= it.start && it.end <= pair.end;
    let mut at = pair.start;
    let mut around = Vec::new();
    for secret in secrets.iter().filter(is_within) {
        around.push(url.get(at..secret.start));
        at = secret.end;
    }
    around.push(url.get(at..pair.end));
    let entry = subject.entry;
    let mut secrets = secrets.iter().filter(is_within).peekable();
    secrets.peek().is_some()
        && secrets.all(|it| url.get(it.clone()).is_some_and(comes_back))
        && around
            .iter()
            .all(|part| part.and_then(said_in_pair).is_some_and(|said| said.bytes().all(is_quotable)))
        && !entry.all_fields().any(|it| it.kind == FieldKind::Headers && is_authorization(&it.name))
        && !entry.all_named().any(|it| it.kind == FieldKind::Headers && is_authorization(&it.target))
}

/// What a client sends of a secret before the host of a URL, without the percent signs that it is written with there.
pub(super) fn secret_of_pair(subject: &Subject<'_, '_>, exposed: &Exposed<'_, '_, '_>) -> Option<Secret> {
    let written = subject.secret(exposed)?;
    if written.expose_secret_str().is_ok_and(|text| !text.contains('%')) {
        return Some(written);
    }
    unescaped(written.expose_secret_str().ok()?)
}

/// Whether a part of what stands before a host comes back as it is written, from what it says.
fn comes_back(written: &str) -> bool {
    let is_same = |value: Secret| {
        value
            .expose_secret_str()
            .is_ok_and(|value| !value.contains(char::is_control) && Escaping::of(written, value).is_some())
    };
    !written.contains('%') || unescaped(written).is_some_and(is_same)
}

/// What is no secret of what stands before a host, as a client sends it; nothing where it would part the two elsewhere.
pub(crate) fn said_in_pair(written: &str) -> Option<String> {
    let said = percent_decode_str(written).decode_utf8().ok()?;
    (said.matches(':').count() == written.matches(':').count()).then(|| said.into_owned())
}

/// Where in a URL the user and the password stand, without the `@` behind them.
pub(crate) fn pair(url: &str) -> Option<Range<usize>> {
    let start = url.find("://")? + "://".len();
    let authority = url[start..].split(['/', '?', '#']).next()?;
    Some(start..start + authority.rfind('@')?)
}

/// Whether it stands for itself in a line for any shell.
pub(super) fn is_quotable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" _-.,:;=+/@~".contains(&byte)
}

fn is_plain(subject: &Subject<'_, '_>, exposed: &Exposed<'_, '_, '_>) -> bool {
    let text = exposed.field.value.text().map_or("", Text::expose);
    let found = &exposed.found.span;
    let around = [text.get(..found.start), text.get(found.end..)];
    is_header_name(&exposed.field.name)
        && (exposed.is_placeholder || has_no_placeholder(subject, text))
        && around.iter().all(|part| part.is_some_and(|part| part.bytes().all(is_quotable)))
}

/// Whether the name of a header is one that any program takes as it is.
pub(super) fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Whether no client that reads the entry fills anything in there.
pub(super) fn has_no_placeholder(subject: &Subject<'_, '_>, text: &str) -> bool {
    subject
        .readers
        .iter()
        .all(|reader| reference::find(text, reader.references.syntaxes_in(FieldKind::Headers)).is_empty())
}

fn left(subject: &Subject<'_, '_>, exposed: &Exposed<'_, '_, '_>) -> Left {
    let is_url = exposed.field.kind == FieldKind::Url;
    let text = exposed.field.value.text().map_or("", Text::expose);
    let written = text.get(exposed.found.span.clone()).unwrap_or_default();
    let is_in_pair = pair(text).is_some_and(|pair| pair.contains(&exposed.found.span.start));
    if is_url && is_in_pair && !exposed.is_placeholder && !comes_back(written) {
        return Left::new(
            "percent signs stand in it in no usual manner, so that it could not be put back as it was written",
            "write it with percent signs for `@`, `:`, `/` and the like alone (`%40`), and protect it then",
        );
    }
    let mut names: Vec<&str> = Vec::new();
    for reader in &subject.readers {
        let name = reader.client.name.as_str();
        if (is_url || reader.client.headers_helper.is_none()) && !names.contains(&name) {
            names.push(name);
        }
    }
    let who = if names.is_empty() { "the client".to_owned() } else { names.join(", ") };
    let why = format!("there is no other way to hand it to {who} than to write it");
    if Bridge::of(subject).is_some() {
        let bridge = "say `--style bridge` to let `mcpcred run` start the local bridge `mcp-remote` instead";
        return Left::new(why, bridge);
    }
    if is_url {
        return Left::new(
            why,
            "give the server its token in a header instead, where it takes one, and protect that",
        );
    }
    if helper_key(subject).is_some() && subject.entry.has_helper() {
        return Left::new(
            "a command of the entry prints headers already, and there is but one",
            "let that command print this header too, with `mcpcred headers` or `mcpcred run`, and take it out here",
        );
    }
    Left::new(
        format!("no command can give it to {who}, or not for this entry"),
        "refer to a variable where the client fills one in (`--style reference`), or take the value out by hand",
    )
}

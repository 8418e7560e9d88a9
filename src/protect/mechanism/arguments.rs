//! The arguments of a program that a client starts: everybody on the machine can read them, so a variable is preferred.

use std::ops::Range;

use crate::catalog::client::{FieldKind, ReferenceSyntax, Unset};
use crate::catalog::server::{Requirement, SecretKind, Transport};
use crate::check::exposure::Exposed;
use crate::document::Text;
use crate::name::CredentialName;
use crate::protect::launching::starts_container;
use crate::protect::mechanism::{How, Left};
use crate::protect::subject::{Found, Subject};
use crate::recognise::Evidence;
use crate::secret::Secret;

/// An argument among the others.
struct Argument<'t> {
    /// All words of the command line, the program first.
    words: Vec<&'t str>,
    /// Which of them it is.
    number: usize,
    /// Which item of its sequence it is.
    item: usize,
    text: &'t str,
}

/// What is done about a secret in an argument.
pub(crate) fn choose(subject: &Subject<'_, '_>, exposed: &Exposed<'_, '_, '_>) -> Result<Found, Left> {
    let launching = subject.launching()?;
    let (sequence, first) = launching.arguments().ok_or_else(Left::one_line)?;
    let place = exposed.field.value.pointer().split();
    let item = place.filter(|(parent, _)| parent == sequence.pointer()).and_then(|(_, key)| key.parse().ok());
    let Some(item) = item.filter(|item: &usize| *item >= first) else { return Err(Left::one_line()) };
    let text = exposed.field.value.text().map_or("", Text::expose);
    let argument = Argument { words: launching.words(), number: item - first + 1, item, text };
    let found = of_container(exposed, &argument)
        .or_else(|| of_env(&argument))
        .or_else(|| by_flag(subject, exposed, &argument))
        .or_else(|| of_mcp_remote(subject, exposed, &argument))
        .or_else(|| of_shell(&argument, &exposed.found.span))
        .or_else(|| expanded(subject, exposed, text));
    found.ok_or_else(|| {
        Left::new("the argument is not text that could be parted", "take the value out by hand")
    })
}

impl Argument<'_> {
    fn before(&self) -> &str {
        self.words.get(self.number - 1).copied().unwrap_or_default()
    }
}

/// `docker run -e NAME=value`: the container takes the variable over from the environment of `docker`.
fn of_container(exposed: &Exposed<'_, '_, '_>, argument: &Argument<'_>) -> Option<Found> {
    let start = exposed.field.part.as_ref()?.start;
    let assigned = argument.text.get(..start)?.strip_suffix('=')?;
    let is_flagged = if ["-e", "--env"].contains(&argument.before()) {
        assigned == exposed.field.name
    } else {
        assigned.strip_prefix("--env=").or_else(|| assigned.strip_prefix("-e")) == Some(&exposed.field.name)
    };
    if !is_flagged || !starts_container(&argument.words[..argument.number]) {
        return None;
    }
    cut(&exposed.field.name, argument.text.get(start..)?, start - 1..argument.text.len())
}

/// `env NAME=value program`.
fn of_env(argument: &Argument<'_>) -> Option<Found> {
    let (name, value) = argument.text.split_once('=')?;
    let mut before = argument.words[..argument.number].iter().rev();
    let program = before.find(|word| !word.contains('='))?;
    let is_env = crate::configuration::entry::program(program) == "env";
    let is_name = name.parse::<CredentialName>().is_ok();
    (is_env && is_name).then(|| Found {
        how: How::Taken { variable: name.to_owned(), items: argument.item..argument.item + 1 },
        secret: Secret::copy_of(value.as_bytes()),
        suggested: Some(name.to_owned()),
    })
}

/// A flag whose value the server reads from a variable as well, as the catalog says.
fn by_flag(
    subject: &Subject<'_, '_>,
    exposed: &Exposed<'_, '_, '_>,
    argument: &Argument<'_>,
) -> Option<Found> {
    let known = subject.known.filter(|known| known.transport == Transport::Local)?;
    let (flag, value, items) = match argument.text.split_once('=') {
        Some((flag, value)) if flag.starts_with('-') => (flag, value, argument.item..argument.item + 1),
        _ => (argument.before(), argument.text, argument.item.checked_sub(1)?..argument.item + 1),
    };
    let takes = |it: &&Requirement| {
        it.form.is_none() && it.kind != SecretKind::Path && it.flags.iter().any(|own| own == flag)
    };
    let all = known.alternatives().flat_map(|alternative| &alternative.credentials);
    // The flag that is a requirement's only one is its own.
    let requirement = all.filter(takes).min_by_key(|it| it.flags.len())?;
    let is_whole = exposed.found.evidence == Evidence::Address || value.len() == exposed.found.span.len();
    let is_free =
        !subject.entry.fields.iter().any(|it| it.kind == FieldKind::Env && requirement.is_named(&it.name));
    (is_whole && is_free).then(|| Found {
        how: How::Taken { variable: requirement.name.clone(), items },
        secret: Secret::copy_of(value.as_bytes()),
        suggested: Some(requirement.name.clone()),
    })
}

/// `mcp-remote --header "Authorization: Bearer x"`: it fills in `${VARIABLE}` itself, unless the client does so first.
fn of_mcp_remote(
    subject: &Subject<'_, '_>,
    exposed: &Exposed<'_, '_, '_>,
    argument: &Argument<'_>,
) -> Option<Found> {
    let is_header = argument.before() == "--header" || argument.text.starts_with("--header=");
    if !is_header || !subject.entry.runs_mcp_remote() || !passes_braces(subject) {
        return None;
    }
    let part = exposed.found.span.clone();
    let secret = subject.secret(exposed)?;
    Some(Found { how: How::Own { part }, secret, suggested: None })
}

/// Whether `${VARIABLE}` among the arguments reaches the program as it is written while no such variable is set.
pub(crate) fn passes_braces(subject: &Subject<'_, '_>) -> bool {
    subject.readers.iter().all(|reader| {
        let references = reader.references;
        !references.unknown
            && (!references.syntaxes_in(FieldKind::Args).contains(&ReferenceSyntax::Braces)
                || references.unset_in(FieldKind::Args) == Unset::Literal)
    })
}

/// `sh -c "NAME=value program"`: an assignment before the command that it is for, in plain characters.
fn of_shell(argument: &Argument<'_>, secret: &Range<usize>) -> Option<Found> {
    let shell = argument.words[..argument.number].iter().rev().find(|word| !word.starts_with('-'))?;
    let is_posix =
        ["sh", "bash", "zsh", "dash", "ksh"].contains(&crate::configuration::entry::program(shell));
    let flag = argument.before();
    if !is_posix || !flag.starts_with('-') || flag.starts_with("--") || !flag.ends_with('c') {
        return None;
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./+:@%=,".contains(&byte);
    let mut at = 0;
    for word in argument.text.split(' ') {
        let (name, value) = word.split_once('=')?;
        let is_assignment = name.parse::<CredentialName>().is_ok() && value.bytes().all(plain);
        if !is_assignment {
            return None;
        }
        let start = at + name.len() + 1;
        if *secret == (start..start + value.len()) {
            // A command has to follow: else the shell keeps the variable to itself.
            let follows = argument.text.get(start + value.len() + 1..)?;
            return (!follows.trim().is_empty()).then(|| cut(name, value, at..start + value.len() + 1))?;
        }
        at += word.len() + 1;
    }
    None
}

fn cut(name: &str, value: &str, part: Range<usize>) -> Option<Found> {
    name.parse::<CredentialName>().ok()?;
    let secret = Secret::copy_of(value.as_bytes());
    Some(Found {
        how: How::Cut { variable: name.to_owned(), part },
        secret,
        suggested: Some(name.to_owned()),
    })
}

/// The wrapper fills in what it was told to: what the program reads from its arguments alone.
fn expanded(subject: &Subject<'_, '_>, exposed: &Exposed<'_, '_, '_>, text: &str) -> Option<Found> {
    let found = &exposed.found;
    let whole = exposed.field.part.clone().unwrap_or(0..text.len());
    // An address is one thing, with what stands around the password; a line for a shell is not.
    let is_address = found.evidence == Evidence::Address && !text.contains(char::is_whitespace);
    let part = if is_address { whole } else { found.span.clone() };
    let secret = Secret::copy_of(text.get(part.clone())?.as_bytes());
    let suggested = if is_address { subject.positional() } else { None };
    Some(Found { how: How::Expanded { part }, secret, suggested })
}

//! The line of a person's own that prints headers: our command in its place where it prints the same every time, and
//! ours before it where it does more.

use crate::catalog::client::FieldKind;
use crate::check::call::is_mcpcred;
use crate::check::exposure::{Exposed, exposed_in};
use crate::configuration::entry::program;
use crate::document::Text;
use crate::name::CredentialName;
use crate::protect::mechanism::headers::{has_no_placeholder, helper_key, is_header_name, is_quotable};
use crate::protect::mechanism::{How, Left};
use crate::protect::printed::Printed;
use crate::protect::shell_line::{Shell, ShellLine};
use crate::protect::subject::{Found, Subject};
use crate::secret::Secret;

/// What is done about a secret in such a line. `may_help` says whether mcpcred finds the store when these clients run it.
pub(crate) fn choose(
    subject: &Subject<'_, '_>,
    exposed: &Exposed<'_, '_, '_>,
    may_help: bool,
) -> Result<Found, Left> {
    let field = exposed.field;
    let text = field.value.text().map_or("", Text::expose);
    let span = exposed.found.span.clone();
    if !may_help || field.part.is_some() {
        return Err(left("mcpcred would not find its store when the client runs the line"));
    }
    let secret = || subject.secret(exposed).ok_or_else(|| left("the value is not text"));
    if exposed.is_placeholder {
        return Err(left("the value stands within a command of your own"));
    }
    if is_constant(subject, text) {
        return Ok(Found { how: How::Printed, secret: secret()?, suggested: None });
    }
    let line = ShellLine::read(text, Shell::HERE).filter(|line| is_before_a_program(line, text));
    if let Some(line) = &line {
        let assigned =
            line.assignments.iter().find(|it| it.span.start <= span.start && span.end <= it.span.end);
        if let Some((name, value)) = assigned.and_then(|word| word.assignment(text))
            && name.parse::<CredentialName>().is_ok()
        {
            let secret = Secret::copy_of(text.get(value.clone()).unwrap_or_default().as_bytes());
            let variable = name.to_owned();
            let suggested = Some(variable.clone());
            return Ok(Found { how: How::Prefixed { variable: Some(variable) }, secret, suggested });
        }
    }
    let own = text.get(span.clone()).unwrap_or_default();
    if own.is_empty() || !own.bytes().all(|byte| Shell::HERE.leaves(byte)) {
        return Err(left("the value is written with characters that a shell reads in its own way"));
    }
    let is_argument = |line: &ShellLine| {
        line.words.iter().skip(1).any(|it| it.span.start <= span.start && span.end <= it.span.end)
    };
    if line.as_ref().is_some_and(is_argument) {
        return Ok(Found { how: How::Prefixed { variable: None }, secret: secret()?, suggested: None });
    }
    if starts_ours(text) {
        return Err(Left::new(
            "the line calls mcpcred already, which would have to be told of this value too",
            "store it with `mcpcred add`, and name it in the line with `--expand` or `-e`",
        ));
    }
    if Shell::HERE == Shell::Posix {
        return Ok(Found { how: How::InShell, secret: secret()?, suggested: None });
    }
    Err(left("the value stands within a line of several commands, or of one of the shell's own"))
}

/// Whether the line prints the same headers every time, each of which could come from our command or stand in the entry.
fn is_constant(subject: &Subject<'_, '_>, text: &str) -> bool {
    let Some(printed) = helper_key(subject).and_then(|_| Printed::by(text, Shell::HERE)) else {
        return false;
    };
    let exposed = exposed_in(subject.values, subject.entry);
    let secrets: Vec<&str> = exposed
        .iter()
        .filter(|it| it.field.kind == FieldKind::Helper)
        .filter_map(|it| it.field.value.text()?.expose().get(it.found.span.clone()))
        .collect();
    let headers = printed.headers();
    let entry = subject.entry;
    let is_in_entry = |name: &str| {
        let fields = entry.all_fields().filter(|it| it.kind == FieldKind::Headers).map(|it| &it.name);
        let named = entry.all_named().filter(|it| it.kind == FieldKind::Headers).map(|it| &it.target);
        fields.chain(named).any(|own| own.eq_ignore_ascii_case(name))
    };
    let is_fine = |name: &str, value: &str| {
        let rest = secrets.iter().fold(vec![value], |parts, secret| {
            parts.into_iter().flat_map(|part| part.split(secret)).collect()
        });
        is_header_name(name)
            && if rest.len() > 1 {
                rest.iter().all(|part| part.bytes().all(is_quotable))
            } else {
                !value.contains(['$', '{'])
                    && !value.contains(char::is_control)
                    && has_no_placeholder(subject, value)
                    && !is_in_entry(name)
            }
    };
    secrets.iter().all(|secret| headers.iter().any(|(_, value)| value.contains(secret)))
        && headers.iter().all(|(name, value)| is_fine(name, value))
}

/// Whether our own command can stand before the one of the line.
fn is_before_a_program(line: &ShellLine, text: &str) -> bool {
    let Some(first) = line.words.first().and_then(|word| text.get(word.span.clone())) else { return false };
    let name = first.trim_matches(['"', '\'']);
    !Shell::HERE.is_own(program(name)) && !is_mcpcred(name)
}

/// Whether the line calls mcpcred already: it would have to be told of one credential more, and not be called twice.
fn starts_ours(text: &str) -> bool {
    text.split_whitespace().any(|word| is_mcpcred(word.trim_matches(['"', '\''])))
}

fn left(why: &str) -> Left {
    Left::new(why, "let the command call `mcpcred get` or `mcpcred headers` instead of writing the value")
}

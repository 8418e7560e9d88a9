//! `$(mcpcred get NAME)`: for clients that run a command within a value, and put in what it prints.

use crate::catalog::client::ReferenceSyntax;
use crate::check::exposure::Exposed;
use crate::protect::mechanism::How;
use crate::protect::subject::{Found, Subject};

/// A call of ours in the place of the secret, where all who read the file run one there. `may_help` says whether it
/// finds the store when they do.
pub(crate) fn choose(
    subject: &Subject<'_, '_>,
    exposed: &Exposed<'_, '_, '_>,
    may_help: bool,
) -> Option<Found> {
    let kind = exposed.field.kind;
    let is_run = subject.readers.iter().all(|reader| {
        let references = reader.references;
        !references.unknown && references.syntaxes_in(kind).contains(&ReferenceSyntax::Command)
    });
    let part = exposed.found.span.clone();
    (is_run && may_help).then_some(())?;
    Some(Found { how: How::Command { part }, secret: subject.secret(exposed)?, suggested: None })
}

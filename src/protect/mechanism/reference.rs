//! A placeholder of the client's own, which it fills in from its environment: only where the person asked for one.

use crate::catalog::client::{Inherits, ReferenceSyntax};
use crate::check::exposure::Exposed;
use crate::protect::mechanism::How;
use crate::protect::subject::{Found, Subject};

/// Those that name a variable and nothing else, the plainest first.
const SYNTAXES: &[ReferenceSyntax] =
    &[ReferenceSyntax::Braces, ReferenceSyntax::Env, ReferenceSyntax::BareEnv, ReferenceSyntax::Dollar];

/// A placeholder that all who read the file fill in there, where there is one for a variable of that name.
pub(crate) fn choose(subject: &Subject<'_, '_>, exposed: &Exposed<'_, '_, '_>, name: &str) -> Option<Found> {
    let kind = exposed.field.kind;
    let fits = |syntax: &&ReferenceSyntax| {
        subject.readers.iter().all(|reader| {
            let references = reader.references;
            // One that hides what looks like a secret from its servers may hide it from itself, and writes values
            // back into its file.
            !references.unknown
                && !references.approved_only
                && reader.client.inherits != Inherits::Harmless
                && !references.blanks(name, kind)
                && !references.withholds(name)
                && references.syntaxes_in(kind).contains(syntax)
        })
    };
    let syntax = SYNTAXES.iter().find(fits)?;
    let part = exposed.found.span.clone();
    Some(Found {
        how: How::Reference { syntax: *syntax, part },
        secret: subject.secret(exposed)?,
        suggested: None,
    })
}

/// The placeholder for a variable.
pub(crate) fn written(syntax: ReferenceSyntax, name: &str) -> String {
    match syntax {
        ReferenceSyntax::Env => format!("${{env:{name}}}"),
        ReferenceSyntax::BareEnv => format!("{{env:{name}}}"),
        ReferenceSyntax::Dollar => format!("${name}"),
        ReferenceSyntax::Input => format!("${{input:{name}}}"),
        _ => format!("${{{name}}}"),
    }
}

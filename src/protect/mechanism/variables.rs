//! The variables of a program that a client starts: the whole value becomes the credential.

use crate::catalog::client::{FieldKind, ReferenceSyntax};
use crate::check::exposure::Exposed;
use crate::document::Text;
use crate::name::CredentialName;
use crate::protect::mechanism::{How, Left};
use crate::protect::subject::{Found, Subject};
use crate::reference;
use crate::secret::Secret;

/// What is done about a secret in a variable.
pub(crate) fn choose(subject: &Subject<'_, '_>, exposed: &Exposed<'_, '_, '_>) -> Result<Found, Left> {
    subject.launching()?;
    let field = exposed.field;
    let text = field.value.text().map_or("", Text::expose);
    let all = field.part.clone().unwrap_or(0..text.len());
    let value = text.get(all.clone()).unwrap_or_default();
    if field.name.parse::<CredentialName>().is_err() {
        return Err(Left::new(
            "the name of the variable is none that a credential or a shell could have",
            "rename it, where the server allows that",
        ));
    }
    let mut placeholders = subject
        .readers
        .iter()
        .flat_map(|reader| reference::find(value, reader.references.syntaxes_in(FieldKind::Env)))
        .filter(|found| found.syntax != ReferenceSyntax::BareName);
    let secret = match placeholders.next() {
        _ if exposed.is_placeholder => value,
        None => value,
        // A placeholder with a secret for its default: what the server gets where nobody set the variable.
        Some(only) if only.span == (0..value.len()) && only.default.is_some() => {
            only.default.and_then(|default| value.get(default)).unwrap_or_default()
        }
        Some(_) => {
            return Err(Left::new(
                "the client fills in a placeholder within the same value",
                "store the whole value with `mcpcred add`, and let `mcpcred run` hand it over",
            ));
        }
    };
    let variable = field.name.clone();
    // A list of variables has the names beside the values.
    let is_named = field.value.pointer().split().is_some_and(|(_, key)| key == field.name);
    let is_member = field.part.is_none() && field.value.is_member() && is_named;
    let how = if is_member { How::Variable { variable } } else { How::Emptied { variable, part: all } };
    Ok(Found { how, secret: Secret::copy_of(secret.as_bytes()), suggested: Some(field.name.clone()) })
}

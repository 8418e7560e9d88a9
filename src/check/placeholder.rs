//! Placeholders in words, for messages.

use crate::catalog::client::ReferenceSyntax;
use crate::name::CredentialName;
use crate::reference::Reference;

/// A placeholder as it is written, without its default, which may be a secret.
pub(super) fn written(found: &Reference) -> String {
    match found.syntax {
        ReferenceSyntax::Env => format!("${{env:{}}}", found.name),
        ReferenceSyntax::Dollar => format!("${}", found.name),
        ReferenceSyntax::DollarEnv => format!("$env:{}", found.name),
        ReferenceSyntax::BareEnv => format!("{{env:{}}}", found.name),
        ReferenceSyntax::File => format!("${{file:{}}}", found.name),
        ReferenceSyntax::BareFile => format!("{{file:{}}}", found.name),
        ReferenceSyntax::Input => format!("${{input:{}}}", found.name),
        ReferenceSyntax::Secrets => format!("${{{{ secrets.{} }}}}", found.name),
        ReferenceSyntax::Percent => format!("%{}%", found.name),
        ReferenceSyntax::BracesDefault => format!("${{{}:-…}}", found.name),
        _ => format!("${{{}}}", found.name),
    }
}

/// The text where it can be the name of a credential, and `NAME` otherwise.
pub(super) fn credential_name(text: &str) -> &str {
    if text.parse::<CredentialName>().is_ok() { text } else { "NAME" }
}

//! Places in which a secret belongs, whatever the variable is called that a placeholder names there.

use crate::catalog::client::FieldKind;
use crate::catalog::server::SecretKind;
use crate::check::presence::Presence;
use crate::configuration::entry::Field;
use crate::reference::Reference;

/// What stands around a placeholder.
#[derive(Debug, PartialEq, Eq)]
enum Around<'t> {
    /// Nothing, but for a word such as `Bearer` before it.
    Nothing,
    /// The name of it: `--token=`, `GITHUB_TOKEN=`, `Authorization: Bearer `.
    Name(&'t str),
    /// An address of which it is the password.
    Address,
    /// Anything else.
    Text,
}

impl Presence<'_, '_> {
    /// Whether what a placeholder is filled in with is a secret by the place that it stands in.
    pub(super) fn stands_for_secret(&self, field: &Field<'_>, text: &str, found: &Reference) -> bool {
        match around(text, found) {
            Around::Nothing => self.holds_secret(field.kind, &field.name),
            Around::Name(name) => {
                field.kind == FieldKind::Args
                    && (self.holds_secret(field.kind, name) || self.holds_secret(field.kind, &field.name))
            }
            Around::Address => true,
            Around::Text => false,
        }
    }

    /// Whether a secret belongs under that name.
    pub(super) fn holds_secret(&self, kind: FieldKind, name: &str) -> bool {
        let is_path = || self.values.catalog.requirement(name).is_some_and(|it| it.kind == SecretKind::Path);
        match kind {
            FieldKind::Env | FieldKind::Headers | FieldKind::Args => self.is_secret(name) && !is_path(),
            FieldKind::Oauth => true,
            _ => false,
        }
    }
}

fn around<'t>(text: &'t str, found: &Reference) -> Around<'t> {
    let (Some(before), Some(after)) = (text.get(..found.span.start), text.get(found.span.end..)) else {
        return Around::Text;
    };
    if after.starts_with('@') && before.split_once("://").is_some_and(|(_, user)| is_user(user)) {
        return Around::Address;
    }
    if !after.trim().is_empty() {
        return Around::Text;
    }
    if is_scheme(before) {
        return Around::Nothing;
    }
    match before.split_once(['=', ':']) {
        Some((name, scheme)) if is_name(name) && is_scheme(scheme.trim_start()) => Around::Name(name),
        _ => Around::Text,
    }
}

/// `user:`, with nothing of a host or a path in it.
fn is_user(text: &str) -> bool {
    text.ends_with(':') && !text.contains(['/', '@', '?', '#'])
}

/// Nothing, or one word and a blank.
fn is_scheme(text: &str) -> bool {
    let word = text.trim_end();
    text.is_empty() || (word.len() < text.len() && word.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::client::ReferenceSyntax;

    #[test]
    fn what_stands_around_a_placeholder_tells_what_it_is_for() {
        for (text, expected) in [
            ("${X}", Around::Nothing),
            ("Bearer ${X}", Around::Nothing),
            ("--api-key=${X}", Around::Name("--api-key")),
            ("GITHUB_TOKEN=${X}", Around::Name("GITHUB_TOKEN")),
            ("Authorization: Bearer ${X}", Around::Name("Authorization")),
            ("Authorization:${X}", Around::Name("Authorization")),
            ("postgresql://me:${X}@host/db", Around::Address),
            ("postgresql://${X}:pw@host/db", Around::Text),
            ("https://host/a:${X}@b", Around::Text),
            ("https://${X}/token", Around::Text),
            ("user${X}", Around::Text),
            ("${X}/file", Around::Text),
            ("a b=${X}", Around::Text),
        ] {
            let found = crate::reference::find(text, &[ReferenceSyntax::Braces]).pop().unwrap();
            assert_eq!(around(text, &found), expected, "{text}");
        }
    }
}

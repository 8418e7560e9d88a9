//! PLACEHOLDERS: `${VAR}`, `${env:VAR}`, `{env:VAR}` and the others, as each client understands them.
//!
//! A configuration is never expanded here: it is read which names it refers to, and what its client would make of
//! them.

mod outcome;
mod scan;

use std::ops::Range;

pub(crate) use crate::reference::outcome::{Outcome, outcome};

use crate::catalog::client::ReferenceSyntax;
use crate::reference::scan::{Reading, scan};

/// A placeholder in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// How it is written.
    pub(crate) syntax: ReferenceSyntax,
    /// The name, the id or the path in it, of any text. Empty for a command, which may hold a secret.
    pub(crate) name: String,
    /// Where in the text the default (or the message of `${VAR:?message}`) lies, in bytes. It may be a secret, and
    /// it may hold further placeholders.
    pub(crate) default: Option<Range<usize>>,
    /// Where in the text the whole placeholder lies, in bytes.
    pub(crate) span: Range<usize>,
}

impl Reference {
    /// Whether it names a variable of the environment.
    pub(crate) fn is_variable(&self) -> bool {
        use ReferenceSyntax as S;
        matches!(
            self.syntax,
            S::Dollar
                | S::Braces
                | S::BracesDefault
                | S::BracesRequired
                | S::Env
                | S::DollarEnv
                | S::BareEnv
                | S::BareName
                | S::Percent
        )
    }

    /// What a client that knows these syntaxes takes for placeholders within the default, with places in the same
    /// text. For [`Outcome::Default`] where the client looks at them.
    pub(crate) fn within_default(&self, text: &str, syntaxes: &[ReferenceSyntax]) -> Vec<Self> {
        let Some(range) = self.default.clone() else { return Vec::new() };
        let mut inner = scan(text.get(range.clone()).unwrap_or_default(), &Reading::Of(syntaxes));
        for reference in &mut inner {
            reference.span = reference.span.start + range.start..reference.span.end + range.start;
            let default = reference.default.take();
            reference.default = default.map(|it| it.start + range.start..it.end + range.start);
        }
        inner
    }
}

/// What a client that knows these syntaxes takes for placeholders, in the order of the text and without overlap.
/// What lies within the default of another one is part of that one. In time proportional to the text.
///
/// A [`ReferenceSyntax::BareName`] is one only where such a variable is set: ask [`outcome()`].
pub(crate) fn find(text: &str, syntaxes: &[ReferenceSyntax]) -> Vec<Reference> {
    if syntaxes.is_empty() {
        return Vec::new();
    }
    if syntaxes.contains(&ReferenceSyntax::BareName) && is_bare_name(text) {
        let name = text.to_owned();
        return vec![Reference {
            syntax: ReferenceSyntax::BareName,
            name,
            default: None,
            span: 0..text.len(),
        }];
    }
    scan(text, &Reading::Of(syntaxes))
}

/// All that is a placeholder for some client, in the order of the text and without overlap: `${VAR}` and
/// `{env:VAR}` wherever they stand, `$VAR` and `%VAR%` only as words of their own in capitals. A value that is but a
/// name is none: see [`is_bare_name`].
pub(crate) fn find_any(text: &str) -> Vec<Reference> {
    scan(text, &Reading::Any)
}

/// Those of [`find_any`] that do not touch any of these, which [`find`] found in the same text: what a client passes
/// on as it is written, although it looks like a placeholder.
pub(crate) fn find_foreign(text: &str, known: &[Reference]) -> Vec<Reference> {
    let mut known = known.iter().peekable();
    let mut foreign = find_any(text);
    foreign.retain(|other| {
        while known.next_if(|own| own.span.end <= other.span.start).is_some() {}
        known.peek().is_none_or(|own| own.span.start >= other.span.end)
    });
    foreign
}

/// Whether the text could be nothing but the name of a variable, in capitals: `MY_TOKEN`.
pub(crate) fn is_bare_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests;

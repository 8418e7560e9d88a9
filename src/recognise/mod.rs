//! SECRETS IN TEXT: known beginnings first, then names and randomness, with a list of what is never one.
//!
//! ```text
//! detector   what a text holds: shapes of the catalog, places, and the verdict on each
//! places     where in a value a secret may stand, and what it is called there     address   the same in a URL
//! name       whether a name speaks of a secret       randomness   whether a value was drawn by lot
//! never      what stands for a value, or only looks like one                      jwt       what a token says of itself
//! malformed  what is wrong with a value that should be a secret
//! ```
//!
//! `tests/` holds some hundred secrets and as many values that are none, and measures.

mod address;
mod detector;
mod jwt;
mod malformed;
mod name;
mod never;
mod places;
mod randomness;
#[cfg(test)]
mod tests;

pub(crate) use crate::recognise::detector::Detector;
pub(crate) use crate::recognise::malformed::Malformation;

use std::borrow::Cow;
use std::ops::Range;

use crate::catalog::client::FieldKind;
use crate::catalog::provider::{Provider, TokenShape};
use crate::recognise::name::{Speech, Words};

/// Whether the name of a variable, a header or a setting says that its value is a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    matches!(Words::of(name).speech(), Speech::Token | Speech::Password | Speech::Cookie)
}

/// Whether the name of a variable says that its value is a password, which a person may have thought of.
pub(crate) fn is_password_name(name: &str) -> bool {
    Words::of(name).speech() == Speech::Password
}

/// How a value begins, where it says in which vault or file a secret lies instead of being one: `op://`, `ssm:`.
pub(crate) fn place_elsewhere(value: &str) -> Option<&'static str> {
    never::place_elsewhere(value)
}

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'c> {
    /// The variable, header or setting; the flag before an argument, or its number.
    pub(crate) name: &'c str,
    /// Which part of an entry it is of.
    pub(crate) field: FieldKind,
}

/// What tells a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// It stands where a token often stands, and looks drawn by lot: a step of a URL's path, a word of a command.
    Place,
    /// Its name speaks of a secret, and it looks like one.
    Name,
    /// It is the password in an address.
    Address,
    /// It has the shape of a provider's tokens.
    Shape,
}

/// A secret that was found. It holds no byte of it.
#[derive(Debug, Clone)]
pub(crate) struct Recognised<'c> {
    /// Where in the text the secret alone lies, in bytes: without `Bearer`, quotes and the rest of an address.
    pub(crate) span: Range<usize>,
    /// Whose it is, where that is known.
    pub(crate) provider: Option<&'c Provider>,
    /// The shape it has, where it has one of the catalog.
    pub(crate) shape: Option<&'c TokenShape>,
    /// What tells it.
    pub(crate) evidence: Evidence,
}

impl Recognised<'_> {
    /// The same with the article before it: `a GitHub …`, `an API key`.
    pub(crate) fn one(&self) -> String {
        let what = self.what();
        format!("{} {what}", article(&what))
    }

    /// Words for a person: `GitHub classic personal access token`, `password in an address`.
    pub(crate) fn what(&self) -> Cow<'static, str> {
        match (self.shape, self.provider, self.evidence) {
            (Some(shape), Some(provider), _) if !provider.words.is_empty() => {
                format!("{} {}", provider.name, shape.name).into()
            }
            (Some(shape), _, _) => shape.name.clone().into(),
            (None, _, Evidence::Address) => "password in an address".into(),
            (None, Some(provider), _) => format!("secret for {}", provider.name).into(),
            (None, None, Evidence::Place) => "value that looks like a token".into(),
            (None, None, _) => "value that its name calls a secret".into(),
        }
    }
}

/// The article before these words, as they are spoken: `an npm token`, `a JSON web token`.
fn article(words: &str) -> &'static str {
    let word = words.split(' ').next().unwrap_or_default();
    let mut letters = word.chars();
    let (first, second) = (letters.next().unwrap_or_default(), letters.next().unwrap_or_default());
    let is_spelled = word.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
        || !word.to_ascii_lowercase().contains(['a', 'e', 'i', 'o', 'u', 'y'])
        || (first.is_ascii_lowercase() && second.is_ascii_uppercase());
    let vowels = match word {
        "JSON" => "",
        // The letters whose names begin with one.
        _ if is_spelled => "AEFHILMNORSX",
        _ => "AEIO",
    };
    if vowels.contains(first.to_ascii_uppercase()) { "an" } else { "a" }
}

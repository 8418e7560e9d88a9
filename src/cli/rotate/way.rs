//! `Way`: how a value comes by its successor.

use crate::catalog::provider::{self, Provider};
use crate::rotation::Hook;

/// How a value comes by its successor.
pub(super) enum Way<'j> {
    /// The person hands it over: stdin, a file, a variable.
    Given,
    /// It is made up like this.
    Generated(String),
    /// A program of the person's makes it.
    Hook(&'j Hook),
    /// Its provider exchanges it.
    Provider(&'j Provider, &'j provider::Rotate),
    /// A person makes it on the provider's page.
    Guided,
}

impl Way<'_> {
    /// Whether it needs no person. What is made up does: its other side has to learn of it.
    pub(super) fn is_automated(&self) -> bool {
        matches!(self, Self::Hook(_) | Self::Provider(..))
    }

    /// The word for programs.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Generated(_) => "generated",
            Self::Hook(_) => "hook",
            Self::Provider(..) => "provider",
            Self::Guided => "guided",
        }
    }

    /// For a person, in half a sentence.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Given => "with the value that is given".to_owned(),
            Self::Generated(_) => "generated: the new value is made up".to_owned(),
            Self::Hook(_) => "automated: your own program does it".to_owned(),
            Self::Provider(provider, _) => {
                format!("automated: {} exchanges it, and the former value is dead at once", provider.name)
            }
            Self::Guided => "guided: you make the new one at its provider".to_owned(),
        }
    }
}

//! THE WAY BACK: what has to be done to a document to undo edits of it, written down without a secret.
//!
//! Two ways are kept. Where the entry that was edited still has the bytes that it was left with, the former bytes
//! come back, every one. Where its client has written it anew, the values that were touched are put back by their
//! pointers, in the style that is there then, and everything else stays as the client has it. Where a secret was,
//! both name its credential.

mod escaping;
mod hiding;
mod hunk;
mod make;
mod restore;
mod step;
mod template;

use serde::{Deserialize, Serialize};

pub(crate) use crate::document::inverse::escaping::{Escaping, unescaped};
pub(crate) use crate::document::inverse::make::inverses;
pub(crate) use crate::document::inverse::restore::{Restored, restore};

use crate::document::inverse::hunk::Region;
use crate::document::inverse::step::Step;
use crate::document::{Document, Pointer};
use crate::secret::Secret;

/// How the edits of one entry are undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Inverse {
    /// The entry; the pointers of steps begin there.
    pub(crate) entry: Pointer,
    /// Its bytes, and those that they take the place of.
    region: Region,
    /// The same by values.
    steps: Vec<Step>,
    /// Whether a pointer leads to another value, because a key was there twice: then only bytes come back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_shadowed: bool,
}

/// What has become of an edit since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// As it was left.
    InPlace,
    /// As it was before the edit: somebody put it back.
    Reverted,
    /// Neither.
    Changed,
    /// The entry is not there any more.
    Gone,
}

/// What is the case with one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drift {
    /// Where it is, or was.
    pub(crate) pointer: Pointer,
    pub(crate) state: State,
    /// The credentials that came from there.
    pub(crate) credentials: Vec<String>,
}

/// Why edits can't be noted or undone.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InverseError {
    /// What is new is not UTF-8.
    #[error("a new value is no text")]
    NotText,
    /// Something that is a secret would be written down.
    #[error("a secret that is not stored would go with it")]
    WouldHoldSecret,
    /// A secret lies partly in what is edited.
    #[error("a secret is only edited in part")]
    SecretInPart,
    /// The credential is not there any more.
    #[error("the credential `{0}` is not stored any more")]
    NoValue(String),
    /// The credential can't come into a text.
    #[error("the value of `{0}` is no text, which a configuration needs")]
    NoText(String),
}

/// The values of credentials as they are now.
pub(crate) struct Values<'v> {
    /// By name; nothing where there is none.
    pub(crate) get: &'v dyn Fn(&str) -> Option<&'v Secret>,
}

impl<'v> Values<'v> {
    fn of(&self, name: &str) -> Result<&'v str, InverseError> {
        let secret = (self.get)(name).ok_or_else(|| InverseError::NoValue(name.to_owned()))?;
        secret.expose_secret_str().map_err(|_| InverseError::NoText(name.to_owned()))
    }
}

impl Inverse {
    /// The credentials whose values it needs, each once.
    pub(crate) fn credentials(&self) -> Vec<&str> {
        without_manners(self.named())
    }

    /// The same as they are named, with how their values are written.
    fn named(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.region.credentials(&mut names);
        self.steps.iter().for_each(|step| step.credentials(&mut names));
        names
    }

    /// What has become of every value since; no store is asked.
    pub(crate) fn drift(&self, document: &Document) -> Vec<Drift> {
        let entry = self.find_entry(document);
        let steps = self.steps.iter().map(|step| {
            let state = match &entry {
                Some((_, value)) => step.state(value),
                None => State::Gone,
            };
            let at = entry.as_ref().map_or(&self.entry, |(pointer, _)| pointer);
            let mut names = Vec::new();
            step.credentials(&mut names);
            let credentials = without_manners(names).into_iter().map(str::to_owned).collect();
            Drift { pointer: step.pointer(at), state, credentials }
        });
        steps.collect()
    }
}

/// The credentials alone, each once.
fn without_manners(written: Vec<&str>) -> Vec<&str> {
    let mut names: Vec<&str> = written.into_iter().map(|written| Escaping::part(written).0).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests;

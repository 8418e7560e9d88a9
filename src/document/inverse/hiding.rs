//! `Hiding`: which parts of a document's texts are secrets, and under which names they are stored.

use std::ops::Range;

use crate::document::edit::Hidden;
use crate::document::inverse::InverseError;
use crate::document::inverse::template::Part;
use crate::document::node::Node;
use crate::document::{Document, Value};
use crate::secret::Secret;

/// What is shorter is not looked for where nobody says that it is: it is in every text.
const SHORT: usize = 8;

/// What must not be written down.
pub(super) struct Hiding<'h> {
    hidden: &'h [Hidden],
    /// Every secret with its name, the longest first.
    secrets: Vec<(&'h str, &'h str)>,
    /// Secrets that are stored nowhere.
    others: &'h [Secret],
}

impl<'h> Hiding<'h> {
    pub(super) fn of(document: &'h Document, hidden: &'h [Hidden], others: &'h [Secret]) -> Self {
        let mut secrets = Vec::new();
        collect(&document.root(), hidden, &mut secrets);
        secrets.sort_by_key(|(_, secret): &(&str, &str)| std::cmp::Reverse(secret.len()));
        Self { hidden, secrets, others }
    }

    /// What is hidden in one value, in order.
    pub(super) fn in_value(&self, node: *const Node) -> Vec<(Range<usize>, &'h str)> {
        let mut parts: Vec<_> = self
            .hidden
            .iter()
            .filter(|hidden| hidden.address == node)
            .map(|hidden| (hidden.part.clone(), hidden.name.as_str()))
            .collect();
        parts.sort_by_key(|(part, _)| part.start);
        parts.dedup_by_key(|(part, _)| part.start);
        parts
    }

    /// A text with names where it has secrets.
    pub(super) fn parts_of(&self, value: &Value<'_>) -> Result<Vec<Part>, InverseError> {
        let text = value.text().map(crate::document::Text::expose).unwrap_or_default();
        let mut parts = Vec::new();
        let mut copied = 0;
        for (part, name) in self.in_value(value.address()) {
            parts.extend(self.plain(text.get(copied..part.start).unwrap_or_default())?);
            parts.push(Part::Credential(name.to_owned()));
            copied = part.end;
        }
        parts.extend(self.plain(text.get(copied..).unwrap_or_default())?);
        Ok(parts)
    }

    /// A text of which nothing is known to be a secret. One that occurs in it all the same is named.
    pub(super) fn plain(&self, text: &str) -> Result<Vec<Part>, InverseError> {
        let is_other = self.others.iter().any(|other| {
            other.expose_secret_str().is_ok_and(|other| !other.is_empty() && text.contains(other))
        });
        let found =
            self.secrets.iter().find_map(|(name, secret)| text.find(secret).map(|at| (at, *name, *secret)));
        if let Some((at, name, secret)) = found {
            let mut parts = self.plain(text.get(..at).unwrap_or_default())?;
            parts.push(Part::Credential(name.to_owned()));
            parts.extend(self.plain(text.get(at + secret.len()..).unwrap_or_default())?);
            return Ok(parts);
        }
        if is_other {
            return Err(InverseError::WouldHoldSecret);
        }
        Ok(if text.is_empty() { Vec::new() } else { vec![Part::Text(text.to_owned())] })
    }

    /// A text that can't be cut in parts.
    pub(super) fn without_secret(&self, text: &str) -> Result<String, InverseError> {
        match self.plain(text)?.as_slice() {
            [] => Ok(String::new()),
            [Part::Text(text)] => Ok(text.clone()),
            _ => Err(InverseError::WouldHoldSecret),
        }
    }
}

fn collect<'h>(value: &Value<'h>, hidden: &'h [Hidden], secrets: &mut Vec<(&'h str, &'h str)>) {
    for one in hidden.iter().filter(|hidden| hidden.address == value.address()) {
        let text = value.text().map(crate::document::Text::expose).unwrap_or_default();
        if let Some(secret) = text.get(one.part.clone()).filter(|secret| secret.len() >= SHORT) {
            secrets.push((one.name.as_str(), secret));
        }
    }
    for (_, member) in value.members() {
        collect(&member, hidden, secrets);
    }
    for item in value.items() {
        collect(&item, hidden, secrets);
    }
}

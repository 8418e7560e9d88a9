//! `Question`: whether a provider accepts a token.

use std::collections::BTreeMap;

use crate::catalog::provider::{Provider, TokenShape, Verify};
use crate::secret::Secret;

/// A token, and who is to be asked about it.
pub(crate) struct Question<'c> {
    pub(super) provider: &'c Provider,
    /// How; none where nobody can be asked, and then why.
    pub(super) call: Result<&'c Verify, &'c str>,
    pub(super) token: Secret,
    beside: BTreeMap<String, Secret>,
}

impl<'c> Question<'c> {
    /// Whether this provider accepts this token, of that shape where one is known.
    pub(crate) fn new(provider: &'c Provider, shape: Option<&'c TokenShape>, token: Secret) -> Self {
        let why_not = provider.reason_not_to_ask(shape).unwrap_or_default();
        Self { provider, call: provider.verify_for(shape).ok_or(why_not), token, beside: BTreeMap::new() }
    }

    /// What is needed beside the token to ask, by name: the variables that may hold it, the best first.
    pub(crate) fn needs(&self) -> impl Iterator<Item = (&'c str, &'c [String])> + use<'c> {
        let needs = self.call.into_iter().flat_map(|verify| &verify.call.needs);
        needs.map(|(name, variables)| (name.as_str(), variables.as_slice()))
    }

    /// Adds one of them.
    pub(crate) fn with(mut self, need: &str, value: Secret) -> Self {
        self.beside.insert(need.to_owned(), value);
        self
    }

    pub(super) fn beside(&self, need: &str) -> Option<&Secret> {
        self.beside.get(need)
    }

    /// Whether the same call would carry the same values.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        let call = |question: &Self| question.call.ok().map(std::ptr::from_ref);
        self.provider.id == other.provider.id
            && call(self) == call(other)
            && self.token == other.token
            && self.beside == other.beside
    }
}

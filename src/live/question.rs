//! `Question`: whether a provider accepts a token; or that it shall accept it no longer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::catalog::provider::{Provider, TokenShape};
use crate::live::purpose::Purpose;
use crate::secret::Secret;

/// A token, and who is to be asked about it.
pub(crate) struct Question<'c> {
    pub(super) provider: &'c Provider,
    /// How; none where nobody can be asked, and then why.
    pub(super) purpose: Result<Purpose<'c>, &'c str>,
    pub(super) token: Secret,
    /// Those that the same request carries as well.
    pub(super) more: Vec<Secret>,
    beside: BTreeMap<String, Secret>,
}

impl<'c> Question<'c> {
    /// Whether this provider accepts this token, of that shape where one is known.
    pub(crate) fn new(provider: &'c Provider, shape: Option<&'c TokenShape>, token: Secret) -> Self {
        let why_not = provider.reason_not_to_ask(shape).unwrap_or_default();
        let purpose = provider.verify_for(shape).map(|verify| Purpose::Verify(Cow::Borrowed(verify)));
        Self::with_purpose(provider, purpose.ok_or(why_not), token)
    }

    /// That this provider shall accept this token no longer.
    pub(super) fn of_revocation(
        provider: &'c Provider,
        shape: Option<&'c TokenShape>,
        token: Secret,
    ) -> Self {
        let purpose = provider.revoke_for(shape).map(|revoke| Purpose::Revoke(Cow::Borrowed(revoke)));
        Self::with_purpose(provider, purpose.ok_or("a person has to do it"), token)
    }

    fn with_purpose(provider: &'c Provider, purpose: Result<Purpose<'c>, &'c str>, token: Secret) -> Self {
        Self { provider, purpose, token, more: Vec::new(), beside: BTreeMap::new() }
    }

    /// What is needed beside the token to ask, by name: the variables that may hold it, the best first.
    pub(crate) fn needs(&self) -> impl Iterator<Item = (&'c str, &'c [String])> + use<'c> {
        let call = match &self.purpose {
            Ok(Purpose::Verify(Cow::Borrowed(verify))) => Some(&verify.call),
            Ok(Purpose::Revoke(Cow::Borrowed(revoke))) => Some(&revoke.call),
            _ => None,
        };
        let needs = call.into_iter().flat_map(|call| &call.needs);
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

    /// The same about another token alone.
    pub(super) fn alone(&self, token: Secret) -> Self {
        Self::with_purpose(self.provider, self.purpose.clone(), token)
    }

    /// How long all of its tokens are.
    pub(super) fn length(&self) -> usize {
        self.token.len() + self.more.iter().map(|token| token.len() + 3).sum::<usize>()
    }

    /// Whether the same call would carry the same values.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        let is_same_call = match (&self.purpose, &other.purpose) {
            (Ok(own), Ok(others)) => own.is_same_as(others),
            (Err(_), Err(_)) => true,
            _ => false,
        };
        self.provider.id == other.provider.id
            && is_same_call
            && self.token == other.token
            && self.more == other.more
            && self.beside == other.beside
    }
}

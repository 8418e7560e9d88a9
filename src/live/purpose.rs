//! `Purpose`: what a provider is called for: whether a token lives, or that it shall end.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::catalog::provider::{Call, Verify};
use crate::catalog::revoke::Revoke;
use crate::live::answer::{self, Answered, Heard};

/// The call of the catalog that is made, by what its answer means.
#[derive(Debug, Clone)]
pub(super) enum Purpose<'c> {
    /// It is asked whether the token lives.
    Verify(Cow<'c, Verify>),
    /// It is told that the token shall end. `Alive` then says that it was done.
    Revoke(Cow<'c, Revoke>),
}

impl Purpose<'_> {
    /// The request.
    pub(super) fn call(&self) -> &Call {
        match self {
            Self::Verify(verify) => &verify.call,
            Self::Revoke(revoke) => &revoke.call,
        }
    }

    /// Where else the same provider may know the token.
    pub(super) fn other_hosts(&self) -> &[String] {
        match self {
            Self::Verify(verify) => &verify.other_hosts,
            Self::Revoke(_) => &[],
        }
    }

    /// Whether the answer is only understood with its body.
    pub(super) fn needs_body(&self) -> bool {
        match self {
            Self::Verify(verify) => answer::needs_body(verify),
            Self::Revoke(revoke) => revoke.needs_body(),
        }
    }

    /// What the answer means.
    pub(super) fn judge(&self, name: &str, heard: &Heard, now: Timestamp) -> Answered {
        match self {
            Self::Verify(verify) => answer::judge(verify, name, heard, now),
            Self::Revoke(revoke) => answer::judge_revocation(revoke, name, heard, now),
        }
    }

    /// The same, for who outlives the catalog.
    pub(super) fn into_owned(self) -> Purpose<'static> {
        match self {
            Self::Verify(verify) => Purpose::Verify(Cow::Owned(verify.into_owned())),
            Self::Revoke(revoke) => Purpose::Revoke(Cow::Owned(revoke.into_owned())),
        }
    }

    /// Whether both are the same entry of the catalog.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Verify(Cow::Borrowed(own)), Self::Verify(Cow::Borrowed(others))) => {
                std::ptr::eq(*own, *others)
            }
            (Self::Revoke(Cow::Borrowed(own)), Self::Revoke(Cow::Borrowed(others))) => {
                std::ptr::eq(*own, *others)
            }
            _ => false,
        }
    }
}

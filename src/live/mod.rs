//! ASKING PROVIDERS whether a token lives, and for a new one in its place: over TLS, at the catalog's host, under a
//! deadline, with no redirect followed.
//!
//! Nothing here runs unless a person asked for it. A token goes to the catalog's host, or to the one that the person
//! named for its provider; never to a host that stands in a configuration. Of the answer only numbers and dates come out, and what a
//! scope may be made of: no text of a stranger.

mod answer;
mod ask;
mod aws;
mod call;
mod client;
mod endpoint;
mod errand;
mod field;
mod hosts;
mod purpose;
mod question;
mod replace;
mod revoke;
#[cfg(test)]
mod tests;

pub(crate) use crate::live::answer::{Answered, Verdict};
pub(crate) use crate::live::ask::{Terms, ask};
pub(crate) use crate::live::endpoint::Endpoint;
pub(crate) use crate::live::hosts::{Hosts, NamedHost};
pub(crate) use crate::live::question::Question;
pub(crate) use crate::live::replace::{Replaced, replace, way_to_replace};
pub(crate) use crate::live::revoke::{Outcome, Revocation, Revoked, revoke, terms as terms_to_revoke};

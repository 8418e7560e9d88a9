//! How a token is revoked by a program that has nothing but the token, and what the answers mean.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::provider::{Call, Meaning, Provider, Reasons, TokenShape};

/// How a token is revoked.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    /// The request.
    pub(crate) call: Call,
    /// The shapes that it takes; all of them where the list is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) shapes: Vec<String>,
    /// Whether it can be undone.
    #[serde(default)]
    pub(crate) reversible: bool,
    /// How many tokens one request takes, where that is more than one: `"{token}"` in a list of the body then stands
    /// for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at_once: Option<usize>,
    /// Statuses that say that it is done.
    pub(crate) done: Vec<u16>,
    /// Fields of the body that must have these values as well.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) done_where: BTreeMap<String, serde_json::Value>,
    /// What the body says where it is not done: `rejected` is a token that was dead before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reasons: Option<Reasons>,
    /// Statuses that mean something else here than to everybody.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) statuses: BTreeMap<String, Meaning>,
}

/// What an answer means to who wants a token to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The provider accepts it no longer.
    Done,
    /// It was not accepted before either.
    Dead,
    /// The provider knows it, and does not let it do that.
    Refused,
    /// The provider wants to be asked later.
    RateLimited,
    /// Nothing that says something.
    Unknown,
}

impl Revoke {
    /// Whether a meaning of this answer depends on its body.
    pub(crate) fn needs_body(&self) -> bool {
        !self.done_where.is_empty() || self.reasons.is_some()
    }

    /// What an answer of this status and with this body means. Only what is documented to say that it is done does: not
    /// any other 2xx, which may be the page of a network's gate.
    pub(crate) fn ending(&self, status: u16, body: Option<&serde_json::Value>) -> Ending {
        let field = |pointer: &str| body.and_then(|body| body.pointer(pointer));
        if self.done.contains(&status) && self.done_where.iter().all(|(at, value)| field(at) == Some(value)) {
            return Ending::Done;
        }
        let given = self.reasons.as_ref().and_then(|reasons| reasons.of(field(&reasons.at)));
        let listed = self.statuses.get(status.to_string().as_str()).copied();
        match given.or(listed).unwrap_or(Meaning::of_status(status)) {
            Meaning::Rejected => Ending::Dead,
            Meaning::InsufficientScope | Meaning::Alive => Ending::Refused,
            Meaning::RateLimited => Ending::RateLimited,
            Meaning::Unknown => Ending::Unknown,
        }
    }
}

impl Provider {
    /// How a token of that shape is revoked. `None` where a person has to do it.
    pub(crate) fn revoke_for<'it>(&'it self, shape: Option<&'it TokenShape>) -> Option<&'it Revoke> {
        if let Some(TokenShape { revoke: Some(own), .. }) = shape {
            return Some(own);
        }
        let takes = |revoke: &&Revoke| {
            revoke.shapes.is_empty() || shape.is_some_and(|shape| revoke.shapes.contains(&shape.id))
        };
        self.revoke.as_ref().filter(takes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::provider::Providers;

    fn provider(id: &str) -> Provider {
        Providers::embedded().unwrap().providers.into_iter().find(|it| it.id == id).unwrap()
    }

    #[test]
    fn only_what_is_documented_says_that_it_is_done() {
        let github = provider("github").revoke.unwrap();
        for (status, ending) in [
            (202, Ending::Done),
            (200, Ending::Unknown),
            (204, Ending::Unknown),
            (302, Ending::Unknown),
            (401, Ending::Dead),
            (403, Ending::Refused),
            (422, Ending::Unknown),
            (429, Ending::RateLimited),
            (500, Ending::Unknown),
        ] {
            assert_eq!(github.ending(status, None), ending, "{status}");
        }
    }

    #[test]
    fn a_body_may_say_that_it_was_dead_before() {
        let slack = provider("slack").revoke.unwrap();
        let ending = |body| slack.ending(200, Some(&body));
        assert_eq!(ending(json!({"ok": true, "revoked": true})), Ending::Done);
        assert_eq!(ending(json!({"ok": true, "revoked": false})), Ending::Unknown);
        assert_eq!(ending(json!({"ok": false, "error": "token_revoked"})), Ending::Dead);
        assert_eq!(ending(json!({"ok": false, "error": "not_allowed_token_type"})), Ending::Refused);
        assert_eq!(ending(json!({"ok": false, "error": "ratelimited"})), Ending::RateLimited);
        assert_eq!(slack.ending(200, None), Ending::Unknown);
        let google = provider("google").revoke.unwrap();
        assert_eq!(google.ending(400, Some(&json!({"error": "invalid_token"}))), Ending::Dead);
        assert_eq!(google.ending(400, Some(&json!({"error": "invalid_request"}))), Ending::Unknown);
        assert_eq!(provider("vault").revoke.unwrap().ending(403, None), Ending::Dead);
    }

    #[test]
    fn each_shape_is_revoked_in_its_own_way_or_by_hand() {
        let github = provider("github");
        let url = |id| github.revoke_for(github.shape(id)).map(|revoke| revoke.call.url.as_str());
        assert_eq!(url("github-pat-classic"), Some("https://api.github.com/credentials/revoke"));
        assert_eq!(url("github-app-installation"), Some("https://api.github.com/installation/token"));
        assert!(github.revoke_for(None).is_none(), "a token of no known shape is not handed about");
        let gitlab = provider("gitlab");
        assert!(gitlab.revoke_for(gitlab.shape("gitlab-other")).is_none());
    }
}

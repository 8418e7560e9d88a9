//! Providers: how their tokens look, how one asks whether a token lives, and how it is replaced and revoked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::client::Confidence;

/// One provider.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    /// `github`.
    pub(crate) id: String,
    /// `GitHub`.
    pub(crate) name: String,
    /// Where a person makes a new token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) create_at: Option<String>,
    /// The least that a token for an MCP server must be allowed to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    /// After how many days a token should be replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rotate_days: Option<u32>,
    /// How its tokens look.
    #[serde(default, rename = "token")]
    pub(crate) tokens: Vec<TokenShape>,
    /// How one asks whether a token lives: a call that reads, and costs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verify: Option<Verify>,
    /// Why there is no such call, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_verifiable: Option<String>,
    /// How a token is revoked by a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoke: Option<Revoke>,
    /// How a token is replaced by a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rotate: Option<Call>,
}

/// How a token looks.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenShape {
    /// `github-pat-classic`.
    pub(crate) id: String,
    /// Words for a person: `classic personal access token`.
    pub(crate) name: String,
    /// How sure a match is.
    pub(crate) certainty: Certainty,
    /// How the shape is known.
    pub(crate) confidence: Confidence,
    /// What every such token holds, at its beginning unless the pattern says otherwise; the pattern is tried only
    /// where one of them occurs.
    pub(crate) hints: Vec<String>,
    /// A regular expression over ASCII without anchors; what it captures first is the secret, otherwise all of it.
    pub(crate) pattern: String,
    /// Not a secret: `phc_` of PostHog, `pk_live_` of Stripe.
    #[serde(default)]
    pub(crate) public: bool,
    /// The length that a whole token has, at least, to tell one that was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) least_length: Option<usize>,
}

/// How sure a match of a pattern is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Certainty {
    /// Only together with a name that speaks of a secret.
    Context,
    /// The beginning is nobody else's.
    Sure,
}

/// A request to a provider. `{token}` stands for the value in `headers`, `basic` and `body`, and never in `url`,
/// but for providers that take it nowhere else.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// `GET` or `POST`.
    pub(crate) method: Method,
    /// `https://api.github.com/user`. The host is the catalog's, or the one that the person named.
    pub(crate) url: String,
    /// Headers, with `{token}`, `{token:base64}` or `{basic:user}` (base64 of `user:token`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    /// The body, with `{token}` as its place; JSON, or a form where `content-type` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    /// How the call is known.
    pub(crate) confidence: Confidence,
}

/// What a request begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// The question whether a token lives.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verify {
    #[serde(flatten)]
    pub(crate) call: Call,
    /// Where the answer tells when the token ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expiry: Option<Answer>,
    /// Where the answer tells what the token may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scopes: Option<Answer>,
    /// A field of the body that must have this value, for providers that answer 200 to everything: `/ok` is `true`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) alive_where: BTreeMap<String, serde_json::Value>,
    /// Statuses that mean something else here than to everybody: `"403" = "rejected"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) statuses: BTreeMap<String, Meaning>,
}

/// Where in an answer something stands.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Answer {
    /// In this header.
    Header(String),
    /// In the body, at this JSON pointer.
    Json(String),
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Meaning {
    Alive,
    Rejected,
    InsufficientScope,
    RateLimited,
    Unknown,
}

/// How a token is revoked.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    #[serde(flatten)]
    pub(crate) call: Call,
    /// Whether it can be undone.
    #[serde(default)]
    pub(crate) reversible: bool,
    /// Statuses that say that it is done.
    pub(crate) done: Vec<u16>,
}

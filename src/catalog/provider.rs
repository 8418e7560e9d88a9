//! Providers: how their tokens look, how one asks whether a token lives, and how it is replaced and revoked.

use std::collections::BTreeMap;

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::catalog::client::Confidence;
use crate::catalog::revoke::Revoke;

/// What is part of the binary.
const EMBEDDED: &str = include_str!("providers.toml");

/// How large a compiled pattern may be, in bytes. The largest of ours needs a fifth of it.
const MAX_PATTERN: usize = 1024 * 1024;

/// A file of providers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Providers {
    /// In the order of the file.
    #[serde(default, rename = "provider")]
    pub(crate) providers: Vec<Provider>,
}

impl Providers {
    /// Those that are part of the binary. Reading them takes about a millisecond.
    ///
    /// # Errors
    /// None that a release could have: a test reads the file.
    pub(crate) fn embedded() -> Result<Self, toml::de::Error> {
        toml::from_str(EMBEDDED)
    }
}

/// One provider.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    /// `github`.
    pub(crate) id: String,
    /// `GitHub`.
    pub(crate) name: String,
    /// Words in the names of variables, headers and flags that speak of it, in lower case: `github`, `gh`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) words: Vec<String>,
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
    #[serde(default, rename = "token", skip_serializing_if = "Vec::is_empty")]
    pub(crate) tokens: Vec<TokenShape>,
    /// How one asks whether a token lives: a call that reads, and costs nothing. A shape may have its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verify: Option<Verify>,
    /// Why there is no such call, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_verifiable: Option<String>,
    /// How a token is revoked by a program that has nothing but the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoke: Option<Revoke>,
    /// How a token is replaced by a program that has nothing but the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rotate: Option<Rotate>,
}

/// The page of a list, where that of its form is known: what is to be ended stands in the list.
pub(crate) fn without_form(page: &str) -> &str {
    page.strip_suffix("/new").unwrap_or(page)
}

impl Provider {
    /// The page where a person finds a token again, to end it.
    pub(crate) fn page_to_end(&self) -> Option<&str> {
        self.create_at.as_deref().map(without_form)
    }

    /// The shape of that `id`.
    #[cfg(test)]
    pub(crate) fn shape(&self, id: &str) -> Option<&TokenShape> {
        self.tokens.iter().find(|shape| shape.id == id)
    }

    /// How one asks about a token of that shape; the provider's own call where the shape is not known or has none.
    /// None where nobody can be asked: [`Provider::reason_not_to_ask`] says why.
    pub(crate) fn verify_for<'it>(&'it self, shape: Option<&'it TokenShape>) -> Option<&'it Verify> {
        match shape {
            Some(TokenShape { verify: Some(own), .. }) => Some(own),
            Some(TokenShape { not_verifiable: Some(_), .. }) => None,
            _ => self.verify.as_ref(),
        }
    }

    /// Why a token of that shape can't be asked about, in half a sentence, where it can't.
    pub(crate) fn reason_not_to_ask<'it>(&'it self, shape: Option<&'it TokenShape>) -> Option<&'it str> {
        let own = shape.and_then(|shape| shape.not_verifiable.as_deref());
        match self.verify_for(shape) {
            Some(_) => None,
            None => {
                Some(own.or(self.not_verifiable.as_deref()).unwrap_or("no call is known that asks about it"))
            }
        }
    }
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
    /// where one of them occurs. A shape without hints is tried only where the name speaks of the provider.
    #[serde(default)]
    pub(crate) hints: Vec<String>,
    /// A regular expression over ASCII without anchors; what it captures first is the secret, otherwise all of it.
    pub(crate) pattern: String,
    /// Not a secret: `phc_` of `PostHog`, `pk_live_` of Stripe.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) public: bool,
    /// The length that a whole token has, at least, to tell one that was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) least_length: Option<usize>,
    /// After how many hours it ends, at the latest, whatever anybody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lives_hours: Option<u32>,
    /// How one asks about it, where that is not the provider's call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verify: Option<Verify>,
    /// Why nobody can be asked about it, though the provider has a call for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_verifiable: Option<String>,
    /// How it is revoked, where that is not the provider's call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoke: Option<Revoke>,
}

impl TokenShape {
    /// The pattern, ready to search bytes with. It is compiled at every call.
    ///
    /// # Errors
    /// Where it is no regular expression, or one that needs more than a megabyte: in a user's own catalog.
    pub(crate) fn compile(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.pattern)
            .unicode(false)
            .size_limit(MAX_PATTERN)
            .dfa_size_limit(MAX_PATTERN)
            .build()
    }
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

/// A request to a provider. `{token}` stands for the value in `headers` and `body`, and never in `url`, but for
/// providers that take it nowhere else.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// `GET` or `POST`.
    pub(crate) method: Method,
    /// `https://api.github.com/user`. The host is the catalog's, or the one that the person named for the provider,
    /// which takes its place. A host of `{host}` is nobody's: the person has to name it.
    pub(crate) url: String,
    /// Headers, with `{token}`, `{token:base64}` or `{basic:user}` (base64 of `user:token`; `{basic:$email}` takes
    /// the user from [`Call::needs`]), or `{aws4:region/service:$key:$session}` for a signature of AWS that is made with
    /// it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    /// The body, with `{token}` in its place; JSON, or a form where `content-type` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    /// What else the call needs, by its name in `{braces}` in `url` and `headers`: the variables that may hold it.
    /// `org` of Azure DevOps, `email` of Atlassian. None of them names a host.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) needs: BTreeMap<String, Vec<String>>,
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
    /// The request.
    pub(crate) call: Call,
    /// Other hosts of the same provider, each of which knows other accounts: the next one is asked where the one
    /// before rejects, and only what all of them reject is rejected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) other_hosts: Vec<String>,
    /// Where the answer tells when the token ends: RFC 3339, `2026-12-01`, `2026-12-01 12:00:00 UTC` (or with an
    /// offset), or seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expiry: Option<Answer>,
    /// Where the answer tells what the token may do: a list, or words between commas or blanks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scopes: Option<Answer>,
    /// Fields of the body that must have these values, for providers that answer 200 to everything: `/ok` is `true`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) alive_where: BTreeMap<String, serde_json::Value>,
    /// What the body says where the token does not live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reasons: Option<Reasons>,
    /// Statuses that mean something else here than to everybody: `"403" = "rejected"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) statuses: BTreeMap<String, Meaning>,
}

impl Verify {
    /// Whether a meaning of this answer depends on its body.
    pub(crate) fn needs_body(&self) -> bool {
        !self.alive_where.is_empty() || self.reasons.is_some()
    }

    /// What an answer of this status and with this body means. A body that is no JSON is none.
    ///
    /// A 2xx where all of `alive_where` holds is alive. Otherwise the reason in the body counts, where it is a known
    /// one; then the status, by this provider's meanings before everybody's. A 2xx that does not hold is a rejection
    /// where the provider gives no reasons, and unknown where it gave one that nobody listed.
    pub(crate) fn meaning(&self, status: u16, body: Option<&serde_json::Value>) -> Meaning {
        let field = |pointer: &str| body.and_then(|body| body.pointer(pointer));
        let fine = (200..300).contains(&status);
        let listed = self.statuses.get(status.to_string().as_str());
        if fine && listed.is_none() && self.alive_where.iter().all(|(at, value)| field(at) == Some(value)) {
            return Meaning::Alive;
        }
        let given = self.reasons.as_ref().and_then(|reasons| reasons.of(field(&reasons.at)));
        match (given, listed) {
            (Some(meaning), _) | (None, Some(&meaning)) => meaning,
            (None, None) if fine && body.is_some() && self.reasons.is_none() => Meaning::Rejected,
            (None, None) => Meaning::of_status(status),
        }
    }
}

/// Why a token does not live, as the provider puts it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reasons {
    /// Where in the body the reason is, as a JSON pointer to a text.
    pub(crate) at: String,
    /// What each one means.
    pub(crate) mean: BTreeMap<String, Meaning>,
}

impl Reasons {
    pub(super) fn of(&self, given: Option<&serde_json::Value>) -> Option<Meaning> {
        self.mean.get(given?.as_str()?).copied()
    }
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

impl Meaning {
    /// What a status means to everybody. 403 is not the end of a token: it lives, and may not do this.
    pub(super) fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Rejected,
            403 => Self::InsufficientScope,
            429 => Self::RateLimited,
            _ => Self::Unknown,
        }
    }
}

/// How a token is replaced by a new one.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotate {
    /// The request. The former token is dead once it is answered.
    pub(crate) call: Call,
    /// The shapes that it takes; all of them where the list is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) shapes: Vec<String>,
    /// What the token must be allowed to do for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    /// Where in the answer the new token stands.
    pub(crate) token: Answer,
    /// Where in the answer it stands when the new token ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expiry: Option<Answer>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn providers() -> Vec<Provider> {
        Providers::embedded().unwrap().providers
    }

    fn provider(id: &str) -> Provider {
        providers().into_iter().find(|provider| provider.id == id).unwrap()
    }

    fn calls(provider: &Provider) -> Vec<&Call> {
        let own = provider.tokens.iter().filter_map(|shape| shape.verify.as_ref());
        let asked = provider.verify.iter().chain(own).map(|verify| &verify.call);
        let own = provider.tokens.iter().filter_map(|shape| shape.revoke.as_ref());
        let revoked = provider.revoke.iter().chain(own).map(|revoke| &revoke.call);
        let rotated = provider.rotate.iter().map(|rotate| &rotate.call);
        asked.chain(revoked).chain(rotated).collect()
    }

    #[test]
    fn every_provider_is_whole() {
        let mut ids = BTreeSet::new();
        for provider in providers() {
            assert!(ids.insert(provider.id.clone()), "{} is there twice", provider.id);
            let answerable = provider.verify.is_some() != provider.not_verifiable.is_some();
            assert!(answerable, "{} has a call or a reason why there is none", provider.id);
            assert!(provider.rotate_days.is_some(), "{} is never replaced", provider.id);
            let of_revoke = provider.revoke.iter().flat_map(|revoke| &revoke.shapes);
            for shape in of_revoke.chain(provider.rotate.iter().flat_map(|rotate| &rotate.shapes)) {
                assert!(provider.shape(shape).is_some(), "{shape} is no shape of {}", provider.id);
            }
        }
    }

    #[test]
    fn every_shape_is_whole() {
        let mut ids = BTreeSet::new();
        for provider in providers() {
            for shape in &provider.tokens {
                assert!(ids.insert(shape.id.clone()), "{} is there twice", shape.id);
                let tried = !shape.hints.is_empty() || !provider.words.is_empty();
                assert!(tried, "{} is never tried", shape.id);
                let hinted = shape.certainty == Certainty::Context || !shape.hints.is_empty();
                assert!(hinted, "{} is sure of what has no beginning", shape.id);
                shape.compile().unwrap();
            }
        }
    }

    #[test]
    fn a_token_goes_nowhere_but_to_its_provider() {
        for provider in providers() {
            for call in calls(&provider) {
                let rest = call.url.strip_prefix("https://").unwrap();
                let host = rest.split('/').next().unwrap();
                assert!(host == "{host}" || !host.contains(['{', '@', ':']), "{}", call.url);
                let in_address = ["telegram", "google"].contains(&provider.id.as_str());
                assert!(in_address || !call.url.contains("{token}"), "{}", call.url);
                let carried = call.headers.values().chain(&call.body).chain([&call.url]);
                let forms = ["{token", "{basic:", "{aws4:"];
                let times = carried.flat_map(|text| forms.map(|form| text.matches(form).count()));
                assert_eq!(times.sum::<usize>(), 1, "{} carries the token once", call.url);
                assert!(call.headers.keys().all(|name| *name == name.to_lowercase()), "{}", call.url);
            }
        }
    }

    #[test]
    fn every_need_of_a_call_is_told() {
        for provider in providers() {
            for call in calls(&provider) {
                let text: String = call.headers.values().chain([&call.url]).map(String::as_str).collect();
                for need in call.needs.keys() {
                    let used = text.contains(&format!("{{{need}}}")) || text.contains(&format!(":${need}"));
                    assert!(used, "{} does not use {need}", call.url);
                }
                for part in text
                    .split('{')
                    .skip(1)
                    .filter(|part| !part.starts_with("aws4:"))
                    .filter_map(|part| part.split('}').next())
                {
                    let name = part.strip_prefix("basic:").map_or(part, |user| user.trim_start_matches('$'));
                    let known =
                        name.is_empty() || ["token", "host"].contains(&name) || call.needs.contains_key(name);
                    assert!(known, "{} does not say what {part} is", call.url);
                }
            }
        }
    }

    #[test]
    fn statuses_mean_what_they_mean_to_everybody_where_nothing_else_is_said() {
        let verify = provider("github").verify.unwrap();
        assert!(!verify.needs_body());
        for (status, meaning) in [
            (200, Meaning::Alive),
            (401, Meaning::Rejected),
            (403, Meaning::InsufficientScope),
            (404, Meaning::Unknown),
            (429, Meaning::RateLimited),
            (502, Meaning::Unknown),
        ] {
            assert_eq!(verify.meaning(status, None), meaning, "{status}");
        }
    }

    #[test]
    fn slack_answers_200_to_everything() {
        let verify = provider("slack").verify.unwrap();
        let meaning = |body| verify.meaning(200, Some(&body));
        assert_eq!(meaning(json!({"ok": true})), Meaning::Alive);
        assert_eq!(meaning(json!({"ok": false, "error": "token_revoked"})), Meaning::Rejected);
        assert_eq!(meaning(json!({"ok": false, "error": "missing_scope"})), Meaning::InsufficientScope);
        assert_eq!(meaning(json!({"ok": false, "error": "internal_error"})), Meaning::Unknown);
        assert_eq!(meaning(json!("ok")), Meaning::Unknown);
        assert_eq!(verify.meaning(200, None), Meaning::Unknown);
        assert_eq!(verify.meaning(429, None), Meaning::RateLimited);
    }

    #[test]
    fn a_page_to_log_in_with_is_a_refusal_and_a_403_is_not_everywhere() {
        let azure = provider("azure-devops").verify.unwrap();
        assert_eq!(azure.meaning(203, None), Meaning::Rejected);
        assert_eq!(azure.meaning(302, None), Meaning::Rejected);
        assert_eq!(azure.meaning(200, None), Meaning::Alive);
        assert_eq!(provider("datadog").verify.unwrap().meaning(403, None), Meaning::Rejected);
        assert_eq!(provider("stripe").verify.unwrap().meaning(403, None), Meaning::Alive);
        let figma = provider("figma").verify.unwrap();
        assert_eq!(figma.meaning(403, Some(&json!({"err": "Invalid token"}))), Meaning::Rejected);
        assert_eq!(figma.meaning(403, Some(&json!({"err": "Invalid scope"}))), Meaning::Unknown);
        let sonar = provider("sonarqube").verify.unwrap();
        assert_eq!(sonar.meaning(200, Some(&json!({"valid": false}))), Meaning::Rejected);
        assert_eq!(sonar.meaning(200, Some(&json!({"valid": true}))), Meaning::Alive);
    }

    #[test]
    fn a_shape_is_asked_about_in_its_own_way() {
        let github = provider("github");
        let url = |id| github.verify_for(github.shape(id)).map(|verify| verify.call.url.as_str());
        assert_eq!(url("github-pat-classic"), Some("https://api.github.com/user"));
        assert!(url("github-app-installation").unwrap().contains("/installation/"));
        assert_eq!(url("github-refresh"), None);
        assert_eq!(
            github.reason_not_to_ask(github.shape("github-refresh")),
            Some("a refresh token is only answered by being spent")
        );
        assert_eq!(github.reason_not_to_ask(None), None);
        let aws = provider("aws");
        assert!(aws.reason_not_to_ask(aws.shape("aws-access-key-id")).unwrap().contains("secret half"));
        assert_eq!(aws.reason_not_to_ask(aws.shape("aws-secret-access-key")), None);
    }
}

//! `Endpoint`: where an authorization server takes back the tokens that it issued (OAuth 2.0, RFC 7009).

use std::collections::BTreeMap;
use std::str::FromStr;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use url::Url;

use crate::catalog::client::Confidence;
use crate::catalog::provider::{Call, Meaning, Method, Provider, Reasons};
use crate::catalog::revoke::Revoke;
use crate::live::hosts::{HostError, base};
use crate::name::CredentialName;

/// What a blank begins with that stands for a client, by its identifier, and its secret.
pub(super) const CLIENT: &str = "client:";

/// What a call with such a blank needs beside the token.
pub(super) const CLIENT_SECRET: &str = "client_secret";

/// The place that the person named for a credential. It is never taken from a configuration: whoever writes there would
/// be sent the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint(Url);

impl FromStr for Endpoint {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = base(text)?;
        // A brace would be taken for a blank of the catalog.
        if url.as_str().contains('{') {
            return Err(HostError::More);
        }
        Ok(Self(url))
    }
}

impl Endpoint {
    /// As it is noted.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The authorization server as a provider that can do nothing but revoke. It tells a public client by its
    /// identifier, which goes along where it is known, and one that has a secret by both (RFC 6749, section 2.3.1): the
    /// name is that of the credential which holds the secret.
    pub(crate) fn provider(&self, client: Option<&str>, secret: Option<&CredentialName>) -> Provider {
        let client = client.map(|id| percent_encode(id.as_bytes(), NON_ALPHANUMERIC).to_string());
        let form = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
        let mut headers: BTreeMap<String, String> =
            form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let mut needs = BTreeMap::new();
        let mut body = "token={token}".to_owned();
        match (client, secret) {
            (Some(id), Some(secret)) => {
                headers.insert("authorization".to_owned(), format!("Basic {{{CLIENT}{id}}}"));
                needs.insert(CLIENT_SECRET.to_owned(), vec![secret.to_string()]);
            }
            (Some(id), None) => body.extend(["&client_id=", &id]),
            (None, _) => {}
        }
        let call = Call {
            method: Method::Post,
            url: self.0.to_string(),
            headers,
            body: Some(body),
            needs,
            confidence: Confidence::Documented,
        };
        // Section 2.2: 200 also where the token was not valid. Section 2.2.1 and RFC 6749, section 5.2: what is refused.
        let refusals = ["invalid_client", "unauthorized_client", "unsupported_token_type", "invalid_request"];
        let mut mean: BTreeMap<String, Meaning> =
            refusals.map(|error| (error.to_owned(), Meaning::InsufficientScope)).into();
        mean.insert("invalid_token".to_owned(), Meaning::Rejected);
        let statuses = [("401", Meaning::InsufficientScope), ("503", Meaning::RateLimited)];
        let revoke = Revoke {
            call,
            shapes: Vec::new(),
            reversible: false,
            at_once: None,
            done: vec![200],
            done_where: BTreeMap::new(),
            reasons: Some(Reasons { at: "/error".to_owned(), mean }),
            statuses: statuses.map(|(status, meaning)| (status.to_owned(), meaning)).into(),
        };
        let host = self.0.host_str().unwrap_or_default();
        Provider {
            id: format!("oauth:{}", self.0),
            name: host.to_owned(),
            words: Vec::new(),
            create_at: None,
            scope: None,
            rotate_days: None,
            tokens: Vec::new(),
            verify: None,
            not_verifiable: None,
            revoke: Some(revoke),
            rotate: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::revoke::Ending;

    #[test]
    fn an_endpoint_is_over_tls_or_on_this_machine_and_holds_nothing_else() {
        for good in ["https://auth.example.com/oauth2/revoke", "http://127.0.0.1:8080/revoke"] {
            assert_eq!(good.parse::<Endpoint>().unwrap().as_str(), good);
        }
        for (bad, error) in [
            ("http://auth.example.com/revoke", HostError::Plain),
            ("http://localhost/revoke", HostError::Plain),
            ("https://user:pw@auth.example.com/revoke", HostError::More),
            ("https://auth.example.com/revoke?t={token}", HostError::More),
            ("https://auth.example.com/revoke#x", HostError::More),
            ("auth.example.com", HostError::Url),
            ("data:x", HostError::Url),
        ] {
            assert_eq!(bad.parse::<Endpoint>(), Err(error), "{bad}");
        }
        let odd: Endpoint = "https://auth.example.com/{token}".parse().unwrap();
        assert!(!odd.as_str().contains('{'), "{}", odd.as_str());
    }

    #[test]
    fn the_answers_of_the_standard_have_their_meanings() {
        let provider =
            "https://a.example/r".parse::<Endpoint>().unwrap().provider(Some("an id&x={token}"), None);
        let revoke = provider.revoke_for(None).unwrap();
        assert_eq!(revoke.call.body.as_deref(), Some("token={token}&client_id=an%20id%26x%3D%7Btoken%7D"));
        let ending =
            |status, error: &str| revoke.ending(status, Some(&serde_json::json!({ "error": error })));
        assert_eq!(revoke.ending(200, None), Ending::Done);
        assert_eq!(revoke.ending(204, None), Ending::Unknown);
        assert_eq!(ending(400, "unsupported_token_type"), Ending::Refused);
        assert_eq!(ending(401, "invalid_client"), Ending::Refused);
        assert_eq!(ending(400, "invalid_token"), Ending::Dead);
        assert_eq!(revoke.ending(401, None), Ending::Refused);
        assert_eq!(revoke.ending(503, None), Ending::RateLimited);
        assert_eq!(revoke.ending(500, None), Ending::Unknown);
    }
}

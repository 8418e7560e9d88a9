//! AWS: the signature of a request (version 4), because the secret half of the pair itself is never sent.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::live::call::CallError;
use crate::live::question::Question;
use crate::secret::Secret;

/// How the key ID of a session begins: without its token it is nothing.
const OF_SESSION: &str = "ASIA";

/// What a request is signed with: `{aws4:us-east-1/sts:$key_id:$session}` in the catalog, of which the session may be
/// missing.
pub(super) struct Signature<'q> {
    region: &'q str,
    service: &'q str,
    key_id: &'q str,
    session: Option<&'q Secret>,
    secret: &'q Secret,
}

impl<'q> Signature<'q> {
    /// Takes the pair out of the question.
    ///
    /// # Errors
    /// Where the other half is not there, or is no key ID.
    pub(super) fn new(scope: &'q str, question: &'q Question<'_>) -> Result<Self, CallError> {
        let mut parts = scope.split(':');
        let (region, service) =
            parts.next().and_then(|scope| scope.split_once('/')).ok_or(CallError::Data)?;
        let mut name = || parts.next().and_then(|name| name.strip_prefix('$')).ok_or(CallError::Data);
        let (id, session) = (name()?, name()?);
        let key_id = question.beside(id).ok_or_else(|| CallError::Alone(id.to_owned()))?;
        let key_id = key_id.expose_secret_str().map_err(|_| CallError::Unsendable)?;
        if !key_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(CallError::Unsendable);
        }
        let token = question.beside(session);
        if token.is_none() && key_id.starts_with(OF_SESSION) {
            return Err(CallError::Alone(session.to_owned()));
        }
        Ok(Self { region, service, key_id, session: token, secret: &question.token })
    }

    /// Adds the headers `x-amz-date`, `x-amz-security-token` and `authorization`. Every header that is there is signed.
    ///
    /// # Errors
    /// Where a header or the secret is no text.
    pub(super) fn sign(
        &self,
        method: &Method,
        url: &Url,
        headers: &mut HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), CallError> {
        let moment = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let region = region_of(url).unwrap_or(self.region);
        let scope = format!("{}/{region}/{}/aws4_request", &moment[..8], self.service);
        headers.insert("x-amz-date", header(moment.as_bytes())?);
        if let Some(session) = self.session {
            headers.insert("x-amz-security-token", header(session.expose_secret())?);
        }
        let (names, lines) = canonical_headers(url, headers)?;
        let canonical = Zeroizing::new(format!(
            "{method}\n{}\n{}\n{}\n{names}\n{}",
            url.path(),
            url.query().unwrap_or_default(),
            *lines,
            hex(&Sha256::digest(body))
        ));
        let to_sign =
            format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
        let mut key = Zeroizing::new(Vec::with_capacity(4 + self.secret.len()));
        key.extend_from_slice(b"AWS4");
        key.extend_from_slice(self.secret.expose_secret());
        for part in scope.split('/') {
            key = authenticate(&key, part.as_bytes());
        }
        let signature = hex(&authenticate(&key, to_sign.as_bytes()));
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.key_id
        );
        headers.insert(AUTHORIZATION, header(value.as_bytes())?);
        Ok(())
    }
}

fn header(bytes: &[u8]) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_bytes(bytes).map_err(|_| CallError::Unsendable)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The names, in order and with `;` between them, and a line for each header.
fn canonical_headers(url: &Url, headers: &HeaderMap) -> Result<(String, Zeroizing<String>), CallError> {
    let host = url.host_str().ok_or(CallError::Data)?;
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut pairs = vec![("host", host.as_str())];
    for (name, value) in headers {
        pairs.push((name.as_str(), value.to_str().map_err(|_| CallError::Unsendable)?.trim()));
    }
    pairs.sort_unstable();
    let names: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
    let lines = pairs.iter().fold(String::new(), |mut lines, (name, value)| {
        _ = writeln!(lines, "{name}:{value}");
        lines
    });
    Ok((names.join(";"), Zeroizing::new(lines)))
}

/// The region in a host such as `sts.eu-central-1.amazonaws.com` or `sts.cn-north-1.amazonaws.com.cn`.
fn region_of(url: &Url) -> Option<&str> {
    let parts: Vec<&str> = url.host_str()?.split('.').collect();
    matches!(parts.as_slice(), [_, _, "amazonaws", "com"] | [_, _, "amazonaws", "com", "cn"])
        .then(|| parts[1])
}

fn authenticate(key: &[u8], message: &[u8]) -> Zeroizing<Vec<u8>> {
    // A key of any length is taken, so there is no error to report.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Zeroizing::new(Vec::new()) };
    mac.update(message);
    Zeroizing::new(mac.finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::tests::{provider, verify};

    /// The pair of AWS's own examples, and the moment in them.
    const ID: &str = "AKIDEXAMPLE";
    const SCOPE: &str = "us-east-1/service:$key_id:$session";
    const KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn signed(
        method: &Method,
        url: &str,
        more: &[(&'static str, &'static str)],
        body: &[u8],
        session: Option<&str>,
    ) -> String {
        let provider = provider(verify("POST", "https://example.com"));
        let mut question = Question::new(&provider, None, Secret::copy_of(KEY.as_bytes()))
            .with("key_id", Secret::copy_of(ID.as_bytes()));
        if let Some(session) = session {
            question = question.with("session", Secret::copy_of(session.as_bytes()));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in more {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let now = "2015-08-30T12:36:00Z".parse().unwrap();
        let signature = Signature::new(SCOPE, &question).unwrap();
        signature.sign(method, &Url::parse(url).unwrap(), &mut headers, body, now).unwrap();
        headers[AUTHORIZATION].to_str().unwrap().to_owned()
    }

    /// Of the test suite that AWS publishes for version 4: `get-vanilla`, `post-vanilla`, `post-x-www-form-urlencoded`.
    #[test]
    fn it_signs_as_in_the_published_examples() {
        let url = "https://example.amazonaws.com/";
        let start = format!(
            "AWS4-HMAC-SHA256 Credential={ID}/20150830/us-east-1/service/aws4_request, SignedHeaders="
        );
        assert_eq!(
            signed(&Method::GET, url, &[], b"", None),
            format!(
                "{start}host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
            )
        );
        assert_eq!(
            signed(&Method::POST, url, &[], b"", None),
            format!(
                "{start}host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
            )
        );
        let form = [("content-type", "application/x-www-form-urlencoded")];
        assert_eq!(
            signed(&Method::POST, url, &form, b"Param1=value1", None),
            format!(
                "{start}content-type;host;x-amz-date, \
                 Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
            )
        );
    }

    #[test]
    fn a_session_is_signed_too_and_the_region_is_the_hosts() {
        let value = signed(&Method::POST, "https://example.amazonaws.com/", &[], b"", Some("a-session"));
        assert!(value.contains("host;x-amz-date;x-amz-security-token"), "{value}");
        let value = signed(&Method::POST, "https://sts.cn-north-1.amazonaws.com.cn/", &[], b"", None);
        assert!(value.contains("/20150830/cn-north-1/service/"), "{value}");
        assert!(!value.contains(KEY));
    }

    #[test]
    fn half_a_pair_is_not_asked() {
        let provider = provider(verify("POST", "https://example.com"));
        let question = Question::new(&provider, None, Secret::copy_of(KEY.as_bytes()));
        assert_eq!(Signature::new(SCOPE, &question).err(), Some(CallError::Alone("key_id".to_owned())));
        let session = question.with("key_id", Secret::copy_of(b"ASIAIOSFODNN7EXAMPLE"));
        assert_eq!(Signature::new(SCOPE, &session).err(), Some(CallError::Alone("session".to_owned())));
        let question = session.with("key_id", Secret::copy_of(b"AK/../evil"));
        assert_eq!(Signature::new(SCOPE, &question).err(), Some(CallError::Unsendable));
    }
}

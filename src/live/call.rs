//! A call of the catalog with its blanks filled in: the request that carries the token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Method, Request, Url};
use zeroize::Zeroizing;

use crate::basic;
use crate::catalog::provider;
use crate::live::aws;
use crate::live::endpoint::{CLIENT, CLIENT_SECRET};
use crate::live::hosts::is_private;
use crate::live::question::Question;
use crate::secret::Secret;

/// What stays as it is in a segment of a path and in a query, beside letters and digits. A `:` is allowed in both, and
/// some tokens have one.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// Why a call can't be made. None of it is a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// The value can't stand where the call has it.
    #[error("the value holds characters that can't be sent")]
    Unsendable,
    /// A blank that nothing fills.
    #[error("`{0}` is needed as well, and is not known")]
    Alone(String),
    /// Not over TLS.
    #[error("the catalog's address is not one of `https`")]
    Plain,
    /// The catalog's data are no call.
    #[error("the catalog's call for it is not understood")]
    Data,
}

/// Where a blank stands, which says how a value is written there.
#[derive(Clone, Copy)]
enum Place {
    Url,
    Header,
    Json,
    Form,
}

/// The catalog's address with every blank filled in that a value beside the token fills; the others stay.
pub(super) fn address(url: &str, question: &Question<'_>) -> String {
    let mut filled = String::with_capacity(url.len());
    let mut rest = url;
    while let Some(start) = rest.find('{') {
        filled.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find('}').map_or(rest.len(), |end| end + 1);
        let name = rest[..end].trim_matches(['{', '}']);
        match question.beside(name) {
            Some(value) => filled.extend(percent_encode(value.expose_secret(), KEPT)),
            None => filled.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    filled + rest
}

/// Builds the request. Its copies of the token are those of the HTTP library, which does not wipe them: they live as long
/// as the request, which is made when its turn comes.
///
/// # Errors
/// [`CallError`]
pub(super) fn request(
    call: &provider::Call,
    url: &str,
    question: &Question<'_>,
    now: Timestamp,
) -> Result<Request, CallError> {
    let url = text(fill(url, Place::Url, question)?)?;
    let url = Url::parse(&url).map_err(|_| CallError::Data)?;
    if !is_private(&url) {
        return Err(CallError::Plain);
    }
    let is_form = call.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case(CONTENT_TYPE.as_str())
            && value.starts_with("application/x-www-form-urlencoded")
    });
    let place = if is_form { Place::Form } else { Place::Json };
    let body = call.body.as_deref().map(|body| fill(body, place, question)).transpose()?;

    let mut headers = HeaderMap::new();
    let mut signature = None;
    for (name, value) in &call.headers {
        let name: HeaderName = name.parse().map_err(|_| CallError::Data)?;
        if let Some(scope) = value.strip_prefix("{aws4:").and_then(|rest| rest.strip_suffix('}')) {
            signature = Some(aws::Signature::new(scope, question)?);
            continue;
        }
        let filled = fill(value, Place::Header, question)?;
        let mut header = HeaderValue::from_bytes(&filled).map_err(|_| CallError::Unsendable)?;
        header.set_sensitive(value.contains('{'));
        headers.insert(name, header);
    }
    if body.is_some() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let method = match call.method {
        provider::Method::Get => Method::GET,
        provider::Method::Post => Method::POST,
        provider::Method::Put => Method::PUT,
        provider::Method::Delete => Method::DELETE,
    };
    if let Some(signature) = signature {
        signature.sign(
            &method,
            &url,
            &mut headers,
            body.as_ref().map_or(&[], |body| body.as_slice()),
            now,
        )?;
    }
    let mut request = Request::new(method, url);
    *request.headers_mut() = headers;
    *request.body_mut() = body.map(|body| Body::from(body.to_vec()));
    Ok(request)
}

/// The template with every blank filled in. In a body, where braces are nothing unusual, what is no known blank stays.
fn fill(template: &str, place: Place, question: &Question<'_>) -> Result<Zeroizing<Vec<u8>>, CallError> {
    let mut filled = Zeroizing::new(Vec::with_capacity(template.len() + 4 * question.length()));
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        filled.extend_from_slice(&rest.as_bytes()[..start]);
        rest = &rest[start..];
        let blank = rest.find('}').map(|end| &rest[1..end]).filter(|blank| !blank.contains(['{', '"']));
        match blank {
            Some(blank) if is_known(blank, question) => {
                filled.extend_from_slice(&value(blank, place, question)?);
                rest = &rest[blank.len() + 2..];
            }
            Some(blank) if matches!(place, Place::Url | Place::Header) => {
                let need = if blank.starts_with(CLIENT) { CLIENT_SECRET } else { blank };
                return Err(CallError::Alone(need.trim_start_matches("basic:$").to_owned()));
            }
            _ => {
                filled.push(b'{');
                rest = &rest[1..];
            }
        }
    }
    filled.extend_from_slice(rest.as_bytes());
    Ok(filled)
}

fn is_known(blank: &str, question: &Question<'_>) -> bool {
    if blank.starts_with(CLIENT) {
        return question.beside(CLIENT_SECRET).is_some();
    }
    match blank.strip_prefix("basic:") {
        Some(user) => user.strip_prefix('$').is_none_or(|name| question.beside(name).is_some()),
        None => ["token", "token:base64"].contains(&blank) || question.beside(blank).is_some(),
    }
}

/// What stands in a blank: `token`, `token:base64`, `basic:user`, `basic:$name`, `client:id`, or the name of a value
/// beside the token.
fn value(blank: &str, place: Place, question: &Question<'_>) -> Result<Zeroizing<Vec<u8>>, CallError> {
    let token = question.token.expose_secret();
    if blank == "token:base64" {
        return Ok(Zeroizing::new(STANDARD.encode(token).into_bytes()));
    }
    if let Some(user) = blank.strip_prefix("basic:") {
        let beside = user.strip_prefix('$').and_then(|name| question.beside(name));
        return Ok(basic::credentials(beside.map_or(user.as_bytes(), Secret::expose_secret), token));
    }
    if let (Some(id), Some(secret)) = (blank.strip_prefix(CLIENT), question.beside(CLIENT_SECRET)) {
        // Both are written as in a form (RFC 6749, section 2.3.1); the identifier is already.
        return Ok(basic::credentials(id.as_bytes(), &written(secret.expose_secret(), Place::Form)?));
    }
    let bytes = question.beside(blank).map_or(token, Secret::expose_secret);
    let mut filled = written(bytes, place)?;
    if blank == "token" && matches!(place, Place::Json) {
        // Within the quotes of a list: each but the last closes its own, and opens the next one's.
        for token in &question.more {
            let next = written(token.expose_secret(), place)?;
            let mut longer = Zeroizing::new(Vec::with_capacity(filled.len() + 3 + next.len()));
            longer.extend_from_slice(&filled);
            longer.extend_from_slice(b"\",\"");
            longer.extend_from_slice(&next);
            filled = longer;
        }
    }
    Ok(filled)
}

fn written(bytes: &[u8], place: Place) -> Result<Zeroizing<Vec<u8>>, CallError> {
    Ok(Zeroizing::new(match place {
        Place::Header => bytes.to_vec(),
        Place::Url => percent_encode(bytes, KEPT).to_string().into_bytes(),
        Place::Form => url::form_urlencoded::byte_serialize(bytes).collect::<String>().into_bytes(),
        Place::Json => {
            let text = std::str::from_utf8(bytes).map_err(|_| CallError::Unsendable)?;
            let quoted = Zeroizing::new(serde_json::to_vec(text).map_err(|_| CallError::Unsendable)?);
            quoted[1..quoted.len() - 1].to_vec()
        }
    }))
}

fn text(mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, CallError> {
    String::from_utf8(std::mem::take(&mut *bytes)).map(Zeroizing::new).map_err(|_| CallError::Data)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalog::client::Confidence;
    use crate::live::tests::{provider, verify};

    const TOKEN: &[u8] = b"a-token:\"of\"/odd characters?";

    fn built(call: &provider::Call, token: &[u8], beside: &[(&str, &str)]) -> Result<Request, CallError> {
        let provider = provider(verify("GET", "https://example.com"));
        let mut question = Question::new(&provider, None, Secret::copy_of(token));
        for (name, value) in beside {
            question = question.with(name, Secret::copy_of(value.as_bytes()));
        }
        request(call, &call.url, &question, Timestamp::UNIX_EPOCH)
    }

    fn call(url: &str, headers: &[(&str, &str)], body: Option<&str>) -> provider::Call {
        provider::Call {
            method: provider::Method::Post,
            url: url.to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.map(str::to_owned),
            needs: BTreeMap::new(),
            confidence: Confidence::Run,
        }
    }

    fn body(request: &Request) -> &str {
        std::str::from_utf8(request.body().unwrap().as_bytes().unwrap()).unwrap()
    }

    #[test]
    fn a_token_stands_where_the_catalog_has_it_and_nowhere_else() {
        let headers = [
            ("Authorization", "Bearer {token}"),
            ("X-Basic", "Basic {basic:x}"),
            ("X-None", "Basic {basic:}"),
            ("X-Base64", "{token:base64}"),
            ("Notion-Version", "2022-06-28"),
        ];
        let request = built(&call("https://example.com/x", &headers, None), b"abc", &[]).unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap();
        assert_eq!(header("authorization"), "Bearer abc");
        assert_eq!(header("x-basic"), format!("Basic {}", STANDARD.encode("x:abc")));
        assert_eq!(header("x-none"), format!("Basic {}", STANDARD.encode(":abc")));
        assert_eq!(header("x-base64"), STANDARD.encode("abc"));
        assert!(request.headers()["authorization"].is_sensitive());
        assert!(!request.headers()["notion-version"].is_sensitive());
        assert_eq!(request.url().as_str(), "https://example.com/x");
        assert!(!format!("{request:?}").contains("abc"));
    }

    #[test]
    fn a_token_cannot_break_out_of_its_place() {
        let url = "https://example.com/bot{token}/getMe?key={token}";
        let request =
            built(&call(url, &[], Some(r#"{"t":"{token}","q":"{viewer{id}}"}"#)), TOKEN, &[]).unwrap();
        assert_eq!(request.url().host_str(), Some("example.com"));
        let encoded = "a-token:%22of%22%2Fodd%20characters%3F";
        assert_eq!(request.url().path(), format!("/bot{encoded}/getMe"));
        assert_eq!(request.url().query(), Some(format!("key={encoded}").as_str()));
        let json: serde_json::Value = serde_json::from_str(body(&request)).unwrap();
        assert_eq!(json["t"].as_str().unwrap().as_bytes(), TOKEN);
        assert_eq!(json["q"], "{viewer{id}}");
        assert_eq!(request.headers()["content-type"], "application/json");

        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let request =
            built(&call("https://example.com", &form, Some("a=b&token={token}")), TOKEN, &[]).unwrap();
        let pairs: Vec<_> = url::form_urlencoded::parse(body(&request).as_bytes()).collect();
        assert_eq!(pairs[1].1.as_bytes(), TOKEN);

        let header = [("Authorization", "Bearer {token}")];
        for bad in [&b"a\r\nX-Evil: 1"[..], b"a\n", b"a\0"] {
            let refused = built(&call("https://example.com", &header, None), bad, &[]).unwrap_err();
            assert_eq!(refused, CallError::Unsendable);
        }
        let refused = built(&call("https://example.com", &[], Some("{token}")), b"\xff", &[]).unwrap_err();
        assert_eq!(refused, CallError::Unsendable);
    }

    #[test]
    fn a_pair_is_asked_as_a_pair() {
        let headers =
            [("DD-API-KEY", "{token}"), ("DD-APPLICATION-KEY", "{app_key}"), ("B", "{basic:$email}")];
        let pair = call("https://example.com", &headers, None);
        assert_eq!(built(&pair, b"abc", &[]).unwrap_err(), CallError::Alone("email".to_owned()));
        let half = built(&pair, b"abc", &[("email", "a@b.example")]).unwrap_err();
        assert_eq!(half, CallError::Alone("app_key".to_owned()));
        let request = built(&pair, b"abc", &[("app_key", "def"), ("email", "a@b.example")]).unwrap();
        assert_eq!(request.headers()["dd-application-key"], "def");
        assert_eq!(request.headers()["b"].to_str().unwrap(), STANDARD.encode("a@b.example:abc"));
    }

    #[test]
    fn what_fills_an_address_stays_in_its_segment() {
        let provider = provider(verify("GET", "https://example.com"));
        let question = Question::new(&provider, None, Secret::copy_of(b"abc"))
            .with("org", Secret::copy_of(b"../{x}@evil.example/?#"));
        let url = "https://dev.example.com/{org}/{other}/{token}?q";
        let filled = "https://dev.example.com/..%2F%7Bx%7D%40evil.example%2F%3F%23/{other}/{token}?q";
        assert_eq!(address(url, &question), filled);
    }

    #[test]
    fn nothing_goes_out_in_the_open() {
        assert_eq!(built(&call("http://example.com", &[], None), b"a", &[]).unwrap_err(), CallError::Plain);
        assert!(built(&call("http://127.0.0.1:9", &[], None), b"a", &[]).is_ok());
        let blank = built(&call("https://{org}.example.com", &[], None), b"a", &[]).unwrap_err();
        assert_eq!(blank, CallError::Alone("org".to_owned()));
        assert_eq!(built(&call("no url", &[], None), b"a", &[]).unwrap_err(), CallError::Data);
    }
}

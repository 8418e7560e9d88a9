//! JSON web tokens: what stands in one, without asking anybody.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// The longest part that is decoded, in bytes.
const MAX_PART: usize = 16 * 1024;

/// What a token says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Jwt {
    /// A signed token.
    Secret,
    /// One that everybody may see: the `anon` role of Supabase, the example of every tutorial.
    Public,
    /// Three parts with dots between them, and no token.
    None,
}

/// Reads the header and the payload.
pub(super) fn read(token: &str) -> Jwt {
    let mut parts = token.split('.');
    let (Some(header), Some(payload)) = (parts.next().and_then(json), parts.next().and_then(json)) else {
        return Jwt::None;
    };
    if header.get("alg").and_then(serde_json::Value::as_str).is_none() {
        return Jwt::None;
    }
    let is = |key: &str, value: &str| payload.get(key).and_then(serde_json::Value::as_str) == Some(value);
    if is("role", "anon") || is("sub", "1234567890") && is("name", "John Doe") {
        return Jwt::Public;
    }
    Jwt::Secret
}

/// Whether it is the first part of a token alone, which holds nothing but the names of algorithms.
pub(super) fn is_header(text: &str) -> bool {
    text.starts_with("eyJ") && json(text).is_some_and(|header| header.get("alg").is_some())
}

/// The decoded text is wiped; the values that are made of it live for a moment.
fn json(part: &str) -> Option<serde_json::Value> {
    if part.len() > MAX_PART {
        return None;
    }
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(part).ok()?);
    serde_json::from_slice(&bytes).ok().filter(serde_json::Value::is_object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(header: &serde_json::Value, payload: &serde_json::Value) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2lnbmF0dXJl", part(header), part(payload))
    }

    #[test]
    fn a_token_that_everybody_may_see_is_no_secret() {
        let header = json!({"alg": "HS256", "typ": "JWT"});
        assert_eq!(read(&token(&header, &json!({"role": "service_role"}))), Jwt::Secret);
        assert_eq!(read(&token(&header, &json!({"role": "anon"}))), Jwt::Public);
        assert_eq!(read(&token(&header, &json!({"sub": "1234567890", "name": "John Doe"}))), Jwt::Public);
        assert_eq!(read(&token(&json!({"typ": "JWT"}), &json!({}))), Jwt::None);
        assert_eq!(read("eyJ.eyJ.x"), Jwt::None);
        assert_eq!(read(""), Jwt::None);
        assert!(is_header(token(&header, &json!({})).split('.').next().unwrap()));
        assert!(!is_header(&token(&header, &json!({}))));
    }
}

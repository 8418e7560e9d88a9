//! `Answered`: what a provider said about a token, of whom nothing is believed but numbers, dates and names of scopes.

use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::catalog::provider::{Answer, Meaning, Verify};
use crate::catalog::revoke::{Ending, Revoke};

/// How many scopes are kept, and of how many characters each.
const MAX_SCOPES: usize = 64;
const MAX_SCOPE: usize = 128;

/// The longest text that may be a moment.
const MAX_MOMENT: usize = 40;

/// Numbers above this count milliseconds: as seconds it is a moment in the year 5138.
const MILLISECONDS: i64 = 100_000_000_000;

/// The first moment that can be the end of a token, in seconds: some answer 0 or -1 for one that never ends.
const EARLIEST: i64 = 1_000_000_000;

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The provider accepts the token.
    Alive,
    /// The provider does not accept it.
    Rejected,
    /// The provider accepts it, and it may not do what was asked for.
    InsufficientScope,
    /// The provider wants to be asked later.
    RateLimited,
    /// Nothing came that says something.
    NoAnswer,
    /// It was not asked, because there is no way to.
    NotVerifiable,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// How it ended.
    pub(crate) verdict: Verdict,
    /// The same in one sentence, lower case, without a full stop: `GitHub does not accept it (401)`. The name in it is
    /// the catalog's; nothing of it is the provider's.
    pub(crate) words: String,
    /// The status of HTTP, where there was one.
    pub(crate) status: Option<u16>,
    /// When the token ends, where the answer told.
    pub(crate) expires: Option<Timestamp>,
    /// What it may do, where the answer told: printable ASCII without blanks, 128 characters at most, 64 of them at
    /// most. An empty list is an answer too.
    pub(crate) scopes: Option<Vec<String>>,
    /// Before when the provider does not want to be asked again, where it told.
    pub(crate) not_before: Option<Timestamp>,
}

impl Answered {
    /// Without an answer of the provider.
    pub(super) fn without(verdict: Verdict, words: String) -> Self {
        Self { verdict, words, status: None, expires: None, scopes: None, not_before: None }
    }
}

/// What came back.
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// `None` where it was not read to its end: nobody needs it, it is too long, or it stopped.
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
}

/// Whether the answer to this call is only understood with its body.
pub(super) fn needs_body(verify: &Verify) -> bool {
    let is_json = |answer: &Option<Answer>| matches!(answer, Some(Answer::Json(_)));
    verify.needs_body() || is_json(&verify.expiry) || is_json(&verify.scopes)
}

/// What the answer means.
pub(super) fn judge(verify: &Verify, name: &str, heard: &Heard, now: Timestamp) -> Answered {
    let status = heard.status;
    let body = heard.body.as_deref().and_then(|body| serde_json::from_slice(body).ok());
    let verdict = verdict(verify, heard, body.as_ref());
    let words = match verdict {
        Verdict::Alive => format!("{name} accepts it"),
        Verdict::Rejected => format!("{name} does not accept it ({status})"),
        Verdict::InsufficientScope => format!("{name} knows it, and it may not do what is needed ({status})"),
        Verdict::RateLimited => later(name, heard, now),
        Verdict::NoAnswer | Verdict::NotVerifiable => nothing(name, status),
    };
    let mut answered = Answered { status: Some(status), ..Answered::without(verdict, words) };
    if verdict == Verdict::RateLimited {
        answered.not_before = retry_after(&heard.headers, now);
    }
    if matches!(verdict, Verdict::Alive | Verdict::InsufficientScope) {
        answered.expires = verify.expiry.as_ref().and_then(|place| match place {
            Answer::Header(name) => moment(heard.headers.get(name)?.to_str().ok()?),
            Answer::Json(pointer) => moment_in(body.as_ref()?.pointer(pointer)?),
        });
        answered.scopes = verify.scopes.as_ref().and_then(|place| match place {
            Answer::Header(name) => Some(scopes(heard.headers.get(name)?.to_str().ok()?)),
            Answer::Json(pointer) => scopes_in(body.as_ref()?.pointer(pointer)?),
        });
    }
    answered
}

/// What the answer to a revocation means: `Alive` says that it was done, `Rejected` that the token was dead before,
/// `InsufficientScope` that the provider refuses.
pub(super) fn judge_revocation(revoke: &Revoke, name: &str, heard: &Heard, now: Timestamp) -> Answered {
    let status = heard.status;
    let body = heard.body.as_deref().and_then(|body| serde_json::from_slice(body).ok());
    let (verdict, words) = match revoke.ending(status, body.as_ref()) {
        Ending::Done => (Verdict::Alive, format!("{name} has revoked it")),
        Ending::Dead => (Verdict::Rejected, format!("{name} did not accept it any more ({status})")),
        Ending::Refused if is_exhausted(&heard.headers) => (Verdict::RateLimited, later(name, heard, now)),
        Ending::Refused => {
            (Verdict::InsufficientScope, format!("{name} does not let it revoke itself ({status})"))
        }
        Ending::RateLimited => (Verdict::RateLimited, later(name, heard, now)),
        Ending::Unknown => (Verdict::NoAnswer, nothing(name, status)),
    };
    let mut answered = Answered { status: Some(status), ..Answered::without(verdict, words) };
    if verdict == Verdict::RateLimited {
        answered.not_before = retry_after(&heard.headers, now);
    }
    answered
}

/// The words for one that wants to be left alone.
fn later(name: &str, heard: &Heard, now: Timestamp) -> String {
    let status = heard.status;
    match retry_after(&heard.headers, now) {
        Some(when) => {
            let when = when.strftime("%Y-%m-%d %H:%M:%S UTC");
            format!("{name} answers no more questions for now ({status}): ask again after {when}")
        }
        None => format!("{name} answers no more questions for now ({status})"),
    }
}

/// The words for an answer that says nothing.
fn nothing(name: &str, status: u16) -> String {
    match status {
        200..=299 => format!("{name} answered something that is not understood ({status})"),
        300..=399 => format!("{name} points elsewhere, where no token is sent ({status})"),
        500.. => format!("{name} is not able to answer ({status})"),
        _ => format!("{name} gave an answer that says nothing about the token ({status})"),
    }
}

fn verdict(verify: &Verify, heard: &Heard, body: Option<&Value>) -> Verdict {
    let is_listed = verify.statuses.contains_key(&heard.status.to_string());
    match verify.meaning(heard.status, body) {
        Meaning::Alive => Verdict::Alive,
        Meaning::Rejected if is_beside_the_point(verify, heard.status, body) => Verdict::NoAnswer,
        Meaning::Rejected => Verdict::Rejected,
        Meaning::InsufficientScope if !is_listed && is_exhausted(&heard.headers) => Verdict::RateLimited,
        Meaning::InsufficientScope => Verdict::InsufficientScope,
        Meaning::RateLimited => Verdict::RateLimited,
        Meaning::Unknown => Verdict::NoAnswer,
    }
}

/// Whether a 2xx has none of the fields that would say that the token lives: then it says nothing of the opposite.
fn is_beside_the_point(verify: &Verify, status: u16, body: Option<&Value>) -> bool {
    let has = |pointer: &str| body.is_some_and(|body| body.pointer(pointer).is_some());
    (200..300).contains(&status)
        && verify.reasons.is_none()
        && !verify.alive_where.is_empty()
        && !verify.alive_where.keys().any(|pointer| has(pointer))
}

/// A refusal that is only about the number of questions, as GitHub writes it.
fn is_exhausted(headers: &HeaderMap) -> bool {
    headers.contains_key(RETRY_AFTER) || headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0")
}

/// Of seconds from now or of a date.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse::<u32>() {
        Ok(seconds) => now.checked_add(i64::from(seconds).seconds()).ok(),
        Err(_) if text.len() <= MAX_MOMENT => Some(rfc2822::parse(text).ok()?.timestamp()),
        Err(_) => None,
    }
}

/// A moment as providers write it: RFC 3339, `2026-12-01 12:00:00 UTC`, the same with an offset, a date alone (its first
/// moment in UTC), or seconds since 1970.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_MOMENT {
        return None;
    }
    if let Ok(number) = text.parse::<i64>() {
        return moment_of(number);
    }
    let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let bare = text.strip_suffix(" UTC").unwrap_or(text);
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", text).ok())
        .or_else(|| bare.parse::<DateTime>().ok().and_then(utc))
        .or_else(|| {
            bare.parse::<Date>().ok().and_then(|date| utc(date.to_datetime(jiff::civil::Time::midnight())))
        })
}

pub(super) fn moment_in(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => moment(text),
        Value::Number(number) => moment_of(number.as_i64()?),
        _ => None,
    }
}

fn moment_of(number: i64) -> Option<Timestamp> {
    match number {
        ..EARLIEST => None,
        MILLISECONDS.. => Timestamp::from_millisecond(number).ok(),
        _ => Timestamp::from_second(number).ok(),
    }
}

/// `repo, read:org` or `read write`.
fn scopes(text: &str) -> Vec<String> {
    kept(text.split([',', ' ', '\t', '\n']))
}

fn scopes_in(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(scopes(text)),
        Value::Array(items) => Some(kept(items.iter().filter_map(Value::as_str))),
        _ => None,
    }
}

/// RFC 6749 allows no more in a scope than what is kept.
fn kept<'t>(scopes: impl Iterator<Item = &'t str>) -> Vec<String> {
    let is_scope = |scope: &&str| {
        !scope.is_empty() && scope.len() <= MAX_SCOPE && scope.bytes().all(|byte| byte.is_ascii_graphic())
    };
    scopes.map(str::trim).filter(is_scope).take(MAX_SCOPES).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::live::tests::verify;

    fn heard(status: u16, headers: &[(&'static str, &str)], body: &str) -> Heard {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Heard { status, headers: map, body: Some(Zeroizing::new(body.as_bytes().to_vec())) }
    }

    fn judged(verify: &Verify, heard: &Heard) -> Answered {
        judge(verify, "GitHub", heard, "2026-11-22T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn each_status_has_its_meaning() {
        let verify = verify("GET", "https://example.com");
        for (status, verdict) in [
            (200, Verdict::Alive),
            (204, Verdict::Alive),
            (301, Verdict::NoAnswer),
            (302, Verdict::NoAnswer),
            (400, Verdict::NoAnswer),
            (401, Verdict::Rejected),
            (403, Verdict::InsufficientScope),
            (404, Verdict::NoAnswer),
            (407, Verdict::NoAnswer),
            (429, Verdict::RateLimited),
            (500, Verdict::NoAnswer),
            (503, Verdict::NoAnswer),
            (999, Verdict::NoAnswer),
        ] {
            let answered = judged(&verify, &heard(status, &[], ""));
            assert_eq!((answered.verdict, answered.status), (verdict, Some(status)), "{}", answered.words);
            assert!(answered.words.starts_with("GitHub "), "{}", answered.words);
        }
    }

    #[test]
    fn a_provider_may_mean_something_else() {
        let mut verify = verify("GET", "https://example.com");
        verify.statuses.insert("403".to_owned(), Meaning::Rejected);
        verify.statuses.insert("400".to_owned(), Meaning::Alive);
        assert_eq!(judged(&verify, &heard(403, &[], "")).verdict, Verdict::Rejected);
        assert_eq!(judged(&verify, &heard(400, &[], "")).verdict, Verdict::Alive);
    }

    #[test]
    fn two_hundred_alone_is_not_enough_for_some() {
        let mut verify = verify("POST", "https://example.com");
        verify.alive_where.insert("/ok".to_owned(), json!(true));
        for (body, verdict) in [
            (r#"{"ok":true}"#, Verdict::Alive),
            (r#"{"ok":false,"error":"invalid_auth"}"#, Verdict::Rejected),
            (r#"{"error":"x"}"#, Verdict::NoAnswer),
            ("<html>sign in</html>", Verdict::NoAnswer),
            ("", Verdict::NoAnswer),
            (r#"{"ok":true"#, Verdict::NoAnswer),
        ] {
            assert_eq!(judged(&verify, &heard(200, &[], body)).verdict, verdict, "{body}");
        }
        let cut = Heard { body: None, ..heard(200, &[], "") };
        assert_eq!(judged(&verify, &cut).verdict, Verdict::NoAnswer);
    }

    #[test]
    fn one_that_wants_to_be_asked_later_says_when() {
        let verify = verify("GET", "https://example.com");
        for (value, when) in [
            ("90", "after 2026-11-22 12:01:30 UTC"),
            ("Mon, 23 Nov 2026 00:00:00 GMT", "after 2026-11-23 00:00:00 UTC"),
        ] {
            let answered = judged(&verify, &heard(429, &[("retry-after", value)], ""));
            assert!(answered.words.ends_with(when), "{}", answered.words);
        }
        for nonsense in ["-1", "99999999999999", "soon", "\t"] {
            let answered = judged(&verify, &heard(429, &[("retry-after", nonsense)], ""));
            assert!(answered.words.ends_with("(429)"), "{}", answered.words);
        }
        let exhausted = heard(403, &[("x-ratelimit-remaining", "0")], "");
        assert_eq!(judged(&verify, &exhausted).verdict, Verdict::RateLimited);
    }

    #[test]
    fn the_end_of_a_token_is_read_in_every_spelling() {
        let expected = Some("2026-12-01T12:00:00Z".parse::<Timestamp>().unwrap());
        for text in [
            "2026-12-01 12:00:00 UTC",
            "2026-12-01T12:00:00Z",
            "2026-12-01T12:00:00.000Z",
            "2026-12-01T13:00:00+01:00",
            "2026-12-01 14:00:00 +0200",
            "2026-12-01T12:00:00",
            " 1796126400 ",
            "1796126400000",
        ] {
            assert_eq!(moment(text), expected, "{text}");
        }
        assert_eq!(moment("2026-12-01"), Some("2026-12-01T00:00:00Z".parse().unwrap()));
        assert_eq!(moment_in(&json!(1_796_126_400)), expected);
        for none in ["", "never", "0", "-1", "99999999999999999999", "2026-13-01", &"9".repeat(1000)] {
            assert_eq!(moment(none), None, "{none}");
        }
        for none in [json!(null), json!(true), json!([]), json!(0), json!(1.5)] {
            assert_eq!(moment_in(&none), None, "{none}");
        }
    }

    #[test]
    fn scopes_are_read_in_every_spelling() {
        assert_eq!(scopes("repo, read:org"), ["repo", "read:org"]);
        assert_eq!(scopes("read write\tadmin"), ["read", "write", "admin"]);
        assert_eq!(scopes(""), Vec::<String>::new());
        assert_eq!(scopes_in(&json!(["api", 7, null, "read_user"])).unwrap(), ["api", "read_user"]);
        assert_eq!(scopes_in(&json!("api,read_user")).unwrap(), ["api", "read_user"]);
        assert_eq!(scopes_in(&json!({"api": true})), None);
    }

    #[test]
    fn a_provider_puts_no_text_of_its_own_into_a_scope() {
        let evil = json!(["\u{1b}[2J", "a\u{202e}b", "two words", "x".repeat(129), "fine"]);
        assert_eq!(scopes_in(&evil).unwrap(), ["fine"]);
        assert_eq!(scopes(&"a ".repeat(10_000)).len(), MAX_SCOPES);
    }

    #[test]
    fn facts_come_from_where_the_catalog_says() {
        let mut verify = verify("GET", "https://example.com");
        verify.expiry = Some(Answer::Header("GitHub-Authentication-Token-Expiration".to_owned()));
        verify.scopes = Some(Answer::Json("/token/scopes".to_owned()));
        let headers = [("github-authentication-token-expiration", "2026-12-01 12:00:00 UTC")];
        let body = r#"{"token":{"scopes":["repo"]}}"#;
        let answered = judged(&verify, &heard(200, &headers, body));
        assert_eq!(answered.expires, Some("2026-12-01T12:00:00Z".parse().unwrap()));
        assert_eq!(answered.scopes, Some(vec!["repo".to_owned()]));
        let answered = judged(&verify, &heard(401, &headers, body));
        assert_eq!((answered.expires, answered.scopes), (None, None));
        assert_eq!(judged(&verify, &heard(200, &[], "[[[")).scopes, None);
    }

    proptest! {
        #[test]
        fn no_answer_is_too_odd(status: u16, value in "[ -~]{0,60}", body: String) {
            let mut verify = verify("GET", "https://example.com");
            verify.expiry = Some(Answer::Header("retry-after".to_owned()));
            verify.scopes = Some(Answer::Json(String::new()));
            let answered = judged(&verify, &heard(status, &[("retry-after", value.as_str())], &body));
            prop_assert!(answered.words.len() < 120);
            for scope in answered.scopes.unwrap_or_default() {
                prop_assert!(scope.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}

//! A provider on this machine that plays every part, and one that nothing may ever reach.

mod calls;
#[path = "../../../tests/support/provider_server.rs"]
mod provider_server;
mod revocations;
mod secure;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;

use self::provider_server::{Part, ProviderServer, answer};
use super::{Answered, Hosts, NamedHost, Question, Terms, Verdict, ask};
use crate::catalog::provider::{Provider, Verify};
use crate::secret::Secret;

/// A value that is found wherever it leaks to.
const TOKEN: &str = "CANARY0dont0let0me0be0seen";

/// A call without any facts to read.
pub(super) fn verify(method: &str, url: &str) -> Verify {
    let headers = json!({ "authorization": "Bearer {token}" });
    serde_json::from_value(json!({
        "call": { "method": method, "url": url, "headers": headers, "confidence": "run" },
    }))
    .unwrap()
}

/// A provider that is asked like this.
pub(super) fn provider(verify: Verify) -> Provider {
    let mut provider: Provider =
        serde_json::from_value(json!({ "id": "it", "name": "It", "token": [] })).unwrap();
    provider.verify = Some(verify);
    provider
}

fn hosts(url: &str) -> Hosts {
    [format!("it={url}").parse::<NamedHost>().unwrap()].into_iter().collect()
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// The call that most tests make: `https://api.example.com/user`, which no test ever reaches.
fn user() -> Provider {
    provider(verify("GET", "https://api.example.com/user"))
}

fn ask_one(provider: &Provider, hosts: &Hosts, each: Duration) -> Answered {
    let terms = Terms { each, ..Terms::new(hosts, now()) };
    let question = Question::new(provider, None, Secret::copy_of(TOKEN.as_bytes()));
    let answered = ask(&[question], &terms, |_, _| {}).remove(0);
    assert!(!format!("{answered:?}").contains("CANARY"), "{answered:?}");
    answered
}

fn asked_of(server: &ProviderServer, provider: &Provider) -> Answered {
    ask_one(provider, &hosts(&server.url()), Duration::from_secs(10))
}

/// What is said of a server that answers with this.
fn said(part: Part) -> Answered {
    let server = ProviderServer::start(move |_| part.clone());
    asked_of(&server, &user())
}

#[test]
fn a_token_that_lives_tells_its_end_and_its_scopes() {
    let mut verify = verify("GET", "https://api.example.com/user");
    verify.expiry = serde_json::from_value(json!({ "header": "token-expiration" })).unwrap();
    verify.scopes = serde_json::from_value(json!({ "json": "/scopes" })).unwrap();
    let headers = [("Token-Expiration", "2026-12-01 12:00:00 UTC")];
    let server = ProviderServer::start(move |_| answer(200, &headers, r#"{"scopes":["repo","read:org"]}"#));
    let answered = asked_of(&server, &provider(verify));
    assert_eq!((answered.verdict, answered.status), (Verdict::Alive, Some(200)));
    assert_eq!(answered.expires, Some("2026-12-01T12:00:00Z".parse().unwrap()));
    assert_eq!(answered.scopes.unwrap(), ["repo", "read:org"]);

    let told = server.told();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("GET /user HTTP/1.1\r\n"), "{}", told[0]);
    assert!(told[0].contains(&format!("authorization: Bearer {TOKEN}\r\n")), "{}", told[0]);
    assert!(
        told[0].contains(concat!("user-agent: mcpcred/", env!("CARGO_PKG_VERSION"), "\r\n")),
        "{}",
        told[0]
    );
    assert_eq!(told[0].matches(TOKEN).count(), 1);
    assert!(!told[0].to_lowercase().contains("accept-encoding"), "{}", told[0]);
}

#[test]
fn every_status_is_understood() {
    for (status, verdict) in [
        (200, Verdict::Alive),
        (204, Verdict::Alive),
        (400, Verdict::NoAnswer),
        (401, Verdict::Rejected),
        (403, Verdict::InsufficientScope),
        (404, Verdict::NoAnswer),
        (429, Verdict::RateLimited),
        (500, Verdict::NoAnswer),
        (502, Verdict::NoAnswer),
        (503, Verdict::NoAnswer),
    ] {
        let answered = said(answer(status, &[("Retry-After", "60")][..usize::from(status == 429)], "{}"));
        assert_eq!((answered.verdict, answered.status), (verdict, Some(status)), "{}", answered.words);
    }
    let later = said(answer(429, &[("Retry-After", "60")], ""));
    assert_eq!(
        later.words,
        "It answers no more questions for now (429): ask again after 2026-11-22 12:01:00 UTC"
    );
}

#[test]
fn a_post_carries_the_token_in_its_body() {
    let mut verify = verify("POST", "https://slack.example.com/api/auth.test");
    verify.call.body = Some(r#"{"token":"{token}"}"#.to_owned());
    verify.call.headers.clear();
    verify.alive_where.insert("/ok".to_owned(), json!(true));
    let provider = provider(verify);
    for (body, verdict) in [
        (r#"{"ok":true}"#, Verdict::Alive),
        (r#"{"ok":false,"error":"invalid_auth"}"#, Verdict::Rejected),
        (r#"{"ok":tr"#, Verdict::NoAnswer),
    ] {
        let server = ProviderServer::start(move |_| answer(200, &[], body));
        assert_eq!(asked_of(&server, &provider).verdict, verdict, "{body}");
        let told = server.told().remove(0);
        assert!(told.ends_with(&format!("\r\n\r\n{{\"token\":\"{TOKEN}\"}}")), "{told}");
        assert!(told.contains("content-type: application/json\r\n"), "{told}");
    }
}

#[test]
fn a_redirect_never_carries_the_token_along() {
    for status in [301, 302, 303, 307, 308] {
        let other = ProviderServer::start(|_| answer(200, &[], "{}"));
        let there = format!("{}/user", other.url());
        let server = ProviderServer::start(move |_| answer(status, &[("Location", &there)], ""));
        let answered = asked_of(&server, &user());
        assert_eq!((answered.verdict, answered.status), (Verdict::NoAnswer, Some(status)));
        assert!(answered.words.contains("points elsewhere"), "{}", answered.words);
        assert_eq!((server.connections(), other.connections()), (1, 0), "{status}");
    }
}

#[test]
fn a_provider_that_takes_its_time_is_not_waited_for() {
    let slow = answer(200, &[], "{}");
    let Part::Says(bytes) = slow else { unreachable!() };
    let parts = [
        Part::SaysAfter(Duration::from_secs(5), bytes),
        Part::Hangs,
        Part::Drips(b"HTTP/1.1 200 OK\r\nx-slow: ".to_vec()),
        Part::Floods(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
    ];
    for part in parts {
        let server = ProviderServer::start(move |_| part.clone());
        let start = Instant::now();
        let answered = ask_one(&user(), &hosts(&server.url()), Duration::from_millis(400));
        assert_eq!(answered.verdict, Verdict::NoAnswer);
        assert!(answered.words.contains("did not answer"), "{}", answered.words);
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    }
}

#[test]
fn a_body_without_end_is_read_only_so_far() {
    let mut verify = verify("GET", "https://api.example.com/user");
    verify.scopes = serde_json::from_value(json!({ "json": "/scopes" })).unwrap();
    let reads = provider(verify);
    let huge = [b"[".to_vec(), b"1,".repeat(40 * 1024)].concat();
    let parts = [
        Part::Floods(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), b"a".repeat(4096)),
        Part::Floods(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(),
            [b"1000\r\n".to_vec(), b"a".repeat(4096), b"\r\n".to_vec()].concat(),
        ),
        answer(200, &[], huge),
        Part::Says(b"HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n{}".to_vec()),
        Part::Says(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}".to_vec()),
    ];
    for part in parts {
        let server = ProviderServer::start(move |_| part.clone());
        let start = Instant::now();
        let answered = asked_of(&server, &reads);
        // The status says enough; what would have been in the body is not known.
        assert_eq!((answered.verdict, answered.scopes), (Verdict::Alive, None), "{}", answered.words);
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        drop(server);
    }
    // Nobody reads a body that nobody needs.
    let server = ProviderServer::start(|_| Part::Drips(b"HTTP/1.1 401 No\r\n\r\n".to_vec()));
    assert_eq!(asked_of(&server, &user()).verdict, Verdict::Rejected);
}

#[test]
fn what_is_packed_stays_packed() {
    // A megabyte of blanks as gzip packs it, over and over: it would unfold into gigabytes.
    let mut verify = verify("GET", "https://api.example.com/user");
    verify.alive_where.insert("/ok".to_owned(), json!(true));
    let packed = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".to_vec(), vec![0x55; 4096]].concat();
    let server = ProviderServer::start(move |_| answer(200, &[("Content-Encoding", "gzip")], &packed));
    let answered = asked_of(&server, &provider(verify));
    assert_eq!(answered.verdict, Verdict::NoAnswer, "{}", answered.words);
}

#[test]
fn what_is_no_http_is_no_answer() {
    let many = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"x-a: b\r\n".repeat(500), b"\r\n".to_vec()].concat();
    for part in [
        Part::Closes,
        Part::Says(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        Part::Says(b"HTTP/1.1 2000 OK\r\n\r\n".to_vec()),
        Part::Says(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n".to_vec()),
        Part::Says(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n".to_vec()),
        Part::Says(b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n{}".to_vec()),
        Part::Says(b"HTTP/1.1 200".to_vec()),
        Part::Says(b"\0\xff\xfe".repeat(100)),
        Part::Says(many),
        Part::Floods(b"HTTP/1.1 200 OK\r\nx: ".to_vec(), b"a".repeat(4096)),
    ] {
        let answered = said(part);
        assert_eq!((answered.verdict, answered.status), (Verdict::NoAnswer, None), "{}", answered.words);
        assert!(answered.words.starts_with("It did not answer: "), "{}", answered.words);
    }
}

#[test]
fn json_that_is_none_tells_nothing() {
    let mut verify = verify("GET", "https://api.example.com/user");
    verify.expiry = serde_json::from_value(json!({ "json": "/expires" })).unwrap();
    let provider = provider(verify);
    for body in
        ["", "{", "null", "\u{feff}{}", r#"{"expires":{}}"#, r#"{"expires":"never"}"#, &"[".repeat(10_000)]
    {
        let body = body.to_owned();
        let server = ProviderServer::start(move |_| answer(200, &[], &body));
        let answered = asked_of(&server, &provider);
        assert_eq!((answered.verdict, answered.expires), (Verdict::Alive, None));
    }
}

#[test]
fn nobody_at_home_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let answered = ask_one(&user(), &hosts(&format!("http://{address}")), Duration::from_secs(10));
    assert_eq!(answered.words, "It did not answer: there is no connection to it from here");
    // `.invalid` has no addresses anywhere (RFC 2606).
    let answered = ask_one(&user(), &hosts("https://nobody.invalid"), Duration::from_secs(10));
    assert_eq!(answered.verdict, Verdict::NoAnswer);
}

#[test]
fn a_few_are_asked_at_once_and_a_host_one_at_a_time() {
    let Part::Says(bytes) = answer(200, &[], "{}") else { unreachable!() };
    let at_once = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let servers: Vec<ProviderServer> = (0..6)
        .map(|_| {
            let (at_once, most, bytes) = (Arc::clone(&at_once), Arc::clone(&most), bytes.clone());
            ProviderServer::start(move |_| {
                most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(100));
                at_once.fetch_sub(1, Ordering::SeqCst);
                Part::Says(bytes.clone())
            })
        })
        .collect();
    let providers: Vec<Provider> =
        (0..6).map(|number| Provider { id: format!("it{number}"), ..user() }).collect();
    let hosts: Hosts = servers
        .iter()
        .enumerate()
        .map(|(number, server)| format!("it{number}={}", server.url()).parse::<NamedHost>().unwrap())
        .collect();
    let questions: Vec<Question<'_>> = (0..18)
        .map(|number| {
            Question::new(&providers[number / 3], None, Secret::copy_of(format!("token-{number}").as_bytes()))
        })
        .collect();
    let mut heard = Vec::new();
    let answers = ask(&questions, &Terms::new(&hosts, now()), |done, total| heard.push((done, total)));
    assert!(answers.iter().all(|answered| answered.verdict == Verdict::Alive), "{answers:?}");
    assert_eq!(heard, (0..=18).map(|done| (done, 18)).collect::<Vec<_>>());
    assert!((2..=4).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    for (number, server) in servers.iter().enumerate() {
        assert_eq!(server.most_at_once(), 1);
        let told = server.told();
        assert!(
            (0..3)
                .all(|own| told.iter().any(|told| told.contains(&format!("token-{}\r\n", 3 * number + own))))
        );
    }
}

#[test]
fn the_same_question_is_asked_once() {
    let server = ProviderServer::start(|_| answer(401, &[], "{}"));
    let provider = user();
    let token = || Secret::copy_of(TOKEN.as_bytes());
    let questions = [
        Question::new(&provider, None, token()),
        Question::new(&provider, None, token()),
        Question::new(&provider, None, token()).with("OTHER", token()),
        Question::new(&provider, None, Secret::copy_of(b"another")),
    ];
    let answers = ask(&questions, &Terms::new(&hosts(&server.url()), now()), |_, _| {});
    assert!(answers.iter().all(|answered| answered.verdict == Verdict::Rejected), "{answers:?}");
    assert_eq!(server.connections(), 3);
}

#[test]
fn a_host_that_wants_to_be_left_alone_is() {
    let server = ProviderServer::start(|_| answer(429, &[], "{}"));
    let provider = user();
    let questions: Vec<Question<'_>> = (0..5)
        .map(|number| Question::new(&provider, None, Secret::copy_of(format!("{number}").as_bytes())))
        .collect();
    let mut last = (0, 0);
    let answers =
        ask(&questions, &Terms::new(&hosts(&server.url()), now()), |done, total| last = (done, total));
    assert!(answers.iter().all(|answered| answered.verdict == Verdict::RateLimited), "{answers:?}");
    assert_eq!((server.connections(), last), (1, (5, 5)));
}

#[test]
fn all_of_them_end_when_the_time_is_up() {
    let server = ProviderServer::start(|_| Part::Hangs);
    let provider = user();
    let hosts = hosts(&server.url());
    let questions: Vec<Question<'_>> = (0..20)
        .map(|number| Question::new(&provider, None, Secret::copy_of(format!("{number}").as_bytes())))
        .collect();
    let terms = Terms { all: Duration::from_millis(500), ..Terms::new(&hosts, now()) };
    let start = Instant::now();
    let mut last = (0, 0);
    let answers = ask(&questions, &terms, |done, total| last = (done, total));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!((answers.len(), last), (20, (20, 20)));
    assert!(answers.iter().all(|answered| answered.verdict == Verdict::NoAnswer), "{answers:?}");
}

#[test]
fn what_cannot_be_asked_is_told_without_asking() {
    let words = |provider: &Provider| {
        let answered = ask_one(provider, &Hosts::default(), Duration::from_secs(1));
        assert_eq!(answered.verdict, Verdict::NotVerifiable);
        answered.words
    };
    let blank = provider(verify("GET", "https://dev.azure.com/{org}/_apis/projects"));
    assert_eq!(words(&blank), "It is asked where you say: `--host it=https://dev.azure.com/{org}`");
    let plain = provider(verify("GET", "http://example.com"));
    assert_eq!(words(&plain), "It can't be asked: the catalog's address is not one of `https`");
    let mut none = user();
    none.verify = None;
    assert_eq!(words(&none), "It can't be asked: no call is known that asks about it");
    none.not_verifiable = Some("every call costs money".to_owned());
    assert_eq!(words(&none), "It can't be asked: every call costs money");
    let mut pair = user();
    let call = &mut pair.verify.as_mut().unwrap().call;
    call.headers.insert("authorization".to_owned(), "Basic {basic:$email}".to_owned());
    call.needs.insert("email".to_owned(), vec!["JIRA_EMAIL".to_owned(), "EMAIL".to_owned()]);
    assert_eq!(words(&pair), "It can't be asked: `JIRA_EMAIL` is needed as well, and is not known");
}

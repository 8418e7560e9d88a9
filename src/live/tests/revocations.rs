//! Tokens are revoked, one by one or many at once, and every answer has its meaning.

use std::time::{Duration, Instant};

use super::now;
use super::provider_server::{Part, ProviderServer, answer};
use crate::catalog::provider::{Provider, Providers};
use crate::live::revoke::terms;
use crate::live::{Hosts, NamedHost, Outcome, Revocation, Revoked, revoke};
use crate::secret::Secret;

fn provider(id: &str) -> Provider {
    Providers::embedded().unwrap().providers.into_iter().find(|it| it.id == id).unwrap()
}

fn at(id: &str, server: &ProviderServer) -> Hosts {
    [format!("{id}={}", server.url()).parse::<NamedHost>().unwrap()].into_iter().collect()
}

fn revoked(id: &str, shape: &str, server: &ProviderServer, tokens: &[&str]) -> Vec<Revoked> {
    let provider = provider(id);
    let hosts = at(id, server);
    let revocations = tokens
        .iter()
        .map(|token| Revocation::new(&provider, provider.shape(shape), Secret::copy_of(token.as_bytes())));
    let answers = revoke(revocations.collect(), &terms(&hosts, now()), |_, _| {});
    assert!(!format!("{answers:?}").contains("CANARY"), "{answers:?}");
    answers
}

fn outcomes(answers: &[Revoked]) -> Vec<Outcome> {
    answers.iter().map(|answer| answer.outcome).collect()
}

#[test]
fn every_documented_answer_has_its_meaning() {
    let ok = r#"{"ok":true,"revoked":true}"#;
    for (id, shape, request, part, outcome) in [
        (
            "gitlab",
            "gitlab-pat",
            "DELETE /api/v4/personal_access_tokens/self ",
            answer(204, &[], ""),
            Outcome::Revoked,
        ),
        ("gitlab", "gitlab-pat", "DELETE ", answer(401, &[], "{}"), Outcome::DeadBefore),
        ("gitlab", "gitlab-pat", "DELETE ", answer(403, &[], "{}"), Outcome::Refused),
        ("gitlab", "gitlab-pat", "DELETE ", answer(429, &[("retry-after", "60")], ""), Outcome::RateLimited),
        (
            "gitlab",
            "gitlab-pat",
            "DELETE ",
            answer(302, &[("location", "https://a.example")], ""),
            Outcome::Unknown,
        ),
        ("gitlab", "gitlab-pat", "DELETE ", Part::Closes, Outcome::Unknown),
        ("github", "github-pat-classic", "POST /credentials/revoke ", answer(202, &[], ""), Outcome::Revoked),
        (
            "github",
            "github-app-installation",
            "DELETE /installation/token ",
            answer(204, &[], ""),
            Outcome::Revoked,
        ),
        ("slack", "slack-bot", "POST /api/auth.revoke ", answer(200, &[], ok), Outcome::Revoked),
        (
            "slack",
            "slack-bot",
            "POST ",
            answer(200, &[], r#"{"ok":false,"error":"token_revoked"}"#),
            Outcome::DeadBefore,
        ),
        ("google", "google-oauth-refresh", "POST /revoke ", answer(200, &[], "{}"), Outcome::Revoked),
        (
            "google",
            "google-oauth-refresh",
            "POST ",
            answer(400, &[], r#"{"error":"invalid_token"}"#),
            Outcome::DeadBefore,
        ),
        ("buildkite", "", "DELETE /v2/access-token ", answer(204, &[], ""), Outcome::Revoked),
        ("vault", "", "POST /v1/auth/token/revoke-self ", answer(204, &[], ""), Outcome::Revoked),
        ("vault", "", "POST ", answer(403, &[], "{}"), Outcome::DeadBefore),
        ("doppler", "", "POST /v3/auth/revoke ", answer(200, &[], "{}"), Outcome::Revoked),
        ("vercel", "", "DELETE /v3/user/tokens/current ", answer(200, &[], "{}"), Outcome::Revoked),
    ] {
        let server = ProviderServer::start(move |_| part.clone());
        let answers = revoked(id, shape, &server, &["CANARY0token"]);
        assert_eq!(outcomes(&answers), [outcome], "{id}: {}", answers[0].words);
        if server.told().is_empty() {
            continue;
        }
        let told = server.told().remove(0);
        assert!(told.starts_with(request) && told.matches("CANARY0token").count() == 1, "{told}");
        if id == "github" && shape == "github-pat-classic" {
            assert!(!told.to_lowercase().contains("authorization:"), "it must come without: {told}");
        }
    }
}

#[test]
fn a_provider_that_takes_many_at_once_gets_one_request() {
    let server = ProviderServer::start(|_| answer(202, &[], ""));
    let answers = revoked("github", "github-pat-classic", &server, &["CANARY1", "CANARY\"2", "CANARY3"]);
    assert_eq!(outcomes(&answers), [Outcome::Revoked; 3]);
    let told = server.told();
    assert_eq!(told.len(), 1);
    let body = told[0].split("\r\n\r\n").nth(1).unwrap();
    let sent: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(sent, serde_json::json!({"credentials": ["CANARY1", "CANARY\"2", "CANARY3"]}));
}

#[test]
fn one_that_spoils_the_request_of_many_spoils_only_its_own() {
    let server = ProviderServer::start(|request| {
        answer(if request.contains("CANARY2") { 422 } else { 202 }, &[], "{}")
    });
    let answers = revoked("github", "github-pat-classic", &server, &["CANARY1", "CANARY2", "CANARY3"]);
    assert_eq!(outcomes(&answers), [Outcome::Revoked, Outcome::Unknown, Outcome::Revoked]);
    assert_eq!(server.told().len(), 4);
}

#[test]
fn one_that_wants_to_be_left_alone_is_and_says_until_when() {
    let server = ProviderServer::start(|_| answer(429, &[("retry-after", "60")], ""));
    let tokens: Vec<String> = (0..20).map(|number| format!("CANARY{number}")).collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let answers = revoked("gitlab", "gitlab-pat", &server, &tokens);
    assert!(answers.iter().all(|it| it.outcome == Outcome::RateLimited));
    assert_eq!(answers[19].not_before, Some("2026-11-22T12:01:00Z".parse().unwrap()));
    assert!(server.told().len() <= 4, "{}", server.told().len());
}

#[test]
fn what_a_person_has_to_do_is_sent_nowhere() {
    let server = ProviderServer::start(|_| answer(204, &[], ""));
    for (id, shape) in [("github", ""), ("gitlab", "gitlab-other"), ("notion", ""), ("slack", "slack-app")] {
        let answers = revoked(id, shape, &server, &["CANARY"]);
        assert_eq!(outcomes(&answers), [Outcome::ByHand], "{id}");
    }
    // A host of one's own is only asked once it is named.
    let vault = provider("vault");
    let unnamed = vec![Revocation::new(&vault, None, Secret::copy_of(b"CANARY"))];
    let answers = revoke(unnamed, &terms(&Hosts::default(), now()), |_, _| {});
    assert_eq!(answers[0].outcome, Outcome::ByHand);
    assert!(answers[0].words.contains("--host vault="), "{}", answers[0].words);
    assert_eq!(server.connections(), 0);
}

#[test]
fn fifty_at_a_slow_provider_take_no_half_minute() {
    let server = ProviderServer::start(|_| {
        Part::SaysAfter(Duration::from_millis(300), b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())
    });
    let tokens: Vec<String> = (0..50).map(|number| format!("CANARY{number}")).collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let start = Instant::now();
    let answers = revoked("gitlab", "gitlab-pat", &server, &tokens);
    assert!(answers.iter().all(|it| it.outcome == Outcome::Revoked));
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

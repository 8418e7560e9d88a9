//! A token that replaces itself at its provider.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::provider_server::{Part, ProviderServer, answer};
use crate::support::{Sandbox, contains};

const OLD: &str = "glpat-CANARY0dont0let0me0be0seen01";
const NEW: &str = "glpat-CANARY0dont0let0me0be0seen02";

/// What GitLab answers to `POST /personal_access_tokens/self/rotate`, as it documents it.
fn rotated() -> Part {
    let body = format!(
        r#"{{"id":42,"name":"mcp","revoked":false,"created_at":"2026-11-25T15:00:00.000Z","scopes":["api"],"user_id":1337,"last_used_at":null,"active":true,"expires_at":"2027-02-01","token":"{NEW}"}}"#
    );
    answer(200, &[("content-type", "application/json")], body)
}

fn state(active: bool) -> Part {
    let status = if active { 200 } else { 401 };
    answer(status, &[], format!(r#"{{"active":{active},"scopes":["api"],"expires_at":"2027-02-01"}}"#))
}

fn home() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], OLD.as_bytes()).succeeds();
    sandbox
}

fn rotate(sandbox: &Sandbox, server: &ProviderServer, more: &[&str]) -> crate::support::Ran {
    let host = format!("gitlab={}", server.url());
    let ran = sandbox.run([&["rotate", "GITLAB_TOKEN", "--host", &host], more].concat());
    for value in [OLD, NEW] {
        assert!(!contains(&ran.0.stderr, value.as_bytes()) && ran.0.stdout.is_empty(), "{}", ran.said());
    }
    ran
}

#[track_caller]
fn holds(sandbox: &Sandbox, value: &str) {
    sandbox.run(["get", "GITLAB_TOKEN"]).succeeds().prints(value);
    for value in [OLD, NEW] {
        assert!(sandbox.files_holding(value.as_bytes()).is_empty());
    }
    let document = sandbox.run(["list", "--json"]).succeeds().json("list");
    assert_eq!(document["credentials"][0]["state"], "stored");
    assert!(!sandbox.data().join("rescue/default~GITLAB_TOKEN.sealed").exists());
}

#[test]
fn gitlab_exchanges_a_token_and_the_new_one_is_stored_and_verified() {
    let sandbox = home();
    let server = ProviderServer::start(|request| {
        if request.starts_with("POST /api/v4/personal_access_tokens/self/rotate ") {
            assert!(request.contains(&format!("private-token: {OLD}\r\n")), "{request}");
            rotated()
        } else {
            state(request.contains(NEW))
        }
    });
    rotate(&sandbox, &server, &["--verify"])
        .succeeds()
        .says("Replacing `GITLAB_TOKEN`, automated: GitLab exchanges it")
        .says("Rotated `GITLAB_TOKEN`")
        .says("Verified `GITLAB_TOKEN`: GitLab accepts it");
    holds(&sandbox, NEW);
    let row = sandbox.run(["list", "--json"]).succeeds().json("list")["credentials"][0].clone();
    assert_eq!((&row["expires"], &row["scopes"][0]), (&"2027-02-01T00:00:00Z".into(), &"api".into()));
    sandbox.run(["get", "GITLAB_TOKEN", "--previous"]).exits(3);
    assert_eq!(server.told().len(), 2);
}

#[test]
fn a_former_token_that_was_exchanged_is_dead_and_nobody_rolls_back_to_it() {
    let sandbox = home();
    let server = ProviderServer::start(|_| rotated());
    rotate(&sandbox, &server, &["--keep-previous", "7d"]).succeeds();
    sandbox.run(["get", "GITLAB_TOKEN", "--previous"]).succeeds().prints(OLD);
    sandbox.run(["rotate", "GITLAB_TOKEN", "--rollback"]).exits(1).says("was revoked");
    holds(&sandbox, NEW);
    // The next one is a value like any other.
    sandbox.feed(["rotate", "GITLAB_TOKEN", "--stdin", "--keep-previous", "7d"], b"third").succeeds();
    sandbox.run(["rotate", "GITLAB_TOKEN", "--rollback"]).succeeds();
    holds(&sandbox, NEW);
}

#[test]
fn a_provider_that_says_no_leaves_the_former_token_in_force() {
    for (part, status, words) in [
        (answer(403, &[], r#"{"message":"403 Forbidden"}"#), 1, "it needs api or self_rotate"),
        (answer(429, &[("retry-after", "60")], ""), 1, "replaces nothing for now (429): try again after"),
        (answer(404, &[], ""), 1, "refused to replace it (404)"),
        (answer(302, &[("location", "https://evil.example")], ""), 1, "points elsewhere"),
        (answer(401, &[], r#"{"message":"401 Unauthorized"}"#), 1, "does not accept it (401)"),
    ] {
        let sandbox = home();
        let server = ProviderServer::start(move |_| part.clone());
        let ran = rotate(&sandbox, &server, &[]).exits(status).says(words);
        assert!(
            words.contains("401") || ran.stderr().contains("the value before is in force"),
            "{}",
            ran.said()
        );
        assert_eq!(server.told().len(), 1, "nobody asks twice");
        holds(&sandbox, OLD);
    }
}

#[test]
fn an_answer_that_is_lost_is_followed_by_the_question_what_became_of_the_token() {
    for (lives, words) in [(true, "the value before is in force"), (false, "the new one never arrived")] {
        for lost in [answer(500, &[], ""), answer(200, &[], "<html>"), answer(200, &[], "{}"), Part::Closes] {
            let sandbox = home();
            let server =
                ProviderServer::start(
                    move |request| {
                        if request.starts_with("POST") { lost.clone() } else { state(lives) }
                    },
                );
            rotate(&sandbox, &server, &[]).exits(1).says(words);
            assert_eq!(server.told().iter().filter(|told| told.starts_with("POST")).count(), 1);
            holds(&sandbox, OLD);
        }
    }
    // Nobody knows.
    let sandbox = home();
    let server = ProviderServer::start(|_| answer(502, &[], ""));
    rotate(&sandbox, &server, &[]).exits(4).says("whether the former value lives is not known");
    holds(&sandbox, OLD);
}

#[test]
fn an_answer_that_holds_no_token_a_variable_could_hold_is_none() {
    for token in [r"glpat a", r"a\nb", r"", r"\u0000", "ä"] {
        let sandbox = home();
        let body = format!(r#"{{"token":"{token}"}}"#);
        let server = ProviderServer::start(move |request| {
            if request.starts_with("POST") { answer(200, &[], &body) } else { state(true) }
        });
        rotate(&sandbox, &server, &[]).exits(1).says("holds no new token");
        holds(&sandbox, OLD);
    }
}

#[test]
fn a_host_that_is_not_there_changes_nothing() {
    let sandbox = home();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let host = format!("gitlab=http://{free}");
    let ran = sandbox.run(["rotate", "GITLAB_TOKEN", "--host", &host]).exits(1);
    ran.says("there is no connection to it from here").says("the value before is in force");
    holds(&sandbox, OLD);
    sandbox.run(["rotate", "GITLAB_TOKEN", "--host", "gitlub=https://a.example"]).exits(2).says("`gitlub`");
}

#[test]
fn a_new_token_that_is_rejected_stays_since_there_is_no_other() {
    let sandbox = home();
    let server =
        ProviderServer::start(
            |request| {
                if request.starts_with("POST") { rotated() } else { answer(401, &[], "{}") }
            },
        );
    rotate(&sandbox, &server, &["--verify"]).exits(1).says("the former one is dead");
    holds(&sandbox, NEW);
}

#[test]
fn two_at_once_ask_one_after_the_other_and_never_with_a_dead_token() {
    let sandbox = home();
    let count = AtomicUsize::new(0);
    let server = ProviderServer::start(move |request| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        let expected =
            if number == 0 { OLD.to_owned() } else { format!("glpat-generation0000000000{number}") };
        if !request.contains(&expected) {
            return answer(401, &[], "{}");
        }
        let body = format!(r#"{{"token":"glpat-generation0000000000{}"}}"#, number + 1);
        std::thread::sleep(Duration::from_millis(100));
        answer(200, &[], body)
    });
    let host = format!("gitlab={}", server.url());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| sandbox.run(["rotate", "GITLAB_TOKEN", "--host", &host]).succeeds());
        }
    });
    assert_eq!((server.told().len(), server.most_at_once()), (4, 1));
    sandbox.run(["get", "GITLAB_TOKEN"]).succeeds().prints("glpat-generation00000000004");
}

#[test]
fn a_given_value_that_the_provider_rejects_gives_way_to_the_former_one() {
    let sandbox = home();
    let server = ProviderServer::start(|request| state(!request.contains(NEW)));
    let host = format!("gitlab={}", server.url());
    let arguments = ["rotate", "GITLAB_TOKEN", "--stdin", "--verify", "--host", &host];
    sandbox.feed(arguments, NEW.as_bytes()).exits(1).says("the value before is in force again");
    holds(&sandbox, OLD);
    sandbox.run(["get", "GITLAB_TOKEN", "--previous"]).succeeds().prints(NEW);
    // One that it accepts stays, and the former one goes.
    let good = "glpat-another0of0the0right0form03";
    sandbox.feed(arguments, good.as_bytes()).succeeds().says("Verified `GITLAB_TOKEN`");
    holds(&sandbox, good);
    sandbox.run(["get", "GITLAB_TOKEN", "--previous"]).exits(3);
}

#[test]
fn a_value_that_nobody_can_verify_is_in_force_and_the_former_one_is_kept() {
    let sandbox = home();
    let server = ProviderServer::start(|_| answer(503, &[], ""));
    let host = format!("gitlab={}", server.url());
    let ran =
        sandbox.feed(["rotate", "GITLAB_TOKEN", "--stdin", "--verify", "--host", &host], NEW.as_bytes());
    ran.exits(4).says("was replaced, and is not verified").says("is kept for a day");
    holds(&sandbox, NEW);
    sandbox.run(["rotate", "GITLAB_TOKEN", "--rollback"]).succeeds();
    holds(&sandbox, OLD);
    let sandbox = Sandbox::new().with("SOMETHING");
    sandbox
        .feed(["rotate", "SOMETHING", "--stdin", "--verify"], b"new")
        .exits(4)
        .says("no provider is known");
}

#[test]
fn a_former_value_is_revoked_once_the_new_one_is_accepted_and_not_before() {
    let sandbox = home();
    let server = ProviderServer::start(|request| {
        if request.starts_with("DELETE") {
            assert!(request.contains(OLD), "{request}");
            answer(204, &[], "")
        } else {
            state(request.contains(NEW))
        }
    });
    let host = format!("gitlab={}", server.url());
    let arguments = [
        "rotate",
        "GITLAB_TOKEN",
        "--stdin",
        "--verify",
        "--revoke-old",
        "--keep-previous",
        "7d",
        "--host",
        &host,
    ];
    let rejected = "glpat-another0of0the0right0form03";
    sandbox.feed(arguments, rejected.as_bytes()).exits(1).says("is in force again");
    assert!(server.told().iter().all(|told| !told.starts_with("DELETE")));
    holds(&sandbox, OLD);
    sandbox.feed(arguments, NEW.as_bytes()).succeeds().says("Revoked the former value of `GITLAB_TOKEN`");
    holds(&sandbox, NEW);
    sandbox.run(["rotate", "GITLAB_TOKEN", "--rollback"]).exits(1).says("was revoked");
}

#[test]
fn a_former_value_that_is_not_revoked_is_spoken_of() {
    for (part, status) in [(answer(403, &[], ""), 5), (answer(503, &[], ""), 4)] {
        let sandbox = home();
        let server = ProviderServer::start(move |_| part.clone());
        let host = format!("gitlab={}", server.url());
        let arguments = ["rotate", "GITLAB_TOKEN", "--stdin", "--revoke-old", "--host", &host];
        let ran = sandbox.feed(arguments, NEW.as_bytes()).exits(status);
        ran.says("its former value was not revoked").says("the new value is in force");
        holds(&sandbox, NEW);
    }
    let sandbox = Sandbox::new().with("SOMETHING");
    sandbox.feed(["rotate", "SOMETHING", "--stdin", "--revoke-old"], b"new").exits(5);
}

#[test]
fn in_a_lockdown_no_token_is_exchanged() {
    let sandbox = home();
    let server = ProviderServer::start(|_| rotated());
    sandbox.run(["lockdown", "--all"]).succeeds();
    rotate(&sandbox, &server, &[]).exits(5).says("a lockdown is on");
    assert!(server.told().iter().all(|told| !told.starts_with("POST")), "{:?}", server.told());
}

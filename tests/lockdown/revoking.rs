//! Tokens are revoked at their providers: never in silence, and again after the network was down.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use serde_json::Value;

use crate::support::provider_server::{Part, ProviderServer, answer};
#[cfg(unix)]
use crate::support::terminal::Terminal;
use crate::support::{Ran, Sandbox, start};

const GITHUB: &str = "ghp_CANARY0CANARY0CANARY0CANARY0CANARY00";
const GITLAB: &str = "glpat-CANARY0CANARY0CANARY";

/// One token that can be revoked at GitHub, one at GitLab, and one that a person has to revoke.
fn three() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITHUB_TOKEN", "--stdin"], GITHUB.as_bytes()).succeeds();
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], GITLAB.as_bytes()).succeeds();
    sandbox
        .feed(["add", "NOTION_TOKEN", "--stdin"], b"ntn_CANARY0CANARY0CANARY0CANARY0CANARY0CANARY00000")
        .succeeds();
    sandbox
}

fn revoke(sandbox: &Sandbox, server: &ProviderServer, more: &[&str]) -> Ran {
    let (github, gitlab) = (format!("github={}", server.url()), format!("gitlab={}", server.url()));
    let words = ["lockdown", "--json", "--host", &github, "--host", &gitlab];
    sandbox.run(words.iter().chain(more))
}

fn state(document: &Value, name: &str) -> String {
    let tokens = document["tokens"].as_array().unwrap();
    tokens.iter().find(|token| token["name"] == name).unwrap()["state"].as_str().unwrap().to_owned()
}

fn good(request: &str) -> Part {
    answer(if request.starts_with("DELETE") { 204 } else { 202 }, &[], "")
}

#[test]
fn nothing_is_revoked_unless_somebody_says_so() {
    let sandbox = three();
    let server = ProviderServer::start(good);
    let document = revoke(&sandbox, &server, &["--all"]).succeeds().json("lockdown");
    assert_eq!(state(&document, "GITHUB_TOKEN"), "offered");
    revoke(&sandbox, &server, &["--all", "--revoke"]).exits(5);
    revoke(&sandbox, &server, &["--all", "--no-revoke"]).succeeds();
    revoke(&sandbox, &server, &["--resume"]).succeeds();
    assert_eq!(server.connections(), 0);
    let document = revoke(&sandbox, &server, &["--all", "--revoke", "--yes"]).succeeds().json("lockdown");
    assert_eq!(state(&document, "GITHUB_TOKEN"), "revoked");
    assert_eq!(state(&document, "GITLAB_TOKEN"), "revoked");
    assert_eq!(state(&document, "NOTION_TOKEN"), "by-hand");
    assert_eq!(server.told().len(), 2);
    sandbox
        .run(["lockdown", "--status"])
        .succeeds()
        .prints_line("NOTION_TOKEN")
        .says("Left for you to revoke: 1");
    // What is over is not asked about again.
    revoke(&sandbox, &server, &["--all", "--revoke", "--yes"]).succeeds();
    assert_eq!(server.told().len(), 2);
    leaks_nothing(&sandbox);
}

fn leaks_nothing(sandbox: &Sandbox) {
    for value in [GITHUB, GITLAB, "ntn_CANARY"] {
        assert_eq!(sandbox.files_holding(value.as_bytes()), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
#[cfg(unix)]
fn a_person_at_a_terminal_is_asked_once_before_what_cannot_be_undone() {
    let sandbox = three();
    let server = ProviderServer::start(good);
    let (github, gitlab) = (format!("github={}", server.url()), format!("gitlab={}", server.url()));
    let words = ["lockdown", "--all", "--host", &github, "--host", &gitlab];
    let mut terminal = Terminal::start(&sandbox.command(words));
    terminal.expect("no more values are handed out");
    terminal.expect("Revoke 2 tokens at GitHub, GitLab? This can't be undone");
    // Everything that needs no question is done by now.
    sandbox.run(["get", "GITHUB_TOKEN"]).exits(5).prints("");
    assert_eq!(server.connections(), 0);
    terminal.send_line("y");
    assert_eq!(terminal.wait(), 0);
    assert_eq!(server.told().len(), 2);
    assert!(!String::from_utf8_lossy(&terminal.screen()).contains("CANARY"));
}

#[test]
fn with_the_network_down_the_rest_is_done_and_resumed_later() {
    let sandbox = three();
    let gone = ProviderServer::start(|_| Part::Closes);
    let document = revoke(&sandbox, &gone, &["--all", "--revoke", "--yes"]).exits(1).json("lockdown");
    assert_eq!(state(&document, "GITHUB_TOKEN"), "waiting");
    sandbox.run(["get", "GITHUB_TOKEN"]).exits(5).prints("");
    sandbox.run(["lockdown", "--status"]).succeeds().says("--resume");
    leaks_nothing(&sandbox);
    // Consent was given, so nobody is asked again.
    let back = ProviderServer::start(good);
    let document = revoke(&sandbox, &back, &["--resume"]).succeeds().json("lockdown");
    assert_eq!((state(&document, "GITHUB_TOKEN"), back.told().len()), ("revoked".to_owned(), 2));
}

#[test]
fn every_answer_of_a_provider_has_its_state() {
    for (part, expected, status) in [
        (answer(204, &[], ""), "revoked", 0),
        (answer(401, &[], "{}"), "dead-before", 0),
        (answer(403, &[], "{}"), "by-hand", 0),
        (answer(429, &[("retry-after", "3600")], ""), "waiting", 1),
        (answer(500, &[], "an error of glpat-CANARY"), "waiting", 1),
        (answer(302, &[("location", "http://127.0.0.1:9/")], ""), "waiting", 1),
    ] {
        let sandbox = Sandbox::new();
        sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], GITLAB.as_bytes()).succeeds();
        let server = ProviderServer::start(move |_| part.clone());
        let ran = revoke(&sandbox, &server, &["GITLAB_TOKEN", "--revoke", "--yes"]).exits(status);
        assert_eq!(state(&ran.json("lockdown"), "GITLAB_TOKEN"), expected);
        assert!(!ran.stdout().contains("CANARY") && !ran.stderr().contains("CANARY"), "{}", ran.said());
        if status == 1 && ran.stdout().contains("\"not_before\": \"") {
            // One that wants to be left alone is.
            revoke(&sandbox, &server, &["--resume"]).exits(1);
            assert_eq!(server.connections(), 1);
        }
    }
}

#[test]
fn a_former_value_that_is_still_kept_is_revoked_as_well() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], GITLAB.as_bytes()).succeeds();
    let newer = b"glpat-newer0newer0newer000";
    sandbox.feed(["rotate", "GITLAB_TOKEN", "--stdin", "--keep-previous", "7d"], newer).succeeds();
    let server = ProviderServer::start(good);
    revoke(&sandbox, &server, &["--all", "--revoke", "--yes"]).succeeds();
    let told = server.told();
    assert_eq!(told.len(), 2);
    assert!(told.iter().any(|request| request.contains(GITLAB)));
}

#[test]
fn a_value_that_was_replaced_since_is_another_token() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], GITLAB.as_bytes()).succeeds();
    let server = ProviderServer::start(good);
    revoke(&sandbox, &server, &["--all", "--revoke", "--yes"]).succeeds();
    sandbox.feed(["rotate", "GITLAB_TOKEN", "--stdin"], b"glpat-newer0newer0newer000").succeeds();
    revoke(&sandbox, &server, &["--all", "--revoke", "--yes"]).succeeds();
    assert_eq!(server.told().len(), 2);
}

#[test]
fn one_that_is_killed_in_the_middle_is_finished_by_the_next() {
    let sandbox = three();
    let slow = ProviderServer::start(|_| Part::Hangs);
    let (github, gitlab) = (format!("github={}", slow.url()), format!("gitlab={}", slow.url()));
    let words = ["lockdown", "--all", "--revoke", "--yes", "--host", &github, "--host", &gitlab];
    let mut child = start(sandbox.command(words).stderr(std::process::Stdio::null()));
    let mut patience = 1000;
    while slow.connections() == 0 && patience > 0 {
        std::thread::sleep(Duration::from_millis(10));
        patience -= 1;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    sandbox.run(["get", "GITHUB_TOKEN"]).exits(5).prints("");
    let status = sandbox.run(["lockdown", "--status", "--json"]).succeeds().json("lockdown");
    assert_eq!(state(&status, "GITHUB_TOKEN"), "waiting");
    let server = ProviderServer::start(good);
    revoke(&sandbox, &server, &["--resume"]).succeeds();
    assert_eq!(server.told().len(), 2);
    assert!(fs::read_dir(sandbox.data()).unwrap().flatten().count() > 0);
}

/// An authorization server with one token and one client, which answers as RFC 7009 has it.
fn authorization_server() -> ProviderServer {
    ProviderServer::start(|request| {
        let (head, body) = request.split_once("\r\n\r\n").unwrap_or_default();
        if !head.starts_with("POST /oauth2/revoke ") {
            answer(404, &[], "")
        } else if !head.contains("content-type: application/x-www-form-urlencoded") {
            answer(415, &[], "")
        } else if head.contains("authorization: Basic bXklMjBjbGllbnQ6YSUzQXNlY3JldCslM0M=") {
            // `my%20client:a%3Asecret+%3C`: both are written as in a form.
            answer(if body.contains("client_id") { 400 } else { 200 }, &[], "")
        } else if !body.contains("client_id=my%20client") {
            answer(401, &[], r#"{"error":"invalid_client"}"#)
        } else if body.starts_with("token=busy") {
            answer(503, &[("retry-after", "3600")], "")
        } else {
            // Also where the token was none: section 2.2.
            answer(200, &[], "")
        }
    })
}

#[test]
fn an_oauth_token_is_revoked_where_its_person_said() {
    let server = authorization_server();
    let endpoint = format!("{}/oauth2/revoke", server.url());
    let sandbox = Sandbox::new();
    let add = |name: &str, value: &[u8], more: &[&str]| {
        let words = [&["add", name, "--stdin", "--revoke-at", &endpoint], more].concat();
        sandbox.feed(words, value).succeeds();
    };
    add("LIVING", b"CANARY+of/oauth==", &["--issued-to", "my client"]);
    add("UNKNOWN_CLIENT", b"CANARY0another", &[]);
    add("LATER", b"busy0CANARY", &["--issued-to", "my client"]);
    // The person's word counts before the form of the value: this one goes nowhere else.
    add("GITHUB_TOKEN", GITHUB.as_bytes(), &["--issued-to", "my client"]);
    let ran = sandbox.run(["lockdown", "--all", "--revoke", "--yes", "--json"]).exits(1);
    let document = ran.json("lockdown");
    assert_eq!(state(&document, "LIVING"), "revoked");
    assert_eq!(state(&document, "UNKNOWN_CLIENT"), "by-hand");
    assert_eq!(state(&document, "LATER"), "waiting");
    assert_eq!(state(&document, "GITHUB_TOKEN"), "revoked");
    let told = server.told();
    assert_eq!(told.len(), 4);
    assert!(
        told.iter().any(|request| request.ends_with("token=CANARY%2Bof%2Foauth%3D%3D&client_id=my%20client")),
        "{told:?}"
    );
    assert!(!ran.stdout().contains("CANARY") && !ran.stderr().contains("CANARY"), "{}", ran.said());
    // It asked to be left alone for an hour.
    sandbox.run(["lockdown", "--resume"]).exits(1);
    assert_eq!(server.told().len(), 4);
    leaks_nothing(&sandbox);
}

#[test]
fn a_client_with_a_secret_is_told_by_both() {
    let server = authorization_server();
    let endpoint = format!("{}/oauth2/revoke", server.url());
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "OF_THE_CLIENT", "--stdin"], b"a:secret <").succeeds();
    let client = ["--issued-to", "my client", "--issued-with"];
    let add = |name: &str, secret: &str| {
        let words = [&["add", name, "--stdin", "--revoke-at", &endpoint], &client[..], &[secret]].concat();
        sandbox.feed(words, name.as_bytes()).succeeds();
    };
    add("REPLACED", "OF_THE_CLIENT");
    add("LIVING", "OF_THE_CLIENT");
    add("ALONE", "NOT_STORED");
    let listed = sandbox.run(["list", "--json"]).succeeds().json("list");
    assert_eq!(listed["credentials"][1]["issued_with"], "OF_THE_CLIENT");
    // Another client is one without that secret.
    sandbox.feed(["rotate", "REPLACED", "--stdin", "--revoke-old"], b"newer").succeeds();
    assert!(server.told()[0].ends_with("token=REPLACED"), "{:?}", server.told());

    let document =
        sandbox.run(["lockdown", "--all", "--revoke", "--yes", "--json"]).succeeds().json("lockdown");
    assert_eq!(state(&document, "LIVING"), "revoked");
    assert_eq!(state(&document, "REPLACED"), "revoked");
    assert_eq!(state(&document, "ALONE"), "by-hand");
    let items = document["tokens"].as_array().unwrap();
    let alone = items.iter().find(|item| item["name"] == "ALONE").unwrap();
    assert!(alone["words"].as_str().unwrap().contains("`NOT_STORED` is needed as well"), "{alone}");
    assert_eq!(server.told().len(), 3);
    sandbox.run(["add", "TOKEN", "--issued-with", "OF_THE_CLIENT"]).exits(2);
}

#[test]
fn a_place_to_revoke_is_the_persons_own_and_over_tls() {
    let sandbox = Sandbox::new();
    for bad in ["http://auth.example.com/revoke", "https://u:p@auth.example.com/revoke", "auth.example.com"] {
        sandbox.feed(["add", "TOKEN", "--stdin", "--revoke-at", bad], b"value").exits(2);
    }
    sandbox.run(["get", "TOKEN"]).exits(3);
    // One that somebody put into the index by hand is not used for what is not private.
    sandbox
        .feed(["add", "TOKEN", "--stdin", "--revoke-at", "https://auth.example.com/revoke"], b"value")
        .succeeds();
    let listed = sandbox.run(["list", "--json"]).succeeds().json("list");
    assert_eq!(listed["credentials"][0]["revoke_at"], "https://auth.example.com/revoke");
    let index = sandbox.data().join("index.json");
    let text = fs::read_to_string(&index).unwrap().replace("https://auth", "http://auth");
    fs::write(&index, text).unwrap();
    let document =
        sandbox.run(["lockdown", "--all", "--revoke", "--yes", "--json"]).succeeds().json("lockdown");
    assert_eq!(state(&document, "TOKEN"), "by-hand");
}

#[test]
fn a_replaced_oauth_token_is_revoked_in_the_same_way() {
    let server = authorization_server();
    let endpoint = format!("{}/oauth2/revoke", server.url());
    let sandbox = Sandbox::new();
    let words = ["add", "TOKEN", "--stdin", "--revoke-at", &endpoint, "--issued-to", "my client"];
    sandbox.feed(words, b"former").succeeds();
    let ran = sandbox.feed(["rotate", "TOKEN", "--stdin", "--revoke-old", "--json"], b"newer").succeeds();
    let document = ran.json("rotate");
    let row = &document["credentials"][0];
    assert_eq!((&row["outcome"], &row["former"]), (&"replaced".into(), &"revoked".into()), "{document}");
    assert!(server.told()[0].ends_with("token=former&client_id=my%20client"));
    sandbox.run(["get", "TOKEN"]).succeeds().prints("newer");
}

#[test]
fn what_is_tried_again_goes_to_the_host_that_the_person_named_and_to_nobody_else() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], GITLAB.as_bytes()).succeeds();
    let is_back = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_back);
    let server = ProviderServer::start(
        move |request| if flag.load(SeqCst) { good(request) } else { answer(503, &[], "") },
    );
    let host = format!("gitlab={}", server.url());
    sandbox.run(["lockdown", "--all", "--revoke", "--yes", "--host", &host]).exits(1);
    is_back.store(true, SeqCst);
    // Nobody names it once more.
    let document = sandbox.run(["lockdown", "--resume", "--json"]).succeeds().json("lockdown");
    assert_eq!((state(&document, "GITLAB_TOKEN"), server.told().len()), ("revoked".to_owned(), 2));
    leaks_nothing(&sandbox);
}

#[test]
fn a_host_of_a_provider_that_is_none_is_refused_before_anything_is_done() {
    let sandbox = three();
    let wrong = ["--host", "gitlabs=https://git.example.com"];
    sandbox
        .run([&["lockdown", "--all", "--revoke", "--yes"][..], &wrong].concat())
        .exits(2)
        .says("did you mean `gitlab`");
    sandbox.run(["get", "GITHUB_TOKEN"]).succeeds().prints(GITHUB);
    sandbox.run(["lockdown", "--all", "--no-revoke"]).succeeds();
    sandbox.run([&["lockdown", "--resume"][..], &wrong].concat()).exits(2);
}

#[test]
fn a_catalog_that_is_not_understood_keeps_nobody_from_the_rest() {
    let sandbox = three();
    fs::create_dir_all(sandbox.path("config")).unwrap();
    fs::write(sandbox.path("config/catalog.toml"), "garbage [").unwrap();
    let document =
        sandbox.run(["lockdown", "--all", "--revoke", "--yes", "--json"]).exits(1).json("lockdown");
    let outcomes: Vec<_> = document["steps"].as_array().unwrap().iter().map(|it| &it["outcome"]).collect();
    assert_eq!(outcomes, ["done", "nothing", "nothing", "nothing", "failed"]);
    sandbox.run(["get", "GITHUB_TOKEN"]).exits(5).prints("");
    fs::remove_file(sandbox.path("config/catalog.toml")).unwrap();
    let server = ProviderServer::start(good);
    let document = revoke(&sandbox, &server, &["--resume", "--revoke", "--yes"]).succeeds().json("lockdown");
    assert_eq!((state(&document, "GITHUB_TOKEN"), server.told().len()), ("revoked".to_owned(), 2));
}

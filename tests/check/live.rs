//! Whether a provider accepts what a server would get.

use serde_json::json;

use crate::check::{TOKEN, about, check_in, findings_in, project, the};
use crate::support::Sandbox;
use crate::support::provider_server::{Part, ProviderServer, answer};

const ENTRY: &str = r#"{"mcpServers": {"github": {
    "command": "mcpcred",
    "args": ["run", "-e", "GITHUB_PERSONAL_ACCESS_TOKEN=GITHUB_TOKEN", "--", "github-mcp-server"]
}}}"#;

/// A stored token, and a project that refers to it.
fn stored() -> (Sandbox, std::path::PathBuf) {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITHUB_TOKEN", "--stdin"], TOKEN.as_bytes()).succeeds();
    let folder = project(&sandbox, ENTRY);
    (sandbox, folder)
}

#[test]
fn what_the_provider_knows_of_a_token_is_told_and_kept() {
    let (sandbox, folder) = stored();
    let headers = [
        ("github-authentication-token-expiration", "2099-12-01 12:00:00 UTC"),
        ("x-oauth-scopes", "repo, read:org"),
    ];
    let server = ProviderServer::start(move |_| answer(200, &headers, r#"{"login":"kim"}"#));
    let host = format!("github={}", server.url());
    let findings = findings_in(&sandbox, &folder, &["--live", "--host", &host], 0);
    assert_eq!(about(&findings, "github"), [("ready", "ok", "GITHUB_TOKEN")]);
    let finding = findings.iter().find(|it| it["credential"] == "GITHUB_TOKEN").unwrap();
    assert_eq!(finding["expires"], "2099-12-01T12:00:00Z");
    assert_eq!(finding["scopes"], json!(["repo", "read:org"]));
    let told = server.told();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("GET /user HTTP/1.1\r\n"), "{}", told[0]);
    assert!(told[0].contains(&format!("authorization: Bearer {TOKEN}\r\n")), "{}", told[0]);

    let row = sandbox.run(["list", "--json"]).succeeds().json("list")["credentials"][0].clone();
    assert_eq!(
        (&row["expires"], &row["scopes"]),
        (&json!("2099-12-01T12:00:00Z"), &json!(["repo", "read:org"]))
    );
}

#[test]
fn every_answer_has_its_reason() {
    let (sandbox, folder) = stored();
    for (part, reason, status) in [
        (answer(401, &[], "{}"), "rejected", 1),
        (answer(403, &[], "{}"), "insufficient_scope", 0),
        (answer(429, &[("retry-after", "60")], "{}"), "rate_limited", 0),
        (answer(500, &[], "{}"), "no_answer", 0),
        (answer(302, &[("location", "http://127.0.0.1:9/")], ""), "no_answer", 0),
        (Part::Closes, "no_answer", 0),
        // Once it is known that it ended, that is what counts.
        (
            answer(200, &[("github-authentication-token-expiration", "2020-01-01 00:00:00 UTC")], "{}"),
            "expired",
            1,
        ),
    ] {
        let server = ProviderServer::start(move |_| part.clone());
        let host = format!("github={}", server.url());
        the(&findings_in(&sandbox, &folder, &["--live", "--host", &host], status), reason);
        assert_eq!(server.connections(), 1, "{reason}");
    }
}

#[test]
fn nobody_is_asked_unless_a_person_says_so_and_never_where_a_configuration_says() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "GITHUB_TOKEN", "--stdin"], TOKEN.as_bytes()).succeeds();
    let trap = ProviderServer::start(|_| answer(200, &[], "{}"));
    let server = ProviderServer::start(|_| answer(401, &[], "{}"));
    let entry = json!({"mcpServers": {
        "github": {"command": "mcpcred", "args": ["run", "-e", "GITHUB_TOKEN", "--", "github-mcp-server"],
                   "env": {"GITHUB_HOST": trap.url(), "GITHUB_API_URL": trap.url()}},
        "remote": {"type": "http", "url": trap.url(), "headers": {"Authorization": "Bearer ${GITHUB_TOKEN}"}},
    }});
    let folder = project(&sandbox, &entry.to_string());
    check_in(&sandbox, &folder, &[]);
    check_in(&sandbox, &folder, &["--offline"]);
    let host = format!("github={}", server.url());
    the(&findings_in(&sandbox, &folder, &["--live", "--host", &host, "--server", "github"], 1), "rejected");
    assert_eq!((trap.connections(), server.connections()), (0, 1));
}

#[test]
fn a_token_is_not_sent_in_the_open() {
    let (sandbox, folder) = stored();
    for host in ["github=http://github.example.com", "github=http://localhost:1", "github"] {
        check_in(&sandbox, &folder, &["--live", "--host", host]).exits(2);
    }
    check_in(&sandbox, &folder, &["--live", "--host", "githb=https://a.example"]).exits(2).says("github");
    check_in(&sandbox, &folder, &["--host", "github=https://a.example"]).exits(2);
}

#[test]
fn the_value_that_the_server_gets_is_the_one_that_is_asked_about() {
    let (mut sandbox, folder) = stored();
    // Of another program, which mcpcred does not hand over.
    sandbox.set("GITHUB_TOKEN", "ghp_x7Kq2mWz9RtLb4VnPf8sx7Kq2mWz9RtLb4Vn");
    let server = ProviderServer::start(|request| {
        if request.contains(TOKEN) {
            answer(200, &[("x-oauth-scopes", "repo")], r#"{"login":"kim"}"#)
        } else {
            answer(401, &[], "{}")
        }
    });
    let host = format!("github={}", server.url());
    let findings = findings_in(&sandbox, &folder, &["--live", "--host", &host], 0);
    assert_eq!(about(&findings, "github"), [("ready", "ok", "GITHUB_TOKEN")]);
    assert_eq!((server.connections(), &findings[0]["scopes"]), (1, &json!(["repo"])));
}

//! Certificates and proxies: who may read along, and who may answer.

use std::io::Write;
use std::process::Command;
use std::time::Duration;

#[cfg(target_os = "linux")]
use super::TOKEN;
use super::provider_server::{ProviderServer, answer};
use super::{ask_one, asked_of, hosts, user};
use crate::live::{Answered, Verdict};

fn asked_of_url(url: &str) -> Answered {
    ask_one(&user(), &hosts(url), Duration::from_secs(5))
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    for name in ["127.0.0.1", "api.example.com"] {
        let (server, _) = ProviderServer::over_tls(name, |_| answer(200, &[], "{}"));
        let answered = asked_of(&server, &user());
        assert_eq!(answered.words, "It did not answer: its certificate is not one that this machine trusts");
        assert_eq!(server.told(), Vec::<String>::new());
    }
    // Nor is TLS spoken with one that does not.
    let server = ProviderServer::start(|_| answer(200, &[], "{}"));
    let answered = asked_of_url(&server.url().replace("http:", "https:"));
    assert_eq!(answered.verdict, Verdict::NoAnswer, "{}", answered.words);
    assert!(!server.told().concat().contains("CANARY"));
}

#[test]
#[ignore = "asks the server that its environment names; started by another test"]
#[expect(clippy::disallowed_methods, reason = "that is how the other test says where")]
fn asks_where_it_is_told() {
    let Ok(url) = std::env::var("MCPCRED_TEST_URL") else { return };
    let answered = asked_of_url(&url);
    writeln!(std::io::stdout(), "verdict {:?}: {}", answered.verdict, answered.words).unwrap();
}

/// What a process of its own says that asks there, with this in its environment.
fn asked_elsewhere(url: &str, variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--ignored", "--exact", "--nocapture", "live::tests::secure::asks_where_it_is_told"]);
    child.env("MCPCRED_TEST_URL", url).envs(variables.iter().copied());
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        if !variables.iter().any(|(name, _)| *name == proxy) {
            child.env_remove(proxy).env_remove(proxy.to_lowercase());
        }
    }
    String::from_utf8_lossy(&child.output().unwrap().stdout).into_owned()
}

/// Where the certificates of the machine are files, and a variable says which.
#[test]
#[cfg(target_os = "linux")]
fn a_certificate_that_the_machine_trusts_is_taken_and_its_name_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let asked = |name: &str, host: &str| {
        let (server, pem) = ProviderServer::over_tls(name, |_| answer(200, &[], "{}"));
        let file = folder.path().join("authorities.pem");
        std::fs::write(&file, pem).unwrap();
        let url = server.url().replace("127.0.0.1", host);
        let said =
            asked_elsewhere(&url, &[("SSL_CERT_FILE", file.to_str().unwrap()), ("SSL_CERT_DIR", "/nowhere")]);
        (said, server.told().concat())
    };
    let (said, told) = asked("127.0.0.1", "127.0.0.1");
    assert!(said.contains("verdict Alive") && told.contains(TOKEN), "{said}");
    let (said, told) = asked("localhost", "localhost");
    assert!(said.contains("verdict Alive") && told.contains(TOKEN), "{said}");
    let (said, told) = asked("other.example.com", "127.0.0.1");
    assert!(said.contains("not one that this machine trusts") && told.is_empty(), "{said}");

    let nowhere = [("SSL_CERT_FILE", "/nowhere/file"), ("SSL_CERT_DIR", "/nowhere")];
    let said = asked_elsewhere("https://localhost:1", &nowhere);
    assert!(said.contains("install `ca-certificates`"), "{said}");
}

#[test]
fn no_proxy_comes_between_this_machine_and_itself() {
    let proxy = ProviderServer::start(|_| answer(200, &[], "{}"));
    let server = ProviderServer::start(|_| answer(401, &[], "{}"));
    let proxies = [("HTTP_PROXY", proxy.url()), ("ALL_PROXY", proxy.url()), ("http_proxy", proxy.url())];
    let proxies: Vec<(&str, &str)> = proxies.iter().map(|(name, url)| (*name, url.as_str())).collect();
    let said = asked_elsewhere(&server.url(), &proxies);
    assert!(said.contains("verdict Rejected"), "{said}");
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_proxy_is_asked_for_a_tunnel_and_sees_no_token() {
    let proxy = ProviderServer::start(|_| answer(200, &[], ""));
    let said = asked_elsewhere("https://api.example.com", &[("HTTPS_PROXY", &proxy.url())]);
    assert!(said.contains("verdict NoAnswer"), "{said}");
    let told = proxy.told().concat();
    assert!(told.starts_with("CONNECT api.example.com:443 HTTP/1.1\r\n"), "{told}");
    assert!(!told.contains("CANARY"), "{told}");
}

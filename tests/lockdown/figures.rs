//! How long a lockdown takes.

use std::time::{Duration, Instant};

use crate::support::Sandbox;
use crate::support::provider_server::{Part, ProviderServer};

fn with_tokens(count: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    for number in 0..count {
        let token = format!("glpat-CANARY0CANARY0CAN{number:03}");
        sandbox.feed(["add", &format!("TOKEN_{number}"), "--stdin"], token.as_bytes()).succeeds();
    }
    sandbox
}

#[test]
#[ignore = "measures; run it alone, with --nocapture, on a release build"]
#[allow(clippy::print_stderr, reason = "the figures are for who asked for them")]
fn a_hundred_locally_within_a_second_and_fifty_revoked_within_thirty() {
    let sandbox = with_tokens(100);
    let start = Instant::now();
    sandbox.run(["lockdown", "--all", "--no-revoke"]).succeeds();
    let locally = start.elapsed();

    let sandbox = with_tokens(50);
    let slow = ProviderServer::start(|_| {
        Part::SaysAfter(Duration::from_secs(1), b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())
    });
    let host = format!("gitlab={}", slow.url());
    let start = Instant::now();
    sandbox.run(["lockdown", "--all", "--revoke", "--yes", "--host", &host]).succeeds();
    let revoked = start.elapsed();
    assert_eq!(slow.told().len(), 50);
    eprintln!("100 locally: {locally:?}; 50 revoked at a provider that takes a second each: {revoked:?}");
    assert!(locally < Duration::from_secs(1) && revoked < Duration::from_secs(30));
}

//! Calls of the catalog: several hosts, pairs, and what is needed beside a token.

use super::provider_server::{ProviderServer, answer};
use super::{TOKEN, hosts, now, provider, user, verify};
use crate::catalog::provider::Providers;
use crate::live::client::Clients;
use crate::live::errand::Errand;
use crate::live::{Hosts, NamedHost, Question, Terms, Verdict, ask};
use crate::secret::Secret;

#[test]
fn what_is_needed_beside_the_token_fills_its_blanks() {
    let mut verify = verify("GET", "https://dev.example.com/{org}/_apis?x=1");
    verify.call.needs.insert("org".to_owned(), vec!["ADO_ORG".to_owned()]);
    let provider = provider(verify);
    let server = ProviderServer::start(|_| answer(200, &[], "{}"));
    let hosts = hosts(&server.url());
    let question = || Question::new(&provider, None, Secret::copy_of(TOKEN.as_bytes()));
    assert_eq!(question().needs().collect::<Vec<_>>(), [("org", &["ADO_ORG".to_owned()][..])]);
    let questions = [question().with("org", Secret::copy_of(b"con/toso")), question()];
    let answers = ask(&questions, &Terms::new(&hosts, now()), |_, _| {});
    assert!(answers.iter().all(|answered| answered.verdict == Verdict::Alive), "{answers:?}");
    // Whose blank nobody fills takes the person's URL in its place.
    let lines: Vec<_> = server.told().iter().map(|told| told.lines().next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["GET /con%2Ftoso/_apis?x=1 HTTP/1.1", "GET /_apis?x=1 HTTP/1.1"]);
}

#[test]
fn what_one_host_rejects_the_next_one_may_know() {
    let alive = ProviderServer::start(|_| answer(200, &[], "{}"));
    let dead = ProviderServer::start(|_| answer(401, &[], "{}"));
    let broken = ProviderServer::start(|_| answer(500, &[], "{}"));
    let judged = |servers: &[&ProviderServer]| {
        let provider = user();
        let question = Question::new(&provider, None, Secret::copy_of(TOKEN.as_bytes()));
        let mut errand = Errand::new(&question, &Hosts::default()).unwrap();
        errand.urls = servers.iter().map(|server| server.url()).collect();
        let terms = Terms::new(&Hosts::default(), now()).each;
        let requests = errand.prepare(&question, &mut Clients::default(), now()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(errand.run(requests, terms, now())).verdict
    };
    assert_eq!(judged(&[&dead, &alive]), Verdict::Alive);
    assert_eq!(judged(&[&dead, &dead]), Verdict::Rejected);
    assert_eq!(judged(&[&dead, &broken]), Verdict::NoAnswer);
    assert_eq!(alive.connections(), 1);
    assert_eq!(judged(&[&alive, &dead]), Verdict::Alive);
    assert_eq!(dead.connections(), 4);
}

/// At their own hosts nobody is asked here; which requests there would be is seen all the same.
#[test]
fn every_provider_of_the_catalog_has_a_call_that_can_be_made() {
    let mut clients = Clients::default();
    let mut made = 0;
    for provider in &Providers::embedded().unwrap().providers {
        for shape in [None].into_iter().chain(provider.tokens.iter().map(Some)) {
            let mut question = Question::new(provider, shape, Secret::copy_of(TOKEN.as_bytes()));
            let needs: Vec<String> = question.needs().map(|(need, _)| need.to_owned()).collect();
            for need in needs {
                question = question.with(&need, Secret::copy_of(b"beside"));
            }
            let own = format!("{}=https://own.example.com", provider.id).parse::<NamedHost>().unwrap();
            let errand = match Errand::new(&question, &Hosts::default()) {
                Err(words) if words.contains("--host") => {
                    Errand::new(&question, &[own].into_iter().collect()).unwrap()
                }
                Err(words) => {
                    assert!(provider.reason_not_to_ask(shape).is_some(), "{words}");
                    continue;
                }
                Ok(errand) => errand,
            };
            for (_, request) in errand.prepare(&question, &mut clients, now()).unwrap() {
                assert_eq!(request.url().scheme(), "https", "{}", provider.id);
                made += 1;
            }
        }
    }
    assert!(made > 50, "{made}");
}

#[test]
fn aws_is_asked_with_a_signature_and_not_with_the_secret() {
    let catalog = Providers::embedded().unwrap().providers;
    let aws = catalog.iter().find(|provider| provider.id == "aws").unwrap();
    let server = ProviderServer::start(|_| answer(403, &[], "<ErrorResponse/>"));
    let hosts = [format!("aws={}", server.url()).parse::<NamedHost>().unwrap()].into_iter().collect();
    let question = Question::new(aws, aws.shape("aws-secret-access-key"), Secret::copy_of(TOKEN.as_bytes()))
        .with("key_id", Secret::copy_of(b"AKIAIOSFODNN7EXAMPLE"));
    let answered = ask(&[question], &Terms::new(&hosts, now()), |_, _| {}).remove(0);
    assert_eq!(answered.verdict, Verdict::Rejected);
    let told = server.told().remove(0);
    let start = "authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261122/us-east-1/sts/aws4_request, ";
    assert!(told.contains(start) && told.contains("SignedHeaders=content-type;host;x-amz-date, "), "{told}");
    assert!(told.contains("x-amz-date: 20261122T120000Z\r\n") && !told.contains(TOKEN), "{told}");
    let host = told.lines().find(|line| line.starts_with("host: ")).unwrap();
    assert_eq!(host, format!("host: {}", server.url().trim_start_matches("http://")));
}

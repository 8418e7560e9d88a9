//! What a detector says of single values.

use crate::catalog::client::{Confidence, FieldKind};
use crate::catalog::provider::{Certainty, Provider, Providers, TokenShape};
use crate::document::Text;
use crate::recognise::{Context, Detector, Evidence, Recognised};
use crate::secret::Secret;

/// A token that nobody made, and that looks as if.
fn body(length: usize) -> String {
    "x7Kq2mWz9RtLb4VnPf8s".chars().cycle().take(length).collect()
}

fn providers() -> Vec<Provider> {
    Providers::embedded().unwrap().providers
}

/// What is found in an `env` value of this name: the text of each, and the words for it.
fn found(name: &str, text: &str) -> Vec<(String, String)> {
    let providers = providers();
    let context = Context { name, field: FieldKind::Env };
    let found = Detector::new(&providers).examine(&context, Text::of(text));
    found.into_iter().map(|it| (text[it.span.clone()].to_owned(), it.what().into_owned())).collect()
}

#[test]
fn a_known_beginning_is_sure_and_a_name_is_not() {
    let providers = providers();
    let detector = Detector::new(&providers);
    let token = format!("ghp_{}", body(36));
    let context = Context { name: "ACME_TOKEN", field: FieldKind::Env };
    let sure = detector.examine(&context, Text::of(&token)).remove(0);
    assert_eq!(sure.evidence, Evidence::Shape);
    assert_eq!(sure.what(), "GitHub classic personal access token");
    let unknown = body(32);
    let unsure = detector.examine(&context, Text::of(&unknown)).remove(0);
    assert_eq!(unsure.evidence, Evidence::Name);
    assert_eq!(unsure.what(), "value that its name calls a secret");
}

#[test]
fn the_surer_of_two_readings_stays() {
    let token = format!("ghp_{}", body(36));
    let text = format!("{{\"token\": \"{token}\", \"other_token\": \"{}\"}}", body(30));
    let found = found("API_TOKEN", &text);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], (token, "GitHub classic personal access token".to_owned()));
    assert_eq!(found[1].0, body(30));
}

#[test]
fn a_name_tells_whose_a_token_without_a_beginning_is() {
    let key = "9f86d081884c7d659a2feaa0c55ad015";
    assert_eq!(found("DD_API_KEY", key)[0].1, "Datadog API key");
    assert_eq!(found("TWILIO_AUTH_TOKEN", key)[0].1, "Twilio auth token");
    assert_eq!(found("EXA_API_KEY", "3fa85f64-5717-4562-b3fc-2c963f66afa6")[0].1, "Exa API key");
    assert_eq!(found("STRIPE_KEY", &body(30))[0].1, "secret for Stripe");
    assert_eq!(found("PROJECT_ID", key), []);
}

#[test]
fn only_the_password_of_an_address_is_the_secret() {
    let found = found("DATABASE_URL", "postgres://app:x7Kq2mWz@db.example.com/app");
    assert_eq!(found, [("x7Kq2mWz".to_owned(), "password in an address".to_owned())]);
}

#[test]
fn what_is_public_is_none_whatever_its_name_says() {
    for (name, text) in [
        ("POSTHOG_API_KEY", format!("phc_{}", body(43))),
        ("STRIPE_SECRET_KEY", format!("pk_live_{}", body(24))),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
    ] {
        assert_eq!(found(name, &text), [], "{name}");
    }
}

#[test]
fn a_value_tells_its_provider() {
    let providers = providers();
    let detector = Detector::new(&providers);
    let shape = |value: &str| {
        let secret = Secret::copy_of(value.as_bytes());
        detector.provider_of(&secret).map(|(provider, shape)| (provider.id.as_str(), shape.id.as_str()))
    };
    assert_eq!(shape(&format!("ghp_{}", body(36))), Some(("github", "github-pat-classic")));
    assert_eq!(shape(&format!("sk-{}", body(40))), Some(("other", "sk-key")));
    assert_eq!(shape(&format!("ghp_{} ", body(36))), None);
    assert_eq!(shape(&body(40)), None);
    assert_eq!(detector.provider_of(&Secret::copy_of(&[0xff; 40])).map(|(provider, _)| &provider.id), None);

    let named = |name: &str, value: &str| {
        let secret = Secret::copy_of(value.as_bytes());
        let (provider, shape) = detector.provider_named(name, &secret)?;
        Some((provider.id.as_str(), shape.map(|shape| shape.id.as_str())))
    };
    let hex = "9f86d081884c7d659a2feaa0c55ad015";
    assert_eq!(named("DD_API_KEY", hex), Some(("datadog", Some("datadog-api-key"))));
    assert_eq!(
        named("DD_API_KEY", &format!("ghp_{}", body(36))),
        Some(("github", Some("github-pat-classic")))
    );
    assert_eq!(named("NOTION_TOKEN", hex), Some(("notion", None)));
    assert_eq!(named("ACME_TOKEN", hex), None);
}

#[test]
fn a_pattern_of_ones_own_that_is_none_finds_nothing() {
    let mut providers = providers();
    let broken = |pattern: &str| TokenShape {
        id: pattern.to_owned(),
        name: "token".to_owned(),
        certainty: Certainty::Sure,
        confidence: Confidence::Unverified,
        hints: vec!["acme_".to_owned()],
        pattern: pattern.to_owned(),
        public: false,
        least_length: None,
        lives_hours: None,
        verify: None,
        not_verifiable: None,
        revoke: None,
    };
    providers[0].tokens.extend(["acme_(", "acme_[a-z]{60000}{60000}", "", "acme_\\p{Greek}"].map(broken));
    let detector = Detector::new(&providers);
    let context = Context { name: "X", field: FieldKind::Env };
    assert_eq!(detector.examine(&context, Text::of("acme_abc acme_αβγ")).len(), 0);
}

#[test]
fn a_token_behind_an_escape_is_found_and_a_part_of_a_word_is_not() {
    let token = format!("ghp_{}", body(36));
    for text in [format!("a\\n{token}"), format!("x%3D{token}"), format!("«{token}»"), format!("{token}.")]
    {
        assert_eq!(found("NOTE", &text).len(), 1, "{text}");
    }
    assert_eq!(found("NOTE", &format!("x{token}")), []);
}

#[test]
fn a_secret_has_the_article_that_people_say() {
    let providers = providers();
    let mut spoken: Vec<&str> = Vec::new();
    for shape in providers.iter().flat_map(|provider| &provider.tokens) {
        let provider = providers.iter().find(|it| it.tokens.iter().any(|own| own.id == shape.id));
        let found = Recognised { span: 0..0, provider, shape: Some(shape), evidence: Evidence::Shape };
        let one = found.one();
        assert_eq!(one.split_once(' ').unwrap().1, found.what());
        if one.starts_with("an ") {
            spoken.extend(one.split(' ').nth(1).and_then(|word| {
                providers.iter().map(|it| it.name.as_str()).chain(["API"]).find(|name| name.starts_with(word))
            }));
        }
    }
    spoken.dedup();
    assert_eq!(
        spoken,
        [
            "Azure DevOps",
            "Atlassian",
            "npm",
            "Airtable",
            "Asana",
            "AWS",
            "Azure DevOps",
            "HCP Terraform",
            "Okta",
            "OpenAI",
            "Anthropic",
            "Exa",
            "OpenRouter",
            "xAI",
            "ElevenLabs",
            "NVIDIA",
            "E2B",
            "Apify",
            "API"
        ]
    );
    let of = |provider| Recognised { span: 0..0, provider, shape: None, evidence: Evidence::Name }.one();
    assert_eq!(of(None), "a value that its name calls a secret");
    assert_eq!(of(providers.iter().find(|it| it.id == "openai")), "a secret for OpenAI");
}

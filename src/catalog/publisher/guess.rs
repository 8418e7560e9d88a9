//! What a name says about a setting that its publisher says nothing about.

use crate::catalog::server::{SecretKind, Setup};

/// Words that end the name of a secret.
const SECRET: &[&str] = &[
    "token",
    "key",
    "apikey",
    "secret",
    "password",
    "passwd",
    "pwd",
    "pass",
    "passphrase",
    "pat",
    "credential",
    "credentials",
    "dsn",
    "authorization",
    "bearer",
    "jwt",
    "cookie",
    "apitoken",
    "authtoken",
    "accesstoken",
    "secretkey",
    "accesskey",
    "privatekey",
    "clientsecret",
];

/// Words that make a `key` something that everybody may know.
const PUBLIC: &[&str] = &[
    "public",
    "publishable",
    "primary",
    "foreign",
    "sort",
    "partition",
    "project",
    "space",
    "issue",
    "board",
    "max",
    "hot",
    "cache",
    "group",
    "object",
    "s3",
    "index",
];

/// Whether a setting of that name is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last() else { return false };
    let is_connection = words.ends_with(&["connection".to_owned(), "string".to_owned()]);
    is_connection
        || (SECRET.contains(&last.as_str()) && !words.iter().any(|word| PUBLIC.contains(&word.as_str())))
}

/// What sort of secret a setting of that name is.
pub(super) fn kind(name: &str, is_path: bool) -> SecretKind {
    let words = words(name);
    let ends = |ends: &[&str]| words.last().is_some_and(|last| ends.contains(&last.as_str()));
    if is_path || ends(&["file", "path", "kubeconfig"]) {
        SecretKind::Path
    } else if ends(&["password", "passwd", "pwd", "pass", "passphrase"]) {
        SecretKind::Password
    } else if ends(&["url", "uri", "dsn", "string"]) {
        SecretKind::ConnectionString
    } else if ends(&["privatekey"]) || words.ends_with(&["private".to_owned(), "key".to_owned()]) {
        SecretKind::PrivateKey
    } else {
        SecretKind::Token
    }
}

/// How much work that many secrets are.
pub(super) fn setup(secrets: usize) -> Setup {
    match secrets {
        0 | 1 => Setup::Simple,
        _ => Setup::Moderate,
    }
}

/// `ACME_apiKey` is `acme`, `api`, `key`.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut was_small = false;
    for character in name.chars().take(200) {
        let begins = character.is_ascii_uppercase() && was_small;
        if (begins || !character.is_ascii_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_ascii_alphanumeric() {
            word.push(character.to_ascii_lowercase());
        }
        was_small = character.is_ascii_lowercase() || character.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_others() {
        for name in [
            "API_KEY",
            "apiKey",
            "api-token",
            "ACME_PAT",
            "db_password",
            "clientSecret",
            "SENTRY_DSN",
            "key",
            "PG_CONNECTION_STRING",
            "private_key",
            "githubToken2".trim_end_matches('2'),
            "Authorization",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "MAX_TOKENS",
            "token_budget",
            "PUBLIC_KEY",
            "publishableKey",
            "KEY_ID",
            "project_key",
            "base_url",
            "KEYBOARD",
            "PATH",
            "monkey",
            "",
            "_",
            "compass",
            "allowed_directories",
            "api_key_file",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_name_says_what_sort_of_secret_it_is() {
        assert_eq!(kind("DATABASE_URL", false), SecretKind::ConnectionString);
        assert_eq!(kind("dbPassword", false), SecretKind::Password);
        assert_eq!(kind("OKTA_PRIVATE_KEY", false), SecretKind::PrivateKey);
        assert_eq!(kind("KEY_FILE", false), SecretKind::Path);
        assert_eq!(kind("API_KEY", true), SecretKind::Path);
        assert_eq!(kind("API_KEY", false), SecretKind::Token);
    }
}

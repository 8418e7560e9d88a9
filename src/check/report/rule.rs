//! `Rule`: what stands behind a reason, for readers that explain it.

use crate::catalog::client::Scope;
use crate::check::finding::Reason;

/// A reason in words.
pub(super) struct Rule {
    /// The word of the contract: `unset_reference`.
    pub(super) id: &'static str,
    /// What is the case, in half a sentence.
    pub(super) short: &'static str,
    /// What a person does about it.
    pub(super) help: &'static str,
    /// How grave it is where others could use it, from 0 to 10 as CVSS counts; `None` where no secret is at risk.
    pub(super) severity: Option<&'static str>,
}

/// All but `ok`, in the order of the contract.
pub(super) const FAULTS: &[Reason] = &[
    Reason::Missing,
    Reason::Empty,
    Reason::Expired,
    Reason::ExpiresSoon,
    Reason::RotationDue,
    Reason::Malformed,
    Reason::Plaintext,
    Reason::UnsupportedReference,
    Reason::UnsetReference,
    Reason::Duplicate,
    Reason::WorldReadable,
    Reason::SyncedFolder,
    Reason::Rejected,
    Reason::InsufficientScope,
    Reason::StoreUnavailable,
    Reason::NotVerifiable,
    Reason::RateLimited,
    Reason::NoAnswer,
    Reason::Unreadable,
    Reason::Misconfigured,
    Reason::VulnerableClient,
    Reason::NotMarkedSensitive,
];

/// What stands behind this reason.
#[expect(
    clippy::too_many_lines,
    reason = "a table with a row for every reason, which the compiler keeps whole"
)]
pub(super) fn of(reason: Reason) -> Rule {
    let (id, short, help, severity) = match reason {
        Reason::Ok => ("ok", "Nothing is wrong", "Nothing is to be done.", None),
        Reason::Missing => (
            "missing",
            "A server needs a credential that is nowhere",
            "Make one at its provider and store it with `mcpcred add`, or set the variable where the client starts.",
            None,
        ),
        Reason::Empty => (
            "empty",
            "A credential is there and has no characters",
            "Store its value with `mcpcred rotate`, or unset the empty variable, which hides the stored one.",
            None,
        ),
        Reason::Expired => (
            "expired",
            "A credential is past its end",
            "Make a new one at its provider and store it with `mcpcred rotate`.",
            None,
        ),
        Reason::ExpiresSoon => (
            "expires_soon",
            "A credential ends within 14 days",
            "Make a new one at its provider in time and store it with `mcpcred rotate`.",
            None,
        ),
        Reason::RotationDue => (
            "rotation_due",
            "A credential should have been replaced by now",
            "Make a new one at its provider, store it with `mcpcred rotate`, and revoke the old one.",
            Some("3.0"),
        ),
        Reason::Malformed => (
            "malformed",
            "A value does not look like what it should be",
            "Copy it again, whole and without quotes, blanks or a word such as `Bearer` around it.",
            None,
        ),
        Reason::Plaintext => (
            "plaintext",
            "A secret lies in the open",
            "Revoke it where others may have seen it, store the new one with `mcpcred add`, and refer to it by name.",
            Some("8.0"),
        ),
        Reason::UnsupportedReference => (
            "unsupported_reference",
            "A placeholder that the client passes on as it is written",
            "Write it as this client understands it, or start the server with `mcpcred run`.",
            None,
        ),
        Reason::UnsetReference => (
            "unset_reference",
            "A placeholder whose name is not set",
            "Set the variable where the client starts, or start the server with `mcpcred run`.",
            None,
        ),
        Reason::Duplicate => (
            "duplicate",
            "The same value under two names",
            "Keep one of them: a value that is replaced under one name lives on under the other.",
            Some("2.0"),
        ),
        Reason::WorldReadable => (
            "world_readable",
            "Others on this machine can read a file with secrets",
            "Take the right to read it from all but its owner.",
            Some("6.0"),
        ),
        Reason::SyncedFolder => (
            "synced_folder",
            "A file with secrets lies in a folder that is copied to a cloud",
            "Move the secret into the store, or the file to another place.",
            Some("5.0"),
        ),
        Reason::Rejected => (
            "rejected",
            "The provider does not accept a credential",
            "Make a new one at its provider and store it with `mcpcred rotate`.",
            None,
        ),
        Reason::InsufficientScope => (
            "insufficient_scope",
            "A credential may not do what its server needs",
            "Make one with the scopes that the server asks for; `mcpcred servers` names the least.",
            None,
        ),
        Reason::StoreUnavailable => (
            "store_unavailable",
            "The store did not answer, so it is not known what it holds",
            "Unlock it with `mcpcred store unlock`; `mcpcred doctor` says what is wrong.",
            None,
        ),
        Reason::NotVerifiable => (
            "not_verifiable",
            "There is no way to ask the provider",
            "Start the server and see, or name the host with `--host` where the finding says so.",
            None,
        ),
        Reason::RateLimited => {
            ("rate_limited", "The provider answers no more questions for now", "Check again later.", None)
        }
        Reason::NoAnswer => (
            "no_answer",
            "The provider gave no answer that says something",
            "Check again when it can be reached.",
            None,
        ),
        Reason::Unreadable => (
            "unreadable",
            "A file can't be read or understood",
            "Mend the file: a client passes over what it can't read, and its servers were not checked.",
            None,
        ),
        Reason::Misconfigured => (
            "misconfigured",
            "A client will not read an entry as it was meant",
            "Write the entry as this client reads it.",
            None,
        ),
        Reason::VulnerableClient => {
            ("vulnerable_client", "A client of a version with a known hole", "Update it.", Some("8.8"))
        }
        Reason::NotMarkedSensitive => (
            "not_marked_sensitive",
            "A bundle asks for a secret and does not mark it so",
            "Set `sensitive` to true in its manifest, so that clients keep the value in a keychain.",
            Some("5.0"),
        ),
    };
    Rule { id, short, help, severity }
}

/// `user`.
pub(super) fn of_scope(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "user",
        Scope::Project => "project",
        Scope::Local => "local",
        Scope::Managed => "managed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_named_as_in_json() {
        for &reason in FAULTS.iter().chain(&[Reason::Ok]) {
            assert_eq!(serde_json::to_value(reason).unwrap(), of(reason).id);
        }
        for scope in [Scope::User, Scope::Project, Scope::Local, Scope::Managed] {
            assert_eq!(serde_json::to_value(scope).unwrap(), of_scope(scope));
        }
    }

    #[test]
    fn every_reason_but_ok_is_listed_once() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../cli/schemas/check.schema.json")).unwrap();
        let named = schema.pointer("/$defs/finding/properties/reason/enum").unwrap().as_array().unwrap();
        let listed: Vec<&str> =
            std::iter::once("ok").chain(FAULTS.iter().map(|&reason| of(reason).id)).collect();
        assert_eq!(named, &listed);
    }

    #[test]
    fn every_rule_is_told_in_sentences() {
        for &reason in FAULTS {
            let rule = of(reason);
            assert!(rule.help.ends_with('.') && !rule.short.ends_with('.'), "{}", rule.id);
            assert!(rule.short.len() < 80 && rule.help.len() < 130, "{}", rule.id);
        }
    }
}

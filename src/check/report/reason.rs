//! `About`: every reason in words, for people and for the rules of programs.

use crate::check::finding::{Reason, Status};

/// A reason in words. All of it is our own text: no part comes from a configuration.
pub(super) struct About {
    /// As JSON has it.
    pub(super) id: &'static str,
    /// In two or three words.
    pub(super) words: &'static str,
    /// What is the case, in a sentence.
    pub(super) sentence: &'static str,
    /// What a person does about it, in a sentence.
    pub(super) help: &'static str,
    /// How it stands as a rule; a finding may stand otherwise.
    pub(super) usual: Status,
}

/// The words for a reason.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn about(reason: Reason) -> About {
    let (id, words, sentence, help, usual) = match reason {
        Reason::Ok => ("ok", "ok", "Nothing is wrong.", "Nothing is to be done.", Status::Ready),
        Reason::Missing => (
            "missing",
            "missing",
            "A server needs a credential that is neither stored nor in the environment.",
            "Store it with `mcpcred add NAME`, or set the variable where the client starts.",
            Status::Problem,
        ),
        Reason::Empty => (
            "empty",
            "empty",
            "A credential is there and has no characters, so the server starts and is refused.",
            "Give it a value with `mcpcred rotate NAME`, or take the empty entry away.",
            Status::Problem,
        ),
        Reason::Expired => (
            "expired",
            "expired",
            "The time of a credential is over, and its issuer no longer accepts it.",
            "Make a new one on the provider's page and store it with `mcpcred rotate NAME`.",
            Status::Problem,
        ),
        Reason::ExpiresSoon => (
            "expires_soon",
            "expires soon",
            "The time of a credential is over within 14 days.",
            "Make a new one on the provider's page and store it with `mcpcred rotate NAME`.",
            Status::Warning,
        ),
        Reason::RotationDue => (
            "rotation_due",
            "rotation due",
            "A credential is older than its schedule of rotation allows.",
            "Make a new one on the provider's page and store it with `mcpcred rotate NAME`.",
            Status::Warning,
        ),
        Reason::Malformed => (
            "malformed",
            "malformed",
            "A value does not look like what it should be: cut off, in quotes, or a word that stands for a value.",
            "Copy the value again and store it with `mcpcred rotate NAME`.",
            Status::Problem,
        ),
        Reason::Plaintext => (
            "plaintext",
            "secret in plain text",
            "A secret lies in the open, for everybody and every program that can read the file.",
            "Store it with `mcpcred add NAME`, put a reference in its place, and revoke it if the file was shared.",
            Status::Problem,
        ),
        Reason::UnsupportedReference => (
            "unsupported_reference",
            "not expanded",
            "The client passes a placeholder on as it is written, because it does not know this way to write one.",
            "Write the placeholder as the client expands it, or start the server with `mcpcred run`.",
            Status::Problem,
        ),
        Reason::UnsetReference => (
            "unset_reference",
            "variable not set",
            "A placeholder names a variable that is not set here.",
            "Set the variable where the client starts, for example with `mcpcred export-env`.",
            Status::Problem,
        ),
        Reason::Misconfigured => (
            "misconfigured",
            "not read as meant",
            "A client does not read an entry as it was meant, whatever the credentials.",
            "Mend the entry as the finding says.",
            Status::Problem,
        ),
        Reason::Duplicate => (
            "duplicate",
            "one value, two names",
            "One value is kept under two names, so that a rotation of one leaves the other behind.",
            "Keep one of the names, and let both servers refer to it.",
            Status::Warning,
        ),
        Reason::WorldReadable => (
            "world_readable",
            "readable by others",
            "Other people on the machine can read a file with secrets.",
            "Take the permission away, for example with `chmod 600 FILE`.",
            Status::Warning,
        ),
        Reason::SyncedFolder => (
            "synced_folder",
            "copied to a cloud",
            "A file with secrets lies in a folder that is copied to a cloud.",
            "Move the file, or store its secrets with `mcpcred add NAME` and leave references in it.",
            Status::Warning,
        ),
        Reason::UnusualUse => (
            "unusual_use",
            "unusual use",
            "A credential was used as it never was before.",
            "Look at `mcpcred audit anomalies`; if it was not you, replace the credential.",
            Status::Warning,
        ),
        Reason::Drifted => (
            "drifted",
            "no longer protected",
            "A client or a person undid what `mcpcred protect` had done to a server.",
            "Call `mcpcred protect` again, or `mcpcred unprotect` where it is meant to stay so.",
            Status::Warning,
        ),
        Reason::Rejected => (
            "rejected",
            "rejected",
            "The provider was asked and does not accept the credential.",
            "Make a new one on the provider's page and store it with `mcpcred rotate NAME`.",
            Status::Problem,
        ),
        Reason::InsufficientScope => (
            "insufficient_scope",
            "not allowed enough",
            "The provider accepts the credential, which may not do what the server needs.",
            "Give it the missing scope on the provider's page, or make another one.",
            Status::Problem,
        ),
        Reason::StoreUnavailable => (
            "store_unavailable",
            "store unavailable",
            "The store of credentials did not answer, so nobody can say whether the credential is there.",
            "See what `mcpcred doctor` says about the store, and unlock it.",
            Status::Unknown,
        ),
        Reason::NotVerifiable => (
            "not_verifiable",
            "can't be verified",
            "There is no way to ask the provider about the credential.",
            "Nothing is to be done; try the server itself.",
            Status::Unknown,
        ),
        Reason::RateLimited => (
            "rate_limited",
            "asked too often",
            "The provider asks to come back later.",
            "Run `mcpcred check --live` again later.",
            Status::Unknown,
        ),
        Reason::NoAnswer => (
            "no_answer",
            "no answer",
            "The provider gave no answer that says something about the credential.",
            "Look at the network, and run `mcpcred check --live` again.",
            Status::Unknown,
        ),
        Reason::Unreadable => (
            "unreadable",
            "unreadable",
            "A file can't be read or understood, so the servers in it are not known.",
            "Mend the file at the place that is named.",
            Status::Problem,
        ),
        Reason::VulnerableClient => (
            "vulnerable_client",
            "client with a hole",
            "A client is installed in a version with a known vulnerability.",
            "Update the client.",
            Status::Problem,
        ),
        Reason::NotMarkedSensitive => (
            "not_marked_sensitive",
            "not marked sensitive",
            "A bundle asks for a secret and does not mark it so, and clients keep it in the open.",
            "Mark the field with `\"sensitive\": true` in the manifest, or tell its publisher.",
            Status::Warning,
        ),
    };
    About { id, words, sentence, help, usual }
}

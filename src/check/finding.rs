//! `Finding`: what is known about one credential of one server, and what a person does about it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::catalog::client::Scope;
use crate::document::{Place, Pointer};

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// It is there, and nothing is wrong with it.
    Ready,
    /// Nobody could say.
    Unknown,
    /// It works, and should be looked at.
    Warning,
    /// The server will not work, or a secret lies in the open.
    Problem,
}

/// Why. The list only grows: programs read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Nothing is wrong.
    Ok,
    /// Needed, and nowhere.
    Missing,
    /// There, and of no characters.
    Empty,
    /// Its issuer no longer accepts it.
    Expired,
    /// Its issuer will stop accepting it within 14 days.
    ExpiresSoon,
    /// It should have been replaced by now.
    RotationDue,
    /// It does not look like what it should be.
    Malformed,
    /// A secret lies in the open.
    Plaintext,
    /// A placeholder that the client passes on as it is written.
    UnsupportedReference,
    /// A placeholder whose name is not set here.
    UnsetReference,
    /// The same value under two names.
    Duplicate,
    /// Others on this machine can read a file with secrets.
    WorldReadable,
    /// A file with secrets lies in a folder that is copied to a cloud.
    SyncedFolder,
    /// The provider does not accept it.
    Rejected,
    /// The provider accepts it, and it may not do what is needed.
    InsufficientScope,
    /// The store did not answer.
    StoreUnavailable,
    /// There is no way to ask the provider.
    NotVerifiable,
    /// The provider asks to come back later.
    RateLimited,
    /// The provider did not give an answer that says something.
    NoAnswer,
    /// A file that can't be read or understood.
    Unreadable,
    /// An entry that its client will not read as it was meant.
    Misconfigured,
    /// A client of a version with a known hole.
    VulnerableClient,
    /// A bundle asks for a secret and does not mark it so.
    NotMarkedSensitive,
    /// It was used as it never was before.
    UnusualUse,
    /// What `protect` did to a server was undone or changed.
    Drifted,
}

impl Reason {
    /// Which of two reasons of the same status is told, where only one can be: the one that has to be mended first.
    pub(crate) fn gravity(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::NotVerifiable | Self::RateLimited | Self::NoAnswer => 1,
            Self::RotationDue | Self::UnusualUse => 2,
            Self::ExpiresSoon => 3,
            Self::Duplicate | Self::Drifted => 4,
            Self::SyncedFolder | Self::WorldReadable | Self::NotMarkedSensitive => 5,
            Self::InsufficientScope => 6,
            Self::Malformed => 7,
            Self::Rejected => 8,
            Self::Expired => 9,
            Self::StoreUnavailable => 10,
            Self::Empty => 11,
            Self::UnsetReference => 12,
            Self::UnsupportedReference => 13,
            Self::Missing => 14,
            Self::VulnerableClient | Self::Unreadable | Self::Misconfigured => 15,
            Self::Plaintext => 16,
        }
    }
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Location {
    /// The file.
    #[serde(serialize_with = "lossy")]
    pub(crate) file: PathBuf,
    /// The place in it.
    #[serde(flatten)]
    pub(crate) place: Option<Place>,
    /// The way to the value in it (RFC 6901).
    pub(crate) pointer: Option<Pointer>,
}

impl Location {
    /// A file, and the place in it where one is meant.
    pub(crate) fn of_file(file: &Path, place: Option<Place>) -> Self {
        Self { file: file.to_owned(), place, pointer: None }
    }
}

/// A name of a file that is not UTF-8 is written with `\u{fffd}`, and is no reason to report nothing.
fn lossy<S: Serializer>(file: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&file.to_string_lossy())
}

/// What a person does about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Action {
    /// In one sentence.
    pub(crate) sentence: String,
    /// The command that mends it, with a name where a value would stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    /// The page where it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<String>,
}

/// One finding. No part of it is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// How it stands.
    pub(crate) status: Status,
    /// Why.
    pub(crate) reason: Reason,
    /// The entry in the configuration, where it is about one.
    pub(crate) server: Option<String>,
    /// The `id`s of the clients in the catalog: one file may have several readers.
    pub(crate) clients: Vec<String>,
    /// Whom the configuration is for.
    pub(crate) scope: Option<Scope>,
    /// The credential or variable.
    pub(crate) credential: Option<String>,
    /// What is the case, in one sentence, lower case, without a full stop.
    pub(crate) message: String,
    /// What to do, where something is to be done.
    pub(crate) action: Option<Action>,
    /// Where.
    pub(crate) location: Option<Location>,
    /// The same for the same value, within one report only: its key is made for the report and forgotten with it.
    pub(crate) fingerprint: Option<String>,
    /// When it ends, where that is known.
    pub(crate) expires: Option<Timestamp>,
    /// What it may do, where the provider said so.
    pub(crate) scopes: Option<Vec<String>>,
    /// Whether its credential is of another profile than the report, so that only its facts are known.
    #[serde(skip)]
    pub(crate) is_of_other_profile: bool,
}

/// What a check found, and on what it is based.
#[derive(Debug)]
pub(crate) struct Report {
    /// The namespace of the names.
    pub(crate) profile: String,
    /// The root of the project that the person stands in: paths in it are written relative to it where programs read
    /// them.
    pub(crate) root: PathBuf,
    /// The files that were read, or could not be read.
    pub(crate) files: Vec<PathBuf>,
    /// How many entries of servers were looked at.
    pub(crate) servers: usize,
    /// Whether providers were asked.
    pub(crate) live: bool,
    /// In the order of the files and of the entries in them.
    pub(crate) findings: Vec<Finding>,
}

impl Report {
    /// How many findings stand so.
    pub(crate) fn count(&self, status: Status) -> usize {
        self.findings.iter().filter(|finding| finding.status == status).count()
    }
}

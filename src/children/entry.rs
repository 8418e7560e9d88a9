//! `Child`: what is written down about a running program.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::children::Start;
use crate::name::{CredentialName, Profile};
use crate::os::process::identity::Identity;
use crate::os::process::place::Place;

/// A program that has credentials in its environment. Fields that a newer mcpcred adds are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Child {
    schema_version: u32,
    /// Which process it is; what descends from it has its environment too.
    pub(crate) identity: Identity,
    place: Place,
    /// Its name, without folder and arguments.
    pub(crate) program: String,
    /// What is in its environment; empty only where that is not known.
    pub(crate) credentials: Vec<Held>,
    /// The MCP server that it was said to be.
    pub(crate) server: Option<String>,
    /// The program that started it.
    pub(crate) started_by: Option<String>,
    /// Since when it holds them: values that were replaced later are the former ones to it.
    pub(crate) since: Timestamp,
    /// Whether it keeps a value in the clipboard: it takes it away by itself where a lockdown begins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_keeper: bool,
    /// Whether it runs where it can be looked at and ended: not on another machine or in another container.
    #[serde(skip)]
    pub(crate) is_here: bool,
}

/// A credential in the environment of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// In which namespace.
    pub(crate) profile: Profile,
    /// Its name, which need not be that of the variable.
    pub(crate) name: CredentialName,
}

impl Child {
    pub(super) fn new(identity: Identity, place: Place, start: Start, since: Timestamp) -> Self {
        let Start { program, credentials, server, started_by, is_keeper } = start;
        Self {
            schema_version: 1,
            identity,
            place,
            program,
            credentials,
            server,
            started_by,
            since,
            is_keeper,
            is_here: true,
        }
    }

    /// One of which nothing is known but that it is there.
    pub(super) fn unreadable(identity: Identity, place: Place) -> Self {
        let start = Start {
            program: "?".to_owned(),
            credentials: Vec::new(),
            server: None,
            started_by: None,
            is_keeper: false,
        };
        Self::new(identity, place, start, Timestamp::UNIX_EPOCH)
    }

    /// Holds, beside its own, what the one held in whose place it comes.
    pub(super) fn take_over(&mut self, former: Self) {
        for held in former.credentials {
            if !self.credentials.contains(&held) {
                self.credentials.push(held);
            }
        }
        self.server = self.server.take().or(former.server);
        self.started_by = former.started_by.or(self.started_by.take());
        self.since = self.since.min(former.since);
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The machine that it runs on.
    pub(crate) fn machine(&self) -> &str {
        self.place.machine()
    }

    /// Whether it holds that credential, or may: where that is not known, it does.
    pub(crate) fn holds(&self, profile: &Profile, name: &CredentialName) -> bool {
        self.credentials.is_empty()
            || self.credentials.iter().any(|held| held.profile == *profile && held.name.is_twin_of(name))
    }
}

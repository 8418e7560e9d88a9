//! The index: what is known about every credential, in a readable file without secrets.

mod file;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use crate::index::file::{IndexError, IndexFile, Loaded};

use crate::credential::Facts;
use crate::name::{CredentialName, Profile};
use crate::store::StoreKind;

/// The version that this program writes.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// Everything in the file. Unknown fields of a newer minor version are dropped on the next write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Index {
    schema_version: u32,
    /// Grows by one with each write.
    pub(crate) generation: u64,
    profiles: BTreeMap<Profile, BTreeMap<CredentialName, Entry>>,
}

/// One credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// What is known about it.
    #[serde(flatten)]
    pub(crate) facts: Facts,
    /// Where its value rests.
    pub(crate) store: StoreKind,
    /// How far the last change came.
    #[serde(default, skip_serializing_if = "State::is_settled")]
    pub(crate) state: State,
    /// Until when the former value is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous_until: Option<Timestamp>,
    /// When the former value had come into use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous_rotated: Option<Timestamp>,
    /// When its issuer will stop accepting the former value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous_expires: Option<Timestamp>,
    /// Whether its issuer does not accept the former value any more, because it was asked to revoke it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) previous_revoked: bool,
    /// Stores that may still hold a copy from before a move.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) leftover_in: Vec<StoreKind>,
}

/// How far the last change of a credential came: written before the store is touched, so that a process
/// that dies in between leaves a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Nothing is under way.
    #[default]
    Stored,
    /// The value may or may not be in the store yet.
    Adding,
    /// The store holds the old or the new value.
    Rotating,
    /// Somebody else is making the new value; where it came, and did not reach the store, a sealed file keeps it.
    Replacing,
    /// The value may or may not be in the store still, and nobody wants it.
    Removing,
}

impl Entry {
    /// An entry whose value rests in `store`, with nothing under way.
    pub(crate) fn stored(facts: Facts, store: StoreKind) -> Self {
        Self {
            facts,
            store,
            state: State::Stored,
            previous_until: None,
            previous_rotated: None,
            previous_expires: None,
            previous_revoked: false,
            leftover_in: Vec::new(),
        }
    }

    /// Notes that no former value is kept any more.
    pub(crate) fn forget_previous(&mut self) {
        self.previous_until = None;
        self.previous_rotated = None;
        self.previous_expires = None;
        self.previous_revoked = false;
    }

    /// Every store in which a value of this credential may be.
    pub(crate) fn places(&self) -> Vec<StoreKind> {
        let mut places = self.leftover_in.clone();
        places.retain(|place| *place != self.store);
        places.push(self.store);
        places
    }
}

impl State {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
    fn is_settled(&self) -> bool {
        *self == Self::Stored
    }
}

impl Default for Index {
    fn default() -> Self {
        Self { schema_version: SCHEMA_VERSION, generation: 0, profiles: BTreeMap::new() }
    }
}

impl Index {
    /// The entry under the name, without regard to case, and the name as it was first written. An entry that is
    /// being removed is no longer there.
    pub(crate) fn find(&self, profile: &Profile, name: &CredentialName) -> Option<(&CredentialName, &Entry)> {
        self.entries(profile).find(|(own, _)| own.is_twin_of(name))
    }

    /// All entries of a profile, by name, without those that are being removed.
    pub(crate) fn entries(&self, profile: &Profile) -> impl Iterator<Item = (&CredentialName, &Entry)> {
        let all = self.profiles.get(profile).into_iter().flatten();
        all.filter(|(_, entry)| entry.state != State::Removing)
    }

    /// All entries of all profiles, those that are being removed included.
    pub(crate) fn every_entry(&self) -> impl Iterator<Item = (&Profile, &CredentialName, &Entry)> {
        let entries = |(profile, names)| {
            let names: &BTreeMap<CredentialName, Entry> = names;
            names.iter().map(move |(name, entry)| (profile, name, entry))
        };
        self.profiles.iter().flat_map(entries)
    }

    /// As [`Index::find`], and an entry that is being removed is there too.
    pub(crate) fn find_unfinished(
        &self,
        profile: &Profile,
        name: &CredentialName,
    ) -> Option<(&CredentialName, &Entry)> {
        let mut all = self.profiles.get(profile).into_iter().flatten();
        all.find(|(own, _)| own.is_twin_of(name))
    }

    /// A copy of [`Index::every_entry`], for who changes the index on the way.
    pub(crate) fn snapshot(&self) -> Vec<(Profile, CredentialName, Entry)> {
        let entries = self.every_entry();
        entries.map(|(profile, name, entry)| (profile.clone(), name.clone(), entry.clone())).collect()
    }

    /// Puts an entry, replacing the one of that name and any twin of it.
    pub(crate) fn put(&mut self, profile: &Profile, name: &CredentialName, entry: Entry) {
        let names = self.profiles.entry(profile.clone()).or_default();
        names.retain(|own, _| own == name || !own.is_twin_of(name));
        names.insert(name.clone(), entry);
    }

    /// Forgets the entry.
    pub(crate) fn remove(&mut self, profile: &Profile, name: &CredentialName) {
        if let Some(names) = self.profiles.get_mut(profile) {
            names.remove(name);
            if names.is_empty() {
                self.profiles.remove(profile);
            }
        }
    }
}

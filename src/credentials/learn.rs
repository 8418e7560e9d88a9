//! Learning: what a provider said about a value goes into the facts.

use jiff::Timestamp;

use crate::credentials::{CredentialError, Credentials};
use crate::index::{Entry, State};
use crate::name::CredentialName;

/// What a provider said about the value of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lesson {
    /// Which.
    pub(crate) name: CredentialName,
    /// Its entry when the value was read that the provider was asked about.
    pub(crate) seen: Entry,
    /// When the provider stops accepting it, where it said so.
    pub(crate) expires: Option<Timestamp>,
    /// What it may do, where the provider said so.
    pub(crate) scopes: Option<Vec<String>>,
}

impl Credentials {
    /// Notes what providers said, and gives the names whose facts changed. What is said of a value that was replaced
    /// in the meantime is passed over. Asks no store.
    ///
    /// # Errors
    /// Where the index can't be read or written.
    pub(crate) fn learn(&self, lessons: &[Lesson]) -> Result<Vec<CredentialName>, CredentialError> {
        if lessons.iter().all(|lesson| !lesson.is_new_to(&lesson.seen)) || self.stores.is_none() {
            return Ok(Vec::new());
        }
        self.write(|index| {
            let mut changed = Vec::new();
            for lesson in lessons {
                let Some((name, entry)) = index.find(&self.profile, &lesson.name) else { continue };
                let is_same_value = entry.state == State::Stored
                    && entry.facts.rotated == lesson.seen.facts.rotated
                    && entry.facts.created == lesson.seen.facts.created;
                if !is_same_value || !lesson.is_new_to(entry) {
                    continue;
                }
                let (name, mut entry) = (name.clone(), entry.clone());
                entry.facts.expires = lesson.expires.or(entry.facts.expires);
                if let Some(scopes) = &lesson.scopes {
                    entry.facts.scopes.clone_from(scopes);
                }
                index.put(&self.profile, &name, entry);
                changed.push(name);
            }
            if !changed.is_empty() {
                self.index.save(index)?;
            }
            Ok(changed)
        })
    }
}

impl Lesson {
    fn is_new_to(&self, entry: &Entry) -> bool {
        (self.expires.is_some() && self.expires != entry.facts.expires)
            || self.scopes.as_ref().is_some_and(|scopes| *scopes != entry.facts.scopes)
    }
}

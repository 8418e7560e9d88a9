//! `Ambient`: no store at all, values come from the environment, as in CI.

use std::fmt;

use crate::name::CredentialName;
use crate::secret::Secret;
use crate::store::{CredentialStore, ItemKey, Slot, StoreError, StoreKind};

/// Looks a name up in the environment that was handed in.
pub(crate) type Lookup = Box<dyn Fn(&CredentialName) -> Option<Secret> + Send + Sync>;

/// The environment as a store that can only be read.
pub(crate) struct Ambient {
    lookup: Lookup,
}

impl Ambient {
    /// A store that asks `lookup`.
    pub(crate) fn new(lookup: Lookup) -> Self {
        Self { lookup }
    }

    fn refuse() -> StoreError {
        StoreError::Absent {
            store: StoreKind::None,
            reason: "the environment can be read, and nothing can be stored in it".to_owned(),
        }
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Ambient")
    }
}

impl CredentialStore for Ambient {
    fn kind(&self) -> StoreKind {
        StoreKind::None
    }

    fn put(&self, _key: &ItemKey, _secret: &Secret) -> Result<(), StoreError> {
        Err(Self::refuse())
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret>, StoreError> {
        Ok(match key.as_credential() {
            Some((_, name, Slot::Current)) => (self.lookup)(&name),
            _ => None,
        })
    }

    fn remove(&self, _key: &ItemKey) -> Result<bool, StoreError> {
        Err(Self::refuse())
    }

    fn keys(&self) -> Result<Vec<ItemKey>, StoreError> {
        Ok(Vec::new())
    }
}

//! A store in memory, for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use crate::secret::Secret;
use crate::store::{CredentialStore, ItemKey, StoreError, StoreKind};

/// Keeps items for as long as it lives.
#[derive(Debug)]
pub(crate) struct Memory {
    kind: StoreKind,
    items: Mutex<BTreeMap<ItemKey, Secret>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::of_kind(StoreKind::Memory)
    }
}

impl Memory {
    /// An empty one that says it is of another kind.
    pub(crate) fn of_kind(kind: StoreKind) -> Self {
        Self { kind, items: Mutex::default() }
    }

    fn items(&self) -> MutexGuard<'_, BTreeMap<ItemKey, Secret>> {
        self.items.lock().unwrap()
    }
}

impl CredentialStore for Memory {
    fn kind(&self) -> StoreKind {
        self.kind
    }

    fn put(&self, key: &ItemKey, secret: &Secret) -> Result<(), StoreError> {
        self.items().insert(key.clone(), Secret::copy_of(secret.expose_secret()));
        Ok(())
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret>, StoreError> {
        Ok(self.items().get(key).map(|secret| Secret::copy_of(secret.expose_secret())))
    }

    fn remove(&self, key: &ItemKey) -> Result<bool, StoreError> {
        Ok(self.items().remove(key).is_some())
    }

    fn keys(&self) -> Result<Vec<ItemKey>, StoreError> {
        Ok(self.items().keys().cloned().collect())
    }
}

#[test]
fn it_keeps_what_a_store_promises() {
    crate::store::conformance::check(&Memory::default());
}

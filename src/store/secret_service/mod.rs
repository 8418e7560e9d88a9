//! The Secret Service of a Linux desktop: reads through our own client, writes through `keyring-core`.

mod bus;
mod client;
mod facts;
mod session;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use keyring_core::{CredentialStore as Native, Entry};
use zbus_secret_service_keyring_store::Store;

pub(super) use crate::store::secret_service::facts::{ask, facts};

use crate::secret::Secret;
use crate::store::keyring::{KeyringStore, Latch, Patience, Platform};
use crate::store::secret_service::client::Client;
use crate::store::verdict::Verdict;
use crate::store::{CredentialStore, ItemKey, StoreError, StoreKind, Surroundings};

/// The default collection of whatever program provides the Secret Service.
///
/// Reading is our own, because it is what every start of a server waits for: one connection, no thread, three
/// round trips for any number of secrets.
#[derive(Debug)]
pub(super) struct SecretService {
    surroundings: Surroundings,
    patience: Patience,
    writer: KeyringStore<Desktop>,
    refused: Latch,
}

impl SecretService {
    /// A store that connects when it is first needed.
    pub(super) fn new(surroundings: Surroundings, patience: Patience) -> Self {
        // A dialog without a screen is one that nobody sees.
        let may_prompt = patience.may_prompt && surroundings.has_display;
        let patience = Patience { may_prompt, ..patience };
        let writer = KeyringStore::new(Desktop, patience.without_person());
        Self { surroundings, patience, writer, refused: Latch::default() }
    }

    /// Sees to it that `keyring-core` meets nothing locked: it would ask a person without asking us.
    fn prepare(&self, key: &ItemKey) -> Result<(), StoreError> {
        self.refused.check(StoreKind::SecretService)?;
        let client = Client::connect(&self.surroundings, self.patience)?;
        if !client.bus().is_given() {
            let reason = "`DBUS_SESSION_BUS_ADDRESS` leads nowhere; unset it to write".to_owned();
            return Err(StoreError::Absent { store: StoreKind::SecretService, reason });
        }
        self.refused.watch(client.unlock_for_writing(key))
    }
}

impl CredentialStore for SecretService {
    fn kind(&self) -> StoreKind {
        StoreKind::SecretService
    }

    fn put(&self, key: &ItemKey, secret: &Secret) -> Result<(), StoreError> {
        self.prepare(key)?;
        self.writer.put(key, secret)
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret>, StoreError> {
        Ok(self.get_many(std::slice::from_ref(key))?.pop().flatten())
    }

    fn get_many(&self, keys: &[ItemKey]) -> Result<Vec<Option<Secret>>, StoreError> {
        self.refused.check(StoreKind::SecretService)?;
        self.refused.watch(Client::read(&self.surroundings, self.patience, keys))
    }

    fn remove(&self, key: &ItemKey) -> Result<bool, StoreError> {
        self.prepare(key)?;
        self.writer.remove(key)
    }

    fn keys(&self) -> Result<Vec<ItemKey>, StoreError> {
        Client::connect(&self.surroundings, self.patience.without_person())?.keys()
    }
}

/// The Secret Service as `keyring-core` knows it, for writing.
#[derive(Debug)]
struct Desktop;

impl Platform for Desktop {
    const KIND: StoreKind = StoreKind::SecretService;

    fn open(&self) -> keyring_core::Result<Arc<Native>> {
        Ok(Store::new()?)
    }

    fn modifiers(key: &ItemKey) -> HashMap<&'static str, String> {
        HashMap::from([("label", key.label())])
    }

    fn list(store: &Native) -> keyring_core::Result<Vec<(String, String)>> {
        Ok(store.search(&HashMap::new())?.iter().filter_map(Entry::get_specifiers).collect())
    }

    fn judge(error: &(dyn Error + Send + Sync + 'static)) -> Verdict {
        match error.downcast_ref() {
            Some(secret_service::Error::Locked) => Verdict::Locked,
            Some(secret_service::Error::Prompt | secret_service::Error::PromptDisconnected) => {
                Verdict::Denied
            }
            Some(secret_service::Error::NoResult) => Verdict::Absent("it has no default collection"),
            Some(secret_service::Error::Unavailable) => Verdict::Absent("there is no session bus"),
            _ => Verdict::Failed,
        }
    }
}

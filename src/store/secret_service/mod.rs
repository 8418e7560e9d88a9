//! The Secret Service of a Linux desktop, over one connection an operation.

mod bus;
mod client;
mod facts;
pub(super) mod foreign;
mod session;
#[cfg(test)]
mod tests;
mod wire;
mod writing;

pub(super) use crate::store::secret_service::facts::{ask, facts};

use crate::secret::Secret;
use crate::store::keyring::{Latch, Patience};
use crate::store::secret_service::client::Client;
use crate::store::{CredentialStore, ItemKey, Stopped, StoreError, StoreKind, Surroundings};

/// So many items are written over one connection, whose deadline they share.
const WRITES_AT_ONCE: usize = 16;

/// The default collection of whatever program provides the Secret Service.
///
/// A client of our own, not `keyring-core`'s store: reading is what every start of a server waits for, and takes one
/// connection, no thread and three round trips here for any number of secrets; and the connection begins with a
/// message on which GNOME Keyring does not abort.
#[derive(Debug)]
pub(super) struct SecretService {
    surroundings: Surroundings,
    patience: Patience,
    refused: Latch,
}

impl SecretService {
    /// A store that connects when it is first needed.
    pub(super) fn new(surroundings: Surroundings, patience: Patience) -> Self {
        // A dialog without a screen is one that nobody sees.
        let may_prompt = patience.may_prompt && surroundings.has_display;
        let patience = Patience { may_prompt, ..patience };
        Self { surroundings, patience, refused: Latch::default() }
    }
}

impl CredentialStore for SecretService {
    fn kind(&self) -> StoreKind {
        StoreKind::SecretService
    }

    fn put(&self, key: &ItemKey, secret: &Secret) -> Result<(), StoreError> {
        self.put_many(&[(key.clone(), secret)]).map_err(|stopped| stopped.error)
    }

    fn put_many(&self, items: &[(ItemKey, &Secret)]) -> Result<(), Stopped> {
        let mut stored = 0;
        let mut write = |part: &[(ItemKey, &Secret)]| {
            self.refused.check(StoreKind::SecretService)?;
            self.refused.watch(Client::write(&self.surroundings, self.patience, part, &mut stored))
        };
        let written = items.chunks(WRITES_AT_ONCE).try_for_each(&mut write);
        written.map_err(|error| Stopped { stored, tried: stored + 1, error })
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret>, StoreError> {
        Ok(self.get_many(std::slice::from_ref(key))?.pop().flatten())
    }

    fn get_many(&self, keys: &[ItemKey]) -> Result<Vec<Option<Secret>>, StoreError> {
        self.refused.check(StoreKind::SecretService)?;
        self.refused.watch(Client::read(&self.surroundings, self.patience, keys))
    }

    fn remove(&self, key: &ItemKey) -> Result<bool, StoreError> {
        self.refused.check(StoreKind::SecretService)?;
        self.refused.watch(Client::delete(&self.surroundings, self.patience, key))
    }

    fn keys(&self) -> Result<Vec<ItemKey>, StoreError> {
        Client::connect(&self.surroundings, self.patience.without_person())?.keys()
    }
}

//! `KeyCache`: keeps a vault unlocked for a while, for the processes of one person.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::secret::{Secret, SecretBuffer};
#[cfg(target_os = "linux")]
use crate::store::vault::kernel_keyring;
use crate::store::vault::keychain::{decode, encode};
use crate::store::{CredentialStore, ItemKey, StoreError};

/// Where the key of an unlocked vault waits, and goes away by itself.
pub(crate) enum KeyCache<'a> {
    /// The kernel's keyring: never on a disk, gone after the timeout and with the last session at the latest.
    #[cfg(target_os = "linux")]
    Kernel,
    /// An item of the operating system's own store, which says itself until when it counts.
    #[cfg_attr(target_os = "linux", allow(dead_code, reason = "Linux has its kernel for that"))]
    Native(&'a dyn CredentialStore),
}

impl KeyCache<'_> {
    /// Keeps the key for `timeout`, of which a started second counts whole.
    ///
    /// # Errors
    /// Where the cache can't be used, as in a container that closes the kernel's keyring.
    pub(crate) fn cache_key(
        &self,
        vault_id: &str,
        key: &Secret,
        timeout: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // To the kernel, no time at all would mean for ever.
        let seconds = u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX).max(1);
        match self {
            #[cfg(target_os = "linux")]
            Self::Kernel => kernel_keyring::put(vault_id, key, seconds),
            Self::Native(store) => {
                let expiry = now.as_second().saturating_add(i64::from(seconds));
                let mut value = SecretBuffer::with_capacity(key.len() * 2 + 32);
                value.push(format!("{expiry} ").as_bytes());
                value.push(encode(key).expose_secret());
                store.put(&item(vault_id), &value.into_secret())
            }
        }
    }

    /// The key, or `None` where there is none or its time is over.
    ///
    /// # Errors
    /// Where the cache can't be used.
    pub(crate) fn cached_key(&self, vault_id: &str, now: Timestamp) -> Result<Option<Secret>, StoreError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Kernel => kernel_keyring::get(vault_id),
            Self::Native(store) => {
                let Some(value) = store.get(&item(vault_id))? else { return Ok(None) };
                let key = unexpired(&value, now);
                if key.is_none() {
                    store.remove(&item(vault_id))?;
                }
                Ok(key)
            }
        }
    }

    /// Removes the key and says whether there was one.
    ///
    /// # Errors
    /// Where the cache can't be used.
    pub(crate) fn forget_key(&self, vault_id: &str) -> Result<bool, StoreError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Kernel => kernel_keyring::remove(vault_id),
            Self::Native(store) => store.remove(&item(vault_id)),
        }
    }
}

/// `~` can't occur in a vault's id, so this is never the item of a keychain slot.
fn item(vault_id: &str) -> ItemKey {
    ItemKey::vault_key(&format!("{vault_id}~unlocked"))
}

/// The key in `<second of expiry> <base64>`, while it counts. An expiry further away than any timeout tells
/// of a clock that was wrong when it was written.
fn unexpired(value: &Secret, now: Timestamp) -> Option<Secret> {
    let (expiry, key) = value.expose_secret_str().ok()?.split_once(' ')?;
    let expiry = Timestamp::from_second(expiry.parse().ok()?).ok()?;
    let left = expiry.duration_since(now);
    let counts = left > SignedDuration::ZERO && left <= SignedDuration::from_secs(i64::from(u32::MAX));
    counts.then(|| decode(&Secret::copy_of(key.as_bytes()))).flatten()
}

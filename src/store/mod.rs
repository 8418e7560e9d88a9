//! Where secrets rest: one small trait, and the kinds of store that keep it.

pub(crate) mod ambient;
#[cfg(test)]
pub(crate) mod conformance;
pub(crate) mod deadline;
pub(crate) mod detect;
#[cfg(test)]
pub(crate) mod faulty;
mod foreign;
#[cfg(target_os = "macos")]
mod keychain;
#[cfg_attr(
    target_os = "linux",
    allow(dead_code, reason = "Linux has a client of its own, and tests these on a mock")
)]
mod keyring;
#[cfg(test)]
pub(crate) mod memory;
mod native;
pub(crate) mod sealed;
#[cfg(target_os = "linux")]
mod secret_service;
pub(crate) mod vault;
#[cfg_attr(
    target_os = "linux",
    allow(dead_code, reason = "Linux has a client of its own, and tests these on a mock")
)]
mod verdict;
#[cfg(windows)]
mod wincred;

pub(crate) use foreign::{ForeignItem, ForeignItems};
pub(crate) use keyring::Patience;
pub(crate) use native::{NATIVE, Surroundings, open_native};

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::name::{CredentialName, Profile};
use crate::secret::Secret;

/// Bytes under keys; no policy.
///
/// What every store promises (`store/conformance.rs` checks it):
/// - `put` then `get` gives the same bytes, of any content and of 1 to [`crate::secret::MAX_SECRET`] bytes;
/// - `put` replaces in place: a reader sees the old or the new bytes, never neither;
/// - absence is an answer (`None`, `false`), an error is a failure;
/// - nothing waits longer than the deadline the store was opened with.
pub(crate) trait CredentialStore: fmt::Debug + Send + Sync {
    /// Which store this is.
    fn kind(&self) -> StoreKind;

    /// Stores the secret, replacing what is there. The caller reads it back.
    fn put(&self, key: &ItemKey, secret: &Secret) -> Result<(), StoreError>;

    /// The secret, or `None` where there is no such item.
    fn get(&self, key: &ItemKey) -> Result<Option<Secret>, StoreError>;

    /// The secrets of all keys, in their order; one failure fails the whole.
    fn get_many(&self, keys: &[ItemKey]) -> Result<Vec<Option<Secret>>, StoreError> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    /// Stores all of them in their order, each as `put` does, up to the first that fails. The caller reads them back.
    fn put_many(&self, items: &[(ItemKey, &Secret)]) -> Result<(), Stopped> {
        for (number, (key, secret)) in items.iter().enumerate() {
            self.put(key, secret).map_err(|error| Stopped { stored: number, tried: number + 1, error })?;
        }
        Ok(())
    }

    /// Removes the item and says whether there was one.
    fn remove(&self, key: &ItemKey) -> Result<bool, StoreError>;

    /// Every item of ours in this store, in no order. Never prompts.
    fn keys(&self) -> Result<Vec<ItemKey>, StoreError>;
}

/// Why a store did not take all of several items.
#[derive(Debug)]
pub(crate) struct Stopped {
    /// So many of the first are stored.
    pub(crate) stored: usize,
    /// So many of the first may be stored; what is behind them was not touched.
    pub(crate) tried: usize,
    /// Why that after the stored ones is not.
    pub(crate) error: StoreError,
}

/// The kinds of store, under the names that a person types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StoreKind {
    /// The macOS Keychain.
    Keychain,
    /// The Windows Credential Manager.
    Wincred,
    /// The Secret Service of a Linux desktop (GNOME Keyring, KWallet, KeePassXC).
    SecretService,
    /// The encrypted file of our own.
    Vault,
    /// No store: values come from the environment alone, as in CI.
    None,
    /// Memory, for tests.
    #[cfg(test)]
    Memory,
}

impl StoreKind {
    /// The name that `--store` takes.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::Wincred => "wincred",
            Self::SecretService => "secret-service",
            Self::Vault => "vault",
            Self::None => "none",
            #[cfg(test)]
            Self::Memory => "memory",
        }
    }

    /// What a person calls it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Keychain => "the macOS Keychain",
            Self::Wincred => "the Windows Credential Manager",
            Self::SecretService => "the Secret Service",
            Self::Vault => "the vault",
            Self::None => "no store",
            #[cfg(test)]
            Self::Memory => "memory",
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for StoreKind {
    type Err = UnknownStoreKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Keychain, Self::Wincred, Self::SecretService, Self::Vault, Self::None]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownStoreKind)
    }
}

/// A text that names no store.
#[derive(Debug, thiserror::Error)]
#[error("the stores are `auto`, `keychain`, `wincred`, `secret-service`, `vault` and `none`")]
pub(crate) struct UnknownStoreKind;

/// Under what an item rests: a service and an account, as every native store has them.
///
/// A credential is `mcpcred:<profile>` / `<NAME>`, its former value `<NAME>~previous` (during a rollback also `<NAME>~rejected`, during
/// a replacement `<NAME>~next`), and the key of a
/// vault `mcpcred` / `vault-key~<vault id>`, those of the audit log `mcpcred` / `audit-key` and `audit-head`: `~` and a service without profile can't occur in a
/// credential's own name. This naming is frozen: changing it would lose what people stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ItemKey {
    service: String,
    account: String,
}

/// Which of a credential's values is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// The value in use.
    Current,
    /// The value before the last rotation, while it is kept.
    Previous,
    /// The value that a rollback takes out of use, until it has become the previous one.
    Rejected,
    /// No value, but the key of the file that keeps a new one until the store has it.
    Next,
}

impl Slot {
    /// Every slot, the value in use last: whoever removes them in this order leaves no former value alone.
    pub(crate) const ALL: [Self; 4] = [Self::Next, Self::Rejected, Self::Previous, Self::Current];

    fn suffix(self) -> &'static str {
        match self {
            Self::Current => "",
            Self::Previous => "~previous",
            Self::Rejected => "~rejected",
            Self::Next => "~next",
        }
    }
}

const SERVICE_PREFIX: &str = "mcpcred:";

/// What mcpcred keeps for itself has a service without a profile.
const OWN_SERVICE: &str = "mcpcred";

const AUDIT_KEY: &str = "audit-key";

const AUDIT_HEAD: &str = "audit-head";

impl ItemKey {
    /// Where a credential's value rests.
    pub(crate) fn credential(profile: &Profile, name: &CredentialName, slot: Slot) -> Self {
        let suffix = slot.suffix();
        Self { service: format!("{SERVICE_PREFIX}{profile}"), account: format!("{name}{suffix}") }
    }

    /// Where an OS store keeps the key of a vault (32 bytes as base64 text).
    pub(crate) fn vault_key(vault_id: &str) -> Self {
        Self { service: OWN_SERVICE.to_owned(), account: format!("vault-key~{vault_id}") }
    }

    /// Where a store keeps the keys of the audit log.
    pub(crate) fn audit_key() -> Self {
        Self { service: OWN_SERVICE.to_owned(), account: AUDIT_KEY.to_owned() }
    }

    /// Where a store keeps what it saw of the audit log last.
    pub(crate) fn audit_head() -> Self {
        Self { service: OWN_SERVICE.to_owned(), account: AUDIT_HEAD.to_owned() }
    }

    /// The key that a native item's service and account spell, or `None` where the item is not ours.
    pub(crate) fn from_parts(service: &str, account: &str) -> Option<Self> {
        let key = Self { service: service.to_owned(), account: account.to_owned() };
        let is_own = account.starts_with("vault-key~") || [AUDIT_KEY, AUDIT_HEAD].contains(&account);
        ((service == OWN_SERVICE && is_own) || key.as_credential().is_some()).then_some(key)
    }

    /// The credential that this key belongs to, or `None` for what mcpcred keeps for itself.
    pub(crate) fn as_credential(&self) -> Option<(Profile, CredentialName, Slot)> {
        let profile = self.service.strip_prefix(SERVICE_PREFIX)?.parse().ok()?;
        // The suffix of the value in use is empty, and fits last.
        let (name, slot) =
            Slot::ALL.into_iter().find_map(|slot| Some((self.account.strip_suffix(slot.suffix())?, slot)))?;
        Some((profile, name.parse().ok()?, slot))
    }

    /// `mcpcred:<profile>`.
    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    /// `<NAME>`.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// What a keychain program shows: `mcpcred: <NAME>`.
    pub(crate) fn label(&self) -> String {
        format!("mcpcred: {}", self.account)
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.account, self.service)
    }
}

/// What can go wrong in a store. No variant holds secret bytes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The store is not there: no bus, no provider, no default collection, no vault file, another platform.
    #[error("{} is not available: {reason}", store.title())]
    Absent { store: StoreKind, reason: String },
    /// The store is there, and locked, and nobody may be asked to unlock it (or nothing can ask).
    #[error("{} is locked", store.title())]
    Locked { store: StoreKind },
    /// A person or the system said no.
    #[error("{} refused access", store.title())]
    Denied { store: StoreKind },
    /// No answer within the deadline.
    #[error("{} did not answer within {} s", store.title(), after.as_secs())]
    TimedOut { store: StoreKind, after: Duration },
    /// The vault is locked and no source of its passphrase or key was given.
    #[error("the vault is locked, and no passphrase or key was given")]
    NoPassphrase,
    /// No slot of the vault opens with what was given.
    #[error("the passphrase or key does not open the vault")]
    WrongPassphrase,
    /// A file of ours that does not hold what it should.
    #[error("`{}` is damaged: {detail}", path.display())]
    Damaged { path: PathBuf, detail: &'static str },
    /// A file written by another version of mcpcred.
    #[error("`{}` has {what} {found}, and this mcpcred knows {known}", path.display())]
    UnknownVersion { path: PathBuf, what: &'static str, found: String, known: &'static str },
    /// A vault file that is older than one this machine has seen.
    #[error("`{}` is older than it was: generation {found}, seen {seen}", path.display())]
    RolledBack { path: PathBuf, found: u64, seen: u64 },
    /// The store took a value and gives back another, or none.
    #[error("{} took the value and does not give it back", store.title())]
    NotReadBack { store: StoreKind },
    /// The store holds an empty value, which nobody stored.
    #[error("{} holds an empty value", store.title())]
    Empty { store: StoreKind },
    /// A file or folder that cannot be used as it is.
    #[error("cannot use `{}`: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// Another process holds the lock.
    #[error("another mcpcred is writing, and did not finish within {} s", after.as_secs())]
    Busy { after: Duration },
    /// Whatever else the platform said, in its own words.
    #[error("{} failed: {source}", store.title())]
    Failed { store: StoreKind, source: Box<dyn std::error::Error + Send + Sync> },
}

impl StoreError {
    /// Whether the store let nobody in, so that nothing can have been written half-way.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Absent { .. } | Self::Locked { .. } | Self::Denied { .. })
    }
}

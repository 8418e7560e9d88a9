//! `ForeignItems`: what other programs keep in the native store, found by its attributes and taken out one by one.

use std::collections::BTreeMap;
use std::fmt;

use crate::secret::Secret;
#[cfg(target_os = "macos")]
use crate::store::keychain::{Keychain as Platform, open};
#[cfg(not(target_os = "linux"))]
use crate::store::keyring::{Foreign, KeyringStore, fail};
#[cfg(windows)]
use crate::store::wincred::{Wincred as Platform, open};
use crate::store::{NATIVE, Patience, StoreError, StoreKind, Surroundings};

/// An item of another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForeignItem {
    /// What a keychain program shows; empty where the store has no such thing.
    pub(crate) label: String,
    /// What it is found by. In the Keychain `service` and `account`, in the Credential Manager `target` and
    /// `username`, in the Secret Service whatever its program chose.
    pub(crate) attributes: BTreeMap<String, String>,
    /// How the store itself tells it from others.
    pub(crate) handle: String,
}

impl fmt::Display for ForeignItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.label.is_empty() {
            let parts: Vec<_> =
                self.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
            formatter.write_str(&parts.join(" "))
        } else {
            formatter.write_str(&self.label)
        }
    }
}

/// The items of the native store that are not ours.
pub(crate) struct ForeignItems {
    kind: StoreKind,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux looks around"))]
    surroundings: Surroundings,
    patience: Patience,
}

impl ForeignItems {
    /// Of the native store of that kind.
    ///
    /// # Errors
    /// [`StoreError::Absent`] for a kind of another platform.
    pub(crate) fn of(
        kind: StoreKind,
        patience: Patience,
        surroundings: &Surroundings,
    ) -> Result<Self, StoreError> {
        if NATIVE != Some(kind) {
            let reason = "it belongs to another operating system".to_owned();
            return Err(StoreError::Absent { store: kind, reason });
        }
        // A dialog without a screen is one that nobody sees.
        let may_prompt = patience.may_prompt && (cfg!(not(target_os = "linux")) || surroundings.has_display);
        Ok(Self { kind, surroundings: surroundings.clone(), patience: Patience { may_prompt, ..patience } })
    }

    /// The store that they are in.
    pub(crate) fn kind(&self) -> StoreKind {
        self.kind
    }

    /// Every item that has all of these attributes, with these values.
    ///
    /// # Errors
    /// Where the store does not answer, or is locked and nobody may be asked.
    pub(crate) fn find(&self, wanted: &BTreeMap<String, String>) -> Result<Vec<ForeignItem>, StoreError> {
        let mut found = self.search(wanted)?;
        found.retain(|item| wanted.iter().all(|(name, value)| item.attributes.get(name) == Some(value)));
        found.sort_by(|one, other| one.attributes.cmp(&other.attributes));
        Ok(found)
    }

    #[cfg(target_os = "linux")]
    fn search(&self, wanted: &BTreeMap<String, String>) -> Result<Vec<ForeignItem>, StoreError> {
        crate::store::secret_service::foreign::find(&self.surroundings, self.patience, wanted)
    }

    /// The values of these items, in their order; an item may hold an empty one.
    ///
    /// # Errors
    /// Where the store does not answer, or does not give one of them out.
    #[cfg(target_os = "linux")]
    pub(crate) fn read(&self, items: &[ForeignItem]) -> Result<Vec<Secret>, StoreError> {
        crate::store::secret_service::foreign::read(&self.surroundings, self.patience, items)
    }

    /// Removes the item.
    ///
    /// # Errors
    /// Where the store does not answer, or does not let it go.
    #[cfg(target_os = "linux")]
    pub(crate) fn remove(&self, item: &ForeignItem) -> Result<(), StoreError> {
        crate::store::secret_service::foreign::remove(&self.surroundings, self.patience, item)
    }
}

/// Over the adapter that the Keychain and the Credential Manager share.
#[cfg(not(target_os = "linux"))]
impl ForeignItems {
    fn search(&self, wanted: &BTreeMap<String, String>) -> Result<Vec<ForeignItem>, StoreError> {
        let wanted = wanted.clone();
        self.store().with_store(move |store| Platform::items(store, &wanted).map_err(fail::<Platform>))
    }

    /// The values of these items, in their order; an item may hold an empty one.
    ///
    /// # Errors
    /// Where the store does not answer, or does not give one of them out.
    pub(crate) fn read(&self, items: &[ForeignItem]) -> Result<Vec<Secret>, StoreError> {
        let items = items.to_vec();
        self.store().with_store(move |store| {
            let read = |item: &ForeignItem| Platform::item(store, item)?.get_secret().map(Secret::new);
            items.iter().map(|item| read(item).map_err(fail::<Platform>)).collect()
        })
    }

    /// Removes the item.
    ///
    /// # Errors
    /// Where the store does not answer, or does not let it go.
    pub(crate) fn remove(&self, item: &ForeignItem) -> Result<(), StoreError> {
        let item = item.clone();
        self.store().with_store(move |store| {
            let remove = || Platform::item(store, &item)?.delete_credential();
            remove().map_err(fail::<Platform>)
        })
    }

    fn store(&self) -> KeyringStore<Platform> {
        open(self.patience)
    }
}

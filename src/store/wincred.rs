//! The Windows Credential Manager: how to open it, how to list it, what its errors mean.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use keyring_core::{CredentialStore as Native, Entry};
use windows_native_keyring_store::Store;

use crate::store::keyring::{KeyringStore, Patience, Platform};
use crate::store::verdict::{self, Verdict};
use crate::store::{ItemKey, StoreKind};

/// The credentials of the user who is logged on.
///
/// The target is `<NAME>@mcpcred:<profile>`, which no other pair spells, as there is no `@` in a service. The
/// persistence is said each time, because the store would else let an item roam to other machines.
#[derive(Debug)]
pub(super) struct Wincred;

/// The store, which is not touched before its first operation.
pub(super) fn open(patience: Patience) -> KeyringStore<Wincred> {
    KeyringStore::new(Wincred, patience)
}

impl Platform for Wincred {
    const KIND: StoreKind = StoreKind::Wincred;

    fn open(&self) -> keyring_core::Result<Arc<Native>> {
        let naming = HashMap::from([("divider", "@"), ("service_no_divider", "true")]);
        Ok(Store::new_with_configuration(&naming)?)
    }

    fn modifiers(_key: &ItemKey) -> HashMap<&'static str, String> {
        HashMap::from([("persistence", "Local".to_owned())])
    }

    /// Writes the comment of a new item; an item that has one keeps it.
    fn describe(entry: &Entry, key: &ItemKey) {
        let has_comment = |all: HashMap<String, String>| all.get("comment").is_some_and(|it| !it.is_empty());
        if !entry.get_attributes().is_ok_and(has_comment) {
            // The secret is stored already, and the comment is for people.
            _ = entry.update_attributes(&HashMap::from([("comment", key.label().as_str())]));
        }
    }

    fn list(store: &Native) -> keyring_core::Result<Vec<(String, String)>> {
        let ours = HashMap::from([("pattern", "@mcpcred(:[^@]*)?$")]);
        Ok(store.search(&ours)?.iter().filter_map(Entry::get_specifiers).collect())
    }

    fn judge(error: &(dyn Error + Send + Sync + 'static)) -> Verdict {
        verdict::of_windows_error(&error.to_string())
    }
}

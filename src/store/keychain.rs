//! The macOS Keychain: how to open it, how to list it, what its errors mean.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::sync::Arc;

use apple_native_keyring_store::keychain::Store;
use keyring_core::{CredentialStore as Native, Entry};
use security_framework::item::{ItemClass, ItemSearchOptions, ItemUpdateOptions, update_item};
use security_framework::os::macos::code_signing::{Flags, SecCode, SecRequirement};
use security_framework::os::macos::keychain::{KeychainUserInteractionLock, SecKeychain};

use crate::store::keyring::{Foreign, KeyringStore, Patience, Platform};
use crate::store::verdict::{self, Verdict};
use crate::store::{ForeignItem, ItemKey, StoreKind};

/// The login keychain.
pub(super) struct Keychain {
    /// While it lives, the system shows no dialog to this process.
    _silence: Option<KeychainUserInteractionLock>,
}

/// The store, which is not touched before its first operation. Where nobody may be asked, the system is told
/// not to show dialogs to this process.
pub(super) fn open(patience: Patience) -> KeyringStore<Keychain> {
    let silence = if patience.may_prompt { None } else { SecKeychain::disable_user_interaction().ok() };
    KeyringStore::new(Keychain { _silence: silence }, patience)
}

/// Whether the running program is signed by nobody that Apple knows: the Keychain then takes each new build for
/// another program.
pub(super) fn has_ad_hoc_signature() -> bool {
    let known = "anchor apple generic".parse::<SecRequirement>();
    let checked = known.and_then(|known| SecCode::for_self(Flags::NONE)?.check_validity(Flags::NONE, &known));
    checked.is_err()
}

impl std::fmt::Debug for Keychain {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keychain")
    }
}

impl Platform for Keychain {
    const KIND: StoreKind = StoreKind::Keychain;

    fn open(&self) -> keyring_core::Result<Arc<Native>> {
        Ok(Store::new()?)
    }

    fn modifiers(_key: &ItemKey) -> HashMap<&'static str, String> {
        HashMap::new()
    }

    fn describe(_entry: &Entry, key: &ItemKey) {
        let mut item = ItemSearchOptions::new();
        item.class(ItemClass::generic_password()).service(key.service()).account(key.account());
        let mut change = ItemUpdateOptions::new();
        change.set_label(key.label());
        // The secret is stored already, and the label is for people.
        _ = update_item(&item, &change);
    }

    fn hush() -> Option<Box<dyn Any>> {
        // The lock that is taken last would lift the silence of the whole process.
        let may_ask = SecKeychain::user_interaction_allowed().unwrap_or(true);
        let silence = if may_ask { SecKeychain::disable_user_interaction().ok() } else { None };
        silence.map(|silence| Box::new(silence) as Box<dyn Any>)
    }

    /// Asks for attributes alone, which the Keychain shows without a dialog.
    fn list(store: &Native) -> keyring_core::Result<Vec<(String, String)>> {
        Ok(store.search(&HashMap::new())?.iter().filter_map(Entry::get_specifiers).collect())
    }

    fn judge(error: &(dyn Error + Send + Sync + 'static)) -> Verdict {
        let status = error.downcast_ref::<security_framework::base::Error>();
        status.map_or(Verdict::Failed, |status| verdict::of_security_status(status.code()))
    }
}

/// `service` and `account`, as `security` calls them.
impl Foreign for Keychain {
    fn items(store: &Native, wanted: &BTreeMap<String, String>) -> keyring_core::Result<Vec<ForeignItem>> {
        let known = [("service", "service"), ("account", "user")];
        let wanted: HashMap<&str, &str> =
            known.iter().filter_map(|(own, theirs)| Some((*theirs, wanted.get(*own)?.as_str()))).collect();
        let found = store.search(&wanted)?;
        let names = found.iter().filter_map(Entry::get_specifiers);
        let foreign = names.filter(|(service, account)| ItemKey::from_parts(service, account).is_none());
        Ok(foreign
            .map(|(service, account)| ForeignItem {
                label: String::new(),
                attributes: [("service".to_owned(), service), ("account".to_owned(), account)].into(),
                handle: String::new(),
            })
            .collect())
    }

    fn item(store: &Native, item: &ForeignItem) -> keyring_core::Result<Entry> {
        let attribute = |name: &str| item.attributes.get(name).map_or("", String::as_str);
        store.build(attribute("service"), attribute("account"), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::detect::round_trip;
    use crate::store::{Surroundings, conformance, open_native};

    #[test]
    #[ignore = "needs a default keychain that may be written to"]
    fn it_keeps_what_a_store_promises() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = folder.path().join("sealed");
        let store =
            open_native(StoreKind::Keychain, Patience::QUIET, &Surroundings::default(), sealed).unwrap();
        conformance::check(&store);
        round_trip(&store).unwrap();
        assert!(store.orphans().unwrap().is_empty());
    }
}

//! The Windows Credential Manager: how to open it, how to list it, what its errors mean.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::sync::Arc;

use keyring_core::{CredentialStore as Native, Entry};
use windows_native_keyring_store::Store;

use crate::store::keyring::{Foreign, KeyringStore, Patience, Platform};
use crate::store::verdict::{self, Verdict};
use crate::store::{ForeignItem, ItemKey, StoreKind};

/// The credentials of the user who is logged on.
///
/// The target is `<NAME>@mcpcred:<profile>`, which no other pair spells, as there is no `@` in a service. The
/// persistence is said each time, because the store would else let an item roam to other machines.
#[derive(Debug)]
pub(super) struct Wincred;

/// The store, which is not touched before its first operation.
pub(super) fn open(patience: Patience) -> KeyringStore<Wincred> {
    KeyringStore::new(Wincred, patience.without_person())
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

/// `target` and `username`, as Credential Manager shows them.
impl Foreign for Wincred {
    fn items(store: &Native, _wanted: &BTreeMap<String, String>) -> keyring_core::Result<Vec<ForeignItem>> {
        let all = store.search(&HashMap::new())?;
        // What is no generic credential has no attributes.
        let attributes = all.iter().filter_map(|entry| entry.get_attributes().ok());
        let names = attributes.filter_map(|mut it| Some((it.remove("target_name")?, it.remove("username")?)));
        let is_own = |target: &str| {
            let parts = target.rsplit_once('@');
            parts.is_some_and(|(account, service)| ItemKey::from_parts(service, account).is_some())
        };
        Ok(names
            .filter(|(target, _)| !is_own(target))
            .map(|(target, username)| ForeignItem {
                label: String::new(),
                attributes: [("target".to_owned(), target), ("username".to_owned(), username)].into(),
                handle: String::new(),
            })
            .collect())
    }

    fn item(store: &Native, item: &ForeignItem) -> keyring_core::Result<Entry> {
        let target = item.attributes.get("target").map_or("", String::as_str);
        store.build("", "", Some(&HashMap::from([("target", target)])))
    }
}

#[cfg(test)]
mod tests {
    use keyring_core::api::CredentialStoreApi;

    use super::*;
    use crate::name::{CredentialName, Profile};
    use crate::secret::Secret;
    use crate::store::detect::{Answer, probe, round_trip};
    use crate::store::{CredentialStore, Slot, StoreError, Surroundings, conformance, open_native};

    fn key(profile: &str) -> ItemKey {
        let profile: Profile = profile.parse().unwrap();
        let name: CredentialName = "GITHUB_TOKEN".parse().unwrap();
        ItemKey::credential(&profile, &name, Slot::Current)
    }

    /// The item as another program finds it, which knows the target alone.
    fn seen_from_outside(target: &str) -> Entry {
        Store::new().unwrap().build("", "", Some(&HashMap::from([("target", target)]))).unwrap()
    }

    #[test]
    fn it_keeps_what_a_store_promises() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = folder.path().join("sealed");
        let store =
            open_native(StoreKind::Wincred, Patience::QUIET, &Surroundings::default(), sealed).unwrap();
        conformance::check(&store);
        round_trip(&store).unwrap();
        assert_eq!(probe(&Surroundings::default())[0].answer, Answer::Usable);
    }

    #[test]
    fn an_item_has_the_name_the_comment_and_the_persistence_that_we_promise() {
        let store = open(Patience::QUIET);
        let key = key("target");
        for value in ["first", "second"] {
            store.put(&key, &Secret::copy_of(value.as_bytes())).unwrap();
            let item = seen_from_outside("GITHUB_TOKEN@mcpcred:target");
            assert_eq!(item.get_secret().unwrap(), value.as_bytes());
            let shown = item.get_attributes().unwrap();
            assert_eq!(shown["username"], "GITHUB_TOKEN");
            assert_eq!(shown["comment"], "mcpcred: GITHUB_TOKEN");
            assert_eq!(shown["persistence"], "Local");
        }
        assert!(store.remove(&key).unwrap());
    }

    #[test]
    fn an_item_that_another_program_made_does_not_come_to_roam() {
        let item = seen_from_outside("GITHUB_TOKEN@mcpcred:roaming");
        item.set_secret(b"theirs").unwrap();
        assert_eq!(item.get_attributes().unwrap()["persistence"], "Enterprise");
        let store = open(Patience::QUIET);
        let key = key("roaming");
        assert_eq!(store.get(&key).unwrap(), Some(Secret::copy_of(b"theirs")));
        store.put(&key, &Secret::copy_of(b"ours")).unwrap();
        assert_eq!(item.get_attributes().unwrap()["persistence"], "Local");
        assert!(store.remove(&key).unwrap());
    }

    #[test]
    fn a_value_that_is_too_long_is_a_failure_and_changes_nothing() {
        let store = open(Patience::QUIET);
        let key = key("long");
        store.put(&key, &Secret::new(vec![b'x'; 2560])).unwrap();
        let refused = store.put(&key, &Secret::new(vec![b'y'; 2561]));
        assert!(matches!(refused, Err(StoreError::Failed { .. })));
        assert_eq!(store.get(&key).unwrap(), Some(Secret::new(vec![b'x'; 2560])));
        assert!(store.remove(&key).unwrap());
    }
}

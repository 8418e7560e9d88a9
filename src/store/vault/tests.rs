//! What the vault promises, on real files.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::copy_of(text.as_bytes())
}

fn passphrase(text: &str) -> UnlockKey {
    UnlockKey::passphrase(secret(text)).unwrap()
}

fn raw(byte: u8) -> UnlockKey {
    UnlockKey::Raw(Secret::new(vec![byte; 32]))
}

fn item(name: &str) -> ItemKey {
    ItemKey::from_parts("mcpcred:default", name).unwrap()
}

/// A folder with a vault that `raw(1)` opens.
struct Home {
    _folder: TempDir,
    path: PathBuf,
}

impl Home {
    fn new() -> (Self, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault");
        let vault = Vault::create(&path, &raw(1), SlotKind::KeyFile, Argon2Cost::LEAST, now()).unwrap();
        (Self { _folder: folder, path }, vault)
    }

    fn open_with(&self, key: UnlockKey) -> Result<Vault, StoreError> {
        Vault::open(&self.path, &mut Some(key), Rollback::Refuse)
    }

    fn open(&self) -> Vault {
        self.open_with(raw(1)).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }
}

fn value(vault: &Vault, name: &str) -> Option<String> {
    vault.get(&item(name)).unwrap().map(|secret| secret.expose_secret_str().unwrap().to_owned())
}

#[test]
fn what_is_put_comes_back_in_this_and_the_next_process() {
    let (home, vault) = Home::new();
    assert_eq!(value(&vault, "A"), None);
    vault.put(&item("A"), &secret("one")).unwrap();
    vault.put(&item("B"), &secret("two")).unwrap();
    vault.put(&item("A"), &secret("three")).unwrap();
    let again = home.open();
    assert_eq!(value(&again, "A").unwrap(), "three");
    assert_eq!(value(&again, "B").unwrap(), "two");
    let mut keys = again.keys().unwrap();
    keys.sort();
    assert_eq!(keys, [item("A"), item("B")]);
    let many = again.get_many(&[item("B"), item("C"), item("A")]).unwrap();
    assert_eq!(many, [Some(secret("two")), None, Some(secret("three"))]);
    assert!(again.remove(&item("A")).unwrap());
    assert!(!again.remove(&item("A")).unwrap());
    assert_eq!(value(&vault, "A"), None);
    assert_eq!(Vault::facts(&home.path).unwrap().generation, 5);
}

#[test]
fn a_wrong_passphrase_is_not_damage_and_not_a_lost_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let cost = Argon2Cost::LEAST;
    Vault::create(&path, &passphrase("right"), SlotKind::Passphrase, cost, now()).unwrap();
    let open = |mut key: Option<UnlockKey>| Vault::open(&path, &mut key, Rollback::Refuse);
    assert!(open(Some(passphrase("right"))).is_ok());
    assert!(matches!(open(Some(passphrase("wrong"))), Err(StoreError::WrongPassphrase)));
    assert!(matches!(open(Some(raw(1))), Err(StoreError::WrongPassphrase)));
    assert!(matches!(open(None), Err(StoreError::NoPassphrase)));
}

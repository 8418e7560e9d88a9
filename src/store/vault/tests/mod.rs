//! What the vault promises, on real files.

mod together;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::store::vault::recovery::RecoveryCode;

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

#[test]
fn a_change_of_any_byte_of_a_vault_is_noticed() {
    let (home, vault) = Home::new();
    vault.put(&item("A"), &secret("one")).unwrap();
    vault.put(&item("B"), &secret("two")).unwrap();
    let good = home.bytes();
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 1 << (place % 8);
        fs::write(&home.path, &bad).unwrap();
        let read = home.open_with(raw(1)).and_then(|vault| vault.get_many(&[item("A"), item("B")]));
        let error = read.expect_err(&format!("byte {place} was changed and not noticed"));
        let is_told = matches!(error, StoreError::Damaged { .. } | StoreError::UnknownVersion { .. });
        assert!(is_told, "byte {place}: {error}");
    }
    // A value beside the damaged one is still there.
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    fs::write(&home.path, &bad).unwrap();
    assert_eq!(value(&home.open(), "A").unwrap(), "one");
    assert!(matches!(home.open().get(&item("B")), Err(StoreError::Damaged { .. })));
}

#[test]
fn every_truncation_and_every_addition_is_noticed() {
    let (home, vault) = Home::new();
    vault.put(&item("A"), &secret("one")).unwrap();
    let good = home.bytes();
    for length in 0..good.len() {
        fs::write(&home.path, &good[..length]).unwrap();
        let read = home.open_with(raw(1)).and_then(|vault| vault.get(&item("A")));
        assert!(matches!(read, Err(StoreError::Damaged { .. })), "{length}");
    }
    fs::write(&home.path, [&good[..], b"x"].concat()).unwrap();
    assert!(matches!(home.open().get(&item("A")), Err(StoreError::Damaged { .. })));
}

#[test]
fn the_record_of_another_item_or_of_another_day_is_refused() {
    let (home, vault) = Home::new();
    let record = 3 + cipher::OVERHEAD;
    vault.put(&item("A"), &secret("one")).unwrap();
    let older = home.bytes();
    vault.put(&item("B"), &secret("two")).unwrap();
    vault.put(&item("A"), &secret("new")).unwrap();
    let good = home.bytes();
    let records = good.len() - 2 * record;

    let mut swapped = good.clone();
    swapped[records..].rotate_left(record);
    fs::write(&home.path, &swapped).unwrap();
    assert!(matches!(home.open().get(&item("A")), Err(StoreError::Damaged { .. })));

    let mut replayed = good.clone();
    replayed[records..records + record].copy_from_slice(&older[older.len() - record..]);
    fs::write(&home.path, &replayed).unwrap();
    assert!(matches!(home.open().get(&item("A")), Err(StoreError::Damaged { .. })));

    fs::write(&home.path, &good).unwrap();
    assert_eq!(value(&home.open(), "A").unwrap(), "new");
}

#[test]
fn records_open_as_what_they_were_sealed_as_even_if_an_index_lists_them_elsewhere() {
    let (_home, vault) = Home::new();
    vault.put(&item("A"), &secret("one")).unwrap();
    let reading = vault.read().unwrap();
    let (layout, index) = vault.decrypt(&reading).unwrap();
    let mut entry = vault.entries(&layout, &index).unwrap().remove(0);
    let open =
        |entry: &Entry<'_>, name| contents::open_record(&vault.dek, &layout.header, &item(name), entry);
    assert!(open(&entry, "A").is_ok());
    assert!(open(&entry, "B").is_err());
    entry.generation -= 1;
    assert!(open(&entry, "A").is_err());
    entry.generation += 1;
    entry.id[0] ^= 1;
    assert!(open(&entry, "A").is_err());
}

#[test]
fn an_older_file_is_refused_until_somebody_accepts_it() {
    let (home, vault) = Home::new();
    vault.put(&item("A"), &secret("old")).unwrap();
    let older = home.bytes();
    vault.put(&item("A"), &secret("new")).unwrap();
    fs::write(&home.path, &older).unwrap();
    let error = home.open_with(raw(1)).unwrap_err();
    assert!(matches!(error, StoreError::RolledBack { found: 2, seen: 3, .. }), "{error}");
    assert!(matches!(vault.get(&item("A")), Err(StoreError::RolledBack { .. })));
    assert!(matches!(vault.put(&item("A"), &secret("x")), Err(StoreError::RolledBack { .. })));

    let accepted = Vault::open(&home.path, &mut Some(raw(1)), Rollback::Accept).unwrap();
    assert_eq!(value(&accepted, "A").unwrap(), "old");
    assert_eq!(value(&home.open(), "A").unwrap(), "old", "accepted once, it is no news any more");
}

#[test]
fn later_versions_are_refused_by_name() {
    let (home, _vault) = Home::new();
    let good = home.bytes();
    let refused = |bytes: &[u8]| {
        fs::write(&home.path, bytes).unwrap();
        let error = home.open_with(raw(1)).unwrap_err();
        assert!(matches!(error, StoreError::UnknownVersion { .. }), "{error}");
        error.to_string()
    };
    let mut later = good.clone();
    later[9] = 2;
    assert!(refused(&later).ends_with("has format 2, and this mcpcred knows 1"));
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let place = good.windows(from.len()).position(|it| it == from.as_bytes()).unwrap();
        let mut changed = good.clone();
        changed[place..place + from.len()].copy_from_slice(to.as_bytes());
        changed
    };
    let cipher = refused(&replaced("xchacha20poly1305", "aes-256-gcm-siv-2"));
    assert!(cipher.ends_with("has cipher aes-256-gcm-siv-2, and this mcpcred knows xchacha20poly1305"));
    assert!(refused(&replaced("hkdf-sha256", "hkdf-sha512")).contains("key derivation hkdf-sha512"));
    assert!(refused(&replaced("key-file", "pass-key")).contains("slot kind pass-key"));
}

#[test]
fn a_hostile_header_costs_nothing() {
    let (home, _vault) = Home::new();
    let front = |header: &str| {
        let mut bytes = b"MCPCREDV\0\x01".to_vec();
        bytes.extend_from_slice(&u32::try_from(header.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&cipher::sha256(&bytes));
        bytes.extend_from_slice(&40_u32.to_be_bytes());
        bytes.extend_from_slice(&[0; 40]);
        bytes
    };
    let slot = |m: u64, t: u64, p: u64| {
        let (salt, nonce, wrapped) = ("A".repeat(22) + "==", "A".repeat(32), "A".repeat(64));
        format!(
            r#"{{"id":1,"kind":"passphrase","kdf":{{"name":"argon2id","m_kib":{m},"t":{t},"p":{p},
            "salt":"{salt}"}},"nonce":"{nonce}","wrapped_dek":"{wrapped}","created":"2026-01-01T00:00:00Z"}}"#
        )
    };
    let header = |slots: &str| {
        let (id, check) = ("0".repeat(32), "A".repeat(43) + "=");
        front(&format!(
            r#"{{"vault_id":"{id}","created":"2026-01-01T00:00:00Z","generation":1,
            "cipher":"xchacha20poly1305","slots":[{slots}],"key_check":"{check}"}}"#
        ))
    };
    assert!(format::parse(&header(&slot(65536, 3, 1))).is_ok(), "the test would prove nothing");
    let lengths = [b"MCPCREDV\0\x01\xff\xff\xff\xff".to_vec(), b"MCPCREDV\0\x01\0\0\0\x02{}".to_vec()];
    let costs = [(u64::from(u32::MAX), 3, 1), (65536, 1000, 1), (65536, 3, 200), (1 << 40, 3, 1), (0, 0, 0)];
    let costs = costs.map(|(m, t, p)| header(&slot(m, t, p)));
    let many = header(&vec![slot(65536, 3, 1); 65].join(","));
    let nested = front(&"[".repeat(60_000));
    for bytes in lengths.into_iter().chain(costs).chain([header(""), many, nested]) {
        fs::write(&home.path, &bytes).unwrap();
        let start = std::time::Instant::now();
        let error = home.open_with(passphrase("x")).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn eight_writers_at_once_lose_nothing() {
    let (home, _vault) = Home::new();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let home = &home;
            scope.spawn(move || {
                let vault = home.open();
                for number in 0..25 {
                    let name = format!("W{writer}_{number}");
                    vault.put(&item(&name), &secret(&name)).unwrap();
                    assert_eq!(value(&vault, &name).unwrap(), name);
                }
            });
        }
        let reader = home.open();
        for _ in 0..200 {
            reader.keys().unwrap();
        }
    });
    let vault = home.open();
    assert_eq!(vault.keys().unwrap().len(), 200);
    assert_eq!(Vault::facts(&home.path).unwrap().generation, 201);
    for key in vault.keys().unwrap() {
        assert_eq!(vault.get(&key).unwrap().unwrap(), secret(key.account()));
    }
}

#[test]
fn one_open_vault_serves_many_threads() {
    let (_home, vault) = Home::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let vault = &vault;
            scope.spawn(move || {
                for number in 0..25 {
                    let name = format!("T{thread}_{}", number % 3);
                    vault.put(&item(&name), &secret(&number.to_string())).unwrap();
                    assert_eq!(value(vault, &name).unwrap(), number.to_string());
                }
            });
        }
    });
    assert_eq!(vault.keys().unwrap().len(), 12);
}

#[test]
fn two_open_vaults_see_what_the_other_wrote() {
    let (home, one) = Home::new();
    let (two, three) = (home.open(), home.open());
    one.put(&item("A"), &secret("first")).unwrap();
    assert_eq!(value(&two, "A").unwrap(), "first");
    two.put(&item("A"), &secret("second")).unwrap();
    assert_eq!(value(&one, "A").unwrap(), "second");
    assert_eq!(value(&three, "A").unwrap(), "second");
    assert!(three.remove(&item("A")).unwrap());
    assert_eq!(value(&one, "A"), None);
}

#[test]
fn a_vault_is_never_made_over_another() {
    let (home, vault) = Home::new();
    vault.put(&item("A"), &secret("kept")).unwrap();
    let again = Vault::create(&home.path, &raw(2), SlotKind::KeyFile, Argon2Cost::LEAST, now());
    let is_refused = matches!(&again, Err(StoreError::File { source, .. })
        if source.kind() == io::ErrorKind::AlreadyExists);
    assert!(is_refused, "{again:?}");
    assert_eq!(value(&home.open(), "A").unwrap(), "kept");
    assert!(Vault::exists(&home.path));
    let nowhere = home.path.with_file_name("other");
    assert!(!Vault::exists(&nowhere));
    let missing = Vault::open(&nowhere, &mut Some(raw(1)), Rollback::Refuse);
    assert!(matches!(missing, Err(StoreError::Absent { store: StoreKind::Vault, .. })));
}

#[test]
fn values_of_any_size_and_content_are_kept_and_empty_ones_refused() {
    let (home, vault) = Home::new();
    let every_byte: Vec<u8> = (0..=255).collect();
    for value in [vec![0], every_byte.repeat(8), vec![0xff; MAX_SECRET]] {
        vault.put(&item("A"), &Secret::copy_of(&value)).unwrap();
        assert!(home.open().get(&item("A")).unwrap().unwrap().expose_secret() == value);
    }
    assert!(matches!(vault.put(&item("A"), &secret("")), Err(StoreError::Empty { .. })));
    let too_long = Secret::new(vec![1; MAX_SECRET + 1]);
    assert!(matches!(vault.put(&item("A"), &too_long), Err(StoreError::Failed { .. })));
}

#[test]
fn nothing_of_a_value_or_a_name_stands_readable_in_the_folder() {
    let (home, vault) = Home::new();
    vault.put(&item("SECRET_NAME"), &secret("a-very-secret-value")).unwrap();
    for entry in fs::read_dir(home.path.parent().unwrap()).unwrap() {
        let content = fs::read(entry.unwrap().path()).unwrap();
        for hidden in ["SECRET_NAME", "a-very-secret-value"] {
            assert!(!content.windows(hidden.len()).any(|it| it == hidden.as_bytes()));
        }
    }
}

#[cfg(unix)]
#[test]
fn a_read_only_vault_is_read_and_not_written() {
    use std::os::unix::fs::PermissionsExt;
    let (home, vault) = Home::new();
    vault.put(&item("A"), &secret("one")).unwrap();
    let folder = home.path.parent().unwrap();
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o400, 0o444] {
        set(&home.path, mode);
        set(folder, 0o555);
        let vault = home.open();
        assert_eq!(value(&vault, "A").unwrap(), "one");
        for written in [vault.put(&item("B"), &secret("two")), vault.remove(&item("A")).map(|_| ())] {
            assert!(matches!(written, Err(StoreError::File { .. })), "{written:?}");
        }
        set(folder, 0o700);
    }
    set(&home.path, 0o622);
    let error = home.open_with(raw(1)).unwrap_err();
    assert!(error.to_string().contains("can be written by other users"), "{error}");
    set(&home.path, 0o600);
    assert_eq!(value(&home.open(), "A").unwrap(), "one");
}

#[test]
fn slots_of_every_kind_open_the_same_vault() {
    let (home, vault) = Home::new();
    let cost = Argon2Cost::LEAST;
    vault.put(&item("A"), &secret("one")).unwrap();
    let code = RecoveryCode::generate().unwrap();
    assert_eq!(vault.add_slot(&passphrase("hello"), SlotKind::Passphrase, cost, now()).unwrap(), 2);
    vault.add_slot(&raw(3), SlotKind::Credential, cost, now()).unwrap();
    vault.add_slot(&code.key(), SlotKind::Recovery, cost, now()).unwrap();
    let kinds: Vec<_> = vault.slots().unwrap().iter().map(|slot| (slot.id, slot.kind)).collect();
    let expected = [SlotKind::KeyFile, SlotKind::Passphrase, SlotKind::Credential, SlotKind::Recovery];
    assert_eq!(kinds, (1..).zip(expected).collect::<Vec<_>>());
    assert_eq!(vault.slots().unwrap()[1].derivation, "argon2id, 7 MiB, t=5, p=1");

    let typed = String::from_utf8(code.text().expose_secret().to_ascii_lowercase()).unwrap();
    let keys = [raw(1), raw(3), passphrase("hello"), code.key(), passphrase(&typed)];
    for key in keys {
        assert_eq!(value(&home.open_with(key).unwrap(), "A").unwrap(), "one");
    }
    assert!(matches!(home.open_with(raw(9)), Err(StoreError::WrongPassphrase)));
    let typo = home.open_with(passphrase(&typed[1..])).unwrap_err();
    assert!(typo.to_string().contains("group 1 of the recovery code has 4 characters"), "{typo}");
}

#[test]
fn a_changed_passphrase_leaves_the_old_one_behind_and_all_else_in_place() {
    let (home, vault) = Home::new();
    let cost = Argon2Cost::LEAST;
    vault.put(&item("A"), &secret("one")).unwrap();
    vault.change_passphrase(&UnlockKey::passphrase(secret("first")).unwrap(), cost, now()).unwrap();
    let other = home.open_with(passphrase("first")).unwrap();
    vault.change_passphrase(&UnlockKey::passphrase(secret("second")).unwrap(), cost, now()).unwrap();
    assert!(matches!(home.open_with(passphrase("first")), Err(StoreError::WrongPassphrase)));
    assert_eq!(value(&home.open_with(passphrase("second")).unwrap(), "A").unwrap(), "one");
    assert_eq!(vault.slots().unwrap().len(), 2);
    // Who was in stays in, and what it writes keeps the new passphrase.
    other.put(&item("A"), &secret("two")).unwrap();
    assert_eq!(value(&home.open_with(passphrase("second")).unwrap(), "A").unwrap(), "two");
    assert!(matches!(UnlockKey::passphrase(secret("")), Err(StoreError::NoPassphrase)));
    let short = UnlockKey::Raw(Secret::new(vec![1; 31]));
    assert!(vault.add_slot(&short, SlotKind::KeyFile, cost, now()).is_err());
    let cheap = Argon2Cost { m_kib: 64, t: 1, p: 1 };
    assert!(vault.change_passphrase(&UnlockKey::passphrase(secret("third")).unwrap(), cheap, now()).is_err());
}

#[test]
fn a_removed_slot_opens_nothing_and_the_last_one_stays() {
    let (home, vault) = Home::new();
    vault.add_slot(&raw(2), SlotKind::KeyFile, Argon2Cost::LEAST, now()).unwrap();
    assert!(vault.remove_slot(1).unwrap());
    assert!(!vault.remove_slot(1).unwrap());
    assert!(matches!(home.open_with(raw(1)), Err(StoreError::WrongPassphrase)));
    assert!(matches!(vault.remove_slot(2), Err(StoreError::File { .. })));
    assert!(home.open_with(raw(2)).is_ok());
}

/// A vault made by the first release: whatever changes, it opens.
#[test]
fn a_vault_of_the_first_format_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    fs::write(&path, include_bytes!("../format-1.vault")).unwrap();
    for key in [raw(1), passphrase("correct horse")] {
        let vault = Vault::open(&path, &mut Some(key), Rollback::Refuse).unwrap();
        assert_eq!(value(&vault, "GITHUB_TOKEN").unwrap(), "an-example-value");
        assert_eq!(value(&vault, "GITHUB_TOKEN~previous").unwrap(), "an-older-value");
    }
}

#[test]
#[ignore = "makes the file that the test above opens"]
fn make_a_vault_of_this_format() {
    let (home, vault) = Home::new();
    vault
        .change_passphrase(&UnlockKey::passphrase(secret("correct horse")).unwrap(), Argon2Cost::LEAST, now())
        .unwrap();
    vault.put(&item("GITHUB_TOKEN"), &secret("an-example-value")).unwrap();
    vault.put(&item("GITHUB_TOKEN~previous"), &secret("an-older-value")).unwrap();
    fs::copy(&home.path, concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/vault/format-1.vault")).unwrap();
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        _ = format::parse(&bytes);
        _ = format::parse(&[b"MCPCREDV\0\x01\0\0", &bytes[..]].concat());
        _ = index::read(&bytes, &bytes);
    }

    #[test]
    fn an_index_reads_as_it_was_written(items in proptest::collection::vec(
        ("[A-Z]{1,20}", proptest::num::u64::ANY, proptest::collection::vec(proptest::num::u8::ANY, 0..50)), 0..20)
    ) {
        let keys: Vec<ItemKey> = items.iter().map(|(name, ..)| item(name)).collect();
        let written: Vec<Entry<'_>> = keys.iter().zip(&items)
            .map(|(key, (_, generation, record))| Entry::new(key, [7; 16], *generation, record)).collect();
        let bytes = index::write(&written).unwrap();
        let records = items.iter().flat_map(|(.., record)| record.clone()).collect::<Vec<_>>();
        let read = index::read(&bytes, &records).unwrap();
        proptest::prop_assert_eq!(read.len(), keys.len());
        for ((entry, key), (_, generation, record)) in read.iter().zip(&keys).zip(&items) {
            proptest::prop_assert!(entry.is(key) && entry.is_intact() && entry.record == *record);
            proptest::prop_assert_eq!(entry.generation, *generation);
        }
        proptest::prop_assert!(index::read(&bytes, &[&records[..], b"x"].concat()).is_err());
    }
}

#[test]
fn it_keeps_what_every_store_promises() {
    let (_home, vault) = Home::new();
    crate::store::conformance::check(&vault);
}

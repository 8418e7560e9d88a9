//! What every store promises, as one suite that runs against each of them.

use std::collections::BTreeSet;
use std::thread;

use crate::name::{CredentialName, Profile};
use crate::secret::{MAX_SECRET, Secret};
use crate::store::{CredentialStore, ItemKey, Slot};

/// Checks the whole contract of [`CredentialStore`] in the profile `conformance`, of which it leaves no item
/// there, nor any that an earlier run has left.
pub(crate) fn check(store: &dyn CredentialStore) {
    for left in ours(store) {
        store.remove(&left).unwrap();
    }
    what_is_not_there_is_absent(store);
    what_is_put_is_given_back(store);
    every_size_comes_back(store);
    every_byte_comes_back(store);
    the_longest_name_is_taken(store);
    putting_again_replaces(store);
    many_are_given_in_their_order(store);
    many_are_stored_in_their_order(store);
    keys_are_listed(store);
    names_and_slots_and_profiles_are_kept_apart(store);
    eight_threads_keep_out_of_each_others_way(store);
    eight_threads_write_one_item_and_no_value_is_torn(store);
}

/// The key of a credential in the suite's own profile.
pub(crate) fn key(name: &str) -> ItemKey {
    key_in("conformance", name, Slot::Current)
}

fn key_in(profile: &str, name: &str, slot: Slot) -> ItemKey {
    let profile: Profile = profile.parse().unwrap();
    let name: CredentialName = name.parse().unwrap();
    ItemKey::credential(&profile, &name, slot)
}

#[track_caller]
fn round_trip(store: &dyn CredentialStore, key: &ItemKey, bytes: &[u8]) {
    let secret = Secret::copy_of(bytes);
    store.put(key, &secret).unwrap();
    assert_eq!(store.get(key).unwrap(), Some(secret), "{} bytes of {key}", bytes.len());
}

fn what_is_not_there_is_absent(store: &dyn CredentialStore) {
    assert_eq!(store.get(&key("NOWHERE")).unwrap(), None);
    assert!(!store.remove(&key("NOWHERE")).unwrap());
    assert_eq!(store.get_many(&[]).unwrap().len(), 0);
}

fn what_is_put_is_given_back(store: &dyn CredentialStore) {
    round_trip(store, &key("TOKEN"), b"s3cret");
    assert!(store.remove(&key("TOKEN")).unwrap());
    assert_eq!(store.get(&key("TOKEN")).unwrap(), None);
    assert!(!store.remove(&key("TOKEN")).unwrap(), "removing twice");
}

fn every_size_comes_back(store: &dyn CredentialStore) {
    let sizes = [1, 15, 16, 17, 1280, 2048, 2049, 2560, 2561, 5000, 64 * 1024, 64 * 1024 + 1, MAX_SECRET];
    for size in sizes {
        round_trip(store, &key("SIZE"), &vec![b'x'; size]);
    }
    assert!(store.remove(&key("SIZE")).unwrap());
}

fn every_byte_comes_back(store: &dyn CredentialStore) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let odd: [&[u8]; 9] = [
        b"\0",
        b"\xff",
        b"a\0b",
        b"ends with a newline\n",
        b"\r\n\t ",
        "grüße 🔑".as_bytes(),
        "\u{feff}mark".as_bytes(),
        b"mcpcred-ref:v1:x:1:AAAA",
        &every_byte,
    ];
    for bytes in odd {
        round_trip(store, &key("BYTES"), bytes);
    }
    assert!(store.remove(&key("BYTES")).unwrap());
}

fn the_longest_name_is_taken(store: &dyn CredentialStore) {
    let longest = "N".repeat(CredentialName::MAX);
    let key = key_in("conformance", &longest, Slot::Previous);
    round_trip(store, &key, b"value");
    assert!(store.remove(&key).unwrap());
}

fn putting_again_replaces(store: &dyn CredentialStore) {
    for bytes in [&b"first"[..], b"second, longer", b"3", &vec![b'4'; 100_000], b"5"] {
        round_trip(store, &key("AGAIN"), bytes);
    }
    assert_eq!(ours(store), BTreeSet::from([key("AGAIN")]), "one item, not five");
    assert!(store.remove(&key("AGAIN")).unwrap());
}

fn many_are_given_in_their_order(store: &dyn CredentialStore) {
    let keys: Vec<_> = (0..20).map(|number| key(&format!("MANY_{number}"))).collect();
    for (number, key) in keys.iter().enumerate().filter(|(number, _)| number % 3 != 0) {
        store.put(key, &Secret::copy_of(format!("value {number}").as_bytes())).unwrap();
    }
    let mut asked: Vec<_> = keys.iter().rev().cloned().collect();
    asked.push(keys[1].clone());
    let found = store.get_many(&asked).unwrap();
    assert_eq!(found.len(), 21);
    for (number, found) in (0..20).rev().chain([1]).zip(found) {
        let expected = (number % 3 != 0).then(|| Secret::copy_of(format!("value {number}").as_bytes()));
        assert_eq!(found, expected, "value {number}");
    }
    for key in &keys {
        store.remove(key).unwrap();
    }
}

fn many_are_stored_in_their_order(store: &dyn CredentialStore) {
    store.put_many(&[]).unwrap();
    store.put(&key("MANY_1"), &Secret::copy_of(b"former")).unwrap();
    store.put(&key("MANY_2"), &Secret::new(vec![b'f'; 70_000])).unwrap();
    let mut keys: Vec<_> = (0..20).map(|number| key(&format!("MANY_{number}"))).collect();
    let sizes = [1, 5, 100, 3000, 70_000];
    let mut secrets: Vec<_> =
        (b'a'..).zip(0..20).map(|(letter, number)| Secret::new(vec![letter; sizes[number % 5]])).collect();
    // The last one counts.
    keys.push(keys[3].clone());
    secrets.push(Secret::copy_of(b"the last"));
    let items: Vec<_> = keys.iter().cloned().zip(&secrets).collect();
    store.put_many(&items).unwrap();
    let found = store.get_many(&keys).unwrap();
    for (number, (found, expected)) in found.iter().zip(&secrets).enumerate().filter(|(at, _)| *at != 3) {
        assert!(found.as_ref() == Some(expected), "value {number}");
    }
    assert_eq!(ours(store).len(), 20);
    for key in &keys[..20] {
        assert!(store.remove(key).unwrap());
    }
}

fn keys_are_listed(store: &dyn CredentialStore) {
    assert_eq!(ours(store), BTreeSet::new());
    let keys = [key("LISTED"), key_in("conformance", "LISTED", Slot::Previous), key("large")];
    for (key, size) in keys.iter().zip([5, 6, 70_000]) {
        store.put(key, &Secret::copy_of(&vec![b'x'; size])).unwrap();
    }
    assert_eq!(ours(store), BTreeSet::from(keys.clone()));
    for key in &keys {
        assert!(store.remove(key).unwrap());
    }
    assert_eq!(ours(store), BTreeSet::new());
}

fn names_and_slots_and_profiles_are_kept_apart(store: &dyn CredentialStore) {
    let keys = [
        key_in("conformance", "TOKEN", Slot::Current),
        key_in("conformance", "TOKEN", Slot::Previous),
        key_in("conformance", "TOKEN2", Slot::Current),
        key_in("conformance.b", "TOKEN", Slot::Current),
        ItemKey::vault_key("0f0f"),
    ];
    for (number, key) in keys.iter().enumerate() {
        store.put(key, &Secret::copy_of(format!("value {number}").as_bytes())).unwrap();
    }
    for (number, key) in keys.iter().enumerate() {
        let expected = Secret::copy_of(format!("value {number}").as_bytes());
        assert_eq!(store.get(key).unwrap(), Some(expected), "{key}");
        assert!(store.remove(key).unwrap());
        assert_eq!(store.get(key).unwrap(), None);
    }
}

fn eight_threads_keep_out_of_each_others_way(store: &dyn CredentialStore) {
    thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || {
                let key = key(&format!("THREAD_{number}"));
                for round in 0..5 {
                    round_trip(store, &key, format!("thread {number}, round {round}").as_bytes());
                }
                assert!(store.remove(&key).unwrap());
            });
        }
    });
}

fn eight_threads_write_one_item_and_no_value_is_torn(store: &dyn CredentialStore) {
    let key = &key("SHARED");
    store.put(key, &Secret::copy_of(&[b'0'; 3000])).unwrap();
    thread::scope(|scope| {
        for number in 0..8_u8 {
            scope.spawn(move || {
                for _ in 0..5 {
                    store.put(key, &Secret::copy_of(&[b'0' + number; 3000])).unwrap();
                    let found = store.get(key).unwrap().expect("there at every moment");
                    let bytes = found.expose_secret();
                    assert_eq!(bytes.len(), 3000);
                    assert!(bytes.iter().all(|byte| *byte == bytes[0]), "torn");
                }
            });
        }
    });
    assert!(store.remove(key).unwrap());
    assert_eq!(store.get(key).unwrap(), None);
}

fn ours(store: &dyn CredentialStore) -> BTreeSet<ItemKey> {
    let all = store.keys().unwrap();
    let count = all.len();
    let all: BTreeSet<_> = all.into_iter().collect();
    assert_eq!(all.len(), count, "listed twice");
    all.into_iter().filter(|key| key.service() == "mcpcred:conformance").collect()
}

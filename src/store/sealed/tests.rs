//! What survives when a value rests in two places.

use super::*;
use crate::store::conformance::{self, key};
use crate::store::memory::Memory;

const INLINE: usize = 64;

fn sealed_in(folder: &Path) -> Sealed {
    Sealed::new(Box::new(Memory::default()), folder.join("sealed"), INLINE)
}

fn long(letter: u8) -> Secret {
    Secret::new(vec![letter; INLINE + 1])
}

#[test]
fn it_keeps_what_a_store_promises() {
    for inline_limit in [0, INLINE, 2048, 64 * 1024] {
        let folder = tempfile::tempdir().unwrap();
        let memory = Box::new(Memory::default());
        conformance::check(&Sealed::new(memory, folder.path().join("sealed"), inline_limit));
    }
}

#[test]
fn what_a_store_takes_stays_readable_for_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    let store = sealed_in(folder.path());
    for text in ["ghp_abc", "two\nlines\r\n", "grüße 🔑"] {
        store.put(&key("A"), &Secret::copy_of(text.as_bytes())).unwrap();
        assert_eq!(store.native.get(&key("A")).unwrap(), Some(Secret::copy_of(text.as_bytes())));
    }
    assert!(!store.folder.exists(), "no folder without need");
}

#[test]
fn what_a_store_could_change_is_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let store = sealed_in(folder.path());
    let values: [&[u8]; 5] = [b"\xff", b"a\0", b"\x1b[0m", b"mcpcred-ref:", &[b'x'; INLINE + 1]];
    for bytes in values {
        store.put(&key("A"), &Secret::copy_of(bytes)).unwrap();
        let item = store.native.get(&key("A")).unwrap().unwrap();
        let text = item.expose_secret_str().unwrap();
        assert!(text.starts_with("mcpcred-ref:v1:") && text.is_ascii() && text.len() < 140, "{}", text.len());
        let files = store.files("").unwrap();
        assert_eq!(files.len(), 1, "the former file went");
        let content = fs::read(&files[0]).unwrap();
        assert!(bytes.len() < 4 || !content.windows(bytes.len()).any(|part| part == bytes));
        assert_eq!(store.get(&key("A")).unwrap().unwrap().expose_secret(), bytes);
    }
}

#[test]
fn generations_count_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = sealed_in(folder.path());
    for expected in 1..4 {
        store.put(&key("A"), &long(b'x')).unwrap();
        let item = store.native.get(&key("A")).unwrap().unwrap();
        assert_eq!(store.parse(&item).unwrap().unwrap().generation, expected);
    }
}

#[test]
fn a_short_value_and_a_removal_take_the_file_along() {
    let folder = tempfile::tempdir().unwrap();
    let store = sealed_in(folder.path());
    store.put(&key("A"), &long(b'x')).unwrap();
    store.put(&key("A"), &Secret::copy_of(b"short")).unwrap();
    assert!(store.files("").unwrap().is_empty());
    store.put(&key("A"), &long(b'x')).unwrap();
    assert!(store.remove(&key("A")).unwrap());
    assert!(store.files("").unwrap().is_empty());
}

#[test]
fn a_missing_or_changed_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = sealed_in(folder.path());
    store.put(&key("A"), &long(b'x')).unwrap();
    let file = store.files("").unwrap().remove(0);
    let content = fs::read(&file).unwrap();
    for index in 0..content.len() {
        let mut changed = content.clone();
        changed[index] ^= 1;
        private_file::replace(&file, &changed).unwrap();
        assert!(store.get(&key("A")).is_err(), "byte {index}");
    }
    private_file::replace(&file, &content[..20]).unwrap();
    assert!(matches!(store.get(&key("A")), Err(StoreError::Damaged { .. })));
    private_file::remove(&file).unwrap();
    let error = store.get(&key("A")).unwrap_err();
    assert!(
        matches!(&error, StoreError::Damaged { path, detail } if *path == file && *detail == "it is missing")
    );
    assert!(store.remove(&key("A")).unwrap(), "and can be removed");
}

#[test]
fn an_item_copied_over_another_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let store = sealed_in(folder.path());
    store.put(&key("A"), &long(b'a')).unwrap();
    let item = store.native.get(&key("A")).unwrap().unwrap();
    store.native.put(&key("B"), &item).unwrap();
    assert!(matches!(store.get(&key("B")), Err(StoreError::Damaged { .. })));
}

#[test]
fn references_of_nobody_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = sealed_in(folder.path());
    let path = "mcpcred-ref:v1:../../0123456789abcdef-0123456789abcdef:1:AAAA";
    for text in ["mcpcred-ref:v1:", "mcpcred-ref:v1:a:b:c", "mcpcred-ref:v1:x:1:AA:AA", path] {
        store.native.put(&key("A"), &Secret::copy_of(text.as_bytes())).unwrap();
        assert!(matches!(store.get(&key("A")), Err(StoreError::Damaged { .. })), "{text}");
    }
    store.native.put(&key("A"), &Secret::copy_of(b"mcpcred-ref:v2:future")).unwrap();
    assert!(matches!(store.get(&key("A")), Err(StoreError::UnknownVersion { .. })));
}

#[test]
fn a_crash_leaves_an_orphan_and_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let store = sealed_in(folder.path());
    store.put(&key("A"), &long(b'a')).unwrap();
    store.put(&key("B"), &long(b'b')).unwrap();
    assert_eq!(store.orphans().unwrap(), Vec::<PathBuf>::new());

    // Killed after the file was written: of a new item, and of one that was there.
    let crash = |name: &str| {
        let reference = Reference::fresh(&key(name), 2).unwrap();
        let path = store.path(&reference.record);
        private_file::replace(&path, &seal(&long(b'c'), &reference.key, b"").unwrap()).unwrap();
        path
    };
    let mut expected = vec![crash("NEW"), crash("A")];
    expected.sort();
    let mut orphans = store.orphans().unwrap();
    orphans.sort();
    assert_eq!(orphans, expected);
    assert_eq!(store.get(&key("A")).unwrap(), Some(long(b'a')));

    assert_eq!(store.sweep().unwrap(), 0, "they may be of a writer at work");
    let old = fs::FileTimes::new()
        .set_modified(fs::metadata(&orphans[0]).unwrap().modified().unwrap() - 2 * SETTLED);
    fs::File::options().write(true).open(&orphans[0]).unwrap().set_times(old).unwrap();
    assert_eq!(store.sweep().unwrap(), 1);
    assert_eq!(store.orphans().unwrap().len(), 1);
    assert_eq!(store.get(&key("B")).unwrap(), Some(long(b'b')));
}

#[test]
fn readers_see_the_old_or_the_new_value_while_writers_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = &sealed_in(folder.path());
    store.put(&key("A"), &long(b'0')).unwrap();
    std::thread::scope(|scope| {
        for letter in b'1'..=b'3' {
            scope.spawn(move || (0..40).for_each(|_| store.put(&key("A"), &long(letter)).unwrap()));
        }
        for _ in 0..3 {
            scope.spawn(move || {
                for _ in 0..200 {
                    let found = store.get(&key("A")).unwrap().unwrap();
                    assert!((b'0'..=b'3').any(|letter| found == long(letter)));
                }
            });
        }
    });
}

proptest::proptest! {
    #[test]
    fn no_item_makes_it_panic(text in "(mcpcred-ref:)?(v1:)?[a-f0-9:/.-]{0,80}|.*") {
        let folder = tempfile::tempdir().unwrap();
        let store = sealed_in(folder.path());
        store.native.put(&key("A"), &Secret::copy_of(text.as_bytes())).unwrap();
        _ = store.get(&key("A"));
    }

    #[test]
    fn no_file_makes_it_panic(content: Vec<u8>, with_magic: bool) {
        let content = if with_magic { [&b"MCPCREDS\x01"[..], &content].concat() } else { content };
        let key = CipherKey::from_bytes(&[7; 32]).unwrap();
        proptest::prop_assert!(open(&content, &key, b"", Path::new("x")).is_err());
    }
}

//! What credentials promise when a store does not keep its own promises, and when the clock goes backwards.

mod together;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::credential::{Facts, Kind};
use crate::credentials::relocate::Relocation;
use crate::index::State;
use crate::store::faulty::{Fault, Faulty};
use crate::store::memory::Memory;

/// A clock that a test sets, in seconds.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// A machine with two stores, of which the first can be made to fail.
struct Machine {
    folder: tempfile::TempDir,
    first: Arc<Faulty<Memory>>,
    second: Arc<Memory>,
    hand: Hand,
}

const FIRST: StoreKind = StoreKind::Memory;
const SECOND: StoreKind = StoreKind::Vault;

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let machine = Self {
            folder,
            first: Arc::new(Faulty::new(Memory::default())),
            second: Arc::new(Memory::of_kind(SECOND)),
            hand: Hand::default(),
        };
        machine.hand.0.store(1_800_000_000, Ordering::Relaxed);
        machine.credentials().choose(FIRST, "a test").unwrap();
        machine
    }

    fn credentials(&self) -> Credentials {
        let (first, second) = (Arc::clone(&self.first), Arc::clone(&self.second));
        let open = move |kind| -> Result<Arc<dyn CredentialStore>, StoreError> {
            if kind == FIRST { Ok(Arc::clone(&first) as _) } else { Ok(Arc::clone(&second) as _) }
        };
        let path: &Path = self.folder.path();
        let stores = Stores::new(path, None, Box::new(open));
        Credentials::new(path, Profile::default(), stores, Box::new(self.hand.clone()))
    }

    fn add(&self, name: &str, value: &str) -> Result<(), CredentialError> {
        let credentials = self.credentials();
        let facts = Facts::new(Kind::Token, credentials.now());
        credentials.add(&parse(name), facts, &Secret::copy_of(value.as_bytes()), FIRST)
    }

    fn rotate(
        &self,
        name: &str,
        value: &str,
        keep: SignedDuration,
    ) -> Result<CredentialName, CredentialError> {
        self.credentials().rotate(&parse(name), &Secret::copy_of(value.as_bytes()), keep, |_| ())
    }

    fn value(&self, name: &str) -> Option<String> {
        let secret = self.credentials().get(&parse(name)).ok()?;
        Some(secret.expose_secret_str().unwrap().to_owned())
    }

    fn state(&self, name: &str) -> Option<State> {
        self.credentials().find(&parse(name)).unwrap().map(|(_, entry)| entry.state)
    }
}

fn parse(name: &str) -> CredentialName {
    name.parse().unwrap()
}

fn denied() -> StoreError {
    StoreError::Denied { store: FIRST }
}

#[test]
fn a_store_that_keeps_nothing_or_half_is_noticed_and_nothing_is_listed() {
    for fault in [Fault::KeepNothing, Fault::Truncate(3)] {
        let machine = Machine::new();
        machine.first.set(fault);
        let error = machine.add("A", "a value").unwrap_err();
        assert!(matches!(error, CredentialError::Store(StoreError::NotReadBack { .. })), "{error}");
        machine.first.set(Fault::None);
        assert_eq!((machine.value("A"), machine.state("A")), (None, None));
        machine.add("A", "again").unwrap();
        assert_eq!(machine.value("A").unwrap(), "again");
    }
}

#[test]
fn a_store_that_refuses_changes_nothing() {
    let machine = Machine::new();
    machine.add("A", "old").unwrap();
    machine.first.set(Fault::Everything(denied));
    assert!(machine.add("B", "x").is_err());
    assert!(machine.rotate("A", "new", SignedDuration::ZERO).is_err());
    assert!(machine.credentials().delete(&parse("A")).is_err());
    machine.first.set(Fault::None);
    assert_eq!(machine.value("B"), None);
    // Its deletion was begun on a person's word, and is finished when it is asked for again.
    machine.credentials().delete(&parse("A")).unwrap();
    assert_eq!(machine.state("A"), None);
}

#[test]
fn a_rotation_that_the_store_botches_leaves_the_old_value() {
    let machine = Machine::new();
    machine.add("A", "old").unwrap();
    machine.first.set(Fault::Writing(denied));
    machine.rotate("A", "new", SignedDuration::ZERO).unwrap_err();
    machine.first.set(Fault::None);
    assert_eq!(machine.value("A").unwrap(), "old");
    machine.rotate("A", "new", SignedDuration::ZERO).unwrap();
    assert_eq!((machine.value("A").unwrap().as_str(), machine.state("A")), ("new", Some(State::Stored)));
}

#[test]
fn an_item_that_the_index_lost_is_adopted_and_not_overwritten() {
    let machine = Machine::new();
    machine
        .first
        .put(&machine.credentials().key(&parse("A"), Slot::Current), &Secret::copy_of(b"kept"))
        .unwrap();
    let error = machine.add("A", "other").unwrap_err();
    assert!(matches!(error, CredentialError::Adopted { .. }), "{error}");
    assert_eq!(machine.value("A").unwrap(), "kept");
}

#[test]
fn an_item_that_another_program_removed_is_told_and_can_be_added_again() {
    let machine = Machine::new();
    machine.add("A", "value").unwrap();
    machine.first.remove(&machine.credentials().key(&parse("A"), Slot::Current)).unwrap();
    let error = machine.credentials().get(&parse("A")).unwrap_err();
    assert!(matches!(error, CredentialError::Vanished { .. }), "{error}");
    machine.add("A", "again").unwrap();
    assert_eq!(machine.value("A").unwrap(), "again");
}

#[test]
fn a_move_takes_values_and_former_values_along_and_can_be_repeated() {
    let machine = Machine::new();
    machine.add("A", "first").unwrap();
    machine.rotate("A", "second", SignedDuration::from_hours(1)).unwrap();
    machine.add("B", "b").unwrap();
    let moved = machine.credentials().relocate(SECOND).unwrap();
    assert_eq!(moved, Relocation { moved: 2, left_behind: 0 });
    assert_eq!(machine.credentials().relocate(SECOND).unwrap(), Relocation::default());
    assert_eq!(machine.value("A").unwrap(), "second");
    let previous = machine.credentials().get_previous(&parse("A")).unwrap();
    assert_eq!(previous.expose_secret(), b"first");
    assert!(machine.first.keys().unwrap().is_empty());
    assert_eq!(machine.credentials().stores().current().unwrap().unwrap().kind, SECOND);
}

#[test]
fn a_move_whose_source_cannot_be_emptied_says_so_and_tries_again() {
    let machine = Machine::new();
    machine.add("A", "value").unwrap();
    machine.first.set(Fault::Writing(denied));
    assert_eq!(machine.credentials().relocate(SECOND).unwrap(), Relocation { moved: 1, left_behind: 1 });
    assert_eq!(machine.value("A").unwrap(), "value");
    machine.first.set(Fault::None);
    assert_eq!(machine.credentials().relocate(SECOND).unwrap(), Relocation::default());
    assert!(machine.first.keys().unwrap().is_empty());
}

#[test]
fn a_clock_that_was_set_back_loses_nothing_and_makes_nothing_due() {
    let machine = Machine::new();
    machine.add("A", "first").unwrap();
    machine.rotate("A", "second", SignedDuration::from_hours(1)).unwrap();
    machine.hand.0.store(0, Ordering::Relaxed);
    let (_, entry) = machine.credentials().find(&parse("A")).unwrap().unwrap();
    assert!(!entry.facts.is_rotation_due(machine.credentials().now()));
    machine.rotate("A", "third", SignedDuration::from_hours(1)).unwrap();
    assert_eq!(machine.value("A").unwrap(), "third");
    machine.hand.0.store(1_900_000_000, Ordering::Relaxed);
    assert!(machine.credentials().get_previous(&parse("A")).is_err());
    machine.credentials().repair().unwrap();
    assert_eq!(machine.first.keys().unwrap().len(), 1);
}

#[test]
fn an_index_that_is_lost_comes_back_from_the_store() {
    let machine = Machine::new();
    machine.add("A", "a").unwrap();
    machine.add("B", "b").unwrap();
    std::fs::remove_file(machine.folder.path().join("index.json")).unwrap();
    let credentials = machine.credentials();
    assert_eq!(credentials.list().unwrap().len(), 2);
    assert_eq!(credentials.take_notices(), [Notice::IndexRebuilt { found: 2, damaged: None }]);
    assert_eq!(machine.value("B").unwrap(), "b");
}

#[test]
fn what_is_moved_after_the_index_was_read_is_found_where_it_is_now() {
    let machine = Machine::new();
    machine.add("A", "first").unwrap();
    machine.rotate("A", "second", SignedDuration::from_hours(1)).unwrap();
    let targets = machine.credentials().targets(Some(&[parse("a")])).unwrap();
    machine.credentials().relocate(SECOND).unwrap();
    let values = machine.credentials().values_to_revoke(&targets);
    let values = values.into_iter().map(|value| value.unwrap().unwrap());
    let values: Vec<String> = values.map(|value| value.expose_secret_str().unwrap().to_owned()).collect();
    assert_eq!(values, ["second", "first"]);
    // What is nowhere stays nowhere.
    machine.credentials().delete(&parse("A")).unwrap();
    let values = machine.credentials().values_to_revoke(&targets);
    assert!(values.iter().all(|value| matches!(value, Ok(None))));
}

#[test]
fn what_was_interrupted_is_settled_by_a_repair() {
    let machine = Machine::new();
    machine.add("DONE", "value").unwrap();
    let credentials = machine.credentials();
    credentials
        .write(|index| {
            for (name, state) in
                [("DONE", State::Adding), ("NEVER", State::Adding), ("GONE", State::Removing)]
            {
                let mut entry = Entry::stored(Facts::new(Kind::Token, credentials.now()), FIRST);
                entry.state = state;
                index.put(&credentials.profile, &parse(name), entry);
            }
            Ok(credentials.index.save(index)?)
        })
        .unwrap();
    let repair = credentials.repair().unwrap();
    assert_eq!(repair, Repair { settled: 3, forgotten: 0, adopted: 0, left_behind: 0 });
    assert_eq!(machine.state("DONE"), Some(State::Stored));
    assert_eq!((machine.state("NEVER"), machine.state("GONE")), (None, None));
}

#[test]
fn a_rollback_that_the_store_botches_loses_neither_value() {
    let machine = Machine::new();
    machine.add("A", "first").unwrap();
    machine.rotate("A", "second", SignedDuration::from_hours(1)).unwrap();
    machine.first.set(Fault::Writing(denied));
    machine.credentials().roll_back(&parse("A")).unwrap_err();
    machine.first.set(Fault::None);
    machine.credentials().repair().unwrap();
    let previous = machine.credentials().get_previous(&parse("A")).unwrap();
    assert_eq!((machine.value("A").unwrap().as_str(), previous.expose_secret()), ("second", &b"first"[..]));
    machine.credentials().roll_back(&parse("A")).unwrap();
    let previous = machine.credentials().get_previous(&parse("A")).unwrap();
    assert_eq!((machine.value("A").unwrap().as_str(), previous.expose_secret()), ("first", &b"second"[..]));
    assert_eq!(machine.first.keys().unwrap().len(), 2);
}

#[test]
fn a_rollback_that_was_interrupted_is_finished_by_the_next_command() {
    let machine = Machine::new();
    machine.add("A", "first").unwrap();
    machine.rotate("A", "second", SignedDuration::from_hours(1)).unwrap();
    // As after a kill between the second and the third write.
    let credentials = machine.credentials();
    let key = |slot| credentials.key(&parse("A"), slot);
    machine.first.put(&key(Slot::Rejected), &Secret::copy_of(b"second")).unwrap();
    machine.first.put(&key(Slot::Current), &Secret::copy_of(b"first")).unwrap();
    credentials
        .write(|index| {
            let (name, mut entry) =
                index.find(&credentials.profile, &parse("A")).map(|(n, e)| (n.clone(), e.clone())).unwrap();
            entry.state = State::Rotating;
            index.put(&credentials.profile, &name, entry);
            Ok(credentials.index.save(index)?)
        })
        .unwrap();
    credentials.repair().unwrap();
    let previous = credentials.get_previous(&parse("A")).unwrap();
    assert_eq!((machine.value("A").unwrap().as_str(), previous.expose_secret()), ("first", &b"second"[..]));
    assert_eq!(machine.first.keys().unwrap().len(), 2);
}

#[test]
fn a_failed_rotation_leaves_the_former_value_that_was_kept_already() {
    let machine = Machine::new();
    machine.add("A", "first").unwrap();
    machine.rotate("A", "second", SignedDuration::from_hours(1)).unwrap();
    machine.first.set(Fault::Truncate(4));
    machine.rotate("A", "third", SignedDuration::from_hours(1)).unwrap_err();
    machine.first.set(Fault::None);
    machine.credentials().repair().unwrap();
    assert_eq!(machine.value("A").unwrap(), "second");
}

#[test]
fn a_rollback_brings_the_dates_of_its_value_back() {
    let machine = Machine::new();
    machine.add("A", "first").unwrap();
    let expiry = Timestamp::from_second(1_900_000_000).unwrap();
    let secret = Secret::copy_of(b"second");
    let change = |entry: &mut Entry| entry.facts.expires = Some(expiry);
    machine.hand.0.fetch_add(60, Ordering::Relaxed);
    machine.credentials().rotate(&parse("A"), &secret, SignedDuration::from_hours(1), change).unwrap();
    machine.credentials().roll_back(&parse("A")).unwrap();
    let facts = machine.credentials().find(&parse("A")).unwrap().unwrap().1.facts;
    assert_eq!((facts.expires, facts.rotated), (None, Some(facts.created)));
    machine.credentials().roll_back(&parse("A")).unwrap();
    assert_eq!(machine.credentials().find(&parse("A")).unwrap().unwrap().1.facts.expires, Some(expiry));
}

#[test]
fn a_move_does_not_overwrite_what_it_did_not_put_there() {
    let machine = Machine::new();
    machine.add("A", "ours").unwrap();
    let key = machine.credentials().key(&parse("A"), Slot::Current);
    machine.second.put(&key, &Secret::copy_of(b"of somebody else")).unwrap();
    let error = machine.credentials().relocate(SECOND).unwrap_err();
    assert!(matches!(error, CredentialError::Occupied { .. }), "{error}");
    assert_eq!(machine.second.get(&key).unwrap().unwrap().expose_secret(), b"of somebody else");
    assert_eq!(machine.value("A").unwrap(), "ours");
}

#[test]
fn what_an_interrupted_deletion_left_is_gone_before_the_name_is_used_again() {
    let machine = Machine::new();
    machine.add("A", "old").unwrap();
    machine.first.set(Fault::Everything(denied));
    machine.credentials().delete(&parse("A")).unwrap_err();
    machine.first.set(Fault::None);
    let credentials = machine.credentials();
    credentials
        .write(|index| {
            let mut entry = Entry::stored(Facts::new(Kind::Token, credentials.now()), FIRST);
            entry.state = State::Removing;
            index.put(&credentials.profile, &parse("A"), entry);
            Ok(credentials.index.save(index)?)
        })
        .unwrap();
    let facts = Facts::new(Kind::Token, credentials.now());
    credentials.add(&parse("a"), facts, &Secret::copy_of(b"new"), SECOND).unwrap();
    assert!(machine.first.keys().unwrap().is_empty());
    assert_eq!(machine.value("A").unwrap(), "new");
}

#[test]
fn a_value_that_somebody_else_removed_can_be_rotated_back_in() {
    let machine = Machine::new();
    machine.add("A", "value").unwrap();
    machine.first.remove(&machine.credentials().key(&parse("A"), Slot::Current)).unwrap();
    machine.rotate("A", "again", SignedDuration::ZERO).unwrap();
    assert_eq!(machine.value("A").unwrap(), "again");
}

#[test]
fn a_move_that_is_refused_for_one_value_writes_and_notes_none() {
    let machine = Machine::new();
    machine.add("A", "first").unwrap();
    machine.rotate("A", "second", SignedDuration::from_hours(1)).unwrap();
    let key = machine.credentials().key(&parse("A"), Slot::Current);
    machine.second.put(&key, &Secret::copy_of(b"of somebody else")).unwrap();
    let error = machine.credentials().relocate(SECOND).unwrap_err();
    assert!(matches!(error, CredentialError::Occupied { .. }), "{error}");
    machine.credentials().repair().unwrap();
    assert_eq!(machine.second.keys().unwrap(), std::slice::from_ref(&key));
    assert_eq!(machine.second.get(&key).unwrap().unwrap().expose_secret(), b"of somebody else");
    assert_eq!(machine.value("A").unwrap(), "second");
}

#[test]
fn a_replacement_shows_first_that_the_store_takes_values() {
    let machine = Machine::new();
    machine.add("A", "old").unwrap();
    for fault in [Fault::Writing(denied), Fault::KeepNothing, Fault::Truncate(3)] {
        machine.first.set(fault);
        assert!(machine.credentials().begin_replacement(&parse("A")).is_err());
        machine.first.set(Fault::None);
        assert_eq!(
            (machine.value("A").unwrap(), machine.state("A")),
            ("old".to_owned(), Some(State::Stored))
        );
    }
}

#[test]
fn a_new_value_that_the_store_does_not_take_waits_for_it() {
    let machine = Machine::new();
    machine.add("A", "old").unwrap();
    for (number, fault) in
        [Fault::Writing(denied), Fault::Everything(denied), Fault::KeepNothing].into_iter().enumerate()
    {
        let new = format!("new {number}");
        let credentials = machine.credentials();
        let replacement = credentials.begin_replacement(&parse("A")).unwrap();
        let secret = Secret::copy_of(new.as_bytes());
        replacement.receive(&secret).unwrap();
        machine.first.set(fault);
        replacement.finish(&secret, SignedDuration::ZERO, |_| ()).unwrap_err();
        drop(replacement);
        // As long as nothing can be written, the value in the store is what there is.
        assert_ne!(machine.value("A").as_deref(), Some(new.as_str()));
        machine.first.set(Fault::None);
        assert_eq!(machine.value("A").unwrap(), new);
        assert_eq!(machine.state("A"), Some(State::Stored));
        let keys = machine.first.keys().unwrap();
        assert!(!keys.contains(&ItemKey::credential(&Profile::default(), &parse("A"), Slot::Next)));
    }
}

#[test]
fn a_replacement_that_is_given_up_leaves_nothing_behind() {
    let machine = Machine::new();
    machine.add("A", "old").unwrap();
    machine.credentials().begin_replacement(&parse("A")).unwrap().abandon().unwrap();
    assert_eq!(machine.first.keys().unwrap().len(), 1);
    // One that was dropped without a word is settled by the next reader.
    drop(machine.credentials().begin_replacement(&parse("A")).unwrap());
    assert_eq!(machine.state("A"), Some(State::Replacing));
    assert_eq!(machine.value("A").unwrap(), "old");
    assert_eq!((machine.first.keys().unwrap().len(), machine.state("A")), (1, Some(State::Stored)));
}

#[test]
fn while_a_value_is_replaced_it_is_read_and_a_file_that_does_not_open_is_put_aside() {
    let machine = Machine::new();
    machine.add("A", "old").unwrap();
    let credentials = machine.credentials();
    let replacement = credentials.begin_replacement(&parse("A")).unwrap();
    assert_eq!(machine.value("A").unwrap(), "old");
    assert_eq!(machine.state("A"), Some(State::Replacing));
    replacement.receive(&Secret::copy_of(b"new")).unwrap();
    drop(replacement);
    let folder = machine.folder.path().join("rescue");
    let path = folder.join("default~A.sealed");
    let mut content = std::fs::read(&path).unwrap();
    content[40] ^= 1;
    std::fs::write(&path, content).unwrap();
    assert_eq!(machine.value("A").unwrap(), "old");
    assert_eq!(machine.state("A"), Some(State::Stored));
    assert!(!path.exists() && std::fs::read_dir(folder).unwrap().count() == 1);
}

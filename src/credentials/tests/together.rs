//! Many values that are stored in one go are as many that are stored one after the other.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::audit::anomaly::Rules;
use crate::audit::reader::{self, Filter};
use crate::audit::verify::verify;
use crate::audit::{Circumstances, Journal, Limits, Line, LogFiles, Origin, WhenUnwritable};
use crate::credentials::{New, PartlyAdded};

/// Names of which two are twins, and one looks like a value.
const NAMES: [&str; 6] = ["A", "B", "b", "C", "LONGER_NAME", "ghp_0123456789abcdefghij"];

impl Machine {
    /// The credentials, with a log beside them.
    fn recorded(&self) -> Credentials {
        let journal = Journal::in_folder(self.folder.path(), Limits::default(), Rules::default());
        let circumstances = Circumstances::of(Origin::default());
        let recorder = Recorder::new(Box::new(journal), WhenUnwritable::Refuse, circumstances);
        self.credentials().recording(recorder)
    }

    /// What the log says of each line, but for what is another one in each log.
    fn log(&self) -> Vec<(u64, String, bool)> {
        let mut lines = Vec::new();
        reader::each(&LogFiles::in_folder(self.folder.path()), &Filter::default(), |line, _| {
            let Line { action, outcome, name, store, detail, .. } = &line;
            let words = format!("{action:?} {outcome:?} {name:?} {store:?} {detail:?}");
            lines.push((line.n, words, line.value.is_some()));
            Ok(())
        })
        .unwrap();
        lines
    }

    /// What is known of each credential, and what the store holds of them.
    fn state_of_all(&self) -> (Vec<(CredentialName, Entry)>, BTreeMap<ItemKey, Secret>) {
        let mut keys = self.first.keys().unwrap();
        keys.retain(|key| key.as_credential().is_some());
        let values = self.first.get_many(&keys).unwrap().into_iter().map(Option::unwrap);
        let listed = self.credentials().index_if_whole().unwrap().snapshot();
        (
            listed.into_iter().map(|(_, name, entry)| (name, entry)).collect(),
            keys.into_iter().zip(values).collect(),
        )
    }

    /// Leaves a name as a person, another program or a killed process may have left it.
    fn begin_with(&self, name: &str, before: Before) {
        let credentials = self.recorded();
        let key = credentials.key(&parse(name), Slot::Current);
        if matches!(before, Before::Stored | Before::Vanished) {
            // A twin of it may be there already.
            _ = self.add_recorded(name, b"before");
        }
        if before == Before::Vanished {
            self.first.remove(&key).unwrap();
        }
        if matches!(before, Before::Unknown | Before::Interrupted(State::Adding)) {
            self.first.put(&key, &Secret::copy_of(b"before")).unwrap();
        }
        if let Before::Interrupted(state) = before {
            let change = |index: &mut Index| {
                let mut entry = Entry::stored(Facts::new(Kind::Token, credentials.now()), FIRST);
                entry.state = state;
                index.put(&credentials.profile, &parse(name), entry);
                Ok(credentials.index.save(index)?)
            };
            credentials.write(change).unwrap();
        }
    }

    fn add_recorded(&self, name: &str, value: &[u8]) -> Result<(), CredentialError> {
        let credentials = self.recorded();
        let facts = Facts::new(Kind::Token, credentials.now());
        credentials.add(&parse(name), facts, &Secret::copy_of(value), FIRST)
    }

    /// All in one go: how many were added, and why not more.
    fn add_together(&self, new: &[(&str, Vec<u8>)], credentials: &Credentials) -> (usize, Option<String>) {
        let new: Vec<(CredentialName, Secret)> =
            new.iter().map(|(name, value)| (parse(name), Secret::copy_of(value))).collect();
        let facts = || Facts::new(Kind::Token, credentials.now());
        let all: Vec<New<'_>> =
            new.iter().map(|(name, secret)| New { name, facts: facts(), secret }).collect();
        match credentials.add_all(&all, FIRST) {
            Ok(()) => (all.len(), None),
            Err(PartlyAdded { added, error }) => (added, Some(error.to_string())),
        }
    }

    /// One after the other, up to the first that can't be added.
    fn add_in_turn(&self, new: &[(&str, Vec<u8>)], credentials: &Credentials) -> (usize, Option<String>) {
        for (number, (name, value)) in new.iter().enumerate() {
            let facts = Facts::new(Kind::Token, credentials.now());
            if let Err(error) = credentials.add(&parse(name), facts, &Secret::copy_of(value), FIRST) {
                return (number, Some(error.to_string()));
            }
        }
        (new.len(), None)
    }

    /// Nothing in the log is torn, left out or forged.
    fn log_is_whole(&self) -> bool {
        let (keys, anchors) = self.recorded().chain_keys().unwrap();
        verify(&LogFiles::in_folder(self.folder.path()), &keys, &anchors).unwrap().is_whole()
    }
}

/// How a name is before anything is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Free,
    Stored,
    /// Listed, and not in the store.
    Vanished,
    /// In the store, and not listed.
    Unknown,
    Interrupted(State),
}

fn any_before() -> impl Strategy<Value = Before> {
    prop_oneof![
        12 => Just(Before::Free),
        1 => Just(Before::Stored),
        2 => Just(Before::Vanished),
        1 => Just(Before::Unknown),
        1 => Just(Before::Interrupted(State::Adding)),
        2 => Just(Before::Interrupted(State::Removing)),
    ]
}

fn any_new() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    prop::collection::vec((prop::sample::select(&NAMES[..]), prop::collection::vec(any::<u8>(), 1..40)), 0..7)
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let failed = || StoreError::TimedOut { store: FIRST, after: Duration::ZERO };
    prop_oneof![
        (0..5_usize).prop_map(|left| Fault::WritingAfter(left, denied)),
        (0..5_usize).prop_map(move |left| Fault::WritingAfter(left, failed)),
        (1..40_usize).prop_map(Fault::Truncate),
        Just(Fault::KeepNothing),
        Just(Fault::Reading(denied)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_many_is_adding_each(
        new in any_new(),
        before in prop::collection::vec(any_before(), NAMES.len()),
    ) {
        let (together, in_turn) = (Machine::new(), Machine::new());
        for machine in [&together, &in_turn] {
            machine.add_recorded("FIRST", b"first").unwrap();
            for (name, before) in NAMES.iter().zip(&before) {
                machine.begin_with(name, *before);
            }
        }
        let ended = together.add_together(&new, &together.recorded());
        prop_assert_eq!(&ended, &in_turn.add_in_turn(&new, &in_turn.recorded()));
        prop_assert_eq!(together.state_of_all(), in_turn.state_of_all());
        prop_assert_eq!(together.log(), in_turn.log());
        prop_assert!(together.log_is_whole() && in_turn.log_is_whole());
        for (name, value) in &new[..ended.0] {
            let held = together.credentials().get(&parse(name)).unwrap();
            prop_assert!(held.expose_secret() == value);
        }
    }

    #[test]
    fn a_store_that_fails_in_the_middle_keeps_the_first_ones(new in any_new(), fault in any_fault()) {
        let (together, in_turn) = (Machine::new(), Machine::new());
        for machine in [&together, &in_turn] {
            machine.add("FIRST", "first").unwrap();
            machine.first.set(fault);
        }
        let ended = together.add_together(&new, &together.credentials());
        prop_assert_eq!(&ended, &in_turn.add_in_turn(&new, &in_turn.credentials()));
        for machine in [&together, &in_turn] {
            machine.first.set(Fault::None);
        }
        prop_assert_eq!(together.state_of_all(), in_turn.state_of_all());
        // What was not added can be, once the store works again.
        let rest = new[ended.0..].iter().filter(|(name, _)| together.credentials().get(&parse(name)).is_err());
        let rest: Vec<_> = rest.cloned().collect();
        let repeated = together.add_together(&rest, &together.credentials());
        prop_assert_eq!(repeated, in_turn.add_in_turn(&rest, &in_turn.credentials()));
    }
}

fn abc() -> [(&'static str, Vec<u8>); 3] {
    ["A", "B", "C"].map(|name| (name, name.as_bytes().to_vec()))
}

#[test]
fn what_was_stored_before_the_store_failed_is_on_record_and_so_is_the_failure() {
    let machine = Machine::new();
    machine.add_recorded("FIRST", b"first").unwrap();
    machine.first.set(Fault::WritingAfter(2, || StoreError::Locked { store: FIRST }));
    let (added, why) = machine.add_together(&abc(), &machine.recorded());
    assert_eq!((added, why.as_deref()), (2, Some("memory is locked")));
    machine.first.set(Fault::None);
    let log: Vec<String> = machine.log().into_iter().skip(1).map(|(_, words, _)| words).collect();
    assert_eq!(
        log,
        [
            r#"Add Done Some("A") Some("memory") None"#,
            r#"Add Done Some("B") Some("memory") None"#,
            r#"Add Denied Some("C") None Some("locked")"#,
        ]
    );
    assert_eq!((machine.state("B"), machine.state("C")), (Some(State::Stored), None));
    assert!(machine.log_is_whole());
}

#[test]
fn what_can_neither_be_stored_nor_taken_back_stays_on_record() {
    let machine = Machine::new();
    // The store answers the first two, and then not any more, not even to say what it holds.
    machine.first.set(Fault::Everything(denied));
    assert_eq!(machine.add_together(&abc(), &machine.credentials()).0, 0);
    assert_eq!(machine.state("A"), None);
    machine
        .first
        .set(Fault::WritingAfter(1, || StoreError::TimedOut { store: FIRST, after: Duration::ZERO }));
    assert_eq!(machine.add_together(&abc(), &machine.credentials()).0, 1);
    let states = ["A", "B", "C"].map(|name| machine.state(name));
    assert_eq!(states, [Some(State::Stored), Some(State::Adding), None]);
    machine.first.set(Fault::None);
    machine.credentials().repair().unwrap();
    assert_eq!(machine.state("B"), None);
    assert_eq!(machine.add_together(&abc()[1..], &machine.credentials()), (2, None));
}

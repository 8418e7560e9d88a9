//! What store there is on this machine, found out under deadlines and told as data.

use std::time::{Duration, Instant};

use crate::name::{CredentialName, Profile};
use crate::secret::Secret;
use crate::store::keyring::Patience;
#[cfg(not(target_os = "linux"))]
use crate::store::native::open_unsealed;
use crate::store::native::{NATIVE, Surroundings};
use crate::store::{CredentialStore, ItemKey, Slot, StoreError, StoreKind, deadline};

/// How long a probe may take.
const PROBE: Patience = Patience { deadline: Duration::from_secs(2), may_prompt: false };

/// What a store said when it was asked whether it is there.
#[derive(Debug)]
pub(crate) struct Probe {
    /// Which store.
    pub(crate) kind: StoreKind,
    /// What it said.
    pub(crate) answer: Answer,
    /// How long it took.
    pub(crate) millis: u128,
}

/// Whether a store can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// At once.
    Usable,
    /// After somebody has unlocked it, which a dialog can ask for or not.
    Locked {
        /// Whether a dialog has a screen to come up on.
        can_ask: bool,
    },
    /// It is not there, or forgets everything at the end of the session.
    Absent {
        /// Why, in words.
        reason: String,
    },
    /// It did not answer in time.
    Silent,
}

/// One thing that `doctor` tells about the native store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "most are told by the Secret Service alone"))]
pub(crate) enum Fact {
    /// The program that provides the Secret Service.
    Provider {
        /// Its name, where the system tells.
        name: Option<String>,
        /// Its process.
        pid: u32,
    },
    /// The path of the default collection.
    DefaultCollection(String),
    /// Whether the default collection is locked.
    Locked(bool),
    /// A key that more than one item carries, and how many do.
    Twins(ItemKey, usize),
    /// How many items of ours it holds.
    Items(usize),
    /// We came over ssh, where macOS and Windows keep their stores locked or away.
    OverSsh,
    /// This is Linux inside Windows, which has no desktop session as a rule.
    InWsl,
    /// The program has no lasting signature: the Keychain asks again after each update.
    #[cfg_attr(not(target_os = "macos"), allow(dead_code, reason = "only macOS signs programs so"))]
    AdHocSignature,
    /// What the `keyring` crate says when it opens its own default store, or `None` where it agrees.
    SecondOpinion(Option<String>),
}

/// Asks the native store of this platform, if there is one. Activates its provider, prompts nobody, and
/// changes nothing.
pub(crate) fn probe(surroundings: &Surroundings) -> Vec<Probe> {
    NATIVE.into_iter().map(|kind| probe_one(kind, surroundings)).collect()
}

fn probe_one(kind: StoreKind, surroundings: &Surroundings) -> Probe {
    let start = Instant::now();
    // Elsewhere the screen belongs to the system, and ssh comes in beside it.
    let can_ask = if cfg!(target_os = "linux") { surroundings.has_display } else { !surroundings.over_ssh };
    let answer = match ask(kind, surroundings) {
        Ok(()) => Answer::Usable,
        Err(StoreError::Locked { .. }) => Answer::Locked { can_ask },
        Err(StoreError::TimedOut { .. }) => Answer::Silent,
        Err(StoreError::Absent { reason, .. }) => Answer::Absent { reason },
        Err(error) => Answer::Absent { reason: error.to_string() },
    };
    Probe { kind, answer, millis: start.elapsed().as_millis() }
}

#[cfg(target_os = "linux")]
fn ask(_kind: StoreKind, surroundings: &Surroundings) -> Result<(), StoreError> {
    crate::store::secret_service::ask(surroundings, PROBE)
}

#[cfg(not(target_os = "linux"))]
fn ask(kind: StoreKind, surroundings: &Surroundings) -> Result<(), StoreError> {
    open_unsealed(kind, PROBE, surroundings)?.keys().map(drop)
}

/// The store that `auto` takes: a vault that exists, because what is in it would be lost from sight; else the
/// native store, where it is usable or can be made so by a person at the screen. `None` leaves the choice to
/// the caller: to make a vault takes a passphrase.
pub(crate) fn choose(probes: &[Probe], vault_exists: bool) -> Option<StoreKind> {
    if vault_exists {
        return Some(StoreKind::Vault);
    }
    let is_good = |probe: &&Probe| matches!(probe.answer, Answer::Usable | Answer::Locked { can_ask: true });
    probes.iter().find(is_good).map(|probe| probe.kind)
}

/// What `doctor` tells about the native store, in the order in which it is told. What cannot be found out is
/// left out: the probe has the reason.
pub(crate) fn facts(surroundings: &Surroundings) -> Vec<Fact> {
    let mut facts = platform_facts(surroundings);
    if surroundings.over_ssh {
        facts.push(Fact::OverSsh);
    }
    if surroundings.in_wsl {
        facts.push(Fact::InWsl);
    }
    facts
}

#[cfg(target_os = "linux")]
fn platform_facts(surroundings: &Surroundings) -> Vec<Fact> {
    crate::store::secret_service::facts(surroundings, PROBE)
}

#[cfg(not(target_os = "linux"))]
fn platform_facts(surroundings: &Surroundings) -> Vec<Fact> {
    let store = NATIVE.and_then(|kind| open_unsealed(kind, PROBE, surroundings).ok());
    let items = store.and_then(|store| store.keys().ok()).map(|keys| Fact::Items(keys.len()));
    #[cfg(target_os = "macos")]
    let signature = crate::store::keychain::has_ad_hoc_signature().then_some(Fact::AdHocSignature);
    #[cfg(not(target_os = "macos"))]
    let signature = None;
    items.into_iter().chain(signature).collect()
}

/// What the `keyring` crate says of the store that it would take by itself, through code that shares with ours
/// only the store crate. It opens a store and reads nothing; it looks at the process's own environment.
pub(crate) fn second_opinion() -> Fact {
    let status = deadline::within(PROBE.deadline, || match ::keyring::Entry::store_status() {
        Ok(()) => None,
        Err(error) => Some(error.to_string()),
    });
    Fact::SecondOpinion(status.unwrap_or_else(|| Some("it did not answer".to_owned())))
}

/// Stores a throw-away item, reads it, and removes it: text, and bytes of any value.
///
/// # Errors
/// The first thing that does not work; the item is removed where it can be.
pub(crate) fn round_trip(store: &dyn CredentialStore) -> Result<(), StoreError> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random)
        .map_err(|error| StoreError::Failed { store: store.kind(), source: error.to_string().into() })?;
    let number = u64::from_be_bytes(random);
    let Ok(name) = format!("SELF_TEST_{number:016X}").parse::<CredentialName>() else { return Ok(()) };
    let key = ItemKey::credential(&Profile::default(), &name, Slot::Current);
    let every_byte: Vec<u8> = (0..=255).collect();
    let outcome = [format!("grüße {number} 🔑\n").as_bytes(), &every_byte]
        .into_iter()
        .try_for_each(|bytes| put_and_get(store, &key, &Secret::copy_of(bytes)));
    let removed = store.remove(&key);
    outcome?;
    let is_gone = removed? && store.get(&key)?.is_none();
    if is_gone { Ok(()) } else { Err(StoreError::NotReadBack { store: store.kind() }) }
}

fn put_and_get(store: &dyn CredentialStore, key: &ItemKey, secret: &Secret) -> Result<(), StoreError> {
    store.put(key, secret)?;
    if store.get(key)?.as_ref() == Some(secret) {
        Ok(())
    } else {
        Err(StoreError::NotReadBack { store: store.kind() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::faulty::{Fault, Faulty};
    use crate::store::memory::Memory;

    fn probe_with(answer: Answer) -> Vec<Probe> {
        vec![Probe { kind: StoreKind::SecretService, answer, millis: 1 }]
    }

    #[test]
    fn the_native_store_is_taken_where_it_works_or_a_person_can_unlock_it() {
        for answer in [Answer::Usable, Answer::Locked { can_ask: true }] {
            assert_eq!(choose(&probe_with(answer), false), Some(StoreKind::SecretService));
        }
        let reason = "no bus".to_owned();
        for answer in [Answer::Locked { can_ask: false }, Answer::Absent { reason }, Answer::Silent] {
            assert_eq!(choose(&probe_with(answer), false), None);
        }
        assert_eq!(choose(&[], false), None);
    }

    #[test]
    fn a_vault_that_exists_is_not_left_behind() {
        assert_eq!(choose(&probe_with(Answer::Usable), true), Some(StoreKind::Vault));
        assert_eq!(choose(&[], true), Some(StoreKind::Vault));
    }

    #[test]
    fn a_round_trip_leaves_nothing() {
        let store = Memory::default();
        round_trip(&store).unwrap();
        assert!(store.keys().unwrap().is_empty());
    }

    #[test]
    fn a_round_trip_notices_a_store_that_keeps_nothing() {
        for fault in [Fault::KeepNothing, Fault::Truncate(3)] {
            let store = Faulty::new(Memory::default());
            store.set(fault);
            assert!(matches!(round_trip(&store), Err(StoreError::NotReadBack { .. })));
            assert!(store.keys().unwrap().is_empty());
        }
    }
}

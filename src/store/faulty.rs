//! A store that fails on demand, for tests.

use std::sync::{Mutex, PoisonError};

use crate::secret::Secret;
use crate::store::{CredentialStore, ItemKey, StoreError, StoreKind};

/// How a store can go wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Not at all.
    None,
    /// Every operation fails with what this makes, as [`StoreError`] cannot be copied.
    Everything(fn() -> StoreError),
    /// Only reading fails.
    Reading(fn() -> StoreError),
    /// Only writing and removing fail.
    Writing(fn() -> StoreError),
    /// So many items more are written, and then writing and removing fail.
    WritingAfter(usize, fn() -> StoreError),
    /// Writing succeeds and keeps nothing.
    KeepNothing,
    /// Writing succeeds and keeps this many bytes.
    Truncate(usize),
}

/// Any store, and one fault at a time.
pub(crate) struct Faulty<S> {
    store: S,
    fault: Mutex<Fault>,
}

impl<S: CredentialStore> Faulty<S> {
    /// A store without fault, so far.
    pub(crate) fn new(store: S) -> Self {
        Self { store, fault: Mutex::new(Fault::None) }
    }

    /// From now on it goes wrong like this.
    pub(crate) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn before_reading(&self) -> Result<(), StoreError> {
        match self.fault() {
            Fault::Everything(error) | Fault::Reading(error) => Err(error()),
            _ => Ok(()),
        }
    }

    fn before_writing(&self) -> Result<Fault, StoreError> {
        match self.fault() {
            Fault::Everything(error) | Fault::Writing(error) | Fault::WritingAfter(0, error) => Err(error()),
            Fault::WritingAfter(left, error) => {
                self.set(Fault::WritingAfter(left - 1, error));
                Ok(Fault::None)
            }
            fault => Ok(fault),
        }
    }
}

impl<S: CredentialStore> std::fmt::Debug for Faulty<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Faulty({:?})", self.store)
    }
}

impl<S: CredentialStore> CredentialStore for Faulty<S> {
    fn kind(&self) -> StoreKind {
        self.store.kind()
    }

    fn put(&self, key: &ItemKey, secret: &Secret) -> Result<(), StoreError> {
        match self.before_writing()? {
            Fault::KeepNothing => Ok(()),
            Fault::Truncate(length) => {
                let bytes = secret.expose_secret();
                self.store.put(key, &Secret::copy_of(&bytes[..length.min(bytes.len())]))
            }
            _ => self.store.put(key, secret),
        }
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret>, StoreError> {
        self.before_reading()?;
        self.store.get(key)
    }

    fn get_many(&self, keys: &[ItemKey]) -> Result<Vec<Option<Secret>>, StoreError> {
        self.before_reading()?;
        self.store.get_many(keys)
    }

    fn remove(&self, key: &ItemKey) -> Result<bool, StoreError> {
        self.before_writing()?;
        self.store.remove(key)
    }

    fn keys(&self) -> Result<Vec<ItemKey>, StoreError> {
        self.before_reading()?;
        self.store.keys()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::Stopped;
    use crate::store::conformance::{self, key};
    use crate::store::memory::Memory;
    use crate::store::sealed::Sealed;

    #[test]
    fn without_a_fault_it_keeps_what_a_store_promises() {
        conformance::check(&Faulty::new(Memory::default()));
    }

    #[test]
    fn a_fault_shows_and_goes() {
        let store = Faulty::new(Memory::default());
        store.put(&key("A"), &Secret::copy_of(b"value")).unwrap();
        store.set(Fault::Reading(|| StoreError::Locked { store: StoreKind::Memory }));
        assert!(matches!(store.get(&key("A")), Err(StoreError::Locked { .. })));
        store.put(&key("A"), &Secret::copy_of(b"other")).unwrap();
        store.set(Fault::None);
        assert_eq!(store.get(&key("A")).unwrap(), Some(Secret::copy_of(b"other")));
    }

    /// What a person had stays readable whatever goes wrong while it is replaced.
    #[test]
    fn a_sealed_value_survives_a_switch_that_fails() {
        let folder = tempfile::tempdir().unwrap();
        let faulty = std::sync::Arc::new(Faulty::new(Memory::default()));
        let store = Sealed::new(Box::new(std::sync::Arc::clone(&faulty)), folder.path().join("sealed"), 8);
        let old = Secret::copy_of(b"the old value, long");
        store.put(&key("A"), &old).unwrap();
        let ways = [
            Fault::Writing(|| StoreError::Denied { store: StoreKind::Memory }),
            Fault::Writing(|| StoreError::TimedOut { store: StoreKind::Memory, after: Duration::ZERO }),
            Fault::Everything(|| StoreError::Locked { store: StoreKind::Memory }),
            Fault::KeepNothing,
        ];
        for fault in ways {
            for new in [&b"a new value, long"[..], b"short"] {
                faulty.set(fault);
                assert!(store.put(&key("A"), &Secret::copy_of(new)).is_err());
                faulty.set(Fault::None);
                assert_eq!(store.get(&key("A")).unwrap().as_ref(), Some(&old));
            }
        }
        assert!(!store.orphans().unwrap().is_empty());
        faulty.set(Fault::Writing(|| StoreError::Denied { store: StoreKind::Memory }));
        assert!(store.remove(&key("A")).is_err());
        faulty.set(Fault::None);
        assert_eq!(store.get(&key("A")).unwrap(), Some(old));
    }

    #[test]
    fn of_many_sealed_values_those_are_stored_that_came_before_the_fault() {
        let folder = tempfile::tempdir().unwrap();
        let faulty = std::sync::Arc::new(Faulty::new(Memory::default()));
        let store = Sealed::new(Box::new(std::sync::Arc::clone(&faulty)), folder.path().join("sealed"), 8);
        let secrets = [&b"a long value"[..], b"short", b"another long value", b"x"].map(Secret::copy_of);
        let keys = ["A", "B", "C", "D"].map(key);
        let items: Vec<_> = keys.iter().cloned().zip(&secrets).collect();
        faulty.set(Fault::WritingAfter(2, || StoreError::Denied { store: StoreKind::Memory }));
        let stopped = store.put_many(&items).unwrap_err();
        assert_eq!((stopped.stored, stopped.tried), (2, 3));
        let [one, two, ..] = &secrets;
        let found = store.get_many(&keys).unwrap();
        assert!(found.iter().map(Option::as_ref).eq([Some(one), Some(two), None, None]));
        faulty.set(Fault::None);
        store.put_many(&items).unwrap();
        assert!(store.get_many(&keys).unwrap().iter().map(Option::as_ref).eq(secrets.iter().map(Some)));
        // The files of the first turn are gone, but for that of the item that was never made.
        assert_eq!(store.orphans().unwrap().len(), 1);
    }

    impl<S: CredentialStore> CredentialStore for std::sync::Arc<S> {
        fn kind(&self) -> StoreKind {
            (**self).kind()
        }

        fn put(&self, key: &ItemKey, secret: &Secret) -> Result<(), StoreError> {
            (**self).put(key, secret)
        }

        fn put_many(&self, items: &[(ItemKey, &Secret)]) -> Result<(), Stopped> {
            (**self).put_many(items)
        }

        fn get(&self, key: &ItemKey) -> Result<Option<Secret>, StoreError> {
            (**self).get(key)
        }

        fn remove(&self, key: &ItemKey) -> Result<bool, StoreError> {
            (**self).remove(key)
        }

        fn keys(&self) -> Result<Vec<ItemKey>, StoreError> {
            (**self).keys()
        }
    }
}

//! One adapter for the stores of all operating systems, on `keyring-core`.

use std::any::Any;
#[cfg(not(target_os = "linux"))]
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use keyring_core::{CredentialStore as Native, Entry, Error as NativeError};
use zeroize::Zeroize;

use crate::secret::Secret;
use crate::store::verdict::Verdict;
use crate::store::{CredentialStore, ItemKey, StoreError, StoreKind, deadline};

/// How long a store may take, and whether it may ask a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// The end of every wait.
    pub(crate) deadline: Duration,
    /// Whether a dialog of the system may come up.
    pub(crate) may_prompt: bool,
}

impl Patience {
    /// Nobody is asked, and there is an answer within seconds.
    pub(crate) const QUIET: Self = Self { deadline: deadline::QUIET, may_prompt: false };

    /// A person may be asked, and has a minute.
    pub(crate) const ASKING: Self = Self { deadline: deadline::ASKING, may_prompt: true };

    /// How long an answer may take that no person has a part in.
    #[cfg_attr(target_os = "macos", allow(dead_code, reason = "its Keychain asks within the call"))]
    pub(super) fn machine(self) -> Duration {
        self.deadline.min(deadline::QUIET)
    }

    /// The same for a store, or a part of one, that asks nobody.
    #[cfg_attr(target_os = "macos", allow(dead_code, reason = "its Keychain asks within the call"))]
    pub(super) fn without_person(self) -> Self {
        Self { deadline: self.machine(), may_prompt: false }
    }
}

/// How often a call is made again that failed for reasons of the moment.
const ATTEMPTS: usize = 3;

/// What one operating system adds to the adapter.
pub(super) trait Platform: fmt::Debug + Send + Sync + 'static {
    /// The kind of its store.
    const KIND: StoreKind;

    /// Opens the store. Called within the deadline, once an operation.
    fn open(&self) -> keyring_core::Result<Arc<Native>>;

    /// What the store wants to know of an item that it makes.
    fn modifiers(key: &ItemKey) -> HashMap<&'static str, String>;

    /// Gives an item that was just stored what a keychain program shows: never the reason of a failure.
    fn describe(_entry: &Entry, _key: &ItemKey) {}

    /// Keeps the system from asking a person for as long as the result lives; `None` where it does not ask.
    fn hush() -> Option<Box<dyn Any>> {
        None
    }

    /// The service and account of every item. Never prompts.
    fn list(store: &Native) -> keyring_core::Result<Vec<(String, String)>>;

    /// What the store's own error means.
    fn judge(error: &(dyn Error + Send + Sync + 'static)) -> Verdict;
}

/// What one operating system adds for the items of other programs.
#[cfg(not(target_os = "linux"))]
pub(super) trait Foreign: Platform {
    /// The items that have these attributes, ours left out. Never prompts.
    fn items(
        store: &Native,
        wanted: &BTreeMap<String, String>,
    ) -> keyring_core::Result<Vec<crate::store::ForeignItem>>;

    /// The way to one of them.
    fn item(store: &Native, item: &crate::store::ForeignItem) -> keyring_core::Result<Entry>;
}

/// A native store of one platform.
#[derive(Debug)]
pub(super) struct KeyringStore<P> {
    platform: Arc<P>,
    patience: Patience,
    refused: Latch,
}

/// Remembers the first refusal for as long as the process lives: a person who said no is not asked again.
#[derive(Debug, Default)]
pub(super) struct Latch(OnceLock<Verdict>);

impl Latch {
    /// # Errors
    /// The refusal of an earlier call.
    pub(super) fn check(&self, store: StoreKind) -> Result<(), StoreError> {
        self.0.get().map_or(Ok(()), |verdict| Err(verdict.clone().into_error(store)))
    }

    /// Passes the answer on, and remembers it where it is a refusal.
    pub(super) fn watch<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        let verdict = match &answer {
            Err(StoreError::Locked { .. }) => Verdict::Locked,
            Err(StoreError::Denied { .. }) => Verdict::Denied,
            _ => return answer,
        };
        // The first refusal stays.
        _ = self.0.set(verdict);
        answer
    }
}

impl<P: Platform> KeyringStore<P> {
    /// A store that is opened when it is first needed.
    pub(super) fn new(platform: P, patience: Patience) -> Self {
        Self { platform: Arc::new(platform), patience, refused: Latch::default() }
    }

    /// Runs `work` on the opened store within the deadline.
    pub(super) fn with_store<T: Send + 'static>(
        &self,
        work: impl Fn(&Native) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.refused.check(P::KIND)?;
        let platform = Arc::clone(&self.platform);
        let attempts = move || {
            let mut attempt = 1;
            loop {
                let answer = platform.open().map_err(fail::<P>).and_then(|store| work(&*store));
                match answer {
                    Err(failure) if failure.is_momentary() && attempt < ATTEMPTS => attempt += 1,
                    answer => return answer,
                }
            }
        };
        let after = self.patience.deadline;
        let answer = deadline::within(after, attempts)
            .unwrap_or(Err(Failure::Verdict(Verdict::TimedOut(after))))
            .map_err(|failure| failure.into_error(P::KIND));
        self.refused.watch(answer)
    }
}

impl<P: Platform> CredentialStore for KeyringStore<P> {
    fn kind(&self) -> StoreKind {
        P::KIND
    }

    fn put(&self, key: &ItemKey, secret: &Secret) -> Result<(), StoreError> {
        let key = key.clone();
        let secret = Secret::copy_of(secret.expose_secret());
        self.with_store(move |store| {
            let entry = build::<P>(store, &key)?;
            let written = twins(entry.set_secret(secret.expose_secret()));
            for twin in written.map_err(|error| uncover::<P>(&entry, fail::<P>(error)))? {
                twin.set_secret(secret.expose_secret()).map_err(fail::<P>)?;
            }
            P::describe(&entry, &key);
            Ok(())
        })
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret>, StoreError> {
        let key = key.clone();
        let found = self.with_store(move |store| {
            let entry = build::<P>(store, &key)?;
            let answer = match entry.get_secret() {
                // The store that has twins puts the newest last.
                Err(NativeError::Ambiguous(twins)) => {
                    twins.last().map_or(Err(NativeError::NoEntry), Entry::get_secret)
                }
                answer => answer,
            };
            match answer {
                Ok(bytes) => Ok(Some(Secret::new(bytes))),
                Err(NativeError::NoEntry) => Ok(None),
                Err(error) => Err(fail::<P>(error)),
            }
        })?;
        if found.as_ref().is_some_and(Secret::is_empty) {
            Err(StoreError::Empty { store: P::KIND })
        } else {
            Ok(found)
        }
    }

    fn remove(&self, key: &ItemKey) -> Result<bool, StoreError> {
        let key = key.clone();
        self.with_store(move |store| {
            let entry = build::<P>(store, &key)?;
            match twins(entry.delete_credential()) {
                Ok(twins) => {
                    twins.iter().try_for_each(Entry::delete_credential).map_err(fail::<P>).map(|()| true)
                }
                Err(NativeError::NoEntry) => Ok(false),
                Err(error) => Err(fail::<P>(error)),
            }
        })
    }

    fn keys(&self) -> Result<Vec<ItemKey>, StoreError> {
        self.with_store(|store| {
            let names = P::list(store).map_err(fail::<P>)?;
            Ok(names.iter().filter_map(|(service, account)| ItemKey::from_parts(service, account)).collect())
        })
    }
}

/// Where several items have one name, all of them are meant: none may keep an old value, or come back.
fn twins(answer: keyring_core::Result<()>) -> keyring_core::Result<Vec<Entry>> {
    match answer {
        Ok(()) => Ok(Vec::new()),
        Err(NativeError::Ambiguous(twins)) => Ok(twins),
        Err(error) => Err(error),
    }
}

/// What hides behind a failure of the moment. The Keychain says "there is one already" also where it was not
/// allowed to look; to try again would ask the person again, who has just said no.
fn uncover<P: Platform>(entry: &Entry, failure: Failure) -> Failure {
    if !failure.is_momentary() {
        return failure;
    }
    let silence = P::hush();
    let hidden = match entry.get_secret().map(Secret::new) {
        Ok(_) | Err(NativeError::NoEntry) => return failure,
        Err(hidden) => fail::<P>(hidden),
    };
    match hidden {
        Failure::Verdict(Verdict::Locked) if silence.is_some() => Failure::Verdict(Verdict::Denied),
        hidden => hidden,
    }
}

fn build<P: Platform>(store: &Native, key: &ItemKey) -> Result<Entry, Failure> {
    let modifiers = P::modifiers(key);
    let modifiers: HashMap<&str, &str> =
        modifiers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    store.build(key.service(), key.account(), Some(&modifiers)).map_err(fail::<P>)
}

/// Why a call to a native store failed.
pub(super) enum Failure {
    /// In one of the ways that we tell apart.
    Verdict(Verdict),
    /// In the platform's own words.
    Platform(Box<dyn Error + Send + Sync>),
}

impl Failure {
    fn is_momentary(&self) -> bool {
        matches!(self, Self::Verdict(Verdict::Momentary(_)))
    }

    fn into_error(self, store: StoreKind) -> StoreError {
        match self {
            Self::Verdict(verdict) => verdict.into_error(store),
            Self::Platform(source) => StoreError::Failed { store, source },
        }
    }
}

/// Takes the store's error apart. It never travels further, and is never formatted as a whole: two of its
/// variants carry the secret.
pub(super) fn fail<P: Platform>(error: NativeError) -> Failure {
    match error {
        NativeError::PlatformFailure(source) | NativeError::NoStorageAccess(source) => {
            match P::judge(&*source) {
                Verdict::Failed => Failure::Platform(source),
                verdict => Failure::Verdict(verdict),
            }
        }
        NativeError::BadEncoding(mut bytes) | NativeError::BadDataFormat(mut bytes, _) => {
            bytes.zeroize();
            Failure::Platform("the item holds no text".into())
        }
        NativeError::TooLong(what, limit) => {
            Failure::Platform(format!("its {what} is longer than {limit} bytes").into())
        }
        NativeError::Invalid(what, why) => Failure::Platform(format!("its {what} {why}").into()),
        NativeError::BadStoreFormat(why) | NativeError::NotSupportedByStore(why) => {
            Failure::Platform(why.into())
        }
        _ => Failure::Platform("several items have this name, or none has".into()),
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;
    use std::time::Instant;

    use keyring_core::api::CredentialStoreApi;
    use keyring_core::mock;

    use super::*;
    use crate::store::conformance::{self, key};
    use crate::store::verdict;

    /// The mock of `keyring-core`, with the errors of macOS.
    struct Mock {
        store: Arc<mock::Store>,
        delay: Duration,
    }

    impl fmt::Debug for Mock {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("Mock")
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("status {0}")]
    struct Status(i32);

    impl Platform for Mock {
        const KIND: StoreKind = StoreKind::Keychain;

        fn open(&self) -> keyring_core::Result<Arc<Native>> {
            sleep(self.delay);
            Ok(Arc::<mock::Store>::clone(&self.store))
        }

        fn modifiers(_key: &ItemKey) -> HashMap<&'static str, String> {
            HashMap::new()
        }

        fn list(store: &Native) -> keyring_core::Result<Vec<(String, String)>> {
            let entries = store.search(&HashMap::new())?.into_iter();
            let stored = entries.filter(|entry| entry.get_credential().is_ok());
            Ok(stored.filter_map(|entry| entry.get_specifiers()).collect())
        }

        fn judge(error: &(dyn Error + Send + Sync + 'static)) -> Verdict {
            verdict::of_security_status(error.downcast_ref::<Status>().unwrap().0)
        }
    }

    fn store() -> KeyringStore<Mock> {
        let patience = Patience { deadline: Duration::from_millis(500), may_prompt: false };
        KeyringStore::new(Mock { store: mock::Store::new().unwrap(), delay: Duration::ZERO }, patience)
    }

    /// A store that holds one item, and fails the next time that it is asked for it.
    fn store_that_says(error: NativeError) -> KeyringStore<Mock> {
        let store = store();
        store.put(&key("A"), &Secret::copy_of(b"value")).unwrap();
        let entry = store.platform.store.build(key("A").service(), key("A").account(), None).unwrap();
        entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
        store
    }

    fn status(code: i32) -> NativeError {
        NativeError::PlatformFailure(Box::new(Status(code)))
    }

    #[test]
    fn it_keeps_what_a_store_promises() {
        conformance::check(&store());
    }

    #[test]
    fn denied_locked_absent_and_not_found_are_four_answers() {
        let ask = |error| store_that_says(error).get(&key("A"));
        assert!(matches!(ask(status(-128)), Err(StoreError::Denied { .. })));
        assert!(matches!(ask(status(-25308)), Err(StoreError::Locked { .. })));
        assert!(matches!(ask(status(-25307)), Err(StoreError::Absent { .. })));
        assert_eq!(ask(NativeError::NoEntry).unwrap(), None);
        assert!(matches!(ask(status(-50)), Err(StoreError::Failed { .. })));
        assert!(matches!(
            ask(NativeError::NoStorageAccess(Box::new(Status(-25308)))),
            Err(StoreError::Locked { .. })
        ));
    }

    #[test]
    fn a_person_who_said_no_is_not_asked_again() {
        let store = store_that_says(status(-128));
        assert!(store.get(&key("A")).is_err());
        assert!(matches!(store.get(&key("A")), Err(StoreError::Denied { .. })));
        assert!(matches!(store.put(&key("B"), &Secret::copy_of(b"b")), Err(StoreError::Denied { .. })));
        assert!(matches!(store.keys(), Err(StoreError::Denied { .. })));
    }

    #[test]
    fn a_failure_of_the_moment_is_tried_again() {
        let store = store_that_says(status(-25299));
        store.put(&key("A"), &Secret::copy_of(b"other")).unwrap();
        assert_eq!(store.get(&key("A")).unwrap(), Some(Secret::copy_of(b"other")));
    }

    #[test]
    fn a_refusal_that_looks_like_a_twin_is_a_refusal() {
        let store = store_that_says(status(-25308));
        let entry = store.platform.store.build(key("A").service(), key("A").account(), None).unwrap();
        let failure = uncover::<Mock>(&entry, fail::<Mock>(status(-25299)));
        assert!(matches!(failure, Failure::Verdict(Verdict::Locked)));
    }

    #[test]
    fn twins_are_written_and_removed_together_and_the_last_is_read() {
        let all = mock::Store::new().unwrap();
        let twins = || ["1", "2"].map(|user| all.build("service", user, None).unwrap());
        let ambiguous = || store_that_says(NativeError::Ambiguous(twins().into()));
        for entry in twins() {
            entry.set_secret(entry.get_specifiers().unwrap().1.as_bytes()).unwrap();
        }
        assert_eq!(ambiguous().get(&key("A")).unwrap(), Some(Secret::copy_of(b"2")));
        ambiguous().put(&key("A"), &Secret::copy_of(b"new")).unwrap();
        assert!(twins().iter().all(|entry| entry.get_secret().unwrap() == b"new"));
        assert!(ambiguous().remove(&key("A")).unwrap());
        assert!(twins().iter().all(|entry| matches!(entry.get_secret(), Err(NativeError::NoEntry))));
    }

    #[test]
    fn no_error_carries_the_secret() {
        let bytes = || b"hunter2".to_vec();
        for error in
            [NativeError::BadEncoding(bytes()), NativeError::BadDataFormat(bytes(), Box::new(Status(1)))]
        {
            let error = store_that_says(error).get(&key("A")).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hunter2") && !text.contains("104, 117"), "{text}");
        }
    }

    #[test]
    fn an_empty_value_is_no_value() {
        let store = store();
        let entry = store.platform.store.build(key("A").service(), key("A").account(), None).unwrap();
        entry.set_secret(b"").unwrap();
        assert!(matches!(store.get(&key("A")), Err(StoreError::Empty { .. })));
    }

    #[test]
    fn a_store_that_does_not_answer_is_given_up() {
        let mut store = store();
        store.platform = Arc::new(Mock { store: mock::Store::new().unwrap(), delay: Duration::from_secs(3) });
        let start = Instant::now();
        assert!(matches!(store.get(&key("A")), Err(StoreError::TimedOut { .. })));
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}

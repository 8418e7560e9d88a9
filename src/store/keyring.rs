//! One adapter for the stores of all operating systems, on `keyring-core`.

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

    /// The service and account of every item. Never prompts.
    fn list(store: &Native) -> keyring_core::Result<Vec<(String, String)>>;

    /// What the store's own error means.
    fn judge(error: &(dyn Error + Send + Sync + 'static)) -> Verdict;
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
    fn with_store<T: Send + 'static>(
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
            for twin in twins(entry.set_secret(secret.expose_secret())).map_err(fail::<P>)? {
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

fn build<P: Platform>(store: &Native, key: &ItemKey) -> Result<Entry, Failure> {
    let modifiers = P::modifiers(key);
    let modifiers: HashMap<&str, &str> =
        modifiers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    store.build(key.service(), key.account(), Some(&modifiers)).map_err(fail::<P>)
}

/// Why a call to a native store failed.
enum Failure {
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
fn fail<P: Platform>(error: NativeError) -> Failure {
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

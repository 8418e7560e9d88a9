//! Everything that one can do with credentials: index and stores, kept in step.

mod add;
mod delete;
mod learn;
mod lockdown;
mod read;
mod rebuild;
mod record;
mod relocate;
mod repair;
mod replacement;
mod rotate;
mod similar;
mod stores;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

pub(crate) use crate::credentials::add::{New, PartlyAdded};
pub(crate) use crate::credentials::learn::Lesson;
pub(crate) use crate::credentials::lockdown::Target;
pub(crate) use crate::credentials::repair::Repair;
pub(crate) use crate::credentials::replacement::Replacement;
pub(crate) use crate::credentials::stores::{Choice, ChosenBy, Stores};

use crate::audit::{AuditError, Recorder};
use crate::clock::Clock;
use crate::index::{Entry, Index, IndexError, IndexFile, Loaded};
use crate::name::{CredentialName, Profile};
use crate::os::lock::{FileLock, LockError};
use crate::os::private_file;
use crate::secret::Secret;
use crate::store::{CredentialStore, ItemKey, Slot, StoreError, StoreKind};

/// How long a writer waits for the one before it: longer than a person may take to answer a prompt.
const PATIENCE: Duration = Duration::from_secs(90);

/// The credentials of one profile.
///
/// A value rests in a store, its facts in the index. Every change first notes in the index what it is about to
/// do, then changes the store, reads back, and then notes that it is done; all under one lock. So a process that
/// dies at any point leaves the old value or the new one, and a trace of what was under way.
pub(crate) struct Credentials {
    folder: PathBuf,
    index: IndexFile,
    profile: Profile,
    stores: Stores,
    clock: Box<dyn Clock>,
    notices: RefCell<Vec<Notice>>,
    recorder: Option<Recorder>,
}

/// Something that a person should hear of, though the command goes on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The index was gone or damaged (then it was put aside) and was made anew from the store.
    IndexRebuilt { found: usize, damaged: Option<PathBuf> },
    /// As before, but it can't be written down here.
    IndexNotSaved { found: usize },
    /// No store was chosen before: this one was found and is now on record.
    StoreChosen { kind: StoreKind, why: String },
    /// Its value is in no store any more, so it could not be moved.
    Gone { name: CredentialName },
    /// A replacement had been interrupted after its new value came: that one is in place now.
    Recovered { name: CredentialName },
    /// As before, and the store does not take the new value, which stays sealed on the disk.
    NotRecovered { name: CredentialName, why: String },
    /// A use that is not as it was before.
    Unusual { message: String },
    /// What was done is not in the audit log, and the settings allow that.
    NotRecorded { why: String },
    /// A former value could not be removed; `doctor --repair` tries again.
    Remains { name: CredentialName },
}

/// What can go wrong with credentials. No variant holds secret bytes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialError {
    /// No such name.
    #[error("there is no credential named `{name}`{}", in_profile(profile))]
    NotFound { name: CredentialName, profile: Profile, similar: Option<CredentialName> },
    /// The index knows it and its store does not.
    #[error("{} no longer holds `{name}`", store.title())]
    Vanished { name: CredentialName, store: StoreKind },
    /// It is in another store than the one that was asked for.
    #[error("`{name}` rests in {}, not in {}", store.title(), asked.title())]
    Elsewhere { name: CredentialName, store: StoreKind, asked: StoreKind },
    /// The name, or a twin of it in other case, is taken.
    #[error("`{name}` exists already")]
    AlreadyExists { name: CredentialName },
    /// An item of that name was in the store and not in the index; it is in both now.
    #[error("{} already holds a `{name}` that the index did not know; it is listed now", store.title())]
    Adopted { name: CredentialName, store: StoreKind },
    /// The store to move to holds something else under that name.
    #[error("{} holds another value under `{name}` already", store.title())]
    Occupied { name: CredentialName, store: StoreKind },
    /// No former value is kept.
    #[error("no former value of `{name}` is kept")]
    NoPrevious { name: CredentialName },
    /// A lockdown covers it.
    #[error("{}, and `{name}` is not handed out", on_since(*since))]
    LockedDown { name: CredentialName, since: Option<Timestamp> },
    /// The former value is kept, and its issuer does not accept it any more.
    #[error("the former value of `{name}` was revoked, and rolling back would put a dead one in use")]
    PreviousRevoked { name: CredentialName },
    /// With the store `none` there is only the environment to read.
    #[error("nothing can be stored while the store is `none`")]
    ReadOnly,
    /// Nothing was chosen, and nothing that can be used is here.
    #[error("this machine has no credential store that can be used")]
    NoStore { reasons: Vec<String> },
    /// It can't be put on record, so it was not done.
    #[error("it can't be put on record, so nothing was done")]
    NotRecorded(#[source] AuditError),
    /// It was done, and then could not be put on record.
    #[error("it was done, and could not be put on record")]
    Unrecorded(#[source] AuditError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl From<AuditError> for CredentialError {
    fn from(error: AuditError) -> Self {
        Self::NotRecorded(error)
    }
}

fn in_profile(profile: &Profile) -> String {
    if *profile == Profile::default() { String::new() } else { format!(" in profile `{profile}`") }
}

fn on_since(since: Option<Timestamp>) -> String {
    match since {
        Some(since) => format!("a lockdown is on since {}", since.strftime("%Y-%m-%d %H:%M:%S UTC")),
        None => "a lockdown is on, whose marker can't be read".to_owned(),
    }
}

impl Credentials {
    /// The credentials of `profile`, whose files are in `folder`. Touches nothing yet.
    pub(crate) fn new(folder: &Path, profile: Profile, stores: Stores, clock: Box<dyn Clock>) -> Self {
        Self {
            folder: folder.to_owned(),
            index: IndexFile::in_folder(folder),
            profile,
            stores,
            clock,
            notices: RefCell::default(),
            recorder: None,
        }
    }

    /// The profile they belong to.
    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The stores they rest in.
    pub(crate) fn stores(&self) -> &Stores {
        &self.stores
    }

    /// What time it is for them.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What a person should hear of since the last call.
    pub(crate) fn take_notices(&self) -> Vec<Notice> {
        self.notices.take()
    }

    /// Makes an empty index where nothing was ever stored: once a store is on record, a missing one is a loss.
    ///
    /// # Errors
    /// Where it can't be written.
    pub(crate) fn begin(&self) -> Result<(), CredentialError> {
        let _lock = self.lock()?;
        if !self.stores.was_used() && matches!(self.index.load()?, Loaded::Missing) {
            self.index.save(&mut Index::default())?;
        }
        Ok(())
    }

    /// Puts the store for new credentials on record.
    ///
    /// # Errors
    /// Where that can't be written.
    pub(crate) fn choose(&self, kind: StoreKind, why: &str) -> Result<(), CredentialError> {
        self.begin()?;
        let _lock = self.lock()?;
        let former = self.stores.record()?.map(|record| record.store);
        self.stores.decide(kind, self.now(), why)?;
        if former != Some(kind) {
            self.notify(Notice::StoreChosen { kind, why: why.to_owned() });
        }
        Ok(())
    }

    fn notify(&self, notice: Notice) {
        self.notices.borrow_mut().push(notice);
    }

    fn key(&self, name: &CredentialName, slot: Slot) -> ItemKey {
        ItemKey::credential(&self.profile, name, slot)
    }

    /// The index, rebuilt from the store where it is lost or damaged.
    fn load(&self) -> Result<Index, CredentialError> {
        match self.index.load()? {
            Loaded::Whole(index) => Ok(index),
            Loaded::Missing if !self.stores.was_used() => Ok(Index::default()),
            _ => {
                // One reader makes it anew, and the others find it then. Where nothing can be written there is
                // nothing to lock either.
                let lock = self.lock();
                self.load_locked(lock.is_ok())
            }
        }
    }

    /// As [`Credentials::load`], for who holds the lock.
    fn load_locked(&self, may_save: bool) -> Result<Index, CredentialError> {
        match self.index.load()? {
            Loaded::Whole(index) => Ok(index),
            Loaded::Missing if !self.stores.was_used() => Ok(Index::default()),
            Loaded::Missing => self.rebuild(false, may_save),
            Loaded::Damaged(_) => self.rebuild(true, may_save),
        }
    }

    /// Runs `change` as the only writer on this machine, with the index as it is now.
    fn write<T>(
        &self,
        change: impl FnOnce(&mut Index) -> Result<T, CredentialError>,
    ) -> Result<T, CredentialError> {
        let _lock = self.lock()?;
        let mut index = self.load_locked(true)?;
        let done = change(&mut index)?;
        self.forget_past_values(&mut index)?;
        Ok(done)
    }

    /// Removes former values whose time is over, from stores that are open anyway.
    fn forget_past_values(&self, index: &mut Index) -> Result<(), CredentialError> {
        let now = self.now();
        for (profile, name, mut entry) in index.snapshot() {
            if !Self::is_past(entry.previous_until, now) || !self.stores.is_open(entry.store) {
                continue;
            }
            let key = ItemKey::credential(&profile, &name, Slot::Previous);
            if self.remove_from(entry.store, &key).is_err() {
                self.notify(Notice::Remains { name });
                continue;
            }
            entry.forget_previous();
            index.put(&profile, &name, entry);
            self.index.save(index)?;
        }
        Ok(())
    }

    fn lock(&self) -> Result<FileLock, CredentialError> {
        let file_error = |source| StoreError::File { path: self.folder.clone(), source };
        private_file::create_folder(&self.folder).map_err(file_error)?;
        let lock =
            FileLock::acquire(&self.folder.join("index.lock"), PATIENCE).map_err(|error| match error {
                LockError::Busy => StoreError::Busy { after: PATIENCE },
                LockError::Io(source) => StoreError::File { path: self.folder.join("index.lock"), source },
            })?;
        private_file::sweep(&self.folder);
        Ok(lock)
    }

    fn not_found(&self, index: &Index, name: &CredentialName) -> CredentialError {
        // Of what is named, the beginning of an addition may be there: it is not what was meant.
        let known =
            index.entries(&self.profile).map(|(known, _)| known).filter(|known| !known.is_twin_of(name));
        CredentialError::NotFound {
            name: name.clone(),
            profile: self.profile.clone(),
            similar: similar::nearest(name, known).cloned(),
        }
    }

    /// The entry and the store it rests in.
    fn locate<'index>(
        &self,
        index: &'index Index,
        name: &CredentialName,
    ) -> Result<(&'index CredentialName, &'index Entry), CredentialError> {
        let (name, entry) = index.find(&self.profile, name).ok_or_else(|| self.not_found(index, name))?;
        match self.stores.asked_for() {
            Some(asked) if asked != entry.store => {
                Err(CredentialError::Elsewhere { name: name.clone(), store: entry.store, asked })
            }
            _ => Ok((name, entry)),
        }
    }

    /// Stores the secret and compares what the store gives back.
    fn put_and_read_back(
        store: &dyn CredentialStore,
        key: &ItemKey,
        secret: &Secret,
    ) -> Result<(), StoreError> {
        store.put(key, secret)?;
        Self::read_back(store, key, secret)
    }

    fn read_back(store: &dyn CredentialStore, key: &ItemKey, secret: &Secret) -> Result<(), StoreError> {
        match store.get(key)? {
            Some(back) if back == *secret => Ok(()),
            _ => Err(StoreError::NotReadBack { store: store.kind() }),
        }
    }
}

//! Replacing a value that somebody else makes: the former one is dead as soon as the new one is handed out.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::audit::{Action, Event};
use crate::credentials::{CredentialError, Credentials, Notice, PATIENCE};
use crate::index::{Entry, Index, State};
use crate::name::{CredentialName, Profile};
use crate::os::lock::{FileLock, LockError};
use crate::secret::Secret;
use crate::store::sealed::rescue::Rescue;
use crate::store::{ItemKey, Slot, StoreError};

/// How long a value is kept that an interrupted replacement took out of use: nobody can say whether it is dead.
const KEPT_AFTER_RECOVERY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A replacement that is under way. Nobody else replaces anything as long as it lives.
///
/// Begun, it has shown that the store takes and gives back an item, and has room on the disk for the new value. What
/// comes is sealed there first. A process that dies then, or a store that does not take it, loses nothing: whoever reads
/// the credential next puts it in place.
pub(crate) struct Replacement<'c> {
    credentials: &'c Credentials,
    name: CredentialName,
    former: Secret,
    rescue: Rescue,
    key: Secret,
    _turn: FileLock,
}

impl Credentials {
    /// Prepares the replacement of this value by one that does not exist yet.
    ///
    /// # Errors
    /// [`CredentialError::NotFound`] where there is no such credential, and whatever the store answers; nothing has
    /// changed then.
    pub(crate) fn begin_replacement(
        &self,
        name: &CredentialName,
    ) -> Result<Replacement<'_>, CredentialError> {
        self.refuse_in_lockdown([name])?;
        self.check_recordable()?;
        let turn = self.take_turn(PATIENCE)?;
        self.write(|index| {
            let (name, entry) = self.locate(index, name)?;
            let (name, mut entry) = (name.clone(), entry.clone());
            let profile = self.profile.clone();
            self.settle_replacement(index, &profile, &name, &mut entry)?;
            self.finish_rotation(&profile, &name, &entry)?;
            let store = self.stores.open(entry.store)?;
            let Some(former) = store.get(&self.key(&name, Slot::Current))? else {
                return Err(CredentialError::Vanished { name, store: entry.store });
            };
            let item = self.key(&name, Slot::Next);
            let rescue = Rescue::of(&self.folder, &item);
            let key = rescue.prepare()?;
            if let Err(error) = Self::put_and_read_back(&*store, &item, &key) {
                rescue.remove();
                return Err(error.into());
            }
            entry.state = State::Replacing;
            index.put(&profile, &name, entry);
            self.index.save(index)?;
            Ok(Replacement { credentials: self, name, former, rescue, key, _turn: turn })
        })
    }

    /// The right to replace values: one process at a time, since a provider takes a token that is replaced twice for a
    /// stolen one.
    pub(crate) fn take_turn(&self, patience: Duration) -> Result<FileLock, CredentialError> {
        let path = self.folder.join("replace.lock");
        crate::os::private_file::create_folder(&self.folder)
            .map_err(|source| StoreError::File { path: self.folder.clone(), source })?;
        FileLock::acquire(&path, patience).map_err(|error| match error {
            LockError::Busy => StoreError::Busy { after: patience }.into(),
            LockError::Io(source) => StoreError::File { path, source }.into(),
        })
    }

    /// Ends replacements that were interrupted, where no process is at work on one; whether the index may be another
    /// one now.
    pub(crate) fn settle_replacements(&self, index: &Index) -> bool {
        if index.entries(&self.profile).all(|(_, entry)| entry.state != State::Replacing) {
            return false;
        }
        let Ok(_turn) = self.take_turn(Duration::ZERO) else { return false };
        let settled = self.write(|index| {
            for (profile, name, mut entry) in index.snapshot() {
                // A store that can't be written keeps the value that it has, and the sealed file the new one.
                if let Err(error) = self.settle_replacement(index, &profile, &name, &mut entry) {
                    self.notify(Notice::NotRecovered { name, why: error.to_string() });
                }
            }
            Ok(())
        });
        settled.is_ok()
    }

    /// Ends this replacement, if it was interrupted, for who has the turn: a new value that came is put in place.
    ///
    /// # Errors
    /// Whatever the store answers; no value is lost then.
    pub(crate) fn settle_replacement(
        &self,
        index: &mut Index,
        profile: &Profile,
        name: &CredentialName,
        entry: &mut Entry,
    ) -> Result<(), CredentialError> {
        if entry.state != State::Replacing {
            return Ok(());
        }
        let store = self.stores.open(entry.store)?;
        let keys = Slot::ALL.map(|slot| ItemKey::credential(profile, name, slot));
        let [next, _, previous, current] = &keys;
        let rescue = Rescue::of(&self.folder, next);
        let came = match store.get(next)?.map(|key| rescue.value(&key)) {
            Some(Ok(came)) => came,
            Some(Err(StoreError::Damaged { .. })) => {
                rescue.put_aside();
                None
            }
            Some(Err(error)) => return Err(error.into()),
            None => None,
        };
        if let Some(new) = came {
            let in_use = store.get(current)?;
            let now = self.now();
            if in_use.as_ref() != Some(&new) {
                if let Some(former) = &in_use
                    && entry.previous_until.is_none_or(|until| until <= now)
                {
                    Self::put_and_read_back(&*store, previous, former)?;
                    Self::note_previous(
                        entry,
                        now.checked_add(KEPT_AFTER_RECOVERY).unwrap_or(Timestamp::MAX),
                    );
                    index.put(profile, name, entry.clone());
                    self.index.save(index)?;
                }
                Self::put_and_read_back(&*store, current, &new)?;
            }
            entry.facts.rotated = Some(now);
            entry.facts.expires = None;
            entry.facts.scopes.clear();
            let event = Event::new(Action::Rotate).of(profile, name).in_store(entry.store);
            self.record(event.because("recovered"))?;
            self.notify(Notice::Recovered { name: name.clone() });
        }
        entry.state = State::Stored;
        index.put(profile, name, entry.clone());
        self.index.save(index)?;
        rescue.remove();
        store.remove(next)?;
        Ok(())
    }

    /// Notes that the value in use becomes the former one, until `until`.
    pub(crate) fn note_previous(entry: &mut Entry, until: Timestamp) {
        entry.previous_rotated = Some(entry.facts.rotated.unwrap_or(entry.facts.created));
        entry.previous_expires = entry.facts.expires;
        entry.previous_until = Some(until);
        entry.previous_revoked = false;
    }
}

impl Replacement<'_> {
    /// The value in use so far.
    pub(crate) fn former(&self) -> &Secret {
        &self.former
    }

    /// Keeps the new value where it outlives this process.
    ///
    /// # Errors
    /// Where the disk does not take it; [`Replacement::finish`] may still succeed.
    pub(crate) fn receive(&self, new: &Secret) -> Result<(), StoreError> {
        self.rescue.keep(new, &self.key)
    }

    /// Puts the new value in place and keeps the former one for `keep` (zero: not at all).
    ///
    /// # Errors
    /// Whatever the store answers. The new value is then sealed on the disk, if it was received, and the next command
    /// that reads the credential puts it in place.
    pub(crate) fn finish(
        &self,
        new: &Secret,
        keep: SignedDuration,
        change: impl FnOnce(&mut Entry),
    ) -> Result<CredentialName, CredentialError> {
        let put = || self.put_in_place(new, keep, change);
        self.credentials.changing(Action::Rotate, Some(&self.name), Some(new), put)
    }

    fn put_in_place(
        &self,
        new: &Secret,
        keep: SignedDuration,
        change: impl FnOnce(&mut Entry),
    ) -> Result<CredentialName, CredentialError> {
        let credentials = self.credentials;
        credentials.write(|index| {
            let (name, entry) = credentials.locate(index, &self.name)?;
            let (name, mut entry) = (name.clone(), entry.clone());
            let store = credentials.stores.open(entry.store)?;
            let key = |slot| credentials.key(&name, slot);
            let now = credentials.now();
            let had_previous = entry.previous_until.is_some();
            if keep.is_zero() {
                entry.forget_previous();
            } else {
                Credentials::put_and_read_back(&*store, &key(Slot::Previous), &self.former)?;
                Credentials::note_previous(&mut entry, now.checked_add(keep).unwrap_or(Timestamp::MAX));
                index.put(&credentials.profile, &name, entry.clone());
                credentials.index.save(index)?;
            }
            Credentials::put_and_read_back(&*store, &key(Slot::Current), new)?;
            entry.facts.scopes.clear();
            entry.facts.expires = None;
            change(&mut entry);
            entry.facts.rotated = Some(now);
            entry.state = State::Stored;
            if keep.is_zero() && had_previous {
                store.remove(&key(Slot::Previous))?;
            }
            index.put(&credentials.profile, &name, entry);
            credentials.index.save(index)?;
            self.rescue.remove();
            store.remove(&key(Slot::Next))?;
            Ok(name)
        })
    }

    /// Ends it without a new value: the one in use stays.
    ///
    /// # Errors
    /// Where that can't be noted; the next command that reads the credential does.
    pub(crate) fn abandon(self) -> Result<(), CredentialError> {
        let credentials = self.credentials;
        credentials.write(|index| {
            let (name, entry) = credentials.locate(index, &self.name)?;
            let (name, mut entry) = (name.clone(), entry.clone());
            credentials.settle_replacement(index, &credentials.profile, &name, &mut entry)
        })
    }
}

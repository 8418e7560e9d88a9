//! Rotating: a new value under an old name, and the way back.

use jiff::{SignedDuration, Timestamp};

use crate::audit::Action;
use crate::credentials::{CredentialError, Credentials, PATIENCE};
use crate::index::{Entry, State};
use crate::name::{CredentialName, Profile};
use crate::secret::Secret;
use crate::store::{CredentialStore, ItemKey, Slot, StoreError};

impl Credentials {
    /// Replaces the value and keeps the former one for `keep` (zero: not at all). `change` may correct facts,
    /// such as a new expiry.
    ///
    /// # Errors
    /// [`CredentialError::NotFound`] where there is no such credential, and whatever the store answers; the
    /// former value is then still in place, or the new one is.
    pub(crate) fn rotate(
        &self,
        name: &CredentialName,
        secret: &Secret,
        keep: SignedDuration,
        change: impl FnOnce(&mut Entry),
    ) -> Result<CredentialName, CredentialError> {
        self.changing(Action::Rotate, Some(name), Some(secret), || {
            self.replace_value(name, secret, keep, change)
        })
    }

    fn replace_value(
        &self,
        name: &CredentialName,
        secret: &Secret,
        keep: SignedDuration,
        change: impl FnOnce(&mut Entry),
    ) -> Result<CredentialName, CredentialError> {
        let _turn = self.take_turn(PATIENCE)?;
        self.write(|index| {
            let (name, entry) = self.locate(index, name)?;
            let (name, mut entry) = (name.clone(), entry.clone());
            self.settle_replacement(index, &self.profile, &name, &mut entry)?;
            let store = self.stores.open(entry.store)?;
            self.finish_rotation(&self.profile, &name, &entry)?;
            let before_state = std::mem::take(&mut entry.state);
            let before = entry.clone();
            let current = self.key(&name, Slot::Current);
            let previous = self.key(&name, Slot::Previous);
            let former = store.get(&current)?;
            if former.is_none() && before_state == State::Adding {
                return Err(self.not_found(index, &name));
            }
            let now = self.now();
            let mut kept = None;
            if let (Some(former), false) = (&former, keep.is_zero()) {
                // A rotation that was interrupted and is repeated: the value before it is kept already.
                let is_kept = entry.previous_until.is_some_and(|until| until > now);
                if !(is_kept && former == secret) {
                    kept = Some(store.get(&previous)?);
                    Self::put_and_read_back(&*store, &previous, former).inspect_err(|_| {
                        self.is_back(&*store, &previous, kept.as_ref().and_then(Option::as_ref));
                    })?;
                    Self::note_previous(&mut entry, now);
                }
                entry.previous_until = Some(now.checked_add(keep).unwrap_or(Timestamp::MAX));
            }
            entry.state = State::Rotating;
            index.put(&self.profile, &name, entry.clone());
            self.index.save(index)?;
            if let Err(error) = Self::put_and_read_back(&*store, &current, secret) {
                let is_previous_back =
                    || kept.as_ref().is_none_or(|kept| self.is_back(&*store, &previous, kept.as_ref()));
                if self.is_back(&*store, &current, former.as_ref()) && is_previous_back() {
                    index.put(&self.profile, &name, before);
                    self.index.save(index)?;
                }
                return Err(error.into());
            }
            entry.facts.scopes.clear();
            change(&mut entry);
            entry.facts.rotated = Some(now);
            entry.state = State::Stored;
            if keep.is_zero() {
                if entry.previous_until.is_some() {
                    store.remove(&previous)?;
                }
                entry.forget_previous();
            }
            index.put(&self.profile, &name, entry);
            self.index.save(index)?;
            Ok(name)
        })
    }

    /// Puts the former value back in use; the one in use becomes the former. Dates go with their values.
    ///
    /// # Errors
    /// [`CredentialError::NoPrevious`] where none is kept, [`CredentialError::PreviousRevoked`] where it is dead, and
    /// whatever the store answers; the values are then
    /// where they were, or `doctor --repair` finishes the exchange.
    pub(crate) fn roll_back(&self, name: &CredentialName) -> Result<CredentialName, CredentialError> {
        self.changing(Action::Rotate, Some(name), None, || self.exchange(name))
    }

    fn exchange(&self, name: &CredentialName) -> Result<CredentialName, CredentialError> {
        let _turn = self.take_turn(PATIENCE)?;
        self.write(|index| {
            let (name, entry) = self.locate(index, name)?;
            let (name, mut entry) = (name.clone(), entry.clone());
            self.settle_replacement(index, &self.profile, &name, &mut entry)?;
            let store = self.stores.open(entry.store)?;
            self.finish_rotation(&self.profile, &name, &entry)?;
            entry.state = State::Stored;
            let before = entry.clone();
            let no_previous = || CredentialError::NoPrevious { name: name.clone() };
            if entry.previous_until.is_none_or(|until| until <= self.now()) {
                return Err(no_previous());
            }
            if entry.previous_revoked {
                return Err(CredentialError::PreviousRevoked { name });
            }
            let keys = Slot::ALL.map(|slot| self.key(&name, slot));
            let [_, rejected, previous, current] = &keys;
            let former = store.get(previous)?.ok_or_else(no_previous)?;
            let in_use = store.get(current)?;
            entry.state = State::Rotating;
            index.put(&self.profile, &name, entry.clone());
            self.index.save(index)?;
            if let Some(in_use) = &in_use {
                // From here on both values are in the store, whatever happens.
                Self::put_and_read_back(&*store, rejected, in_use)?;
            }
            if let Err(error) = Self::put_and_read_back(&*store, current, &former) {
                if self.is_back(&*store, current, in_use.as_ref()) && store.remove(rejected).is_ok() {
                    index.put(&self.profile, &name, before);
                    self.index.save(index)?;
                }
                return Err(error.into());
            }
            self.finish_rotation(&self.profile, &name, &entry)?;
            entry.state = State::Stored;
            let came = entry.facts.rotated.unwrap_or(entry.facts.created);
            entry.facts.rotated = entry.previous_rotated.replace(came);
            std::mem::swap(&mut entry.facts.expires, &mut entry.previous_expires);
            entry.facts.scopes.clear();
            index.put(&self.profile, &name, entry);
            self.index.save(index)?;
            Ok(name)
        })
    }

    /// Notes that the former value is dead at its issuer, so that nobody rolls back to it.
    ///
    /// # Errors
    /// Where the index can't be read or written.
    pub(crate) fn note_previous_revoked(&self, name: &CredentialName) -> Result<(), CredentialError> {
        self.change_entry(name, |entry| entry.previous_revoked = entry.previous_until.is_some())
    }

    /// Removes the former value before its time.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub(crate) fn forget_previous(&self, name: &CredentialName) -> Result<(), CredentialError> {
        self.change_entry(name, |entry| entry.previous_until = entry.previous_until.map(|_| Timestamp::MIN))
    }

    /// Changes what is noted of a credential. A former value whose time is over then is removed.
    fn change_entry(
        &self,
        name: &CredentialName,
        change: impl FnOnce(&mut Entry),
    ) -> Result<(), CredentialError> {
        self.write(|index| {
            let (name, entry) = self.locate(index, name)?;
            let (name, mut entry) = (name.clone(), entry.clone());
            change(&mut entry);
            index.put(&self.profile, &name, entry);
            Ok(self.index.save(index)?)
        })
    }

    /// Ends a rotation or a rollback that was interrupted, so that every value is in its own slot again.
    ///
    /// # Errors
    /// Whatever the store answers; no value is lost then.
    pub(crate) fn finish_rotation(
        &self,
        profile: &Profile,
        name: &CredentialName,
        entry: &Entry,
    ) -> Result<(), StoreError> {
        if entry.state != State::Rotating {
            return Ok(());
        }
        let store = self.stores.open(entry.store)?;
        let keys = Slot::ALL.map(|slot| ItemKey::credential(profile, name, slot));
        let [_, rejected, previous, current] = &keys;
        let in_use = store.get(current)?;
        if let Some(value) = store.get(rejected)? {
            if in_use.as_ref() != Some(&value) {
                Self::put_and_read_back(&*store, previous, &value)?;
            }
            store.remove(rejected)?;
        } else if let (None, Some(former)) = (&in_use, store.get(previous)?) {
            Self::put_and_read_back(&*store, current, &former)?;
        }
        Ok(())
    }

    /// Whether the store holds the value that it held before, after another one could not be written: most
    /// often nothing was, and there is no need to write again.
    fn is_back(&self, store: &dyn CredentialStore, key: &ItemKey, before: Option<&Secret>) -> bool {
        let Some(before) = before else { return store.remove(key).is_ok() };
        let is_there = store.get(key).is_ok_and(|held| held.as_ref() == Some(before));
        is_there || Self::put_and_read_back(store, key, before).is_ok()
    }
}

//! Rotating: a new value under an old name, and the way back.

use jiff::{SignedDuration, Timestamp};

use crate::credentials::{CredentialError, Credentials};
use crate::index::{Entry, State};
use crate::name::CredentialName;
use crate::secret::Secret;
use crate::store::Slot;

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
        self.write(|index| {
            let (name, entry) = self.locate(index, name)?;
            let (name, mut entry) = (name.clone(), entry.clone());
            let store = self.stores.open(entry.store)?;
            let current = self.key(&name, Slot::Current);
            let previous = self.key(&name, Slot::Previous);
            let former = store
                .get(&current)?
                .ok_or_else(|| CredentialError::Vanished { name: name.clone(), store: entry.store })?;
            let now = self.now();
            // A rotation that was interrupted and is repeated: the value before it is kept already.
            let is_kept = entry.previous_until.is_some_and(|until| until > now);
            let is_repeated = is_kept && former == *secret;
            if !keep.is_zero() {
                if !is_repeated {
                    Self::put_and_read_back(&*store, &previous, &former)?;
                }
                entry.previous_until = Some(now.checked_add(keep).unwrap_or(Timestamp::MAX));
            }
            entry.state = State::Rotating;
            index.put(&self.profile, &name, entry.clone());
            self.index.save(index)?;
            if let Err(error) = Self::put_and_read_back(&*store, &current, secret) {
                // Most often nothing was written, and there is no need to write again.
                let is_former = store.get(&current).is_ok_and(|held| held.as_ref() == Some(&former));
                if is_former || Self::put_and_read_back(&*store, &current, &former).is_ok() {
                    entry.state = State::Stored;
                    index.put(&self.profile, &name, entry);
                    self.index.save(index)?;
                }
                return Err(error.into());
            }
            change(&mut entry);
            entry.facts.rotated = Some(now);
            entry.state = State::Stored;
            if keep.is_zero() {
                let had_previous = entry.previous_until.take().is_some();
                if had_previous {
                    store.remove(&previous)?;
                }
            }
            index.put(&self.profile, &name, entry);
            self.index.save(index)?;
            Ok(name)
        })
    }

    /// Puts the former value back in use; the one in use becomes the former.
    ///
    /// # Errors
    /// [`CredentialError::NoPrevious`] where none is kept, and whatever the store answers.
    pub(crate) fn roll_back(&self, name: &CredentialName) -> Result<CredentialName, CredentialError> {
        let former = self.get_previous(name)?;
        self.write(|index| {
            let (name, entry) = self.locate(index, name)?;
            let (name, mut entry) = (name.clone(), entry.clone());
            let store = self.stores.open(entry.store)?;
            let current = self.key(&name, Slot::Current);
            let rejected = store.get(&current)?;
            entry.state = State::Rotating;
            index.put(&self.profile, &name, entry.clone());
            self.index.save(index)?;
            // In this order: a process that dies in between leaves the value that was asked for.
            Self::put_and_read_back(&*store, &current, &former)?;
            if let Some(rejected) = rejected {
                Self::put_and_read_back(&*store, &self.key(&name, Slot::Previous), &rejected)?;
            }
            entry.state = State::Stored;
            entry.facts.rotated = Some(self.now());
            index.put(&self.profile, &name, entry);
            self.index.save(index)?;
            Ok(name)
        })
    }
}

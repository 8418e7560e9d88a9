//! Deleting: the value, its former value and its facts are gone.

use crate::audit::Action;
use crate::credentials::{CredentialError, Credentials, PATIENCE};
use crate::index::{Entry, State};
use crate::name::{CredentialName, Profile};
use crate::store::sealed::rescue::Rescue;
use crate::store::{ItemKey, Slot, StoreError, StoreKind};

impl Credentials {
    /// The name as it was first written, where there is such a credential; one whose deletion was interrupted
    /// counts.
    ///
    /// # Errors
    /// [`CredentialError::NotFound`] where there is none.
    pub(crate) fn check_deletable(&self, name: &CredentialName) -> Result<CredentialName, CredentialError> {
        if self.stores.is_none() {
            return Err(CredentialError::ReadOnly);
        }
        let index = self.load()?;
        match index.find_unfinished(&self.profile, name) {
            Some((name, entry)) if entry.state == State::Removing => Ok(name.clone()),
            _ => self.locate(&index, name).map(|(name, _)| name.clone()),
        }
    }

    /// Deletes a credential, wherever copies of it rest.
    ///
    /// # Errors
    /// [`CredentialError::NotFound`] where there is none, and whatever the store answers; what could not be
    /// removed stays on record for `doctor --repair`.
    pub(crate) fn delete(&self, name: &CredentialName) -> Result<(), CredentialError> {
        self.changing(Action::Delete, Some(name), None, || self.remove(name))
    }

    fn remove(&self, name: &CredentialName) -> Result<(), CredentialError> {
        let _turn = self.take_turn(PATIENCE)?;
        self.write(|index| {
            let unfinished = index.find_unfinished(&self.profile, name);
            let (name, entry) = match unfinished.filter(|(_, entry)| entry.state == State::Removing) {
                Some(found) => found,
                None => self.locate(index, name)?,
            };
            let (name, mut entry) = (name.clone(), entry.clone());
            for place in entry.places() {
                self.stores.open(place)?;
            }
            let former = entry.clone();
            entry.state = State::Removing;
            index.put(&self.profile, &name, entry.clone());
            self.index.save(index)?;
            if let Err((error, is_untouched)) = self.remove_everywhere(&self.profile, &name, &entry) {
                if is_untouched {
                    index.put(&self.profile, &name, former);
                    self.index.save(index)?;
                }
                return Err(error.into());
            }
            index.remove(&self.profile, &name);
            Ok(self.index.save(index)?)
        })
    }

    /// Removes the value, its former values and all copies, from every store in which one may be.
    ///
    /// # Errors
    /// What a store answered, and whether that was before anything was removed.
    pub(crate) fn remove_everywhere(
        &self,
        profile: &Profile,
        name: &CredentialName,
        entry: &Entry,
    ) -> Result<(), (StoreError, bool)> {
        let places = entry.places();
        let keys = Slot::ALL.map(|slot| ItemKey::credential(profile, name, slot));
        let items = places.iter().flat_map(|place| keys.iter().map(|key| (*place, key)));
        for (number, (place, key)) in items.enumerate() {
            self.remove_from(place, key).map_err(|error| {
                let is_untouched = number == 0 && error.is_refusal();
                (error, is_untouched)
            })?;
        }
        Rescue::of(&self.folder, &keys[0]).remove();
        Ok(())
    }

    /// Removes the item and sees that it is gone.
    pub(crate) fn remove_from(&self, kind: StoreKind, key: &ItemKey) -> Result<(), StoreError> {
        let store = self.stores.open(kind)?;
        if store.remove(key)? && store.get(key)?.is_some() {
            return Err(StoreError::NotReadBack { store: kind });
        }
        Ok(())
    }
}

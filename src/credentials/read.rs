//! Reading: one value, many values, or facts alone.

use std::sync::Arc;

use jiff::Timestamp;

use crate::credentials::record::Reading;
use crate::credentials::{CredentialError, Credentials};
use crate::index::{Entry, Index, Loaded, State};
use crate::name::CredentialName;
use crate::secret::Secret;
use crate::store::{CredentialStore, ItemKey, Slot, StoreError, StoreKind};

impl Credentials {
    /// The value of a credential.
    ///
    /// # Errors
    /// [`CredentialError::NotFound`] where there is none, and whatever the store answers.
    pub(crate) fn get(&self, name: &CredentialName) -> Result<Secret, CredentialError> {
        let mut found = self.get_many(std::slice::from_ref(name))?;
        Ok(found.remove(0).1)
    }

    /// The values of several credentials, in the order given, under the names as they were first written.
    /// Either all or none.
    ///
    /// # Errors
    /// As [`Credentials::get`], for the first that can't be read.
    pub(crate) fn get_many(
        &self,
        names: &[CredentialName],
    ) -> Result<Vec<(CredentialName, Secret)>, CredentialError> {
        let found = self.refuse_in_lockdown(names).and_then(|()| {
            if self.stores.is_none() {
                self.get_from_environment(names)
            } else {
                self.while_it_changes(|index| self.read(index, names))
            }
        });
        // Once more, since a person may have been asked for a passphrase meanwhile.
        let found = found.and_then(|found| self.refuse_in_lockdown(names).map(|()| found));
        found.inspect_err(|error| self.record_failed_reading(names, error))
    }

    /// The values of all credentials of the profile whose entries are wanted. One that is only being added is
    /// not there yet.
    ///
    /// # Errors
    /// As [`Credentials::get`], for the first that can't be read.
    pub(crate) fn get_where(
        &self,
        is_wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Vec<(CredentialName, Secret)>, CredentialError> {
        let refuse = || match self.marker().look() {
            Some(_) => self.refuse_in_lockdown(&self.names_where(&is_wanted)?),
            None => Ok(()),
        };
        let found = refuse().and_then(|()| {
            self.while_it_changes(|index| self.read(index, &self.names_in(index, &is_wanted)?))
        });
        let found = found.and_then(|found| refuse().map(|()| found));
        found.inspect_err(|error| self.record_failed_reading(&[], error))
    }

    /// The names of which [`Credentials::get_where`] gives the values.
    ///
    /// # Errors
    /// As [`Credentials::get`], for one whose addition was interrupted.
    pub(crate) fn names_where(
        &self,
        is_wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Vec<CredentialName>, CredentialError> {
        self.names_in(&self.load()?, &is_wanted)
    }

    fn names_in(
        &self,
        index: &Index,
        is_wanted: &dyn Fn(&Entry) -> bool,
    ) -> Result<Vec<CredentialName>, CredentialError> {
        let mut names = Vec::new();
        for (name, entry) in index.entries(&self.profile).filter(|(_, entry)| is_wanted(entry)) {
            names.extend(self.is_there(name, entry)?.then(|| name.clone()));
        }
        Ok(names)
    }

    /// Whether the name has a value: of one whose addition is not finished, only its store knows.
    fn is_there(&self, name: &CredentialName, entry: &Entry) -> Result<bool, StoreError> {
        Ok(entry.state != State::Adding
            || self.stores.open(entry.store)?.get(&self.key(name, Slot::Current))?.is_some())
    }

    /// Reads again where a value was moved or deleted since the index was read, for as long as that goes on.
    fn while_it_changes<T>(
        &self,
        read: impl Fn(&Index) -> Result<T, CredentialError>,
    ) -> Result<T, CredentialError> {
        let mut index = self.load()?;
        if self.settle_replacements(&index) {
            index = self.load()?;
        }
        loop {
            match read(&index) {
                Err(CredentialError::Vanished { name, store }) => {
                    let now = self.load()?;
                    if now.generation == index.generation {
                        return Err(CredentialError::Vanished { name, store });
                    }
                    index = now;
                }
                outcome => return outcome,
            }
        }
    }

    fn read(
        &self,
        index: &Index,
        names: &[CredentialName],
    ) -> Result<Vec<(CredentialName, Secret)>, CredentialError> {
        let mut wanted = Vec::with_capacity(names.len());
        for name in names {
            let (name, entry) = self.locate(index, name)?;
            wanted.push((name, entry.store, entry.state, entry.facts.rotation_due_on()));
        }
        let mut found: Vec<Option<Secret>> = wanted.iter().map(|_| None).collect();
        let mut kinds: Vec<StoreKind> = Vec::new();
        for (_, kind, ..) in &wanted {
            if !kinds.contains(kind) {
                kinds.push(*kind);
            }
        }
        let mut chain_key = None;
        for (number, kind) in kinds.into_iter().enumerate() {
            let places: Vec<usize> = (0..wanted.len()).filter(|at| wanted[*at].1 == kind).collect();
            let mut keys: Vec<ItemKey> =
                places.iter().map(|at| self.key(wanted[*at].0, Slot::Current)).collect();
            // The key of the log comes along with the values, at no cost of its own.
            let has_chain_key = number == 0 && self.recorder().is_some();
            keys.extend(has_chain_key.then(ItemKey::audit_key));
            let mut secrets = self.stores.open(kind)?.get_many(&keys)?;
            if has_chain_key {
                chain_key = secrets.pop().flatten();
            }
            for (place, secret) in places.into_iter().zip(secrets) {
                found[place] = secret;
            }
        }
        let values = wanted.into_iter().zip(found).map(|((name, store, state, due), secret)| match secret {
            Some(secret) if secret.is_empty() => Err(StoreError::Empty { store }.into()),
            Some(secret) => Ok(Reading { name: name.clone(), store, due, secret }),
            None if state == State::Adding => Err(self.not_found(index, name)),
            None => Err(CredentialError::Vanished { name: name.clone(), store }),
        });
        let values = values.collect::<Result<Vec<_>, CredentialError>>()?;
        self.record_reading(&values, chain_key.as_ref())?;
        Ok(values.into_iter().map(|reading| (reading.name, reading.secret)).collect())
    }

    /// The former value, while it is kept.
    ///
    /// # Errors
    /// [`CredentialError::NoPrevious`] where none is kept (any more).
    pub(crate) fn get_previous(&self, name: &CredentialName) -> Result<Secret, CredentialError> {
        let read = |index: &Index| {
            let (name, entry) = self.locate(index, name)?;
            self.refuse_in_lockdown([name])?;
            if entry.previous_until.is_none_or(|until| until <= self.now()) {
                return Err(CredentialError::NoPrevious { name: name.clone() });
            }
            let (name, store) = (name.clone(), entry.store);
            match self.stores.open(store)?.get(&self.key(&name, Slot::Previous))? {
                Some(secret) => Ok(Reading { name, store, due: None, secret }),
                None => Err(CredentialError::Vanished { name, store }),
            }
        };
        let found = self.while_it_changes(read).map_err(|error| match error {
            CredentialError::Vanished { name, .. } => CredentialError::NoPrevious { name },
            other => other,
        })?;
        let found = [found];
        self.record_reading(&found, None)?;
        let [reading] = found;
        self.refuse_in_lockdown([&reading.name])?;
        Ok(reading.secret)
    }

    /// Every credential of the profile with what is known about it. Asks no store.
    ///
    /// # Errors
    /// Where the index can't be read, and, where it is lost, can't be rebuilt.
    pub(crate) fn list(&self) -> Result<Vec<(CredentialName, Entry)>, CredentialError> {
        let index = self.load()?;
        Ok(index.entries(&self.profile).map(|(name, entry)| (name.clone(), entry.clone())).collect())
    }

    /// As [`Credentials::list`], or `None` where the index is lost or damaged: rebuilds nothing.
    pub(crate) fn list_if_whole(&self) -> Option<Vec<(CredentialName, Entry)>> {
        match self.index.load() {
            Ok(Loaded::Whole(_)) => self.list().ok(),
            Ok(Loaded::Missing) if !self.stores.was_used() => Some(Vec::new()),
            _ => None,
        }
    }

    /// The index, where it is whole; rebuilds nothing.
    pub(crate) fn index_if_whole(&self) -> Option<Index> {
        match self.index.load() {
            Ok(Loaded::Whole(index)) => Some(index),
            _ => None,
        }
    }

    /// Says whether there is such a credential in the store that was asked for, so that nobody types a value
    /// in vain. That store is asked only where an addition was begun and did not come to its end.
    ///
    /// # Errors
    /// [`CredentialError::NotFound`] where there is none, and whatever the store answers.
    pub(crate) fn check_known(&self, name: &CredentialName) -> Result<(), CredentialError> {
        if self.stores.is_none() {
            return Err(CredentialError::ReadOnly);
        }
        let index = self.load()?;
        let (name, entry) = self.locate(&index, name)?;
        if self.is_there(name, entry)? { Ok(()) } else { Err(self.not_found(&index, name)) }
    }

    /// One credential's facts, or `None`. Asks no store.
    ///
    /// # Errors
    /// As [`Credentials::list`].
    pub(crate) fn find(
        &self,
        name: &CredentialName,
    ) -> Result<Option<(CredentialName, Entry)>, CredentialError> {
        let index = self.load()?;
        Ok(index.find(&self.profile, name).map(|(name, entry)| (name.clone(), entry.clone())))
    }

    /// The names in every profile: what has to be taken out of a child's environment.
    ///
    /// # Errors
    /// As [`Credentials::list`].
    pub(crate) fn managed_names(&self) -> Result<Vec<CredentialName>, CredentialError> {
        if self.stores.is_none() {
            return Ok(Vec::new());
        }
        let index = self.load()?;
        let mut names: Vec<_> = index.every_entry().map(|(_, name, _)| name.clone()).collect();
        names.dedup();
        Ok(names)
    }

    /// Whether a former value is past its time, at this moment.
    pub(crate) fn is_past(until: Option<Timestamp>, now: Timestamp) -> bool {
        until.is_some_and(|until| until <= now)
    }

    fn get_from_environment(
        &self,
        names: &[CredentialName],
    ) -> Result<Vec<(CredentialName, Secret)>, CredentialError> {
        let environment: Arc<dyn CredentialStore> = self.stores.open(StoreKind::None)?;
        let keys: Vec<_> = names.iter().map(|name| self.key(name, Slot::Current)).collect();
        let found = names.iter().zip(environment.get_many(&keys)?).map(|(name, secret)| match secret {
            Some(secret) if !secret.is_empty() => Ok((name.clone(), secret)),
            _ => Err(CredentialError::NotFound {
                name: name.clone(),
                profile: self.profile.clone(),
                similar: None,
            }),
        });
        found.collect()
    }
}

//! Adding: names that were free hold values.

use crate::credential::Facts;
use crate::credentials::{CredentialError, Credentials};
use crate::index::{Entry, Index, State};
use crate::name::CredentialName;
use crate::secret::Secret;
use crate::store::{CredentialStore, ItemKey, Slot, Stopped, StoreError, StoreKind};

/// A credential that is to be added.
pub(crate) struct New<'n> {
    /// Its name.
    pub(crate) name: &'n CredentialName,
    /// What is known about it.
    pub(crate) facts: Facts,
    /// Its value.
    pub(crate) secret: &'n Secret,
}

/// Why not all of several credentials were added.
#[derive(Debug)]
pub(crate) struct PartlyAdded {
    /// So many of the first are; none of the others is.
    pub(crate) added: usize,
    /// Why the next one is not.
    pub(crate) error: CredentialError,
}

impl<E: Into<CredentialError>> From<E> for PartlyAdded {
    fn from(error: E) -> Self {
        Self { added: 0, error: error.into() }
    }
}

impl Credentials {
    /// Says whether the name is taken, so that nobody types a value in vain.
    ///
    /// # Errors
    /// [`CredentialError::AlreadyExists`] where it is.
    pub(crate) fn check_free(&self, name: &CredentialName) -> Result<(), CredentialError> {
        match self.find(name)? {
            Some((name, entry)) if entry.state != State::Adding => {
                Err(CredentialError::AlreadyExists { name })
            }
            _ => Ok(()),
        }
    }

    /// Stores a new credential in the store of that kind.
    ///
    /// # Errors
    /// [`CredentialError::AlreadyExists`] where the name or a twin of it is taken, [`CredentialError::Adopted`]
    /// where the store holds an item of that name that the index had lost, and whatever the store answers.
    pub(crate) fn add(
        &self,
        name: &CredentialName,
        facts: Facts,
        secret: &Secret,
        kind: StoreKind,
    ) -> Result<(), CredentialError> {
        self.add_all(&[New { name, facts, secret }], kind).map_err(|partly| partly.error)
    }

    /// Stores new credentials in the store of that kind, in their order and up to the first that can't be added: what
    /// is left is as after so many calls of [`Credentials::add`], and costs about as much as one.
    ///
    /// # Errors
    /// As [`Credentials::add`], for the first that can't be added. Where the process is killed, or the store fails so
    /// that it can't be told what it holds, each of them is added or not, and found to be whichever it is.
    pub(crate) fn add_all(&self, new: &[New<'_>], kind: StoreKind) -> Result<(), PartlyAdded> {
        if kind == StoreKind::None {
            return Err(CredentialError::ReadOnly.into());
        }
        if new.is_empty() {
            return Ok(());
        }
        self.adding(new, kind, || self.store_new(new, kind))
    }

    fn store_new(&self, new: &[New<'_>], kind: StoreKind) -> Result<(), PartlyAdded> {
        let store = self.stores.open(kind)?;
        self.begin()?;
        if self.stores.record()?.is_none() {
            // So that an index that is lost later is known to be lost, and from where it can be made anew.
            self.stores.decide(kind, self.now(), "the first credential was stored there")?;
        }
        let mut added = 0;
        self.write(|index| {
            let (free, taken) = self.claim(index, &*store, new)?;
            let stored = self.store_claimed(index, &*store, &new[..free], &mut added);
            stored.and(taken.map_or(Ok(()), Err))
        })
        .map_err(|error| PartlyAdded { added, error })
    }

    /// Notes that the first so many are being added, up to the first whose name is taken, and says why it is.
    fn claim(
        &self,
        index: &mut Index,
        store: &dyn CredentialStore,
        new: &[New<'_>],
    ) -> Result<(usize, Option<CredentialError>), CredentialError> {
        let own_name = |it: &New<'_>| {
            let known = index.find_unfinished(&self.profile, it.name);
            known.map_or_else(|| it.name.clone(), |(own, _)| own.clone())
        };
        let keys: Vec<ItemKey> = new.iter().map(|it| self.key(&own_name(it), Slot::Current)).collect();
        let held = store.get_many(&keys)?;
        for (number, (it, held)) in new.iter().zip(held).enumerate() {
            let twin = new[..number].iter().find(|before| before.name.is_twin_of(it.name));
            let twin = twin.map(|twin| CredentialError::AlreadyExists { name: twin.name.clone() });
            let taken = twin.map_or_else(|| self.make_room(index, store.kind(), it, held.is_some()), Err);
            if let Err(error) = taken {
                if number > 0 {
                    self.index.save(index)?;
                }
                return Ok((number, Some(error)));
            }
            let mut entry = Entry::stored(it.facts.clone(), store.kind());
            entry.state = State::Adding;
            index.put(&self.profile, it.name, entry);
        }
        self.index.save(index)?;
        Ok((new.len(), None))
    }

    /// Sees that nothing has the name. Whether the store that is meant holds an item under it is known already.
    fn make_room(
        &self,
        index: &mut Index,
        kind: StoreKind,
        new: &New<'_>,
        is_held: bool,
    ) -> Result<(), CredentialError> {
        let known = index.find_unfinished(&self.profile, new.name);
        let known = known.map(|(name, entry)| (name.clone(), entry.clone()));
        let is_held = match &known {
            // What is left of a deletion that was interrupted: nobody wants it.
            Some((_, entry)) if entry.state == State::Removing => false,
            Some((own, entry)) if entry.store != kind => {
                self.stores.open(entry.store)?.get(&self.key(own, Slot::Current))?.is_some()
            }
            _ => is_held,
        };
        match (known, is_held) {
            (Some((own, mut entry)), true) => {
                if entry.state != State::Stored {
                    entry.state = State::Stored;
                    index.put(&self.profile, &own, entry);
                    self.index.save(index)?;
                }
                Err(CredentialError::AlreadyExists { name: own })
            }
            (None, true) => {
                let entry = Entry::stored(Facts::new(new.facts.kind, new.facts.created), kind);
                index.put(&self.profile, new.name, entry);
                self.index.save(index)?;
                Err(CredentialError::Adopted { name: new.name.clone(), store: kind })
            }
            // What is left of an interrupted deletion, or of a value that somebody else removed, goes first:
            // once the entry is replaced nobody would know where it is.
            (Some((own, entry)), false) => {
                self.remove_everywhere(&self.profile, &own, &entry).map_err(|(error, _)| error)?;
                index.remove(&self.profile, &own);
                Ok(())
            }
            (None, false) => Ok(()),
        }
    }

    /// Stores what was claimed, reads it back, and notes that it is stored; `added` counts those of which that is so.
    fn store_claimed(
        &self,
        index: &mut Index,
        store: &dyn CredentialStore,
        new: &[New<'_>],
        added: &mut usize,
    ) -> Result<(), CredentialError> {
        if new.is_empty() {
            return Ok(());
        }
        let items: Vec<(ItemKey, &Secret)> =
            new.iter().map(|it| (self.key(it.name, Slot::Current), it.secret)).collect();
        let (stored, tried, mut failure) = match store.put_many(&items) {
            Ok(()) => (items.len(), items.len(), None),
            Err(Stopped { stored, error, .. }) if error.is_refusal() => (stored, stored, Some(error)),
            Err(Stopped { stored, tried, error }) => (stored, tried, Some(error)),
        };
        let good = Self::read_back_many(store, &items[..stored]).unwrap_or_else(|(good, error)| {
            failure = Some(error);
            good
        });
        // What may be half there is taken away again; where that fails too, `Adding` stays on record.
        let mut is_answering = true;
        for (number, (it, (key, _))) in new.iter().zip(&items).enumerate() {
            if number < good {
                let entry = Entry::stored(it.facts.clone(), store.kind());
                index.put(&self.profile, it.name, entry);
                continue;
            }
            is_answering = is_answering && (number >= tried || store.remove(key).is_ok());
            if is_answering || number >= tried {
                index.remove(&self.profile, it.name);
            }
        }
        self.index.save(index)?;
        *added = good;
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Compares what the store gives back, and says how many of the first are right where not all are.
    fn read_back_many(
        store: &dyn CredentialStore,
        items: &[(ItemKey, &Secret)],
    ) -> Result<usize, (usize, StoreError)> {
        let keys: Vec<ItemKey> = items.iter().map(|(key, _)| key.clone()).collect();
        let back = store.get_many(&keys).map_err(|error| (0, error))?;
        let mut both = items.iter().zip(&back);
        match both.position(|((_, secret), back)| back.as_ref() != Some(*secret)) {
            Some(good) => Err((good, StoreError::NotReadBack { store: store.kind() })),
            None => Ok(items.len()),
        }
    }
}

//! Adding: a name that was free holds a value.

use crate::audit::Action;
use crate::credential::Facts;
use crate::credentials::{CredentialError, Credentials};
use crate::index::{Entry, State};
use crate::name::CredentialName;
use crate::secret::Secret;
use crate::store::{Slot, StoreError, StoreKind};

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
        if kind == StoreKind::None {
            return Err(CredentialError::ReadOnly);
        }
        self.changing(Action::Add, Some(name), Some(secret), || self.store_new(name, facts, secret, kind))
    }

    fn store_new(
        &self,
        name: &CredentialName,
        facts: Facts,
        secret: &Secret,
        kind: StoreKind,
    ) -> Result<(), CredentialError> {
        let store = self.stores.open(kind)?;
        self.begin()?;
        if self.stores.record()?.is_none() {
            // So that an index that is lost later is known to be lost, and from where it can be made anew.
            self.stores.decide(kind, self.now(), "the first credential was stored there")?;
        }
        self.write(|index| {
            let key = self.key(name, Slot::Current);
            let known =
                index.find_unfinished(&self.profile, name).map(|(name, entry)| (name.clone(), entry.clone()));
            let held = match &known {
                // What is left of a deletion that was interrupted: nobody wants it.
                Some((_, entry)) if entry.state == State::Removing => None,
                Some((own, entry)) if entry.store != kind => {
                    self.stores.open(entry.store)?.get(&self.key(own, Slot::Current))?
                }
                Some((own, _)) => store.get(&self.key(own, Slot::Current))?,
                None => store.get(&key)?,
            };
            match (known, held) {
                (Some((own, mut entry)), Some(_)) => {
                    if entry.state != State::Stored {
                        entry.state = State::Stored;
                        index.put(&self.profile, &own, entry);
                        self.index.save(index)?;
                    }
                    return Err(CredentialError::AlreadyExists { name: own });
                }
                (None, Some(_)) => {
                    let entry = Entry::stored(Facts::new(facts.kind, facts.created), kind);
                    index.put(&self.profile, name, entry);
                    self.index.save(index)?;
                    return Err(CredentialError::Adopted { name: name.clone(), store: kind });
                }
                // What is left of an interrupted deletion, or of a value that somebody else removed, goes first:
                // once the entry is replaced nobody would know where it is.
                (Some((own, entry)), None) => {
                    self.remove_everywhere(&self.profile, &own, &entry).map_err(|(error, _)| error)?;
                    index.remove(&self.profile, &own);
                }
                (None, None) => {}
            }
            let mut entry = Entry::stored(facts, kind);
            entry.state = State::Adding;
            index.put(&self.profile, name, entry.clone());
            self.index.save(index)?;
            let put = store.put(&key, secret);
            let is_refused = put.as_ref().is_err_and(StoreError::is_refusal);
            if let Err(error) = put.and_then(|()| Self::read_back(&*store, &key, secret)) {
                // What may be half there is taken away again; where that fails too, `Adding` stays on record.
                if is_refused || store.remove(&key).is_ok() {
                    index.remove(&self.profile, name);
                    self.index.save(index)?;
                }
                return Err(error.into());
            }
            entry.state = State::Stored;
            index.put(&self.profile, name, entry);
            Ok(self.index.save(index)?)
        })
    }
}

//! Rebuilding an index that is lost or damaged, from what the store can list.

use crate::credential::{Facts, Kind};
use crate::credentials::{CredentialError, Credentials, Notice};
use crate::index::{Entry, Index};
use crate::store::{Slot, StoreError};

impl Credentials {
    /// An index of what the chosen store holds: names, without the facts that only the old index had. Written
    /// down where that works; a damaged one is put aside first.
    pub(crate) fn rebuild(&self, damaged: Option<()>) -> Result<Index, CredentialError> {
        let Some(choice) = self.stores.current()? else { return Ok(Index::default()) };
        let store = self.stores.open(choice.kind)?;
        let now = self.now();
        let mut index = Index::default();
        let keys = store.keys()?;
        for key in &keys {
            if let Some((profile, name, Slot::Current)) = key.as_credential() {
                let facts = Facts::new(Kind::suggested_by(&name), now);
                index.put(&profile, &name, Entry::stored(facts, choice.kind));
            }
        }
        let found = index.every_entry().count();
        let aside = match damaged {
            Some(()) => self.index.put_aside().map(Some),
            None => Ok(None),
        };
        let saved = aside.and_then(|aside| self.index.save(&mut index).map(|()| aside));
        self.notify(match saved {
            Ok(damaged) => Notice::IndexRebuilt { found, damaged },
            Err(_) => Notice::IndexNotSaved { found },
        });
        Ok(index)
    }

    /// Names in the store that the index does not know, added to it.
    pub(crate) fn adopt(&self, index: &mut Index) -> Result<usize, StoreError> {
        let Some(choice) = self.stores.current()? else { return Ok(0) };
        let now = self.now();
        let mut adopted = 0;
        for key in self.stores.open(choice.kind)?.keys()? {
            if let Some((profile, name, Slot::Current)) = key.as_credential()
                && index.find(&profile, &name).is_none()
            {
                let facts = Facts::new(Kind::suggested_by(&name), now);
                index.put(&profile, &name, Entry::stored(facts, choice.kind));
                adopted += 1;
            }
        }
        Ok(adopted)
    }
}

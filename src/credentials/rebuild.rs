//! Rebuilding an index that is lost or damaged, from what the store can list.

use std::path::PathBuf;

use crate::credential::{Facts, Kind};
use crate::credentials::{CredentialError, Credentials, Notice};
use crate::index::{Entry, Index, IndexError};
use crate::store::{Slot, StoreError, StoreKind};

impl Credentials {
    /// An index of what the stores hold that were used: names, without the facts that only the old index had.
    /// Written down where that works; a damaged one is put aside first. With the store `none` nothing is rebuilt:
    /// whoever reads the environment alone has no say about what is stored.
    pub(crate) fn rebuild(&self, is_damaged: bool, may_save: bool) -> Result<Index, CredentialError> {
        let mut index = Index::default();
        if self.stores.is_none() {
            return Ok(index);
        }
        for kind in self.stores.used()? {
            self.adopt_from(kind, &mut index)?;
        }
        let found = index.every_entry().count();
        let saved = if may_save { self.replace(is_damaged, &mut index).ok() } else { None };
        self.notify(match saved {
            Some(damaged) => Notice::IndexRebuilt { found, damaged },
            None => Notice::IndexNotSaved { found },
        });
        Ok(index)
    }

    fn replace(&self, is_damaged: bool, index: &mut Index) -> Result<Option<PathBuf>, IndexError> {
        let aside = if is_damaged { Some(self.index.put_aside()?) } else { None };
        self.index.save(index)?;
        Ok(aside)
    }

    /// Names in the stores that the index does not know, added to it; and how many they were.
    pub(crate) fn adopt(&self, index: &mut Index) -> Result<usize, StoreError> {
        let mut adopted = 0;
        for kind in self.stores.used()? {
            adopted += self.adopt_from(kind, index)?;
        }
        Ok(adopted)
    }

    fn adopt_from(&self, kind: StoreKind, index: &mut Index) -> Result<usize, StoreError> {
        let now = self.now();
        let mut adopted = 0;
        for key in self.stores.open(kind)?.keys()? {
            if let Some((profile, name, Slot::Current)) = key.as_credential()
                && index.find_unfinished(&profile, &name).is_none()
            {
                let facts = Facts::new(Kind::suggested_by(&name), now);
                index.put(&profile, &name, Entry::stored(facts, kind));
                adopted += 1;
            }
        }
        Ok(adopted)
    }
}

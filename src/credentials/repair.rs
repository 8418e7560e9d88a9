//! Repairing: what interrupted commands left unfinished is finished or taken back.

use crate::credentials::{CredentialError, Credentials, PATIENCE};
use crate::index::State;
use crate::store::{ItemKey, Slot};

/// What a repair did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Repair {
    /// Additions, rotations and deletions that had been interrupted.
    pub(crate) settled: usize,
    /// Former values past their time that were removed.
    pub(crate) forgotten: usize,
    /// Items in the store that the index did not know and now lists.
    pub(crate) adopted: usize,
    /// Copies that an earlier move left in an old store, and that are still there.
    pub(crate) left_behind: usize,
}

impl Credentials {
    /// Settles everything that is unfinished, in all profiles.
    ///
    /// # Errors
    /// Whatever the stores answer.
    pub(crate) fn repair(&self) -> Result<Repair, CredentialError> {
        let _turn = self.take_turn(PATIENCE)?;
        self.write(|index| {
            let mut repair = Repair::default();
            let now = self.now();
            for (profile, name, mut entry) in index.snapshot() {
                let key = |slot| ItemKey::credential(&profile, &name, slot);
                if Self::is_past(entry.previous_until, now) {
                    self.remove_from(entry.store, &key(Slot::Previous))?;
                    entry.forget_previous();
                    repair.forgotten += 1;
                }
                let is_gone = match entry.state {
                    State::Stored => false,
                    State::Adding => self.stores.open(entry.store)?.get(&key(Slot::Current))?.is_none(),
                    State::Rotating => {
                        self.finish_rotation(&profile, &name, &entry)?;
                        false
                    }
                    State::Replacing => {
                        self.settle_replacement(index, &profile, &name, &mut entry)?;
                        repair.settled += 1;
                        false
                    }
                    State::Removing => {
                        self.remove_everywhere(&profile, &name, &entry).map_err(|(error, _)| error)?;
                        true
                    }
                };
                if entry.state != State::Stored {
                    repair.settled += 1;
                    entry.state = State::Stored;
                }
                if is_gone {
                    index.remove(&profile, &name);
                } else {
                    index.put(&profile, &name, entry);
                }
                self.index.save(index)?;
            }
            repair.adopted = self.adopt(index)?;
            self.index.save(index)?;
            repair.left_behind = self.clear_leftovers(index)?;
            Ok(repair)
        })
    }
}

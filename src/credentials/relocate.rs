//! Moving every credential to another store: copy, read back, note, then remove.

use std::cell::RefCell;

use crate::audit::{Action, Event};
use crate::credentials::{CredentialError, Credentials, Notice};
use crate::index::{Index, State};
use crate::store::{ItemKey, Slot, StoreError, StoreKind};

/// What a move did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Relocation {
    /// Credentials that rest in the new store now, and did not before.
    pub(crate) moved: usize,
    /// Copies that could not be taken out of the old store; the next move tries again.
    pub(crate) left_behind: usize,
}

impl Credentials {
    /// Moves the credentials of all profiles to `target` and puts that on record as the store. Each is in the
    /// old store, in both, or in the new one, and the index says where, at every moment: it may be stopped
    /// anywhere and called again.
    ///
    /// # Errors
    /// Whatever the stores answer; what was moved so far stays moved.
    pub(crate) fn relocate(&self, target: StoreKind) -> Result<Relocation, CredentialError> {
        let moved = RefCell::default();
        let outcome = self.changing(Action::Move, None, None, || self.move_to(target, &moved));
        // Also of those that were moved before something stopped the rest.
        self.record_all(&moved.into_inner())?;
        outcome
    }

    fn move_to(
        &self,
        target: StoreKind,
        events: &RefCell<Vec<Event>>,
    ) -> Result<Relocation, CredentialError> {
        let new = self.stores.open(target)?;
        self.write(|index| {
            let mut relocation = Relocation::default();
            let mut seen = Vec::new();
            let mut chain_key = None;
            for (profile, name, mut entry) in index.snapshot() {
                if entry.store == target {
                    continue;
                }
                let old = self.stores.open(entry.store)?;
                if self.recorder().is_some() && !seen.contains(&entry.store) {
                    seen.push(entry.store);
                    self.copy_chain_keys(&*old, &*new)?;
                    chain_key = Some(self.chain_key(&*new, None)?);
                }
                let mut found = false;
                let mut missing = Vec::new();
                let mut event = Event::new(Action::Move).of(&profile, &name).in_store(target);
                let is_ours = entry.leftover_in.contains(&target);
                // All slots are looked at before anything is noted or written: what a note names is taken for ours.
                for slot in Slot::ALL {
                    let key = ItemKey::credential(&profile, &name, slot);
                    let Some(secret) = old.get(&key)? else { continue };
                    found |= slot == Slot::Current;
                    if let (Some(chain_key), Slot::Current) = (&chain_key, slot) {
                        event = event.with_fingerprint(chain_key.fingerprint(&secret));
                    }
                    match new.get(&key)? {
                        Some(held) if held == secret => {}
                        Some(_) if !is_ours => {
                            return Err(CredentialError::Occupied { name, store: target });
                        }
                        _ => missing.push((key, secret)),
                    }
                }
                if !is_ours && !missing.is_empty() {
                    // A move that is stopped after this knows its own copy again.
                    entry.leftover_in.push(target);
                    index.put(&profile, &name, entry.clone());
                    self.index.save(index)?;
                }
                for (key, secret) in &missing {
                    Self::put_and_read_back(&*new, key, secret)?;
                }
                if !found && entry.state == State::Stored {
                    self.notify(Notice::Gone { name });
                    continue;
                }
                let mut moved = entry.clone();
                moved.leftover_in.retain(|place| *place != target);
                moved.leftover_in.push(entry.store);
                moved.store = target;
                index.put(&profile, &name, moved);
                self.index.save(index)?;
                relocation.moved += 1;
                events.borrow_mut().push(event.because(format!("from {}", entry.store.as_str())));
            }
            let why = "the credentials were moved here";
            self.stores.decide(target, self.now(), why)?;
            relocation.left_behind = self.clear_leftovers(index)?;
            Ok(relocation)
        })
    }

    /// Takes what earlier moves left in old stores out of them, and says how many are still there.
    pub(crate) fn clear_leftovers(&self, index: &mut Index) -> Result<usize, CredentialError> {
        let mut left = 0;
        for (profile, name, mut entry) in index.snapshot() {
            if entry.leftover_in.is_empty() {
                continue;
            }
            let remove = |place: StoreKind| -> Result<(), StoreError> {
                for slot in Slot::ALL {
                    self.remove_from(place, &ItemKey::credential(&profile, &name, slot))?;
                }
                Ok(())
            };
            let store = entry.store;
            entry.leftover_in.retain(|place| *place != store && remove(*place).is_err());
            left += usize::from(!entry.leftover_in.is_empty());
            index.put(&profile, &name, entry);
            self.index.save(index)?;
        }
        Ok(left)
    }
}

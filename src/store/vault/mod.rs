//! The vault: an encrypted file, for machines without a store of their own.

pub(crate) mod cache;
mod cipher;
mod contents;
mod facts;
mod format;
mod generation;
mod index;
#[cfg(target_os = "linux")]
mod kernel_keyring;
mod keychain;
pub(crate) mod recovery;
mod slot;
pub(crate) mod sources;
#[cfg(test)]
mod tests;
pub(crate) mod unlock;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use crate::os::lock::{FileLock, LockError};
use crate::os::private_file::{self, Stamp};
use crate::secret::{MAX_SECRET, Secret};
use crate::store::vault::cache::KeyCache;
use crate::store::vault::cipher::Key;
use crate::store::vault::contents::Contents;
use crate::store::vault::format::{Base64, Cipher, Flaw, Header, Layout, MAX_FILE, VaultId};
use crate::store::vault::generation::Note;
use crate::store::vault::index::Entry;
use crate::store::vault::slot::{PreparedSlot, Slot};
use crate::store::{CredentialStore, ItemKey, Stopped, StoreError, StoreKind};

pub(crate) use crate::store::vault::cipher::Argon2Cost;
pub(crate) use crate::store::vault::facts::VaultFacts;
pub(crate) use crate::store::vault::slot::SlotKind;
pub(crate) use crate::store::vault::unlock::{KeySource, UnlockKey};

/// How long a writer waits for the writers before it.
const PATIENCE: Duration = Duration::from_secs(30);

/// An unlocked vault. Several may be open on one file, in one process or many: readers take no lock and see
/// a whole generation, writers change what they find under `vault.lock`.
pub(crate) struct Vault {
    path: PathBuf,
    id: VaultId,
    dek: Key,
    /// The highest generation known here; an older file is refused.
    seen: AtomicU64,
    /// What `open` read, for the first one who asks.
    fresh: Mutex<Option<(Stamp, Vec<u8>)>>,
}

/// A file that was read, and the generation that it must have at least.
struct Reading {
    bytes: Vec<u8>,
    seen: u64,
}

/// What to do with a file that is older than one seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rollback {
    /// Refuse it.
    Refuse,
    /// Take it, as after restoring a backup on purpose.
    Accept,
}

impl Vault {
    /// Whether there is anything at `path`, so that no new vault may be made there.
    pub(crate) fn exists(path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok()
    }

    /// What the header tells without unlocking.
    ///
    /// # Errors
    /// `Absent` where there is no vault; `File`, `Damaged` or `UnknownVersion` where it can't be used.
    pub(crate) fn facts(path: &Path) -> Result<VaultFacts, StoreError> {
        let bytes = read_file(path)?;
        let layout = format::parse(&bytes).map_err(|flaw| flaw.at(path))?;
        Ok(VaultFacts::from(&layout.header))
    }

    /// Makes a new, empty vault that `key` unlocks, in a folder that is made for it.
    ///
    /// # Errors
    /// `File` with `AlreadyExists` where there is one: what it holds would be lost.
    pub(crate) fn create(
        path: &Path,
        key: &UnlockKey,
        kind: SlotKind,
        cost: Argon2Cost,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let slot = PreparedSlot::new(key, kind, cost, now)?;
        Self::create_with(path, VaultId(cipher::random()?), &slot, now)
    }

    /// As [`Vault::create`], with a random key that `native`, the operating system's own store, keeps.
    ///
    /// # Errors
    /// As `create`, and where `native` fails; then there is neither vault nor item.
    pub(crate) fn create_in_keychain(
        path: &Path,
        native: &dyn CredentialStore,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        if Self::exists(path) {
            return Err(already_exists(path));
        }
        let id = VaultId(cipher::random()?);
        let slot = keychain_slot(native, id, now)?;
        Self::create_with(path, id, &slot, now).inspect_err(|_| {
            // The vault's own error is the one to tell.
            _ = native.remove(&ItemKey::vault_key(&String::from(id)));
        })
    }

    fn create_with(
        path: &Path,
        id: VaultId,
        slot: &PreparedSlot,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        private_file::create_folder(folder).map_err(|source| at(folder, source))?;
        let dek = Key::random()?;
        let header = Header {
            vault_id: id,
            created: now,
            generation: 1,
            cipher: Cipher::XChaCha20Poly1305,
            slots: vec![Slot::wrap(&id.0, 1, slot, &dek)?],
            key_check: Base64(*contents::key_check(&dek, id).as_bytes()),
        };
        let vault = Self { path: path.to_owned(), id, dek, seen: AtomicU64::new(0), fresh: Mutex::new(None) };
        let _lock = vault.lock()?;
        if Self::exists(path) {
            return Err(already_exists(path));
        }
        vault.save(&Contents { header, entries: Vec::new() })?;
        Ok(vault)
    }

    /// Unlocks the vault with the first key of `source` that fits.
    ///
    /// # Errors
    /// `NoPassphrase` where the source has no key, `WrongPassphrase` where none of its keys fits, `RolledBack`
    /// where the file is older than one seen before, and as [`Vault::facts`].
    pub(crate) fn open(
        path: &Path,
        source: &mut dyn KeySource,
        rollback: Rollback,
    ) -> Result<Self, StoreError> {
        let note = Note::read(path);
        let stamp = private_file::stamp(path).ok();
        let bytes = read_file(path)?;
        let Layout { header, .. } = format::parse(&bytes).map_err(|flaw| flaw.at(path))?;
        let (found, mut seen) = (header.generation, note.of(header.vault_id));
        if seen > found {
            // A note caught half-way through being written says anything, but not twice.
            seen = seen.min(Note::read(path).of(header.vault_id));
        }
        if seen > found {
            if rollback == Rollback::Refuse {
                return Err(StoreError::RolledBack { path: path.to_owned(), found, seen });
            }
            seen = 0;
        }
        let dek = unlock::unlock(path, &header, source)?;
        let is_rolled_back = seen == 0 && note.of(header.vault_id) > found;
        let vault = Self {
            path: path.to_owned(),
            id: header.vault_id,
            dek,
            seen: AtomicU64::new(seen),
            fresh: Mutex::new(stamp.map(|stamp| (stamp, bytes))),
        };
        if is_rolled_back {
            // Accepted once and for all: what was read is checked, and its generation noted.
            vault.decrypt(&vault.read()?)?;
        }
        Ok(vault)
    }

    /// Keeps the vault's key in the cache, so that [`UnlockKey::Cached`] opens it until `timeout` is over.
    ///
    /// # Errors
    /// Where the cache can't be used.
    pub(crate) fn stay_unlocked(
        &self,
        cache: &KeyCache<'_>,
        timeout: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        cache.cache_key(&self.id(), &Secret::copy_of(self.dek.as_bytes()), timeout, now)
    }

    /// The vault's name for itself: 32 hexadecimal digits.
    pub(crate) fn id(&self) -> String {
        self.id.into()
    }

    /// The ways to unlock it.
    #[cfg(test)]
    pub(crate) fn slots(&self) -> Result<Vec<crate::store::vault::facts::SlotFacts>, StoreError> {
        Ok(Self::facts(&self.path)?.slots)
    }

    /// Adds a way to unlock the vault, and gives its id.
    ///
    /// # Errors
    /// Where the vault cannot be written.
    pub(crate) fn add_slot(
        &self,
        key: &UnlockKey,
        kind: SlotKind,
        cost: Argon2Cost,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        self.put_slot(&PreparedSlot::new(key, kind, cost, now)?, |_| true)
    }

    /// Adds a slot whose random key `native`, the operating system's own store, keeps.
    ///
    /// # Errors
    /// Where the vault cannot be written or `native` fails.
    pub(crate) fn add_keychain_slot(
        &self,
        native: &dyn CredentialStore,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        // There is one item for each vault, so one slot is enough.
        self.put_slot(&keychain_slot(native, self.id, now)?, |slot| slot.kind != SlotKind::Keychain)
    }

    /// Puts a passphrase in the place of every passphrase there is, in one write. The vault's own key stays,
    /// and so do the other slots.
    ///
    /// # Errors
    /// Where the vault cannot be written; then the old passphrase still opens it.
    pub(crate) fn change_passphrase(
        &self,
        new: &UnlockKey,
        cost: Argon2Cost,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let slot = PreparedSlot::new(new, SlotKind::Passphrase, cost, now)?;
        self.put_slot(&slot, |slot| slot.kind != SlotKind::Passphrase)
    }

    /// Removes a way to unlock the vault and says whether there was one.
    ///
    /// # Errors
    /// `File` where it is the last one, and where the vault cannot be written.
    pub(crate) fn remove_slot(&self, id: u32) -> Result<bool, StoreError> {
        let _lock = self.lock()?;
        let reading = self.read()?;
        let (layout, index) = self.decrypt(&reading)?;
        let mut contents = self.next(layout, &index)?;
        let before = contents.header.slots.len();
        contents.header.slots.retain(|slot| slot.id != id);
        if contents.header.slots.len() == before {
            return Ok(false);
        }
        if contents.header.slots.is_empty() {
            let why = "has no other slot, so nothing could open it any more";
            return Err(at(&self.path, io::Error::new(io::ErrorKind::InvalidInput, why)));
        }
        self.save(&contents)?;
        Ok(true)
    }

    fn put_slot(&self, slot: &PreparedSlot, keeps: impl Fn(&Slot) -> bool) -> Result<u32, StoreError> {
        let _lock = self.lock()?;
        let reading = self.read()?;
        let (layout, index) = self.decrypt(&reading)?;
        let mut contents = self.next(layout, &index)?;
        let slots = &mut contents.header.slots;
        let highest = slots.iter().map(|slot| slot.id).max().unwrap_or(0);
        let id = highest.checked_add(1).ok_or_else(|| self.damaged("its slots cannot be counted"))?;
        slots.retain(keeps);
        slots.push(Slot::wrap(&self.id.0, id, slot, &self.dek)?);
        self.save(&contents)?;
        Ok(id)
    }

    /// The turn to write. Whoever has it reads the file anew.
    fn lock(&self) -> Result<FileLock, StoreError> {
        drop(self.take_fresh());
        let is_read_only = fs::metadata(&self.path).is_ok_and(|it| it.permissions().readonly());
        if is_read_only {
            return Err(at(&self.path, io::Error::new(io::ErrorKind::PermissionDenied, "is read-only")));
        }
        let path = private_file::beside(&self.path, ".lock");
        let lock = FileLock::acquire(&path, PATIENCE).map_err(|error| match error {
            LockError::Busy => StoreError::Busy { after: PATIENCE },
            LockError::Io(source) => at(&path, source),
        })?;
        if let Some(folder) = self.path.parent() {
            private_file::sweep(folder);
        }
        Ok(lock)
    }

    /// The file as it is now. What `open` read serves once, if nobody replaced the file since.
    fn read(&self) -> Result<Reading, StoreError> {
        // Asked before the file: another thread may see a later generation in the meantime.
        let seen = self.seen.load(Ordering::Acquire);
        let bytes = match self.take_fresh() {
            Some((stamp, bytes)) if private_file::stamp(&self.path).is_ok_and(|now| now == stamp) => bytes,
            _ => read_file(&self.path)?,
        };
        Ok(Reading { bytes, seen })
    }

    fn take_fresh(&self) -> Option<(Stamp, Vec<u8>)> {
        self.fresh.lock().ok().and_then(|mut fresh| fresh.take())
    }

    /// Takes the file apart and decrypts its index, which vouches for the header.
    fn decrypt<'a>(&self, reading: &'a Reading) -> Result<(Layout<'a>, Secret), StoreError> {
        let layout = format::parse(&reading.bytes).map_err(|flaw| flaw.at(&self.path))?;
        if layout.header.vault_id != self.id {
            return Err(self.damaged("another vault took its place since it was opened"));
        }
        let index = contents::open_index(&self.dek, &layout).map_err(|flaw| flaw.at(&self.path))?;
        let found = layout.header.generation;
        if found < reading.seen {
            return Err(StoreError::RolledBack { path: self.path.clone(), found, seen: reading.seen });
        }
        if found > self.seen.fetch_max(found, Ordering::AcqRel) {
            generation::write(&self.path, self.id, found);
        }
        Ok((layout, index))
    }

    fn entries<'a>(&self, layout: &Layout<'a>, index: &'a Secret) -> Result<Vec<Entry<'a>>, StoreError> {
        index::read(index.expose_secret(), layout.records).map_err(|flaw| flaw.at(&self.path))
    }

    /// The contents as the next generation, to be changed and saved under the lock.
    fn next<'a>(&self, layout: Layout<'a>, index: &'a Secret) -> Result<Contents<'a>, StoreError> {
        let entries = self.entries(&layout, index)?;
        let mut header = layout.header;
        let next = header.generation.checked_add(1);
        header.generation = next.ok_or_else(|| self.damaged("its writes cannot be counted"))?;
        Ok(Contents { header, entries })
    }

    /// Writes what `next` prepared; call it under the same lock.
    fn save(&self, contents: &Contents<'_>) -> Result<(), StoreError> {
        let content = contents.seal(&self.dek, &self.path)?;
        private_file::replace(&self.path, &content).map_err(|source| at(&self.path, source))?;
        self.seen.fetch_max(contents.header.generation, Ordering::AcqRel);
        generation::write(&self.path, self.id, contents.header.generation);
        Ok(())
    }

    fn put_together(&self, items: &[(ItemKey, &Secret)]) -> Result<(), StoreError> {
        for (_, secret) in items {
            if secret.is_empty() {
                return Err(StoreError::Empty { store: StoreKind::Vault });
            }
            if secret.len() > MAX_SECRET {
                return Err(cipher::failed(format!("a value has at most {MAX_SECRET} bytes")));
            }
        }
        let _lock = self.lock()?;
        let reading = self.read()?;
        let (layout, index) = self.decrypt(&reading)?;
        let mut next = self.next(layout, &index)?;
        let mut records = Vec::with_capacity(items.len());
        for (key, secret) in items {
            let known = next.entries.iter().find(|entry| entry.is(key)).map(|entry| entry.id);
            let id = known.map_or_else(cipher::random, Ok)?;
            records.push((id, contents::seal_record(&self.dek, &next.header, key, &id, secret)?));
        }
        for ((key, _), (id, record)) in items.iter().zip(&records) {
            let entry = Entry::new(key, *id, next.header.generation, record);
            match next.entries.iter().position(|entry| entry.is(key)) {
                Some(place) => next.entries[place] = entry,
                None => next.entries.push(entry),
            }
        }
        self.save(&next)
    }

    fn damaged(&self, detail: &'static str) -> StoreError {
        Flaw::Damaged(detail).at(&self.path)
    }
}

impl CredentialStore for Vault {
    fn kind(&self) -> StoreKind {
        StoreKind::Vault
    }

    fn put(&self, key: &ItemKey, secret: &Secret) -> Result<(), StoreError> {
        self.put_together(&[(key.clone(), secret)])
    }

    /// In one write, so that all of them are stored or none is.
    fn put_many(&self, items: &[(ItemKey, &Secret)]) -> Result<(), Stopped> {
        let stopped = |error| Stopped { stored: 0, tried: items.len(), error };
        if items.is_empty() { Ok(()) } else { self.put_together(items).map_err(stopped) }
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret>, StoreError> {
        Ok(self.get_many(std::slice::from_ref(key))?.pop().flatten())
    }

    fn get_many(&self, keys: &[ItemKey]) -> Result<Vec<Option<Secret>>, StoreError> {
        let reading = self.read()?;
        let (layout, index) = self.decrypt(&reading)?;
        let entries = self.entries(&layout, &index)?;
        let open = |key: &ItemKey| {
            let entry = entries.iter().find(|entry| entry.is(key));
            entry.map(|entry| contents::open_record(&self.dek, &layout.header, key, entry)).transpose()
        };
        keys.iter().map(open).collect::<Result<_, _>>().map_err(|flaw| flaw.at(&self.path))
    }

    fn remove(&self, key: &ItemKey) -> Result<bool, StoreError> {
        let _lock = self.lock()?;
        let reading = self.read()?;
        let (layout, index) = self.decrypt(&reading)?;
        let mut next = self.next(layout, &index)?;
        let Some(place) = next.entries.iter().position(|entry| entry.is(key)) else { return Ok(false) };
        next.entries.remove(place);
        self.save(&next)?;
        Ok(true)
    }

    fn keys(&self) -> Result<Vec<ItemKey>, StoreError> {
        let reading = self.read()?;
        let (layout, index) = self.decrypt(&reading)?;
        Ok(self.entries(&layout, &index)?.iter().filter_map(Entry::key).collect())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Vault").field("path", &self.path).finish_non_exhaustive()
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    match private_file::read(path, MAX_FILE) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => {
            let reason = format!("there is no vault at `{}`", path.display());
            Err(StoreError::Absent { store: StoreKind::Vault, reason })
        }
        Err(source) => Err(at(path, source)),
    }
}

/// A slot with the key that `native` has for this vault, or with a new one once `native` has it. A key that is
/// there is never replaced: should the vault's own write fail, its former slot would be lost.
fn keychain_slot(
    native: &dyn CredentialStore,
    id: VaultId,
    now: Timestamp,
) -> Result<PreparedSlot, StoreError> {
    let id = String::from(id);
    let key = if let Some(key) = keychain::read_key(native, &id)? {
        key
    } else {
        let key = Secret::copy_of(Key::random()?.as_bytes());
        keychain::put_key(native, &id, &key)?;
        UnlockKey::Raw(key)
    };
    PreparedSlot::new(&key, SlotKind::Keychain, Argon2Cost::default(), now)
}

fn already_exists(path: &Path) -> StoreError {
    at(path, io::Error::new(io::ErrorKind::AlreadyExists, "there is a vault already"))
}

fn at(path: &Path, source: io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), source }
}

//! What a vault's file says once it is unlocked, and how it is sealed again.

use std::path::Path;

use crate::secret::Secret;
use crate::store::ItemKey;
use crate::store::StoreError;
use crate::store::vault::cipher::{self, Key, OVERHEAD};
use crate::store::vault::format::{self, FORMAT, Flaw, Header, Layout, MAX_FILE, VaultId};
use crate::store::vault::index::{self, Entry};

/// A whole vault: the header, and every item with its record, still sealed.
pub(super) struct Contents<'a> {
    pub(super) header: Header,
    pub(super) entries: Vec<Entry<'a>>,
}

impl Contents<'_> {
    /// The bytes of the file at `path`.
    ///
    /// # Errors
    /// `File` where it would be larger than any vault.
    pub(super) fn seal(&self, dek: &Key, path: &Path) -> Result<Vec<u8>, StoreError> {
        let too_large = |source| StoreError::File { path: path.to_owned(), source };
        let index = index::write(&self.entries).map_err(too_large)?;
        let mut file = format::write_front(&self.header, index.len() + OVERHEAD).map_err(too_large)?;
        let sealed = index_key(dek, self.header.vault_id).seal(&file, &index)?;
        let records = self.entries.iter().map(|entry| entry.record.len());
        let size = file.len() + sealed.len() + records.sum::<usize>();
        if size > MAX_FILE {
            return Err(too_large(format::too_large()));
        }
        file.reserve_exact(size - file.len());
        file.extend_from_slice(&sealed);
        for entry in &self.entries {
            file.extend_from_slice(entry.record);
        }
        Ok(file)
    }
}

/// Decrypts the index, which vouches for every byte in front of it.
///
/// # Errors
/// `Damaged` where any of them was changed.
pub(super) fn open_index(dek: &Key, layout: &Layout<'_>) -> Result<Secret, Flaw> {
    index_key(dek, layout.header.vault_id)
        .open(layout.front, layout.index)
        .ok_or(Flaw::Damaged("its header or index was changed"))
}

/// Seals a value as the record of this item, in this vault and at this generation alone.
pub(super) fn seal_record(
    dek: &Key,
    header: &Header,
    key: &ItemKey,
    id: &[u8; 16],
    secret: &Secret,
) -> Result<Vec<u8>, StoreError> {
    let generation = header.generation;
    record_key(dek, header.vault_id, id, generation)
        .seal(&record_context(header.vault_id, key, id, generation), secret.expose_secret())
}

/// The value of one item.
///
/// # Errors
/// `Damaged` where its record is not the one that the index lists, or does not open.
pub(super) fn open_record(
    dek: &Key,
    header: &Header,
    key: &ItemKey,
    entry: &Entry<'_>,
) -> Result<Secret, Flaw> {
    if !entry.is_intact() {
        return Err(Flaw::Damaged("one of its records was changed"));
    }
    let context = record_context(header.vault_id, key, &entry.id, entry.generation);
    record_key(dek, header.vault_id, &entry.id, entry.generation)
        .open(&context, entry.record)
        .ok_or(Flaw::Damaged("one of its records belongs elsewhere"))
}

/// What the header keeps of the vault's key: enough to know it again, nothing to find it by.
pub(super) fn key_check(dek: &Key, id: VaultId) -> Key {
    Key::derived(dek.as_bytes(), &id.0, b"check")
}

fn index_key(dek: &Key, id: VaultId) -> Key {
    Key::derived(dek.as_bytes(), &id.0, b"index")
}

fn record_key(dek: &Key, id: VaultId, record: &[u8; 16], generation: u64) -> Key {
    Key::derived(dek.as_bytes(), &id.0, &cipher::join(&[b"record", record, &generation.to_be_bytes()]))
}

fn record_context(id: VaultId, key: &ItemKey, record: &[u8; 16], generation: u64) -> Vec<u8> {
    cipher::join(&[
        b"mcpcred vault record",
        &id.0,
        &FORMAT.to_be_bytes(),
        record,
        key.service().as_bytes(),
        key.account().as_bytes(),
        &generation.to_be_bytes(),
    ])
}

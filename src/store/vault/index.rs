//! The vault's encrypted index: which record belongs to which item, and what it must look like.

use std::io;

use crate::store::ItemKey;
use crate::store::vault::cipher;
use crate::store::vault::format::{self, Flaw, Rest};

const DAMAGED: Flaw = Flaw::Damaged("its index cannot be read");

/// One item. Records stand in the order of the index, so their places follow from the lengths.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub(super) id: [u8; 16],
    /// The vault's generation at which the record was written.
    pub(super) generation: u64,
    digest: [u8; 32],
    service: &'a str,
    account: &'a str,
    /// The sealed record, as it stands in the file.
    pub(super) record: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The entry of a record that was just sealed.
    pub(super) fn new(key: &'a ItemKey, id: [u8; 16], generation: u64, record: &'a [u8]) -> Self {
        let digest = cipher::sha256(record);
        Self { id, generation, digest, service: key.service(), account: key.account(), record }
    }

    /// Whether this is the item under `key`.
    pub(super) fn is(&self, key: &ItemKey) -> bool {
        self.service == key.service() && self.account == key.account()
    }

    /// The item's key, or `None` for an item of a later version.
    pub(super) fn key(&self) -> Option<ItemKey> {
        ItemKey::from_parts(self.service, self.account)
    }

    /// Whether the record is the one that was written, before any key is tried on it.
    pub(super) fn is_intact(&self) -> bool {
        cipher::sha256(self.record) == self.digest
    }
}

/// The entries of a decrypted index, each with its part of `records`.
///
/// # Errors
/// Where a length does not fit, or records are missing or left over.
pub(super) fn read<'a>(index: &'a [u8], records: &'a [u8]) -> Result<Vec<Entry<'a>>, Flaw> {
    let mut records = Rest(records);
    let mut rest = Rest(index);
    let mut entries = Vec::new();
    while !rest.0.is_empty() {
        entries.push(read_entry(&mut rest, &mut records).ok_or(DAMAGED)?);
    }
    if records.0.is_empty() { Ok(entries) } else { Err(DAMAGED) }
}

fn read_entry<'a>(rest: &mut Rest<'a>, records: &mut Rest<'a>) -> Option<Entry<'a>> {
    let id = rest.array()?;
    let generation = u64::from_be_bytes(rest.array()?);
    let digest = rest.array()?;
    let record_length = rest.length()?;
    let service_length = rest.length()?;
    let service = str::from_utf8(rest.take(service_length)?).ok()?;
    let account_length = rest.length()?;
    let account = str::from_utf8(rest.take(account_length)?).ok()?;
    Some(Entry { id, generation, digest, service, account, record: records.take(record_length)? })
}

/// The index of these entries, still to be encrypted.
///
/// # Errors
/// Where a record is longer than the format can say.
pub(super) fn write(entries: &[Entry<'_>]) -> io::Result<Vec<u8>> {
    let size = entries.iter().map(|entry| 68 + entry.service.len() + entry.account.len()).sum();
    let mut index = Vec::with_capacity(size);
    for entry in entries {
        index.extend_from_slice(&entry.id);
        index.extend_from_slice(&entry.generation.to_be_bytes());
        index.extend_from_slice(&entry.digest);
        index.extend_from_slice(&format::write_length(entry.record.len())?);
        for text in [entry.service, entry.account] {
            index.extend_from_slice(&format::write_length(text.len())?);
            index.extend_from_slice(text.as_bytes());
        }
    }
    Ok(index)
}

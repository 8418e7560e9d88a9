//! The key of a vault as an item of the operating system's own store.

use std::mem;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::store::vault::unlock::UnlockKey;
use crate::store::{CredentialStore, ItemKey, StoreError};

/// The key of a keychain slot, which the store keeps as base64 text so that every keychain can hold it.
pub(super) fn read_key(store: &dyn CredentialStore, vault_id: &str) -> Result<Option<UnlockKey>, StoreError> {
    let Some(text) = store.get(&ItemKey::vault_key(vault_id))? else { return Ok(None) };
    Ok(decode(&text).map(UnlockKey::Raw))
}

/// A new key as base64 text, put into the store and read back.
///
/// # Errors
/// Where the store fails, or does not give the key back.
pub(super) fn put_key(store: &dyn CredentialStore, vault_id: &str, key: &Secret) -> Result<(), StoreError> {
    let item = ItemKey::vault_key(vault_id);
    let text = encode(key);
    store.put(&item, &text)?;
    if store.get(&item)?.is_some_and(|kept| kept == text) {
        Ok(())
    } else {
        Err(StoreError::NotReadBack { store: store.kind() })
    }
}

/// Bytes as base64 text, in memory that is wiped.
pub(super) fn encode(key: &Secret) -> Secret {
    let mut text = Zeroizing::new(vec![0; key.len().div_ceil(3) * 4]);
    let length = STANDARD.encode_slice(key.expose_secret(), &mut text).unwrap_or(0);
    text.truncate(length);
    Secret::new(mem::take(&mut *text))
}

/// The bytes of base64 text, or `None` where it is none.
pub(super) fn decode(text: &Secret) -> Option<Secret> {
    let text = text.expose_secret().trim_ascii();
    let mut bytes = Zeroizing::new(vec![0; text.len().div_ceil(4) * 3]);
    let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
    bytes.truncate(length);
    Some(Secret::new(mem::take(&mut *bytes)))
}

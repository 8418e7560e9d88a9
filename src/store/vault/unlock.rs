//! What unlocks a vault.

use std::io;
use std::path::Path;

use crate::os::private_file;
use crate::secret::Secret;
use crate::store::vault::cipher::Key;
use crate::store::vault::contents;
use crate::store::vault::facts::VaultFacts;
use crate::store::vault::format::{Flaw, Header};
use crate::store::vault::recovery::RecoveryCode;
use crate::store::vault::slot::SlotKind;
use crate::store::{StoreError, StoreKind};

/// The largest key or passphrase file, in bytes.
const MAX_KEY: usize = 64 * 1024;

/// The least that counts as a key of its own strength, in bytes.
pub(super) const MIN_RAW: usize = 32;

/// Something that may unlock a vault.
pub(crate) enum UnlockKey {
    /// What a person remembers: weak, so it goes through Argon2. A recovery code may be typed in its place.
    Passphrase(Secret),
    /// At least 32 random bytes.
    Raw(Secret),
    /// The vault's own key, from the cache of `store unlock`.
    Cached(Secret),
}

impl UnlockKey {
    /// A passphrase.
    ///
    /// # Errors
    /// `NoPassphrase` where it is empty.
    pub(crate) fn passphrase(passphrase: Secret) -> Result<Self, StoreError> {
        if passphrase.is_empty() { Err(StoreError::NoPassphrase) } else { Ok(Self::Passphrase(passphrase)) }
    }

    /// The key in a file: all its bytes but one trailing newline, of which there must be 32. What looks like
    /// a newline at the end of exactly 32 random bytes is one of them.
    ///
    /// # Errors
    /// `File` where it cannot be read, is open to everybody, or is shorter.
    pub(crate) fn read_raw(path: &Path) -> Result<Self, StoreError> {
        let key = read_stripped(path, MIN_RAW)?;
        if key.len() < MIN_RAW {
            let why = format!("has {} bytes, and a key file has at least {MIN_RAW} random ones", key.len());
            let source = io::Error::new(io::ErrorKind::InvalidData, why);
            return Err(StoreError::File { path: path.to_owned(), source });
        }
        Ok(Self::Raw(key))
    }

    /// The passphrase in a file: all its bytes but one trailing newline.
    ///
    /// # Errors
    /// `File` where it cannot be read, is open to everybody, or is empty.
    pub(crate) fn read_passphrase(path: &Path) -> Result<Self, StoreError> {
        let passphrase = read_stripped(path, 0)?;
        if passphrase.is_empty() {
            let source = io::Error::new(io::ErrorKind::InvalidData, "is empty");
            return Err(StoreError::File { path: path.to_owned(), source });
        }
        Ok(Self::Passphrase(passphrase))
    }

    /// The bytes of whichever it is.
    pub(super) fn expose_secret(&self) -> &[u8] {
        match self {
            Self::Passphrase(secret) | Self::Raw(secret) | Self::Cached(secret) => secret.expose_secret(),
        }
    }
}

/// The file without its trailing newline, unless fewer than `least` bytes would be left.
fn read_stripped(path: &Path, least: usize) -> Result<Secret, StoreError> {
    let content = private_file::read_key_file(path, MAX_KEY)
        .map_err(|source| StoreError::File { path: path.to_owned(), source })?;
    let bytes = content.expose_secret();
    let stripped = [&b"\r\n"[..], b"\n"].into_iter().filter_map(|newline| bytes.strip_suffix(newline));
    let stripped = stripped.into_iter().find(|stripped| stripped.len() >= least).map(Secret::copy_of);
    Ok(stripped.unwrap_or(content))
}

/// Gives keys, one after the other.
pub(crate) trait KeySource {
    /// The next key to try, or `None` where there is none left. Asked again only when the one before did
    /// not open the vault.
    ///
    /// # Errors
    /// Where a source can't be read, or the refused key was meant to be the right one.
    fn next(&mut self, facts: &VaultFacts) -> Result<Option<UnlockKey>, StoreError>;
}

/// Tries the keys of `source` on every slot, until one fits.
///
/// # Errors
/// `NoPassphrase` where there was no key, `WrongPassphrase` where none fits, `Damaged` where one fits and gives
/// another key than the vault was made with.
pub(super) fn unlock(path: &Path, header: &Header, source: &mut dyn KeySource) -> Result<Key, StoreError> {
    let facts = VaultFacts::from(header);
    let mut refusal = StoreError::NoPassphrase;
    while let Some(key) = source.next(&facts)? {
        match try_key(header, &key)? {
            Some(dek) if contents::key_check(&dek, header.vault_id).is(&header.key_check.0) => {
                return Ok(dek);
            }
            Some(_) if matches!(key, UnlockKey::Cached(_)) => refusal = StoreError::WrongPassphrase,
            Some(_) => return Err(Flaw::Damaged("its key is not the one that it was made with").at(path)),
            None => refusal = StoreError::WrongPassphrase,
        }
    }
    Err(refusal)
}

fn try_key(header: &Header, key: &UnlockKey) -> Result<Option<Key>, StoreError> {
    match key {
        UnlockKey::Cached(dek) => Ok(Key::from_bytes(dek.expose_secret())),
        UnlockKey::Raw(_) => try_slots(header, key),
        UnlockKey::Passphrase(text) => {
            let has_recovery = header.slots.iter().any(|slot| slot.kind == SlotKind::Recovery);
            let code = has_recovery.then(|| RecoveryCode::parse(text));
            if let Some(Ok(code)) = &code
                && let Some(dek) = try_slots(header, &code.key())?
            {
                return Ok(Some(dek));
            }
            let dek = try_slots(header, key)?;
            match code {
                // Nothing opened, and the text was meant as a code: say where the typo is.
                Some(Err(typo)) if dek.is_none() && RecoveryCode::resembles(text) => {
                    Err(StoreError::Failed { store: StoreKind::Vault, source: typo.into() })
                }
                _ => Ok(dek),
            }
        }
    }
}

fn try_slots(header: &Header, key: &UnlockKey) -> Result<Option<Key>, StoreError> {
    for slot in &header.slots {
        if let Some(dek) = slot.unwrap(&header.vault_id.0, key)? {
            return Ok(Some(dek));
        }
    }
    Ok(None)
}

/// A single key, as at `store init`.
impl KeySource for Option<UnlockKey> {
    fn next(&mut self, _facts: &VaultFacts) -> Result<Option<UnlockKey>, StoreError> {
        Ok(self.take())
    }
}

//! The sealed file: `MCPCREDS`, one byte of version, a nonce of 24 bytes, ciphertext with its tag.

use std::path::Path;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::secret::{MAX_SECRET, Secret, on_wiped_stack};
use crate::store::{ItemKey, StoreError};

const MAGIC: &[u8; 8] = b"MCPCREDS";
const VERSION: u8 = 1;
const HEADER: usize = MAGIC.len() + 1;
const NONCE: usize = 24;
const TAG: usize = 16;

/// The size of the largest file.
pub(crate) const LIMIT: usize = HEADER + NONCE + MAX_SECRET + TAG;

/// A key that seals one file, and no second one.
pub(crate) struct CipherKey(Zeroizing<[u8; 32]>);

impl CipherKey {
    /// A fresh one.
    ///
    /// # Errors
    /// Where the system has no random bytes.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key)?;
        Ok(Self(key))
    }

    /// The key of these bytes, where they are 32.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        (bytes.len() == key.len()).then(|| key.copy_from_slice(bytes))?;
        Some(Self(key))
    }

    /// Its bytes, for the item that keeps them.
    pub(crate) fn bytes(&self) -> &[u8] {
        &*self.0
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

/// What a file is bound to: copied to another item, record or generation, it does not open.
pub(crate) fn binding(key: &ItemKey, record: &str, generation: u64) -> Vec<u8> {
    let mut binding = b"mcpcred sealed file".to_vec();
    for part in [key.service(), key.account(), record] {
        binding.extend_from_slice(&(part.len() as u64).to_be_bytes());
        binding.extend_from_slice(part.as_bytes());
    }
    binding.extend_from_slice(&generation.to_be_bytes());
    binding
}

/// The content of the file that holds `secret`.
///
/// # Errors
/// Where the system has no random bytes.
pub(crate) fn seal(secret: &Secret, key: &CipherKey, binding: &[u8]) -> Result<Vec<u8>, getrandom::Error> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce)?;
    let mut content = Zeroizing::new(Vec::with_capacity(HEADER + NONCE + secret.len() + TAG));
    content.extend_from_slice(MAGIC);
    content.push(VERSION);
    content.extend_from_slice(&nonce);
    content.extend_from_slice(secret.expose_secret());
    let text = (&mut content[HEADER + NONCE..]).into();
    let tag = on_wiped_stack(|| key.cipher().encrypt_inout_detached(&XNonce::from(nonce), binding, text))
        // The cipher takes 256 GiB.
        .map_err(|_| getrandom::Error::UNEXPECTED)?;
    content.extend_from_slice(&tag);
    Ok(std::mem::take(&mut *content))
}

/// The secret in `content`.
///
/// # Errors
/// [`StoreError::Damaged`] where it is not just what was sealed, [`StoreError::UnknownVersion`].
pub(crate) fn open(
    content: &[u8],
    key: &CipherKey,
    binding: &[u8],
    path: &Path,
) -> Result<Secret, StoreError> {
    let damaged = |detail| StoreError::Damaged { path: path.to_owned(), detail };
    let Some(([version], sealed)) = content.strip_prefix(MAGIC).and_then(<[u8]>::split_first_chunk) else {
        return Err(damaged("it is no sealed file"));
    };
    if *version != VERSION {
        let (path, found) = (path.to_owned(), version.to_string());
        return Err(StoreError::UnknownVersion { path, what: "version", found, known: "1" });
    }
    let Some((nonce, sealed)) = sealed.split_first_chunk::<NONCE>() else {
        return Err(damaged("it is cut off"));
    };
    let mut text = Zeroizing::new(sealed.to_vec());
    on_wiped_stack(|| key.cipher().decrypt_in_place(&XNonce::from(*nonce), binding, &mut *text))
        .map_err(|_| damaged("it does not open with the key that its item holds"))?;
    Ok(Secret::new(std::mem::take(&mut *text)))
}

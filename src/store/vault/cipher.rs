//! The vault's cryptography: keys, their derivation, and sealing in place.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::secret::{Secret, on_wiped_stack};
use crate::store::vault::format::Flaw;
use crate::store::{StoreError, StoreKind};

/// Bytes of a nonce, which stands in front of what it sealed.
pub(super) const NONCE: usize = 24;

/// Bytes of a tag, which stands behind what was sealed.
pub(super) const TAG: usize = 16;

/// How much sealing adds to a text.
pub(super) const OVERHEAD: usize = NONCE + TAG;

/// 32 secret bytes in one place of the heap, wiped when dropped and moved without a copy.
pub(super) struct Key(Box<Zeroizing<[u8; 32]>>);

impl Key {
    /// A key that `write` fills in.
    fn written_by<E>(write: impl FnOnce(&mut [u8; 32]) -> Result<(), E>) -> Result<Self, E> {
        let mut key = Self(Box::new(Zeroizing::new([0; 32])));
        on_wiped_stack(|| write(&mut key.0))?;
        Ok(key)
    }

    /// A new random key.
    pub(super) fn random() -> Result<Self, StoreError> {
        Self::written_by(fill)
    }

    /// The key that these bytes are, or `None` where they are not 32.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::written_by(|key| {
            let bytes: &[u8; 32] = bytes.try_into().map_err(|_| ())?;
            *key = *bytes;
            Ok::<(), ()>(())
        })
        .ok()
    }

    /// Key of a passphrase: Argon2id version 1.3, RFC 9106.
    pub(super) fn from_passphrase(
        passphrase: &[u8],
        salt: &[u8],
        cost: &Argon2Cost,
    ) -> Result<Self, StoreError> {
        let failed = |error: argon2::Error| failed(error.to_string());
        let params = Params::new(cost.m_kib, cost.t, cost.p, Some(32)).map_err(failed)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Self::written_by(|key| argon2.hash_password_into(passphrase, salt, key).map_err(failed))
    }

    /// Key of high-entropy bytes: HKDF-SHA-256, RFC 5869.
    pub(super) fn derived(bytes: &[u8], salt: &[u8], purpose: &[u8]) -> Self {
        let expand = |key: &mut [u8; 32]| Hkdf::<Sha256>::new(Some(salt), bytes).expand(purpose, key);
        Self::written_by(expand).expect("HKDF gives up to 8160 bytes")
    }

    /// The key's bytes.
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether these are the same bytes, in constant time.
    pub(super) fn is(&self, other: &[u8; 32]) -> bool {
        self.0.ct_eq(other).into()
    }

    /// `nonce | ciphertext | tag`, bound to `context`.
    pub(super) fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE];
        fill(&mut nonce)?;
        // Wiped where sealing fails or panics half-way; never moved, for its capacity is exact.
        let mut sealed = Zeroizing::new(Vec::with_capacity(plain.len() + OVERHEAD));
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let text = (&mut sealed[NONCE..]).into();
        let tag =
            on_wiped_stack(|| self.cipher().encrypt_inout_detached(&XNonce::from(nonce), context, text))
                .map_err(|_| failed("a value is too long to be encrypted".to_owned()))?;
        sealed.extend_from_slice(&tag);
        Ok(std::mem::take(&mut *sealed))
    }

    /// What was sealed, or `None` where these are not the bytes, the key or the context of that time.
    pub(super) fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Secret> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG>()?;
        let mut plain = Zeroizing::new(Vec::with_capacity(ciphertext.len()));
        plain.extend_from_slice(ciphertext);
        let (nonce, tag) = (XNonce::from(*nonce), Tag::from(*tag));
        let text = plain.as_mut_slice().into();
        on_wiped_stack(|| self.cipher().decrypt_inout_detached(&nonce, context, text, &tag)).ok()?;
        Some(Secret::new(std::mem::take(&mut *plain)))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&**self.0).into())
    }
}

/// What one try of a passphrase costs: whoever guesses pays it as often as he guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Argon2Cost {
    /// Memory in KiB.
    pub(crate) m_kib: u32,
    /// Passes over the memory.
    pub(crate) t: u32,
    /// Lanes.
    pub(crate) p: u32,
}

impl Default for Argon2Cost {
    /// 64 MiB, three passes, one lane: the second choice of RFC 9106 with a single thread.
    fn default() -> Self {
        Self { m_kib: 64 * 1024, t: 3, p: 1 }
    }
}

impl Argon2Cost {
    /// The least that OWASP recommends (7 MiB five times, and what weighs as much).
    #[cfg(test)]
    pub(crate) const LEAST: Self = Self { m_kib: 7168, t: 5, p: 1 };

    /// Refuses what would stall or exhaust this machine, since a stranger may have written the file.
    pub(super) fn check_bearable(self) -> Result<(), Flaw> {
        let bearable = (1..=16).contains(&self.p)
            && (1..=64).contains(&self.t)
            && (8 * self.p..=4 * 1024 * 1024).contains(&self.m_kib);
        bearable.then_some(()).ok_or(Flaw::Damaged("its key derivation asks for more than mcpcred gives"))
    }

    /// Refuses what is too cheap to protect a passphrase.
    pub(super) fn check_worthy(self) -> Result<(), StoreError> {
        let worthy = self.m_kib >= 7168 && u64::from(self.m_kib) * u64::from(self.t) >= 7168 * 5;
        worthy.then_some(()).ok_or_else(|| failed("the key derivation is too cheap to be safe".to_owned()))
    }
}

/// The digest of bytes that are no secret.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Random bytes of the system.
pub(super) fn fill<const N: usize>(bytes: &mut [u8; N]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|error| failed(error.to_string()))
}

/// A new array of random bytes, for what is no secret.
pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// Fields one after the other, each with its length in front, so that no two lists give the same bytes.
pub(super) fn join(fields: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(fields.iter().map(|field| field.len() + 8).sum());
    for field in fields {
        joined.extend_from_slice(&(field.len() as u64).to_be_bytes());
        joined.extend_from_slice(field);
    }
    joined
}

/// A failure of the vault in its own words.
pub(super) fn failed(what: String) -> StoreError {
    StoreError::Failed { store: StoreKind::Vault, source: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_with_the_same_key_and_context_alone() {
        let key = Key::random().unwrap();
        let sealed = key.seal(b"here", b"value").unwrap();
        assert_eq!(sealed.len(), 5 + OVERHEAD);
        assert_eq!(key.open(b"here", &sealed).unwrap().expose_secret(), b"value");
        assert!(key.open(b"there", &sealed).is_none());
        assert!(Key::random().unwrap().open(b"here", &sealed).is_none());
        for length in 0..sealed.len() {
            assert!(key.open(b"here", &sealed[..length]).is_none(), "{length}");
        }
    }

    #[test]
    fn argon2id_gives_the_published_bytes() {
        // From the tests of the reference implementation (test.c, version 0x13).
        let cost = Argon2Cost { m_kib: 65536, t: 2, p: 1 };
        let key = Key::from_passphrase(b"password", b"somesalt", &cost).unwrap();
        let published = 0x0931_6115_d5cf_24ed_5a15_a31a_3ba3_26e5_u128;
        assert_eq!(key.as_bytes()[..16], published.to_be_bytes());
    }

    #[test]
    fn joined_fields_cannot_be_mistaken_for_others() {
        assert_ne!(join(&[b"ab", b"c"]), join(&[b"a", b"bc"]));
        assert_ne!(join(&[b"ab"]), join(&[b"ab", b""]));
    }

    #[test]
    fn only_sane_costs_pass() {
        assert!(Argon2Cost::default().check_bearable().is_ok());
        assert!(Argon2Cost::default().check_worthy().is_ok());
        assert!(Argon2Cost::LEAST.check_worthy().is_ok());
        for (m_kib, t, p) in
            [(u32::MAX, 3, 1), (65536, 65, 1), (65536, 3, 17), (8, 1, 2), (65536, 0, 1), (64, 1, 0)]
        {
            assert!(Argon2Cost { m_kib, t, p }.check_bearable().is_err(), "{m_kib} {t} {p}");
        }
        assert!(Argon2Cost { m_kib: 7168, t: 4, p: 1 }.check_worthy().is_err());
        assert!(Argon2Cost { m_kib: 1024, t: 60, p: 1 }.check_worthy().is_err());
    }
}

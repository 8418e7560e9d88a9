//! A slot: one way to unlock the vault, which holds the vault's key wrapped by another.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;
use crate::store::vault::cipher::{self, Argon2Cost, Key, NONCE, TAG};
use crate::store::vault::format::{Base64, Flaw};
use crate::store::vault::unlock::{MIN_RAW, UnlockKey};

/// Bytes of a vault's key with its tag.
const WRAPPED: usize = 32 + TAG;

/// What a slot is opened with, under the name that a person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SlotKind {
    /// A passphrase that somebody remembers.
    Passphrase,
    /// A file of random bytes.
    KeyFile,
    /// A credential that systemd hands to a service.
    Credential,
    /// An item of the operating system's own store.
    Keychain,
    /// A code on paper.
    Recovery,
}

impl SlotKind {
    /// The kind's name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase",
            Self::KeyFile => "key-file",
            Self::Credential => "credential",
            Self::Keychain => "keychain",
            Self::Recovery => "recovery",
        }
    }
}

/// How the wrapping key comes from what the person gives.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "name", deny_unknown_fields)]
pub(super) enum Kdf {
    #[serde(rename = "argon2id")]
    Argon2id { m_kib: u32, t: u32, p: u32, salt: Base64<16> },
    #[serde(rename = "hkdf-sha256")]
    HkdfSha256 { salt: Base64<16> },
}

impl Kdf {
    /// A fresh derivation for this key, of at least a decent cost.
    ///
    /// # Errors
    /// Where the key or the cost is too weak to protect anything.
    pub(super) fn new(key: &UnlockKey, cost: Argon2Cost) -> Result<Self, StoreError> {
        let is_short = key.expose_secret().len() < MIN_RAW;
        match key {
            UnlockKey::Passphrase(passphrase) if passphrase.is_empty() => {
                return Err(StoreError::NoPassphrase);
            }
            UnlockKey::Raw(_) | UnlockKey::Cached(_) if is_short => {
                return Err(cipher::failed(format!("a key has at least {MIN_RAW} random bytes")));
            }
            _ => {}
        }
        let salt = Base64(cipher::random()?);
        if let UnlockKey::Passphrase(_) = key {
            cost.check_worthy()?;
            let Argon2Cost { m_kib, t, p } = cost;
            Ok(Self::Argon2id { m_kib, t, p, salt })
        } else {
            Ok(Self::HkdfSha256 { salt })
        }
    }

    /// Refuses parameters that nobody should run.
    pub(super) fn check(&self) -> Result<(), Flaw> {
        match *self {
            Self::Argon2id { m_kib, t, p, .. } => Argon2Cost { m_kib, t, p }.check_bearable(),
            Self::HkdfSha256 { .. } => Ok(()),
        }
    }

    /// Whether this derivation takes that kind of key.
    fn takes(&self, key: &UnlockKey) -> bool {
        matches!(
            (self, key),
            (Self::Argon2id { .. }, UnlockKey::Passphrase(_)) | (Self::HkdfSha256 { .. }, UnlockKey::Raw(_))
        )
    }

    /// The key that wraps; Argon2 takes its time here.
    pub(super) fn derive(&self, secret: &[u8]) -> Result<Key, StoreError> {
        match self {
            Self::Argon2id { m_kib, t, p, salt } => {
                Key::from_passphrase(secret, &salt.0, &Argon2Cost { m_kib: *m_kib, t: *t, p: *p })
            }
            Self::HkdfSha256 { salt } => Ok(Key::derived(secret, &salt.0, b"mcpcred vault slot")),
        }
    }

    /// All parameters, to be bound to what the key wraps.
    fn binding(&self) -> Vec<u8> {
        match self {
            Self::Argon2id { m_kib, t, p, salt } => cipher::join(&[
                b"argon2id",
                &m_kib.to_be_bytes(),
                &t.to_be_bytes(),
                &p.to_be_bytes(),
                &salt.0,
            ]),
            Self::HkdfSha256 { salt } => cipher::join(&[b"hkdf-sha256", &salt.0]),
        }
    }
}

/// One entry of the header's list of slots.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slot {
    pub(super) id: u32,
    pub(super) kind: SlotKind,
    pub(super) kdf: Kdf,
    nonce: Base64<NONCE>,
    wrapped_dek: Base64<WRAPPED>,
    pub(super) created: Timestamp,
}

impl Slot {
    /// A slot that holds `dek`, wrapped by the key that `prepared` derived.
    pub(super) fn wrap(
        vault_id: &[u8],
        id: u32,
        prepared: &PreparedSlot,
        dek: &Key,
    ) -> Result<Self, StoreError> {
        let PreparedSlot { kind, kdf, wrapping_key, created } = prepared;
        let sealed = wrapping_key.seal(&context(vault_id, id, *kind, kdf), dek.as_bytes())?;
        let (nonce, wrapped) = sealed.split_first_chunk().expect("sealing puts the nonce in front");
        Ok(Self {
            id,
            kind: *kind,
            kdf: kdf.clone(),
            nonce: Base64(*nonce),
            wrapped_dek: Base64(wrapped.try_into().expect("a sealed key has its own length and a tag")),
            created: *created,
        })
    }

    /// The vault's key, or `None` where `key` is not for this slot.
    pub(super) fn unwrap(&self, vault_id: &[u8], key: &UnlockKey) -> Result<Option<Key>, StoreError> {
        if !self.kdf.takes(key) {
            return Ok(None);
        }
        let wrapping_key = self.kdf.derive(key.expose_secret())?;
        let context = context(vault_id, self.id, self.kind, &self.kdf);
        let opened = wrapping_key.open(&context, &[&self.nonce.0[..], &self.wrapped_dek.0].concat());
        Ok(opened.and_then(|dek| Key::from_bytes(dek.expose_secret())))
    }
}

/// A slot whose slow part is done, to be put into the header under the lock.
pub(super) struct PreparedSlot {
    kind: SlotKind,
    kdf: Kdf,
    wrapping_key: Key,
    created: Timestamp,
}

impl PreparedSlot {
    /// Derives the wrapping key.
    pub(super) fn new(
        key: &UnlockKey,
        kind: SlotKind,
        cost: Argon2Cost,
        created: Timestamp,
    ) -> Result<Self, StoreError> {
        let kdf = Kdf::new(key, cost)?;
        let wrapping_key = kdf.derive(key.expose_secret())?;
        Ok(Self { kind, kdf, wrapping_key, created })
    }
}

/// A wrapped key opens in its own vault, slot and parameters alone.
fn context(vault_id: &[u8], id: u32, kind: SlotKind, kdf: &Kdf) -> Vec<u8> {
    cipher::join(&[
        b"mcpcred vault slot",
        vault_id,
        &id.to_be_bytes(),
        kind.as_str().as_bytes(),
        &kdf.binding(),
    ])
}

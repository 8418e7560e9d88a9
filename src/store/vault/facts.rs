//! `VaultFacts`: what a vault tells about itself without being unlocked.

use jiff::Timestamp;

use crate::store::vault::format::{FORMAT, Header};
use crate::store::vault::slot::{Kdf, Slot, SlotKind};

/// The readable header. Nobody vouches for it until the vault is unlocked.
#[derive(Debug, Clone)]
pub(crate) struct VaultFacts {
    /// 32 hexadecimal digits.
    pub(crate) vault_id: String,
    /// The version of the file's layout.
    pub(crate) format: u16,
    /// `xchacha20poly1305`.
    pub(crate) cipher: &'static str,
    /// When the vault was made.
    pub(crate) created: Timestamp,
    /// How often it was written.
    pub(crate) generation: u64,
    /// The ways to unlock it.
    pub(crate) slots: Vec<SlotFacts>,
}

/// One way to unlock a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SlotFacts {
    /// What `remove_slot` takes.
    pub(crate) id: u32,
    /// What opens it.
    pub(crate) kind: SlotKind,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// `argon2id, 64 MiB, t=3, p=1` or `hkdf-sha256`.
    pub(crate) derivation: String,
}

impl VaultFacts {
    /// Whether one of the slots is of this kind.
    pub(crate) fn has(&self, kind: SlotKind) -> bool {
        self.slots.iter().any(|slot| slot.kind == kind)
    }
}

impl From<&Header> for VaultFacts {
    fn from(header: &Header) -> Self {
        Self {
            vault_id: header.vault_id.into(),
            format: FORMAT,
            cipher: "xchacha20poly1305",
            created: header.created,
            generation: header.generation,
            slots: header.slots.iter().map(SlotFacts::from).collect(),
        }
    }
}

impl From<&Slot> for SlotFacts {
    fn from(slot: &Slot) -> Self {
        let derivation = match slot.kdf {
            Kdf::Argon2id { m_kib, t, p, .. } => format!("argon2id, {} MiB, t={t}, p={p}", m_kib / 1024),
            Kdf::HkdfSha256 { .. } => "hkdf-sha256".to_owned(),
        };
        Self { id: slot.id, kind: slot.kind, created: slot.created, derivation }
    }
}

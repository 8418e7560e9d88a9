//! The vault's file: magic, version, a readable header, an encrypted index, and sealed records.

use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;
use crate::store::vault::cipher::{self, OVERHEAD};
use crate::store::vault::slot::Slot;

/// The version of the layout that this program writes, and the only one that it reads.
pub(super) const FORMAT: u16 = 1;

/// The largest vault that is read or written, in bytes.
pub(super) const MAX_FILE: usize = 256 * 1024 * 1024;

const MAGIC: &[u8; 8] = b"MCPCREDV";
const MAX_HEADER: usize = 64 * 1024;
const MAX_SLOTS: usize = 64;

/// Why bytes are not a vault that this program can use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    /// They do not hold what they should.
    #[error("{0}")]
    Damaged(&'static str),
    /// A later version wrote them.
    #[error("unknown {what} {found}")]
    Unknown { what: &'static str, found: String, known: &'static str },
}

impl Flaw {
    /// The flaw of the file at `path`.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Damaged(detail) => StoreError::Damaged { path, detail },
            Self::Unknown { what, found, known } => StoreError::UnknownVersion { path, what, found, known },
        }
    }
}

/// Bytes of a fixed number, as base64 text in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Base64<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> TryFrom<String> for Base64<N> {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = STANDARD.decode(text).map_err(|_| "not base64")?;
        bytes.try_into().map(Self).map_err(|_| "of another length")
    }
}

impl<const N: usize> From<Base64<N>> for String {
    fn from(bytes: Base64<N>) -> Self {
        STANDARD.encode(bytes.0)
    }
}

/// 128 random bits that name a vault for as long as it lives, as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct VaultId(pub(super) [u8; 16]);

impl TryFrom<String> for VaultId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let number = plain.then(|| u128::from_str_radix(&text, 16).ok()).flatten();
        number.map(|number| Self(number.to_be_bytes())).ok_or("not 32 hexadecimal digits")
    }
}

impl From<VaultId> for String {
    fn from(id: VaultId) -> Self {
        format!("{:032x}", u128::from_be_bytes(id.0))
    }
}

/// The one cipher of format 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cipher {
    #[serde(rename = "xchacha20poly1305")]
    XChaCha20Poly1305,
}

/// What stands readable in front; the encrypted index is bound to every byte of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) vault_id: VaultId,
    pub(super) created: Timestamp,
    /// Grows with every write.
    pub(super) generation: u64,
    pub(super) cipher: Cipher,
    pub(super) slots: Vec<Slot>,
    /// Commits to the key: what a slot gives and does not fit this is damage, not a wrong passphrase.
    pub(super) key_check: Base64<32>,
}

/// The parts of a vault's file.
#[derive(Debug)]
pub(crate) struct Layout<'a> {
    pub(super) header: Header,
    /// Everything in front of the index, to which the index is bound.
    pub(super) front: &'a [u8],
    pub(super) index: &'a [u8],
    pub(super) records: &'a [u8],
}

/// Takes a vault's file apart without a key. Nothing in it is trusted: every length is checked against
/// the bytes that are there, and nothing is allocated for what is not.
///
/// # Errors
/// Where it is no vault, of an unknown version or cipher, cut short, or changed in its front.
pub(crate) fn parse(bytes: &[u8]) -> Result<Layout<'_>, Flaw> {
    const CUT: Flaw = Flaw::Damaged("it is cut short");
    let mut rest = Rest(bytes);
    if rest.take(MAGIC.len()) != Some(MAGIC) {
        return Err(Flaw::Damaged("it does not start like a vault"));
    }
    let format = u16::from_be_bytes(rest.array().ok_or(CUT)?);
    if format != FORMAT {
        return Err(Flaw::Unknown { what: "format", found: format.to_string(), known: "1" });
    }
    let length = rest.length().filter(|length| *length <= MAX_HEADER);
    let length = length.ok_or(Flaw::Damaged("its header is longer than any header"))?;
    let header = rest.take(length).ok_or(CUT)?;
    let digested = bytes.len() - rest.0.len();
    let digest: [u8; 32] = rest.array().ok_or(CUT)?;
    let length = rest.length().filter(|length| *length >= OVERHEAD).ok_or(CUT)?;
    let front = bytes.len() - rest.0.len();
    let index = rest.take(length).ok_or(CUT)?;
    // The header of a later version is told by its names, so they come before everything else.
    let header = read_header(header)?;
    if digest != cipher::sha256(&bytes[..digested]) {
        return Err(Flaw::Damaged("its header was changed"));
    }
    Ok(Layout { header, front: &bytes[..front], index, records: rest.0 })
}

fn read_header(json: &[u8]) -> Result<Header, Flaw> {
    let header: Header = serde_json::from_slice(json).map_err(|_| name_unknown(json))?;
    if header.slots.is_empty() || header.slots.len() > MAX_SLOTS {
        return Err(Flaw::Damaged("it has no slots, or too many"));
    }
    header.slots.iter().try_for_each(|slot| slot.kdf.check())?;
    Ok(header)
}

/// Tells a header of a later version from one that is damaged.
fn name_unknown(json: &[u8]) -> Flaw {
    #[derive(Deserialize)]
    struct Names {
        cipher: String,
        slots: Vec<SlotNames>,
    }
    #[derive(Deserialize)]
    struct SlotNames {
        kind: String,
        kdf: KdfName,
    }
    #[derive(Deserialize)]
    struct KdfName {
        name: String,
    }
    let unknown = |what, found: &str, known: &'static str| {
        // A damaged name is not worth repeating; a real one is short and plain.
        let plain = found.len() <= 40 && found.bytes().all(|byte| byte.is_ascii_graphic());
        let is_known = known.split(", ").any(|known| known == found);
        (plain && !is_known).then(|| Flaw::Unknown { what, found: found.to_owned(), known })
    };
    let name = || -> Option<Flaw> {
        let names: Names = serde_json::from_slice(json).ok()?;
        unknown("cipher", &names.cipher, "xchacha20poly1305").or_else(|| {
            names.slots.iter().find_map(|slot| {
                let kinds = "passphrase, key-file, credential, keychain, recovery";
                unknown("key derivation", &slot.kdf.name, "argon2id, hkdf-sha256")
                    .or_else(|| unknown("slot kind", &slot.kind, kinds))
            })
        })
    };
    name().unwrap_or(Flaw::Damaged("its header cannot be read"))
}

/// Everything in front of an index of `index_length` bytes.
///
/// # Errors
/// Where the header or the index is longer than the format allows.
pub(super) fn write_front(header: &Header, index_length: usize) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(header)?;
    if json.len() > MAX_HEADER || header.slots.len() > MAX_SLOTS {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "has no room for another slot"));
    }
    let mut front = MAGIC.to_vec();
    front.extend_from_slice(&FORMAT.to_be_bytes());
    front.extend_from_slice(&write_length(json.len())?);
    front.extend_from_slice(&json);
    front.extend_from_slice(&cipher::sha256(&front));
    front.extend_from_slice(&write_length(index_length)?);
    Ok(front)
}

/// A length as four bytes, the highest first.
///
/// # Errors
/// Where it needs more than four.
pub(super) fn write_length(length: usize) -> io::Result<[u8; 4]> {
    u32::try_from(length).map(u32::to_be_bytes).map_err(|_| too_large())
}

/// What is said of a vault that would grow past [`MAX_FILE`].
pub(super) fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "has no room for more")
}

/// What is still to be read of some bytes.
pub(super) struct Rest<'a>(pub(super) &'a [u8]);

impl<'a> Rest<'a> {
    /// The next `count` bytes, if there are so many.
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A length of four bytes, the highest first.
    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_be_bytes(self.array()?)).ok()
    }
}

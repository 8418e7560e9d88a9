//! `ChainKey`: what binds the lines of the log to each other, and fingerprints to values; it rests in a store.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::secret::{Secret, SecretBuffer, on_wiped_stack};

const PREFIX: &str = "mcpcred-audit-key:v1";
const LENGTH: usize = 32;

/// What a line ends with: it depends on every byte of the line and on the link of the line before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Link([u8; LENGTH]);

impl Link {
    /// Characters of its text.
    pub(super) const TEXT: usize = 43;

    /// The link of a line that nothing but its hash protects, until a line with a key follows.
    pub(super) fn loose(previous: Self, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"mcpcred audit, without a key\0");
        hash.update(previous.0);
        hash.update(body);
        Self(hash.finalize().into())
    }

    /// As it is written.
    pub(super) fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Out of its text; of several texts that decode to the same bytes, one alone is taken.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let link = Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?);
        (link.to_text() == text).then_some(link)
    }
}

/// One key, in the parts that are used. Wiped when dropped.
pub(crate) struct ChainKey {
    id: String,
    chain: Zeroizing<[u8; LENGTH]>,
    head: Zeroizing<[u8; LENGTH]>,
    values: Zeroizing<[u8; LENGTH]>,
    root: Zeroizing<[u8; LENGTH]>,
}

impl ChainKey {
    /// A new one.
    ///
    /// # Errors
    /// Where the system has no random numbers.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut root = Zeroizing::new([0; LENGTH]);
        getrandom::fill(root.as_mut_slice())?;
        Ok(Self::from_root(root))
    }

    fn from_root(root: Zeroizing<[u8; LENGTH]>) -> Self {
        on_wiped_stack(|| {
            let derivation = Hkdf::<Sha256>::new(None, root.as_slice());
            let derive = |purpose: &[u8]| {
                let mut part = Zeroizing::new([0; LENGTH]);
                // Of a hash's own length there is always enough.
                _ = derivation.expand(purpose, part.as_mut_slice());
                part
            };
            let mut id = String::with_capacity(8);
            for byte in &derive(b"id")[..4] {
                _ = write!(id, "{byte:02x}");
            }
            Self { id, chain: derive(b"chain"), head: derive(b"head"), values: derive(b"values"), root }
        })
    }

    /// The name by which lines tell their key: 8 hexadecimal digits, which tell nothing else.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The link of a line.
    pub(super) fn link(&self, previous: Link, body: &[u8]) -> Link {
        Link(authenticate(&self.chain, &[&previous.0, body]))
    }

    /// The seal of the head.
    pub(super) fn seal(&self, head: &[u8]) -> Link {
        Link(authenticate(&self.head, &[head]))
    }

    /// What stands for a value in the log: twelve hexadecimal digits (HMAC-SHA-256, cut to 48 bits). The same value
    /// has the same fingerprint, and without the key nobody can try a value against it.
    pub(crate) fn fingerprint(&self, value: &Secret) -> String {
        on_wiped_stack(|| {
            let full = authenticate(&self.values, &[value.expose_secret()]);
            full[..6].iter().fold(String::with_capacity(12), |mut text, byte| {
                _ = write!(text, "{byte:02x}");
                text
            })
        })
    }

    /// The keys that an item of a store holds, that in use first.
    pub(crate) fn parse(item: &Secret) -> Option<Vec<Self>> {
        let mut parts = item.expose_secret_str().ok()?.split(',');
        if parts.next()? != PREFIX {
            return None;
        }
        let keys = parts.map(|text| {
            let bytes = Zeroizing::new(STANDARD_NO_PAD.decode(text).ok()?);
            let mut root = Zeroizing::new([0; LENGTH]);
            if bytes.len() != LENGTH {
                return None;
            }
            root.copy_from_slice(&bytes);
            Some(Self::from_root(root))
        });
        keys.collect::<Option<Vec<_>>>().filter(|keys| !keys.is_empty())
    }

    /// The item that holds these keys.
    pub(crate) fn to_item(keys: &[Self]) -> Secret {
        let mut item = SecretBuffer::with_capacity(PREFIX.len() + keys.len() * 44);
        item.push(PREFIX.as_bytes());
        for key in keys {
            item.push(b",");
            item.push(Zeroizing::new(STANDARD_NO_PAD.encode(key.root.as_slice())).as_bytes());
        }
        item.into_secret()
    }
}

fn authenticate(key: &[u8; LENGTH], parts: &[&[u8]]) -> [u8; LENGTH] {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; LENGTH] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_the_store_in_their_order() {
        let keys = [ChainKey::generate().unwrap(), ChainKey::generate().unwrap()];
        let back = ChainKey::parse(&ChainKey::to_item(&keys)).unwrap();
        let ids = |keys: &[ChainKey]| keys.iter().map(|key| key.id().to_owned()).collect::<Vec<_>>();
        assert_eq!(ids(&back), ids(&keys));
        assert_eq!(back[1].link(Link::default(), b"x"), keys[1].link(Link::default(), b"x"));
        for bad in ["", "mcpcred-audit-key:v1", "mcpcred-audit-key:v1,AAAA", "other,AAAA"] {
            assert!(ChainKey::parse(&Secret::copy_of(bad.as_bytes())).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_fingerprint_is_of_the_value_and_of_the_key() {
        let (this, other) = (ChainKey::generate().unwrap(), ChainKey::generate().unwrap());
        let value = Secret::copy_of(b"value");
        assert_eq!(this.fingerprint(&value), this.fingerprint(&value));
        assert_ne!(this.fingerprint(&value), other.fingerprint(&value));
        assert_eq!(this.fingerprint(&value).len(), 12);
    }

    #[test]
    fn a_link_has_one_text() {
        let text = Link([255; 32]).to_text();
        assert_eq!(text.len(), Link::TEXT);
        assert_eq!(Link::parse(&text), Some(Link([255; 32])));
        // The last character has bits that decode to nothing.
        let twin = format!("{}9", &text[..42]);
        assert_eq!(Link::parse(&twin), None);
    }
}

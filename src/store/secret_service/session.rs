//! The encrypted session of the Secret Service: `dh-ietf1024-sha256-aes128-cbc-pkcs7`.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use crypto_bigint::modular::{ConstMontyForm, ConstMontyParams};
use crypto_bigint::{U256, U1024, const_monty_params};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::secret::{Secret, on_wiped_stack};

/// The algorithm's name in `OpenSession`.
pub(super) const ALGORITHM: &str = "dh-ietf1024-sha256-aes128-cbc-pkcs7";

// The Second Oakley Group: RFC 2409, section 6.2.
const_monty_params!(
    Oakley,
    U1024,
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74\
     020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437\
     4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
     EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF"
);

type Element = ConstMontyForm<Oakley, { U1024::LIMBS }>;

/// Our half of a key agreement.
///
/// The exponent has 256 bits: twice the strength of the AES key that comes out of it, at a quarter of the
/// cost of one as long as the prime (RFC 7919, section 5.2 gives the rule).
pub(super) struct KeyPair {
    exponent: Zeroizing<U256>,
    public: U1024,
}

impl KeyPair {
    /// A fresh pair from the system's random source.
    ///
    /// # Errors
    /// Where the system has no random bytes.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0_u8; U256::BYTES]);
        getrandom::fill(&mut *bytes)?;
        let exponent = Zeroizing::new(U256::from_be_slice(&*bytes));
        let public = Element::new(&U1024::from_u8(2)).pow(&exponent).retrieve();
        Ok(Self { exponent, public })
    }

    /// The public half, as it goes over the bus.
    pub(super) fn public(&self) -> Vec<u8> {
        self.public.to_be_bytes().as_ref().to_vec()
    }

    /// The key that both sides share, or `None` where the other side's half is no number that a service would
    /// send: longer than the prime, or one of 0, 1 and the prime less one, which make the key known.
    pub(super) fn agree(&self, theirs: &[u8]) -> Option<SessionKey> {
        let mut padded = [0_u8; U1024::BYTES];
        padded.get_mut(U1024::BYTES.checked_sub(theirs.len())?..)?.copy_from_slice(theirs);
        let theirs = U1024::from_be_slice(&padded);
        let last = Oakley::PARAMS.modulus().as_ref().wrapping_sub(&U1024::ONE);
        if theirs <= U1024::ONE || theirs >= last {
            return None;
        }
        let mut shared = Element::new(&theirs).pow(&self.exponent).retrieve();
        let mut material = shared.to_be_bytes();
        let mut key = Zeroizing::new([0_u8; 16]);
        let expanded = Hkdf::<Sha256>::new(None, material.as_ref()).expand(&[], &mut *key);
        shared.zeroize();
        material.as_mut().zeroize();
        expanded.ok().map(|()| SessionKey(key))
    }
}

/// Decrypts what the service hands out in one session.
pub(super) struct SessionKey(Zeroizing<[u8; 16]>);

impl SessionKey {
    /// The secret in `ciphertext`, or `None` where it was not encrypted in this session.
    pub(super) fn decrypt(&self, nonce: &[u8], ciphertext: &[u8]) -> Option<Secret> {
        let decryptor = cbc::Decryptor::<aes::Aes128>::new_from_slices(&*self.0, nonce).ok()?;
        let mut bytes = Zeroizing::new(ciphertext.to_vec());
        let decrypt = || decryptor.decrypt_padded::<Pkcs7>(&mut bytes).map(<[u8]>::len);
        let length = on_wiped_stack(decrypt).ok()?;
        bytes.truncate(length);
        Some(Secret::new(std::mem::take(&mut *bytes)))
    }
}

impl SessionKey {
    /// A fresh nonce, and the ciphertext under it.
    ///
    /// # Errors
    /// Where the system has no random bytes.
    pub(super) fn encrypt(&self, secret: &Secret) -> Result<([u8; 16], Vec<u8>), getrandom::Error> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce)?;
        let encryptor = cbc::Encryptor::<aes::Aes128>::new((&*self.0).into(), (&nonce).into());
        let encrypt = || encryptor.encrypt_padded_vec::<Pkcs7>(secret.expose_secret());
        Ok((nonce, on_wiped_stack(encrypt)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_come_to_the_same_key() {
        let ours = KeyPair::generate().unwrap();
        let theirs = KeyPair::generate().unwrap();
        let key = ours.agree(&theirs.public()).unwrap();
        assert_eq!(*key.0, *theirs.agree(&ours.public()).unwrap().0);

        let nonce = [7; 16];
        let encryptor = cbc::Encryptor::<aes::Aes128>::new_from_slices(&*key.0, &nonce).unwrap();
        let ciphertext = encryptor.encrypt_padded_vec::<Pkcs7>(b"hunter2");
        assert_eq!(key.decrypt(&nonce, &ciphertext).unwrap().expose_secret(), b"hunter2");
        assert!(key.decrypt(&nonce, &ciphertext[1..]).is_none(), "not whole blocks");
        assert!(key.decrypt(&nonce[1..], &ciphertext).is_none(), "no nonce");
    }

    #[test]
    fn a_half_that_makes_the_key_known_is_refused() {
        let ours = KeyPair::generate().unwrap();
        let last = Oakley::PARAMS.modulus().as_ref().wrapping_sub(&U1024::ONE);
        for known in [U1024::ZERO, U1024::ONE, last, *Oakley::PARAMS.modulus().as_ref()] {
            assert!(ours.agree(known.to_be_bytes().as_ref()).is_none());
        }
        assert!(ours.agree(&[]).is_none());
        assert!(ours.agree(&[1; 129]).is_none());
    }
}

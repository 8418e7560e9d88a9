//! `Fingerprints`: stand for values in a report, so that the same value in two places is seen and no value is.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::{Secret, on_wiped_stack};

/// Makes fingerprints of one report. The key is random and never leaves: a list of likely passwords can't be tried
/// against a report, and fingerprints of two reports can't be compared.
pub(crate) struct Fingerprints([u8; 32]);

impl Fingerprints {
    /// With a new key.
    ///
    /// # Errors
    /// Where the system has no random numbers.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self(key))
    }

    /// As [`Fingerprints::of`], of a value that is kept.
    pub(crate) fn of_secret(&self, value: &Secret) -> String {
        self.of(value.expose_secret())
    }

    /// Twelve hexadecimal digits (HMAC-SHA-256, RFC 2104, cut to 48 bits).
    pub(crate) fn of(&self, value: &[u8]) -> String {
        on_wiped_stack(|| {
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
            mac.update(value);
            mac.finalize().into_bytes().iter().take(6).fold(String::with_capacity(12), |mut text, byte| {
                for digit in [byte >> 4, byte & 15] {
                    text.extend(char::from_digit(u32::from(digit), 16));
                }
                text
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_value_has_the_same_fingerprint_in_one_report_and_another_in_the_next() {
        let (this, next) = (Fingerprints::new().unwrap(), Fingerprints::new().unwrap());
        assert_eq!(this.of(b"value"), this.of(b"value"));
        assert_ne!(this.of(b"value"), this.of(b"other"));
        assert_ne!(this.of(b"value"), next.of(b"value"));
        assert_eq!(this.of(b"").len(), 12);
    }
}

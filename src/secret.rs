//! `Secret`: the one type that holds secret bytes, wiped when dropped.

use std::fmt;
use std::io::{self, Read};
use std::str::Utf8Error;

use subtle::ConstantTimeEq;
use zeroize::{Zeroizing, zeroize_stack};

/// The largest value that a credential may have, in bytes.
pub(crate) const MAX_SECRET: usize = 1024 * 1024;

/// More than what ciphers and key derivations use of the stack, in bytes.
const STACK: usize = 16 * 1024;

/// Does the work and wipes the stack that it used: ciphers keep copies of keys and of blocks of text there.
pub(crate) fn on_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    // A frame of its own, which ends before the wiping and so lies in what is wiped.
    #[inline(never)]
    fn apart<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    let result = apart(work);
    zeroize_stack::<STACK>();
    result
}

/// Bytes that nobody may see by accident.
///
/// They are wiped on drop (the whole allocation, not only the used part), compared in constant
/// time, and never printed: `Debug` shows nothing of them, there is no `Display`, no `Clone` and no
/// `Serialize`. The way out is [`Secret::expose_secret`], and `tests/house_rules.rs` lists
/// the files that may call it.
pub(crate) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over without copying them.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Copies the bytes into an allocation of exactly their size.
    pub(crate) fn copy_of(bytes: &[u8]) -> Self {
        let mut own = Vec::with_capacity(bytes.len());
        own.extend_from_slice(bytes);
        Self::new(own)
    }

    /// Another one of the same bytes, for whom a reference does not live long enough.
    pub(crate) fn copy_of_secret(other: &Self) -> Self {
        Self::copy_of(&other.0)
    }

    /// The bytes, for as long as the secret lives.
    pub(crate) fn expose_secret(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text.
    ///
    /// # Errors
    /// Where they are not UTF-8. The error holds a position, no bytes.
    pub(crate) fn expose_secret_str(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(&self.0)
    }

    /// The same without one newline at the end, which belongs to the tool that wrote the line.
    pub(crate) fn without_trailing_newline(self) -> Self {
        let line = self.0.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        match line {
            Some(line) => Self::copy_of(line),
            None => self,
        }
    }

    /// Number of bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Compared in constant time; only a difference in length shows in the time taken.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret([redacted])")
    }
}

/// A secret that is still being written: grows by moving into a larger allocation and wiping the
/// smaller one, so that growth leaves no copy behind.
pub(crate) struct SecretBuffer(Zeroizing<Vec<u8>>);

impl SecretBuffer {
    /// An empty buffer with room for `capacity` bytes before it has to move.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    /// Appends bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(self.0.capacity() * 2)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    /// How many bytes were written so far.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// What was written so far.
    pub(crate) fn into_secret(mut self) -> Secret {
        Secret::new(std::mem::take(&mut *self.0))
    }

    /// Reads to the end, straight into wiped memory, and stops with an error past `limit` bytes.
    ///
    /// # Errors
    /// Where the reader fails, or `InvalidData` where it holds more than `limit` bytes.
    pub(crate) fn read_to_end(mut reader: impl Read, limit: usize) -> io::Result<Secret> {
        let mut chunk = Zeroizing::new([0_u8; 8192]);
        let mut buffer = Self::with_capacity(chunk.len());
        loop {
            match reader.read(chunk.as_mut_slice()) {
                Ok(0) => return Ok(buffer.into_secret()),
                Ok(count) => buffer.push(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if buffer.0.len() > limit {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("more than {limit} bytes")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_byte() {
        assert_eq!(format!("{:?}", Secret::copy_of(b"hunter2")), "Secret([redacted])");
    }

    #[test]
    fn growing_keeps_every_byte() {
        let mut buffer = SecretBuffer::with_capacity(1);
        let mut expected = Vec::new();
        for number in 0..1000_u32 {
            buffer.push(&number.to_le_bytes());
            expected.extend_from_slice(&number.to_le_bytes());
        }
        assert_eq!(buffer.into_secret().expose_secret(), expected);
    }

    #[test]
    fn reading_stops_at_the_limit() {
        assert_eq!(SecretBuffer::read_to_end(&[7; 100][..], 100).unwrap().len(), 100);
        let error = SecretBuffer::read_to_end(&[7; 101][..], 100).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn one_newline_is_dropped_and_one_only() {
        let rest = |bytes: &[u8]| Secret::copy_of(bytes).without_trailing_newline().expose_secret().to_vec();
        assert_eq!(rest(b"a\n"), b"a");
        assert_eq!(rest(b"a\r\n"), b"a");
        assert_eq!(rest(b"a\n\n"), b"a\n");
        assert_eq!(rest(b" a "), b" a ");
        assert_eq!(rest(b"\n"), b"");
    }

    #[test]
    fn equality_is_of_bytes() {
        assert_eq!(Secret::copy_of(b"a"), Secret::copy_of(b"a"));
        assert_ne!(Secret::copy_of(b"a"), Secret::copy_of(b"b"));
        assert_ne!(Secret::copy_of(b"a"), Secret::copy_of(b"ab"));
    }
}

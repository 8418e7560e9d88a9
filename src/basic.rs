//! `basic`: a user and a password in base64, as the header of RFC 7617 has them behind the word `Basic`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The credentials of a user, in whose name a `:` can't be. Its copies of the password are wiped.
pub(crate) fn credentials(user: &[u8], password: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut pair = Zeroizing::new(Vec::with_capacity(user.len() + 1 + password.len()));
    pair.extend_from_slice(user);
    pair.push(b':');
    pair.extend_from_slice(password);
    of_pair(&pair)
}

/// As [`credentials`], of both with the `:` between them.
pub(crate) fn of_pair(pair: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(STANDARD.encode(pair).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7617, sections 2 and 2.1.
    #[test]
    fn the_examples_of_the_standard_are_written_as_there() {
        assert_eq!(*credentials(b"Aladdin", b"open sesame"), b"QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(*of_pair("test:123£".as_bytes()), b"dGVzdDoxMjPCow==");
    }
}

//! What the bytes of another program's item mean: UTF-8, or UTF-16 as Windows tools write it.

use zeroize::Zeroizing;

use crate::secret::{Secret, SecretBuffer};

/// The text that a Windows program stored, as UTF-8.
///
/// `New-StoredCredential` and Python's `keyring` write UTF-16 with the low byte first, others UTF-8. Secrets have no
/// control characters, and text of nearly all scripts in UTF-16 would be full of them, read as UTF-8: each character of
/// ASCII has a NUL. So what is UTF-8 without them stays, and anything else that is UTF-16 is taken for that. What is
/// neither stays as it is.
pub(crate) fn decoded(value: Secret) -> Secret {
    let bytes = value.expose_secret();
    let is_odd = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    let is_plain = !bytes.iter().any(is_odd) && value.expose_secret_str().is_ok();
    if is_plain {
        return value;
    }
    utf16(bytes).unwrap_or(value)
}

/// The same text in UTF-8, or `None` where the bytes are no such text or hold a NUL character.
fn utf16(bytes: &[u8]) -> Option<Secret> {
    let bytes = bytes.strip_prefix(&[0xff, 0xfe]).unwrap_or(bytes);
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let mut text = SecretBuffer::with_capacity(bytes.len() / 2 * 3);
    let mut encoded = Zeroizing::new([0_u8; 4]);
    for character in char::decode_utf16(units) {
        let character = character.ok().filter(|character| *character != '\0')?;
        text.push(character.encode_utf8(encoded.as_mut_slice()).as_bytes());
    }
    Some(text.into_secret())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn read(bytes: &[u8]) -> Vec<u8> {
        decoded(Secret::copy_of(bytes)).expose_secret().to_vec()
    }

    #[test]
    fn tokens_are_read_in_both_encodings() {
        for text in ["ghp_x", "a", "pässwörd", "пароль", "a\u{1f511}b", "鍵x"] {
            assert_eq!(read(text.as_bytes()), text.as_bytes(), "{text}");
            assert_eq!(read(&wide(text)), text.as_bytes(), "{text}");
        }
        assert_eq!(read(&[&[0xff, 0xfe][..], &wide("ghp_x")].concat()), b"ghp_x");
    }

    #[test]
    fn what_is_no_text_stays_as_it_is() {
        for bytes in [&b""[..], b"\0", b"a\0b", b"\xff", b"\x00\xd8", b"a\0\0\0", b"\xff\xff\xff"] {
            assert_eq!(read(bytes), bytes);
        }
    }
}

//! `Page`: the wiped buffer that shells are written into, and the digits of their escapes.

use crate::inject::shell::{Shell, Variable};
use crate::secret::{Secret, SecretBuffer};

/// Text in the making. It is sized for the worst case, so that it never has to move.
pub(super) struct Page(SecretBuffer);

impl Page {
    /// A page with room for every variable at the shell's longest spelling.
    pub(super) fn for_variables(shell: Shell, variables: &[Variable<'_>]) -> Self {
        let longest_byte = match shell {
            Shell::Bash | Shell::Sh | Shell::PowerShell => 5,
            Shell::Zsh | Shell::Fish | Shell::Elvish => 4,
            Shell::Json | Shell::Nu => 6,
            Shell::GithubActions => 7,
            Shell::Cmd | Shell::Dotenv | Shell::Docker => 2,
        };
        let size = |(name, value): &Variable<'_>| 128 + 5 * name.len() + longest_byte * value.len();
        Self(SecretBuffer::with_capacity(variables.iter().map(size).sum()))
    }

    /// Appends text of ours.
    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Appends pieces of text of ours.
    pub(super) fn texts(&mut self, pieces: &[&str]) {
        for piece in pieces {
            self.text(piece);
        }
    }

    /// Appends bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    /// Appends `value`: bytes that are a plain word everywhere as they are, every other one as `escape`
    /// writes it.
    pub(super) fn escaped(&mut self, value: &[u8], escape: impl Fn(&mut Self, u8)) {
        for byte in value {
            if is_plain(*byte) {
                self.bytes(&[*byte]);
            } else {
                escape(self, *byte);
            }
        }
    }

    /// Appends three octal digits.
    pub(super) fn octal(&mut self, byte: u8) {
        self.bytes(&[b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]);
    }

    /// Appends two hexadecimal digits.
    pub(super) fn hexadecimal(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.bytes(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }

    /// Appends decimal digits.
    pub(super) fn decimal(&mut self, number: u16) {
        let mut power = 10_000;
        while power > 1 && number < power {
            power /= 10;
        }
        while power > 0 {
            let digit = u8::try_from(number / power % 10).unwrap_or_default();
            self.bytes(&[b'0' + digit]);
            power /= 10;
        }
    }

    /// What was written.
    pub(super) fn into_secret(self) -> Secret {
        self.0.into_secret()
    }
}

/// Whether no shell gives the byte a meaning, wherever it stands in a word.
pub(super) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_./+-".contains(&byte)
}

//! `HiddenLine`: what is typed or pasted without being seen, one byte at a time.

use zeroize::Zeroizing;

use crate::secret::{MAX_SECRET, Secret};

/// What a terminal sends after a paste, where it was told to mark pastes.
const PASTE_END: &[u8] = b"\x1b[201~";

/// A line under construction, in memory that is wiped.
///
/// Backspace, Ctrl-U and Ctrl-W edit, arrow keys do nothing. Between the marks of a bracketed paste every
/// byte counts, newlines too (`\r` and `\r\n` are written as `\n`): that is how a private key comes in.
pub(super) struct HiddenLine {
    bytes: Zeroizing<Vec<u8>>,
    state: State,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Typed,
    Escape,
    Sequence { number: u16 },
    Paste { after_return: bool, end_seen: usize },
}

/// What a byte led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The line goes on.
    More,
    /// Enter.
    Accepted,
    /// Ctrl-C, Ctrl-D or Ctrl-\.
    Interrupted,
    /// Ctrl-Z.
    Suspended,
    /// The line is longer than any value may be.
    TooLong,
}

impl HiddenLine {
    /// An empty line.
    pub(super) fn new() -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(4096)), state: State::Typed }
    }

    /// Takes the next byte.
    pub(super) fn feed(&mut self, byte: u8) -> Step {
        match (self.state, byte) {
            // Also in a paste, of which the end may have got lost.
            (_, 0x03) => return Step::Interrupted,
            (State::Typed, _) => return self.feed_typed(byte),
            (State::Escape, b'[' | b'O') => self.state = State::Sequence { number: 0 },
            (State::Sequence { number }, b'0'..=b'9') => {
                let number = number.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
                self.state = State::Sequence { number };
            }
            (State::Sequence { number: 200 }, b'~') => {
                self.state = State::Paste { after_return: false, end_seen: 0 };
            }
            (State::Escape, _) | (State::Sequence { .. }, 0x40..=0x7e) => self.state = State::Typed,
            (State::Sequence { .. }, _) => {}
            (State::Paste { after_return, end_seen }, _) => self.feed_paste(byte, after_return, end_seen),
        }
        self.check_length()
    }

    /// Nothing came for a while: an escape was the Escape key, not the start of a sequence.
    pub(super) fn pause(&mut self) {
        if !matches!(self.state, State::Paste { .. }) {
            self.state = State::Typed;
        }
    }

    /// The value. A newline that ends a single line came with the paste and is dropped; several lines keep
    /// theirs, which a private key needs.
    pub(super) fn into_secret(mut self) -> Secret {
        let first_newline = self.bytes.iter().position(|&byte| byte == b'\n');
        if first_newline.is_some_and(|at| at + 1 == self.bytes.len()) {
            self.bytes.pop();
        }
        Secret::new(std::mem::take(&mut *self.bytes))
    }

    fn feed_typed(&mut self, byte: u8) -> Step {
        match byte {
            b'\r' | b'\n' => return Step::Accepted,
            0x04 | 0x1c => return Step::Interrupted,
            0x1a => return Step::Suspended,
            0x1b => self.state = State::Escape,
            0x08 | 0x7f => self.erase_character(),
            0x15 => self.bytes.truncate(0),
            0x17 => self.erase_word(),
            b'\t' | 0x20.. => self.push(byte),
            _ => {}
        }
        self.check_length()
    }

    fn check_length(&self) -> Step {
        if self.bytes.len() > MAX_SECRET { Step::TooLong } else { Step::More }
    }

    fn feed_paste(&mut self, byte: u8, after_return: bool, end_seen: usize) {
        if PASTE_END[end_seen] == byte {
            let end_seen = end_seen + 1;
            self.state = if end_seen == PASTE_END.len() {
                State::Typed
            } else {
                State::Paste { after_return, end_seen }
            };
            return;
        }
        for &held_back in &PASTE_END[..end_seen] {
            self.push(held_back);
        }
        let after_return = after_return && end_seen == 0;
        if byte == PASTE_END[0] {
            self.state = State::Paste { after_return: false, end_seen: 1 };
            return;
        }
        if !(after_return && byte == b'\n') {
            self.push(if byte == b'\r' { b'\n' } else { byte });
        }
        self.state = State::Paste { after_return: byte == b'\r', end_seen: 0 };
    }

    /// Grows by moving and wiping, so that no copy is left behind.
    fn push(&mut self, byte: u8) {
        if self.bytes.len() == self.bytes.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(self.bytes.capacity() * 2));
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
        self.bytes.push(byte);
    }

    fn erase_character(&mut self) {
        while self.bytes.pop().is_some_and(is_continuation) {}
    }

    fn erase_word(&mut self) {
        let text = self.bytes.trim_ascii_end();
        let kept = text.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
        self.bytes.truncate(kept);
    }
}

/// Whether the byte goes on with a character of UTF-8 that an earlier one began.
fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn typed(keys: &[u8]) -> Vec<u8> {
        let mut line = HiddenLine::new();
        for &key in keys {
            assert_eq!(line.feed(key), Step::More, "{key:#x}");
        }
        assert_eq!(line.feed(b'\r'), Step::Accepted);
        line.into_secret().expose_secret().to_vec()
    }

    #[test]
    fn mistakes_can_be_mended() {
        assert_eq!(typed(b"tokem\x7fn"), b"token");
        assert_eq!(typed("tokeé\u{8}n".as_bytes()), b"token");
        assert_eq!(typed("🔑\u{7f}\u{7f}\u{7f}k".as_bytes()), b"k");
        assert_eq!(typed(b"wrong\x15right"), b"right");
        assert_eq!(typed(b"two words\x17x"), b"two x");
    }

    #[test]
    fn arrow_keys_and_stray_controls_do_nothing() {
        assert_eq!(typed(b"a\x1b[Db\x1bOAc\x1b[1;5Cd\x1b[3~\x01e"), b"abcde");
    }

    #[test]
    fn the_escape_key_swallows_nothing() {
        let mut line = HiddenLine::new();
        line.feed(0x1b);
        line.pause();
        line.feed(b'a');
        assert_eq!(line.into_secret().expose_secret(), b"a");
    }

    #[test]
    fn a_marked_paste_keeps_its_lines_and_a_single_line_loses_its_end() {
        assert_eq!(typed(b"\x1b[200~token\r\x1b[201~"), b"token");
        assert_eq!(typed(b"\x1b[200~BEGIN\r\nkey\rEND\r\x1b[201~"), b"BEGIN\nkey\nEND\n");
        assert_eq!(typed(b"\x1b[200~a\x1b[20b\x04\x1b\x1b[201~c"), b"a\x1b[20b\x04\x1bc");
    }

    #[test]
    fn giving_up_is_always_possible() {
        for key in [0x03, 0x04, 0x1c] {
            assert_eq!(HiddenLine::new().feed(key), Step::Interrupted);
        }
        let mut line = HiddenLine::new();
        for &key in b"\x1b[200~half a paste" {
            line.feed(key);
        }
        assert_eq!(line.feed(0x03), Step::Interrupted);
        assert_eq!(HiddenLine::new().feed(0x1a), Step::Suspended);
    }

    #[test]
    fn a_line_without_end_is_stopped() {
        let mut line = HiddenLine::new();
        assert!((0..MAX_SECRET).all(|_| line.feed(b'x') == Step::More));
        assert_eq!(line.feed(b'x'), Step::TooLong);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_arrives(text in "[^\\p{Cc}]{0,300}") {
            prop_assert_eq!(typed(text.as_bytes()), text.as_bytes());
        }

        #[test]
        fn whatever_is_pasted_arrives(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let unmarked = !body.windows(PASTE_END.len()).any(|window| window == PASTE_END);
            prop_assume!(unmarked && !body.contains(&0x03) && !body.contains(&b'\r') && !body.contains(&b'\n'));
            prop_assert_eq!(typed(&[b"\x1b[200~", &body[..], PASTE_END].concat()), body);
        }

        #[test]
        fn no_key_ever_breaks_it(keys in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut line = HiddenLine::new();
            for key in keys {
                line.feed(key);
            }
        }
    }
}

//! `Escaping`: how a value is written within an address, where some of its bytes have a percent sign (RFC 3986, 2.1).

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::secret::{Secret, SecretBuffer};

/// What parts the name of a credential from how its value is written: no name has it.
const MARK: char = '%';

/// Only what would be read as a part of the address.
const LEAST: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Everything but what no address ever escapes.
const MOST: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// As the function of JavaScript does it.
const COMPONENT: &AsciiSet = &MOST.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');

/// As browsers do it before a host.
const BROWSER: &AsciiSet = &LEAST.add(b'\'').add(b';').add(b'=');

/// As the standard wants it before a host.
const STANDARD: &AsciiSet =
    &COMPONENT.remove(b'$').remove(b'&').remove(b'+').remove(b',').remove(b';').remove(b'=');

const ALL: &[(&str, &AsciiSet)] = &[
    ("most", MOST),
    ("component", COMPONENT),
    ("standard", STANDARD),
    ("browser", BROWSER),
    ("least", LEAST),
];

/// One manner of writing. It says nothing of a value but which sorts of characters are escaped in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Escaping {
    /// Which of [`ALL`].
    number: usize,
    /// `%2f` and not `%2F`.
    is_lower: bool,
}

impl Escaping {
    /// The one in which the value is written like this, byte for byte.
    pub(crate) fn of(written: &str, value: &str) -> Option<Self> {
        let lower = [false, true].into_iter();
        let mut all = lower.flat_map(|is_lower| (0..ALL.len()).map(move |number| Self { number, is_lower }));
        all.find(|it| it.write(value).expose_secret() == written.as_bytes())
    }

    /// The value as it is written in this manner.
    pub(crate) fn write(self, value: &str) -> Secret {
        let (_, set) = ALL[self.number];
        let mut out = SecretBuffer::with_capacity(value.len() * 3);
        for part in utf8_percent_encode(value, set) {
            if self.is_lower && part.starts_with('%') {
                part.bytes().for_each(|byte| out.push(&[byte.to_ascii_lowercase()]));
            } else {
                out.push(part.as_bytes());
            }
        }
        out.into_secret()
    }

    /// How a record names the value of that credential, written like this.
    pub(crate) fn named(self, credential: &str) -> String {
        let (word, _) = ALL[self.number];
        format!("{credential}{MARK}{word}{}", if self.is_lower { "-lower" } else { "" })
    }

    /// The credential that a record names, and how its value is written, where that is not as it is.
    pub(crate) fn part(named: &str) -> (&str, Option<Self>) {
        let Some((credential, word)) = named.split_once(MARK) else { return (named, None) };
        let (word, is_lower) = word.strip_suffix("-lower").map_or((word, false), |word| (word, true));
        let number = ALL.iter().position(|(own, _)| *own == word);
        (credential, number.map(|number| Self { number, is_lower }))
    }
}

/// What is written with percent signs, without them; nothing where that is no text.
pub(crate) fn unescaped(written: &str) -> Option<Secret> {
    let mut out = SecretBuffer::with_capacity(written.len());
    percent_decode_str(written).for_each(|byte| out.push(&[byte]));
    Some(out.into_secret()).filter(|secret| secret.expose_secret_str().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_it_was_written_in_every_usual_manner() {
        for written in [
            "p%23w",
            "p%40w%2F",
            "p%40w%2f",
            "a!b%24%25",
            "a%21b%24",
            "a!b$c%40",
            "%C3%BC",
            "%c3%bc",
            "a;b=%40",
            "a%3Bb%3D",
            "plain",
            "a%20b",
            "it's%3A",
        ] {
            let value = unescaped(written).unwrap();
            let value = value.expose_secret_str().unwrap();
            let escaping = Escaping::of(written, value).unwrap_or_else(|| panic!("{written}"));
            assert_eq!(escaping.write(value).expose_secret(), written.as_bytes());
            let named = escaping.named("X_TOKEN");
            assert_eq!(Escaping::part(&named), ("X_TOKEN", Some(escaping)), "{named}");
        }
        assert_eq!(Escaping::part("X_TOKEN"), ("X_TOKEN", None));
    }

    #[test]
    fn what_is_written_in_no_usual_manner_is_not_guessed() {
        for written in ["a%62c%23", "%2F%2f", "100%", "a%2", "%zz"] {
            let value = unescaped(written).unwrap();
            assert_eq!(Escaping::of(written, value.expose_secret_str().unwrap()), None, "{written}");
        }
        assert!(unescaped("%ff").is_none());
    }
}

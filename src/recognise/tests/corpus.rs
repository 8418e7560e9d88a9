//! The corpus: files of cases whose secrets are made when a test runs, the same ones every time.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::catalog::client::FieldKind;

/// One case.
pub(super) struct Case {
    /// The shape that is expected; `name`, or `uri`. Empty for a value that is no secret.
    pub(super) expected: String,
    /// None for a comment.
    pub(super) field: Option<FieldKind>,
    pub(super) name: String,
    pub(super) text: String,
    /// Where the secret lies.
    pub(super) secret: Option<Range<usize>>,
    /// The line of the file, as it is written there.
    pub(super) line: String,
}

/// Cases of secrets, drawn for this time.
pub(super) fn secrets(file: &str, draw: u8) -> Vec<Case> {
    lines(file)
        .map(|line| {
            let mut parts = line.splitn(4, '|');
            let mut part = || parts.next().unwrap_or_else(|| panic!("{line}")).trim();
            case(draw, part(), part(), part(), part(), line)
        })
        .collect()
}

/// Cases of values that are none, drawn for this time.
pub(super) fn harmless(file: &str, draw: u8) -> Vec<Case> {
    lines(file)
        .map(|line| {
            let mut parts = line.splitn(3, '|');
            let mut part = || parts.next().unwrap_or_else(|| panic!("{line}")).trim();
            case(draw, "", part(), part(), part(), line)
        })
        .collect()
}

fn lines(file: &str) -> impl Iterator<Item = &str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn case(draw: u8, expected: &str, field: &str, name: &str, text: &str, line: &str) -> Case {
    let field = (field != "comment").then(|| serde_json::from_value(field.into()).unwrap());
    let mut made = Maker::for_line(draw, line).make(text).replace("\\n", "\n").replace("\\\n", "\\n");
    let secret = made.find('«').map(|start| {
        made.replace_range(start..start + '«'.len_utf8(), "");
        let end = made.find('»').unwrap();
        made.replace_range(end..end + '»'.len_utf8(), "");
        start..end
    });
    assert_eq!(secret.is_some(), !expected.is_empty(), "{line}");
    Case {
        expected: expected.to_owned(),
        field,
        name: name.trim_end().to_owned(),
        text: made,
        secret,
        line: line.to_owned(),
    }
}

/// Makes characters from a line: the same ones for the same line and draw.
struct Maker {
    seed: [u8; 32],
    used: usize,
}

impl Maker {
    fn for_line(draw: u8, line: &str) -> Self {
        let seed = Sha256::new().chain_update([draw]).chain_update(line).finalize();
        Self { seed: seed.into(), used: 0 }
    }

    fn byte(&mut self) -> u8 {
        if self.used == self.seed.len() {
            self.seed = Sha256::digest(self.seed).into();
            self.used = 0;
        }
        self.used += 1;
        self.seed[self.used - 1]
    }

    fn characters(&mut self, kind: &str, count: usize) -> String {
        let (lower, upper, digits) =
            ("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789");
        let of = match kind {
            "A" => [lower, upper, digits].concat(),
            "a" => [lower, digits].concat(),
            "X" => [upper, digits].concat(),
            "L" => [lower, upper].concat(),
            "h" => "0123456789abcdef".to_owned(),
            "d" => digits.to_owned(),
            "b" => [lower, upper, digits, "+/"].concat(),
            "w" => [lower, upper, digits, "-_"].concat(),
            "S" => [upper, "234567"].concat(),
            "p" => [lower, upper, digits, "!*-_."].concat(),
            _ => panic!("{kind}"),
        };
        let of = of.as_bytes();
        let mut made = String::new();
        while made.len() < count {
            let byte = usize::from(self.byte());
            // Every character as often as every other.
            if byte < 256 - 256 % of.len() {
                made.push(of[byte % of.len()] as char);
            }
        }
        made
    }

    /// Fills in what stands between ⟨ and ⟩, the innermost first.
    fn make(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        while let Some(end) = text.find('⟩') {
            let start = text[..end].rfind('⟨').unwrap();
            let blank = text[start + '⟨'.len_utf8()..end].to_owned();
            let made = match blank.split_once(':') {
                Some(("base64", rest)) => STANDARD.encode(rest),
                Some(("jwt", payload)) => {
                    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
                    let header = part(r#"{"alg":"HS256","typ":"JWT"}"#);
                    format!("{header}.{}.{}", part(payload), self.characters("w", 43))
                }
                _ if blank == "uuid" => [8, 4, 4, 4, 12].map(|length| self.characters("h", length)).join("-"),
                _ => self.characters(&blank[..1], blank[1..].parse().unwrap()),
            };
            text.replace_range(start..end + '⟩'.len_utf8(), &made);
        }
        text
    }
}

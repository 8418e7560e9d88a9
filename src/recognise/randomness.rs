//! Randomness: whether characters look drawn by lot, told without a dictionary.
//!
//! What people name changes between capitals, small letters and digits seldom, and at the seams of its words. What a
//! machine draws changes at every second character.

/// The longest text that is measured, in bytes. No token that is known by its name alone is longer.
const MAX_MEASURED: usize = 4096;

/// What was counted.
#[derive(Debug, Clone, Copy, Default)]
struct Measure {
    /// Letters and digits.
    long: u32,
    lower: u32,
    upper: u32,
    digits: u32,
    /// Changes between kinds within a row of letters and digits. A capital at the beginning of a word is no change
    /// from the capital, only one to it.
    turns: u32,
    /// Different characters.
    distinct: u32,
    /// The longest row of letters without a vowel.
    hard: u32,
    /// Whether there is nothing but digits and letters from `a` to `f`.
    hex: bool,
}

fn measure(text: &str) -> Measure {
    #[derive(PartialEq, Clone, Copy)]
    enum Kind {
        None,
        Lower,
        Upper,
        Digit,
    }
    let mut measured = Measure { hex: true, ..Measure::default() };
    let mut row = 0;
    let mut seen = 0_u128;
    let (mut before, mut last) = (Kind::None, Kind::None);
    for byte in text.bytes() {
        seen |= 1 << (byte & 0x7f);
        let kind = match byte {
            b'a'..=b'z' => Kind::Lower,
            b'A'..=b'Z' => Kind::Upper,
            b'0'..=b'9' => Kind::Digit,
            _ => Kind::None,
        };
        match kind {
            Kind::Lower => measured.lower += 1,
            Kind::Upper => measured.upper += 1,
            Kind::Digit => measured.digits += 1,
            Kind::None => {}
        }
        measured.hex &= byte.is_ascii_hexdigit();
        let is_hard = byte.is_ascii_alphabetic() && !b"aeiou".contains(&byte.to_ascii_lowercase());
        row = if is_hard { row + 1 } else { 0 };
        measured.hard = measured.hard.max(row);
        let begins_word = last == Kind::Upper && kind == Kind::Lower && before != Kind::Upper;
        if kind != last && kind != Kind::None && last != Kind::None && !begins_word {
            measured.turns += 1;
        }
        (before, last) = (last, kind);
    }
    measured.long = measured.lower + measured.upper + measured.digits;
    measured.distinct = seen.count_ones();
    measured
}

/// Whether a value whose name speaks of a secret looks drawn by lot.
pub(super) fn is_random(text: &str) -> bool {
    if text.len() < 8 || text.len() > MAX_MEASURED {
        return false;
    }
    let Measure { long, lower, upper, digits, turns, distinct, hard, hex } = measure(text);
    let varied = distinct >= 6.min(long / 2);
    if long < 8 || !varied {
        return false;
    }
    match digits {
        0 => long >= 20 && lower > 0 && upper > 0 && (turns * 100 >= long * 28 || hard >= 7),
        _ if digits == long => false,
        _ if hex && long >= 16 => true,
        _ => turns >= 3 && turns * 6 >= long,
    }
}

/// Whether a value of which no name speaks looks drawn by lot: long, of all kinds, and no number written in hex.
pub(super) fn is_surely_random(text: &str) -> bool {
    if text.len() < 20 || text.len() > MAX_MEASURED {
        return false;
    }
    let Measure { long, lower, upper, digits, turns, distinct, .. } = measure(text);
    long >= 20 && lower >= 3 && upper >= 3 && digits >= 1 && turns * 4 >= long && distinct >= 12
}

/// Whether it is an id as RFC 9562 writes it.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_machine_drew_is_random() {
        for text in [
            "9f86d081884c7d659a2feaa0c55ad015",
            "Xk29fQ7mZp04LtYw",
            "kJ8sQmPzRtWvYbNcXdLf",
            "a52m3k9x2p8q7w6z5y4v",
            "3fa85f64-5717-4562-b3fc-2c963f66afa6",
            "hunter2a9b7c",
            "5fdf605021f61086619391458347ceeb",
            "XVYPTZSZGUbjlbywMwfdjaAvmCEmcbrD",
        ] {
            assert!(is_random(text), "{text}");
        }
        assert!(is_surely_random("Xk29fQ7mZp04LtYwB8sN1vCq"));
    }

    #[test]
    fn what_a_person_named_is_not() {
        for text in [
            "production-readonly",
            "claude-opus-4-20260514",
            "meta-llama/Llama-3.3-70B-Instruct",
            "JetBrainsMonoNerdFontMonoRegular",
            "ServerMainWithAVeryLongClassName",
            "GITHUB_PERSONAL_ACCESS_TOKEN",
            "01234567890123456789",
            "northamerica-northeast1",
            "text2vec-large-chinese-v3",
            "aaaaaaaa1a1a1a1a",
            "abc",
            "",
        ] {
            assert!(!is_random(text), "{text}");
            assert!(!is_surely_random(text), "{text}");
        }
        assert!(!is_surely_random("9f86d081884c7d659a2feaa0c55ad015"));
    }

    #[test]
    fn an_id_is_known() {
        assert!(is_uuid("3fa85f64-5717-4562-b3fc-2c963f66afa6"));
        assert!(!is_uuid("3fa85f64-5717-4562-b3fc-2c963f66afaz"));
        assert!(!is_uuid("3fa85f64571745621b3fc-2c963f66afa6"));
    }
}

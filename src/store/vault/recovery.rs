//! `RecoveryCode`: a key on paper, for the day when every other is lost.

use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::store::StoreError;
use crate::store::vault::cipher::Key;
use crate::store::vault::unlock::UnlockKey;

/// Crockford's base32: no `I`, `L`, `O` and `U`, which are read as other characters.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Groups of a code.
const GROUPS: usize = 13;

/// Characters of a group: four that carry 20 bits, and one that checks them.
const GROUP: usize = 5;

/// 256 random bits, printed as 13 groups of five characters like `8M2QF-0ZK4T-…`.
///
/// Each group checks itself, its place included, so that a typo is found where it was made.
pub(crate) struct RecoveryCode(Key);

/// Why a text is no recovery code. It names places, no characters: the text is a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecoveryError {
    /// Too much or too little in all.
    #[error("a recovery code has 13 groups of 5 characters, and this has {0} characters")]
    Length(usize),
    /// Too much or too little in one group.
    #[error("group {group} of the recovery code has {length} characters instead of 5")]
    GroupLength { group: usize, length: usize },
    /// A character that no code has.
    #[error("group {group} of the recovery code has a character that is neither letter nor digit of a code")]
    Character { group: usize },
    /// Characters that do not fit each other, or stand in another group's place.
    #[error("group {group} of the recovery code has a typo")]
    Typo { group: usize },
}

impl RecoveryCode {
    /// A new random code.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub(crate) fn generate() -> Result<Self, StoreError> {
        Ok(Self(Key::random()?))
    }

    /// Reads a code as a person types it: in either case, with or without dashes and blanks, `O` for `0`,
    /// `I` and `L` for `1`.
    ///
    /// # Errors
    /// Where a typo is found, with the group that it is in.
    pub(crate) fn parse(text: &Secret) -> Result<Self, RecoveryError> {
        check_group_lengths(text.expose_secret())?;
        let mut digits = Zeroizing::new(Vec::with_capacity(GROUPS * GROUP));
        for &character in text.expose_secret().iter().filter(|byte| !is_separator(**byte)) {
            if digits.len() == GROUPS * GROUP {
                return Err(RecoveryError::Length(count(text.expose_secret())));
            }
            let group = digits.len() / GROUP + 1;
            digits.push(value(character).ok_or(RecoveryError::Character { group })?);
        }
        if digits.len() != GROUPS * GROUP {
            return Err(RecoveryError::Length(digits.len()));
        }
        let mut bytes = Zeroizing::new([0_u8; 33]);
        for (place, group) in digits.chunks_exact(GROUP).enumerate() {
            if check_digit(place, group) != group[GROUP - 1] {
                return Err(RecoveryError::Typo { group: place + 1 });
            }
            for (offset, &digit) in group[..GROUP - 1].iter().enumerate() {
                put_bits(&mut bytes, (place * (GROUP - 1) + offset) * 5, digit);
            }
        }
        // 13 groups carry 260 bits, of which the last four are zero.
        if bytes[32] != 0 {
            return Err(RecoveryError::Typo { group: GROUPS });
        }
        Key::from_bytes(&bytes[..32]).map(Self).ok_or(RecoveryError::Length(digits.len()))
    }

    /// Whether a text has the looks of a code, so that its typo is worth telling.
    pub(super) fn resembles(text: &Secret) -> bool {
        count(text.expose_secret()).abs_diff(GROUPS * GROUP) <= 2
            && text.expose_secret().iter().all(|byte| is_separator(*byte) || byte.is_ascii_alphanumeric())
    }

    /// The code as it goes on paper.
    pub(crate) fn text(&self) -> Secret {
        let mut bytes = Zeroizing::new([0_u8; 33]);
        bytes[..32].copy_from_slice(self.0.as_bytes());
        let mut text = Vec::with_capacity(GROUPS * (GROUP + 1));
        for place in 0..GROUPS {
            let mut group = Zeroizing::new([0_u8; GROUP]);
            for (offset, digit) in group[..GROUP - 1].iter_mut().enumerate() {
                *digit = take_bits(&bytes, (place * (GROUP - 1) + offset) * 5);
            }
            group[GROUP - 1] = check_digit(place, group.as_slice());
            if place > 0 {
                text.push(b'-');
            }
            text.extend(group.iter().map(|digit| ALPHABET[usize::from(*digit)]));
        }
        Secret::new(text)
    }

    /// What opens the recovery slot.
    pub(crate) fn key(&self) -> UnlockKey {
        UnlockKey::Raw(Secret::copy_of(self.0.as_bytes()))
    }
}

fn is_separator(byte: u8) -> bool {
    byte == b'-' || byte.is_ascii_whitespace()
}

fn count(text: &[u8]) -> usize {
    text.iter().filter(|byte| !is_separator(**byte)).count()
}

/// A code with all its groups told apart can say which one is too long or too short.
fn check_group_lengths(text: &[u8]) -> Result<(), RecoveryError> {
    let groups = || text.split(|byte| is_separator(*byte)).filter(|group| !group.is_empty());
    if groups().count() != GROUPS {
        return Ok(());
    }
    match groups().enumerate().find(|(_, group)| group.len() != GROUP) {
        Some((place, group)) => Err(RecoveryError::GroupLength { group: place + 1, length: group.len() }),
        None => Ok(()),
    }
}

fn value(character: u8) -> Option<u8> {
    let character = match character.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.iter().position(|known| *known == character).and_then(|place| u8::try_from(place).ok())
}

/// A weighted sum in the field of 32 elements. The weights differ, so that one wrong digit and two digits
/// changed for each other both show; the place is added, so that two groups changed for each other show.
fn check_digit(place: usize, group: &[u8]) -> u8 {
    let mut sum = u8::try_from(place + 1).unwrap_or(0);
    let mut weights = [2_u8, 4, 8, 16].into_iter();
    for digit in &group[..GROUP - 1] {
        sum ^= multiply(*digit, weights.next().unwrap_or(0));
    }
    sum
}

/// Multiplication modulo x^5 + x^2 + 1, which is irreducible.
fn multiply(left: u8, right: u8) -> u8 {
    let mut product = 0;
    for bit in (0..5).rev() {
        product <<= 1;
        if product & 0b10_0000 != 0 {
            product ^= 0b10_0101;
        }
        if right >> bit & 1 == 1 {
            product ^= left;
        }
    }
    product
}

/// The five bits that start at `bit`, the highest first.
fn take_bits(bytes: &[u8; 33], bit: usize) -> u8 {
    (0..5).fold(0, |digit, offset| {
        let place = bit + offset;
        digit << 1 | bytes[place / 8] >> (7 - place % 8) & 1
    })
}

fn put_bits(bytes: &mut [u8; 33], bit: usize, digit: u8) {
    for offset in 0..5 {
        let place = bit + offset;
        bytes[place / 8] |= (digit >> (4 - offset) & 1) << (7 - place % 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RecoveryCode, RecoveryError> {
        RecoveryCode::parse(&Secret::copy_of(text.as_bytes()))
    }

    fn code() -> String {
        RecoveryCode::generate().unwrap().text().expose_secret_str().unwrap().to_owned()
    }

    fn refusal(text: &str) -> RecoveryError {
        parse(text).err().unwrap()
    }

    #[test]
    fn a_printed_code_reads_as_itself_however_it_is_typed() {
        for _ in 0..50 {
            let code = code();
            assert_eq!(code.len(), 13 * 5 + 12);
            let key = parse(&code).unwrap().0;
            let typed = [
                code.to_lowercase(),
                code.replace('-', ""),
                code.replace('-', " "),
                code.replace('0', "o").replace('1', "l"),
                code.replace('1', "I") + "\n",
            ];
            for typed in typed {
                assert!(parse(&typed).unwrap().0.is(key.as_bytes()), "{typed}");
            }
        }
    }

    #[test]
    fn every_wrong_character_is_found_in_its_group() {
        let code = code();
        for (place, right) in code.char_indices().filter(|(_, it)| *it != '-') {
            for wrong in ALPHABET.iter().map(|it| char::from(*it)).filter(|it| *it != right) {
                let typed = format!("{}{wrong}{}", &code[..place], &code[place + 1..]);
                assert_eq!(refusal(&typed), RecoveryError::Typo { group: place / 6 + 1 }, "{typed}");
            }
        }
    }

    #[test]
    fn characters_and_groups_changed_for_each_other_are_found() {
        let code = code();
        let groups: Vec<&str> = code.split('-').collect();
        for place in 0..GROUPS - 1 {
            let mut swapped = groups.clone();
            swapped.swap(place, place + 1);
            assert_eq!(refusal(&swapped.join("-")), RecoveryError::Typo { group: place + 1 });
        }
        for place in (0..code.len() - 1).filter(|place| place % 6 < 4) {
            let mut typed = code.clone().into_bytes();
            typed.swap(place, place + 1);
            let typed = String::from_utf8(typed).unwrap();
            assert!(typed == code || parse(&typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_missing_or_foreign_character_is_named_by_its_group() {
        let code = code();
        assert_eq!(refusal(&code[1..]), RecoveryError::GroupLength { group: 1, length: 4 });
        assert_eq!(refusal(&code.replace('-', "")[1..]), RecoveryError::Length(64));
        assert_eq!(refusal(&format!("{}1", code.replace('-', ""))), RecoveryError::Length(66));
        assert_eq!(refusal(&format!("{}U{}", &code[..6], &code[7..])), RecoveryError::Character { group: 2 });
        assert_eq!(refusal(""), RecoveryError::Length(0));
        assert!(!RecoveryCode::resembles(&Secret::copy_of(b"correct horse battery staple")));
        assert!(RecoveryCode::resembles(&Secret::copy_of(&code.as_bytes()[1..])));
    }
}

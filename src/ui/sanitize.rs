//! Text from outside, made harmless before a terminal shows it.

use std::borrow::Cow;

/// The text on one line, with every character that could move the cursor, change colours, reorder or
/// hide other text written as an escape: `\n`, `\u{1b}`, `\u{202e}`.
///
/// For all that came from outside: labels, notes, file names, messages of servers.
pub(crate) fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut harmless = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_harmful(character) {
            harmless.extend(character.escape_default());
        } else {
            harmless.push(character);
        }
    }
    Cow::Owned(harmless)
}

/// Control characters, line separators, and the format characters (category `Cf` of Unicode) that are
/// invisible or set the direction of writing, among them those of UTS #55 and the tag characters.
pub(crate) fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_of_any_language_stays_as_it_is() {
        for plain in ["", "GITHUB_TOKEN", "Schlüssel für Zoë", "鍵", "مفتاح", "🔑", r"C:\key"] {
            assert!(matches!(sanitize(plain), Cow::Borrowed(same) if same == plain), "{plain}");
        }
    }

    #[test]
    fn a_server_can_neither_colour_nor_fake_a_line() {
        assert_eq!(sanitize("ok\r\nerror: no"), r"ok\r\nerror: no");
        assert_eq!(sanitize("\u{1b}[31mred\u{7}"), r"\u{1b}[31mred\u{7}");
        assert_eq!(sanitize("\u{9b}2J"), r"\u{9b}2J");
    }

    #[test]
    fn text_that_reads_backwards_or_hides_is_seen() {
        assert_eq!(sanitize("gpj.\u{202e}exe"), r"gpj.\u{202e}exe");
        assert_eq!(sanitize("a\u{200b}b\u{e0041}"), r"a\u{200b}b\u{e0041}");
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in any::<String>()) {
            prop_assert!(!sanitize(&text).contains(is_harmful));
        }
    }
}

//! How text is written between its quotes, in each of the styles of the four syntaxes.

mod align;
mod quoting;
mod spelled;
mod text;

pub(crate) use crate::document::edit::spelling::align::Alignment;
pub(crate) use crate::document::edit::spelling::quoting::Quoting;
pub(crate) use crate::document::edit::spelling::spelled::Spelling;
pub(crate) use crate::document::edit::spelling::text::Written;

use crate::document::edit::EditWhy;
use crate::secret::SecretBuffer;

/// Writes text with its quotes.
pub(super) fn write(text: &str, quoting: Quoting, out: &mut SecretBuffer) -> Result<(), EditWhy> {
    let refused = EditWhy::Unsupported("no string here can hold this text");
    out.push(quoting.opening().as_bytes());
    for character in text.chars() {
        if !quoting.spell(character, out) {
            return Err(refused);
        }
    }
    out.push(quoting.closing().as_bytes());
    Ok(())
}

/// Whether text needs no quotes in YAML, wherever it stands and whichever version reads it. There are texts without
/// need of quotes of which it says no.
pub(super) fn is_plain_in_yaml(text: &str) -> bool {
    let is_word =
        |text: &str| text.starts_with(|it: char| it.is_ascii_alphabetic() || it == '/' || it == '_');
    let begins =
        is_word(text) || text.trim_start_matches('-').starts_with(|it: char| it.is_ascii_alphabetic());
    let is_safe = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./@:%+= -".contains(&byte));
    let is_taken = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    begins && is_safe && !is_taken && !text.contains(": ") && !text.ends_with([':', ' '])
}

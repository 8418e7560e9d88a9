//! Documents for programs that a person may look at too.

use std::fmt::Write;

use serde::Serialize;

use crate::ui::is_harmful;

/// The document, indented, with a newline at its end. What a terminal would obey, or not show, is written as
/// `\u202e`: a parser reads the text as it was, and whoever looks at the file is safe.
///
/// # Errors
/// Where the document can't be JSON.
pub(crate) fn write(document: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = harmless(&serde_json::to_string_pretty(document)?);
    text.push('\n');
    Ok(text)
}

/// The same in one line, without the newline at its end.
///
/// # Errors
/// Where the document can't be JSON.
pub(crate) fn line(document: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(document).map(|text| harmless(&text))
}

fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len() + 1);
    // Outside of strings JSON is ASCII, and the newlines of the layout are its only control characters.
    for character in text.chars() {
        if character != '\n' && is_harmful(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                _ = write!(harmless, "\\u{unit:04x}");
            }
        } else {
            harmless.push(character);
        }
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_reads_what_a_terminal_does_not_obey() {
        let text = "e\u{1b}[2J\u{202e}\u{9b}\u{e0041}ü\n";
        let written = write(&[text]).unwrap();
        assert!(!written.contains(|character| character != '\n' && is_harmful(character)), "{written:?}");
        assert!(written.contains('ü'), "{written}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), [text]);
        let line = line(&[text]).unwrap();
        assert!(!line.contains(is_harmful), "{line:?}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&line).unwrap(), [text]);
    }
}

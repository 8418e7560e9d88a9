//! PowerShell: `$env:NAME = '…';`, or the same text by number where it is more than printable ASCII.
//!
//! Each line is a whole statement, so it can be piped line by line, joined, or evaluated as one text. It is
//! ASCII, because PowerShell decodes the output of programs with the console's code page.

use crate::inject::shell::page::Page;
use crate::inject::shell::{Reason, RenderError, Shell, Variable, refusal, text_of};

/// Values are text here: PowerShell's strings are UTF-16.
pub(super) fn write(page: &mut Page, variables: &[Variable<'_>]) -> Result<(), RenderError> {
    for variable in variables {
        let value = text_of(Shell::PowerShell, *variable)?;
        if value.is_empty() {
            // Before version 7.5 an empty text removes the variable.
            return Err(refusal(Shell::PowerShell, variable.0, Reason::Empty));
        }
        page.texts(&["$env:", variable.0]);
        if value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            page.text(" = '");
            for part in value.split_inclusive('\'') {
                page.text(part);
                if part.ends_with('\'') {
                    page.text("'");
                }
            }
            page.text("';\n");
        } else {
            // One flat list: a chain of `+` nests, and PowerShell's parser runs out of stack on a long one.
            page.text(" = -join[char[]](");
            for (position, unit) in value.encode_utf16().enumerate() {
                if position > 0 {
                    page.text(",");
                }
                page.decimal(unit);
            }
            page.text(");\n");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inject::shell::{Shell, render};
    use crate::secret::Secret;

    fn lines(value: &str) -> String {
        let page = render(Shell::PowerShell, &[("TOKEN", &Secret::copy_of(value.as_bytes()))]).unwrap();
        page.expose_secret_str().unwrap().to_owned()
    }

    #[test]
    fn printable_text_is_quoted() {
        assert_eq!(lines("ghp_x"), "$env:TOKEN = 'ghp_x';\n");
        assert_eq!(lines("it's $x `n"), "$env:TOKEN = 'it''s $x `n';\n");
        assert_eq!(lines("''"), "$env:TOKEN = '''''';\n");
    }

    #[test]
    fn quotes_that_powershell_takes_for_its_own_are_numbers() {
        assert_eq!(lines("\u{2019};calc"), "$env:TOKEN = -join[char[]](8217,59,99,97,108,99);\n");
        assert_eq!(lines("a\n"), "$env:TOKEN = -join[char[]](97,10);\n");
        assert_eq!(lines("\u{1f600}\u{ffff}"), "$env:TOKEN = -join[char[]](55357,56832,65535);\n");
    }
}

//! PowerShell: `$env:NAME = '…';`, or the same text by number where it is more than printable ASCII.
//!
//! Each line is a whole statement, so it can be piped line by line, joined, or evaluated as one text. It is
//! ASCII, because PowerShell decodes the output of programs with the console's code page.

use crate::inject::shell::page::Page;
use crate::inject::shell::{RenderError, Shell, Variable, text_of};

/// Values are text here: PowerShell's strings are UTF-16.
pub(super) fn write(page: &mut Page, variables: &[Variable<'_>]) -> Result<(), RenderError> {
    for variable in variables {
        let value = text_of(Shell::PowerShell, *variable)?;
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

//! Nushell: one record in NUON, which `from nuon | load-env` takes at run time (Nushell has no `eval`).

use crate::inject::shell::page::Page;
use crate::inject::shell::{RenderError, Shell, Variable, text_of};

/// NUON is JSON but for its `\u{…}`.
pub(super) fn write(page: &mut Page, variables: &[Variable<'_>]) -> Result<(), RenderError> {
    page.text("{");
    for (position, variable) in variables.iter().enumerate() {
        let value = text_of(Shell::Nu, *variable)?;
        page.texts(&[if position > 0 { ", \"" } else { "\"" }, variable.0, "\": \""]);
        for byte in value.bytes() {
            match byte {
                b'"' => page.text("\\\""),
                b'\\' => page.text("\\\\"),
                0..=0x1f | 0x7f => {
                    page.text("\\u{");
                    page.hexadecimal(byte);
                    page.text("}");
                }
                _ => page.bytes(&[byte]),
            }
        }
        page.text("\"");
    }
    page.text("}\n");
    Ok(())
}

//! JSON: one object, `{"NAME":"…"}`.

use crate::inject::shell::page::Page;
use crate::inject::shell::{RenderError, Shell, Variable, text_of};

/// Written here rather than by a serializer, whose buffers are not wiped (RFC 8259, section 7).
pub(super) fn write(page: &mut Page, variables: &[Variable<'_>]) -> Result<(), RenderError> {
    page.text("{");
    for (position, variable) in variables.iter().enumerate() {
        let value = text_of(Shell::Json, *variable)?;
        page.texts(&[if position > 0 { ",\"" } else { "\"" }, variable.0, "\":\""]);
        for byte in value.bytes() {
            match byte {
                b'"' => page.text("\\\""),
                b'\\' => page.text("\\\\"),
                b'\n' => page.text("\\n"),
                b'\r' => page.text("\\r"),
                b'\t' => page.text("\\t"),
                0..=0x1f | 0x7f => {
                    page.text("\\u00");
                    page.hexadecimal(byte);
                }
                _ => page.bytes(&[byte]),
            }
        }
        page.text("\"");
    }
    page.text("}\n");
    Ok(())
}

//! fish: `set -gx NAME …;`, where a byte is written `\XHH`.

use crate::inject::shell::Variable;
use crate::inject::shell::page::Page;

/// The escapes of fish hold outside quotes only, so the value has none around it; the empty pair in front
/// makes an empty value one word.
pub(super) fn write(page: &mut Page, variables: &[Variable<'_>]) {
    for (name, value) in variables {
        page.texts(&["set -gx ", name, " ''"]);
        page.escaped(value.expose_secret(), |page, byte| {
            page.text("\\X");
            page.hexadecimal(byte);
        });
        page.text(";\n");
    }
}

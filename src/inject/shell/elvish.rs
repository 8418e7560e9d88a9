//! Elvish: `set-env NAME "…";`, where a byte is written `\xHH`.

use crate::inject::shell::Variable;
use crate::inject::shell::page::Page;

/// Strings of Elvish are bytes, so any value passes.
pub(super) fn write(page: &mut Page, variables: &[Variable<'_>]) {
    for (name, value) in variables {
        page.texts(&["set-env ", name, " \""]);
        page.escaped(value.expose_secret(), |page, byte| {
            page.text("\\x");
            page.hexadecimal(byte);
        });
        page.text("\";\n");
    }
}

//! Elvish: `set-env NAME "…";`, where a byte is written `\xHH`.

use crate::inject::shell::Variable;
use crate::inject::shell::page::Page;

/// Strings of Elvish are bytes, so any value passes.
pub(super) fn write(page: &mut Page, variables: &[Variable<'_>]) {
    for (name, value) in variables {
        page.text("set-env ");
        page.text(name);
        page.text(" \"");
        page.escaped(value, |page, byte| {
            page.text("\\x");
            page.hexadecimal(byte);
        });
        page.text("\";\n");
    }
}

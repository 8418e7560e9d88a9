//! bash, zsh and the POSIX shells: text that survives `eval $(…)` without quotes.
//!
//! The shell splits that text at blanks, expands what looks like a file name and joins the words with
//! one blank each before `eval` reads them. So blanks stand between words of ours alone, and every byte of
//! a value that is more than a letter is an escape in octal: fixed in length, and plain ASCII in any locale.

use crate::inject::shell::Variable;
use crate::inject::shell::page::{Page, is_plain};

/// `export NAME=$'…';`, which bash, zsh, ksh93, mksh and busybox read.
pub(super) fn write_quoted(page: &mut Page, variables: &[Variable<'_>]) {
    for (name, value) in variables {
        page.text("export ");
        page.text(name);
        page.text("=$'");
        page.escaped(value, |page, byte| {
            page.text("\\");
            page.octal(byte);
        });
        page.text("';\n");
    }
}

/// `NAME=$(printf %b '….');NAME=${NAME%.};export NAME;` for shells without `$'…'`.
///
/// The final dot keeps `$(…)` from cutting newlines off the end. `printf` is part of these shells, so the
/// value is in no argument list. A value that is one word needs no `printf`.
pub(super) fn write_printed(page: &mut Page, variables: &[Variable<'_>]) {
    for (name, value) in variables {
        if value.expose_secret().iter().copied().all(is_plain) {
            page.text(name);
            page.text("='");
            page.bytes(value.expose_secret());
            page.text("';");
        } else {
            page.text(name);
            page.text("=$(printf %b '");
            page.escaped(value, |page, byte| {
                page.text("\\0");
                page.octal(byte);
            });
            page.text(".');");
            page.text(name);
            page.text("=${");
            page.text(name);
            page.text("%.};");
        }
        page.text("export ");
        page.text(name);
        page.text(";\n");
    }
}

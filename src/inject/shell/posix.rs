//! bash, zsh and the POSIX shells: text that survives `eval $(…)` without quotes.
//!
//! The shell splits that text at blanks, expands what looks like a file name and joins the words with
//! one blank each before `eval` reads them. So blanks stand between words of ours alone, and every byte of
//! a value that is more than a letter is an escape in octal: fixed in length, and plain ASCII in any locale.

use crate::inject::shell::Variable;
use crate::inject::shell::page::{Page, is_plain};

/// bash: `NAME='…';printf -v NAME %b "${NAME//:/$_mcpcred}";export NAME;`, without any backslash.
///
/// bash 5.0 takes a word that holds a backslash for a file name pattern, and drops it under `nullglob`. So the
/// escapes are written with a colon, and the backslash that replaces it is made by `printf %q`.
pub(super) fn write_for_bash(page: &mut Page, variables: &[Variable<'_>]) {
    let is_word = |(_, value): &Variable<'_>| value.expose_secret().iter().copied().all(is_plain);
    let escapes = !variables.iter().all(is_word);
    if escapes {
        page.text("printf -v _mcpcred %q '|';_mcpcred=${_mcpcred%|};\n");
    }
    for variable in variables {
        let (name, value) = variable;
        page.texts(&[name, "='"]);
        page.escaped(value.expose_secret(), |page, byte| {
            page.text(":0");
            page.octal(byte);
        });
        page.text("';");
        if !is_word(variable) {
            page.texts(&["printf -v ", name, " %b \"${", name, "//:/$_mcpcred}\";"]);
        }
        page.texts(&["export ", name, ";\n"]);
    }
    if escapes {
        page.text("unset _mcpcred;\n");
    }
}

/// zsh: `NAME=$'…';export NAME;`, which ksh93, mksh and busybox read too.
pub(super) fn write_quoted(page: &mut Page, variables: &[Variable<'_>]) {
    for (name, value) in variables {
        page.texts(&[name, "=$'"]);
        page.escaped(value.expose_secret(), |page, byte| {
            page.text("\\");
            page.octal(byte);
        });
        page.texts(&["';export ", name, ";\n"]);
    }
}

/// `NAME=$(printf %b '…');export NAME;` for shells without `$'…'`. A value that is one word needs no `printf`.
///
/// `$(…)` cuts newlines off the end, so they are made first, with a dot behind them that is then removed:
/// `NAME=$(printf %b '\0012.');NAME=$(printf %b '…')${NAME%.};`. The dot is never put behind the value itself:
/// bash 5.2 garbles bytes that are not UTF-8 when it removes it. `printf` is part of these shells, so the value
/// is in no argument list.
pub(super) fn write_printed(page: &mut Page, variables: &[Variable<'_>]) {
    for (name, value) in variables {
        let value = value.expose_secret();
        let body = &value[..value.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1)];
        let newlines = &value[body.len()..];
        if !newlines.is_empty() {
            page.texts(&[name, "=$(printf %b '"]);
            write_octal(page, newlines);
            page.text(".');");
        }
        if body.iter().copied().all(is_plain) {
            page.texts(&[name, "='"]);
            page.bytes(body);
            page.text("'");
        } else {
            page.texts(&[name, "=$(printf %b '"]);
            write_octal(page, body);
            page.text("')");
        }
        if !newlines.is_empty() {
            page.texts(&["${", name, "%.}"]);
        }
        page.texts(&[";export ", name, ";\n"]);
    }
}

fn write_octal(page: &mut Page, bytes: &[u8]) {
    page.escaped(bytes, |page, byte| {
        page.text("\\0");
        page.octal(byte);
    });
}

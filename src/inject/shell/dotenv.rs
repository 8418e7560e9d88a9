//! `.env`: the spelling that Node's `dotenv` and `python-dotenv` read alike, or none.
//!
//! The format has no specification, and the two differ: only one unescapes `\\` and `\"`, only one expands
//! `${…}` (within single quotes too), and only one turns a carriage return into a newline.

use crate::inject::shell::page::Page;
use crate::inject::shell::{Reason, RenderError, Shell, Variable, refusal, text_of};

/// Tries single quotes, then double quotes, then none.
pub(super) fn write(page: &mut Page, variables: &[Variable<'_>]) -> Result<(), RenderError> {
    for variable in variables {
        let (name, value) = (variable.0, text_of(Shell::Dotenv, *variable)?);
        if value.contains("${") {
            return Err(refusal(Shell::Dotenv, name, Reason::Interpolated));
        }
        page.text(name);
        page.text("=");
        if fits_single_quotes(value) {
            page.text("'");
            page.text(value);
            page.text("'");
        } else if fits_double_quotes(value) {
            page.text("\"");
            for byte in value.bytes() {
                match byte {
                    b'\r' => page.text("\\r"),
                    _ => page.bytes(&[byte]),
                }
            }
            page.text("\"");
        } else if fits_no_quotes(value) {
            page.text(value);
        } else {
            return Err(refusal(Shell::Dotenv, name, Reason::Ambiguous));
        }
        page.text("\n");
    }
    Ok(())
}

/// Both keep a backslash, unless python-dotenv reads it together with the next character.
fn fits_single_quotes(value: &str) -> bool {
    !value.contains(['\'', '\r']) && backslashes_stay(value, "\\'")
}

/// Both turn `\r` into a carriage return; python-dotenv alone knows the other escapes.
fn fits_double_quotes(value: &str) -> bool {
    !value.contains('"') && backslashes_stay(value, "\\'\"abfnrtv\r")
}

/// Both take a bare line as it is when nothing in it could start a quote, a comment or a trim.
fn fits_no_quotes(value: &str) -> bool {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_graphic());
    edge(value.bytes().next())
        && edge(value.bytes().next_back())
        && !value.starts_with(['\'', '"', '`'])
        && value.chars().all(|character| character != '#' && !character.is_control())
}

fn backslashes_stay(value: &str, escapable: &str) -> bool {
    let after = value.split('\\').skip(1);
    !value.ends_with('\\')
        && after
            .into_iter()
            .all(|rest| !rest.is_empty() && !rest.starts_with(|next| escapable.contains(next)))
}

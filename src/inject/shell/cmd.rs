//! cmd: `set "NAME=…"` lines that mean the same in `for /f … do @%i` and in a `.cmd` file.

use crate::inject::shell::page::Page;
use crate::inject::shell::{Reason, RenderError, Shell, Variable, refusal};

/// The longest line that `cmd` reads is 8191 characters.
const LONGEST_LINE: usize = 8191;

/// Refuses whatever depends on where the line is read: `cmd` has no escape that holds in both places.
pub(super) fn write(page: &mut Page, variables: &[Variable<'_>]) -> Result<(), RenderError> {
    for (name, value) in variables {
        let bytes = value.expose_secret();
        let reason = if bytes.is_empty() {
            Some(Reason::Empty)
        } else if !bytes.is_ascii() {
            Some(Reason::NotAscii)
        } else if bytes.iter().any(u8::is_ascii_control) {
            Some(Reason::Control)
        } else if bytes.iter().any(|byte| b"\"%!".contains(byte)) {
            Some(Reason::Expanded)
        } else if name.len() + bytes.len() + 7 > LONGEST_LINE {
            Some(Reason::TooLong(LONGEST_LINE))
        } else {
            None
        };
        if let Some(reason) = reason {
            return Err(refusal(Shell::Cmd, name, reason));
        }
        page.texts(&["set \"", name, "="]);
        page.bytes(bytes);
        page.text("\"\r\n");
    }
    Ok(())
}

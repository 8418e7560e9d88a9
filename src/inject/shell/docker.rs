//! Docker: `NAME=value` lines for `--env-file`, which has neither quotes nor escapes.

use crate::inject::shell::page::Page;
use crate::inject::shell::{Reason, RenderError, Shell, Variable, refusal, text_of};

/// Docker reads the file with a scanner that gives up on lines of 64 KiB.
const LONGEST_LINE: usize = 64 * 1024 - 1;

/// Everything to the end of the line is the value. A carriage return there would be taken for a line end.
pub(super) fn write(page: &mut Page, variables: &[Variable<'_>]) -> Result<(), RenderError> {
    for variable in variables {
        let (name, value) = (variable.0, text_of(Shell::Docker, *variable)?);
        if value.contains(['\n', '\r']) {
            return Err(refusal(Shell::Docker, name, Reason::LineBreak));
        }
        if name.len() + 1 + value.len() >= LONGEST_LINE {
            return Err(refusal(Shell::Docker, name, Reason::TooLong(LONGEST_LINE)));
        }
        page.texts(&[name, "=", value, "\n"]);
    }
    Ok(())
}

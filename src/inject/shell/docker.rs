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

#[cfg(test)]
mod tests {
    use crate::inject::shell::{Reason, RenderError, Shell, render};
    use crate::secret::Secret;

    #[test]
    fn the_rest_of_a_line_is_the_value() {
        let value = Secret::copy_of(b" a=b #\"'$x\\ ");
        let page = render(Shell::Docker, &[("A", &value), ("B", &value)]).unwrap();
        assert_eq!(page.expose_secret(), b"A= a=b #\"'$x\\ \nB= a=b #\"'$x\\ \n");
    }

    #[test]
    fn more_than_a_line_is_refused_by_name_and_not_by_value() {
        let error = render(Shell::Docker, &[("KEY", &Secret::copy_of(b"BEGIN\nEND"))]).unwrap_err();
        let expected = RenderError::Value {
            variable: "KEY".to_owned(),
            shell: Shell::Docker,
            reason: Reason::LineBreak,
        };
        assert_eq!(error, expected);
        assert_eq!(
            error.to_string(),
            "the value of `KEY` cannot be written for docker: it holds a line break"
        );
    }
}

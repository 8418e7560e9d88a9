//! GitHub Actions: masks for the log of the step, entries for the file that `GITHUB_ENV` names.
//!
//! The runner reads the two in different places: `::add-mask::` lines on the step's own output, and entries
//! in the file, which later steps get as their environment. So there is a function for each. Masks have to
//! be out first; both together, as [`crate::inject::shell::render`] gives them, are for a person who looks.

use crate::inject::shell::page::Page;
use crate::inject::shell::{RenderError, Shell, Variable, check, text_of};
use crate::secret::{Secret, on_wiped_stack};

/// `::add-mask::` lines: each value, and each line of a value of several, since logs are masked by line.
///
/// # Errors
/// Where a name is not one, or a value is not text.
pub(crate) fn masks(variables: &[Variable<'_>]) -> Result<Secret, RenderError> {
    check(Shell::GithubActions, variables)?;
    let mut page = Page::for_variables(Shell::GithubActions, variables);
    on_wiped_stack(|| write_masks(&mut page, variables))?;
    Ok(page.into_secret())
}

/// `NAME<<DELIMITER` entries to append to the file that `GITHUB_ENV` names.
///
/// # Errors
/// Where a name is not one, a value is not text, or there is no randomness for the delimiter.
pub(crate) fn entries(variables: &[Variable<'_>]) -> Result<Secret, RenderError> {
    check(Shell::GithubActions, variables)?;
    let mut page = Page::for_variables(Shell::GithubActions, variables);
    on_wiped_stack(|| write_entries(&mut page, variables))?;
    Ok(page.into_secret())
}

pub(super) fn write_masks(page: &mut Page, variables: &[Variable<'_>]) -> Result<(), RenderError> {
    for variable in variables {
        let value = text_of(Shell::GithubActions, *variable)?;
        if value.contains(['\n', '\r']) {
            write_mask(page, value);
        }
        for line in value.split(['\n', '\r']) {
            write_mask(page, line);
        }
    }
    Ok(())
}

/// The runner unescapes `%25`, `%0D` and `%0A` in a command's data; it warns about an empty mask.
fn write_mask(page: &mut Page, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    page.text("::add-mask::");
    for byte in text.bytes() {
        match byte {
            b'%' => page.text("%25"),
            b'\r' => page.text("%0D"),
            b'\n' => page.text("%0A"),
            _ => page.bytes(&[byte]),
        }
    }
    page.text("\n");
}

pub(super) fn write_entries(page: &mut Page, variables: &[Variable<'_>]) -> Result<(), RenderError> {
    for variable in variables {
        let value = text_of(Shell::GithubActions, *variable)?;
        let delimiter = delimiter_outside(value)?;
        page.texts(&[variable.0, "<<", &delimiter, "\n", value, "\n", &delimiter, "\n"]);
    }
    Ok(())
}

/// 128 random bits, so that nobody who chooses a value can end it early and add a variable.
fn delimiter_outside(value: &str) -> Result<String, RenderError> {
    loop {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| RenderError::Randomness)?;
        let delimiter = format!("mcpcred_{:032x}", u128::from_le_bytes(random));
        if !value.contains(&delimiter) {
            return Ok(delimiter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(page: &Secret) -> &str {
        page.expose_secret_str().unwrap()
    }

    #[test]
    fn every_line_of_a_value_is_masked() {
        let value = Secret::copy_of(b"one 100%\r\n\ntwo\n");
        let page = masks(&[("KEY", &value), ("B", &Secret::copy_of(b"x"))]).unwrap();
        let expected = "::add-mask::one 100%25%0D%0A%0Atwo%0A\n\
                        ::add-mask::one 100%25\n::add-mask::two\n::add-mask::x\n";
        assert_eq!(text(&page), expected);
    }

    #[test]
    fn an_entry_ends_where_no_value_can_end_it() {
        let value = Secret::copy_of(b"x\nEOF\nPATH=/evil\n");
        let (first, second) = (entries(&[("KEY", &value)]).unwrap(), entries(&[("KEY", &value)]).unwrap());
        let (head, rest) = text(&first).split_once('\n').unwrap();
        let delimiter = head.strip_prefix("KEY<<mcpcred_").unwrap();
        assert_eq!(delimiter.len(), 32);
        assert_eq!(rest, format!("x\nEOF\nPATH=/evil\n\nmcpcred_{delimiter}\n"));
        assert_ne!(first, second);
    }

    #[test]
    fn masks_come_before_entries() {
        let value = Secret::copy_of(b"x");
        let page = crate::inject::shell::render(Shell::GithubActions, &[("KEY", &value)]).unwrap();
        assert!(text(&page).starts_with("::add-mask::x\nKEY<<mcpcred_"));
    }
}

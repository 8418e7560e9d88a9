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

//! Wrong usage, told without repeating what may be a secret.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::failure::Failure;

/// Prints help, version or the mistake, and gives the exit status for it.
pub(crate) fn tell(mut error: clap::Error) -> ExitCode {
    let is_word = matches!(error.get(ContextKind::InvalidArg),
        Some(ContextValue::String(argument)) if !argument.starts_with('-'));
    let names_value = matches!(
        error.kind(),
        ErrorKind::ValueValidation
            | ErrorKind::InvalidValue
            | ErrorKind::TooManyValues
            | ErrorKind::WrongNumberOfValues
    );
    if error.kind() == ErrorKind::UnknownArgument && is_word {
        // A word where none belongs is most often a value, so it is not shown again.
        error.remove(ContextKind::InvalidArg);
        error.insert(
            ContextKind::InvalidArg,
            ContextValue::String("[a word that is not shown, it may be a secret]".to_owned()),
        );
        error.remove(ContextKind::Suggested);
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec!["a value is typed at a prompt or piped to `--stdin`".into()]),
        );
    }
    if names_value && error.get(ContextKind::InvalidValue).is_some() {
        error.remove(ContextKind::InvalidValue);
        error.insert(ContextKind::InvalidValue, ContextValue::String("…".to_owned()));
        error.remove(ContextKind::SuggestedValue);
    }
    // Nobody is left to tell when stdout or stderr is closed.
    _ = error.print();
    ExitCode::from(if error.use_stderr() { Failure::USAGE } else { 0 })
}

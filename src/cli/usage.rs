//! Wrong usage, told without repeating what may be a secret.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::failure::Failure;

/// Prints help, version or the mistake, and gives the exit status for it.
pub(crate) fn tell(mut error: clap::Error) -> ExitCode {
    let names_value = matches!(
        error.kind(),
        ErrorKind::ValueValidation
            | ErrorKind::InvalidValue
            | ErrorKind::TooManyValues
            | ErrorKind::WrongNumberOfValues
    );
    // A word where none belongs is most often a value, so it is not shown again.
    for (kind, likely) in [
        (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
    ] {
        let is_slip = matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand)
            && matches!(error.get(kind), Some(ContextValue::String(word))
                if !may_be_shown(word, error.get(likely).is_some()));
        if is_slip {
            error.insert(
                kind,
                ContextValue::String("[a word that is not shown, it may be a secret]".to_owned()),
            );
            error.remove(likely);
            error.insert(
                ContextKind::Suggested,
                ContextValue::StyledStrs(vec!["a value is typed at a prompt or piped to `--stdin`".into()]),
            );
        }
    }
    // Where none was given, that is said.
    let is_given = |value: &ContextValue| !matches!(value, ContextValue::String(text) if text.is_empty());
    if names_value && error.get(ContextKind::InvalidValue).is_some_and(is_given) {
        error.remove(ContextKind::InvalidValue);
        error.insert(ContextKind::InvalidValue, ContextValue::String("…".to_owned()));
        error.remove(ContextKind::SuggestedValue);
    }
    // Nobody is left to tell when stdout or stderr is closed.
    _ = error.print();
    ExitCode::from(if error.use_stderr() { Failure::USAGE } else { 0 })
}

/// A flag or a command that is spelled nearly right, or a short word of small letters that is a flag elsewhere.
fn may_be_shown(word: &str, is_nearly_right: bool) -> bool {
    let letters = word.trim_start_matches('-');
    let is_plain = letters.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    // Without a dash it is a command only where it is like one.
    is_plain && letters.len() <= 16 && (is_nearly_right || word.starts_with('-'))
}

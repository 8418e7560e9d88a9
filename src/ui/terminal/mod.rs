//! `Console`: the controlling terminal, where questions are asked whatever stdin and stdout are.

#[cfg(unix)]
mod line;
#[cfg(test)]
#[cfg(unix)]
mod pseudo_terminal;
#[cfg(unix)]
mod signals;
#[cfg(test)]
#[cfg(unix)]
#[path = "../../../tests/support/terminal.rs"]
#[allow(dead_code, reason = "what these tests do not use, the journeys do")]
mod support;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::Console;
#[cfg(windows)]
pub(crate) use windows::Console;

use std::io;

/// Why a question has no answer. It never holds what was typed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// Nobody can be asked: there is no terminal, or questions are turned off.
    #[error("there is no terminal to ask on")]
    NoTerminal,
    /// Ctrl-C, Ctrl-D, or the terminal went away.
    #[error("the question was not answered")]
    Interrupted,
    /// Lines were pasted by a terminal that does not mark what is pasted: where the value ends is not known.
    #[error("several lines were pasted where one was asked for")]
    #[cfg_attr(windows, allow(dead_code, reason = "its consoles give one line at a time"))]
    SeveralLines,
    /// More than [`crate::secret::MAX_SECRET`] bytes.
    #[error("the answer is too long")]
    TooLong,
    /// The answer is not UTF-8 text.
    #[error("the answer is not text")]
    NotText,
    /// The terminal cannot be used.
    #[error("the terminal cannot be used")]
    Io(#[from] io::Error),
}

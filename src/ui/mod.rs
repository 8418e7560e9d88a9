//! THE TERMINAL: data on stdout, words on stderr, questions on the controlling terminal.

pub(crate) mod json;
mod output;
pub(crate) mod sanitize;
pub(crate) mod table;
mod terminal;

pub(crate) use sanitize::{is_harmful, sanitize};
pub(crate) use terminal::AskError;

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::secret::Secret;
use crate::ui::terminal::Console;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const WHY: Style = Style::new().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// The one that speaks. Everything it says passes [`sanitize()`], so one message is one line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ui {
    /// Leaves out what is good to know; warnings and errors are still said.
    pub(crate) quiet: bool,
    /// `Auto` colours where stderr is a terminal that can; `Never` for `--no-color` and `NO_COLOR`.
    pub(crate) colour: ColorChoice,
    /// Whether a person may be asked; not with `--no-prompt`.
    pub(crate) may_prompt: bool,
}

impl Ui {
    /// Writes data to stdout, byte for byte and at once. A reader that went away is no error.
    ///
    /// # Errors
    /// Where stdout is closed or cannot take it.
    pub(crate) fn data(self, bytes: &[u8]) -> io::Result<()> {
        output::write(bytes)
    }

    /// As [`Ui::data`], for what is said only once: a reader that went away before it was written is an error.
    ///
    /// # Errors
    /// Where stdout is closed, full, or nobody reads it any more.
    pub(crate) fn data_to_a_reader(self, bytes: &[u8]) -> io::Result<()> {
        output::write_to_a_reader(bytes)
    }

    /// Whether a person looks at the data.
    pub(crate) fn data_is_terminal(self) -> bool {
        io::stdout().is_terminal()
    }

    /// Columns of the terminal that shows the data, `None` where it goes elsewhere.
    pub(crate) fn data_width(self) -> Option<usize> {
        terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
    }

    /// Whether data may be coloured: it goes to a terminal that can, and nobody asked for none.
    pub(crate) fn data_is_coloured(self) -> bool {
        let choice = match self.colour {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()),
            choice => choice,
        };
        matches!(choice, ColorChoice::Always | ColorChoice::AlwaysAnsi)
    }

    /// Tells how far something is, on one line that the next call replaces and the last one takes away. Only to a
    /// person at a terminal.
    pub(crate) fn progress(self, message: &str, is_over: bool) {
        if self.quiet || !io::stderr().is_terminal() {
            return;
        }
        let line = if is_over { "\r\u{1b}[K".to_owned() } else { format!("\r\u{1b}[K{}", sanitize(message)) };
        self.write(&line);
    }

    /// Tells what happened.
    pub(crate) fn say(self, message: &str) {
        if !self.quiet {
            self.write(&format!("{}\n", sanitize(message)));
        }
    }

    /// Tells what may become a problem.
    pub(crate) fn warn(self, message: &str) {
        self.write(&labelled("warning:", WARNING, message));
    }

    /// Tells what went wrong, its causes from the nearest to the deepest, and one thing to do about it.
    pub(crate) fn failure<T: AsRef<str>>(self, what: &str, why: &[T], hint: Option<&str>) {
        let mut text = labelled("error:", ERROR, what);
        for cause in why {
            text.push_str(&labelled("  why:", WHY, cause.as_ref()));
        }
        if let Some(hint) = hint {
            text.push_str(&labelled(" hint:", HINT, hint));
        }
        self.write(&text);
    }

    /// Asks for a secret on the controlling terminal, hidden; its length is shown afterwards.
    ///
    /// # Errors
    /// [`AskError`]; the terminal is as it was.
    pub(crate) fn ask_secret(self, prompt: &str) -> Result<Secret, AskError> {
        self.console()?.ask_secret(&sanitize(prompt))
    }

    /// Asks for a line that may be seen.
    ///
    /// # Errors
    /// [`AskError`]
    pub(crate) fn ask_line(self, prompt: &str) -> Result<String, AskError> {
        self.console()?.ask_line(&sanitize(prompt))
    }

    /// Asks a question that is answered with yes or no; everything but `y` and `yes` is no.
    ///
    /// # Errors
    /// [`AskError`]
    pub(crate) fn confirm(self, question: &str) -> Result<bool, AskError> {
        let answer = self.ask_line(&format!("{question} [y/N] "))?;
        let answer = answer.trim();
        Ok(answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"))
    }

    /// Whether there is a terminal to ask on, and asking is not turned off.
    pub(crate) fn can_ask(self) -> bool {
        self.console().is_ok()
    }

    fn console(self) -> Result<Console, AskError> {
        if self.may_prompt { Console::open() } else { Err(AskError::NoTerminal) }
    }

    /// In one piece, so that lines of several processes do not mix. A closed stderr is no reason to fail a
    /// command that has done its work.
    fn write(self, text: &str) {
        _ = AutoStream::new(io::stderr(), self.colour).write_all(text.as_bytes());
    }
}

fn labelled(label: &str, style: Style, message: &str) -> String {
    format!("{style}{label}{style:#} {}\n", sanitize(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_where_prompts_are_off() {
        let ui = Ui { quiet: false, colour: ColorChoice::Never, may_prompt: false };
        assert!(matches!(ui.ask_secret("Secret: "), Err(AskError::NoTerminal)));
        assert!(matches!(ui.ask_line("Name: "), Err(AskError::NoTerminal)));
        assert!(matches!(ui.confirm("Sure?"), Err(AskError::NoTerminal)));
    }

    #[test]
    fn a_message_cannot_add_lines() {
        assert_eq!(labelled("error:", Style::new(), "a\nerror: b"), "error: a\\nerror: b\n");
    }
}

//! `Shell` and `render`: variables written so that a shell, a parser or a runner reads back exactly their bytes.

mod cmd;
pub(crate) mod detect;
mod docker;
mod dotenv;
mod elvish;
mod fish;
pub(crate) mod github_actions;
mod json;
mod nu;
mod page;
mod posix;
mod powershell;
#[cfg(all(test, unix))]
mod tests;

use std::fmt;
use std::str::FromStr;

use crate::inject::shell::page::Page;
use crate::secret::{Secret, on_wiped_stack};

/// A variable's name and its value.
pub(crate) type Variable<'a> = (&'a str, &'a Secret);

/// A reader of `mcpcred export-env`.
#[expect(clippy::enum_variant_names, reason = "`PowerShell` is a name, not a kind of this enum")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shell {
    /// bash 3.2 and later.
    Bash,
    /// zsh, whatever its options, and with the same text ksh93 and mksh.
    Zsh,
    /// A POSIX shell: dash, busybox ash, yash.
    Sh,
    /// fish 3 and later.
    Fish,
    /// Windows PowerShell 5.1 and PowerShell 7.
    PowerShell,
    /// The command interpreter of Windows.
    Cmd,
    /// Nushell.
    Nu,
    /// Elvish.
    Elvish,
    /// A `.env` file.
    Dotenv,
    /// One JSON object.
    Json,
    /// The workflow commands and the environment file of GitHub Actions.
    GithubActions,
    /// The file of `docker run --env-file`.
    Docker,
}

impl Shell {
    /// Every shell, in the order in which help shows them.
    pub(crate) const ALL: [Self; 12] = [
        Self::Bash,
        Self::Zsh,
        Self::Sh,
        Self::Fish,
        Self::PowerShell,
        Self::Cmd,
        Self::Nu,
        Self::Elvish,
        Self::Dotenv,
        Self::Json,
        Self::GithubActions,
        Self::Docker,
    ];

    /// The word that `--shell` takes.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Sh => "sh",
            Self::Fish => "fish",
            Self::PowerShell => "powershell",
            Self::Cmd => "cmd",
            Self::Nu => "nu",
            Self::Elvish => "elvish",
            Self::Dotenv => "dotenv",
            Self::Json => "json",
            Self::GithubActions => "github-actions",
            Self::Docker => "docker",
        }
    }

    /// The line that uses the output: for a shell's profile, for a script, or for a terminal.
    pub(crate) const fn idiom(self) -> &'static str {
        match self {
            Self::Bash => r#"eval "$(mcpcred export-env --shell bash)""#,
            Self::Zsh => r#"eval "$(mcpcred export-env --shell zsh)""#,
            Self::Sh => r#"eval "$(mcpcred export-env --shell sh)""#,
            Self::Fish => "mcpcred export-env --shell fish | source",
            Self::PowerShell => "mcpcred export-env --shell powershell | Invoke-Expression",
            Self::Cmd => r#"for /f "delims=" %i in ('mcpcred export-env --shell cmd') do @%i"#,
            Self::Nu => "mcpcred export-env --shell nu | from nuon | load-env",
            Self::Elvish => "eval (mcpcred export-env --shell elvish | slurp)",
            Self::Dotenv => "umask 077 && mcpcred export-env --shell dotenv > .env",
            Self::Json => "mcpcred export-env --shell json | jq -r .NAME",
            Self::GithubActions => "mcpcred export-env --shell github-actions",
            Self::Docker => "docker run --env-file <(mcpcred export-env --shell docker) IMAGE",
        }
    }
}

impl fmt::Display for Shell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A word that is no shell's name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a shell that mcpcred writes for")]
pub(crate) struct UnknownShell(pub(crate) String);

impl FromStr for Shell {
    type Err = UnknownShell;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|shell| shell.as_str() == text);
        known.ok_or_else(|| UnknownShell(text.to_owned()))
    }
}

/// Why nothing was written. The value is never part of it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RenderError {
    /// A name that no environment variable may have. It is not repeated: it may be a value.
    #[error("a variable's name holds only letters, digits and `_`, and starts with no digit")]
    Name,
    /// A value that this shell has no spelling for.
    #[error("the value of `{variable}` cannot be written for {shell}: {reason}")]
    Value {
        /// The variable.
        variable: String,
        /// The shell.
        shell: Shell,
        /// What the value holds.
        reason: Reason,
    },
    /// The delimiter of an environment file has to be random.
    #[error("the system gave no random bytes")]
    Randomness,
}

/// What a value holds that a shell cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Reason {
    /// NUL ends a variable.
    #[error("it holds a NUL byte, which no environment variable can")]
    Nul,
    /// The format is text.
    #[error("it is not UTF-8 text")]
    NotText,
    /// `cmd` decodes with the console's code page.
    #[error("it holds characters outside ASCII, which depend on the console's code page")]
    NotAscii,
    /// The format is one line a variable.
    #[error("it holds a line break")]
    LineBreak,
    /// `cmd` reads lines, and stops at some control characters.
    #[error("it holds a line break or another control character")]
    Control,
    /// `cmd` would replace or run parts of it.
    #[error("it holds one of `\"`, `%` and `!`")]
    Expanded,
    /// An empty value removes the variable.
    #[error("it is empty, which removes a variable there")]
    Empty,
    /// The reader has a limit.
    #[error("its line would be longer than {0} bytes")]
    TooLong(usize),
    /// python-dotenv expands everywhere.
    #[error("it holds `${{`, which python-dotenv replaces")]
    Interpolated,
    /// The two parsers disagree on every spelling.
    #[error("its mix of quotes, backslashes and line breaks is read differently by different parsers")]
    Ambiguous,
}

/// Writes the variables for `shell`: all of them, or an error and nothing. No variables make empty text,
/// except for `json` and `nu`, whose text is an empty object.
///
/// # Errors
/// Where a name is not one, or a value has no spelling in that shell.
pub(crate) fn render(shell: Shell, variables: &[Variable<'_>]) -> Result<Secret, RenderError> {
    on_wiped_stack(|| write(shell, variables))
}

fn write(shell: Shell, variables: &[Variable<'_>]) -> Result<Secret, RenderError> {
    check(shell, variables)?;
    let mut page = Page::for_variables(shell, variables);
    match shell {
        Shell::Bash => posix::write_for_bash(&mut page, variables),
        Shell::Zsh => posix::write_quoted(&mut page, variables),
        Shell::Sh => posix::write_printed(&mut page, variables),
        Shell::Fish => fish::write(&mut page, variables),
        Shell::PowerShell => powershell::write(&mut page, variables)?,
        Shell::Cmd => cmd::write(&mut page, variables)?,
        Shell::Nu => nu::write(&mut page, variables)?,
        Shell::Elvish => elvish::write(&mut page, variables),
        Shell::Dotenv => dotenv::write(&mut page, variables)?,
        Shell::Json => json::write(&mut page, variables)?,
        Shell::GithubActions => {
            github_actions::write_masks(&mut page, variables)?;
            github_actions::write_entries(&mut page, variables)?;
        }
        Shell::Docker => docker::write(&mut page, variables)?,
    }
    Ok(page.into_secret())
}

/// Refuses what no shell can hold, and names that would be more than a name in a script.
fn check(shell: Shell, variables: &[Variable<'_>]) -> Result<(), RenderError> {
    for (name, value) in variables {
        let word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !word || name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(RenderError::Name);
        }
        if value.expose_secret().contains(&0) {
            return Err(refusal(shell, name, Reason::Nul));
        }
    }
    Ok(())
}

fn refusal(shell: Shell, variable: &str, reason: Reason) -> RenderError {
    RenderError::Value { variable: variable.to_owned(), shell, reason }
}

fn text_of(shell: Shell, (name, value): Variable<'_>) -> Result<&str, RenderError> {
    value.expose_secret_str().map_err(|_| refusal(shell, name, Reason::NotText))
}

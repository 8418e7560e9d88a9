//! `Shell::detect`: which shell is going to read the output.

use crate::inject::shell::{Shell, UnknownShell};

/// Why the shell is not known.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DetectError {
    /// `MCPCRED_SHELL` holds something else.
    #[error("`MCPCRED_SHELL` does not name a shell: {0}")]
    Variable(#[from] UnknownShell),
    /// Neither the parent process nor `SHELL` is one.
    #[error("neither the parent process nor `SHELL` is a shell that mcpcred writes for")]
    NoShell,
}

impl Shell {
    /// The shell that `MCPCRED_SHELL` names, else the parent process, else the one in `SHELL`.
    /// The latter two are names or paths of programs; an empty text counts as none.
    ///
    /// # Errors
    /// A wrong `MCPCRED_SHELL` is an error rather than passed over; so is no shell at all.
    pub(crate) fn detect(
        mcpcred_shell: Option<&str>,
        parent_process_name: Option<&str>,
        shell_variable: Option<&str>,
    ) -> Result<Self, DetectError> {
        if let Some(wanted) = mcpcred_shell.filter(|text| !text.is_empty()) {
            return Ok(wanted.parse()?);
        }
        [parent_process_name, shell_variable]
            .into_iter()
            .flatten()
            .find_map(Self::of_program)
            .ok_or(DetectError::NoShell)
    }

    /// The shell that a program is: `/usr/bin/zsh`, `-bash` (a login shell), `pwsh.exe`.
    pub(crate) fn of_program(program: &str) -> Option<Self> {
        let name = program.rsplit(['/', '\\']).next()?.to_ascii_lowercase();
        let name = name.strip_prefix('-').unwrap_or(&name);
        match name.strip_suffix(".exe").unwrap_or(name) {
            "bash" | "rbash" => Some(Self::Bash),
            "zsh" | "rzsh" | "ksh" | "ksh93" | "mksh" => Some(Self::Zsh),
            "sh" | "dash" | "ash" | "busybox" | "yash" => Some(Self::Sh),
            "fish" => Some(Self::Fish),
            "powershell" | "powershell_ise" | "pwsh" | "pwsh-preview" => Some(Self::PowerShell),
            "cmd" => Some(Self::Cmd),
            "nu" => Some(Self::Nu),
            "elvish" => Some(Self::Elvish),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_wins_then_the_parent_then_the_login_shell() {
        let detect = Shell::detect;
        assert_eq!(detect(Some("fish"), Some("zsh"), Some("/bin/bash")), Ok(Shell::Fish));
        assert_eq!(detect(Some(""), Some("zsh"), Some("/bin/bash")), Ok(Shell::Zsh));
        assert_eq!(detect(None, Some("make"), Some("/bin/bash")), Ok(Shell::Bash));
        assert_eq!(detect(None, None, Some("/usr/bin/tcsh")), Err(DetectError::NoShell));
        assert_eq!(detect(None, None, None), Err(DetectError::NoShell));
    }

    #[test]
    fn a_wrong_variable_is_not_passed_over() {
        let error = Shell::detect(Some("tcsh"), Some("zsh"), None).unwrap_err();
        assert_eq!(error, DetectError::Variable(UnknownShell("tcsh".to_owned())));
    }

    #[test]
    fn programs_are_known_by_any_name_the_system_gives_them() {
        for (program, shell) in [
            ("-zsh", Shell::Zsh),
            ("/opt/homebrew/bin/fish", Shell::Fish),
            (r"C:\Program Files\PowerShell\7\pwsh.exe", Shell::PowerShell),
            ("CMD.EXE", Shell::Cmd),
            ("nu.exe", Shell::Nu),
            ("busybox", Shell::Sh),
        ] {
            assert_eq!(Shell::of_program(program), Some(shell), "{program}");
        }
    }

    #[test]
    fn every_shell_is_known_by_its_own_word() {
        for shell in Shell::ALL {
            assert_eq!(shell.as_str().parse(), Ok(shell));
            assert!(shell.idiom().contains(shell.as_str()), "{shell}");
        }
    }
}

//! cmd: `set "NAME=…"` lines that mean the same in `for /f … do @%i` and in a `.cmd` file.

use crate::inject::shell::page::Page;
use crate::inject::shell::{Reason, RenderError, Shell, Variable, refusal};

/// The longest line that `cmd` reads is 8191 characters.
const LONGEST_LINE: usize = 8191;

/// Refuses whatever depends on where the line is read: `cmd` has no escape that holds in both places.
pub(super) fn write(page: &mut Page, variables: &[Variable<'_>]) -> Result<(), RenderError> {
    for (name, value) in variables {
        let bytes = value.expose_secret();
        let reason = if bytes.is_empty() {
            Some(Reason::Empty)
        } else if !bytes.is_ascii() {
            Some(Reason::NotAscii)
        } else if bytes.iter().any(u8::is_ascii_control) {
            Some(Reason::Control)
        } else if bytes.iter().any(|byte| b"\"%!".contains(byte)) {
            Some(Reason::Expanded)
        } else if name.len() + bytes.len() + 7 > LONGEST_LINE {
            Some(Reason::TooLong(LONGEST_LINE))
        } else {
            None
        };
        if let Some(reason) = reason {
            return Err(refusal(Shell::Cmd, name, reason));
        }
        page.texts(&["set \"", name, "="]);
        page.bytes(bytes);
        page.text("\"\r\n");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inject::shell::{Reason, RenderError, Shell, render};
    use crate::secret::Secret;

    fn reason(value: &str) -> Option<Reason> {
        match render(Shell::Cmd, &[("TOKEN", &Secret::copy_of(value.as_bytes()))]) {
            Ok(_) => None,
            Err(RenderError::Value { reason, .. }) => Some(reason),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_cmd_would_change_or_run_is_refused() {
        assert_eq!(reason("ghp_&|<>^()=,; '`~*?"), None);
        assert_eq!(reason("%PATH%"), Some(Reason::Expanded));
        assert_eq!(reason("a\"&calc"), Some(Reason::Expanded));
        assert_eq!(reason("a!b"), Some(Reason::Expanded));
        assert_eq!(reason("a\nb"), Some(Reason::Control));
        assert_eq!(reason("\u{e9}"), Some(Reason::NotAscii));
        assert_eq!(reason(""), Some(Reason::Empty));
        assert_eq!(reason(&"x".repeat(8200)), Some(Reason::TooLong(8191)));
    }

    #[cfg(windows)]
    #[test]
    fn both_ways_to_read_the_lines_give_the_value() {
        let plain: String = (b' '..=b'~').map(char::from).filter(|byte| !"\"%!".contains(*byte)).collect();
        let values =
            [plain.as_str(), "ghp_x", "a&echo x>pwned", "^", "a^", "x ", " x", "a|b", "=", "/?", "a)b("];
        let secrets = values.map(|value| Secret::copy_of(value.as_bytes()));
        let names: Vec<_> = (0..values.len()).map(|number| format!("MCPCREDTEST{number}")).collect();
        let variables: Vec<_> = names.iter().map(String::as_str).zip(&secrets).collect();
        let lines = render(Shell::Cmd, &variables).unwrap();
        // Wine's `cmd` looks for a program where the whole command comes out of a variable of `for`.
        let wine = std::path::Path::new(r"C:\windows\system32\winecfg.exe").exists();
        for read in ["for /f \"delims=\" %%i in ('type lines.cmd') do @%%i", "call lines.cmd"]
            .into_iter()
            .skip(wine.into())
        {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("lines.cmd"), lines.expose_secret()).unwrap();
            let script = format!("@echo off\r\n{read}\r\nset MCPCREDTEST>out\r\n");
            std::fs::write(folder.path().join("script.cmd"), script).unwrap();
            let mut command = std::process::Command::new("cmd");
            let output =
                command.args(["/d", "/c", "script.cmd"]).current_dir(folder.path()).output().unwrap();
            assert!(output.stderr.is_empty(), "{}", output.stderr.escape_ascii());
            let out = std::fs::read_to_string(folder.path().join("out")).unwrap();
            for (name, value) in names.iter().zip(values) {
                assert!(out.lines().any(|line| line == format!("{name}={value}")), "{read}: {value}: {out}");
            }
            assert!(!folder.path().join("pwned").exists());
        }
    }
}

//! Windows: the command runs under mcpcred, in a job, so that neither outlives the other.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use windows_sys::Win32::Foundation::{ERROR_BAD_EXE_FORMAT, ERROR_FILENAME_EXCED_RANGE};

use crate::os::process::launch::{LaunchError, Value};
use crate::os::process::system::{Job, leave_interrupts_to_the_child};

/// The exit status of the command. The copies that the standard library makes of the environment are not wiped;
/// they are gone with this process, which lives as long as the child.
pub(super) fn supervise(
    program: &OsStr,
    arguments: &[OsString],
    variables: Vec<(OsString, Value)>,
    before: impl FnOnce(),
) -> Result<i32, LaunchError> {
    let path = variables.iter().find(|(name, _)| name.eq_ignore_ascii_case("PATH"));
    let search = path.and_then(|(_, value)| match value {
        Value::Inherited(text) => Some(text.as_os_str()),
        Value::Secret(_) => None,
    });
    let file = resolve(program, search)?;
    let mut command = command(&file, arguments, &variables)?;
    drop(variables);
    // Inside a job that forbids another, the child still gets the console's own events.
    let _job = Job::around_this_process().ok();
    leave_interrupts_to_the_child();
    before();
    let child = command.spawn();
    drop(command);
    let status = child.and_then(|mut child| child.wait()).map_err(|error| failure(file, error))?;
    Ok(status.code().unwrap_or(1))
}

/// The standard library quotes for `cmd` where the file is a batch file, and refuses to start it with what `cmd`
/// could take for more than an argument: a line break (CVE-2024-24576).
fn command(
    file: &Path,
    arguments: &[OsString],
    variables: &[(OsString, Value)],
) -> Result<Command, LaunchError> {
    let nul = |text: &OsStr| text.as_encoded_bytes().contains(&0);
    if arguments.iter().any(|argument| nul(argument)) {
        return Err(LaunchError::Nul);
    }
    let mut command = Command::new(file);
    command.args(arguments).env_clear();
    for (name, value) in variables {
        match value {
            Value::Inherited(text) => command.env(name, text),
            Value::Secret(secret) => command.env(name, secret.expose_secret_str().unwrap_or_default()),
        };
    }
    Ok(command)
}

fn failure(program: PathBuf, source: io::Error) -> LaunchError {
    let code = source.raw_os_error().and_then(|code| u32::try_from(code).ok());
    match source.kind() {
        _ if code == Some(ERROR_BAD_EXE_FORMAT) => LaunchError::NotExecutable { program, source },
        _ if code == Some(ERROR_FILENAME_EXCED_RANGE) => LaunchError::TooLarge,
        // NUL is refused before, so this is about quoting.
        io::ErrorKind::InvalidInput => LaunchError::BatchArgument(program),
        io::ErrorKind::NotFound => LaunchError::NotFound(program.into_os_string()),
        io::ErrorKind::PermissionDenied => LaunchError::NotExecutable { program, source },
        _ => LaunchError::Other { program, source },
    }
}

/// The file that a command line names, with an ending of `PATHEXT`. The current folder is searched only where
/// the name has a path, and a `PATH` entry that is not absolute never.
fn resolve(program: &OsStr, path: Option<&OsStr>) -> Result<PathBuf, LaunchError> {
    let not_found = || LaunchError::NotFound(program.to_owned());
    let bytes = program.as_encoded_bytes();
    if bytes.is_empty() || bytes.contains(&0) {
        return Err(not_found());
    }
    let found = if bytes.iter().any(|byte| b"/\\:".contains(byte)) {
        let folder = std::env::current_dir().map_err(|_| not_found())?;
        which::which_in(program, None::<&OsStr>, folder).ok()
    } else {
        let folders = std::env::split_paths(path.unwrap_or_default()).filter(|folder| folder.is_absolute());
        let search = std::env::join_paths(folders).map_err(|_| not_found())?;
        which::which_in_global(program, Some(search)).ok().and_then(|mut found| found.next())
    };
    found.ok_or_else(not_found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::secret::Secret;

    /// A folder with batch files, and the variables of a child that looks for programs there alone.
    fn folder(files: &[(&str, &str)]) -> (TempDir, Vec<(OsString, Value)>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let kept = ["SystemRoot", "ComSpec", "PATHEXT", "WINEPREFIX"];
        #[expect(clippy::disallowed_methods, reason = "a child of a test needs the system's own variables")]
        let mut variables: Vec<_> = std::env::vars_os()
            .filter(|(name, _)| kept.iter().any(|kept| name.eq_ignore_ascii_case(kept)))
            .map(|(name, text)| (name, Value::Inherited(text)))
            .collect();
        variables.push(("Path".into(), Value::Inherited(folder.path().into())));
        variables.push(("OUT".into(), Value::Inherited(folder.path().join("out").into())));
        (folder, variables)
    }

    fn run(program: &str, arguments: &[&str], variables: Vec<(OsString, Value)>) -> Result<i32, LaunchError> {
        let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
        supervise(program.as_ref(), &arguments, variables, || {})
    }

    #[test]
    fn a_shim_is_found_by_its_bare_name_and_its_status_comes_back() {
        let shim = "@echo %TOKEN%>\"%OUT%\"\r\n@exit 42\r\n";
        let (folder, mut variables) = folder(&[("npx", "#!/bin/sh"), ("npx.cmd", shim)]);
        variables.push(("TOKEN".into(), Value::Secret(Secret::copy_of(b"ghp_1"))));
        assert_eq!(run("npx", &[], variables).unwrap(), 42);
        assert_eq!(fs::read_to_string(folder.path().join("out")).unwrap().trim_end(), "ghp_1");
    }

    #[test]
    fn a_batch_file_gets_its_arguments_and_runs_none_of_them() {
        let hostile =
            ["\"&echo x>pwned", "\"&echo x>pwned&\"", "%PATH%", "a^b", "a!b!", "a|b", "a&echo x>pwned"];
        for argument in hostile.into_iter().chain(["a b", "(a)", "<a>", "{\"a\": 1}", "--x=1"]) {
            // Wine's `cmd` has no substrings of variables, with which the standard library hides a percent sign.
            if argument.contains('%') && Path::new(r"C:\windows\system32\winecfg.exe").exists() {
                continue;
            }
            let (folder, variables) = folder(&[("echo.cmd", "@echo off\r\n>\"%OUT%\" echo %*\r\n")]);
            assert_eq!(run("echo.cmd", &[argument], variables).unwrap(), 0, "{argument}");
            let got = fs::read_to_string(folder.path().join("out")).unwrap();
            let quoted = format!("\"{}\"", argument.replace('"', "\"\""));
            assert!([argument, &quoted].contains(&got.trim_end()), "{argument}: {got}");
            assert!(!Path::new("pwned").exists() && !folder.path().join("pwned").exists(), "{argument}");
        }
    }

    #[test]
    fn an_argument_that_a_batch_file_would_run_is_refused() {
        for argument in ["a\nb", "a\r\nb", "a\r"] {
            let (_folder, variables) = folder(&[("echo.cmd", "@echo off\r\n")]);
            assert!(matches!(run("echo", &[argument], variables), Err(LaunchError::BatchArgument(_))));
        }
        let (_folder, variables) = folder(&[("echo.cmd", "@echo off\r\n")]);
        assert!(matches!(run("echo", &["a\0b"], variables), Err(LaunchError::Nul)));
    }

    #[test]
    fn the_current_folder_and_relative_folders_are_not_searched() {
        let here = tempfile::tempdir_in(".").unwrap();
        fs::write(here.path().join("tool.cmd"), "").unwrap();
        let relative = Path::new(here.path().file_name().unwrap());
        let search = |folder: &Path| resolve("tool".as_ref(), Some(folder.as_os_str()));
        assert!(matches!(search(relative), Err(LaunchError::NotFound(_))));
        assert!(search(&std::path::absolute(here.path()).unwrap()).is_ok());
        assert!(resolve(relative.join("tool").as_ref(), None).is_ok());
        assert!(matches!(resolve("".as_ref(), None), Err(LaunchError::NotFound(_))));
    }
}

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

/// The standard library quotes for batch files, and refuses to start one with what it cannot quote.
fn command(
    file: &Path,
    arguments: &[OsString],
    variables: &[(OsString, Value)],
) -> Result<Command, LaunchError> {
    let nul = |text: &OsStr| text.as_encoded_bytes().contains(&0);
    if arguments.iter().any(|argument| nul(argument)) {
        return Err(LaunchError::Nul);
    }
    let batch = file
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("cmd") || end.eq_ignore_ascii_case("bat"));
    if batch && arguments.iter().any(|argument| !passes_to_batch(argument)) {
        return Err(LaunchError::BatchArgument(file.to_owned()));
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

/// A batch file's `%*` and `%1` are read by `cmd` once more, beyond what the standard library can quote for: an
/// odd quote there ends the quoting, and what follows is run.
fn passes_to_batch(argument: &OsStr) -> bool {
    !argument.as_encoded_bytes().iter().any(|byte| b"\"%!\r\n".contains(byte))
}

fn failure(program: PathBuf, source: io::Error) -> LaunchError {
    let code = source.raw_os_error().and_then(|code| u32::try_from(code).ok());
    match source.kind() {
        _ if code == Some(ERROR_BAD_EXE_FORMAT) => LaunchError::NotExecutable { program, source },
        _ if code == Some(ERROR_FILENAME_EXCED_RANGE) => LaunchError::TooLarge,
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

//! `launch`: a command in the place of mcpcred, or under it where a process cannot be replaced.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;

use crate::secret::Secret;

#[cfg(unix)]
use crate::os::process::replace::replace as start;
#[cfg(windows)]
use crate::os::process::supervise::supervise as start;

/// A variable's value: one that was there, or one of ours.
pub(crate) enum Value {
    /// From the environment of mcpcred.
    Inherited(OsString),
    /// A credential.
    Secret(Secret),
}

#[cfg(any(unix, test))]
impl Value {
    /// The bytes, in the system's own encoding.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Inherited(text) => text.as_encoded_bytes(),
            Self::Secret(secret) => secret.expose_secret(),
        }
    }
}

/// Why the command did not start. The number is the exit code that `env` and shells give for it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaunchError {
    /// No such program (127).
    #[error("there is no program `{}`", .0.display())]
    NotFound(OsString),
    /// It is there, but not to be run: no permission, a folder, or no format that the system knows (126).
    #[error("`{}` cannot be executed", program.display())]
    NotExecutable {
        /// The file.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A script whose interpreter is missing (126).
    #[error("the interpreter that the first line of `{}` names does not exist", .0.display())]
    #[cfg_attr(windows, allow(dead_code, reason = "only Unix reads the first line of a script"))]
    NoInterpreter(PathBuf),
    /// More than the system passes to a program (125).
    #[error("the environment and the arguments are larger than this system passes to a program")]
    TooLarge,
    /// An argument with a NUL (125).
    #[error("an argument holds a NUL byte, which no argument can")]
    Nul,
    /// A batch file and an argument that `cmd` would read as something else, or run (125).
    #[error("`{}` is a batch file, and one of the arguments cannot be passed to one safely", .0.display())]
    #[cfg_attr(not(windows), allow(dead_code, reason = "only Windows has batch files"))]
    BatchArgument(PathBuf),
    /// Anything else (125).
    #[error("`{}` did not start", program.display())]
    Other {
        /// The file.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Starts `program`, found by the `PATH` among `variables`, with those variables as its whole environment.
/// `before` runs last, when everything is ready and only the start itself can still fail.
///
/// On Unix the program takes the place of this process, so nothing returns unless it failed. On Windows it
/// runs under this process and dies with it; its exit status is returned when it ends.
///
/// # Errors
/// Where it did not start.
pub(crate) fn launch(
    program: &OsStr,
    arguments: &[OsString],
    variables: Vec<(OsString, Value)>,
    before: impl FnOnce(),
) -> Result<i32, LaunchError> {
    start(program, arguments, variables, before)
}

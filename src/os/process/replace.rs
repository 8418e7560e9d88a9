//! Unix: the command takes the place of mcpcred, so its parent, terminal and signals are the command's own.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::execve;
use rustix::fs::{Access, access};
use zeroize::Zeroizing;

use crate::os::process::launch::{LaunchError, Value};
use crate::os::process::system;

/// Where programs are looked for when there is no `PATH`, as `execvp` does.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// An entry of the environment: `NAME=value` and a NUL, wiped when the start has failed.
struct Entry(Zeroizing<Vec<u8>>);

impl Entry {
    fn new(name: &OsStr, value: &Value) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(name.len() + value.as_bytes().len() + 2));
        for part in [name.as_bytes(), b"=", value.as_bytes(), b"\0"] {
            bytes.extend_from_slice(part);
        }
        Self(bytes)
    }
}

impl AsRef<CStr> for Entry {
    fn as_ref(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }
}

/// Never returns `Ok`.
pub(super) fn replace(
    program: &OsStr,
    arguments: &[OsString],
    variables: Vec<(OsString, Value)>,
    before: impl FnOnce(),
) -> Result<i32, LaunchError> {
    let path = variables.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_bytes());
    let file = resolve(program, path.map(OsStr::from_bytes))?;
    let argv = std::iter::once(program)
        .chain(arguments.iter().map(OsString::as_os_str))
        .map(|argument| CString::new(argument.as_bytes()).map_err(|_| LaunchError::Nul))
        .collect::<Result<Vec<_>, _>>()?;
    let executable = CString::new(file.as_os_str().as_bytes()).map_err(|_| LaunchError::Nul)?;
    let envp: Vec<_> = variables.iter().map(|(name, value)| Entry::new(name, value)).collect();
    drop(variables);
    before();
    let ignored = system::take_sigpipe_by_default(true);
    let errno = match execve(&executable, &argv, &envp) {
        Ok(never) => match never {},
        Err(errno) => errno,
    };
    if ignored {
        system::take_sigpipe_by_default(false);
    }
    Err(failure(file, errno))
}

fn failure(program: PathBuf, errno: Errno) -> LaunchError {
    let source = io::Error::from(errno);
    match errno {
        Errno::E2BIG => LaunchError::TooLarge,
        // The file itself is there: it was resolved.
        Errno::ENOENT => LaunchError::NoInterpreter(program),
        Errno::EACCES | Errno::EPERM | Errno::ENOEXEC | Errno::EISDIR | Errno::ETXTBSY => {
            LaunchError::NotExecutable { program, source }
        }
        _ => LaunchError::Other { program, source },
    }
}

/// The file that `execvp` would run: the first executable one, or the first that is not, as the reason.
fn resolve(program: &OsStr, path: Option<&OsStr>) -> Result<PathBuf, LaunchError> {
    let not_found = || LaunchError::NotFound(program.to_owned());
    if program.is_empty() {
        return Err(not_found());
    }
    if program.as_bytes().contains(&b'/') {
        return match executable(Path::new(program)) {
            Ok(()) => Ok(program.into()),
            Err(error) if is_absent(&error) => Err(not_found()),
            Err(source) => Err(LaunchError::NotExecutable { program: program.into(), source }),
        };
    }
    let mut refused = None;
    for folder in path.unwrap_or(DEFAULT_PATH.as_ref()).as_bytes().split(|byte| *byte == b':') {
        // An empty entry is the current folder (POSIX, XBD 8.3).
        let folder = if folder.is_empty() { b"." } else { folder };
        let file = Path::new(&OsString::from_vec(folder.to_vec())).join(program);
        match executable(&file) {
            Ok(()) => return Ok(file),
            Err(error) if is_absent(&error) => {}
            Err(source) => {
                refused.get_or_insert(LaunchError::NotExecutable { program: file, source });
            }
        }
    }
    Err(refused.unwrap_or_else(not_found))
}

fn executable(file: &Path) -> io::Result<()> {
    if fs::metadata(file)?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(access(file, Access::EXEC_OK)?)
}

fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename | InvalidInput)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;
    use crate::secret::Secret;

    fn folder(files: &[(&str, u32)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode) in files {
            let file = folder.path().join(name);
            fs::write(&file, "#!/nonexistent\n").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(*mode)).unwrap();
        }
        folder
    }

    fn path(folders: &[&TempDir]) -> OsString {
        std::env::join_paths(folders.iter().map(|folder| folder.path())).unwrap()
    }

    #[test]
    fn the_first_executable_in_the_path_is_taken() {
        let (plain, first, second) =
            (folder(&[("tool", 0o644)]), folder(&[("tool", 0o755)]), folder(&[("tool", 0o755)]));
        let found = resolve("tool".as_ref(), Some(&path(&[&plain, &first, &second]))).unwrap();
        assert_eq!(found, first.path().join("tool"));
    }

    #[test]
    fn absent_and_not_executable_are_different_answers() {
        let only = folder(&[("tool", 0o644)]);
        fs::create_dir(only.path().join("folder")).unwrap();
        let search = path(&[&only]);
        let resolve = |program: &str| resolve(program.as_ref(), Some(&search));
        assert!(matches!(resolve("tool"), Err(LaunchError::NotExecutable { .. })));
        assert!(matches!(resolve("folder"), Err(LaunchError::NotExecutable { .. })));
        assert!(matches!(resolve("missing"), Err(LaunchError::NotFound(_))));
        assert!(matches!(resolve("/missing/tool"), Err(LaunchError::NotFound(_))));
        assert!(matches!(resolve(""), Err(LaunchError::NotFound(_))));
        assert!(matches!(resolve("a\0b"), Err(LaunchError::NotFound(_))));
    }

    #[test]
    fn without_a_path_the_system_folders_are_searched() {
        assert!(resolve("sh".as_ref(), None).unwrap().ends_with("sh"));
    }

    #[test]
    fn an_entry_is_name_value_and_nul() {
        let entry = Entry::new("TOKEN".as_ref(), &Value::Secret(Secret::copy_of(b"\xffx")));
        assert_eq!(entry.as_ref().to_bytes_with_nul(), b"TOKEN=\xffx\0");
        assert_eq!(entry.0.capacity(), entry.0.len());
    }

    #[test]
    fn a_start_that_fails_says_why_and_comes_back() {
        let only = folder(&[("tool", 0o755), ("text", 0o755)]);
        fs::write(only.path().join("text"), "no program").unwrap();
        let start = |program: &str, arguments: &[OsString], value: &[u8]| {
            let variables = vec![
                ("PATH".into(), Value::Inherited(path(&[&only]))),
                ("TOKEN".into(), Value::Secret(Secret::copy_of(value))),
            ];
            let mut ran = false;
            let error = replace(program.as_ref(), arguments, variables, || ran = true).unwrap_err();
            (error, ran)
        };
        assert!(matches!(start("tool", &[], b"x"), (LaunchError::NoInterpreter(_), true)));
        assert!(matches!(start("text", &[], b"x"), (LaunchError::NotExecutable { .. }, true)));
        assert!(matches!(start("missing", &[], b"x"), (LaunchError::NotFound(_), false)));
        assert!(matches!(start("tool", &["a\0".into()], b"x"), (LaunchError::Nul, false)));
        assert!(matches!(start("tool", &[], &vec![b'x'; 16 << 20]), (LaunchError::TooLarge, true)));
    }
}

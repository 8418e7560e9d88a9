//! `ClientLock`: what a client takes when it writes its own configuration, so that it and we do not write at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::os::lock::{FileLock, LockError};
use crate::os::private_file::beside;
use crate::rewrite::error::Why;

/// How long a client that writes is waited for: it holds its lock for some milliseconds. Longer than [`STALE`], so
/// that nobody has to come again because a client, or one of us, was killed just now.
const PATIENCE: Duration = Duration::from_secs(12);

/// How old a folder is that a client left behind when it was killed, as clients count it.
const STALE: Duration = Duration::from_secs(10);

/// A lock that a client knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClientLock {
    /// It has none.
    None,
    /// A folder beside the file that whoever makes it holds, as `proper-lockfile` does it for Claude Code.
    Folder(PathBuf),
    /// The same with a file in it that says whose it is; it is made elsewhere and moved there (Cline).
    OwnedFolder(PathBuf),
    /// A file that the system locks; without it the client has never written (Copilot).
    File(PathBuf),
}

impl ClientLock {
    /// What a client takes for a file, where it takes anything.
    pub(crate) fn of(client: &str, file: &Path) -> Self {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match (client, name) {
            ("claude-code", ".claude.json") => Self::Folder(beside(file, ".lock")),
            ("cline", _) => Self::OwnedFolder(beside(file, ".lock")),
            ("copilot-cli", "mcp-config.json") => Self::File(file.with_file_name(".mcp-writer.lock")),
            _ => Self::None,
        }
    }

    /// Waits for it.
    pub(super) fn acquire(&self) -> Result<Option<Held>, Why> {
        match self {
            Self::None => Ok(None),
            Self::File(path) if !path.exists() => Ok(None),
            Self::File(path) => match FileLock::acquire(path, PATIENCE) {
                Ok(lock) => Ok(Some(Held::File { _lock: lock })),
                Err(LockError::Busy) => Err(Why::ClientBusy),
                Err(LockError::Io(error)) => Err(Why::Prepare(error)),
            },
            Self::Folder(path) => patiently(path, || fs::create_dir(path))
                .map(|taken| taken.then(|| Held::Folder { path: path.clone() })),
            Self::OwnedFolder(path) => {
                let Some(parent) = path.parent() else { return Ok(None) };
                if !parent.exists() {
                    return Ok(None);
                }
                let draft = tempfile::Builder::new()
                    .prefix(".mcpcred-lock.")
                    .tempdir_in(parent)
                    .map_err(Why::Prepare)?;
                let token = draft.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
                fs::write(draft.path().join(format!("owner.{token}")), b"").map_err(Why::Prepare)?;
                let is_ours = patiently(path, || fs::rename(draft.path(), path))?;
                // Its name is another one now.
                _ = draft.keep();
                Ok(is_ours.then(|| Held::Folder { path: path.clone() }))
            }
        }
    }
}

/// A lock that is held for as long as this lives.
pub(super) enum Held {
    Folder { path: PathBuf },
    File { _lock: FileLock },
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Self::Folder { path } = self {
            // A client takes away what it finds too old.
            _ = fs::remove_dir_all(path);
        }
    }
}

/// Tries until it works or patience ends; takes away what a killed client left. No lock is held where the folder of
/// the file is not there: then no client writes it either.
fn patiently(path: &Path, mut take: impl FnMut() -> io::Result<()>) -> Result<bool, Why> {
    let start = Instant::now();
    loop {
        let error = match take() {
            Ok(()) => return Ok(true),
            Err(error) => error,
        };
        let is_taken = fs::symlink_metadata(path).is_ok();
        match error.kind() {
            io::ErrorKind::NotFound if path.parent().is_some_and(|parent| !parent.exists()) => {
                return Ok(false);
            }
            _ if !is_taken && error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Why::Prepare(error));
            }
            _ => {}
        }
        let age =
            fs::symlink_metadata(path).and_then(|it| it.modified()).ok().and_then(|it| it.elapsed().ok());
        if age.is_some_and(|age| age > STALE) {
            _ = fs::remove_dir_all(path);
            continue;
        }
        if start.elapsed() > PATIENCE {
            return Err(Why::ClientBusy);
        }
        sleep(Duration::from_millis(20));
    }
}

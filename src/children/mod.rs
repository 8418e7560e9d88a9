//! The programs that `run` started and that still run: who holds which credential, without any value.

mod ending;
mod entry;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub(crate) use crate::children::ending::{Ended, end};
pub(crate) use crate::children::entry::{Child, Held};

use crate::os::private_file;
use crate::os::process::identity::Identity;
use crate::os::process::place::{Place, Sight};

/// Larger than any entry: a thousand names take 200 KiB.
const LIMIT: usize = 1024 * 1024;

/// Ends the name of an entry's file, which begins with the number of the process and its start.
const SUFFIX: &str = ".json";

/// One small file for each, written before the program starts and swept by whoever looks once it has ended.
///
/// Nothing here is synced: after the machine has stopped, no entry means anything.
pub(crate) struct Children {
    folder: PathBuf,
}

/// What `run` knows of the program that it is about to start.
#[derive(Debug)]
pub(crate) struct Start {
    /// The program's name, without its folder and its arguments.
    pub(crate) program: String,
    /// The credentials in its environment.
    pub(crate) credentials: Vec<Held>,
    /// The MCP server that it was said to be.
    pub(crate) server: Option<String>,
    /// The program that started `run`, without its folder.
    pub(crate) started_by: Option<String>,
    /// Whether it is not a program of the person's but the one that keeps a value in the clipboard.
    pub(crate) is_keeper: bool,
}

/// Takes the entry away when dropped: on Unix where the program did not start, on Windows where it has ended.
#[derive(Debug)]
pub(crate) struct Registration {
    path: PathBuf,
}

/// Why a program is not among those that can be found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChildrenError {
    /// The system does not say when a process started, so that it could be mistaken for another.
    #[error("this system does not tell when a process started")]
    NoIdentity,
    /// The folder can't be written or read.
    #[error("cannot use `{}`: {source}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ChildrenError {
    /// Whether nothing can be written there on purpose, as in a container whose files are read-only.
    pub(crate) fn is_read_only(&self) -> bool {
        matches!(self, Self::Folder { source, .. } if source.kind() == io::ErrorKind::ReadOnlyFilesystem)
    }
}

impl Children {
    /// Those that are noted in our data folder. Touches nothing yet.
    pub(crate) fn in_folder(data_folder: &Path) -> Self {
        Self { folder: data_folder.join("running") }
    }

    /// Notes that this process is about to become (on Windows: to look after) that program. What it held before,
    /// where `run` starts `run`, it holds still.
    ///
    /// # Errors
    /// Where that can't be written down.
    pub(crate) fn register(&self, start: Start, now: Timestamp) -> Result<Registration, ChildrenError> {
        let identity = Identity::own().ok_or(ChildrenError::NoIdentity)?;
        let path = self.folder.join(format!("{}-{}{SUFFIX}", identity.pid, identity.started));
        let mut child = Child::new(identity, Place::here(), start, now);
        if let Some(former) = self.read(&path) {
            child.take_over(former);
        }
        let content = serde_json::to_vec(&child).map_err(|error| self.failed(error.into()))?;
        private_file::create_folder(&self.folder)
            .and_then(|()| private_file::publish(&path, &content))
            .map_err(|source| self.failed(source))?;
        Ok(Registration { path })
    }

    /// Those that still run, or may, the longest-running first. Entries of others are taken away.
    ///
    /// # Errors
    /// Where the folder is there and can't be read.
    pub(crate) fn list(&self) -> Result<Vec<Child>, ChildrenError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.failed(source)),
        };
        let here = Place::here();
        let mut children = Vec::new();
        for entry in entries {
            let path = entry.map_err(|source| self.failed(source))?.path();
            let Some(identity) = identity_in(&path) else { continue };
            // What can't be read may still run: its name says which process it is.
            let mut child = self.read(&path).unwrap_or_else(|| Child::unreadable(identity, here.clone()));
            let sight = here.sees(child.place());
            let may_run = match sight {
                Sight::Here => identity.is_alive(),
                Sight::Before => false,
                Sight::Elsewhere => true,
            };
            if may_run {
                child.identity = identity;
                child.is_here = sight == Sight::Here;
                children.push(child);
            } else {
                // Another one who looks may have been faster.
                _ = fs::remove_file(path);
            }
        }
        private_file::sweep(&self.folder);
        children.sort_by_key(|child| (child.since, child.identity.pid));
        Ok(children)
    }

    fn read(&self, path: &Path) -> Option<Child> {
        serde_json::from_slice(&private_file::read(path, LIMIT).ok()??).ok()
    }

    fn failed(&self, source: io::Error) -> ChildrenError {
        ChildrenError::Folder { path: self.folder.clone(), source }
    }
}

/// The process that an entry's file is named after.
fn identity_in(path: &Path) -> Option<Identity> {
    let (pid, started) = path.file_name()?.to_str()?.strip_suffix(SUFFIX)?.split_once('-')?;
    Some(Identity { pid: pid.parse().ok()?, started: started.parse().ok()? })
}

impl Drop for Registration {
    fn drop(&mut self) {
        // Otherwise the next one who looks takes it away.
        _ = fs::remove_file(&self.path);
    }
}

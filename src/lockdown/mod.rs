//! THE KILL SWITCH: the marker that stops values from being handed out, and the list of what is to be revoked.
//!
//! The marker is one small file. Whoever hands out a value looks for it before and after the value is read, which costs
//! a `stat` each; so a lockdown holds for programs that run already, too. One that is there and can't be read counts.

mod report;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use crate::lockdown::report::{Item, ItemState, Report, ReportFile};

use crate::children::Held;
use crate::name::{CredentialName, Profile};
use crate::os::lock::FileLock;
use crate::os::private_file;

const LIMIT: usize = 16 * 1024 * 1024;

/// How long one lockdown waits for another one to write. It then goes on without the lock: a kill switch that waits for
/// a process that hangs is none.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the marker is.
#[derive(Debug, Clone)]
pub(crate) struct Marker {
    path: PathBuf,
}

/// A lockdown that is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lockdown {
    schema_version: u32,
    /// Since when. `None` where the marker can't be read.
    pub(crate) since: Option<Timestamp>,
    /// Whether it covers every credential, also those that are added while it is on.
    pub(crate) everything: bool,
    /// What it covers otherwise.
    pub(crate) credentials: Vec<Held>,
}

impl Lockdown {
    /// One of everything.
    pub(crate) fn of_everything(since: Timestamp) -> Self {
        Self { schema_version: 1, since: Some(since), everything: true, credentials: Vec::new() }
    }

    /// One of these alone.
    pub(crate) fn of(credentials: Vec<Held>, since: Timestamp) -> Self {
        Self { schema_version: 1, since: Some(since), everything: false, credentials }
    }

    /// One whose marker can't be read: it counts, and for everything.
    fn unreadable() -> Self {
        Self { schema_version: 1, since: None, everything: true, credentials: Vec::new() }
    }

    /// Whether it keeps that credential from being handed out.
    pub(crate) fn covers(&self, profile: &Profile, name: &CredentialName) -> bool {
        let is_it = |held: &Held| held.profile == *profile && held.name.is_twin_of(name);
        self.everything || self.credentials.iter().any(is_it)
    }

    /// Both of them, since the earlier.
    fn and(mut self, other: Self) -> Self {
        self.everything |= other.everything;
        self.since = match (self.since, other.since) {
            (Some(own), Some(others)) => Some(own.min(others)),
            (own, others) => own.or(others),
        };
        for held in other.credentials {
            if !self.covers(&held.profile, &held.name) {
                self.credentials.push(held);
            }
        }
        if self.everything {
            self.credentials.clear();
        }
        self
    }
}

impl Marker {
    /// The one in our data folder.
    pub(crate) fn in_folder(data_folder: &Path) -> Self {
        Self { path: data_folder.join("lockdown.json") }
    }

    /// Whether a lockdown is on. Costs one `stat` where none is.
    pub(crate) fn look(&self) -> Option<Lockdown> {
        match fs::symlink_metadata(&self.path) {
            Ok(_) => {}
            Err(error) if is_absence(&error) || !self.is_in_reach() => return None,
            Err(_) => return Some(Lockdown::unreadable()),
        }
        match private_file::read(&self.path, LIMIT) {
            Ok(Some(content)) => {
                Some(serde_json::from_slice(&content).unwrap_or_else(|_| Lockdown::unreadable()))
            }
            // Lifted in between.
            Ok(None) => None,
            Err(_) => Some(Lockdown::unreadable()),
        }
    }

    /// A folder that can't be looked at from outside (in a container, the home of another user) is none that this user
    /// could have locked down.
    fn is_in_reach(&self) -> bool {
        self.path.parent().is_some_and(|folder| fs::metadata(folder).is_ok())
    }

    /// Turns it on, or adds to the one that is on, and gives what is covered now. Where the marker can't be written
    /// whole, as on a full disk, an empty one covers everything.
    ///
    /// # Errors
    /// Where not even that can be written.
    pub(crate) fn set(&self, lockdown: Lockdown) -> io::Result<Lockdown> {
        let folder = self.path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        private_file::create_folder(folder)?;
        let _lock = FileLock::acquire(&folder.join("lockdown.lock"), PATIENCE).ok();
        let all = if let Some(former) = self.look() {
            lockdown.and(former)
        } else {
            // The list of one that is over; under the lock, so that it is not that of one that begins as well.
            _ = ReportFile::in_folder(folder).clear();
            lockdown
        };
        let content = serde_json::to_vec_pretty(&all)?;
        if let Err(error) = private_file::replace(&self.path, &content) {
            // One that holds less than was meant, or more, is made to hold everything; a link is not followed.
            _ = fs::remove_file(&self.path);
            File::create_new(&self.path).map_err(|_| error)?;
            return Ok(Lockdown::unreadable());
        }
        Ok(all)
    }

    /// Turns it off, and says whether it was on.
    ///
    /// # Errors
    /// Where it is on and the marker can't be removed.
    pub(crate) fn lift(&self) -> io::Result<bool> {
        private_file::remove(&self.path)
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

//! `Report`: what became of each credential of a lockdown, and what is still to be done; without any value.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::lockdown::{LIMIT, PATIENCE};
use crate::name::{CredentialName, Profile};
use crate::os::lock::FileLock;
use crate::os::private_file;

/// Everything in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    schema_version: u32,
    /// One for each token.
    pub(crate) items: Vec<Item>,
    /// Where the person said that providers are told, by provider: what is tried again is not told to anybody else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) hosts: BTreeMap<String, String>,
}

/// One token, and how far its revocation came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// In which namespace.
    pub(crate) profile: Profile,
    /// Of which credential.
    pub(crate) name: CredentialName,
    /// Whether it is the value from before the last rotation, which is still kept and may live.
    pub(crate) former: bool,
    /// Whose it is, in words, where that is known.
    pub(crate) provider: Option<String>,
    /// How far it came.
    pub(crate) state: ItemState,
    /// The same in a sentence.
    pub(crate) words: String,
    /// Where a person can do it.
    pub(crate) page: Option<String>,
    /// When the provider was told, the last time.
    pub(crate) tried: Option<Timestamp>,
    /// Before when it does not want to be told again.
    pub(crate) not_before: Option<Timestamp>,
}

/// How far the revocation of a token came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ItemState {
    /// It could be revoked from here, and nobody has said that it should.
    Offered,
    /// It is to be revoked, and that has not been answered yet.
    Waiting,
    /// Its provider accepts it no longer.
    Revoked,
    /// Its provider did not accept it before.
    DeadBefore,
    /// A person has to do it.
    ByHand,
}

impl ItemState {
    /// Whether nobody has to do anything more.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Revoked | Self::DeadBefore)
    }

    /// In words.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "not revoked",
            Self::Waiting => "waiting",
            Self::Revoked => "revoked",
            Self::DeadBefore => "dead before",
            Self::ByHand => "by hand",
        }
    }
}

impl Item {
    /// Whether both are about the same token.
    pub(crate) fn is_about(&self, other: &Self) -> bool {
        self.profile == other.profile && self.name.is_twin_of(&other.name) && self.former == other.former
    }
}

/// Where the report is kept.
#[derive(Debug, Clone)]
pub(crate) struct ReportFile {
    path: PathBuf,
}

impl ReportFile {
    /// The one in our data folder.
    pub(crate) fn in_folder(data_folder: &Path) -> Self {
        Self { path: data_folder.join("lockdown-report.json") }
    }

    /// Where a person finds it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What stands there; nothing where there is none, or none that is understood.
    ///
    /// # Errors
    /// Where it is there and can't be read.
    pub(crate) fn load(&self) -> io::Result<Report> {
        let content = private_file::read(&self.path, LIMIT)?;
        Ok(content.and_then(|content| serde_json::from_slice(&content).ok()).unwrap_or_default())
    }

    /// Begins anew: what was told of a former lockdown is over with it.
    ///
    /// # Errors
    /// Where the former one can't be removed.
    pub(super) fn clear(&self) -> io::Result<()> {
        private_file::remove(&self.path).map(drop)
    }

    /// Puts these in, each in the place of the one about the same token, and gives all. What another process found out
    /// in the meantime stays; hosts are added to those that were named before.
    ///
    /// # Errors
    /// Where it can't be read or written.
    pub(crate) fn update(&self, items: &[Item], hosts: &BTreeMap<String, String>) -> io::Result<Report> {
        let folder = self.path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        private_file::create_folder(folder)?;
        let _lock = FileLock::acquire(&folder.join("lockdown.lock"), PATIENCE).ok();
        let mut report = self.load()?;
        report.schema_version = 1;
        report.hosts.extend(hosts.clone());
        for item in items {
            match report.items.iter_mut().find(|own| own.is_about(item)) {
                Some(own) if own.state.is_over() && !item.state.is_over() && item.tried <= own.tried => {}
                Some(own) => *own = item.clone(),
                None => report.items.push(item.clone()),
            }
        }
        private_file::replace(&self.path, &serde_json::to_vec_pretty(&report)?)?;
        Ok(report)
    }
}

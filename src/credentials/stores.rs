//! Which store is used, who decided that, and the opened stores themselves.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::os::private_file;
use crate::store::{CredentialStore, StoreError, StoreKind};

/// Opens a store of the given kind.
pub(crate) type Opener = Box<dyn Fn(StoreKind) -> Result<Arc<dyn CredentialStore>, StoreError>>;

/// The stores of this machine: each opened when it is first needed, and once.
pub(crate) struct Stores {
    choice: Option<Choice>,
    record: RecordFile,
    vault: PathBuf,
    open: Opener,
    opened: RefCell<Vec<Arc<dyn CredentialStore>>>,
}

/// A store that somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Which.
    pub(crate) kind: StoreKind,
    /// Who.
    pub(crate) by: ChosenBy,
}

/// Where a choice came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChosenBy {
    /// `--store`.
    Flag,
    /// `MCPCRED_STORE`.
    Environment,
    /// The user's own settings.
    Settings,
    /// What was detected and recorded on first use.
    Record,
    /// Nobody, but a vault is there, and while there is one nothing else is begun.
    Presence,
}

impl ChosenBy {
    /// In words.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "--store",
            Self::Environment => "MCPCRED_STORE",
            Self::Settings => "config.toml",
            Self::Record => "what was found on first use",
            Self::Presence => "the vault that is there",
        }
    }
}

/// What was decided on first use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoreRecord {
    /// Which store.
    pub(crate) store: StoreKind,
    /// When.
    pub(crate) decided: Timestamp,
    /// On what grounds, for `store status`.
    pub(crate) why: String,
}

#[derive(Debug)]
struct RecordFile {
    path: PathBuf,
}

impl RecordFile {
    fn load(&self) -> Result<Option<StoreRecord>, StoreError> {
        let failed = |source| StoreError::File { path: self.path.clone(), source };
        let Some(content) = private_file::read(&self.path, 64 * 1024).map_err(failed)? else {
            return Ok(None);
        };
        let record = serde_json::from_slice(&content).map_err(|_| StoreError::Damaged {
            path: self.path.clone(),
            detail: "it does not name a store",
        })?;
        Ok(Some(record))
    }

    fn save(&self, record: &StoreRecord) -> Result<(), StoreError> {
        let written = serde_json::to_vec_pretty(record)
            .map_err(std::io::Error::other)
            .and_then(|content| private_file::replace(&self.path, &content));
        written.map_err(|source| StoreError::File { path: self.path.clone(), source })
    }
}

impl Stores {
    /// The stores whose record is in `folder`; `choice` is what a flag, the environment or the settings ask for.
    pub(crate) fn new(folder: &Path, choice: Option<Choice>, open: Opener) -> Self {
        let record = RecordFile { path: folder.join("store.json") };
        Self { choice, record, vault: folder.join("vault"), open, opened: RefCell::default() }
    }

    /// The store that somebody asked for in so many words.
    pub(crate) fn asked_for(&self) -> Option<StoreKind> {
        self.choice.map(|choice| choice.kind)
    }

    /// Whether values come from the environment alone.
    pub(crate) fn is_none(&self) -> bool {
        self.asked_for() == Some(StoreKind::None)
    }

    /// The store for new credentials, where one is asked for or on record.
    ///
    /// # Errors
    /// Where the record can't be read.
    pub(crate) fn current(&self) -> Result<Option<Choice>, StoreError> {
        if self.choice.is_some() {
            return Ok(self.choice);
        }
        Ok(match self.record.load()? {
            Some(record) => Some(Choice { kind: record.store, by: ChosenBy::Record }),
            None if self.vault.exists() => Some(Choice { kind: StoreKind::Vault, by: ChosenBy::Presence }),
            None => None,
        })
    }

    /// What was decided on first use.
    ///
    /// # Errors
    /// Where the record can't be read.
    pub(crate) fn record(&self) -> Result<Option<StoreRecord>, StoreError> {
        self.record.load()
    }

    /// Puts a decision on record.
    ///
    /// # Errors
    /// Where it can't be written.
    pub(crate) fn decide(&self, store: StoreKind, decided: Timestamp, why: &str) -> Result<(), StoreError> {
        self.record.save(&StoreRecord { store, decided, why: why.to_owned() })
    }

    /// Whether a store was ever used here, so that a missing index is a loss and not a beginning.
    pub(crate) fn was_used(&self) -> bool {
        self.record.path.exists() || self.vault.exists()
    }

    /// Whether it was needed already.
    pub(crate) fn is_open(&self, kind: StoreKind) -> bool {
        self.opened.borrow().iter().any(|store| store.kind() == kind)
    }

    /// The stores in which credentials of ours may be: the one on record or the vault that is there, and the one
    /// that somebody asks for now.
    ///
    /// # Errors
    /// Where the record can't be read.
    pub(crate) fn used(&self) -> Result<Vec<StoreKind>, StoreError> {
        let recorded = self.record.load()?.map(|record| record.store);
        let vault = self.vault.exists().then_some(StoreKind::Vault);
        let asked = self.asked_for().filter(|kind| *kind != StoreKind::None);
        let mut used = Vec::from_iter(recorded.or(vault));
        used.extend(asked.filter(|asked| !used.contains(asked)));
        Ok(used)
    }

    /// Takes a store that was opened elsewhere, so that nobody is asked for its passphrase again.
    pub(crate) fn hold(&self, store: Arc<dyn CredentialStore>) {
        self.opened.borrow_mut().push(store);
    }

    /// The opened store.
    ///
    /// # Errors
    /// Where it can't be opened.
    pub(crate) fn open(&self, kind: StoreKind) -> Result<Arc<dyn CredentialStore>, StoreError> {
        if let Some(store) = self.opened.borrow().iter().find(|store| store.kind() == kind) {
            return Ok(Arc::clone(store));
        }
        let store = (self.open)(kind)?;
        self.opened.borrow_mut().push(Arc::clone(&store));
        Ok(store)
    }
}

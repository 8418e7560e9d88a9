//! Everything that a command has at hand, put together once.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::audit::{Circumstances, Journal, Limits, Recorder};
use crate::children::Children;
use crate::clock::SystemClock;
use crate::credentials::{Choice, ChosenBy, CredentialError, Credentials, Notice, Stores};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::lockdown::ReportFile;
use crate::os::harden::Hardening;
use crate::os::process::descriptor::read_descriptor;
use crate::secret::Secret;
use crate::settings::{FlagSettings, Settings, SettingsError, Source};
use crate::store::StoreKind;
use crate::ui::{Ui, json};
use crate::unlocking::Unlocking;

/// What a person gives along with a command, besides settings.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// `--passphrase-fd`.
    pub(crate) passphrase_descriptor: Option<u32>,
    /// `--reason`.
    pub(crate) reason: Option<String>,
    /// Whether it has to be done whatever the files of settings say.
    pub(crate) is_emergency: bool,
}

/// What a command works with. Putting it together opens no store and asks nobody.
pub(crate) struct App {
    pub(crate) ui: Ui,
    pub(crate) environment: Environment,
    pub(crate) settings: Settings,
    pub(crate) unlocking: Unlocking,
    pub(crate) credentials: Credentials,
    pub(crate) hardening: Hardening,
    passed_over: RefCell<Vec<(PathBuf, &'static str)>>,
}

impl App {
    /// Reads the settings and prepares the rest.
    ///
    /// # Errors
    /// Where the settings can't be understood or a passphrase can't be read from the descriptor that was named.
    pub(crate) fn new(
        flags: FlagSettings,
        given: Given,
        environment: Environment,
        ui: Ui,
        hardening: Hardening,
    ) -> Result<Self, Failure> {
        let settings = if given.is_emergency {
            Settings::load_in_emergency(flags, environment)?
        } else {
            Settings::load(flags, environment)?
        };
        let descriptor = given.passphrase_descriptor.map(read_passphrase).transpose()?;
        let unlocking = Unlocking::new(&settings, environment, ui, descriptor);
        Ok(Self::assemble(settings, environment, ui, unlocking, hardening, given.reason))
    }

    /// As [`App::new`], for the shell's completion: quiet, and never asking.
    ///
    /// # Errors
    /// Where the settings can't be understood.
    pub(crate) fn for_completion(environment: Environment) -> Result<Self, SettingsError> {
        let ui = Ui { quiet: true, colour: anstream::ColorChoice::Never, may_prompt: false };
        let settings = Settings::load(FlagSettings::default(), environment)?;
        let unlocking = Unlocking::new(&settings, environment, ui, None);
        Ok(Self::assemble(settings, environment, ui, unlocking, Hardening::apply(), None))
    }

    fn assemble(
        settings: Settings,
        environment: Environment,
        ui: Ui,
        unlocking: Unlocking,
        hardening: Hardening,
        reason: Option<String>,
    ) -> Self {
        let folder = settings.data_folder.value.clone();
        let by = match settings.store.source {
            Source::Flag(_) => ChosenBy::Flag,
            Source::Environment(_) => ChosenBy::Environment,
            _ => ChosenBy::Settings,
        };
        let choice = settings.store.value.0.map(|kind| Choice { kind, by });
        let opener = unlocking.clone();
        let stores = Stores::new(&folder, choice, Box::new(move |kind| opener.open(kind)));
        let profile = settings.profile.value.clone();
        let records = settings.audit.value.record && !stores.is_none();
        let mut credentials = Credentials::new(&folder, profile, stores, Box::new(SystemClock));
        if records {
            credentials = credentials.recording(recorder(&settings, environment, reason));
        }
        let passed_over = RefCell::new(settings.passed_over.clone());
        Self { ui, environment, settings, unlocking, credentials, hardening, passed_over }
    }

    /// Says whether [`App::store_for_new`] can give a store, without making one.
    ///
    /// # Errors
    /// Where nothing can be stored, or no store can be used and no vault can be made.
    pub(crate) fn check_store_for_new(&self) -> Result<(), Failure> {
        match self.credentials.stores().current()? {
            Some(choice) if choice.kind == StoreKind::None => Err(CredentialError::ReadOnly.into()),
            Some(choice) if choice.kind == StoreKind::Vault && !self.unlocking.has_vault() => {
                self.unlocking.check_new_vault(None)
            }
            Some(_) => Ok(()),
            None => match self.unlocking.detect() {
                Ok(_) => Ok(()),
                Err(reasons) => self.unlocking.check_new_vault(Some(&reasons)),
            },
        }
    }

    /// The store for a new credential. On first use it is detected and put on record; where there is none but
    /// the vault, the vault is made, out loud.
    ///
    /// # Errors
    /// Where no store can be used and no vault can be made.
    pub(crate) fn store_for_new(&self) -> Result<StoreKind, Failure> {
        let stores = self.credentials.stores();
        let kind = match stores.current().map_err(Failure::from)? {
            Some(choice) if choice.kind == StoreKind::Vault && !self.unlocking.has_vault() => {
                self.create_first_vault(None)?;
                return Ok(StoreKind::Vault);
            }
            Some(choice) => return Ok(choice.kind),
            None => self.unlocking.detect(),
        };
        match kind {
            Ok((kind, why)) => {
                self.credentials.choose(kind, &why)?;
                Ok(kind)
            }
            Err(reasons) => {
                self.create_first_vault(Some(&reasons))?;
                Ok(StoreKind::Vault)
            }
        }
    }

    /// As [`App::create_vault`], and one that another process has made in the meantime is as good: it takes our
    /// value if our key opens it.
    fn create_first_vault(&self, reasons: Option<&[String]>) -> Result<(), Failure> {
        match self.create_vault(reasons) {
            Err(_) if self.unlocking.has_vault() => {
                Ok(self.credentials.choose(StoreKind::Vault, "a vault is there")?)
            }
            outcome => outcome,
        }
    }

    /// Makes the vault with the key that was given, or with a passphrase that a person types.
    ///
    /// # Errors
    /// Where neither is to be had, or the vault can't be written.
    pub(crate) fn create_vault(&self, reasons: Option<&[String]>) -> Result<(), Failure> {
        let why = if reasons.is_some() {
            "no credential store of the system can be used"
        } else {
            "it was asked for"
        };
        let (key, kind) = self.unlocking.key_for_new_vault(reasons)?;
        self.credentials.begin()?;
        let vault = Arc::new(self.unlocking.create_vault(&key, kind, self.credentials.now())?);
        self.unlocking.take_in_hand(&vault);
        self.credentials.stores().hold(vault);
        self.credentials.choose(StoreKind::Vault, why)?;
        self.ui.say(&format!(
            "Made an encrypted vault at `{}`, opened by its {}; add a recovery code with `mcpcred store passphrase --recovery-code`",
            self.unlocking.vault_path().display(),
            kind.as_str()
        ));
        Ok(())
    }

    /// The programs that `run` started.
    pub(crate) fn children(&self) -> Children {
        Children::in_folder(&self.settings.data_folder.value)
    }

    /// The list of what is to be revoked.
    pub(crate) fn lockdown_report(&self) -> ReportFile {
        ReportFile::in_folder(&self.settings.data_folder.value)
    }

    /// Prints a document for programs.
    ///
    /// # Errors
    /// Where stdout can't take it.
    pub(crate) fn print_json(&self, document: &impl Serialize) -> io::Result<()> {
        let text = json::write(document).map_err(io::Error::other)?;
        self.ui.data(text.as_bytes())
    }

    /// Tells what happened on the side.
    pub(crate) fn tell_notices(&self) {
        for notice in self.credentials.take_notices() {
            match notice {
                Notice::IndexRebuilt { found, damaged } => {
                    let aside = damaged
                        .map(|path| format!("; the damaged one is kept at `{}`", path.display()))
                        .unwrap_or_default();
                    let old = if aside.is_empty() { "was gone" } else { "was damaged" };
                    self.ui.warn(&format!(
                        "the index {old} and was made anew from the store: {found} names, without labels and dates{aside}"
                    ));
                }
                Notice::IndexNotSaved { found } => self.ui.warn(&format!(
                    "the index is gone or damaged, and a new one with {found} names can't be written here"
                )),
                Notice::StoreChosen { kind, why } => {
                    self.ui.say(&format!("Values rest in {} from now on: {why}", kind.title()));
                }
                Notice::Gone { name } => self.ui.warn(&format!(
                    "`{name}` is in no store any more and was not moved; store it again with `mcpcred rotate {name}`, or forget it with `mcpcred delete {name}`"
                )),
                Notice::Recovered { name } => self.ui.say(&format!(
                    "The replacement of `{name}` had been interrupted after its new value came, which is in place now"
                )),
                Notice::NotRecovered { name, why } => self.ui.warn(&format!(
                    "the new value of `{name}` is sealed on the disk, and can't be put in place: {why}"
                )),
                Notice::Unusual { message } => self.ui.warn(&format!(
                    "unusual use: {message}; `mcpcred audit anomalies` tells more"
                )),
                Notice::NotRecorded { why } => self.ui.warn(&format!(
                    "this is not in the audit log, and goes on all the same: {why}"
                )),
                Notice::Remains { name } => self.ui.warn(&format!(
                    "the former value of `{name}` is past its time and could not be removed; `mcpcred doctor --repair` tries again"
                )),
            }
        }
        // Told once, however often a command tells what happened so far.
        for (path, why) in self.passed_over.take() {
            self.ui.warn(&format!("`{}` is passed over: {why}", path.display()));
        }
    }
}

/// What writes the log of this machine.
fn recorder(settings: &Settings, environment: Environment, reason: Option<String>) -> Recorder {
    let audit = &settings.audit.value;
    let limits = Limits { bytes: u64::from(audit.file_mib) * 1024 * 1024, files: usize::from(audit.files) };
    let journal = Journal::in_folder(&settings.data_folder.value, limits, audit.anomalies);
    let mut circumstances = Circumstances::new(environment);
    circumstances.reason = reason;
    Recorder::new(Box::new(journal), audit.when_unwritable, circumstances)
}

/// The passphrase that another program hands over on an open descriptor; one trailing newline is dropped.
fn read_passphrase(descriptor: u32) -> Result<Secret, Failure> {
    let read = read_descriptor(descriptor, 64 * 1024);
    read.map(Secret::without_trailing_newline).map_err(|error| {
        Failure::new(Failure::USAGE, format!("the passphrase can't be read from descriptor {descriptor}"))
            .because(error.to_string())
            .hint("`MCPCRED_PASSPHRASE_FILE` and `MCPCRED_KEY_FILE` name a file instead")
    })
}

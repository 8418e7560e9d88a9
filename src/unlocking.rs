//! How stores are opened on this machine: which keys the vault gets, whom the system's store may ask.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::environment::Environment;
use crate::credentials::CredentialError;
use crate::failure::Failure;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::store::vault::{Argon2Cost, Rollback, SlotKind, UnlockKey, UnlockSources, Vault, cache};
use crate::store::{
    self, Ambient, BusAddress, CredentialStore, Patience, Sealed, StoreError, StoreKind, Surroundings,
};
use crate::ui::{AskError, Ui};

/// The means of opening stores. Cheap to copy; nothing is read or asked before a store is opened.
#[derive(Clone)]
pub(crate) struct Unlocking {
    data_folder: PathBuf,
    environment: Environment,
    ui: Ui,
    descriptor: Option<Arc<Secret>>,
    patience: Patience,
    surroundings: Surroundings,
}

impl Unlocking {
    /// Out of settings, environment, and the passphrase that came over a descriptor.
    pub(crate) fn new(
        settings: &Settings,
        environment: Environment,
        ui: Ui,
        descriptor: Option<Secret>,
    ) -> Self {
        let bus = BusAddress {
            given: environment.text("DBUS_SESSION_BUS_ADDRESS"),
            runtime_folder: environment.path("XDG_RUNTIME_DIR"),
        };
        let has_display = environment.has("DISPLAY") || environment.has("WAYLAND_DISPLAY");
        Self {
            data_folder: settings.data_folder.value.clone(),
            environment,
            ui,
            descriptor: descriptor.map(Arc::new),
            patience: if ui.may_prompt { Patience::ASKING } else { Patience::QUIET },
            surroundings: Surroundings { bus, has_display },
        }
    }

    /// Opens a store.
    ///
    /// # Errors
    /// Where it is not there, locked, or refuses.
    pub(crate) fn open(&self, kind: StoreKind) -> Result<Box<dyn CredentialStore>, StoreError> {
        match kind {
            StoreKind::Vault => Ok(Box::new(self.open_vault(Rollback::Refuse)?)),
            StoreKind::None => {
                let environment = self.environment;
                Ok(Box::new(Ambient::new(Box::new(move |name| environment.credential(name)))))
            }
            native => {
                let inner = self.open_native(native)?;
                Ok(Box::new(Sealed::new(inner, self.data_folder.join("sealed"))))
            }
        }
    }

    /// Opens a store of the operating system, as it is.
    ///
    /// # Errors
    /// Where it is not there, locked, or refuses.
    pub(crate) fn open_native(&self, kind: StoreKind) -> Result<Box<dyn CredentialStore>, StoreError> {
        store::open_native(kind, self.patience, &self.surroundings)
    }

    /// Where the vault is, or would be.
    pub(crate) fn vault_path(&self) -> PathBuf {
        self.data_folder.join("vault")
    }

    /// Whether there is a vault, or anything else in its place.
    pub(crate) fn has_vault(&self) -> bool {
        Vault::exists(&self.vault_path())
    }

    /// Opens the vault with the first key that fits.
    ///
    /// # Errors
    /// Where none does.
    pub(crate) fn open_vault(&self, rollback: Rollback) -> Result<Vault, StoreError> {
        Vault::open(&self.vault_path(), &mut self.sources(), rollback)
    }

    /// Which store of this machine can be used, and why it is that one; or the reasons why none can.
    ///
    /// # Errors
    /// The reasons, for a person.
    pub(crate) fn detect(&self) -> Result<(StoreKind, String), Vec<String>> {
        let probes = self.probes();
        if let Some(kind) = store::detect::choose(&probes, self.has_vault()) {
            let why = probes
                .iter()
                .find(|probe| probe.kind == kind)
                .map_or_else(|| "a vault is there".to_owned(), ToString::to_string);
            return Ok((kind, why));
        }
        Err(probes.iter().map(ToString::to_string).collect())
    }

    /// What the stores of this machine answer.
    pub(crate) fn probes(&self) -> Vec<store::detect::Probe> {
        store::detect::probe_all(&self.surroundings)
    }

    /// The key of a vault that does not exist yet: one that was given, or a passphrase typed twice.
    ///
    /// # Errors
    /// Where nothing was given and nobody can be asked, or the two differ.
    pub(crate) fn key_for_new_vault(
        &self,
        reasons: Option<Vec<String>>,
    ) -> Result<(UnlockKey, SlotKind), Failure> {
        if let Some(given) = self.sources().given().map_err(Failure::from)? {
            return Ok(given);
        }
        let nobody = |error| match error {
            AskError::NoTerminal => CredentialError::NoStore {
                reasons: reasons.clone().unwrap_or_else(|| vec!["there is no vault yet".to_owned()]),
            }
            .into(),
            error => Failure::from(error),
        };
        let secret = self.ask_new_passphrase(&nobody)?;
        Ok((UnlockKey::passphrase(secret).map_err(Failure::from)?, SlotKind::Passphrase))
    }

    /// Asks for a new passphrase, twice.
    ///
    /// # Errors
    /// What `nobody` makes of a question that is not answered; where the answers differ or are too short.
    pub(crate) fn ask_new_passphrase(
        &self,
        nobody: &dyn Fn(AskError) -> Failure,
    ) -> Result<Secret, Failure> {
        let first = self.ui.ask_secret("New passphrase for the vault: ").map_err(nobody)?;
        if first.len() < 8 {
            return Err(Failure::new(Failure::USAGE, "a passphrase has at least 8 characters")
                .hint("four words are easier to remember than eight odd characters, and stronger"));
        }
        let second = self.ui.ask_secret("The same passphrase again: ").map_err(nobody)?;
        if first == second {
            Ok(first)
        } else {
            Err(Failure::new(Failure::USAGE, "the two passphrases differ, and nothing was changed"))
        }
    }

    /// Makes the vault, and says where.
    ///
    /// # Errors
    /// Where there is one, or it can't be written.
    pub(crate) fn create_vault(
        &self,
        key: &UnlockKey,
        kind: SlotKind,
        now: Timestamp,
    ) -> Result<PathBuf, StoreError> {
        let path = self.vault_path();
        Vault::create(&path, key, kind, Argon2Cost::default(), now)?;
        Ok(path)
    }

    /// The platform's own store, whether it can be used or not.
    pub(crate) fn native_kind() -> StoreKind {
        if cfg!(target_os = "macos") {
            StoreKind::Keychain
        } else if cfg!(windows) {
            StoreKind::Wincred
        } else {
            StoreKind::SecretService
        }
    }

    fn sources(&self) -> UnlockSources {
        let environment = self.environment;
        let native = self.clone();
        let ui = self.ui;
        let caching = self.clone();
        UnlockSources {
            passphrase: self.descriptor.as_ref().map(|secret| Secret::copy_of(secret.expose_secret())),
            credentials_directory: environment.path("CREDENTIALS_DIRECTORY"),
            key_file: environment.path("MCPCRED_KEY_FILE"),
            passphrase_file: environment.path("MCPCRED_PASSPHRASE_FILE"),
            environment_passphrase: environment
                .secret("MCPCRED_PASSPHRASE")
                .filter(|passphrase| !passphrase.is_empty()),
            native: Some(Box::new(move || native.open_native(Self::native_kind()))),
            cached: Some(Box::new(move |id| caching.cached_key(id))),
            prompt: ui.may_prompt.then(|| -> Box<dyn FnMut() -> Result<Secret, StoreError>> {
                Box::new(move || ask_passphrase(ui))
            }),
            ..UnlockSources::default()
        }
    }

    fn cached_key(&self, id: &str) -> Result<Option<Secret>, StoreError> {
        _ = self;
        cache::cached_key(id)
    }
}

fn ask_passphrase(ui: Ui) -> Result<Secret, StoreError> {
    ui.ask_secret("Passphrase of the vault: ").map_err(|error| match error {
        AskError::NoTerminal => StoreError::NoPassphrase,
        AskError::Interrupted => StoreError::Denied { store: StoreKind::Vault },
        error => StoreError::Failed { store: StoreKind::Vault, source: error.into() },
    })
}

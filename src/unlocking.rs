//! How stores are opened on this machine: which keys the vault gets, whom the system's store may ask.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, SystemClock};
use crate::credentials::CredentialError;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::store::ambient::Ambient;
use crate::store::detect::{self, Answer, Fact, Probe};
use crate::store::sealed::Sealed;
use crate::store::vault::cache::KeyCache;
use crate::store::vault::sources::{CREDENTIAL_FILE, UnlockSources};
use crate::store::vault::{Argon2Cost, Rollback, SlotKind, UnlockKey, Vault};
use crate::store::{self, CredentialStore, ForeignItems, Patience, StoreError, StoreKind, Surroundings};
use crate::ui::{AskError, Ui};

/// How often a new passphrase is asked for.
const ATTEMPTS: usize = 3;

/// The means of opening stores. Cheap to copy; nothing is read or asked before a store is opened.
#[derive(Clone)]
pub(crate) struct Unlocking {
    data_folder: PathBuf,
    environment: Environment,
    ui: Ui,
    descriptor: Option<Arc<Secret>>,
    patience: Patience,
    surroundings: Surroundings,
    /// The vault, once it was opened or made: nobody types its passphrase a second time.
    in_hand: Arc<OnceLock<Arc<Vault>>>,
}

impl Unlocking {
    /// Out of settings, environment, and the passphrase that came over a descriptor.
    pub(crate) fn new(
        settings: &Settings,
        environment: Environment,
        ui: Ui,
        descriptor: Option<Secret>,
    ) -> Self {
        let surroundings = Surroundings {
            session_bus: environment.text("DBUS_SESSION_BUS_ADDRESS"),
            runtime_folder: environment.path("XDG_RUNTIME_DIR").or_else(usual_runtime_folder),
            has_display: environment.has("DISPLAY") || environment.has("WAYLAND_DISPLAY"),
            over_ssh: environment.has("SSH_CONNECTION"),
            in_wsl: environment.has("WSL_DISTRO_NAME"),
        };
        Self {
            data_folder: settings.data_folder.value.clone(),
            environment,
            ui,
            descriptor: descriptor.map(Arc::new),
            patience: if ui.may_prompt { Patience::ASKING } else { Patience::QUIET },
            surroundings,
            in_hand: Arc::default(),
        }
    }

    /// Opens a store.
    ///
    /// # Errors
    /// Where it is not there, locked, or refuses.
    pub(crate) fn open(&self, kind: StoreKind) -> Result<Arc<dyn CredentialStore>, StoreError> {
        match kind {
            StoreKind::Vault => Ok(self.vault_in_hand()?),
            StoreKind::None => {
                let environment = self.environment;
                Ok(Arc::new(Ambient::new(Box::new(move |name| environment.credential(name)))))
            }
            native => Ok(Arc::from(self.open_native(native)?)),
        }
    }

    /// The vault: the one that is open already, or else opened with the first key that fits.
    ///
    /// # Errors
    /// Where none does.
    pub(crate) fn vault_in_hand(&self) -> Result<Arc<Vault>, StoreError> {
        if let Some(vault) = self.in_hand.get() {
            return Ok(Arc::clone(vault));
        }
        let vault = Arc::new(self.open_vault(Rollback::Refuse)?);
        self.take_in_hand(&vault);
        Ok(vault)
    }

    /// Whoever asks for the vault from now on gets this one.
    pub(crate) fn take_in_hand(&self, vault: &Arc<Vault>) {
        _ = self.in_hand.set(Arc::clone(vault));
    }

    /// Opens a store of the operating system.
    ///
    /// # Errors
    /// Where it is not there, locked, or refuses.
    pub(crate) fn open_native(&self, kind: StoreKind) -> Result<Box<dyn CredentialStore>, StoreError> {
        Ok(Box::new(self.open_sealed(kind)?))
    }

    /// As [`Unlocking::open_native`], with its sealed files at hand.
    ///
    /// # Errors
    /// Where it belongs to another platform.
    pub(crate) fn open_sealed(&self, kind: StoreKind) -> Result<Sealed, StoreError> {
        store::open_native(kind, self.patience, &self.surroundings, self.data_folder.join("sealed"))
    }

    /// What other programs keep in a native store.
    ///
    /// # Errors
    /// Where it belongs to another platform.
    pub(crate) fn foreign_items(&self, kind: StoreKind) -> Result<ForeignItems, StoreError> {
        ForeignItems::of(kind, self.patience, &self.surroundings)
    }

    /// Whether the service manager's folder of credentials holds the vault's key.
    pub(crate) fn has_key_in_credentials_folder(&self) -> bool {
        let folder = self.environment.path("CREDENTIALS_DIRECTORY");
        folder.is_some_and(|folder| folder.join(CREDENTIAL_FILE).exists())
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

    /// Whether the vault opens with what is at hand here for a program that can ask nobody.
    pub(crate) fn opens_unattended(&self) -> bool {
        let ui = Ui { may_prompt: false, ..self.ui };
        let alone = Self { ui, descriptor: None, ..self.clone() };
        self.is_piped() || alone.open_vault(Rollback::Refuse).is_ok()
    }

    /// The same, after the vault was opened: what was given for that opens it again, and is not tried a second time.
    pub(crate) fn opens_for_clients(&self) -> bool {
        let ui = Ui { may_prompt: false, ..self.ui };
        let alone = Self { ui, descriptor: None, ..self.clone() };
        let is_given = || matches!(alone.sources().given(), Ok(Some(_)));
        self.is_piped() || is_given() || alone.open_vault(Rollback::Refuse).is_ok()
    }

    /// Which store of this machine can be used, and why it is that one; or the reasons why none can.
    ///
    /// # Errors
    /// The reasons, for a person.
    pub(crate) fn detect(&self) -> Result<(StoreKind, String), Vec<String>> {
        let probes = self.probes();
        if let Some(kind) = detect::choose(&probes, self.has_vault()) {
            let why =
                if kind == StoreKind::Vault { "a vault is there" } else { "it answers on this machine" };
            return Ok((kind, why.to_owned()));
        }
        Err(probes.iter().map(tell).collect())
    }

    /// What the stores of this machine answer.
    pub(crate) fn probes(&self) -> Vec<Probe> {
        detect::probe(&self.surroundings)
    }

    /// What there is to know about the store of the system.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        detect::facts(&self.surroundings)
    }

    /// The key of a vault that does not exist yet: one that was given, or a passphrase typed twice.
    ///
    /// # Errors
    /// Where nothing was given and nobody can be asked, or the two differ.
    pub(crate) fn key_for_new_vault(
        &self,
        reasons: Option<&[String]>,
    ) -> Result<(UnlockKey, SlotKind), Failure> {
        if let Some(given) = self.sources().given().map_err(Failure::from)? {
            return Ok(given);
        }
        let nobody = |error| match error {
            AskError::NoTerminal => no_key(reasons),
            error => Failure::from(error),
        };
        let secret = self.ask_new_passphrase(&nobody)?;
        Ok((UnlockKey::passphrase(secret).map_err(Failure::from)?, SlotKind::Passphrase))
    }

    /// Says whether a vault could be made, so that nobody types a value in vain. Makes and asks nothing, and reads
    /// no key from what can be read only once.
    ///
    /// # Errors
    /// Where no key was given and nobody can be asked, or the file that was named can't be used.
    pub(crate) fn check_new_vault(&self, reasons: Option<&[String]>) -> Result<(), Failure> {
        let is_given = self.is_piped() || self.sources().given().map_err(Failure::from)?.is_some();
        if is_given || self.ui.can_ask() { Ok(()) } else { Err(no_key(reasons)) }
    }

    /// Whether the file with the key or the passphrase is one that can be read only once.
    fn is_piped(&self) -> bool {
        let is_pipe = |variable| {
            let path: Option<PathBuf> = self.environment.path(variable);
            path.and_then(|path| path.metadata().ok()).is_some_and(|metadata| !metadata.is_file())
        };
        ["MCPCRED_KEY_FILE", "MCPCRED_PASSPHRASE_FILE"].into_iter().any(is_pipe)
    }

    /// Asks for a new passphrase, twice, and anew where the two differ or are too short.
    ///
    /// # Errors
    /// What `nobody` makes of a question that is not answered; where that is so the third time, too.
    pub(crate) fn ask_new_passphrase(&self, nobody: &dyn Fn(AskError) -> Failure) -> Result<Secret, Failure> {
        for _ in 1..ATTEMPTS {
            match self.ask_passphrase_twice(nobody)? {
                Ok(passphrase) => return Ok(passphrase),
                Err(failure) => _ = failure.tell(self.ui),
            }
        }
        self.ask_passphrase_twice(nobody)?
    }

    /// The inner error is one that a person can mend by typing again.
    fn ask_passphrase_twice(
        &self,
        nobody: &dyn Fn(AskError) -> Failure,
    ) -> Result<Result<Secret, Failure>, Failure> {
        let first = self.ui.ask_secret("New passphrase for the vault: ").map_err(nobody)?;
        if first.len() < 8 {
            return Ok(Err(Failure::new(Failure::USAGE, "a passphrase has at least 8 characters")
                .hint("four words are easier to remember than eight odd characters, and stronger")));
        }
        let second = self.ui.ask_secret("The same passphrase again: ").map_err(nobody)?;
        Ok(if first == second {
            Ok(first)
        } else {
            Err(Failure::new(Failure::USAGE, "the two passphrases differ, and nothing was changed"))
        })
    }

    /// Makes the vault, and leaves it open.
    ///
    /// # Errors
    /// Where there is one, or it can't be written.
    pub(crate) fn create_vault(
        &self,
        key: &UnlockKey,
        kind: SlotKind,
        now: Timestamp,
    ) -> Result<Vault, StoreError> {
        Vault::create(&self.vault_path(), key, kind, Argon2Cost::default(), now)
    }

    /// The platform's own store, whether it can be used or not.
    pub(crate) fn native_kind() -> StoreKind {
        store::NATIVE.unwrap_or(StoreKind::SecretService)
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
            cached: Some(Box::new(move |id| caching.cached_key(id, SystemClock.now()))),
            prompt: ui.may_prompt.then(|| -> Box<dyn FnMut() -> Result<Secret, StoreError>> {
                Box::new(move || ask_passphrase(ui))
            }),
            ..UnlockSources::default()
        }
    }

    /// Keeps the vault's key for a while.
    ///
    /// # Errors
    /// Where there is nothing to keep it in.
    pub(crate) fn keep_open(
        &self,
        vault: &Vault,
        period: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.with_cache(|cache| vault.stay_unlocked(cache, period, now))
    }

    /// Forgets the vault's key, and says whether it was kept.
    ///
    /// # Errors
    /// Where there is no vault, or the key can't be forgotten.
    pub(crate) fn close(&self) -> Result<bool, StoreError> {
        let id = Vault::facts(&self.vault_path())?.vault_id;
        self.with_cache(|cache| cache.forget_key(&id))
    }

    /// Whether a key of the vault is kept, so that it opens without anybody being asked.
    pub(crate) fn has_kept_key(&self, now: Timestamp) -> bool {
        Vault::facts(&self.vault_path()).is_ok_and(|facts| self.is_kept_open(&facts.vault_id, now))
    }

    /// Whether the key of the vault of that id is kept.
    pub(crate) fn is_kept_open(&self, id: &str, now: Timestamp) -> bool {
        self.cached_key(id, now).is_ok_and(|key| key.is_some())
    }

    fn cached_key(&self, id: &str, now: Timestamp) -> Result<Option<Secret>, StoreError> {
        self.with_cache(|cache| cache.cached_key(id, now))
    }

    #[cfg(target_os = "linux")]
    fn with_cache<T>(&self, work: impl FnOnce(&KeyCache) -> Result<T, StoreError>) -> Result<T, StoreError> {
        work(&KeyCache::Kernel)
    }

    #[cfg(not(target_os = "linux"))]
    fn with_cache<T>(&self, work: impl FnOnce(&KeyCache) -> Result<T, StoreError>) -> Result<T, StoreError> {
        work(&KeyCache::Native(&*self.open_native(Self::native_kind())?))
    }
}

fn no_key(reasons: Option<&[String]>) -> Failure {
    let reasons = reasons.map_or_else(|| vec!["there is no vault yet".to_owned()], <[String]>::to_vec);
    CredentialError::NoStore { reasons }.into()
}

/// Where systemd makes the folder of whoever is logged in. Many clients hand on so little of their environment that
/// nothing else leads to the session bus.
#[cfg(target_os = "linux")]
fn usual_runtime_folder() -> Option<PathBuf> {
    let folder = PathBuf::from(format!("/run/user/{}", rustix::process::geteuid().as_raw()));
    folder.is_dir().then_some(folder)
}

#[cfg(not(target_os = "linux"))]
fn usual_runtime_folder() -> Option<PathBuf> {
    None
}

/// What a probe found, for a person.
pub(crate) fn tell(probe: &Probe) -> String {
    let store = probe.kind.title();
    match &probe.answer {
        Answer::Usable => format!("{store} answers"),
        Answer::Locked { can_ask: true } => format!("{store} is locked, and a dialog can unlock it"),
        Answer::Locked { can_ask: false } => {
            format!("{store} is locked, and there is no screen on which it could ask for its password")
        }
        Answer::Absent { reason } => format!("{store} is not there: {reason}"),
        Answer::Silent => format!("{store} does not answer"),
    }
}

fn ask_passphrase(ui: Ui) -> Result<Secret, StoreError> {
    ui.ask_secret("Passphrase of the vault: ").map_err(|error| match error {
        AskError::NoTerminal => StoreError::NoPassphrase,
        AskError::Interrupted => StoreError::Denied { store: StoreKind::Vault },
        error => StoreError::Failed { store: StoreKind::Vault, source: error.into() },
    })
}

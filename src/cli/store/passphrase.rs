//! `mcpcred store passphrase`: change what opens the vault.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use crate::app::App;
use crate::audit::{Action, Event, Outcome as Ending};
use crate::cli::Outcome;
use crate::failure::Failure;
use crate::store::StoreKind;
use crate::store::vault::recovery::RecoveryCode;
use crate::store::vault::{Argon2Cost, Rollback, SlotKind, UnlockKey, Vault};
use crate::ui::AskError;
use crate::unlocking::Unlocking;

/// Change the vault's passphrase, or add and remove other ways to open it
///
/// The vault is opened first, with what opens it now; the values in it are not touched. While a lockdown is on, the
/// passphrase can be changed and a way removed, and none is added.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(in crate::cli) struct Passphrase {
    /// Take the new passphrase from this file instead of asking
    #[arg(long, value_name = "PATH")]
    new_passphrase_file: Option<PathBuf>,
    /// Add this file of at least 32 random bytes as a key
    #[arg(long, value_name = "PATH")]
    add_key_file: Option<PathBuf>,
    /// Let the system's own store keep a key to the vault
    #[arg(long)]
    add_keychain: bool,
    /// Add a recovery code and print it, to be kept on paper
    #[arg(long)]
    recovery_code: bool,
    /// Remove the slot of this number, as `mcpcred store status` shows it
    #[arg(long, value_name = "SLOT")]
    remove_slot: Option<u32>,
}

impl Passphrase {
    pub(in crate::cli) fn run(self, app: &App) -> Outcome {
        if self.add_key_file.is_some() || self.add_keychain || self.recovery_code {
            refuse_in_lockdown(app)?;
        }
        app.credentials.check_recordable()?;
        let open = || app.unlocking.open_vault(Rollback::Refuse);
        let vault = Arc::new(app.credentials.opening(Action::Rekey, StoreKind::Vault, open)?);
        app.credentials.stores().hold(Arc::<Vault>::clone(&vault));
        let event = Event::new(Action::Rekey).in_store(StoreKind::Vault).because(self.word());
        if let Err(failure) = self.change(app, &vault) {
            // The failure itself is what a person hears of.
            _ = app.credentials.record(event.ended(Ending::Failed));
            return Err(failure);
        }
        app.credentials.record_done(event)?;
        Ok(ExitCode::SUCCESS)
    }

    /// For the log: what is changed.
    fn word(&self) -> &'static str {
        if self.add_key_file.is_some() {
            "key-file"
        } else if self.add_keychain {
            "keychain"
        } else if self.recovery_code {
            "recovery-code"
        } else if self.remove_slot.is_some() {
            "slot-removed"
        } else {
            "passphrase"
        }
    }

    fn change(&self, app: &App, vault: &Vault) -> Result<(), Failure> {
        let now = app.credentials.now();
        if let Some(path) = &self.add_key_file {
            let key = UnlockKey::read_raw(path)?;
            let slot = vault.add_slot(&key, SlotKind::KeyFile, Argon2Cost::default(), now)?;
            app.ui.say(&format!("Added the key file `{}` as slot {slot}", path.display()));
        } else if self.add_keychain {
            let native = app.unlocking.open_native(Unlocking::native_kind())?;
            let slot = vault.add_keychain_slot(&*native, now)?;
            app.ui.say(&format!("Added a key in {} as slot {slot}", Unlocking::native_kind().title()));
        } else if self.recovery_code {
            print_recovery_code(app, vault)?;
        } else if let Some(slot) = self.remove_slot {
            if !vault.remove_slot(slot)? {
                return Err(Failure::new(Failure::NOT_FOUND, format!("the vault has no slot {slot}"))
                    .hint("`mcpcred store status` shows its slots"));
            }
            app.ui.say(&format!("Removed slot {slot}"));
        } else {
            let new = match &self.new_passphrase_file {
                Some(path) => UnlockKey::read_passphrase(path)?,
                None => UnlockKey::passphrase(app.unlocking.ask_new_passphrase(&nobody)?)?,
            };
            let slot = vault.change_passphrase(&new, Argon2Cost::default(), now)?;
            app.ui.say(&format!("Changed the passphrase; it is slot {slot}"));
        }
        Ok(())
    }
}

/// Whoever has a token that is in other hands may sit here: what opens the vault is not multiplied then.
///
/// # Errors
/// Where a lockdown is on, whatever it covers.
pub(super) fn refuse_in_lockdown(app: &App) -> Result<(), Failure> {
    if app.credentials.marker().look().is_none() {
        return Ok(());
    }
    Err(Failure::new(Failure::NEEDS_PERSON, "a lockdown is on, and the vault gets no new way to be opened")
        .hint("change its passphrase or remove a slot, or end the lockdown with `mcpcred lockdown --lift` once all is well"))
}

fn nobody(error: AskError) -> Failure {
    match error {
        AskError::NoTerminal => {
            Failure::from(error).hint("give the new passphrase with `--new-passphrase-file`")
        }
        error => error.into(),
    }
}

/// The one thing besides values that leaves by stdout and is secret. It opens the vault only once it was written:
/// a code that nobody has seen would be a way in for nobody.
pub(super) fn print_recovery_code(app: &App, vault: &Vault) -> Result<(), Failure> {
    let code = RecoveryCode::generate()?;
    app.ui.say("The recovery code is shown this once; type it where the passphrase is asked for");
    let written =
        app.ui.data_to_a_reader(code.text().expose_secret()).and_then(|()| app.ui.data_to_a_reader(b"\n"));
    written.map_err(|error| {
        Failure::new(Failure::GENERAL, "the recovery code could not be written, and opens nothing")
            .because(error.to_string())
            .hint("call `mcpcred store passphrase --recovery-code` where its output is read")
    })?;
    let slot = vault
        .add_slot(&code.key(), SlotKind::Recovery, Argon2Cost::default(), app.credentials.now())
        .map_err(|error| Failure::from(error).because("the code that was printed opens nothing"))?;
    app.ui.say(&format!("Added the recovery code as slot {slot}"));
    Ok(())
}

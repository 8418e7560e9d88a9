//! `mcpcred store init`: choose a store, and make the vault where that is the choice.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::app::App;
use crate::audit::{Action, Event};
use crate::cli::Outcome;
use crate::cli::store::passphrase::{print_recovery_code, refuse_in_lockdown};
use crate::failure::Failure;
use crate::os::private_file;
use crate::store::vault::{SlotKind, UnlockKey, Vault};
use crate::store::{StoreError, StoreKind};
use crate::unlocking::Unlocking;

/// Make the encrypted vault, or put a store of the system on record, as where values rest from now on
///
/// The vault is opened by the key that is given (`MCPCRED_KEY_FILE`, `MCPCRED_PASSPHRASE_FILE`, `--passphrase-fd` …),
/// or else by a passphrase that is asked for.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Init {
    /// Make a new key file of random bytes at this path, to open the vault without a person
    #[arg(long, value_name = "PATH")]
    new_key_file: Option<PathBuf>,
    /// Let the system's own store keep the vault's key
    #[arg(long, conflicts_with = "new_key_file")]
    keychain: bool,
    /// Print a recovery code, to be kept on paper
    #[arg(long)]
    recovery_code: bool,
}

impl Init {
    pub(in crate::cli) fn run(self, app: &App) -> Outcome {
        if self.recovery_code {
            refuse_in_lockdown(app)?;
        }
        app.credentials.check_recordable()?;
        let kind = app.settings.store.value.0;
        if let (Some(kind), Err(StoreError::Damaged { .. })) = (kind, app.credentials.stores().record())
            && (kind != StoreKind::Vault || app.unlocking.has_vault())
            && kind != StoreKind::None
        {
            return choose_anew(app, kind);
        }
        match kind {
            Some(StoreKind::None) => {
                Err(Failure::new(Failure::USAGE, "`none` is no store that could be made"))
            }
            Some(kind) if kind != StoreKind::Vault => {
                if self.new_key_file.is_some() || self.keychain || self.recovery_code {
                    return Err(Failure::new(
                        Failure::USAGE,
                        format!("{} takes no key and no recovery code of ours", kind.title()),
                    )
                    .hint("leave those out, or make the vault with `--store vault`"));
                }
                choose_native(app, kind)
            }
            _ => self.make_vault(app),
        }
    }

    fn make_vault(&self, app: &App) -> Outcome {
        let path = app.unlocking.vault_path();
        if app.unlocking.has_vault() {
            return Err(Failure::new(
                Failure::GENERAL,
                format!("there is a vault at `{}` already", path.display()),
            )
            .because("a new one would take away what the old one holds")
            .hint("`mcpcred store status` tells what opens it"));
        }
        app.credentials.begin()?;
        let now = app.credentials.now();
        let (vault, opened_by) = if self.keychain {
            let native = app.unlocking.open_native(Unlocking::native_kind())?;
            let vault = Vault::create_in_keychain(&path, &*native, now)?;
            app.ui.say(&format!(
                "Made an encrypted vault at `{}`, opened by a key in {}",
                path.display(),
                Unlocking::native_kind().title()
            ));
            (vault, SlotKind::Keychain)
        } else {
            let (key, kind) = match &self.new_key_file {
                Some(file) => (make_key_file(file)?, SlotKind::KeyFile),
                None => app.unlocking.key_for_new_vault(None)?,
            };
            let vault = app.unlocking.create_vault(&key, kind, now)?;
            app.ui.say(&format!(
                "Made an encrypted vault at `{}`, opened by its {}",
                path.display(),
                kind.as_str()
            ));
            if let Some(file) = &self.new_key_file {
                // From wherever it is opened.
                let file = std::path::absolute(file)?;
                app.ui.say(&format!("Set `MCPCRED_KEY_FILE={}` where it is to be opened", file.display()));
            }
            (vault, kind)
        };
        let vault = Arc::new(vault);
        app.credentials.stores().hold(Arc::<Vault>::clone(&vault));
        let made = Event::new(Action::Init).in_store(StoreKind::Vault).because(opened_by.as_str());
        app.credentials.record_done(made)?;
        app.credentials.choose(StoreKind::Vault, "it was made with `store init`")?;
        if self.recovery_code {
            print_recovery_code(app, &vault)?;
            let added = Event::new(Action::Rekey).in_store(StoreKind::Vault).because("recovery-code");
            app.credentials.record_done(added)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn choose_native(app: &App, kind: StoreKind) -> Outcome {
    let open = || {
        let store = app.unlocking.open_native(kind)?;
        store.keys().map(|_| store)
    };
    let store = app.credentials.opening(Action::Init, kind, open)?;
    app.credentials.stores().hold(Arc::from(store));
    app.credentials.choose(kind, "it was chosen with `store init`")?;
    app.credentials.record_done(chosen(kind))?;
    Ok(ExitCode::SUCCESS)
}

/// The record of the choice is damaged: it is written anew, and no value is touched.
fn choose_anew(app: &App, kind: StoreKind) -> Outcome {
    app.credentials.stores().decide(kind, app.credentials.now(), "it was chosen with `store init`")?;
    app.credentials.record_done(chosen(kind))?;
    app.ui.say(&format!("Values rest in {} from now on; the record of that was damaged", kind.title()));
    Ok(ExitCode::SUCCESS)
}

fn chosen(kind: StoreKind) -> Event {
    Event::new(Action::Init).in_store(kind).because("chosen")
}

/// 32 random bytes as one line of text, which survives editors and secret managers.
fn make_key_file(path: &Path) -> Result<UnlockKey, Failure> {
    let failed = |error: io::Error| {
        Failure::new(Failure::GENERAL, format!("cannot make the key file `{}`", path.display()))
            .because(error.to_string())
    };
    if path.exists() {
        return Err(failed(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it exists, and may open something",
        ))
        .hint("name it in `MCPCRED_KEY_FILE` to use it as it is"));
    }
    let mut random = Zeroizing::new([0_u8; 32]);
    getrandom::fill(random.as_mut_slice()).map_err(|error| failed(io::Error::other(error.to_string())))?;
    let mut text = Zeroizing::new([b'\n'; 45]);
    STANDARD
        .encode_slice(random.as_slice(), &mut text[..44])
        .map_err(|error| failed(io::Error::other(error.to_string())))?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let absolute = std::path::absolute(path).map_err(failed)?;
    private_file::replace(&absolute, text.as_slice()).map_err(failed)?;
    Ok(UnlockKey::read_raw(&absolute)?)
}

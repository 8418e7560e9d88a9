//! `mcpcred store unlock`: keep the vault open for a while.

use std::process::ExitCode;
use std::sync::Arc;

use crate::app::App;
use crate::audit::{Action, Event};
use crate::cli::Outcome;
use crate::credential::Period;
use crate::store::StoreKind;
use crate::store::vault::{Rollback, Vault};

/// Open the vault once, and keep its key for a while, so that nobody is asked again
///
/// On Linux the key rests in the kernel's key ring of this login and goes at reboot; elsewhere in the system's
/// own store.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Unlock {
    /// For how long
    #[arg(long, value_name = "PERIOD", default_value = "8h")]
    timeout: Period,
    /// Accept a vault that is older than the one seen last, as after putting back a backup
    #[arg(long)]
    accept_rollback: bool,
}

impl Unlock {
    pub(in crate::cli) fn run(self, app: &App) -> Outcome {
        let rollback = if self.accept_rollback { Rollback::Accept } else { Rollback::Refuse };
        // For so long nobody is asked who reads: that is on record before it begins.
        app.credentials.check_recordable()?;
        let open = || app.unlocking.open_vault(rollback);
        let vault = Arc::new(app.credentials.opening(Action::Unlock, StoreKind::Vault, open)?);
        app.credentials.stores().hold(Arc::<Vault>::clone(&vault));
        let event = Event::new(Action::Unlock).in_store(StoreKind::Vault);
        let older = if self.accept_rollback { ", an older vault accepted" } else { "" };
        app.credentials.record(event.because(format!("for {}{older}", self.timeout)))?;
        let period = std::time::Duration::from_secs(self.timeout.0.as_secs().unsigned_abs());
        app.unlocking.keep_open(&vault, period, app.credentials.now())?;
        app.ui.say(&format!("The vault is open for {}", self.timeout));
        Ok(ExitCode::SUCCESS)
    }
}

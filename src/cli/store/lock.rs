//! `mcpcred store lock`: forget the vault's key.

use std::process::ExitCode;

use crate::app::App;
use crate::audit::{Action, Event};
use crate::cli::Outcome;
use crate::store::StoreKind;

/// Forget the key that `store unlock` keeps
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Lock {}

impl Lock {
    pub(in crate::cli) fn run(self, app: &App) -> Outcome {
        let was_open = app.unlocking.close()?;
        // A log that can't be written keeps nobody from locking.
        if let Err(error) = app.credentials.record(Event::new(Action::Lock).in_store(StoreKind::Vault)) {
            app.ui.warn(&format!("this is not in the audit log: {error}"));
        }
        app.ui.say(if was_open { "The vault is locked" } else { "The vault was not kept open" });
        Ok(ExitCode::SUCCESS)
    }
}

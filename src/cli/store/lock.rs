//! `mcpcred store lock`: forget the vault's key.

use std::process::ExitCode;

use crate::app::App;
use crate::cli::Outcome;

/// Forget the key that `store unlock` keeps
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Lock {}

impl Lock {
    pub(in crate::cli) fn run(self, app: &App) -> Outcome {
        let was_open = app.unlocking.close()?;
        app.ui.say(if was_open { "The vault is locked" } else { "The vault was not kept open" });
        Ok(ExitCode::SUCCESS)
    }
}

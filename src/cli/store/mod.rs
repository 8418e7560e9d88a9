//! `mcpcred store`: where values rest.

mod init;
mod lock;
mod passphrase;
mod relocate;
mod status;
mod unlock;

use clap::Subcommand;

use crate::app::App;
use crate::cli::Outcome;

/// See and change where values rest
#[derive(Debug, Subcommand)]
pub(super) enum Store {
    Status(status::Status),
    Init(init::Init),
    Unlock(unlock::Unlock),
    Lock(lock::Lock),
    Passphrase(passphrase::Passphrase),
    Move(relocate::Move),
}

impl Store {
    pub(super) fn run(self, app: &App) -> Outcome {
        match self {
            Self::Status(command) => command.run(app),
            Self::Init(command) => command.run(app),
            Self::Unlock(command) => command.run(app),
            Self::Lock(command) => command.run(app),
            Self::Passphrase(command) => command.run(app),
            Self::Move(command) => command.run(app),
        }
    }
}

//! `mcpcred import`: values from where they lie today into the store.

mod document;
mod dotenv;
mod native;
mod options;
mod origin;
mod pass;
mod plan;
mod variables;

use crate::app::App;
use crate::cli::Outcome;

/// Bring in values from `.env` files, from the environment, and from what other programs stored
///
/// Every value is stored and read back. What is there already stays: a name that holds another value is refused, the same
/// value is no error. The source is left alone unless `--delete-source` is said, and then only what was imported goes.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Import {
    Dotenv(dotenv::Dotenv),
    Env(variables::Variables),
    Keychain(native::Keychain),
    Wincred(native::Wincred),
    SecretTool(native::SecretTool),
    Pass(pass::Pass),
    McpSecretsPlugin(native::McpSecretsPlugin),
}

impl Import {
    pub(super) fn run(self, app: &App) -> Outcome {
        match self {
            Self::Dotenv(source) => source.run(app),
            Self::Env(source) => source.run(app),
            Self::Keychain(source) => source.run(app),
            Self::Wincred(source) => source.run(app),
            Self::SecretTool(source) => source.run(app),
            Self::Pass(source) => source.run(app),
            Self::McpSecretsPlugin(source) => source.run(app),
        }
    }
}

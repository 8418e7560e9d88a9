//! `mcpcred delete`: remove credentials.

use std::process::ExitCode;

use crate::app::App;
use crate::cli::Outcome;
use crate::credentials::CredentialError;
use crate::failure::Failure;
use crate::name::CredentialName;
use crate::ui::AskError;

/// Delete credentials, with their former values and their facts
#[derive(Debug, clap::Args)]
pub(super) struct Delete {
    /// Names of the credentials
    #[arg(required = true, value_name = "NAME", add = super::completions::names())]
    names: Vec<CredentialName>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// A name that does not exist is no failure
    #[arg(long)]
    if_exists: bool,
}

impl Delete {
    pub(super) fn run(self, app: &App) -> Outcome {
        let mut wanted = Vec::new();
        for name in &self.names {
            match app.credentials.check_deletable(name) {
                Ok(name) if wanted.contains(&name) => {}
                Ok(name) => wanted.push(name),
                Err(CredentialError::NotFound { .. }) if self.if_exists => {}
                Err(error) => return Err(error.into()),
            }
        }
        if wanted.is_empty() {
            app.ui.say("Nothing to delete");
            return Ok(ExitCode::SUCCESS);
        }
        if !self.yes && !confirm(app, &wanted)? {
            return Err(Failure::new(Failure::NEEDS_PERSON, "nothing was deleted"));
        }
        for name in &wanted {
            match app.credentials.delete(name) {
                Ok(()) => app.ui.say(&format!("Deleted `{name}`")),
                Err(CredentialError::NotFound { .. }) if self.if_exists => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn confirm(app: &App, names: &[CredentialName]) -> Result<bool, Failure> {
    let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    app.ui.confirm(&format!("Delete {}?", list.join(", "))).map_err(|error| match error {
        AskError::NoTerminal => Failure::from(error).hint("say `--yes` to delete without being asked"),
        _ => error.into(),
    })
}

//! `mcpcred lockdown`: the kill switch.

mod document;
mod lift;
mod revoking;
mod switch;

use std::process::ExitCode;

use crate::app::App;
use crate::catalog::Catalog;
use crate::children::Held;
use crate::cli::Outcome;
use crate::cli::check::check_hosts;
use crate::cli::lockdown::document::Document;
use crate::credential::Period;
use crate::failure::Failure;
use crate::live::NamedHost;
use crate::name::CredentialName;

/// Stop every use of credentials at once: hand out no more, end what holds them, and revoke them
#[derive(Debug, clap::Args)]
#[command(
    after_help = "In this order: no more values are handed out, programs that hold them are ended, the vault is \
locked, the clipboard is cleared, and tokens are revoked at providers that allow it, once you say so: that can't be \
undone. What is left for you to do is printed, with links. Values stay stored.\n\
Status: 0 done, 1 a step failed or waits for `--resume`, 5 nobody could be asked."
)]
pub(super) struct Lockdown {
    /// Only these credentials of the profile
    #[arg(value_name = "NAME", add = super::completions::names())]
    names: Vec<CredentialName>,
    /// Every credential of every profile
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Revoke tokens at providers that allow it; asks before, unless `--yes` is there too
    #[arg(long, conflicts_with = "no_revoke")]
    revoke: bool,
    /// Revoke nothing, and do not ask
    #[arg(long)]
    no_revoke: bool,
    /// With `--revoke`: do not ask
    #[arg(long, requires = "revoke")]
    yes: bool,
    /// Tell what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// How long a program may take to end by itself
    #[arg(long, value_name = "PERIOD")]
    grace: Option<Period>,
    /// Where a provider is told, such as `gitlab=https://git.example.com`
    #[arg(long, value_name = "PROVIDER=URL")]
    host: Vec<NamedHost>,
    /// Tell whether a lockdown is on, and what is left to do
    #[arg(long, conflicts_with_all = ["names", "all", "revoke", "no_revoke", "dry_run", "resume", "lift"])]
    status: bool,
    /// Try again what could not be done, as after the network was down
    #[arg(long, conflicts_with_all = ["names", "all", "dry_run", "lift"])]
    resume: bool,
    /// End the lockdown; asks on the terminal, and needs the store to open
    #[arg(long, conflicts_with_all = ["names", "all", "revoke", "no_revoke", "dry_run"])]
    lift: bool,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

impl Lockdown {
    /// Whether settings that are not understood must not keep it from its work. To end a lockdown can wait.
    pub(super) fn is_emergency(&self) -> bool {
        !self.lift
    }

    pub(super) fn run(self, app: &App) -> Outcome {
        if self.status {
            return self.tell_status(app);
        }
        if self.lift {
            return lift::lift(app);
        }
        if self.resume {
            return self.resume(app);
        }
        if self.names.is_empty() && !self.all {
            return Err(Failure::new(Failure::USAGE, "what is to be locked down was not said")
                .hint("name credentials, or say `--all`; `--dry-run` tells what would be done"));
        }
        self.throw(app)
    }

    /// Before anything is done. A catalog that can't be read is told of later: it keeps nobody from the rest.
    fn check_hosts(&self, app: &App) -> Result<(), Failure> {
        if self.host.is_empty() {
            return Ok(());
        }
        let catalog = Catalog::load(&app.settings.config_folder.value);
        catalog.map_or(Ok(()), |catalog| check_hosts(&catalog, &self.host))
    }

    fn tell_status(&self, app: &App) -> Outcome {
        let lockdown = app.credentials.marker().look();
        let mut document = Document::new(app, false);
        document.items = app.lockdown_report().load()?.items;
        let covers =
            |held: &Held| lockdown.as_ref().is_none_or(|lockdown| lockdown.covers(&held.profile, &held.name));
        let children = app.children().list()?;
        let holding = children.iter().filter(|child| child.credentials.iter().any(covers));
        document.programs = holding.map(|child| document::Program::new(child, "running")).collect();
        document.covered = lockdown;
        document.tell(app, self.json)?;
        Ok(ExitCode::SUCCESS)
    }
}

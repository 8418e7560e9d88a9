//! `mcpcred rotate`: replace a secret, keep its name and its facts.

mod aftermath;
mod automated;
mod document;
mod due;
mod guided;
mod job;
mod reach;
mod way;

use std::ffi::OsString;
use std::process::ExitCode;
use std::str::FromStr;

use jiff::SignedDuration;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::add::refuse_argument;
use crate::cli::facts::FactArguments;
use crate::cli::rotate::document::Row;
use crate::cli::rotate::job::Job;
use crate::cli::source::ValueSource;
use crate::credential::Period;
use crate::failure::Failure;
use crate::live::NamedHost;
use crate::name::CredentialName;

/// Replace the value of a credential; its facts stay
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without a word about where the value comes from, mcpcred takes the first of these ways:\n  \
automated  by the program that `[rotate.command]` of your settings names, or by the provider\n             \
where a token may replace itself (GitLab)\n  \
generated  as `--generate` made it up before\n  \
guided     opens the provider's page, and asks for the new value\n\
The new value is stored and read back, then verified (`--verify`), then the former one is revoked (`--revoke-old`).\n\
Whatever fails, it is said which value is in force."
)]
pub(super) struct Rotate {
    /// Name of the credential
    #[arg(add = super::completions::names(), required_unless_present = "due")]
    name: Option<CredentialName>,
    /// Refused: a value is never an argument
    #[arg(hide = true, num_args = 0.., allow_hyphen_values = false)]
    value: Vec<OsString>,
    /// Go through all that are due, one after another; without a terminal only those that are automated
    #[arg(long, conflicts_with_all = ["name", "rollback", "by_hand"])]
    due: bool,
    /// Keep the former value for so long, for `--rollback` and `get --previous`
    #[arg(long, value_name = "PERIOD", conflicts_with = "rollback")]
    keep_previous: Option<Keeping>,
    /// Put the former value back; the one in use becomes the former
    #[arg(long)]
    rollback: bool,
    /// Ask the provider whether it accepts the new value, and put the former one back where it does not
    #[arg(long, conflicts_with = "rollback")]
    verify: bool,
    /// Then revoke the former value at its provider, where that takes a request with the value alone; cannot be undone
    #[arg(long, conflicts_with = "rollback")]
    revoke_old: bool,
    /// Take the guided way, although there is an automated one
    #[arg(long, conflicts_with = "rollback")]
    by_hand: bool,
    /// Do not open the provider's page
    #[arg(long)]
    no_browser: bool,
    /// End running programs that hold the former value, where a supervisor starts them again (systemd, launchd, …)
    #[arg(long, conflicts_with = "rollback")]
    restart: bool,
    /// Print a JSON document that tells what became of it
    #[arg(long)]
    json: bool,
    /// Where a provider is asked, such as `gitlab=https://git.example.com`
    #[arg(long, value_name = "PROVIDER=URL")]
    host: Vec<NamedHost>,
    #[command(flatten)]
    source: ValueSource,
    #[command(flatten)]
    facts: FactArguments,
}

/// A period, or `0` for not at all, which a script may have worked out.
#[derive(Debug, Clone, Copy)]
struct Keeping(SignedDuration);

impl FromStr for Keeping {
    type Err = <Period as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if ["0", "0d"].contains(&text) {
            Ok(Self(SignedDuration::ZERO))
        } else {
            text.parse::<Period>().map(|period| Self(period.0))
        }
    }
}

impl Rotate {
    pub(super) fn run(self, app: &App) -> Outcome {
        refuse_argument(&self.value, "rotate")?;
        let Some(name) = &self.name else {
            if self.source.is_named() {
                return Err(Failure::new(Failure::USAGE, "`--due` takes no value: each one has its own"));
            }
            return due::walk(&self, app);
        };
        if self.rollback {
            return self.roll_back(app, name);
        }
        let job = Job::new(&self, app, name)?;
        let outcome = job.replace();
        if self.json {
            document::print(app, vec![job.into_row(outcome.as_ref().err())])?;
        }
        outcome.map(|()| ExitCode::SUCCESS)
    }

    fn roll_back(&self, app: &App, name: &CredentialName) -> Outcome {
        if self.source.is_named() {
            return Err(Failure::new(Failure::USAGE, "`--rollback` takes no new value"));
        }
        let name = app.credentials.roll_back(name)?;
        app.ui.say(&format!("Rolled back `{name}`; the value before is kept as the former one"));
        if self.json {
            let mut row = Row::of(app, &name);
            row.ends(document::Outcome::RolledBack);
            document::print(app, vec![row.close(app, None)])?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn keep(&self) -> SignedDuration {
        self.keep_previous.map_or(SignedDuration::ZERO, |keeping| keeping.0)
    }
}

//! `mcpcred rotate`: replace a secret, keep its name and its facts.

use std::ffi::OsString;
use std::process::ExitCode;
use std::str::FromStr;

use jiff::SignedDuration;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::add::refuse_argument;
use crate::cli::facts::FactArguments;
use crate::cli::source::ValueSource;
use crate::credential::Period;
use crate::failure::Failure;
use crate::name::CredentialName;

/// Replace the value of a credential; its facts stay
#[derive(Debug, clap::Args)]
pub(super) struct Rotate {
    /// Name of the credential
    #[arg(add = super::completions::names())]
    name: CredentialName,
    /// Refused: a value is never an argument
    #[arg(hide = true, num_args = 0.., allow_hyphen_values = false)]
    value: Vec<OsString>,
    /// Keep the former value for so long, for `--rollback` and `get --previous`
    #[arg(long, value_name = "PERIOD", conflicts_with = "rollback")]
    keep_previous: Option<Keeping>,
    /// Put the former value back; the one in use becomes the former
    #[arg(long)]
    rollback: bool,
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
        if self.rollback {
            if self.source.is_named() {
                return Err(Failure::new(Failure::USAGE, "`--rollback` takes no new value"));
            }
            let name = app.credentials.roll_back(&self.name)?;
            app.ui.say(&format!("Rolled back `{name}`; the value before is kept as the former one"));
            return Ok(ExitCode::SUCCESS);
        }
        app.credentials.check_known(&self.name)?;
        let secret = self.source.read(app, &self.name)?;
        let keep = self.keep_previous.map_or(SignedDuration::ZERO, |keeping| keeping.0);
        let now = app.credentials.now();
        let name = app.credentials.rotate(&self.name, &secret, keep, |entry| {
            // A new value does not end when the old one would have.
            entry.facts.expires = None;
            self.facts.apply(&mut entry.facts, now);
        })?;
        app.ui.say(&format!("Rotated `{name}`"));
        Ok(ExitCode::SUCCESS)
    }
}

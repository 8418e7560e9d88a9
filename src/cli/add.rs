//! `mcpcred add`: store a new credential.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::facts::FactArguments;
use crate::cli::source::ValueSource;
use crate::failure::Failure;
use crate::name::CredentialName;
use crate::slip;

/// Store a new credential; the value is asked for, hidden
#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// Name of the credential and of its variable, such as `GITHUB_TOKEN`
    name: CredentialName,
    /// Refused: a value is never an argument
    #[arg(hide = true, num_args = 0.., allow_hyphen_values = false)]
    value: Vec<OsString>,
    #[command(flatten)]
    source: ValueSource,
    #[command(flatten)]
    facts: FactArguments,
}

impl Add {
    pub(super) fn run(self, app: &App) -> Outcome {
        refuse_argument(&self.value, "add")?;
        refuse_value_as_name(&self.name)?;
        app.credentials.check_free(&self.name)?;
        app.check_store_for_new()?;
        let secret = self.source.read(app, &self.name)?;
        // Only now, so that a value that can't be had leaves neither a vault nor a choice of store behind.
        let kind = app.store_for_new()?;
        let mut facts = self.facts.for_new(&self.name, app.credentials.now());
        facts.generated_as = self.source.recipe().map(str::to_owned);
        app.credentials.add(&self.name, facts, &secret, kind)?;
        app.ui.say(&format!("Added `{}` to {}", self.name, kind.title()));
        Ok(ExitCode::SUCCESS)
    }
}

/// A value on the command line is in the shell's history and in the process list already: say so, and do not
/// repeat it.
pub(super) fn refuse_argument(value: &[OsString], command: &str) -> Result<(), Failure> {
    if value.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Failure::USAGE, "a value is never an argument, and nothing was stored")
        .because("arguments are seen by every program of this machine and stay in the shell's history")
        .hint(format!(
            "type it at the prompt of `mcpcred {command} NAME`, or pipe it to `mcpcred {command} NAME --stdin`"
        )))
}

/// A token in the place of the name is a slip that would write it into the index: it is refused, and not repeated.
fn refuse_value_as_name(name: &CredentialName) -> Result<(), Failure> {
    if slip::is_token(name.as_str()) { Err(Failure::value_as_name(Failure::USAGE)) } else { Ok(()) }
}

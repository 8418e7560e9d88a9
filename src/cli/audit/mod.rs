//! `mcpcred audit`: who used what, whether the log is whole, and what is unusual.

mod anomalies;
mod export;
mod report;
mod show;
mod verify;

use std::str::FromStr;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;

use crate::app::App;
use crate::audit::reader::Filter;
use crate::audit::{Action, LogFiles};
use crate::cli::Outcome;
use crate::credential::{Expiry, Period};
use crate::failure::Failure;

/// Show who used which credential, when and through what; never a value
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Audit {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    show: show::Show,
}

#[derive(Debug, Subcommand)]
enum What {
    Report(report::Report),
    Verify(verify::Verify),
    Anomalies(anomalies::Anomalies),
    Export(export::Export),
}

impl Audit {
    pub(super) fn run(self, app: &App) -> Outcome {
        match self.what {
            None => self.show.run(app),
            Some(What::Report(command)) => command.run(app),
            Some(What::Verify(command)) => command.run(app),
            Some(What::Anomalies(command)) => command.run(app),
            Some(What::Export(command)) => command.run(app),
        }
    }
}

/// Which lines.
#[derive(Debug, clap::Args)]
struct Filters {
    /// Only those of this credential
    #[arg(long, value_name = "NAME", add = super::completions::names())]
    name: Option<String>,
    /// Only those of this action; may be given several times
    #[arg(long = "action", value_name = "ACTION", value_parser = action_parser())]
    actions: Vec<Action>,
    /// Only those since: `7d`, `2026-01-31` or `2026-01-31T12:00:00Z`
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Only those through this client, such as `claude-code`, or this program
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
}

fn action_parser() -> impl TypedValueParser<Value = Action> {
    PossibleValuesParser::new(Action::ALL.map(Action::as_str))
        .map(|text| Action::ALL.into_iter().find(|action| action.as_str() == text).unwrap_or(Action::Other))
}

/// A moment, or a period before now.
#[derive(Debug, Clone, Copy)]
struct Since(Expiry);

/// A text that is neither.
#[derive(Debug, thiserror::Error)]
#[error("a beginning is written as `7d`, `2026-01-31` or `2026-01-31T12:00:00Z`")]
struct InvalidSince;

impl FromStr for Since {
    type Err = InvalidSince;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| InvalidSince)
    }
}

impl Since {
    fn moment(self, now: Timestamp) -> Timestamp {
        match self.0 {
            Expiry::At(moment) => moment,
            Expiry::In(Period(period)) => now.checked_sub(period).unwrap_or(Timestamp::MIN),
        }
    }
}

impl Filters {
    fn filter(&self, app: &App) -> Filter {
        Filter {
            name: self.name.clone(),
            actions: self.actions.clone(),
            since: self.since.map(|since| since.moment(app.credentials.now())),
            client: self.client.clone(),
        }
    }
}

/// The log of this machine.
fn files(app: &App) -> LogFiles {
    LogFiles::in_folder(&app.settings.data_folder.value)
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::new(Failure::GENERAL, "the audit log can't be read")
        .because(error.to_string())
        .hint("`mcpcred doctor` tells whose the files are")
}

/// `2026-11-25 16:00:33`, in UTC.
fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

//! `mcpcred doctor`
use crate::app::App;
use crate::cli::Outcome;
use std::process::ExitCode;
/// Tell what is wrong on this machine, and what to do about it
#[derive(Debug, clap::Args)]
pub(super) struct Doctor {}
impl Doctor {
    pub(super) fn run(self, _app: &App) -> Outcome {
        Ok(ExitCode::SUCCESS)
    }
}

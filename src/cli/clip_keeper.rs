//! `mcpcred clip-keeper`: the process that `get --clip` leaves behind; nobody types it.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::Outcome;
use crate::os::{clipboard, standard_input};

/// Keeps what it reads from stdin in the clipboard, and takes it away again
#[derive(Debug, clap::Args)]
pub(super) struct ClipKeeper {
    /// After so many seconds
    seconds: u64,
}

impl ClipKeeper {
    pub(super) fn run(self) -> Outcome {
        let time = Duration::from_secs(self.seconds);
        Ok(match clipboard::keep(standard_input::open()?, io::stdout().lock(), time) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        })
    }
}

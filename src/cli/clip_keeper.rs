//! `mcpcred clip-keeper`: the process that `get --clip` leaves behind; nobody types it.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::children::{Children, Held, Start};
use crate::cli::Outcome;
use crate::clock::{Clock, SystemClock};
use crate::lockdown::Marker;
use crate::name::{CredentialName, Profile};
use crate::os::{clipboard, standard_input};

/// Keeps what it reads from stdin in the clipboard, and takes it away again
#[derive(Debug, clap::Args)]
pub(super) struct ClipKeeper {
    /// After so many seconds, or where a lockdown begins
    seconds: u64,
    /// Where it is written that one began
    data_folder: PathBuf,
    /// In which namespace the value is kept
    of_profile: Profile,
    /// Under which name
    name: CredentialName,
}

impl ClipKeeper {
    pub(super) fn run(self) -> Outcome {
        let time = Duration::from_secs(self.seconds);
        let held = Held { profile: self.of_profile.clone(), name: self.name.clone() };
        let start = Start {
            program: clipboard::KEEPER.to_owned(),
            credentials: vec![held],
            server: None,
            started_by: None,
            is_keeper: true,
        };
        // It keeps the value also where that can't be written, and sees a lockdown all the same.
        let registration = Children::in_folder(&self.data_folder).register(start, SystemClock.now());
        let marker = Marker::in_folder(&self.data_folder);
        let is_over = || marker.look().is_some_and(|it| it.covers(&self.of_profile, &self.name));
        let kept = clipboard::keep(standard_input::open()?, io::stdout().lock(), time, is_over);
        drop(registration);
        Ok(if kept.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

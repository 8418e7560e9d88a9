//! `mcpcred export-env --startup`: the same for a shell that is being opened, which must open whatever happens.

use std::process::ExitCode;
use std::time::Duration;

use crate::app::{App, Given};
use crate::cli::export_env::ExportEnv;
use crate::cli::{Globals, Outcome};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::os::harden::Hardening;
use crate::settings::FlagSettings;
use crate::store::deadline::within;
use crate::ui::Ui;

/// How long a person waits for a prompt that a store holds up.
const DEADLINE: Duration = Duration::from_secs(2);

/// Prints all lines or none, and never fails in more than one line. What would be told on the side waits for the
/// next command.
pub(super) fn run(
    command: ExportEnv,
    globals: Globals,
    environment: Environment,
    ui: Ui,
    hardening: Hardening,
) -> Outcome {
    let ui = Ui { quiet: true, may_prompt: false, ..ui };
    let loaded = within(DEADLINE, move || {
        let flags = FlagSettings { profile: globals.profile, store: globals.store };
        let given = Given {
            passphrase_descriptor: globals.passphrase_fd,
            reason: globals.reason,
            is_emergency: false,
        };
        let app = App::new(flags, given, environment, ui, hardening)?;
        command.lines(&app)
    });
    let failure = match loaded {
        Some(Ok(lines)) => match ui.data(lines.expose_secret()) {
            Ok(()) => return Ok(ExitCode::SUCCESS),
            Err(error) => error.into(),
        },
        Some(Err(failure)) => failure,
        None => Failure::new(Failure::NO_ANSWER, "the store did not answer within 2 s")
            .hint("`mcpcred doctor` tells which part does not answer"),
    };
    Ok(failure.tell_in_one_line(ui))
}

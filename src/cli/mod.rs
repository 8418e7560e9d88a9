//! WHAT A PERSON TYPES: one file a command, and the dispatch.

mod add;
mod audit;
mod check;
mod clip_keeper;
mod completions;
mod delete;
mod doctor;
mod export_env;
mod facts;
mod get;
mod headers;
mod import;
mod incident;
mod init;
mod list;
mod lockdown;
mod man;
mod protect;
mod ps;
mod remind;
mod rotate;
mod run;
mod schedules;
mod servers;
mod setup;
mod source;
mod startup;
mod store;
mod unprotect;
mod usage;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::app::{App, Given};
use crate::audit::shortened;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::name::Profile;
use crate::os::harden::Hardening;
use crate::settings::{FlagSettings, StoreSetting};
use crate::slip;
use crate::ui::Ui;

/// Keeps the tokens of MCP servers in the operating system's own credential store
#[derive(Debug, Parser)]
#[command(name = "mcpcred", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "A first day:\n  mcpcred add GITHUB_TOKEN                  asks for the value, hidden\n  \
mcpcred run -e GITHUB_TOKEN -- npx …      starts a server with it\n  \
eval $(mcpcred export-env)                loads all of them into a shell"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// Flags that every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Namespace of the names [default: default]
    #[arg(long, global = true, value_name = "PROFILE")]
    pub(crate) profile: Option<Profile>,
    /// Where values rest: auto, keychain, wincred, secret-service, vault or none
    #[arg(long, global = true, value_name = "STORE")]
    pub(crate) store: Option<StoreSetting>,
    /// Read the vault's passphrase from this open file descriptor
    #[arg(long, global = true, value_name = "FD")]
    pub(crate) passphrase_fd: Option<u32>,
    /// Why you do this, for the audit log
    #[arg(long, global = true, value_name = "TEXT", value_parser = reason)]
    pub(crate) reason: Option<String>,
    /// Never ask a question
    #[arg(long, global = true)]
    pub(crate) no_prompt: bool,
    /// Only warnings and errors on stderr
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// No colours
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::Add),
    Get(get::Get),
    List(list::List),
    Rotate(rotate::Rotate),
    Remind(remind::Remind),
    Delete(delete::Delete),
    ExportEnv(export_env::ExportEnv),
    Init(init::Init),
    Run(run::Run),
    Ps(ps::Ps),
    Lockdown(lockdown::Lockdown),
    Incident(incident::Incident),
    Check(check::Check),
    Headers(headers::Headers),
    Protect(protect::Protect),
    Unprotect(unprotect::Unprotect),
    Setup(setup::Setup),
    #[command(subcommand)]
    Import(import::Import),
    Audit(audit::Audit),

    Servers(servers::Servers),
    #[command(subcommand)]
    Store(store::Store),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    Man(man::Man),
    #[command(hide = true)]
    ClipKeeper(clip_keeper::ClipKeeper),
}

/// A reason as the log takes it. A token in it is a slip, and the log is no place for values.
fn reason(text: &str) -> Result<String, &'static str> {
    if text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_').any(slip::is_token) {
        return Err("a reason holds no value: the audit log can be read by whoever reads your files");
    }
    Ok(shortened(text))
}

/// What a command ends with: an exit status, which is almost always success, or a failure.
pub(crate) type Outcome = Result<ExitCode, Failure>;

/// Parses the command line, runs the command, and tells a person what went wrong.
pub(crate) fn run() -> ExitCode {
    // Before anything that may be secret is read.
    let hardening = Hardening::apply();
    let environment = Environment;
    if environment.has(completions::VARIABLE) {
        clap_complete::CompleteEnv::with_factory(Cli::command).var(completions::VARIABLE).complete();
    }
    let Cli { globals, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::tell(error),
    };
    let ui = Ui {
        quiet: globals.quiet,
        colour: if globals.no_color || environment.has("NO_COLOR") {
            anstream::ColorChoice::Never
        } else {
            anstream::ColorChoice::Auto
        },
        may_prompt: !globals.no_prompt,
    };
    command.run(globals, environment, ui, hardening).unwrap_or_else(|failure| failure.tell(ui))
}

impl Command {
    fn run(self, globals: Globals, environment: Environment, ui: Ui, hardening: Hardening) -> Outcome {
        let is_run = matches!(self, Self::Run(_));
        let app = match self {
            Self::Completions(command) => return command.run(ui),
            Self::Man(command) => return command.run(ui),
            Self::ClipKeeper(command) => return command.run(),
            Self::ExportEnv(command) if command.startup => {
                return startup::run(command, globals, environment, ui, hardening);
            }
            _ => {
                let flags = FlagSettings { profile: globals.profile, store: globals.store };
                let given = Given {
                    passphrase_descriptor: globals.passphrase_fd,
                    reason: globals.reason,
                    is_emergency: matches!(&self, Self::Lockdown(command) if command.is_emergency()),
                };
                App::new(flags, given, environment, ui, hardening)
            }
        };
        let outcome = app.and_then(|app| {
            let outcome = match self {
                Self::Add(command) => command.run(&app),
                Self::Get(command) => command.run(&app),
                Self::List(command) => command.run(&app),
                Self::Rotate(command) => command.run(&app),
                Self::Remind(command) => command.run(&app),
                Self::Delete(command) => command.run(&app),
                Self::ExportEnv(command) => command.run(&app),
                Self::Init(command) => command.run(&app),
                Self::Run(command) => command.run(&app),
                Self::Ps(command) => command.run(&app),
                Self::Lockdown(command) => command.run(&app),
                Self::Incident(command) => command.run(&app),
                Self::Check(command) => command.run(&app),
                Self::Headers(command) => command.run(&app),
                Self::Protect(command) => command.run(&app),
                Self::Unprotect(command) => command.run(&app),
                Self::Setup(command) => command.run(&app),
                Self::Import(command) => command.run(&app),
                Self::Audit(command) => command.run(&app),

                Self::Servers(command) => command.run(&app),
                Self::Store(command) => command.run(&app),
                Self::Doctor(command) => command.run(&app),
                Self::Completions(_) | Self::Man(_) | Self::ClipKeeper(_) => Ok(ExitCode::SUCCESS),
            };
            app.tell_notices();
            let is_none = app.credentials.stores().is_none();
            outcome
                .map_err(|failure| if is_none { failure.in_environment() } else { failure })
                .map_err(|failure| failure.asked_by(&app.settings.store.source))
        });
        if is_run { outcome.map_err(Failure::before_start) } else { outcome }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::call::{COMMANDS, Flag, GLOBAL};

    #[test]
    fn what_is_known_of_calls_in_configurations_is_what_the_commands_take() {
        let flags = |command: &clap::Command, is_global: bool| -> Vec<(String, Option<char>, bool)> {
            let flags = command.get_arguments().filter(|it| it.is_global_set() == is_global);
            let own = flags.filter_map(|it| {
                Some((it.get_long()?.to_owned(), it.get_short(), it.get_action().takes_values()))
            });
            own.filter(|(long, ..)| !["help", "version"].contains(&long.as_str())).collect()
        };
        let known = |flags: &[Flag]| -> Vec<(String, Option<char>, bool)> {
            flags.iter().map(|it| (it.long.to_owned(), it.short, it.takes_value)).collect()
        };
        let cli = Cli::command();
        assert_eq!(known(GLOBAL), flags(&cli, true));
        for (name, own) in COMMANDS {
            assert_eq!(known(own), flags(cli.find_subcommand(name).unwrap(), false), "{name}");
        }
    }
}

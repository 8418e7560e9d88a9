//! `mcpcred completions`: completion for a shell, names of credentials and of servers included.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::process::ExitCode;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;

use crate::app::App;
use crate::catalog::Catalog;
use crate::cli::Outcome;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::ui::Ui;

/// Which shell asks for candidates. The engine's own `COMPLETE` is a word that others use as well.
pub(super) const VARIABLE: &str = "MCPCRED_COMPLETE";

/// Print the completion script for a shell: bash, zsh, fish, elvish or powershell
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_parser = ["bash", "zsh", "fish", "elvish", "powershell"])]
    shell: String,
}

impl Completions {
    pub(super) fn run(self, ui: Ui) -> Outcome {
        ui.data(registration(&self.shell)?.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The script that has a shell complete `mcpcred`.
pub(super) fn registration(shell: &str) -> Result<String, Failure> {
    let shells = Shells::builtins();
    let shell = shells
        .completer(shell)
        .ok_or_else(|| Failure::new(Failure::USAGE, "there is no completion for that shell"))?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "mcpcred", "mcpcred", "mcpcred", &mut script)?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

/// Completes the names of credentials from the index, without asking any store.
pub(super) fn names() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let current = current.to_string_lossy().to_ascii_uppercase();
        let Ok(app) = App::for_completion(Environment) else { return Vec::new() };
        let known = app.credentials.list_if_whole().unwrap_or_default();
        known
            .into_iter()
            .filter(|(name, _)| name.as_str().to_ascii_uppercase().starts_with(&current))
            .map(|(name, entry)| {
                CompletionCandidate::new(name.as_str()).help(entry.facts.label.map(Into::into))
            })
            .collect()
    })
}

/// Completes the names of clients.
pub(super) fn clients() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let current = current.to_string_lossy().to_ascii_lowercase();
        let Ok(app) = App::for_completion(Environment) else { return Vec::new() };
        let catalog = Catalog::load(&app.settings.config_folder.value);
        let clients = catalog.map(|catalog| catalog.clients).unwrap_or_default().into_iter();
        clients
            .filter(|client| client.id.starts_with(&current))
            .map(|client| CompletionCandidate::new(client.id).help(Some(client.name.into())))
            .collect()
    })
}

/// Completes the names of servers: those of the catalog, and those that stored credentials are for.
pub(super) fn servers() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let current = current.to_string_lossy().to_ascii_lowercase();
        let Ok(app) = App::for_completion(Environment) else { return Vec::new() };
        let catalog = Catalog::load(&app.settings.config_folder.value);
        let mut known: BTreeMap<String, Option<String>> = catalog
            .map(|catalog| catalog.servers.into_iter().map(|it| (it.id, Some(it.name))).collect())
            .unwrap_or_default();
        for (_, entry) in app.credentials.list_if_whole().unwrap_or_default() {
            if let Some(server) = entry.facts.server {
                known.entry(server).or_default();
            }
        }
        known
            .into_iter()
            .filter(|(id, _)| id.to_ascii_lowercase().starts_with(&current))
            .map(|(id, name)| CompletionCandidate::new(id).help(name.map(Into::into)))
            .collect()
    })
}

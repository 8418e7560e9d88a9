//! `Program`: how a configuration calls mcpcred, so that the client finds it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::catalog::client::Inherits;
use crate::configuration::discover::Reading;
use crate::environment::Environment;
use crate::name::Profile;
use crate::os::process::own_program::own_program;

/// The name of the program, as a shell finds it.
const NAME: &str = "mcpcred";

/// How it is called.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Where it is on this machine.
    path: Option<PathBuf>,
    /// Which namespace, where it is not the usual one.
    profile: Option<String>,
    /// What it finds its files by, where that is not in the usual place: no secret among them.
    variables: Vec<(&'static str, String)>,
}

/// Variables without which mcpcred would look elsewhere. Each names a place.
const PLACES: &[&str] = &[
    "MCPCRED_DATA_DIR",
    "MCPCRED_CONFIG_DIR",
    "MCPCRED_STORE",
    "MCPCRED_KEY_FILE",
    "MCPCRED_PASSPHRASE_FILE",
];

/// Those of the variables that are set here: paths and a word, no secret.
pub(crate) fn places_in(environment: Environment) -> Vec<(&'static str, String)> {
    PLACES.iter().filter_map(|name| Some((*name, environment.text(name)?))).collect()
}

impl Program {
    /// This program, where it is found again after an update.
    pub(crate) fn running(profile: &Profile, environment: Environment) -> Self {
        let path = own_program().ok().filter(|path| path.is_absolute() && path.to_str().is_some());
        let profile = (*profile != Profile::default()).then(|| profile.to_string());
        Self { path, profile, variables: places_in(environment) }
    }

    /// What an entry sets for us, where a client does not hand on all of its own environment and only this machine
    /// reads the file.
    pub(crate) fn variables(&self, reading: &Reading<'_>) -> &[(&'static str, String)] {
        let is_whole = reading.readers.iter().all(|reader| reader.client.inherits == Inherits::Everything);
        if is_whole || reading.is_committed() { &[] } else { &self.variables }
    }

    /// What stands before our name in a line for a shell, so that the same variables are set; `None` where no line can
    /// do that.
    pub(crate) fn surrounding(&self, reading: &Reading<'_>) -> Option<String> {
        let variables = self.variables(reading);
        if variables.is_empty() {
            return Some(String::new());
        }
        let is_plain = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" /._-+@~:".contains(&byte))
        };
        // The shell of Windows has no such program.
        if cfg!(windows) || !variables.iter().all(|(_, value)| is_plain(value)) {
            return None;
        }
        let mut before = "env ".to_owned();
        for (name, value) in variables {
            // A `String` takes all that is written to it.
            _ = write!(before, "{name}=\"{value}\" ");
        }
        Some(before)
    }

    /// The command in a file: its whole path where only this machine reads the file, for a client that was started
    /// from a dock has a short `PATH`; its name alone where others have the file too.
    pub(crate) fn for_file(&self, reading: &Reading<'_>) -> String {
        let path = self.path.as_deref().and_then(Path::to_str).filter(|_| !reading.is_committed());
        path.unwrap_or(NAME).to_owned()
    }

    /// What follows the subcommand in every call.
    pub(crate) fn flags(&self) -> Vec<String> {
        self.profile.iter().flat_map(|profile| ["--profile".to_owned(), profile.clone()]).collect()
    }

    /// One that lies there, for tests.
    #[cfg(test)]
    pub(crate) fn at(path: &str) -> Self {
        Self { path: Some(path.into()), profile: None, variables: Vec::new() }
    }
}

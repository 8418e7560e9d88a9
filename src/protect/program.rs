//! `Program`: how a configuration calls mcpcred, so that the client finds it.

use std::path::{Path, PathBuf};

use crate::configuration::discover::Reading;
use crate::name::Profile;

/// The name of the program, as a shell finds it.
const NAME: &str = "mcpcred";

/// How it is called.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Where it is on this machine.
    path: Option<PathBuf>,
    /// Which namespace, where it is not the usual one.
    profile: Option<String>,
}

impl Program {
    /// This program, under the name by which the `PATH` has it: a link stays a link, so that an update that puts
    /// another file behind it changes nothing.
    pub(crate) fn running(profile: &Profile) -> Self {
        let own = std::env::current_exe().ok();
        let is_own = |path: &Path| match (path.canonicalize(), own.as_deref().map(Path::canonicalize)) {
            (Ok(found), Some(Ok(own))) => found == own,
            _ => false,
        };
        let found = which::which_all(NAME).ok().and_then(|mut all| all.find(|path| is_own(path)));
        let path = found.or(own).filter(|path| path.is_absolute() && path.to_str().is_some());
        let profile = (*profile != Profile::default()).then(|| profile.to_string());
        Self { path, profile }
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
        Self { path: Some(path.into()), profile: None }
    }
}

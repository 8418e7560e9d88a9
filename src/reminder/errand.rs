//! `Errand`: what the system starts each day.

use std::path::PathBuf;

/// A program with its arguments and with variables of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Errand {
    /// The whole path of the program, which is text in the formats of all systems.
    pub(crate) program: String,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
    /// Variables that it finds in its environment.
    pub(crate) variables: Vec<(String, String)>,
}

impl Errand {
    /// What this program does under `remind`, with the folders that were set for it by variables. `None` where a path is
    /// no text, or holds what no such file can hold.
    pub(crate) fn new(
        program: PathBuf,
        profile: Option<&str>,
        folders: Vec<(String, PathBuf)>,
    ) -> Option<Self> {
        let text = |path: PathBuf| path.into_os_string().into_string().ok();
        let mut arguments = vec!["remind".to_owned(), "--no-prompt".to_owned()];
        if let Some(profile) = profile {
            arguments.extend(["--profile".to_owned(), profile.to_owned()]);
        }
        let named = folders.into_iter().map(|(name, path)| Some((name, text(path)?)));
        let own = Self { program: text(program)?, arguments, variables: named.collect::<Option<_>>()? };
        let is_plain = |text: &String| !text.contains(char::is_control);
        let is_fit = own.variables.iter().map(|(_, text)| text).chain([&own.program]).all(is_plain);
        is_fit.then_some(own)
    }
}

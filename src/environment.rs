//! The environment of this process: the one place that reads it.
#![expect(clippy::disallowed_methods, reason = "everybody else asks this file")]

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::name::CredentialName;
use crate::secret::Secret;

/// What mcpcred wants to know of its environment. Empty variables count as unset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Environment;

impl Environment {
    /// A variable of the given name.
    pub(crate) fn variable(self, name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|value| !value.is_empty())
    }

    /// A variable, where it is text.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        self.variable(name)?.into_string().ok()
    }

    /// A variable that names a place.
    pub(crate) fn path(self, name: &str) -> Option<PathBuf> {
        self.variable(name).map(PathBuf::from)
    }

    /// Whether the variable is set to anything.
    pub(crate) fn has(self, name: &str) -> bool {
        self.variable(name).is_some()
    }

    /// Whether a terminal here takes characters beyond ASCII, as far as that is said (POSIX locale variables).
    pub(crate) fn speaks_utf8(self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.text(name));
        match locale {
            Some(locale) => {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }
            // Windows and macOS say nothing there, and their terminals do.
            None => cfg!(any(windows, target_os = "macos")),
        }
    }

    /// A variable whose value is secret. The system's own copy stays where the process began.
    pub(crate) fn secret(self, name: impl AsRef<OsStr>) -> Option<Secret> {
        std::env::var_os(name).map(|value| Secret::new(value.into_encoded_bytes()))
    }

    /// The value of a credential that the environment holds, as with the store `none`.
    pub(crate) fn credential(self, name: &CredentialName) -> Option<Secret> {
        self.secret(name.as_str())
    }

    /// All variables, for a child.
    pub(crate) fn all(self) -> std::env::VarsOs {
        std::env::vars_os()
    }

    /// The folder that a person stands in.
    pub(crate) fn current_folder(self) -> Option<PathBuf> {
        std::env::current_dir().ok()
    }
}

//! What a client accepts: sorts of values in an entry, and settings that say which servers it starts.

use serde::Deserialize;

use crate::catalog::client::{MovedBy, Platform};

/// Which sorts of values a client expects in an entry, and what comes of others.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typed {
    /// What comes of them.
    pub(crate) otherwise: Otherwise,
    /// What `type` may say; anything where the list is empty.
    #[serde(default)]
    pub(crate) types: Vec<String>,
    /// Whether there has to be a `type`.
    #[serde(default)]
    pub(crate) wants_type: bool,
    /// Whether a number among the arguments, and nothing as the value of a variable, is taken as it is.
    #[serde(default)]
    pub(crate) lenient: bool,
}

/// What a client does where a value is of the wrong sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Otherwise {
    /// It passes over the entry.
    SkipsEntry,
    /// It fails to start the server.
    FailsToStart,
    /// It refuses the whole file.
    RefusesFile,
}

/// A file in which somebody says which servers a client starts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsFile {
    /// Where, as in [`crate::catalog::client::ConfigurationFile::path`].
    pub(crate) path: String,
    /// On which systems; on all of them where the list is empty.
    #[serde(default)]
    pub(crate) platforms: Vec<Platform>,
    /// The variables that move it, the strongest first.
    #[serde(default)]
    pub(crate) moved_by: Vec<MovedBy>,
    /// Whether it may approve something only in a folder that the person trusts.
    #[serde(default)]
    pub(crate) wants_trust: bool,
}

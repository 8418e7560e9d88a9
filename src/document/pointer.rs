//! `Pointer`: the way to a value in a document, as RFC 6901 writes it.

use std::fmt;

/// `/mcpServers/github/env/GITHUB_TOKEN`. A key may be of any text, so a pointer is sanitized before a terminal shows
/// it.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub(crate) struct Pointer(String);

impl Pointer {
    /// The way one step further: `~` and `/` are escaped (RFC 6901, section 3).
    pub(crate) fn join(&self, key: &str) -> Self {
        let mut way = self.0.clone();
        way.push('/');
        way.push_str(&key.replace('~', "~0").replace('/', "~1"));
        Self(way)
    }

    /// Its keys, from the whole document on.
    pub(crate) fn steps(&self) -> impl Iterator<Item = String> {
        self.0.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"))
    }

    /// The way to what holds it, and its key there; nothing for the whole document.
    pub(crate) fn split(&self) -> Option<(Self, String)> {
        let (parent, key) = self.0.rsplit_once('/')?;
        Some((Self(parent.to_owned()), key.replace("~1", "/").replace("~0", "~")))
    }

    /// Of this text, for people who do not follow it: a key of the whole way may be a secret.
    pub(crate) fn to_be_shown(text: String) -> Self {
        Self(text)
    }

    /// As RFC 6901 writes it; the empty text is the whole document.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

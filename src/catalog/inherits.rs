//! `Inherits`: which variables of its client a server finds.

use serde::{Deserialize, Serialize};

/// What a server that a client starts finds in its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Inherits {
    /// All of the client's own environment.
    Everything,
    /// `PATH`, `HOME` and a few others.
    Basics,
    /// All but what looks like a secret.
    Harmless,
    /// Nobody knows.
    Unknown,
}

/// What Gemini CLI takes in a name for a sign of a secret.
const OF_SECRETS: &[&str] =
    &["TOKEN", "SECRET", "PASSWORD", "PASSWD", "KEY", "AUTH", "CREDENTIAL", "CREDS", "PRIVATE", "CERT"];

/// Names that it holds back besides.
const HELD_BACK: &[&str] = &["CLIENT_ID", "DB_URI", "CONNECTION_STRING", "DATABASE_URL"];

impl Inherits {
    /// Whether a server surely finds a variable of that name, where its client has it.
    pub(crate) fn passes_on(self, name: &str) -> bool {
        let name = name.to_ascii_uppercase();
        let is_harmless =
            || !HELD_BACK.contains(&name.as_str()) && !OF_SECRETS.iter().any(|word| name.contains(word));
        match self {
            Self::Everything => true,
            Self::Harmless => is_harmless(),
            Self::Basics | Self::Unknown => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_on_is_said_only_where_that_is_sure() {
        for name in ["MY_TOKEN", "openai_api_key", "GOOGLE_APPLICATION_CREDENTIALS", "DATABASE_URL"] {
            assert!(!Inherits::Harmless.passes_on(name), "{name}");
        }
        assert!(Inherits::Harmless.passes_on("KUBECONFIG") && Inherits::Everything.passes_on("MY_TOKEN"));
        assert!(!Inherits::Basics.passes_on("KUBECONFIG") && !Inherits::Unknown.passes_on("KUBECONFIG"));
    }
}

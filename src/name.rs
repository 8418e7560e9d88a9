//! `CredentialName` and `Profile`: parsed once at the edge, trusted inside.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a credential, which is also the name of its environment variable:
/// `[A-Za-z_][A-Za-z0-9_]{0,127}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct CredentialName(String);

impl CredentialName {
    /// The longest name, in bytes.
    pub(crate) const MAX: usize = 128;

    /// The name as it was first written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both name the same credential: names differ in more than case.
    pub(crate) fn is_twin_of(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

/// Why a text is not a credential name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidName {
    /// Nothing at all.
    #[error("a credential name cannot be empty")]
    Empty,
    /// More than [`CredentialName::MAX`] bytes.
    #[error("a credential name has at most 128 characters, this one has {0}")]
    TooLong(usize),
    /// A digit in front.
    #[error("a credential name starts with a letter or `_`")]
    LeadingDigit,
    /// The text looks like `NAME=value`, of which the value is not repeated.
    #[error("a credential name holds no `=`: a value is never an argument")]
    Assignment,
    /// A character outside the set. It is named by code point, not shown: the text may be a secret.
    #[error("a credential name holds only letters, digits and `_`")]
    Character,
}

impl FromStr for CredentialName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            Err(InvalidName::Empty)
        } else if text.contains('=') {
            Err(InvalidName::Assignment)
        } else if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            Err(InvalidName::Character)
        } else if text.starts_with(|first: char| first.is_ascii_digit()) {
            Err(InvalidName::LeadingDigit)
        } else if text.len() > Self::MAX {
            Err(InvalidName::TooLong(text.len()))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl TryFrom<String> for CredentialName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CredentialName> for String {
    fn from(name: CredentialName) -> Self {
        name.0
    }
}

impl AsRef<std::ffi::OsStr> for CredentialName {
    fn as_ref(&self) -> &std::ffi::OsStr {
        self.0.as_ref()
    }
}

impl fmt::Display for CredentialName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A namespace for names: `[a-z0-9][a-z0-9._-]{0,62}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Profile(String);

impl Default for Profile {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl Profile {
    /// As it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a profile.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a profile is 1 to 63 of `a-z`, `0-9`, `.`, `_` and `-`, and starts with a letter or a digit")]
pub(crate) struct InvalidProfile;

impl FromStr for Profile {
    type Err = InvalidProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = text.len() <= 63
            && text.bytes().next().is_some_and(plain)
            && text.bytes().all(|byte| plain(byte) || b"._-".contains(&byte));
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidProfile) }
    }
}

impl TryFrom<String> for Profile {
    type Error = InvalidProfile;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Profile> for String {
    fn from(profile: Profile) -> Self {
        profile.0
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_environment_variables_are_taken() {
        for good in ["GITHUB_TOKEN", "_x", "a", "A1", &"x".repeat(128)] {
            assert!(good.parse::<CredentialName>().is_ok(), "{good}");
        }
    }

    #[test]
    fn other_names_are_refused_with_the_reason() {
        let refused = |text: &str| text.parse::<CredentialName>().unwrap_err();
        assert_eq!(refused(""), InvalidName::Empty);
        assert_eq!(refused("1A"), InvalidName::LeadingDigit);
        assert_eq!(refused("A-B"), InvalidName::Character);
        assert_eq!(refused("TOKÉN"), InvalidName::Character);
        assert_eq!(refused("A=b"), InvalidName::Assignment);
        assert_eq!(refused(&"x".repeat(129)), InvalidName::TooLong(129));
    }

    #[test]
    fn twins_differ_in_case_alone() {
        let name = |text: &str| text.parse::<CredentialName>().unwrap();
        assert!(name("Github_Token").is_twin_of(&name("GITHUB_TOKEN")));
        assert!(!name("GITHUB").is_twin_of(&name("GITHUB_")));
    }

    #[test]
    fn profiles_are_lower_case_slugs() {
        for good in ["default", "0", "work.eu-1_x", &"p".repeat(63)] {
            assert!(good.parse::<Profile>().is_ok(), "{good}");
        }
        for bad in ["", "Work", ".x", "a b", "a/b", "a@b", &"p".repeat(64)] {
            assert!(bad.parse::<Profile>().is_err(), "{bad}");
        }
    }
}

//! WHERE VALUES LIE TODAY: `.env` files, the environment, items of other programs, `pass`.
//!
//! A source is read as a whole, gives [`Offer`]s, and can take back what was imported: nothing else of it changes.
//!
//! ```text
//! dotenv    `.env` files, as Node and as Python read them, and the lines that go once they are imported
//! encoding  what the bytes of another program's item mean: UTF-8, or UTF-16 as Windows tools write it
//! items     which items of a native store are meant, and what they are called here
//! pass      the standard Unix password manager
//! pattern   names with `*` and `?`
//! ```

pub(crate) mod dotenv;
pub(crate) mod encoding;
pub(crate) mod items;
pub(crate) mod pass;
pub(crate) mod pattern;

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::catalog::client::FieldKind;
use crate::document::Text;
use crate::recognise::{Context, Detector};
use crate::secret::Secret;

/// A value that a source offers, under the name that it has there.
pub(crate) struct Offer {
    /// What the source calls it; in a file that is written wrongly, a piece of a value.
    pub(crate) called: Zeroizing<String>,
    /// What its credential is called where the person says nothing else; it may be no name.
    pub(crate) named: Zeroizing<String>,
    /// Where it lies.
    pub(crate) place: Place,
    /// The value itself.
    pub(crate) value: Secret,
    /// How it came to be meant.
    pub(crate) choice: Choice,
    /// Which of the source's files or items it is from.
    pub(crate) number: usize,
}

/// How a value came to be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The person named it.
    Named,
    /// The person said that all are meant.
    All,
    /// It looks like a secret: the person is asked.
    Looks,
}

/// Where a value lies, for a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A line of a file.
    Line { file: PathBuf, line: u32 },
    /// A variable of this environment.
    Environment,
    /// An item of another program, by whatever it is called there.
    Item(String),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file, line } => write!(formatter, "line {line} of `{}`", file.display()),
            Self::Environment => formatter.write_str("the environment"),
            Self::Item(item) => write!(formatter, "`{item}`"),
        }
    }
}

/// Whether the value of a variable of this name looks like a secret, or holds one. What is no text does not.
pub(crate) fn looks_secret(detector: &Detector<'_>, name: &str, value: &Secret) -> bool {
    let context = Context { name, field: FieldKind::Env };
    value.expose_secret_str().is_ok_and(|text| !detector.examine(&context, Text::of(text)).is_empty())
}

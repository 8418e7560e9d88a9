//! Mechanisms: how a secret leaves an entry whose server still gets it, the best that its clients really support.
//!
//! ```text
//! variables   the variables of a program: our wrapper hands them over
//! arguments   its arguments: a variable that the program reads as well, or a placeholder that the wrapper fills in
//! headers     the headers and the URL of a remote server: a command that prints headers, a question, a bridge
//! command     a call of ours within a value, where the client runs one
//! oauth       the settings of OAuth clients
//! line        a command of the person's own that prints headers: ours in its place, or before it
//! bridge      a program in the place of a remote server, where the person asked for one
//! reference   a placeholder of the client's own
//! ```

pub(crate) mod arguments;
pub(crate) mod bridge;
pub(crate) mod command;
pub(crate) mod headers;
pub(crate) mod line;
pub(crate) mod oauth;
pub(crate) mod reference;
pub(crate) mod variables;

use std::ops::Range;

use serde::Serialize;

use crate::catalog::client::ReferenceSyntax;

/// What a person prefers, where a client supports it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Style {
    /// `mcpcred run` before the program
    #[default]
    Wrapper,
    /// a placeholder of the client's own, which it fills in from its environment
    Reference,
    /// a question that the client asks once, and whose answer it keeps
    Inputs,
    /// for remote servers: the local bridge `mcp-remote`, started by `mcpcred run`
    Bridge,
}

/// A mechanism, as programs read it. The list only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mechanism {
    /// `mcpcred run` hands a variable over.
    Wrapper,
    /// `mcpcred run` fills in a placeholder among the arguments.
    Argument,
    /// The client calls `mcpcred headers`.
    HeadersHelper,
    /// The client calls `mcpcred get` within a value.
    Command,
    /// The client fills in a placeholder of its own.
    Reference,
    /// The client asks the person.
    Input,
    /// `mcpcred run` starts `mcp-remote` in the place of a remote server.
    Bridge,
    /// It stays as it is.
    None,
}

impl Mechanism {
    /// In a few words, for a table.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Wrapper => "`mcpcred run` hands it over",
            Self::Argument => "`mcpcred run` puts it among the arguments",
            Self::HeadersHelper => "the client calls `mcpcred headers`",
            Self::Command => "the client calls `mcpcred get`",
            Self::Reference => "a placeholder that the client fills in",
            Self::Input => "the client asks once",
            Self::Bridge => "`mcpcred run` starts the bridge `mcp-remote`",
            Self::None => "left as it is",
        }
    }
}

/// What is done about one secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    /// The wrapper sets the variable, and the entry no longer does.
    Variable { variable: String },
    /// The same, where the entry has its variables in a list: the value becomes empty, and ours takes its place.
    Emptied { variable: String, part: Range<usize> },
    /// An argument loses a part (`=value` behind `-e NAME`, `NAME=value ` before a shell's command), and the wrapper
    /// sets the variable.
    Cut { variable: String, part: Range<usize> },
    /// Arguments go, and the wrapper sets the variable that the program reads as well.
    Taken { variable: String, items: Range<usize> },
    /// The program itself fills in `${VARIABLE}` (`mcp-remote`).
    Own { part: Range<usize> },
    /// The wrapper fills in `{{NAME}}`.
    Expanded { part: Range<usize> },
    /// A header that our helper prints.
    Helper { header: String, part: Range<usize> },
    /// The password, or the token, in front of the host of a URL: our helper prints the header that the client would
    /// have made of it.
    Basic { part: Range<usize> },
    /// The client puts in what `$(mcpcred get NAME)` prints.
    Command { part: Range<usize> },
    /// A placeholder of the client's own.
    Reference { syntax: ReferenceSyntax, part: Range<usize> },
    /// A placeholder for a question.
    Input { part: Range<usize> },
    /// A question loses its default, and is asked.
    Asked,
    /// A person's own line prints the same headers every time: our helper prints them.
    Printed,
    /// Our wrapper starts the program of a person's own line: with the variable, or with the value in the place of
    /// `{{NAME}}`.
    Prefixed { variable: Option<String> },
    /// Our wrapper starts a shell with a person's own line, in which it fills in `{{NAME}}`.
    InShell,
    /// A header or the address of the bridge that takes the place of the entry.
    Bridge { part: Range<usize> },
}

impl How {
    /// As programs read it.
    pub(crate) fn mechanism(&self) -> Mechanism {
        match self {
            Self::Variable { .. }
            | Self::Emptied { .. }
            | Self::Cut { .. }
            | Self::Taken { .. }
            | Self::Own { .. }
            | Self::Prefixed { variable: Some(_) } => Mechanism::Wrapper,
            Self::Expanded { .. } | Self::Prefixed { variable: None } | Self::InShell => Mechanism::Argument,
            Self::Helper { .. } | Self::Basic { .. } | Self::Printed => Mechanism::HeadersHelper,
            Self::Command { .. } => Mechanism::Command,
            Self::Reference { .. } => Mechanism::Reference,
            Self::Input { .. } | Self::Asked => Mechanism::Input,
            Self::Bridge { .. } => Mechanism::Bridge,
        }
    }
}

/// Why a secret stays where it is, and what a person can do: one sentence each, lower case, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) why: String,
    pub(crate) advice: String,
    /// The credential that has to be stored first, where nothing else is in the way.
    pub(crate) lacks: Option<String>,
}

impl Left {
    /// In words.
    pub(crate) fn new(why: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { why: why.into(), advice: advice.into(), lacks: None }
    }

    /// A placeholder for a credential that is not there yet.
    pub(crate) fn not_stored(name: &str) -> Self {
        let left = Self::new(
            format!("`{name}` is not stored, so that nothing could take the place of the placeholder"),
            format!("store it with `mcpcred add {name}`, and call again"),
        );
        Self { lacks: Some(name.to_owned()), ..left }
    }

    /// An entry that mcpcred starts with credentials of another profile.
    pub(crate) fn of_other_profile(profile: &str) -> Self {
        Self::new(
            format!(
                "the entry takes its credentials from the profile `{profile}`, where this one would not be"
            ),
            format!("call `mcpcred protect --profile {profile}` for it"),
        )
    }

    /// An entry that mcpcred starts with credentials of another store.
    pub(crate) fn of_other_store(store: &str) -> Self {
        if store == "none" {
            return Self::new(
                "the entry takes its credentials from the environment alone (`--store none`)",
                "take `--store` out of the entry, or `MCPCRED_STORE` where it is set there, and protect it then",
            );
        }
        Self::new(
            format!("the entry takes its credentials from the store `{store}`, where this one would not be"),
            format!("call `mcpcred protect --store {store}` for it, or take `--store` out of the entry"),
        )
    }

    /// What stands below a key with the form of a token: how to put it back would have to be noted by that key.
    pub(crate) fn below_a_token() -> Self {
        Self::new(
            "a token stands where a name belongs, and would go on record with it",
            "give it a name, replace the token at its provider, and call again",
        )
    }

    /// A placeholder with something else around it, where only a whole value can be handed over.
    pub(crate) fn not_alone() -> Self {
        Self::new(
            "something else stands around the placeholder in the same value",
            "store the whole value with `mcpcred add`, and let `mcpcred run` hand it over",
        )
    }

    /// An entry without a command.
    pub(crate) fn starts_nothing() -> Self {
        Self::new(
            "the entry starts no program that could be given it",
            "take it out, or write the command into the same entry",
        )
    }

    /// A command with its arguments in one text.
    pub(crate) fn one_line() -> Self {
        Self::new(
            "the command and its arguments are one text, which each client parts in its own way",
            "write the program into `command` and every argument into `args`, and protect it then",
        )
    }
}

//! `Hook`: a program of the person's that replaces values.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::credential::{Kind, Period};
use crate::name::CredentialName;

/// How long a hook may take where nobody said.
const TIME: Duration = Duration::from_secs(60);

/// The longest that may be said, in seconds.
const LONGEST: i64 = 3600;

/// `[rotate.command]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Commands {
    name: BTreeMap<CredentialName, Hook>,
    provider: BTreeMap<String, Hook>,
    kind: BTreeMap<Kind, Hook>,
}

impl Commands {
    /// The one for this credential: by its name, else by its provider, else by its kind.
    pub(crate) fn find(&self, name: &CredentialName, kind: Kind, provider: Option<&str>) -> Option<&Hook> {
        let by_name = self.name.iter().find(|(own, _)| own.is_twin_of(name)).map(|(_, hook)| hook);
        let by_provider = || self.provider.get(provider?);
        by_name.or_else(by_provider).or_else(|| self.kind.get(&kind))
    }
}

/// A program that gets the value in use on stdin and prints the new one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) struct Hook {
    /// What is run.
    pub(crate) program: Program,
    /// How long it may take.
    pub(crate) time: Duration,
    /// Variables that it gets beside those that every program needs.
    pub(crate) environment: Vec<String>,
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Program {
    /// A program and its arguments.
    Run(Vec<String>),
    /// A line for the shell, where the person asked for one.
    Shell(String),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a list of words, or a table with `run` (a list of words) or `shell` (a line)")]
enum Written {
    Words(Vec<String>),
    Table(Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    run: Option<Vec<String>>,
    shell: Option<String>,
    within: Option<String>,
    #[serde(default)]
    environment: Vec<String>,
}

impl TryFrom<Written> for Hook {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let table = match written {
            Written::Words(words) => {
                Table { run: Some(words), shell: None, within: None, environment: Vec::new() }
            }
            Written::Table(table) => table,
        };
        let program = match (table.run, table.shell) {
            (Some(words), None) if words.first().is_some_and(|program| !program.is_empty()) => {
                Program::Run(words)
            }
            (None, Some(line)) if !line.trim().is_empty() => Program::Shell(line),
            _ => return Err("a command is a program with its arguments in `run`, or a line in `shell`"),
        };
        let time = match table.within {
            None => TIME,
            Some(text) => match text.parse::<Period>() {
                Ok(Period(period)) if period.as_secs() <= LONGEST => {
                    Duration::from_secs(period.as_secs().unsigned_abs())
                }
                _ => return Err("`within` is a time of at most an hour, such as `5m`"),
            },
        };
        Ok(Self { program, time, environment: table.environment })
    }
}

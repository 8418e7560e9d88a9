//! `DotenvFile`: a `.env` file as Node's `dotenv` and as `python-dotenv` read it.
//!
//! The two read most files alike. Where they don't, which one counts is the person's to say: [`Flaw::Dialects`].
//! `${NAME}` and `$(command)` are never expanded: what is written is the value.

mod assignment;
mod node;
mod python;
#[cfg(test)]
mod tests;
mod text;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::document::{self, DocumentError, Place};
use crate::import::dotenv::assignment::Assignment;
use crate::import::dotenv::text::Plain;
use crate::secret::{Secret, SecretBuffer};

/// The largest `.env` file that is read, in bytes.
const MAX_DOTENV: usize = 1024 * 1024;

/// Who reads a `.env` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `dotenv` of npm, and Node itself.
    Node,
    /// `python-dotenv`.
    Python,
}

impl Dialect {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Node, Self::Python];

    /// The name that `--dialect` takes.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Python => "python",
        }
    }
}

/// Why a file can't be read as a `.env` file. It holds nothing of the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DotenvError {
    /// There is none.
    #[error("there is no file `{}`", .0.display())]
    Absent(PathBuf),
    /// It can't be read, or is no regular file.
    #[error(transparent)]
    File(#[from] DocumentError),
    /// More than [`MAX_DOTENV`] bytes.
    #[error("`{}` is larger than 1 MiB, and no `.env` file is", .0.display())]
    TooLarge(PathBuf),
    /// What Windows `PowerShell` writes with `>`.
    #[error("`{}` is UTF-16, which no program reads as a `.env` file; save it as UTF-8", .0.display())]
    Wide(PathBuf),
    /// Bytes that are no text.
    #[error("`{}` is not UTF-8 at {place}", path.display())]
    NotText { path: PathBuf, place: Place },
}

/// Why the value of a variable can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It begins with a quote that does not close where the value ends.
    Quotes,
    /// Node and Python read it differently, or one of them does not read it at all.
    Dialects,
}

/// A file that was read.
pub(crate) struct DotenvFile {
    path: PathBuf,
    content: Secret,
    node: Vec<Assignment>,
    python: Vec<Assignment>,
    strange: Vec<u32>,
}

impl DotenvFile {
    /// Reads it; links are followed, and nothing but a regular file is opened.
    ///
    /// # Errors
    /// [`DotenvError`]
    pub(crate) fn read(path: &Path) -> Result<Self, DotenvError> {
        let content = document::content(path)?.ok_or_else(|| DotenvError::Absent(path.to_owned()))?;
        Self::parse(path, content)
    }

    /// Understands its bytes; `path` is only what it is called.
    ///
    /// # Errors
    /// [`DotenvError::TooLarge`], [`DotenvError::Wide`], [`DotenvError::NotText`]
    pub(crate) fn parse(path: &Path, content: Secret) -> Result<Self, DotenvError> {
        if content.len() > MAX_DOTENV {
            return Err(DotenvError::TooLarge(path.to_owned()));
        }
        let bytes = content.expose_secret();
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(DotenvError::Wide(path.to_owned()));
        }
        let text = content.expose_secret_str().map_err(|fault| DotenvError::NotText {
            path: path.to_owned(),
            place: Place::of(bytes, fault.valid_up_to()),
        })?;
        let plain = Plain::of(text);
        let python = python::read(&plain);
        let node = node::read(&plain);
        let is_read = |line: &u32| node.binary_search_by_key(line, |it| it.line).is_ok();
        let strange = python.strange.into_iter().filter(|line| !is_read(line)).collect();
        Ok(Self { path: path.to_owned(), node, python: python.assignments, strange, content })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A copy of its bytes, as they were read.
    pub(crate) fn content(&self) -> Secret {
        Secret::copy_of(self.content.expose_secret())
    }

    /// The lines that say nothing to either dialect, and are no comment.
    pub(crate) fn strange_lines(&self) -> &[u32] {
        &self.strange
    }

    /// Its variables, in the order of the file, as one dialect reads them, or as both do.
    pub(crate) fn variables(&self, dialect: Option<Dialect>) -> Vec<Variable<'_>> {
        let mut variables: Vec<Variable<'_>> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (reader, assignments) in self.readers(dialect) {
            for assignment in assignments {
                let number = *known.entry(&assignment.key).or_insert_with(|| {
                    variables.push(Variable::new(&assignment.key, dialect));
                    variables.len() - 1
                });
                let variable = &mut variables[number];
                match reader {
                    Dialect::Node => variable.node.push(assignment),
                    Dialect::Python => variable.python.push(assignment),
                }
            }
        }
        variables.sort_by_key(Variable::line);
        // A byte order mark in the middle of a file, as after `cat`: for Python it is a part of the key, for Node it is
        // nothing. The line is one, and told of once.
        let plain: Vec<(&str, u32)> = variables.iter().map(|it| (it.key, it.line())).collect();
        let is_told = |it: &Variable<'_>| {
            let key = it.key.strip_prefix('\u{feff}');
            key.is_some_and(|key| plain.contains(&(key, it.line())))
        };
        variables.retain(|it| !is_told(it));
        variables
    }

    /// What the file holds without the lines of these keys. `None` where just those lines can't be taken out: what is
    /// left would then say something else than it did.
    pub(crate) fn without(&self, keys: &[&str], dialect: Option<Dialect>) -> Option<Secret> {
        let is_kept = |it: &&Assignment| !keys.contains(&it.key.as_str());
        let mut lines: Vec<Range<usize>> = self
            .readers(dialect)
            .flat_map(|(_, assignments)| assignments)
            .filter(|it| !is_kept(it))
            .map(|it| it.lines.clone())
            .collect();
        lines.sort_by_key(|it| (it.start, it.end));
        let bytes = self.content.expose_secret();
        let mut kept = SecretBuffer::with_capacity(bytes.len());
        let mut from = 0;
        for part in lines {
            kept.push(bytes.get(from..part.start.max(from))?);
            from = part.end.max(from);
        }
        kept.push(bytes.get(from..)?);
        let kept = kept.into_secret();
        let after = Self::parse(&self.path, Secret::copy_of(kept.expose_secret())).ok()?;
        let is_same = self.readers(dialect).zip(after.readers(dialect)).all(|((_, before), (_, after))| {
            let before = before.iter().filter(is_kept).map(|it| (&it.key, &it.reading));
            before.eq(after.iter().map(|it| (&it.key, &it.reading)))
        });
        is_same.then_some(kept)
    }

    fn readers(&self, dialect: Option<Dialect>) -> impl Iterator<Item = (Dialect, &[Assignment])> {
        let all = [(Dialect::Node, &self.node[..]), (Dialect::Python, &self.python[..])];
        all.into_iter().filter(move |(reader, _)| dialect.is_none_or(|wanted| wanted == *reader))
    }
}

/// A key and what is said of it.
pub(crate) struct Variable<'f> {
    /// The key as it is written, which may be no name.
    pub(crate) key: &'f str,
    dialect: Option<Dialect>,
    node: Vec<&'f Assignment>,
    python: Vec<&'f Assignment>,
}

impl<'f> Variable<'f> {
    fn new(key: &'f str, dialect: Option<Dialect>) -> Self {
        Self { key, dialect, node: Vec::new(), python: Vec::new() }
    }

    /// The line of the assignment that counts, which is the last one.
    pub(crate) fn line(&self) -> u32 {
        self.last().map(|it| it.line).max().unwrap_or_default()
    }

    /// The values that it may have: one, but for dialects that don't agree.
    pub(crate) fn possible_values(&self) -> impl Iterator<Item = &'f Secret> {
        self.last().filter_map(|it| it.reading.value())
    }

    /// A copy of the value that counts, or `None` where it is empty.
    ///
    /// # Errors
    /// [`Flaw`]
    pub(crate) fn value(&self) -> Result<Option<Secret>, Flaw> {
        if self.last().all(|it| it.reading == assignment::Reading::Empty) {
            return Ok(None);
        }
        let taken = match self.dialect {
            Some(Dialect::Node) => &self.node,
            Some(Dialect::Python) => &self.python,
            None if self.is_read_alike() => &self.node,
            None => return Err(Flaw::Dialects),
        };
        match taken.last().map(|it| &it.reading) {
            Some(assignment::Reading::Value(value)) => Ok(Some(Secret::copy_of(value.expose_secret()))),
            Some(assignment::Reading::Quotes(_)) => Err(Flaw::Quotes),
            Some(assignment::Reading::Empty) | None => Ok(None),
        }
    }

    /// The lines of earlier assignments of the same key, which count for nothing.
    pub(crate) fn earlier_lines(&self) -> Vec<u32> {
        let mut lines: Vec<u32> = self.earlier().map(|it| it.line).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// Whether one of those says something else, so that taking the lines away would lose it.
    pub(crate) fn hides_another_value(&self) -> bool {
        let last: Vec<_> = self.last().collect();
        self.earlier().any(|it| {
            it.reading != assignment::Reading::Empty && last.iter().any(|last| last.reading != it.reading)
        })
    }

    fn is_read_alike(&self) -> bool {
        let is_same = |(one, other): (&&Assignment, &&Assignment)| {
            one.lines == other.lines && (one.reading == other.reading || is_broken(one) && is_broken(other))
        };
        self.node.len() == self.python.len() && self.node.iter().zip(&self.python).all(is_same)
    }

    fn last(&self) -> impl Iterator<Item = &'f Assignment> {
        self.node.last().into_iter().chain(self.python.last()).copied()
    }

    fn earlier(&self) -> impl Iterator<Item = &'f Assignment> {
        let earlier = |all: &[&'f Assignment]| all[..all.len().saturating_sub(1)].to_vec();
        earlier(&self.node).into_iter().chain(earlier(&self.python))
    }
}

fn is_broken(assignment: &Assignment) -> bool {
    matches!(assignment.reading, assignment::Reading::Quotes(_))
}

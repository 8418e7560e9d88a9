//! `StartupFile`: a file that a shell reads when it begins, and what it becomes.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::failure::Failure;
use crate::inject::shell::Shell;
use crate::os::foreign_file::ForeignFile;
use crate::secret::Secret;
use crate::startup::block::{self, Installed, Removed};

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum Change {
    /// The lines are there, just so.
    Unchanged,
    /// There were none to take out.
    Absent,
    /// The lines came to its end.
    Added,
    /// It was made for them.
    Made,
    /// Other lines of ours were there.
    Updated,
    /// The lines are gone.
    Removed,
    /// It was made for them, and went with them.
    Deleted,
}

/// A file, read, with what is going to be in it.
pub(super) struct StartupFile {
    /// The path that the shell knows it by.
    pub(super) path: PathBuf,
    file: ForeignFile,
    next: Next,
}

enum Next {
    Stays(Change),
    Becomes(Change, Secret),
    Goes,
}

impl StartupFile {
    /// Reads it, and finds out what it becomes with the lines, or without any.
    ///
    /// # Errors
    /// Where it can't be read, or its marks are broken.
    pub(super) fn read(path: PathBuf, shell: Shell, lines: Option<&str>) -> Result<Self, Failure> {
        let file = ForeignFile::read(&path).map_err(|error| unusable(&path, &error))?;
        let next = match lines {
            Some(lines) => block::install(file.content(), lines, shell.as_str()).map(|done| match done {
                Installed::Unchanged => Next::Stays(Change::Unchanged),
                Installed::Added(new) if file.content().is_none() => Next::Becomes(Change::Made, new),
                Installed::Added(new) => Next::Becomes(Change::Added, new),
                Installed::Updated(new) => Next::Becomes(Change::Updated, new),
            }),
            None => block::uninstall(file.content().unwrap_or_default()).map(|done| match done {
                Removed::Unchanged => Next::Stays(Change::Absent),
                Removed::Rest(rest) => Next::Becomes(Change::Removed, rest),
                Removed::Nothing => Next::Goes,
            }),
        };
        match next {
            Ok(next) => Ok(Self { path, file, next }),
            Err(error) => Err(Failure::new(
                Failure::GENERAL,
                format!("`{}` is left as it is: {error}", path.display()),
            )
            .hint("take out by hand what stands between `# >>> mcpcred >>>` and `# <<< mcpcred <<<`, and the marks")),
        }
    }

    /// What becomes of it.
    pub(super) fn change(&self) -> Change {
        match &self.next {
            Next::Stays(change) | Next::Becomes(change, _) => *change,
            Next::Goes => Change::Deleted,
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// Where it can't be written; it is then as it was.
    pub(super) fn write(&self) -> Result<(), Failure> {
        let written = match &self.next {
            Next::Stays(_) => Ok(()),
            Next::Becomes(_, new) => self.file.replace(new),
            Next::Goes => self.file.remove(),
        };
        written.map_err(|error| unusable(&self.path, &error))
    }
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Failure::GENERAL, format!("cannot change `{}`", path.display()))
        .because(error.to_string())
        .hint("`mcpcred init SHELL` prints the lines, to be put where they belong by hand")
}

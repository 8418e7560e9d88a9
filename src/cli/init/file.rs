//! `StartupFile`: a file that a shell reads when it begins, and what it becomes.

use std::path::PathBuf;

use serde::Serialize;

use crate::app::App;
use crate::document;
use crate::failure::Failure;
use crate::inject::shell::Shell;
use crate::rewrite::{ClientLock, Outcome, Rewrite, RewriteError, Rewriting};
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
    before: Option<Secret>,
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
        let before =
            document::content(&path).map_err(|error| unusable(Failure::of(Failure::GENERAL, &error)))?;
        let content = before.as_ref().map(Secret::expose_secret);
        let next = match lines {
            Some(lines) => block::install(content, lines, shell.as_str()).map(|done| match done {
                Installed::Unchanged => Next::Stays(Change::Unchanged),
                Installed::Added(new) if content.is_none() => Next::Becomes(Change::Made, new),
                Installed::Added(new) => Next::Becomes(Change::Added, new),
                Installed::Updated(new) => Next::Becomes(Change::Updated, new),
            }),
            None => block::uninstall(content.unwrap_or_default()).map(|done| match done {
                Removed::Unchanged => Next::Stays(Change::Absent),
                Removed::Rest(rest) => Next::Becomes(Change::Removed, rest),
                Removed::Nothing => Next::Goes,
            }),
        };
        match next {
            Ok(next) => Ok(Self { path, before, next }),
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

    /// What is to be done for that; nothing where it stays as it is.
    fn rewrite(self) -> Option<Rewrite> {
        let after = match self.next {
            Next::Stays(_) => return None,
            Next::Becomes(_, new) => Some(new),
            Next::Goes => None,
        };
        Some(Rewrite { path: self.path, before: self.before, after, lock: ClientLock::None })
    }
}

/// Makes of the files what they are to become: all of them, or none.
///
/// # Errors
/// Where one can't be written, or somebody else changed it in the meantime.
pub(super) fn write(app: &App, files: Vec<StartupFile>) -> Result<(), Failure> {
    let rewrites: Vec<Rewrite> = files.into_iter().filter_map(StartupFile::rewrite).collect();
    if rewrites.is_empty() {
        return Ok(());
    }
    let failed = |error: RewriteError| if error.is_busy() { error.into() } else { unusable(error.into()) };
    let mut rewriting = Rewriting::begin(&app.settings.data_folder.value).map_err(failed)?;
    for rewrite in rewrites {
        rewriting.add(rewrite).map_err(failed)?;
    }
    let outcomes = rewriting.carry_out().map_err(failed)?;
    match outcomes.into_iter().find(|(_, outcome)| *outcome == Outcome::ChangedMeanwhile) {
        Some((path, _)) => Err(Failure::new(
            Failure::GENERAL,
            format!(
                "somebody else changed `{}` at the same moment, and it is as they left it",
                path.display()
            ),
        )
        .hint("call again")),
        None => Ok(()),
    }
}

fn unusable(failure: Failure) -> Failure {
    failure.hint("`mcpcred init SHELL` prints the lines, to be put where they belong by hand")
}

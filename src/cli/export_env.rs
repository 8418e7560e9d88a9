//! `mcpcred export-env`: lines for a shell or an environment file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::app::App;
use crate::audit::Action;
use crate::cli::Outcome;
use crate::failure::Failure;
use crate::index::Entry;
use crate::inject::shell::{Shell, Variable, github_actions, render};
use crate::name::CredentialName;
use crate::os::process::parent::parent_program;
use crate::secret::Secret;

/// Print the credentials as lines that a shell evaluates, byte for byte
#[derive(Debug, clap::Args)]
#[command(after_help = idioms())]
pub(super) struct ExportEnv {
    /// Names of the credentials [default: all of the profile]
    #[arg(value_name = "NAME", add = super::completions::names())]
    names: Vec<CredentialName>,
    /// For whom [default: `MCPCRED_SHELL`, then the parent process, then `SHELL`]
    #[arg(long, value_parser = shell_parser())]
    shell: Option<Shell>,
    /// Only those with this tag
    #[arg(long)]
    tag: Option<String>,
    /// For the startup file of a shell: asks nobody, gives up after 2 s, and says in one line what went wrong
    #[arg(long, requires = "shell")]
    pub(super) startup: bool,
}

fn shell_parser() -> impl TypedValueParser<Value = Shell> {
    let names = Shell::ALL.map(Shell::as_str);
    PossibleValuesParser::new(names).map(|text| text.parse().unwrap_or(Shell::Sh))
}

fn idioms() -> String {
    let lines = Shell::ALL.map(|shell| format!("  {:<15} {}\n", shell.as_str(), shell.idiom()));
    format!(
        "How each is used:\n{}\n`eval $(mcpcred export-env)` without quotes is safe as well.",
        lines.concat()
    )
}

impl ExportEnv {
    pub(super) fn run(self, app: &App) -> Outcome {
        let shell = match self.shell {
            Some(shell) => shell,
            None => detect(app)?,
        };
        let found = self.found(app)?;
        let variables: Vec<Variable<'_>> =
            found.iter().map(|(name, secret)| (name.as_str(), secret)).collect();
        if shell == Shell::GithubActions
            && let Some(file) = app.environment.path("GITHUB_ENV")
        {
            return write_github(app, &variables, &file);
        }
        app.ui.data(render(shell, &variables)?.expose_secret())?;
        Ok(ExitCode::SUCCESS)
    }

    /// The lines for a shell that is being opened. Where values come from the environment alone, they are there
    /// already.
    pub(super) fn lines(&self, app: &App) -> Result<Secret, Failure> {
        let shell = self.shell.unwrap_or(Shell::Sh);
        let found = if self.names.is_empty() && app.credentials.stores().is_none() {
            Vec::new()
        } else {
            self.found(app)?
        };
        let variables: Vec<Variable<'_>> =
            found.iter().map(|(name, secret)| (name.as_str(), secret)).collect();
        Ok(render(shell, &variables)?)
    }

    fn found(&self, app: &App) -> Result<Vec<(CredentialName, Secret)>, Failure> {
        app.credentials.read_for(Action::Export, None);
        let has_tag = |entry: &Entry| self.tag.as_ref().is_none_or(|tag| entry.facts.tags.contains(tag));
        Ok(if !self.names.is_empty() {
            app.credentials.get_many(&self.names)?
        } else if app.credentials.stores().is_none() {
            app.credentials.get_many(self.named_by_project(app)?)?
        } else {
            app.credentials.get_where(has_tag)?
        })
    }

    /// The environment alone does not tell which of its variables are credentials.
    fn named_by_project<'app>(&self, app: &'app App) -> Result<&'app [CredentialName], Failure> {
        match &app.settings.project_credentials {
            Some(project) if self.tag.is_none() => Ok(&project.value),
            _ => Err(Failure::new(
                Failure::USAGE,
                "which variables are credentials is not known while the store is `none`",
            )
            .hint("name them, as in `mcpcred export-env GITHUB_TOKEN`, or in `.mcpcred.toml`")),
        }
    }
}

fn detect(app: &App) -> Result<Shell, Failure> {
    let own = app.environment.text("MCPCRED_SHELL");
    let parent = if own.is_none() { parent_program() } else { None };
    let login = app.environment.text("SHELL");
    Shell::detect(own.as_deref(), parent.as_deref(), login.as_deref())
        .map_err(|error| Failure::of(Failure::USAGE, &error).hint("name the shell with `--shell`"))
}

/// Inside a workflow the masks go to the log, where the runner reads them, and the values into the file that
/// carries variables to the next steps.
fn write_github(app: &App, variables: &[Variable<'_>], file: &PathBuf) -> Outcome {
    let masks = github_actions::masks(variables)?;
    let entries = github_actions::entries(variables)?;
    app.ui.data(masks.expose_secret())?;
    let appended = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .and_then(|mut file| std::io::Write::write_all(&mut file, entries.expose_secret()));
    appended.map_err(|error| {
        Failure::new(Failure::GENERAL, format!("cannot append to `{}`", file.display()))
            .because(error.to_string())
    })?;
    Ok(ExitCode::SUCCESS)
}

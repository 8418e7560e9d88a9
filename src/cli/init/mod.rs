//! `mcpcred init`: the lines for a shell's startup file, and putting them there.

mod file;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::completions;
use crate::cli::init::file::{Change, StartupFile};
use crate::configuration::places::Places;
use crate::failure::Failure;
use crate::inject::shell::Shell;
use crate::name::CredentialName;
use crate::os::process::own_program::own_program;
use crate::os::process::parent::parent_program;
use crate::settings::Source;
use crate::startup::lines::Lines;
use crate::startup::{SHELLS, block, place};

/// Print, or install, what a shell runs when it begins: loads credentials, and completes `mcpcred`
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Everything that the shell starts will find the credentials in its environment; `mcpcred run` hands \
them to one program alone.\n\
A shell that nobody sits before (scp, rsync, a script) loads nothing. A store that is locked or does not answer within \
2 s costs one line on stderr, and the shell goes on."
)]
pub(super) struct Init {
    /// The shell
    #[arg(value_parser = shell_parser())]
    shell: Shell,
    /// Names of the credentials to load [default: all of the profile]
    #[arg(value_name = "NAME", add = completions::names())]
    names: Vec<CredentialName>,
    /// Only those with this tag, at the time when the shell begins
    #[arg(long, conflicts_with = "names")]
    tag: Option<String>,
    /// Put the lines into the file that the shell reads; a second time changes nothing
    #[arg(long)]
    install: bool,
    /// Take the lines out again; every other byte of the file stays
    #[arg(long, conflicts_with_all = ["install", "names", "tag"])]
    uninstall: bool,
    /// Only say what would be changed
    #[arg(long)]
    dry_run: bool,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

/// The document of `init --json`; its schema is `src/cli/schemas/init.schema.json`.
#[derive(Serialize)]
struct Document<'i> {
    schema_version: u32,
    shell: &'static str,
    dry_run: bool,
    files: &'i [Changed],
    lines: Option<&'i str>,
}

/// What became of a file, or would become.
#[derive(Serialize)]
struct Changed {
    path: PathBuf,
    change: Change,
}

fn shell_parser() -> impl TypedValueParser<Value = Shell> {
    PossibleValuesParser::new(SHELLS.map(Shell::as_str)).map(|text| text.parse().unwrap_or(Shell::Sh))
}

impl Init {
    pub(super) fn run(self, app: &App) -> Outcome {
        let shell = self.shell.as_str();
        if !self.install && !self.uninstall {
            if self.dry_run {
                return Err(Failure::new(Failure::USAGE, "`--dry-run` is for `--install` and `--uninstall`")
                    .hint("without them the lines are only printed"));
            }
            let lines = block::marked(&self.lines(app)?, shell, false);
            if self.json {
                let document =
                    Document { schema_version: 1, shell, dry_run: false, files: &[], lines: Some(&lines) };
                app.print_json(&document)?;
            } else {
                app.ui.data(lines.as_bytes())?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let lines = if self.install { Some(self.lines(app)?) } else { None };
        let files = install(app, self.shell, lines.as_deref(), self.dry_run)?;
        if self.json {
            let document = Document {
                schema_version: 1,
                shell,
                dry_run: self.dry_run,
                files: &files,
                lines: lines.as_deref(),
            };
            app.print_json(&document)?;
        } else {
            let places = Places::of(app.environment);
            for file in &files {
                app.ui.say(&told(file, &places, self.dry_run));
            }
        }
        let is_added = files.iter().any(|file| matches!(file.change, Change::Added | Change::Made));
        if is_added && !self.dry_run {
            app.ui.say(after_install(self.shell));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn lines(&self, app: &App) -> Result<String, Failure> {
        lines(app, self.shell, &self.names, self.tag.as_deref())
    }
}

/// The lines for a shell that loads these credentials: all of them where none is named.
fn lines(app: &App, shell: Shell, names: &[CredentialName], tag: Option<&str>) -> Result<String, Failure> {
    let program = own_program().map_err(|error| {
        Failure::new(Failure::GENERAL, "the system does not tell where mcpcred is").because(error.to_string())
    })?;
    let program = program.to_str().ok_or_else(|| {
        Failure::new(Failure::GENERAL, "the path of mcpcred is no text, which no startup file can hold")
            .hint("put mcpcred into another folder")
    })?;
    let profile = &app.settings.profile;
    let is_named = matches!(profile.source, Source::Flag(_));
    let registration =
        if shell == Shell::PowerShell { completions::registration("powershell")? } else { String::new() };
    let lines = Lines {
        program,
        names,
        tag,
        profile: is_named.then_some(&profile.value),
        registration: &registration,
    };
    Ok(lines.write(shell)?)
}

/// The shell that a person uses, and the file that it reads.
#[derive(Serialize)]
pub(super) struct ShellOffer {
    #[serde(serialize_with = "word")]
    pub(super) shell: Shell,
    pub(super) file: PathBuf,
    /// Whether it has lines of ours, whichever.
    #[serde(rename = "installed")]
    pub(super) is_installed: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn word<S: serde::Serializer>(shell: &Shell, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(shell.as_str())
}

/// What could be installed here; nothing where the shell is not known or its file can't be used.
pub(super) fn offer(app: &App) -> Option<ShellOffer> {
    let own = app.environment.text("MCPCRED_SHELL");
    let login = app.environment.text("SHELL");
    let shell = Shell::detect(own.as_deref(), parent_program().as_deref(), login.as_deref()).ok()?;
    let shell = SHELLS.into_iter().find(|known| *known == shell)?;
    let lines = lines(app, shell, &[], None).ok()?;
    let files = install(app, shell, Some(&lines), true).ok()?;
    let is_there = |file: &Changed| matches!(file.change, Change::Unchanged | Change::Updated);
    let is_installed = files.iter().all(is_there);
    Some(ShellOffer { shell, file: files.into_iter().next()?.path, is_installed })
}

/// Installs what was offered.
///
/// # Errors
/// Where a file can't be written.
pub(super) fn accept(app: &App, offer: &ShellOffer) -> Result<(), Failure> {
    let lines = lines(app, offer.shell, &[], None)?;
    let places = Places::of(app.environment);
    for file in install(app, offer.shell, Some(&lines), false)? {
        app.ui.say(&told(&file, &places, false));
    }
    app.ui.say(after_install(offer.shell));
    Ok(())
}

/// Puts the lines into the files of the shell, or takes them out where there are none.
fn install(app: &App, shell: Shell, lines: Option<&str>, is_dry: bool) -> Result<Vec<Changed>, Failure> {
    let paths = place::files(shell, &Places::of(app.environment));
    if paths.is_empty() {
        return Err(Failure::new(
            Failure::GENERAL,
            "there is no home folder, so no file that the shell reads",
        )
        .hint("set `HOME`"));
    }
    // All are looked at before the first is changed.
    let files = paths
        .into_iter()
        .map(|path| StartupFile::read(path, shell, lines))
        .collect::<Result<Vec<_>, Failure>>()?;
    let changed =
        files.iter().map(|file| Changed { change: file.change(), path: file.path.clone() }).collect();
    if !is_dry {
        file::write(app, files)?;
    }
    Ok(changed)
}

fn told(file: &Changed, places: &Places, is_dry: bool) -> String {
    let path = match places.home().and_then(|home| file.path.strip_prefix(home).ok()) {
        Some(rest) => format!("~{}{}", std::path::MAIN_SEPARATOR, rest.display()),
        None => file.path.display().to_string(),
    };
    let (done, would) = match file.change {
        Change::Unchanged => return format!("`{path}` has the lines already"),
        Change::Absent => return format!("`{path}` has no lines of mcpcred"),
        Change::Added => ("Added the lines to", "Would add the lines to"),
        Change::Made => ("Made", "Would make"),
        Change::Updated => ("Brought the lines up to date in", "Would bring the lines up to date in"),
        Change::Removed => ("Took the lines out of", "Would take the lines out of"),
        Change::Deleted => ("Deleted", "Would delete"),
    };
    let reason = if file.change == Change::Deleted { ", which was made for the lines" } else { "" };
    format!("{} `{path}`{reason}", if is_dry { would } else { done })
}

fn after_install(shell: Shell) -> &'static str {
    if shell == Shell::PowerShell && cfg!(windows) {
        "They count in the next shell that you open; where scripts are turned off, allow your own with \
         `Set-ExecutionPolicy -Scope CurrentUser RemoteSigned`"
    } else {
        "They count in the next shell that you open"
    }
}

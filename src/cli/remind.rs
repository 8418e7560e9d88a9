//! `mcpcred remind`: tell a person, once a day, what should be replaced.

use std::path::PathBuf;
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::schedules;
use crate::credential::Facts;
use crate::failure::Failure;
use crate::name::{CredentialName, Profile};
use crate::os::notification;
use crate::reminder::{Errand, Installation, LastTold};
use crate::settings::Source;

/// How long before its end a credential is spoken of, as in `check`.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How many names a notification shows.
const SHOWN: usize = 5;

/// Notify on the desktop, at most once a day, when a credential should be replaced; asks no store and no person
#[derive(Debug, clap::Args)]
#[command(
    after_help = "`--install` has it done each day: by a timer of systemd, an agent of launchd, or a task of the \
Windows Task Scheduler, all of them yours alone."
)]
pub(super) struct Remind {
    /// Have it done each day
    #[arg(long, conflicts_with_all = ["uninstall", "status"])]
    install: bool,
    /// No longer have it done
    #[arg(long, conflicts_with = "status")]
    uninstall: bool,
    /// Whether it is done each day, when a person was told last, and what is due
    #[arg(long)]
    status: bool,
    /// Print a JSON document
    #[arg(long, requires = "status")]
    json: bool,
}

/// The document of `remind --status --json`; its schema is `src/cli/schemas/remind.schema.json`.
#[derive(Serialize)]
struct Document<'app> {
    schema_version: u32,
    profile: &'app Profile,
    installed: bool,
    by: &'static str,
    files: Vec<PathBuf>,
    last_told: Option<Timestamp>,
    due: Vec<CredentialName>,
}

impl Remind {
    pub(super) fn run(self, app: &App) -> Outcome {
        if self.install {
            return install(app);
        }
        if self.uninstall {
            let was_there = installation(app)?.uninstall()?;
            app.ui.say(if was_there { "Nobody is reminded any more" } else { "Nobody was reminded" });
            return Ok(ExitCode::SUCCESS);
        }
        if self.status {
            return self.tell_status(app);
        }
        remind(app)
    }

    fn tell_status(&self, app: &App) -> Outcome {
        let installation = installation(app)?;
        let installed = installation.is_installed();
        let document = Document {
            schema_version: 1,
            profile: app.credentials.profile(),
            installed,
            by: Installation::by(),
            files: if installed { installation.files() } else { Vec::new() },
            last_told: LastTold::in_folder(&app.settings.data_folder.value).moment(),
            due: due(app)?.into_iter().map(|(name, _)| name).collect(),
        };
        if self.json {
            app.print_json(&document)?;
            return Ok(ExitCode::SUCCESS);
        }
        let installed =
            if installed { format!("each day, by {}", document.by) } else { "not installed".to_owned() };
        let last = document.last_told.map_or("never".to_owned(), |last| last.to_string());
        let names: Vec<String> = document.due.iter().map(ToString::to_string).collect();
        let due = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        app.ui.data(format!("reminder: {installed}\ntold: {last}\ndue: {due}\n").as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What the timer runs.
fn remind(app: &App) -> Outcome {
    let now = app.credentials.now();
    let due = due(app)?;
    if due.is_empty() {
        app.ui.say("Nothing is due");
        return Ok(ExitCode::SUCCESS);
    }
    let last = LastTold::in_folder(&app.settings.data_folder.value);
    let (title, body) = words(&due, now);
    if !last.is_over(now) {
        app.ui.say(&format!("{title}: {body}; that was told within the last day"));
        return Ok(ExitCode::SUCCESS);
    }
    if !notification::show(&title, &body) {
        return Err(Failure::new(Failure::GENERAL, format!("{title}: {body}"))
            .because("the desktop of this session shows no notifications, or there is none")
            .hint("see them with `mcpcred list --due`"));
    }
    last.note(now).map_err(|error| Failure::of(Failure::GENERAL, &error))?;
    app.ui.say(&format!("{title}: {body}"));
    Ok(ExitCode::SUCCESS)
}

/// What is due by the index alone, which is neither rebuilt nor written.
fn due(app: &App) -> Result<Vec<(CredentialName, Facts)>, Failure> {
    let now = app.credentials.now();
    let known = app.credentials.list_if_whole().ok_or_else(|| {
        Failure::new(Failure::GENERAL, "the index is gone or damaged, so what is due is not known")
            .hint("`mcpcred list` makes it anew from the store")
    })?;
    let entries = schedules::applied(app, known)?.into_iter().map(|(name, entry)| (name, entry.facts));
    Ok(entries.filter(|(_, facts)| facts.is_rotation_due(now) || ends_soon(facts, now)).collect())
}

fn ends_soon(facts: &Facts, now: Timestamp) -> bool {
    facts.expires.is_some_and(|expires| expires.duration_since(now) <= SOON)
}

fn words(due: &[(CredentialName, Facts)], now: Timestamp) -> (String, String) {
    let title = match due.len() {
        1 => "A credential should be replaced".to_owned(),
        count => format!("{count} credentials should be replaced"),
    };
    let mut names: Vec<String> = due
        .iter()
        .take(SHOWN)
        .map(|(name, facts)| match facts.expires.filter(|_| ends_soon(facts, now)) {
            Some(expires) if expires <= now => format!("{name} (expired)"),
            Some(expires) => format!("{name} (ends on {})", expires.strftime("%Y-%m-%d")),
            None => name.to_string(),
        })
        .collect();
    if due.len() > SHOWN {
        names.push(format!("and {} more", due.len() - SHOWN));
    }
    (title, names.join(", "))
}

fn install(app: &App) -> Outcome {
    let no_text = || {
        Failure::new(Failure::GENERAL, "a path of mcpcred holds what the system's timer can't take")
            .hint("keep the program and its folders at paths of plain text")
    };
    let program = std::env::current_exe().map_err(|error| Failure::of(Failure::GENERAL, &error))?;
    let folders = [
        ("MCPCRED_DATA_DIR", &app.settings.data_folder),
        ("MCPCRED_CONFIG_DIR", &app.settings.config_folder),
    ];
    let named = folders.into_iter().filter(|(_, folder)| folder.source != Source::Default);
    let named: Vec<(String, PathBuf)> =
        named.map(|(variable, folder)| (variable.to_owned(), folder.value.clone())).collect();
    if cfg!(windows) && !named.is_empty() {
        app.ui.warn(
            "a task can't be given variables: set `MCPCRED_DATA_DIR` and `MCPCRED_CONFIG_DIR` for the user",
        );
    }
    let profile = app.credentials.profile();
    let is_default = *profile == Profile::default();
    let profile = profile.to_string();
    let errand =
        Errand::new(program, (!is_default).then_some(profile.as_str()), named).ok_or_else(no_text)?;
    let is_at_work = installation(app)?.install(&errand)?;
    app.ui.say(&format!(
        "You are reminded each day at 10 by {}{}",
        Installation::by(),
        if is_at_work { "" } else { ", from your next login on" }
    ));
    Ok(ExitCode::SUCCESS)
}

fn installation(app: &App) -> Result<Installation, Failure> {
    let folder = if cfg!(target_os = "macos") {
        dirs::home_dir()
    } else if cfg!(windows) {
        Some(app.settings.data_folder.value.clone())
    } else {
        dirs::config_dir()
    };
    let folder = folder.ok_or_else(|| Failure::from(crate::settings::SettingsError::NoHome))?;
    let user = app.environment.text("USERNAME").map(|user| match app.environment.text("USERDOMAIN") {
        Some(domain) => format!("{domain}\\{user}"),
        None => user,
    });
    Ok(Installation::new(folder, user))
}

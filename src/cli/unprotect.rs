//! `mcpcred unprotect`: configurations get back what `protect` took out of them.

use std::process::ExitCode;

use serde::Serialize;

use crate::app::App;
use crate::audit::Action;
use crate::cli::Outcome;
use crate::cli::check::absent_server;
use crate::credentials::CredentialError;
use crate::document::inverse::Restored;
use crate::failure::Failure;
use crate::name::{CredentialName, Profile};
use crate::secret::Secret;
use crate::ui::AskError;
use crate::undo::{self, Entry, How, Records, Undone};

/// Put secrets back into the configurations that `protect` took them out of; they stay stored too
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every byte comes back that `protect` changed; where a client has written the file anew since, the \
values do. A value\nthat was rotated comes back as it is now, for the former one is void. The credentials stay stored: \
see `mcpcred delete`."
)]
pub(super) struct Unprotect {
    /// Only the configurations of this client; may be given several times
    #[arg(long, value_name = "CLIENT")]
    client: Vec<String>,
    /// Only this entry of the configurations; may be given several times
    #[arg(long, value_name = "SERVER")]
    server: Vec<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

/// The document.
#[derive(Serialize)]
struct Document {
    schema_version: u32,
    profile: String,
    restored: Vec<Row>,
}

/// One entry.
#[derive(Serialize)]
struct Row {
    file: String,
    client: String,
    server: String,
    outcome: &'static str,
    why: Option<String>,
}

impl Unprotect {
    pub(super) fn run(self, app: &App) -> Outcome {
        let folder = &app.settings.data_folder.value;
        let records = Records::load(folder)?;
        let profile = app.credentials.profile();
        let own: Vec<&Entry> = records.entries().iter().filter(|entry| entry.profile == *profile).collect();
        self.refuse_unknown(&own)?;
        let wanted: Vec<&Entry> = own.into_iter().filter(|entry| self.wants(entry, profile)).collect();
        if wanted.is_empty() {
            app.ui.say("Nothing that `protect` did is on record");
            return self.tell(app, Vec::new());
        }
        for entry in &wanted {
            let names: Vec<String> = entry.credentials().iter().map(ToString::to_string).collect();
            let path = entry.file.display();
            let what = match &names[..] {
                // Where a placeholder alone was mended.
                [] => "as it was written before".to_owned(),
                _ => format!("{} in plain text again", names.join(", ")),
            };
            app.ui.say(&format!("`{path}`, {}: {what}", entry.server));
        }
        if !self.yes && !confirm(app)? {
            return Err(Failure::new(Failure::NEEDS_PERSON, "nothing was changed"));
        }
        let values = values(app, &wanted)?;
        let undone = undo::restore(folder, &|entry| self.wants(entry, profile), &values)?;
        self.tell(app, undone)
    }

    fn wants(&self, entry: &Entry, profile: &Profile) -> bool {
        entry.profile == *profile
            && (self.client.is_empty() || self.client.contains(&entry.client))
            && (self.server.is_empty() || entry.server.is_empty() || self.server.contains(&entry.server))
    }

    fn refuse_unknown(&self, own: &[&Entry]) -> Result<(), Failure> {
        let servers: Vec<&str> = own.iter().map(|entry| entry.server.as_str()).collect();
        absent_server(&self.server, &servers)
            .map_or(Ok(()), |failure| Err(failure.because("only what `protect` changed can be put back")))
    }

    fn tell(&self, app: &App, undone: Vec<Undone>) -> Outcome {
        let is_whole = undone.iter().all(Undone::is_over);
        let rows: Vec<Row> = undone.into_iter().map(row).collect();
        for row in &rows {
            let place = format!("`{}`, {}", row.file, row.server);
            match &row.why {
                None => app.ui.say(&format!("Put back {place}")),
                Some(why) => app.ui.warn(&format!("{place}: {why}")),
            }
        }
        if !rows.is_empty() {
            app.ui.say("The credentials stay stored; `mcpcred delete` removes one");
        }
        if self.json {
            let profile = app.credentials.profile().to_string();
            app.print_json(&Document { schema_version: 1, profile, restored: rows })?;
        }
        Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(Failure::GENERAL) })
    }
}

/// What became of an entry, in a word for programs, and what a person should know of it.
fn row(undone: Undone) -> Row {
    let (outcome, why) = match &undone.how {
        How::Restored(Restored::Exactly) => ("exact", None),
        How::Restored(Restored::ByValue) => ("by_value", None),
        How::Restored(Restored::Already) => ("already", None),
        How::Restored(Restored::Gone) => ("gone", Some("the entry is not there any more".to_owned())),
        How::Restored(Restored::Changed) => {
            ("changed", Some("somebody has changed what was edited, so it is left as it is".to_owned()))
        }
        How::NotStored(name) => {
            ("not_stored", Some(format!("`{name}` is not stored any more, so it is left as it is")))
        }
        How::Unreadable(why) => ("unreadable", Some(why.clone())),
        How::ChangedMeanwhile => {
            ("changed_meanwhile", Some("its client wrote it at the same moment; call again".to_owned()))
        }
    };
    Row {
        file: undone.file.to_string_lossy().into_owned(),
        client: undone.client,
        server: undone.server,
        outcome,
        why,
    }
}

/// The values of all credentials that are needed, as far as they are stored.
fn values(app: &App, wanted: &[&Entry]) -> Result<Vec<(Profile, CredentialName, Secret)>, Failure> {
    let mut names: Vec<CredentialName> = wanted.iter().flat_map(|entry| entry.credentials()).collect();
    names.sort();
    names.dedup();
    app.credentials.read_for(Action::Protect, None);
    let profile = app.credentials.profile();
    let is_missing = |error: &CredentialError| {
        matches!(error, CredentialError::NotFound { .. } | CredentialError::Vanished { .. })
    };
    let failed = |error| Failure::from(error).because("nothing was changed");
    // All at once, and one by one only where that tells which is not there.
    match app.credentials.get_many(&names) {
        Ok(found) => {
            return Ok(names
                .into_iter()
                .zip(found)
                .map(|(name, (_, it))| (profile.clone(), name, it))
                .collect());
        }
        Err(error) if is_missing(&error) => {}
        Err(error) => return Err(failed(error)),
    }
    let mut values = Vec::with_capacity(names.len());
    for name in names {
        match app.credentials.get(&name) {
            Ok(secret) => values.push((profile.clone(), name, secret)),
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(values)
}

fn confirm(app: &App) -> Result<bool, Failure> {
    app.ui.confirm("Write these values into the files?").map_err(|error| match error {
        AskError::NoTerminal => Failure::from(error).hint("say `--yes` to put them back without being asked"),
        _ => error.into(),
    })
}

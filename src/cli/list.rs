//! `mcpcred list`: names and facts, never values.

use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::schedules;
use crate::credential::{Facts, Kind};
use crate::index::{Entry, State};
use crate::name::{CredentialName, Profile};
use crate::store::StoreKind;
use crate::ui::table::Table;

/// List the credentials with what is known about them; asks no store and shows no value
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only those whose value should be replaced by now, or that have expired
    #[arg(long)]
    due: bool,
    /// Only those for this MCP server
    #[arg(long, add = super::completions::servers())]
    server: Option<String>,
    /// Only those with this tag
    #[arg(long)]
    tag: Option<String>,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

/// The document of `list --json`; its schema is `src/cli/schemas/list.schema.json`.
#[derive(Serialize)]
struct Document<'app> {
    schema_version: u32,
    profile: &'app Profile,
    credentials: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: CredentialName,
    kind: Kind,
    server: Option<String>,
    label: Option<String>,
    tags: Vec<String>,
    created: Timestamp,
    rotated: Option<Timestamp>,
    expires: Option<Timestamp>,
    expired: bool,
    scopes: Vec<String>,
    rotate_every_days: Option<u32>,
    rotation_due_on: Option<Timestamp>,
    rotation_due: bool,
    generated_as: Option<String>,
    revoke_at: Option<String>,
    issued_to: Option<String>,
    issued_with: Option<CredentialName>,
    previous_kept_until: Option<Timestamp>,
    note: Option<String>,
    store: StoreKind,
    state: State,
}

impl Row {
    fn new(name: CredentialName, entry: Entry, now: Timestamp) -> Self {
        let rotation_due_on = entry.facts.rotation_due_on();
        let rotation_due = entry.facts.is_rotation_due(now);
        let expired = entry.facts.is_expired(now);
        let Facts {
            kind,
            server,
            label,
            tags,
            created,
            rotated,
            expires,
            scopes,
            rotate_every_days,
            generated_as,
            revoke_at,
            issued_to,
            issued_with,
            note,
        } = entry.facts;
        Self {
            name,
            kind,
            server,
            label,
            tags,
            created,
            rotated,
            expires,
            expired,
            scopes,
            rotate_every_days,
            rotation_due_on,
            rotation_due,
            generated_as,
            revoke_at,
            issued_to,
            issued_with,
            previous_kept_until: entry.previous_until.filter(|until| *until > now),
            note,
            store: entry.store,
            state: entry.state,
        }
    }

    fn remarks(&self) -> String {
        let mut remarks = Vec::new();
        match self.state {
            State::Stored => {}
            State::Adding => remarks.push("its addition is not finished"),
            State::Rotating | State::Replacing => remarks.push("its rotation is not finished"),
            State::Removing => remarks.push("its deletion is not finished"),
        }
        if self.expired {
            remarks.push("expired");
        }
        if self.rotation_due {
            remarks.push("rotation due");
        }
        remarks.join(", ")
    }
}

impl List {
    pub(super) fn run(self, app: &App) -> Outcome {
        let now = app.credentials.now();
        let rows: Vec<Row> = schedules::applied(app, app.credentials.list()?)?
            .into_iter()
            .map(|(name, entry)| Row::new(name, entry, now))
            .filter(|row| !self.due || row.rotation_due || row.expired)
            .filter(|row| self.server.is_none() || row.server == self.server)
            .filter(|row| self.tag.as_ref().is_none_or(|tag| row.tags.contains(tag)))
            .collect();
        if self.json {
            let profile = app.credentials.profile();
            app.print_json(&Document { schema_version: 1, profile, credentials: rows })?;
        } else if rows.is_empty() {
            app.ui.say(if self.due { "Nothing is due" } else { "No credentials" });
        } else {
            let mut table =
                Table::new(&["NAME", "KIND", "SERVER", "STORE", "CHANGED", "DUE", "LABEL", "REMARKS"]);
            for row in &rows {
                table.row(&[
                    row.name.as_str(),
                    row.kind.as_str(),
                    row.server.as_deref().unwrap_or(""),
                    row.store.as_str(),
                    &day(Some(row.rotated.unwrap_or(row.created))),
                    &day([row.rotation_due_on, row.expires].into_iter().flatten().min()),
                    row.label.as_deref().unwrap_or(""),
                    &row.remarks(),
                ]);
            }
            app.ui.data(table.render(app.ui.data_width()).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// `2026-11-22`, in UTC.
fn day(moment: Option<Timestamp>) -> String {
    moment.map(|moment| moment.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

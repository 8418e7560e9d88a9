//! `mcpcred ps`: the running programs that `run` gave credentials to.

use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::children::{Child, Held};
use crate::cli::Outcome;
use crate::name::{CredentialName, Profile};
use crate::ui::table::Table;

/// Show the running programs that `mcpcred run` started, and which credentials each holds
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Programs of every profile are shown. What a program itself started has its environment too."
)]
pub(super) struct Ps {
    /// Only those that hold one of these credentials of the profile
    #[arg(value_name = "NAME", add = super::completions::names())]
    names: Vec<CredentialName>,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

/// The document of `ps --json`; its schema is `src/cli/schemas/ps.schema.json`.
#[derive(Serialize)]
struct Document<'app> {
    schema_version: u32,
    programs: Vec<Row<'app>>,
}

#[derive(Serialize)]
struct Row<'child> {
    pid: u32,
    program: &'child str,
    server: Option<&'child str>,
    credentials: &'child [Held],
    started_by: Option<&'child str>,
    since: Timestamp,
    /// Whether it runs where this mcpcred can look at it and end it.
    here: bool,
    machine: &'child str,
}

impl<'child> Row<'child> {
    fn new(child: &'child Child) -> Self {
        Self {
            pid: child.identity.pid,
            program: &child.program,
            server: child.server.as_deref(),
            credentials: &child.credentials,
            started_by: child.started_by.as_deref(),
            since: child.since,
            here: child.is_here,
            machine: child.machine(),
        }
    }
}

impl Ps {
    pub(super) fn run(self, app: &App) -> Outcome {
        let profile = app.credentials.profile();
        let mut children = app.children().list()?;
        children.retain(|child| {
            self.names.is_empty() || self.names.iter().any(|name| child.holds(profile, name))
        });
        let rows: Vec<Row> = children.iter().map(Row::new).collect();
        if self.json {
            app.print_json(&Document { schema_version: 1, programs: rows })?;
        } else if rows.is_empty() {
            app.ui.say("No program that `mcpcred run` started is running");
        } else {
            let mut table =
                Table::new(&["PID", "PROGRAM", "SERVER", "CREDENTIALS", "STARTED BY", "SINCE", "WHERE"]);
            for row in &rows {
                table.row(&[
                    row.pid.to_string().as_str(),
                    row.program,
                    row.server.unwrap_or(""),
                    &held(row.credentials, profile),
                    row.started_by.unwrap_or(""),
                    &row.since.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
                    if row.here { "here" } else { row.machine },
                ]);
            }
            app.ui.data(table.render(app.ui.data_width()).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Names, those of another profile after its own.
fn held(credentials: &[Held], profile: &Profile) -> String {
    let tell = |held: &Held| {
        if held.profile == *profile {
            held.name.to_string()
        } else {
            format!("{}/{}", held.profile, held.name)
        }
    };
    if credentials.is_empty() {
        "?".to_owned()
    } else {
        credentials.iter().map(tell).collect::<Vec<_>>().join(", ")
    }
}

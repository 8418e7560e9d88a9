//! `mcpcred audit report`: per credential, when it was used last, by whom, how often, and for how long not.

use std::collections::BTreeMap;
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::app::App;
use crate::audit::reader::{self, Filter};
use crate::audit::usage::{DAYS, Usage, sparkline};
use crate::cli::Outcome;
use crate::cli::audit::{Since, files, moment, unreadable};
use crate::ui::table::Table;

/// Tell per credential when it was used last, by whom, how often, and for how long not
#[derive(Debug, clap::Args)]
pub(super) struct Report {
    /// Only what happened since: `30d` or `2026-01-31`
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

/// The document of `audit report --json`; its schema is `src/cli/schemas/audit-report.schema.json`.
#[derive(Serialize)]
struct Document {
    schema_version: u32,
    credentials: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    profile: String,
    name: String,
    stored: bool,
    uses: u64,
    refused: u64,
    last_used: Option<Timestamp>,
    last_by: Option<String>,
    unused_days: Option<i64>,
    by: BTreeMap<String, u64>,
    last_30_days: Vec<u64>,
}

impl Report {
    pub(super) fn run(self, app: &App) -> Outcome {
        let now = app.credentials.now();
        let since = self.since.map(|since| since.moment(now));
        let filter = Filter { since, ..Filter::default() };
        let mut all: BTreeMap<(String, String), (Usage, bool)> = BTreeMap::new();
        let index = app.credentials.index_if_whole();
        for (profile, name, _) in index.iter().flat_map(crate::index::Index::every_entry) {
            all.insert((profile.to_string(), name.to_string()), (Usage::default(), true));
        }
        let read = reader::each(&files(app), &filter, |line, _| {
            if let (Some(profile), Some(name)) = (&line.profile, &line.name)
                && line.action.is_use()
            {
                all.entry((profile.clone(), name.clone())).or_default().0.take(&line, now);
            }
            Ok(())
        });
        read.map_err(|error| unreadable(&error))?;
        let credentials: Vec<Row> = all.into_iter().map(|entry| row(entry, now)).collect();
        if self.json {
            app.print_json(&Document { schema_version: 1, credentials })?;
        } else if credentials.is_empty() {
            app.ui.say("No credentials, and no use of any");
        } else {
            app.ui.data(table(app, &credentials, now).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(((profile, name), (usage, stored)): ((String, String), (Usage, bool)), now: Timestamp) -> Row {
    let unused_days = usage.unused_for(now).map(|time| time.as_secs() / 86_400);
    let Usage { uses, refused, last_used, last_by, by, days } = usage;
    Row {
        profile,
        name,
        stored,
        uses,
        refused,
        last_used,
        last_by,
        unused_days,
        by,
        last_30_days: days.to_vec(),
    }
}

fn table(app: &App, rows: &[Row], now: Timestamp) -> String {
    let is_drawn = app.ui.data_is_terminal();
    let picture = format!("LAST {DAYS} DAYS");
    let mut headings = vec!["NAME", "USES", "REFUSED", "LAST USED (UTC)", "BY", "UNUSED FOR", "REMARKS"];
    if is_drawn {
        headings.insert(6, &picture);
    }
    let own = app.credentials.profile().to_string();
    let mut table = Table::new(&headings);
    for row in rows {
        let name =
            if row.profile == own { row.name.clone() } else { format!("{}/{}", row.profile, row.name) };
        let refused = if row.refused == 0 { String::new() } else { row.refused.to_string() };
        let mut cells = vec![
            name,
            row.uses.to_string(),
            refused,
            row.last_used.map(moment).unwrap_or_default(),
            by(row),
            row.last_used.map_or_else(|| "never used".to_owned(), |last| period(now.duration_since(last))),
            if row.stored { String::new() } else { "not stored (any more)".to_owned() },
        ];
        if is_drawn {
            cells.insert(6, sparkline(&row.last_30_days, !app.environment.speaks_utf8()));
        }
        table.row(&cells);
    }
    table.render(app.ui.data_width())
}

/// The three who used it most, the most frequent first.
fn by(row: &Row) -> String {
    let mut all: Vec<(&String, &u64)> = row.by.iter().collect();
    all.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    let named: Vec<String> = all.iter().take(3).map(|(name, count)| format!("{name} {count}")).collect();
    let more = if all.len() > 3 { ", …" } else { "" };
    format!("{}{more}", named.join(", "))
}

fn period(time: SignedDuration) -> String {
    match time.as_secs().max(0) {
        seconds if seconds < 3600 => format!("{} min", seconds / 60),
        seconds if seconds < 86_400 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

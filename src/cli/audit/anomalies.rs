//! `mcpcred audit anomalies`: use that is not as it was before.

use std::process::ExitCode;

use serde::Serialize;

use crate::app::App;
use crate::audit::Anomaly;
use crate::audit::anomaly::replay;
use crate::cli::Outcome;
use crate::cli::audit::{Since, files, moment, unreadable};
use crate::ui::table::Table;

/// Tell of use that is not as it was before: new programs, bursts, odd hours, refusals
#[derive(Debug, clap::Args)]
#[command(
    after_help = "How strict each rule is stands below `[audit.anomalies]` in `config.toml`; 0 turns one off:\n  \
known_after_uses = 10          a new program or machine, after so many uses of a credential\n  \
programs_known_after_days = 7  for a new program, after so many days of use as well; where\n                                 \
it never had any credential, of use of the machine\n  \
burst_per_minute = 30          uses of one credential within a minute\n  \
hours_known_after_days = 14    an hour (UTC) at which it was never used, after so many days\n  \
failed_unlocks = 3             refusals of a store in a row\n  \
past_rotation = true           use past the day of rotation, once a day\n  \
export_from_agent = 3          credentials that an agent has written out at once"
)]
pub(super) struct Anomalies {
    /// Only those since: `7d` or `2026-01-31`
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

/// The document of `audit anomalies --json`; its schema is `src/cli/schemas/audit-anomalies.schema.json`.
#[derive(Serialize)]
struct Document {
    schema_version: u32,
    anomalies: Vec<Anomaly>,
}

impl Anomalies {
    pub(super) fn run(self, app: &App) -> Outcome {
        let index = app.credentials.index_if_whole();
        let profile = app.credentials.profile();
        let due_on = |name: &str| {
            let (_, entry) = index.as_ref()?.find(profile, &name.parse().ok()?)?;
            entry.facts.rotation_due_on()
        };
        let rules = app.settings.audit.value.anomalies;
        let mut anomalies = replay(&files(app), &rules, &due_on).map_err(|error| unreadable(&error))?;
        if let Some(since) = self.since {
            let since = since.moment(app.credentials.now());
            anomalies.retain(|anomaly| anomaly.time >= since);
        }
        if self.json {
            app.print_json(&Document { schema_version: 1, anomalies })?;
        } else if anomalies.is_empty() {
            app.ui.say("Nothing unusual");
        } else {
            let mut table = Table::new(&["TIME (UTC)", "RULE", "LINE", "WHAT"]);
            for anomaly in &anomalies {
                let line = anomaly.line.to_string();
                table.row(&[&moment(anomaly.time), anomaly.rule.as_str(), &line, &anomaly.message]);
            }
            app.ui.data(table.render(app.ui.data_width()).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

//! What a lockdown did and what it left to do, as a document and as words.

use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::audit::Event;
use crate::children::{Child, Held};
use crate::failure::Failure;
use crate::lockdown::{Item, ItemState, Lockdown};
use crate::ui::table::Table;

/// The document of `lockdown --json`; its schema is `src/cli/schemas/lockdown.schema.json`.
pub(super) struct Document {
    dry_run: bool,
    /// The lockdown that is on now.
    pub(super) covered: Option<Lockdown>,
    pub(super) steps: Vec<Step>,
    pub(super) programs: Vec<Program>,
    pub(super) items: Vec<Item>,
    list: String,
}

#[derive(Serialize)]
struct Written<'it> {
    schema_version: u32,
    dry_run: bool,
    on: bool,
    since: Option<Timestamp>,
    everything: bool,
    credentials: &'it [Held],
    steps: &'it [Step],
    programs: &'it [Program],
    tokens: &'it [Item],
    list: &'it str,
}

/// One of the steps, in their order.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Step {
    /// Which.
    #[serde(rename = "step")]
    name: &'static str,
    /// `done`, `nothing` to do, `failed`, `skipped`, or `planned`.
    pub(super) outcome: &'static str,
    /// The same in a sentence.
    pub(super) detail: String,
    milliseconds: u64,
}

/// A program that held what the lockdown covers.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Program {
    pid: u32,
    #[serde(rename = "program")]
    name: String,
    server: Option<String>,
    started_by: Option<String>,
    credentials: Vec<Held>,
    outcome: &'static str,
}

impl Program {
    pub(super) fn new(child: &Child, outcome: &'static str) -> Self {
        Self {
            pid: child.identity.pid,
            name: child.program.clone(),
            server: child.server.clone(),
            started_by: child.started_by.clone(),
            credentials: child.credentials.clone(),
            outcome,
        }
    }
}

impl Document {
    pub(super) fn new(app: &App, dry_run: bool) -> Self {
        let list = app.lockdown_report().path().display().to_string();
        Self { dry_run, covered: None, steps: Vec::new(), programs: Vec::new(), items: Vec::new(), list }
    }

    /// Notes a step that began at that moment, and tells it at once: a person watches.
    pub(super) fn step(
        &mut self,
        app: &App,
        step: &'static str,
        begin: Instant,
        outcome: &'static str,
        detail: impl Into<String>,
    ) {
        let detail = detail.into();
        if outcome == "failed" {
            app.ui.warn(&detail);
        } else {
            app.ui.say(&format!("{step}: {detail}"));
        }
        let milliseconds = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.steps.push(Step { name: step, outcome, detail, milliseconds });
    }

    /// Puts on record what was done. A log that can't be written stops no lockdown, and is told of.
    pub(super) fn record(&mut self, app: &App, events: &[Event]) {
        let begin = Instant::now();
        if let Err(error) = app.credentials.record_all(events) {
            self.step(app, "log", begin, "failed", format!("it is not in the audit log: {error}"));
        }
    }

    /// Whether every step came to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.steps.iter().all(|step| step.outcome != "failed")
            && self.items.iter().all(|item| item.state != ItemState::Waiting)
    }

    /// Prints it.
    ///
    /// # Errors
    /// Where stdout can't take it.
    pub(super) fn tell(&self, app: &App, as_json: bool) -> Result<(), Failure> {
        let none = Vec::new();
        let covered = self.covered.as_ref();
        if as_json {
            return Ok(app.print_json(&Written {
                schema_version: 1,
                dry_run: self.dry_run,
                on: covered.is_some(),
                since: covered.and_then(|lockdown| lockdown.since),
                everything: covered.is_some_and(|lockdown| lockdown.everything),
                credentials: covered.map_or(&none, |lockdown| &lockdown.credentials),
                steps: &self.steps,
                programs: &self.programs,
                tokens: &self.items,
                list: &self.list,
            })?);
        }
        self.say(app);
        let left: Vec<&Item> = self.items.iter().filter(|item| !item.state.is_over()).collect();
        if !left.is_empty() {
            let mut table = Table::new(&["NAME", "PROVIDER", "STATE", "WHY", "WHERE"]);
            for item in left {
                let name =
                    if item.former { format!("{} (former)", item.name) } else { item.name.to_string() };
                table.row(&[
                    name.as_str(),
                    item.provider.as_deref().unwrap_or(""),
                    item.state.as_str(),
                    &item.words,
                    item.page.as_deref().unwrap_or(""),
                ]);
            }
            app.ui.data(table.render(app.ui.data_width()).as_bytes())?;
        }
        Ok(())
    }

    fn say(&self, app: &App) {
        match &self.covered {
            Some(lockdown) => {
                let since = lockdown.since.map_or_else(
                    || "since a moment that can't be read".to_owned(),
                    |since| format!("since {}", since.strftime("%Y-%m-%d %H:%M:%S UTC")),
                );
                let what = if lockdown.everything {
                    "everything".to_owned()
                } else {
                    lockdown.credentials.iter().map(told).collect::<Vec<_>>().join(", ")
                };
                app.ui.say(&format!("A lockdown is on {since}: it covers {what}"));
                app.ui.say("`mcpcred lockdown --lift` ends it, from a terminal");
            }
            None if self.dry_run => app.ui.say("Nothing was done"),
            None => app.ui.say("No lockdown is on"),
        }
        if self.dry_run {
            // What no lockdown did is in no list, and not to be resumed.
            return;
        }
        let count = |state| self.items.iter().filter(|item| item.state == state).count();
        let by_hand = count(ItemState::ByHand);
        if by_hand > 0 {
            let word = if by_hand == 1 { "token" } else { "tokens" };
            let is_kept = self.steps.iter().all(|step| step.name != "list");
            let list = if is_kept { format!("; the list is kept at `{}`", self.list) } else { String::new() };
            app.ui.say(&format!("Left for you to revoke: {by_hand} {word}{list}"));
        }
        if count(ItemState::Offered) > 0 {
            app.ui.say("Not revoked yet: `mcpcred lockdown --resume --revoke` does it");
        }
        if count(ItemState::Waiting) > 0 {
            app.ui.say("Not answered yet: `mcpcred lockdown --resume` tries again");
        }
    }
}

fn told(held: &Held) -> String {
    format!("{}/{}", held.profile, held.name)
}

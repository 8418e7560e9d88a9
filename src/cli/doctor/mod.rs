//! `mcpcred doctor`: what is wrong on this machine, and what to do about it.

mod audit;
mod examine;

use std::process::ExitCode;

use serde::Serialize;

use crate::app::App;
use crate::audit::{Action, Event};
use crate::cli::Outcome;
use crate::credentials::Repair;
use crate::failure::Failure;
use crate::store::detect;
use crate::ui::table::Table;
use crate::unlocking::Unlocking;

/// Tell what is wrong on this machine, and what to do about it; changes nothing unless told to
#[derive(Debug, clap::Args)]
pub(super) struct Doctor {
    /// Store, read and remove a throw-away item
    #[arg(long)]
    self_test: bool,
    /// Finish or take back what interrupted commands left, remove what nothing refers to, list what the index lost
    #[arg(long)]
    repair: bool,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

/// The document of `doctor --json`; its schema is `src/cli/schemas/doctor.schema.json`.
#[derive(Serialize)]
struct Document {
    schema_version: u32,
    findings: Vec<Finding>,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    check: &'static str,
    status: Status,
    message: String,
    hint: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Ok,
    Warning,
    Problem,
}

impl Finding {
    fn new(check: &'static str, status: Status, message: impl Into<String>) -> Self {
        Self { check, status, message: message.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Doctor {
    pub(super) fn run(self, app: &App) -> Outcome {
        let repaired = if self.repair { Some(repair(app)?) } else { None };
        let mut findings = examine::everything(app);
        findings.extend(repaired);
        if self.self_test {
            findings.push(self_test(app));
        }
        let is_ill = findings.iter().any(|finding| finding.status == Status::Problem);
        let document = Document { schema_version: 1, findings };
        if self.json {
            app.print_json(&document)?;
        } else {
            app.ui.data(document.text(app).as_bytes())?;
        }
        Ok(if is_ill { ExitCode::from(Failure::GENERAL) } else { ExitCode::SUCCESS })
    }
}

impl Document {
    fn text(&self, app: &App) -> String {
        let mut table = Table::new(&["", "", ""]);
        for finding in &self.findings {
            let mark = match finding.status {
                Status::Ok => "ok",
                Status::Warning => "warning",
                Status::Problem => "problem",
            };
            table.row(&[mark, finding.check, &finding.message]);
            if let Some(hint) = &finding.hint {
                table.row(&["", "", &format!("-> {hint}")]);
            }
        }
        table.render(app.ui.data_width())
    }
}

fn repair(app: &App) -> Result<Finding, Failure> {
    let Repair { settled, forgotten, adopted, left_behind } = app.credentials.repair()?;
    if settled + forgotten + adopted > 0 {
        let done = format!("{settled} settled, {forgotten} former values removed, {adopted} listed");
        // A log that can't be written keeps nobody from repairing.
        if let Err(error) = app.credentials.record(Event::new(Action::Repair).because(done)) {
            app.ui.warn(&format!("this is not in the audit log: {error}"));
        }
    }
    let current = app.credentials.stores().current()?;
    let native = Unlocking::native_kind();
    let swept = match app.unlocking.open_sealed(native)?.sweep() {
        // A move to another store may have left files; where theirs does not answer, they stay for now.
        Err(_) if current.is_none_or(|choice| choice.kind != native) => 0,
        outcome => outcome?,
    };
    let message = format!(
        "settled {settled} interrupted commands, removed {forgotten} former values past their time and {swept} \
         sealed files that nothing refers to, listed {adopted} items that the index did not know"
    );
    Ok(if left_behind == 0 {
        Finding::new("repair", Status::Ok, message)
    } else {
        let message = format!("{message}; {left_behind} copies in an old store could not be removed");
        Finding::new("repair", Status::Problem, message).hint("make that store available, and repair again")
    })
}

fn self_test(app: &App) -> Finding {
    let stores = app.credentials.stores();
    let kind = match stores.current() {
        Ok(Some(choice)) => choice.kind,
        Ok(None) => match app.unlocking.detect() {
            Ok((kind, _)) => kind,
            Err(_) => {
                return Finding::new("self-test", Status::Problem, "there is no store to test")
                    .hint("make an encrypted file with `mcpcred store init`");
            }
        },
        Err(error) => return Finding::new("self-test", Status::Problem, error.to_string()),
    };
    match stores.open(kind).and_then(|store| detect::round_trip(&*store)) {
        Ok(()) => {
            let message = format!("{} keeps a throw-away item and gives it back", kind.title());
            Finding::new("self-test", Status::Ok, message)
        }
        Err(error) => Finding::new("self-test", Status::Problem, error.to_string())
            .hint("values that are stored now may not come back: choose another store with `store move`"),
    }
}

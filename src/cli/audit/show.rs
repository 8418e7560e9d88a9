//! `mcpcred audit` alone: the lines of the log, as a table, as JSON, or as they come.

use std::collections::VecDeque;
use std::io;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use serde::Serialize;

use crate::app::App;
use crate::audit::reader::{self, Filter, Follower};
use crate::audit::usage::is_of_the_log;
use crate::audit::{Action, Line};
use crate::cli::Outcome;
use crate::cli::audit::{Filters, files, moment, unreadable};
use crate::ui::json;
use crate::ui::sanitize::sanitize;
use crate::ui::table::Table;

/// How often the file is looked at while it is followed.
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    filters: Filters,
    /// At most so many, the last ones [default: 50 in a table, all with --json]
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Go on showing lines as they come, until interrupted
    #[arg(long)]
    follow: bool,
    /// Print a JSON document; with `--follow`, one line of JSON each
    #[arg(long)]
    json: bool,
}

/// The document of `audit --json`; its schema is `src/cli/schemas/audit.schema.json`.
#[derive(Serialize)]
struct Document {
    schema_version: u32,
    lines: VecDeque<Line>,
}

impl Show {
    pub(super) fn run(self, app: &App) -> Outcome {
        let files = files(app);
        let filter = self.filters.filter(app);
        // From before what is shown now, so that nothing falls in between.
        let follower = if self.follow { Some(Follower::at_end(&files)) } else { None };
        let follower = follower.transpose().map_err(|error| unreadable(&error))?;
        let limit = self.limit.unwrap_or(if self.json && !self.follow { usize::MAX } else { 50 });
        let mut lines = VecDeque::new();
        let read = reader::each(&files, &filter, |line, _| {
            if lines.len() == limit {
                lines.pop_front();
            }
            if limit > 0 {
                lines.push_back(line);
            }
            Ok(())
        });
        read.map_err(|error| unreadable(&error))?;
        match follower {
            Some(follower) => return self.follow(app, &filter, &lines, follower),
            None if self.json => app.print_json(&Document { schema_version: 1, lines })?,
            None if lines.is_empty() => app.ui.say("Nothing of that is on record"),
            None => {
                let mut table = Table::new(&["TIME (UTC)", "ACTION", "NAME", "BY", "OF", "REMARKS"]);
                for line in &lines {
                    table.row(&cells(line));
                }
                app.ui.data(table.render(app.ui.data_width()).as_bytes())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn follow(&self, app: &App, filter: &Filter, shown: &VecDeque<Line>, mut follower: Follower) -> Outcome {
        let mut last = shown.back().map_or(0, |line| line.n);
        for line in shown {
            if !self.tell(app, line)? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        loop {
            for line in follower.come().map_err(|error| unreadable(&error))? {
                if line.n > last && filter.wants(&line) && !self.tell(app, &line)? {
                    return Ok(ExitCode::SUCCESS);
                }
                last = last.max(line.n);
            }
            sleep(PAUSE);
        }
    }

    /// Says whether somebody still reads it.
    fn tell(&self, app: &App, line: &Line) -> io::Result<bool> {
        let text = if self.json {
            json::line(line).map_err(io::Error::other)?
        } else {
            sanitize(&cells(line).join("  ")).into_owned()
        };
        match app.ui.data_to_a_reader(format!("{}\n", text.trim_end()).as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            outcome => outcome.map(|()| true),
        }
    }
}

fn cells(line: &Line) -> [String; 6] {
    let by = line.client.clone().or_else(|| line.parents.first().cloned()).unwrap_or_default();
    let mut remarks = Vec::new();
    if line.outcome != crate::audit::Outcome::Done {
        remarks.push(line.outcome.as_str().to_owned());
    }
    if line.action != Action::Continue {
        remarks.extend(line.detail.clone());
    }
    remarks.extend(line.reason.as_ref().map(|reason| format!("\"{reason}\"")));
    if is_of_the_log(line) {
        remarks.push("(the log itself)".to_owned());
    }
    let program = line.program.as_ref().map(|program| format!("{program} < {by}")).unwrap_or(by);
    let user = match (&line.user, line.uid) {
        (Some(user), _) => user.clone(),
        (None, Some(uid)) => uid.to_string(),
        (None, None) => String::new(),
    };
    let of = [user, line.host.clone().unwrap_or_default()].join("@");
    [
        moment(line.time),
        line.action.as_str().to_owned(),
        line.name.clone().unwrap_or_default(),
        program,
        of,
        remarks.join(" "),
    ]
}

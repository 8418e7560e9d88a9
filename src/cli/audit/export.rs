//! `mcpcred audit export`: the log for collectors.

#[cfg(unix)]
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::app::App;
use crate::audit::Line;
use crate::audit::export::{cef, otlp};
use crate::audit::reader;
use crate::cli::Outcome;
use crate::cli::audit::{Filters, files, unreadable};
#[cfg(unix)]
use crate::failure::Failure;
#[cfg(unix)]
use crate::os::system_log;

/// How many lines one document of OTLP takes.
const BATCH: usize = 500;

/// Write the log for collectors: as it is, as CEF, as OTLP in JSON, or to the system's own log
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    #[command(flatten)]
    filters: Filters,
    /// How: `jsonl` as it is, with its links; `cef`; `otlp-json` with 500 lines a document, a document a line
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Format,
    /// Hand each line to the log of the system instead of printing it
    #[cfg(unix)]
    #[arg(long, value_enum, conflicts_with = "format")]
    to: Option<SystemLog>,
    /// With `--to`: the socket on which it listens, as in a container, where that is not the usual one
    #[cfg(unix)]
    #[arg(long, value_name = "PATH", requires = "to")]
    socket: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Jsonl,
    Cef,
    OtlpJson,
}

#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SystemLog {
    Syslog,
    Journald,
}

impl Export {
    pub(super) fn run(self, app: &App) -> Outcome {
        #[cfg(unix)]
        if let Some(system) = self.to {
            return self.send(app, system);
        }
        let mut batch: Vec<Line> = Vec::new();
        let read = reader::each(&files(app), &self.filters.filter(app), |line, bytes| match self.format {
            Format::Jsonl => app.ui.data(bytes),
            Format::Cef => app.ui.data(format!("{}\n", cef(&line)).as_bytes()),
            Format::OtlpJson => {
                batch.push(line);
                if batch.len() < BATCH { Ok(()) } else { print(app, &mut batch) }
            }
        });
        read.map_err(|error| unreadable(&error))?;
        if !batch.is_empty() {
            print(app, &mut batch)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    #[cfg(unix)]
    fn send(&self, app: &App, system: SystemLog) -> Outcome {
        let mut count = 0_u64;
        let at = self.socket.as_deref();
        let sent = reader::each(&files(app), &self.filters.filter(app), |line, _| {
            match system {
                SystemLog::Syslog => system_log::syslog(&cef(&line), at)?,
                SystemLog::Journald => system_log::journald(&cef(&line), &fields(&line), at)?,
            }
            count += 1;
            Ok(())
        });
        sent.map_err(|error| {
            Failure::new(Failure::GENERAL, "the log of the system does not take the lines")
                .because(error.to_string())
                .because(format!("it has taken {count} of them"))
                .hint("name its socket with `--socket`, or leave out `--to` and hand what is printed to your collector")
        })?;
        app.ui.say(&format!("Handed over {count} lines"));
        Ok(ExitCode::SUCCESS)
    }
}

fn print(app: &App, batch: &mut Vec<Line>) -> std::io::Result<()> {
    let document = otlp(batch);
    batch.clear();
    app.ui.data(format!("{document}\n").as_bytes())
}

/// What the journal can be searched by.
#[cfg(unix)]
fn fields(line: &Line) -> Vec<(&'static str, String)> {
    let optional = [
        ("MCPCRED_CREDENTIAL", &line.name),
        ("MCPCRED_PROFILE", &line.profile),
        ("MCPCRED_CLIENT", &line.client),
    ];
    let mut fields = vec![
        ("MCPCRED_ACTION", line.action.as_str().to_owned()),
        ("MCPCRED_OUTCOME", line.outcome.as_str().to_owned()),
        ("MCPCRED_LINE", line.n.to_string()),
    ];
    fields.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    fields
}

//! `mcpcred protect`: secrets move out of configurations into the store, and every server still starts.

mod document;
mod page;
pub(in crate::cli) mod session;

use std::process::ExitCode;

use crate::app::App;
use crate::catalog::Catalog;
use crate::cli::Outcome;
use crate::cli::protect::session::{Ending, Wanted};
use crate::failure::Failure;
use crate::protect::mechanism::Style;

/// Move secrets out of the configurations of MCP clients into the store; every server still starts
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Shows what it will do and asks. Values are stored and read back before a file is touched; \
`mcpcred unprotect` puts\neverything back. A value that was ever committed is to be replaced at its provider all the same.\n\
Status: 0 done, or nothing to do; 1 not all files could be written; 5 nobody could be asked, or the answer was no."
)]
pub(super) struct Protect {
    /// Show the changes as a diff, with the values covered, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Only the configurations of this client, such as `claude-code`; may be given several times
    #[arg(long, value_name = "CLIENT")]
    client: Vec<String>,
    /// Only this entry of the configurations; may be given several times
    #[arg(long, value_name = "SERVER")]
    server: Vec<String>,
    /// Only the configurations of the project that this folder is in
    #[arg(long)]
    project: bool,
    /// How a server gets its value where a client has several ways
    #[arg(long, value_name = "STYLE", default_value = "wrapper")]
    style: Style,
    /// Cover the values in copies that nobody reads any more too: a client's own backups
    #[arg(long)]
    scrub: bool,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

impl Protect {
    pub(super) fn run(self, app: &App) -> Outcome {
        let wanted = Wanted {
            clients: &self.client,
            servers: &self.server,
            project_alone: self.project,
            style: self.style,
            scrub: self.scrub,
            may_ask: !self.yes && !self.dry_run,
            is_dry: self.dry_run,
        };
        let catalog = crate::cli::servers::load(app)?;
        let done = session::protect(app, &catalog, &wanted, &|preview| {
            // Data for programs is one document, at the end.
            if self.json { Ok(()) } else { page::preview(app, preview, self.dry_run) }
        })?;
        if self.json {
            app.print_json(&document::of(app, &done))?;
        } else {
            page::ending(app, &done);
        }
        match done.ending {
            Ending::Refused => Err(Failure::new(Failure::NEEDS_PERSON, "nothing was changed")),
            Ending::Unasked => {
                Err(Failure::new(Failure::NEEDS_PERSON, "nobody could be asked, and nothing was changed")
                    .hint("say `--yes` to do what is shown, or look at it with `--dry-run`"))
            }
            Ending::Partly => Ok(ExitCode::from(Failure::GENERAL)),
            Ending::Nothing | Ending::Shown | Ending::Done => Ok(ExitCode::SUCCESS),
        }
    }
}

/// Shows what could be moved into the store, asks, and does it: a step of `setup`. Whether anything was done.
///
/// # Errors
/// Where the store does not answer, or nothing can be stored: then no file was touched.
pub(in crate::cli) fn offer(app: &App, catalog: &Catalog) -> Result<bool, Failure> {
    let wanted = Wanted {
        clients: &[],
        servers: &[],
        project_alone: false,
        style: Style::default(),
        scrub: false,
        may_ask: true,
        is_dry: false,
    };
    let done = session::protect(app, catalog, &wanted, &|preview| page::preview(app, preview, false))?;
    page::ending(app, &done);
    Ok(matches!(done.ending, Ending::Done | Ending::Partly))
}

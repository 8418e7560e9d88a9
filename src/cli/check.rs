//! `mcpcred check`: the preflight.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::app::App;
use crate::catalog::Catalog;
use crate::check::asking;
use crate::check::finding::{Reason, Status};
use crate::check::fingerprint::Fingerprints;
use crate::check::known::Known;
use crate::check::preflight::{Found, Preflight};
use crate::check::report::{Format, Report};
use crate::check::values::Values;
use crate::cli::Outcome;
use crate::configuration::discover::{self, Discovery, Request};
use crate::failure::Failure;
use crate::live::{Hosts, NamedHost, Terms};
use crate::recognise::Detector;
use crate::settings::Source;
use crate::slip;

/// Tell, before an agent starts, whether every MCP server gets what it needs and whether a secret lies in the open
#[derive(Debug, clap::Args)]
#[command(after_help = "Looks at the project in this folder and at the configurations of your own clients; starts \
nothing and changes nothing.\nStatus: 0 ready, 1 at least one problem, 4 a store did not answer.")]
pub(super) struct Check {
    /// How findings are written: text, json, github, sarif or junit
    #[arg(long, value_name = "FORMAT", default_value = "text", value_enum, hide_possible_values = true)]
    format: Format,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Take warnings for problems
    #[arg(long)]
    strict: bool,
    /// Check this file alone: a client's configuration, a `manifest.json` or a bundle; may be given several times
    #[arg(long, value_name = "PATH")]
    config: Vec<PathBuf>,
    /// Only the configurations of this client; may be given several times
    #[arg(long, value_name = "CLIENT")]
    client: Vec<String>,
    /// Only this entry; may be given several times
    #[arg(long, value_name = "SERVER")]
    server: Vec<String>,
    /// Ask the providers whether the values are accepted: sends each to its provider and to nobody else
    #[arg(long)]
    live: bool,
    /// Ask nobody (the default)
    #[arg(long, conflicts_with = "live")]
    offline: bool,
    /// With `--live`: where a provider is asked, such as `gitlab=https://git.example.com`
    #[arg(long, value_name = "PROVIDER=URL", requires = "live")]
    host: Vec<NamedHost>,
}

impl Check {
    pub(super) fn run(self, app: &App) -> Outcome {
        let catalog = Catalog::load(&app.settings.config_folder.value)?;
        self.refuse_unknown_names(&catalog)?;
        let request = Request { clients: &self.client, files: &self.config };
        let Discovery { readings, leftovers, home, project } =
            discover::discover(&catalog, app.environment, &request)?;
        let fingerprints = Fingerprints::new()
            .map_err(|error| Failure::of(Failure::GENERAL, &error))?;
        let detector = Detector::new(&catalog.providers);
        let known = Known::gather(&app.credentials, app.environment);
        let now = app.credentials.now();
        let values = Values::new(&catalog, &known, &detector, &fingerprints, now);
        let (project_credentials, project_file) = self.of_project(app);
        let preflight = Preflight {
            readings: &readings,
            leftovers: &leftovers,
            servers: &self.server,
            project_credentials: &project_credentials,
            project_file,
            home: home.as_deref(),
            everything: self.config.is_empty() && self.client.is_empty(),
            values: &values,
            catalog: &catalog,
        };
        let mut found = preflight.run();
        self.refuse_absent_servers(&found)?;
        if self.live {
            self.ask(app, &values, &mut found);
        }
        if self.strict {
            let warnings = found.findings.iter_mut().filter(|it| it.status == Status::Warning);
            warnings.for_each(|it| it.status = Status::Problem);
        }
        self.report(app, found, &readings, project.as_deref())
    }
}

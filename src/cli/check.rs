//! `mcpcred check`: the preflight.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::app::App;
use crate::audit::Action;
use crate::audit::anomaly::MemoryFile;
use crate::catalog::Catalog;
use crate::check::asking;
use crate::check::bundles;
use crate::check::covered;
use crate::check::drift;
use crate::check::finding::{Finding, Reason, Report, Status};
use crate::check::fingerprint::Fingerprints;
use crate::check::known::Known;
use crate::check::preflight::{Found, Preflight};
use crate::check::report::{self, Format, Look};
use crate::check::unusual;
use crate::check::values::Values;
use crate::cli::Outcome;
use crate::cli::schedules;
use crate::configuration::discover::{Discovery, Request, discover};
use crate::configuration::entry::ServerEntry;
use crate::configuration::places::Places;
use crate::document::Syntax;
use crate::failure::Failure;
use crate::live::{Hosts, NamedHost, Terms};
use crate::name::Profile;
use crate::protect::mechanism::Style;
use crate::protect::mending;
use crate::protect::plan;
use crate::protect::program::Program;
use crate::protect::rehearsal;
use crate::recognise::Detector;
use crate::settings::Source;
use crate::undo::Records;

/// Tell, before an agent starts, whether every MCP server gets what it needs and whether a secret lies in the open
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Looks at the project that this folder is in and at the configurations of your own clients; \
starts nothing, and changes nothing but dates that `--live` learns.\n\
Status: 0 ready, 1 at least one problem, 4 a store did not answer."
)]
pub(super) struct Check {
    /// How findings are written: text, json, github, sarif or junit
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    format: Format,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Count warnings as problems
    #[arg(long)]
    strict: bool,
    /// Check these files alone: a client's configuration, a `manifest.json` or a bundle; may be given several times
    #[arg(long, value_name = "PATH", num_args = 1..)]
    config: Vec<PathBuf>,
    /// Only the configurations of this client, such as `claude-code`; may be given several times
    #[arg(long, value_name = "CLIENT")]
    client: Vec<String>,
    /// Only this entry of the configurations; may be given several times
    #[arg(long, value_name = "SERVER")]
    server: Vec<String>,
    /// Only whether a secret lies in the open: looks at files alone, at no store and no variable
    #[arg(long, conflicts_with = "live")]
    exposure: bool,
    /// Ask the providers whether they accept the values: each value goes to its own provider and to nobody else
    #[arg(long)]
    live: bool,
    /// Ask no provider (the default)
    #[arg(long, conflicts_with = "live")]
    offline: bool,
    /// With `--live`: where a provider is asked, such as `gitlab=https://git.example.com`
    #[arg(long, value_name = "PROVIDER=URL", requires = "live")]
    host: Vec<NamedHost>,
}

impl Check {
    /// All of what is in reach, for a person.
    pub(super) fn all() -> Self {
        Self {
            format: Format::Text,
            json: false,
            strict: false,
            config: Vec::new(),
            client: Vec::new(),
            server: Vec::new(),
            exposure: false,
            live: false,
            offline: false,
            host: Vec::new(),
        }
    }

    pub(super) fn run(self, app: &App) -> Outcome {
        let catalog = crate::cli::servers::load(app)?;
        self.refuse_unknown_names(&catalog)?;
        let places = Places::of(app.environment);
        let request = Request { clients: &self.client, files: &self.config };
        let discovery = discover(&catalog.clients, &places, request)
            .map_err(|error| Failure::of(Failure::GENERAL, &error).hint("name a file that is there"))?;
        let fingerprints = Fingerprints::new().map_err(|error| Failure::of(Failure::GENERAL, &error))?;
        let detector = Detector::new(&catalog.providers);
        app.credentials.read_for(Action::Check, None);
        let mut known = if self.exposure {
            Known::nothing(app.environment)
        } else {
            Known::gather(&app.credentials, app.environment)
        };
        known.change_entries(|name, entry| schedules::apply(app, Some(&catalog), name, entry));
        let (now, home) = (app.credentials.now(), discovery.home.as_deref());
        let values = Values::new(&catalog, &known, &detector, &fingerprints, now, home)
            .with_closed_vault(known.reads_vault() && !app.unlocking.opens_for_clients());
        let (project_credentials, project_file) = if self.config.is_empty() && self.client.is_empty() {
            of_project(app)
        } else {
            (Vec::new(), None)
        };
        let preflight = Preflight {
            discovery: &discovery,
            servers: &self.server,
            project_credentials: &project_credentials,
            project_file,
            exposure_alone: self.exposure,
            everything: self.config.is_empty() && self.client.is_empty(),
            values: &values,
            env_files: RefCell::default(),
        };
        let entries = discovery.entries();
        let mut found = preflight.run(&entries);
        found.findings.extend(bundles::check(&self.config));
        if preflight.everything && !self.exposure {
            found.findings.extend(bundles::check(&bundles::installed(&places)));
        }
        if preflight.everything && !self.exposure && app.settings.audit.value.record {
            let noticed = MemoryFile::in_folder(&app.settings.data_folder.value).load().recent;
            found.findings.extend(unusual::check(&noticed, now));
        }
        self.note_drift(app, &discovery, &mut found);
        self.advise(app, (&discovery, &entries), &values, &mut found);
        self.refuse_absent_servers(&found)?;
        if self.live {
            self.ask(app, &values, &mut found);
        }
        covered::cover(&detector, &mut found.findings);
        if matches!(app.settings.profile.source, Source::Flag(_)) {
            name_profile(app.credentials.profile(), &mut found.findings);
        }
        if self.strict {
            let warnings = found.findings.iter_mut().filter(|finding| finding.status == Status::Warning);
            warnings.for_each(|finding| finding.status = Status::Problem);
        }
        self.tell(app, &discovery, found)
    }

    fn refuse_unknown_names(&self, catalog: &Catalog) -> Result<(), Failure> {
        check_clients(catalog, &self.client)?;
        check_hosts(catalog, &self.host)
    }

    /// What became of what `protect` did. A record that can't be read is no reason to check nothing.
    fn note_drift(&self, app: &App, discovery: &Discovery<'_>, found: &mut Found) {
        if self.exposure {
            return;
        }
        let records = match Records::load(&app.settings.data_folder.value) {
            Ok(records) => records,
            Err(error) => return app.ui.warn(&format!("{error}; what `protect` did was not looked at")),
        };
        let profile = app.credentials.profile();
        found.servers.extend(records.entries().iter().map(|entry| entry.server.clone()));
        let look = drift::Look {
            discovery,
            servers: &self.server,
            clients: &self.client,
            is_of_files: !self.config.is_empty(),
        };
        drift::check(records.entries(), profile, &look, &mut found.findings);
    }

    /// Says which call of `protect` mends what lies in the open. It reads the files that clients read, and no others.
    fn advise<'s, 'd>(
        &self,
        app: &App,
        (discovery, entries): (&'d Discovery<'_>, &'s [Vec<ServerEntry<'d>>]),
        values: &'s Values<'s>,
        found: &mut Found,
    ) {
        if values.known.is_none() || !self.config.is_empty() {
            return;
        }
        let program = Program::running(app.credentials.profile(), app.environment);
        let lists_commands = discovery.lists_commands();
        // What a person has to ask for comes last.
        for style in [Style::default(), Style::Bridge, Style::Reference] {
            let open = found.findings.iter().filter(|finding| mending::is_left(finding));
            let left: HashSet<&str> = open.filter_map(|finding| finding.server.as_deref()).collect();
            if left.is_empty() {
                return;
            }
            let is_left = |entry: &&ServerEntry<'_>| left.contains(entry.name.as_str());
            let helped =
                entries.iter().flatten().filter(is_left).filter(|entry| mending::may_help(style, entry));
            let servers: BTreeSet<String> = helped.map(|entry| entry.name.clone()).collect();
            if servers.is_empty() {
                continue;
            }
            let servers: Vec<String> = servers.into_iter().collect();
            let request = plan::Request { servers: &servers, project_alone: false, style, program: &program };
            // Tried where something may come in the way, since trying takes as long as the rest.
            let plan = rehearsal::plan(discovery, entries, values, &request, |document| {
                lists_commands
                    || matches!(document.syntax(), Syntax::Yaml | Syntax::Toml)
                    || document.duplicates().next().is_some()
            });
            mending::advise(&mut found.findings, &plan, discovery, style);
        }
    }

    fn refuse_absent_servers(&self, found: &Found) -> Result<(), Failure> {
        let known: Vec<&str> = found.servers.iter().map(String::as_str).collect();
        absent_server(&self.server, &known).map_or(Ok(()), Err)
    }

    fn ask(&self, app: &App, values: &Values<'_>, found: &mut Found) {
        let hosts: Hosts = self.host.iter().cloned().collect();
        let terms = Terms::new(&hosts, values.now);
        let lessons = asking::ask(values, found, &terms, |done, total| {
            app.ui.progress(&format!("Asking providers: {done} of {total}"), done == total);
        });
        if let Err(error) = app.credentials.learn(&lessons) {
            app.ui.warn(&format!("what the providers said could not be noted: {error}"));
        }
    }

    fn tell(&self, app: &App, discovery: &Discovery<'_>, found: Found) -> Outcome {
        let report = Report {
            profile: app.credentials.profile().to_string(),
            root: discovery.project.clone(),
            files: discovery.readings.iter().map(|reading| reading.path.clone()).collect(),
            servers: found.servers.len(),
            live: self.live,
            findings: found.findings,
        };
        let format = if self.json { Format::Json } else { self.format };
        let look = Look { width: app.ui.data_width(), colour: app.ui.data_is_coloured() };
        let rendered =
            report::render(format, &report, look).map_err(|error| Failure::of(Failure::GENERAL, &error))?;
        app.ui.data(&rendered)?;
        if report.files.is_empty() && report.findings.is_empty() {
            app.ui.say("There is no MCP configuration here, and none of your own clients has one");
        }
        Ok(status(&report.findings))
    }
}

/// Refuses a name of a client that the catalog does not have.
pub(super) fn check_clients(catalog: &Catalog, named: &[String]) -> Result<(), Failure> {
    let clients: Vec<&str> = catalog.clients.iter().map(|client| client.id.as_str()).collect();
    match named.iter().find(|name| !clients.contains(&name.as_str())) {
        Some(name) => Err(unknown("client", name, &clients, "mcpcred servers --clients")),
        None => Ok(()),
    }
}

/// Why a server that was named can't be found among those that are there.
pub(super) fn absent_server<T: AsRef<str>>(named: &[String], known: &[T]) -> Option<Failure> {
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    let name = named.iter().find(|name| !known.contains(&name.as_str()))?;
    let failure = Failure::new(
        Failure::NOT_FOUND,
        format!("no configuration in reach has a server named `{}`", shown(name)),
    );
    Some(match nearest(name, &known) {
        Some(other) => failure.hint(format!("did you mean `{other}`")),
        None => failure.hint("the command without `--server` shows all of them"),
    })
}

/// A problem is a person's to mend; without one, a store that did not answer left something open.
fn status(findings: &[Finding]) -> ExitCode {
    if findings.iter().any(|finding| finding.status == Status::Problem) {
        ExitCode::from(Failure::GENERAL)
    } else if findings.iter().any(|it| it.reason == Reason::StoreUnavailable && it.status == Status::Unknown)
    {
        ExitCode::from(Failure::NO_ANSWER)
    } else {
        ExitCode::SUCCESS
    }
}

/// A command that a person copies is for the profile that was asked about.
fn name_profile(profile: &Profile, findings: &mut [Finding]) {
    let actions = findings.iter_mut().filter_map(|finding| finding.action.as_mut());
    for command in actions.filter_map(|action| action.command.as_mut()) {
        if !command.contains(" --profile ") {
            *command = command.replacen("mcpcred ", &format!("mcpcred --profile {profile} "), 1);
        }
    }
}

/// What the file of the project names, and that file.
fn of_project(app: &App) -> (Vec<String>, Option<PathBuf>) {
    let Some(named) = &app.settings.project_credentials else { return (Vec::new(), None) };
    let file = match &named.source {
        Source::Project(path) => Some(path.clone()),
        _ => None,
    };
    (named.value.iter().map(ToString::to_string).collect(), file)
}

/// Refuses a host of a provider that the catalog does not have: its token would go to another host than was meant.
///
/// # Errors
/// Where there is one.
pub(super) fn check_hosts(catalog: &Catalog, hosts: &[NamedHost]) -> Result<(), Failure> {
    let Some(host) = hosts.iter().find(|host| catalog.provider(&host.provider).is_none()) else {
        return Ok(());
    };
    let providers: Vec<&str> = catalog.providers.iter().map(|provider| provider.id.as_str()).collect();
    Err(unknown("provider", &host.provider, &providers, "mcpcred servers"))
}

/// A name that the catalog does not have.
pub(super) fn unknown(what: &str, name: &str, known: &[&str], all: &str) -> Failure {
    let failure = Failure::new(Failure::USAGE, format!("no {what} is named `{}`", shown(name)));
    match nearest(name, known) {
        Some(other) => failure.hint(format!("did you mean `{other}`")),
        None => failure.hint(format!("`{all}` shows what can be named")),
    }
}

/// A name as it may be repeated: a token in its place is not.
fn shown(name: &str) -> &str {
    if crate::slip::is_token(name) { "…" } else { name }
}

/// The known name that is nearest, where one is near.
fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|other| (strsim::jaro_winkler(name, other), *other))
        .filter(|(nearness, _)| *nearness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, other)| other)
}

//! `Plan`: what is left to be set up here, found out without changing anything.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use crate::app::App;
use crate::catalog::Catalog;
use crate::check::covered;
use crate::check::finding::{Finding, Reason};
use crate::check::fingerprint::Fingerprints;
use crate::check::known::Known;
use crate::check::preflight::Preflight;
use crate::check::values::Values;
use crate::cli::init::{self, ShellOffer};
use crate::cli::servers;
use crate::configuration::discover::{Discovery, Request, discover};
use crate::configuration::places::Places;
use crate::failure::Failure;
use crate::name::CredentialName;
use crate::protect;
use crate::protect::mechanism::{Mechanism, Style};
use crate::protect::plan::Step;
use crate::protect::program::Program;
use crate::protect::rehearsal;
use crate::recognise::Detector;

/// The document of `setup --json`; its schema is `src/cli/schemas/setup.schema.json`.
#[derive(Serialize)]
pub(super) struct Plan {
    schema_version: u32,
    /// Clients that have servers here.
    pub(super) clients: Vec<WithServers>,
    /// Credentials that servers lack.
    pub(super) missing: Vec<Missing>,
    /// Secrets that lie in the open.
    pub(super) exposed: Vec<Exposed>,
    /// Placeholders for secrets that no client of their file fills in, and that mcpcred can hand over instead.
    pub(super) placeholders: Vec<Exposed>,
    /// The shell that could load credentials.
    pub(super) shell: Option<ShellOffer>,
}

/// A client, and how many servers it has.
#[derive(Serialize)]
pub(super) struct WithServers {
    pub(super) client: String,
    pub(super) name: String,
    pub(super) servers: usize,
}

/// A credential that is neither stored nor in the environment.
#[derive(Serialize)]
pub(super) struct Missing {
    pub(super) credential: CredentialName,
    /// The entries that need it.
    pub(super) servers: Vec<String>,
    create_at: Option<String>,
    scope: Option<String>,
}

/// Where a secret lies in the open, or a placeholder for one.
#[derive(Serialize)]
pub(super) struct Exposed {
    file: PathBuf,
    line: Option<u32>,
    server: Option<String>,
    pub(super) credential: Option<String>,
}

impl Plan {
    /// Looks at the project that the person stands in and at their own clients.
    ///
    /// # Errors
    /// Where the catalog can't be read.
    pub(super) fn of(app: &App, catalog: &Catalog) -> Result<Self, Failure> {
        let discovery = discover(&catalog.clients, &Places::of(app.environment), Request::default())
            .map_err(|error| Failure::of(Failure::GENERAL, &error))?;
        let (findings, steps) = look(app, catalog, &discovery)?;
        let exposed = findings.iter().filter(|finding| finding.reason == Reason::Plaintext);
        let is_mended =
            |step: &&Step| step.placeholder && (step.mechanism != Mechanism::None || step.lacks.is_some());
        Ok(Self {
            schema_version: 1,
            clients: clients(&discovery),
            missing: missing(app, catalog, &findings, &steps),
            exposed: exposed.filter_map(Exposed::of).collect(),
            placeholders: steps.iter().filter(is_mended).map(Exposed::named).collect(),
            shell: init::offer(app),
        })
    }

    /// Whether a person has something to do.
    pub(super) fn is_done(&self) -> bool {
        self.missing.is_empty() && self.exposed.is_empty() && self.placeholders.is_empty()
    }

    /// The plan for a person who can't be asked.
    pub(super) fn text(&self) -> String {
        let mut lines = vec![self.greeting()];
        for missing in &self.missing {
            lines.push(format!("store `{}`, for {}", missing.credential, missing.servers.join(", ")));
            lines.extend(missing.create_at.iter().map(|page| format!("  create one: {page}")));
            lines.extend(missing.scope.iter().map(|scope| format!("  it has to be allowed: {scope}")));
            lines.push(format!("  mcpcred add {}", missing.credential));
        }
        for exposed in &self.exposed {
            let line = exposed.line.map(|line| format!(":{line}")).unwrap_or_default();
            let what = exposed.credential.as_deref().unwrap_or("a secret");
            lines.push(format!("take `{what}` out of {}{line}", exposed.file.display()));
        }
        for placeholder in &self.placeholders {
            let line = placeholder.line.map(|line| format!(":{line}")).unwrap_or_default();
            let name = placeholder.credential.as_deref().unwrap_or("a credential");
            let file = placeholder.file.display();
            lines.push(format!("hand `{name}` over where its placeholder is not filled in: {file}{line}"));
        }
        if !self.exposed.is_empty() || !self.placeholders.is_empty() {
            lines.push("  mcpcred protect".to_owned());
        }
        if let Some(shell) = self.shell.as_ref().filter(|shell| !shell.is_installed) {
            lines.push(format!("if you want credentials in every {} shell:", shell.shell));
            lines.push(format!("  mcpcred init {} --install", shell.shell));
        }
        lines.push("look at all of it: mcpcred check".to_owned());
        let lines = lines.iter().map(|line| crate::ui::sanitize(line).into_owned());
        lines.collect::<Vec<_>>().join("\n") + "\n"
    }

    /// What is here, in one sentence.
    pub(super) fn greeting(&self) -> String {
        let count: usize = self.clients.iter().map(|client| client.servers).sum();
        if count == 0 {
            return "No client here has an MCP server yet; `mcpcred setup --server github --client claude-code` adds one"
                .to_owned();
        }
        let each: Vec<String> =
            self.clients.iter().map(|client| format!("{} ({})", client.name, client.servers)).collect();
        let plural = if count == 1 { "server" } else { "servers" };
        format!("{count} {plural} here: {}", each.join(", "))
    }
}

impl Exposed {
    fn of(finding: &Finding) -> Option<Self> {
        let location = finding.location.as_ref()?;
        Some(Self {
            file: location.file.clone(),
            line: location.place.map(|place| place.line),
            server: finding.server.clone(),
            credential: finding.credential.clone(),
        })
    }

    fn named(step: &Step) -> Self {
        Self {
            file: step.file.clone(),
            line: Some(step.place.line),
            server: Some(step.server.clone()),
            credential: step.credential.clone().or_else(|| step.named.clone()),
        }
    }
}

/// What to say of credentials that are stored, that clients take from the environment, and that the lines of the
/// person's shell will put there; nothing where there are none, or no lines.
///
/// # Errors
/// Where the clients can't be looked at.
pub(super) fn waiting_for_a_shell(app: &App, catalog: &Catalog) -> Result<Option<String>, Failure> {
    let Some(shell) = init::offer(app).filter(|shell| shell.is_installed) else { return Ok(None) };
    let discovery = discover(&catalog.clients, &Places::of(app.environment), Request::default())
        .map_err(|error| Failure::of(Failure::GENERAL, &error))?;
    let known = servers::Known::of(app);
    let mut names: Vec<String> = Vec::new();
    for finding in look(app, catalog, &discovery)?.0 {
        let Some(name) = finding.credential.filter(|_| finding.reason == Reason::UnsetReference) else {
            continue;
        };
        let shown = format!("`{name}`");
        if known.has(&name) && !app.environment.has(&name) && !names.contains(&shown) {
            names.push(shown);
        }
    }
    Ok(match &names[..] {
        [] => None,
        _ => Some(format!(
            "The next {} that you open has {} in its environment, for clients that you start from it",
            shell.shell,
            names.join(", ")
        )),
    })
}

/// Everything that `mcpcred check` finds, and what `mcpcred protect` would do.
fn look(
    app: &App,
    catalog: &Catalog,
    discovery: &Discovery<'_>,
) -> Result<(Vec<Finding>, Vec<Step>), Failure> {
    let fingerprints = Fingerprints::new().map_err(|error| Failure::of(Failure::GENERAL, &error))?;
    let detector = Detector::new(&catalog.providers);
    let known = Known::gather(&app.credentials, app.environment);
    let (now, home) = (app.credentials.now(), discovery.home.as_deref());
    let values = Values::new(catalog, &known, &detector, &fingerprints, now, home);
    let project: Vec<String> = app
        .settings
        .project_credentials
        .iter()
        .flat_map(|named| named.value.iter().map(ToString::to_string))
        .collect();
    let preflight = Preflight {
        discovery,
        servers: &[],
        project_credentials: &project,
        project_file: None,
        exposure_alone: false,
        everything: false,
        values: &values,
        env_files: RefCell::default(),
    };
    let entries = discovery.entries();
    let mut findings = preflight.run(&entries).findings;
    covered::cover(&detector, &mut findings);
    let program = Program::running(app.credentials.profile(), app.environment);
    let request = protect::plan::Request {
        servers: &[],
        project_alone: false,
        style: Style::default(),
        program: &program,
    };
    let plan = rehearsal::plan(discovery, &entries, &values, &request, |_| true);
    Ok((findings, plan.shown_steps(discovery, &detector)))
}

fn clients(discovery: &Discovery<'_>) -> Vec<WithServers> {
    let mut clients: Vec<WithServers> = Vec::new();
    for entry in discovery.entries().iter().flatten().filter(|it| it.enabled && it.here && !it.shadowed) {
        match clients.iter_mut().find(|client| client.client == entry.client.id) {
            Some(client) => client.servers += 1,
            None => clients.push(WithServers {
                client: entry.client.id.clone(),
                name: entry.client.name.clone(),
                servers: 1,
            }),
        }
    }
    clients
}

/// What is nowhere, each once; what is stored under another name of the same secret is there.
fn missing(app: &App, catalog: &Catalog, findings: &[Finding], steps: &[Step]) -> Vec<Missing> {
    let known = servers::Known::of(app);
    let mut all: Vec<Missing> = Vec::new();
    // What stands there now is filled in from nowhere: not from this environment either.
    let lacking: BTreeSet<&str> = steps.iter().filter_map(|step| step.lacks.as_deref()).collect();
    let is_lacking = |finding: &Finding| {
        let name = finding.credential.as_deref();
        finding.reason == Reason::UnsupportedReference && name.is_some_and(|name| lacking.contains(name))
    };
    let is_absent = |finding: &&Finding| {
        matches!(finding.reason, Reason::Missing | Reason::UnsetReference) || is_lacking(finding)
    };
    for finding in findings.iter().filter(is_absent) {
        let Some(credential) =
            finding.credential.as_ref().and_then(|name| name.parse::<CredentialName>().ok())
        else {
            continue;
        };
        let name = credential.as_str();
        let requirement = catalog.requirement(name);
        let is_stored = match requirement {
            Some(requirement) => known.stored_as(catalog, requirement).is_some(),
            None => known.has(name),
        };
        let is_set = app.environment.has(name) && !is_lacking(finding);
        if is_stored || crate::slip::is_token(name) || is_set {
            continue;
        }
        let server = finding.server.clone();
        match all.iter_mut().find(|missing| missing.credential.is_twin_of(&credential)) {
            Some(missing) => missing.servers.extend(server.filter(|it| !missing.servers.contains(it))),
            None => all.push(Missing {
                servers: server.into_iter().collect(),
                create_at: catalog.page_for(name).map(str::to_owned),
                scope: requirement.and_then(|it| it.scope.clone()),
                credential,
            }),
        }
    }
    all
}

//! `mcpcred incident`: the emergency page of one credential.

use std::cell::RefCell;
use std::process::ExitCode;

use serde::Serialize;

use crate::app::App;
use crate::check::covered;
use crate::check::finding::Location;
use crate::check::fingerprint::Fingerprints;
use crate::check::known::Known;
use crate::check::preflight::Preflight;
use crate::check::values::Values;
use crate::children::Held;
use crate::cli::Outcome;
use crate::cli::facts::issuer;
use crate::configuration::discover::{Request, discover};
use crate::configuration::places::Places;
use crate::credentials::Target;
use crate::failure::Failure;
use crate::name::CredentialName;
use crate::recognise::Detector;

/// Tell what to do when a credential is in other hands: revoke, replace, update, review
#[derive(Debug, clap::Args)]
#[command(after_help = "Only tells, and changes nothing. `mcpcred lockdown NAME` stops it at once.")]
pub(super) struct Incident {
    /// Name of the credential
    #[arg(add = super::completions::names())]
    name: CredentialName,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

/// The document of `incident --json`; its schema is `src/cli/schemas/incident.schema.json`.
#[derive(Serialize)]
struct Document {
    schema_version: u32,
    profile: String,
    name: CredentialName,
    /// Whether a lockdown covers it.
    locked_down: bool,
    /// What runs with it now.
    programs: Vec<Program>,
    /// Where a person revokes it and makes a new one.
    page: Option<String>,
    /// What refers to it.
    configurations: Vec<Use>,
    /// Other credentials of the same value; `null` where the values can't be read.
    same_value: Option<Vec<Held>>,
    /// What to do, in this order.
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Program {
    pid: u32,
    #[serde(rename = "program")]
    name: String,
    server: Option<String>,
}

#[derive(Serialize)]
struct Use {
    server: Option<String>,
    clients: Vec<String>,
    location: Option<Location>,
}

#[derive(Serialize)]
struct Step {
    what: &'static str,
    sentence: String,
    command: Option<String>,
}

impl Step {
    fn new(what: &'static str, sentence: impl Into<String>, command: Option<String>) -> Self {
        Self { what, sentence: sentence.into(), command }
    }
}

impl Incident {
    pub(super) fn run(self, app: &App) -> Outcome {
        app.credentials.check_known(&self.name)?;
        let targets = app.credentials.targets(Some(std::slice::from_ref(&self.name)))?;
        let name = targets.first().map_or(&self.name, |target| &target.name).clone();
        let profile = app.credentials.profile();
        let catalog = crate::cli::servers::load(app)?;
        let mut document = Document {
            schema_version: 1,
            profile: profile.to_string(),
            locked_down: app.credentials.marker().look().is_some_and(|it| it.covers(profile, &name)),
            programs: Vec::new(),
            page: catalog.page_to_end(name.as_str()).map(str::to_owned),
            configurations: self.uses(app, &catalog, &name)?,
            same_value: same_value(app, &name)?,
            steps: Vec::new(),
            name,
        };
        let children = app.children().list()?;
        let holding = children.into_iter().filter(|child| child.holds(profile, &document.name));
        document.programs = holding
            .map(|child| Program { pid: child.identity.pid, name: child.program, server: child.server })
            .collect();
        document.steps = steps(app, &document)?;
        if self.json {
            app.print_json(&document)?;
        } else {
            app.ui.data(page(&document).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The entries of configurations that refer to it. No value is read for that.
    fn uses(
        &self,
        app: &App,
        catalog: &crate::catalog::Catalog,
        name: &CredentialName,
    ) -> Result<Vec<Use>, Failure> {
        let places = Places::of(app.environment);
        let discovery = discover(&catalog.clients, &places, Request::default())
            .map_err(|error| Failure::of(Failure::GENERAL, &error))?;
        let fingerprints = Fingerprints::new().map_err(|error| Failure::of(Failure::GENERAL, &error))?;
        let detector = Detector::new(&catalog.providers);
        let known = Known::nothing(app.environment);
        let (now, home) = (app.credentials.now(), discovery.home.as_deref());
        let values = Values::new(catalog, &known, &detector, &fingerprints, now, home);
        let preflight = Preflight {
            discovery: &discovery,
            servers: &[],
            project_credentials: &[],
            project_file: None,
            exposure_alone: false,
            everything: false,
            values: &values,
            env_files: RefCell::default(),
        };
        let is_it = |credential: &str| credential.eq_ignore_ascii_case(name.as_str());
        let mut findings = preflight.run(&discovery.entries()).findings;
        covered::cover(&detector, &mut findings);
        let findings = findings.into_iter();
        let mut uses: Vec<Use> = Vec::new();
        for finding in findings.filter(|finding| finding.credential.as_deref().is_some_and(is_it)) {
            if !uses.iter().any(|known| known.location == finding.location && known.server == finding.server)
            {
                let (server, clients, location) = (finding.server, finding.clients, finding.location);
                uses.push(Use { server, clients, location });
            }
        }
        Ok(uses)
    }
}

/// Other names of the same value, which is as well in other hands. Read although a lockdown may be on: none of it leaves.
fn same_value(app: &App, name: &CredentialName) -> Result<Option<Vec<Held>>, Failure> {
    let targets: Vec<Target> =
        app.credentials.targets(None)?.into_iter().filter(|target| !target.former).collect();
    let mut values = app.credentials.values_to_revoke(&targets);
    let is_it = |target: &Target| target.name == *name && target.profile == *app.credentials.profile();
    let Some(at) = targets.iter().position(is_it) else { return Ok(None) };
    let Ok(Some(own)) = std::mem::replace(&mut values[at], Ok(None)) else { return Ok(None) };
    let same =
        targets.into_iter().zip(values).filter(|(_, value)| matches!(value, Ok(Some(it)) if *it == own));
    Ok(Some(same.map(|(target, _)| Held { profile: target.profile, name: target.name }).collect()))
}

fn steps(app: &App, document: &Document) -> Result<Vec<Step>, Failure> {
    let name = &document.name;
    let mut steps = Vec::new();
    if !document.locked_down {
        let sentence = "stop its use: hand it out no more, and end the programs that hold it";
        steps.push(Step::new("stop", sentence, Some(format!("mcpcred lockdown {name}"))));
    }
    let issuer = app.credentials.find(name)?.and_then(|(_, entry)| issuer(&entry.facts));
    let revoke = match (issuer, &document.page) {
        (Some(issuer), _) => format!("revoke it at {}, as you said when you stored it", issuer.name),
        (None, Some(page)) => format!("revoke it at its provider: {page}"),
        (None, None) => "revoke it at its provider".to_owned(),
    };
    steps.push(Step::new("revoke", revoke, Some(format!("mcpcred lockdown {name} --revoke"))));
    let known: Vec<CredentialName> = app.credentials.list()?.into_iter().map(|(name, _)| name).collect();
    let new = (2..1000)
        .map(|number| format!("{name}_{number}"))
        .find(|new| known.iter().all(|known| !known.as_str().eq_ignore_ascii_case(new)));
    let new = new.unwrap_or_default();
    let sentence = "store a new one under a new name, so that nothing goes on with the old one unnoticed";
    steps.push(Step::new("replace", sentence, Some(format!("mcpcred add {new}"))));
    let sentence = match document.configurations.len() {
        0 => "no configuration in reach refers to it; look at those of other projects".to_owned(),
        1 => format!("put `{new}` into the place that refers to it, and restart its client"),
        count => format!("put `{new}` into the {count} places that refer to it, and restart their clients"),
    };
    steps.push(Step::new("update", sentence, Some("mcpcred check".to_owned())));
    let sentence = "review who used it: programs, times and hosts that you do not know";
    steps.push(Step::new("review", sentence, Some(format!("mcpcred audit --name {name}"))));
    for held in document.same_value.iter().flatten() {
        let sentence = format!("`{}` in profile `{}` has the same value", held.name, held.profile);
        let command = format!("mcpcred rotate {} --profile {}", held.name, held.profile);
        steps.push(Step::new("siblings", sentence, Some(command)));
    }
    let sentence = "forget the old one, once nothing refers to it";
    steps.push(Step::new("forget", sentence, Some(format!("mcpcred delete {name}"))));
    Ok(steps)
}

fn page(document: &Document) -> String {
    let mut lines = vec![format!("{} is in other hands", document.name), String::new()];
    for (number, step) in document.steps.iter().enumerate() {
        lines.push(format!("{}. {}", number + 1, step.sentence));
        lines.extend(step.command.iter().map(|command| format!("     {command}")));
        if step.what == "update" {
            lines.extend(document.configurations.iter().map(told));
        }
    }
    lines.push(String::new());
    if document.programs.is_empty() {
        lines.push("No program that `mcpcred run` started runs with it.".to_owned());
    }
    for program in &document.programs {
        lines.push(format!("Runs with it now: {} ({})", program.name, program.pid));
    }
    if document.same_value.is_none() {
        lines.push(
            "Whether another credential has the same value is not known: the store does not open.".to_owned(),
        );
    }
    let lines = lines.iter().map(|line| crate::ui::sanitize(line).into_owned());
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn told(found: &Use) -> String {
    let server = found.server.as_deref().unwrap_or("-");
    let place = found.location.as_ref().map(|location| location.file.display().to_string());
    format!("     {server}: {} ({})", place.unwrap_or_default(), found.clients.join(", "))
}

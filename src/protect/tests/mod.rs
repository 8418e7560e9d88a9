//! What becomes of entries: each as a person writes it, in memory.

mod coverage;
mod entries;
mod formatting;
#[cfg(unix)]
mod lines;
mod pen;
mod samples;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::catalog::Catalog;
use crate::catalog::client::{ConfigurationFile, Scope};
use crate::check::fingerprint::Fingerprints;
use crate::check::known::Known;
use crate::check::values::Values;
use crate::configuration::discover::{Discovery, Reader, Reading};
use crate::document::Document;
use crate::document::inverse::{self, Inverse, Restored};
use crate::environment::Environment;
use crate::protect::changes::Changes;
use crate::protect::mechanism::Style;
use crate::protect::naming::Planned;
use crate::protect::plan::{Plan, Planning, Request, Step};
use crate::protect::program::Program;
use crate::protect::rehearsal::rehearse;
use crate::recognise::Detector;
use crate::secret::Secret;

/// A token that is one by its form, and of nobody.
const TOKEN: &str = "ghp_wT7hQm2ZrKx94LbVnPsYdJfGcEaUoI1DRt3k";

/// What came of a file: the steps, and the text afterwards.
struct Outcome {
    steps: Vec<Step>,
    names: Vec<String>,
    values: Vec<String>,
    after: String,
    /// What came of it when it was undone, where it was.
    undone: String,
}

impl Outcome {
    /// `field: mechanism NAME`, or why it stays.
    fn told(&self) -> String {
        let mut told = String::new();
        for step in &self.steps {
            let mechanism = serde_json::to_value(step.mechanism).unwrap();
            let mechanism = mechanism.as_str().unwrap();
            let more = step.credential.as_deref().or(step.why.as_deref()).unwrap_or_default();
            writeln!(told, "{}: {}: {mechanism}: {more}", step.server, step.place_in_words).unwrap();
        }
        told
    }
}

/// What `protect` makes of the text of a file of a client, and of nobody else.
fn protected(catalog: &Catalog, id: &str, file: &ConfigurationFile, text: &str, style: Style) -> Outcome {
    with_plan(catalog, (id, file), text, style, |discovery, plan| {
        let document = discovery.readings[0].document.as_ref().unwrap();
        let plannings: Vec<&Planning<'_, '_>> = plan.entries.iter().collect();
        let edited = Changes::of(document, &plannings, &plan.values).apply();
        let edited = edited.unwrap_or_else(|error| panic!("{id}: {error}\n{text}"));
        outcome(discovery, plan, edited.document(), String::new())
    })
}

/// The same with what can't be done left alone, and undone again with what the credentials hold.
fn there_and_back(id: &str, file: &ConfigurationFile, text: &str) -> Outcome {
    with_plan(Catalog::embedded(), (id, file), text, Style::Wrapper, |discovery, plan| {
        rehearse(discovery, plan, |_| true);
        let document = discovery.readings[0].document.as_ref().unwrap();
        let plannings: Vec<&Planning<'_, '_>> = plan.entries.iter().collect();
        let edited = Changes::of(document, &plannings, &plan.values).apply().unwrap();
        let records = inverse::inverses(&edited, &plan.left_in(0)).unwrap();
        let record = serde_json::to_string(&records).unwrap();
        let mut forms = plan.values.iter().flat_map(Planned::forms);
        assert!(!forms.any(|form| record.contains(form.expose_secret_str().unwrap())));
        let inverses: Vec<&Inverse> = records.iter().map(|(_, inverse)| inverse).collect();
        let find = |name: &str| plan.values.iter().find(|it| it.name.as_str() == name).map(|it| &it.secret);
        let (restored, outcomes) =
            inverse::restore(edited.document(), &inverses, &inverse::Values { get: &find }).unwrap();
        assert!(outcomes.iter().all(|it| *it == Restored::Exactly), "{outcomes:?}\n{text}");
        let undone = restored.as_ref().unwrap_or(document).text().expose().to_owned();
        outcome(discovery, plan, edited.document(), undone)
    })
}

fn outcome(discovery: &Discovery<'_>, plan: &Plan<'_, '_>, after: &Document, undone: String) -> Outcome {
    Outcome {
        steps: plan.steps(discovery),
        values: plan.values.iter().map(|it| it.secret.expose_secret_str().unwrap().to_owned()).collect(),
        names: plan.values.iter().map(|value| value.name.to_string()).collect(),
        after: after.text().expose().to_owned(),
        undone,
    }
}

fn with_plan<T>(
    catalog: &Catalog,
    (id, file): (&str, &ConfigurationFile),
    text: &str,
    style: Style,
    then: impl for<'d> FnOnce(&'d Discovery<'_>, &mut Plan<'_, 'd>) -> T,
) -> T {
    let client = catalog.client(id).unwrap();
    let document = Document::parse(Path::new("file"), Secret::copy_of(text.as_bytes()), file.syntax);
    let document = document.unwrap_or_else(|error| panic!("{error}\n{text}"));
    let reader = Reader { client, file, project: None, here: Vec::new(), strength: (0, 0) };
    let reading = Reading { path: PathBuf::from("file"), document: Ok(document), readers: vec![reader] };
    let discovery = Discovery::of(vec![reading]);
    let known = Known::nothing(Environment);
    let detector = Detector::new(&catalog.providers);
    let fingerprints = Fingerprints::new().unwrap();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let values = Values::new(catalog, &known, &detector, &fingerprints, now, None);
    let program = Program::at("/opt/mcpcred");
    let request = Request { servers: &[], project_alone: false, style, program: &program };
    let entries = discovery.entries();
    let mut plan = Plan::make(&discovery, &entries, &values, &known, &request);
    then(&discovery, &mut plan)
}

/// The first file of a client that is of such a scope.
fn file_of<'c>(catalog: &'c Catalog, id: &str, scope: Scope) -> &'c ConfigurationFile {
    catalog
        .client(id)
        .unwrap()
        .files
        .iter()
        .find(|file| file.scope == scope && !file.guest && file.writable)
        .unwrap()
}

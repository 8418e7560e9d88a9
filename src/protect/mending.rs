//! What `mcpcred protect` would do about what a check found, as the advice of its findings.

use std::collections::HashMap;
use std::path::Path;

use clap::ValueEnum;

use crate::check::finding::{Action, Finding, Reason};
use crate::check::quoted::quoted;
use crate::configuration::discover::Discovery;
use crate::configuration::entry::ServerEntry;
use crate::document::Pointer;
use crate::protect::mechanism::{Mechanism, Style};
use crate::protect::plan::{Plan, Step, is_of_project};

/// How a call begins that takes a secret out.
const CALL: &str = "mcpcred protect";

/// Whether the finding is about a secret in the open in a server, or about a placeholder that is not filled in, and no
/// command that mends it is named yet.
pub(crate) fn is_left(finding: &Finding) -> bool {
    let command = finding.action.as_ref().and_then(|action| action.command.as_deref());
    let is_open = match finding.reason {
        Reason::Plaintext => !command.is_some_and(|command| command.starts_with(CALL)),
        Reason::UnsupportedReference => command.is_none(),
        _ => false,
    };
    is_open && finding.server.is_some()
}

/// Whether that style does anything with a server of such an entry that the usual one does not.
pub(crate) fn may_help(style: Style, entry: &ServerEntry<'_>) -> bool {
    match style {
        Style::Wrapper | Style::Inputs => true,
        Style::Bridge => entry.url().is_some(),
        Style::Reference => {
            let references = entry.references();
            entry.all_fields().any(|field| !references.syntaxes_in(field.kind).is_empty())
        }
    }
}

/// Says of every secret that is left in the open in a server which call of `protect` takes it out, or why none does
/// and what a person does then; and the same of what takes the place of a placeholder that is not filled in.
pub(crate) fn advise(findings: &mut [Finding], plan: &Plan<'_, '_>, discovery: &Discovery<'_>, style: Style) {
    let all = plan.steps(discovery);
    let mut steps: HashMap<(&Path, &Pointer), Vec<&Step>> = HashMap::new();
    for step in &all {
        steps.entry((&step.file, &step.pointer)).or_default().push(step);
    }
    let mut moved: HashMap<String, String> = HashMap::new();
    for finding in findings.iter_mut().filter(|finding| is_left(finding)) {
        let Some(location) = &finding.location else { continue };
        let Some(pointer) = &location.pointer else { continue };
        let Some(of_value) = steps.get(&(location.file.as_path(), pointer)) else { continue };
        if finding.reason == Reason::UnsupportedReference {
            let is_own = |step: &&&Step| step.placeholder && names(step, finding.credential.as_deref());
            if let Some(step) = of_value.iter().find(is_own) {
                fill_in(finding, step, discovery, style);
            }
            continue;
        }
        // What goes with its whole value has no step of its own.
        let mut secrets = of_value.iter().filter(|step| !step.placeholder);
        let exact = secrets.clone().find(|step| Some(step.place) == location.place);
        let Some(step) = exact.or_else(|| secrets.next()) else { continue };
        let Some(reading) = discovery.readings.iter().find(|reading| reading.path == location.file) else {
            continue;
        };
        let others = if reading.is_committed() {
            ", and replace it at its provider, since others have this file"
        } else {
            ""
        };
        if step.mechanism == Mechanism::None && style != Style::default() {
            continue;
        }
        finding.action = Some(if step.mechanism == Mechanism::None {
            let why = step.why.as_deref().unwrap_or_default();
            let advice = step.advice.as_deref().unwrap_or_default();
            let sentence = format!("{advice}{others}; `mcpcred protect` leaves it where it is: {why}");
            Action { sentence, ..Action::default() }
        } else {
            let command = call(step, is_of_project(reading, &discovery.project), style);
            if let Some(fingerprint) = &finding.fingerprint {
                moved.entry(fingerprint.clone()).or_insert_with(|| command.clone());
            }
            let after = if step.mechanism == Mechanism::Reference {
                "and load it with `mcpcred export-env` before the client starts"
            } else {
                "after which the server still starts"
            };
            let sentence = format!("let mcpcred move it into the store, {after}{others}");
            Action { sentence, command: Some(command), page: None }
        });
    }
    // A copy that nobody reads is covered along with the value that it is a copy of.
    for finding in findings.iter_mut().filter(|it| it.reason == Reason::Plaintext && it.server.is_none()) {
        let command = finding.fingerprint.as_ref().and_then(|fingerprint| moved.get(fingerprint));
        let is_dead = |path: &Path| {
            let mut leftovers = discovery.leftovers.iter();
            leftovers.any(|it| it.path == path && !it.in_use && !it.is_of_variables)
        };
        if let (Some(command), Some(location)) = (command, &finding.location)
            && is_dead(&location.file)
        {
            finding.action = Some(Action {
                sentence: "let mcpcred cover it here too, or remove the file".to_owned(),
                command: Some(format!("{command} --scrub")),
                page: None,
            });
        }
    }
}

/// Whether the step is about the placeholder with that name.
fn names(step: &Step, name: Option<&str>) -> bool {
    step.named.as_deref() == name
}

/// Adds to what is advised about a placeholder the command that does it, where one does.
fn fill_in(finding: &mut Finding, step: &Step, discovery: &Discovery<'_>, style: Style) {
    let reading = discovery.readings.iter().find(|reading| reading.path == step.file);
    let is_of_project = reading.is_some_and(|reading| is_of_project(reading, &discovery.project));
    let action = finding.action.take().unwrap_or_default();
    finding.action = Some(match (&step.lacks, step.mechanism) {
        (Some(name), _) if style == Style::default() => {
            let server = finding.server.as_deref().and_then(quoted);
            let flag = server.map(|server| format!(" --server {server}")).unwrap_or_default();
            let sentence = format!("{}; once it is stored, `mcpcred protect` does that", action.sentence);
            Action { sentence, command: Some(format!("mcpcred add {name}{flag}")), ..action }
        }
        (_, Mechanism::None) => action,
        (_, mechanism) => {
            let sentence = match mechanism {
                Mechanism::Wrapper | Mechanism::Argument => action.sentence,
                Mechanism::HeadersHelper => "let the client ask mcpcred for the header".to_owned(),
                Mechanism::Reference => {
                    "write it as the client does, and load it with `mcpcred export-env` before".to_owned()
                }
                _ => "let mcpcred put another way in its place".to_owned(),
            };
            Action { sentence, command: Some(call(step, is_of_project, style)), page: None }
        }
    });
}

/// The call that does this step, and as little else as can be said.
fn call(step: &Step, is_of_project: bool, style: Style) -> String {
    let mut call = CALL.to_owned();
    let clients = step.clients.iter().map(|client| ("--client", client));
    for (flag, word) in clients.chain([("--server", &step.server)]) {
        // Without a flag it does more, and asks before.
        if let Some(word) = quoted(word) {
            call.extend([" ", flag, " ", &word]);
        }
    }
    call.push_str(if is_of_project { " --project" } else { "" });
    if let (true, Some(word)) = (style != Style::default(), style.to_possible_value()) {
        call.extend([" --style ", word.get_name()]);
    }
    call
}

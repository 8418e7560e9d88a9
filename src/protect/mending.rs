//! What `mcpcred protect` would do about what a check found, as the advice of its findings.

use std::collections::HashMap;
use std::path::Path;

use crate::check::finding::{Action, Finding, Reason};
use crate::check::quoted::quoted;
use crate::configuration::discover::Discovery;
use crate::document::Pointer;
use crate::protect::mechanism::Mechanism;
use crate::protect::plan::{Plan, Step, is_of_project};

/// Says of every secret in the open in a server which call of `protect` takes it out, or why none does and what a
/// person does then.
pub(crate) fn advise(findings: &mut [Finding], plan: &Plan<'_, '_>, discovery: &Discovery<'_>) {
    let all = plan.steps(discovery);
    let mut steps: HashMap<(&Path, &Pointer), Vec<&Step>> = HashMap::new();
    for step in &all {
        steps.entry((&step.file, &step.pointer)).or_default().push(step);
    }
    let mut moved: HashMap<String, String> = HashMap::new();
    let in_entries = findings.iter_mut().filter(|it| it.reason == Reason::Plaintext && it.server.is_some());
    for finding in in_entries {
        let Some(location) = &finding.location else { continue };
        let Some(pointer) = &location.pointer else { continue };
        let Some(of_value) = steps.get(&(location.file.as_path(), pointer)) else { continue };
        // What goes with its whole value has no step of its own.
        let exact = of_value.iter().find(|step| Some(step.place) == location.place);
        let Some(step) = exact.or(of_value.first()) else { continue };
        let Some(reading) = discovery.readings.iter().find(|reading| reading.path == location.file) else {
            continue;
        };
        let others = if reading.is_committed() {
            ", and replace it at its provider, since others have this file"
        } else {
            ""
        };
        finding.action = Some(if step.mechanism == Mechanism::None {
            let why = step.why.as_deref().unwrap_or_default();
            let advice = step.advice.as_deref().unwrap_or_default();
            let sentence = format!("{advice}{others}; `mcpcred protect` leaves it where it is: {why}");
            Action { sentence, ..Action::default() }
        } else {
            let command = call(step, is_of_project(reading, &discovery.project));
            if let Some(fingerprint) = &finding.fingerprint {
                moved.entry(fingerprint.clone()).or_insert_with(|| command.clone());
            }
            let sentence =
                format!("let mcpcred move it into the store, after which the server still starts{others}");
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

/// The call that does this step, and as little else as can be said.
fn call(step: &Step, is_of_project: bool) -> String {
    let mut call = "mcpcred protect".to_owned();
    let clients = step.clients.iter().map(|client| ("--client", client));
    for (flag, word) in clients.chain([("--server", &step.server)]) {
        // Without a flag it does more, and asks before.
        if let Some(word) = quoted(word) {
            call.extend([" ", flag, " ", &word]);
        }
    }
    call.push_str(if is_of_project { " --project" } else { "" });
    call
}

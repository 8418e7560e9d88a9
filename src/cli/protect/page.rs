//! What `protect` shows a person: before, and afterwards.

use std::fmt::Write;
use std::io;

use crate::app::App;
use crate::cli::protect::session::{Done, Ending, FileDone};
use crate::protect::mechanism::Mechanism;
use crate::protect::plan::Step;
use crate::ui::table::Table;

/// How many commits are named of one value.
const MOST_COMMITS: usize = 3;

/// The plan, before anybody is asked. A dry run is data; what comes before a question is not.
pub(super) fn preview(app: &App, done: &Done, is_dry: bool) -> io::Result<()> {
    for (path, why) in &done.unread {
        app.ui.warn(&format!("`{}` {why}; nothing in it is changed", path.display()));
    }
    if done.steps.is_empty() {
        app.ui.say("No secret lies in the open in the configurations in reach");
        return Ok(());
    }
    let plan = plan(done, app.ui.data_width());
    if !is_dry {
        for line in plan.lines() {
            app.ui.say(line);
        }
        return Ok(());
    }
    app.ui.data(plan.as_bytes())?;
    for difference in done.files.iter().filter_map(|file| file.difference.as_deref()) {
        app.ui.data(b"\n")?;
        app.ui.data(harmless(difference).as_bytes())?;
    }
    let all = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let new = all(done.credentials.iter().filter(|kept| !kept.was_stored).count(), "new credential");
    let files = all(done.files.len(), "file");
    app.ui.say(&format!("Nothing was done: this shows {new}, and {files} to change"));
    Ok(())
}

/// The same lines without what could move a cursor; a tab is a part of many files.
fn harmless(text: &str) -> String {
    let line = |line: &str| line.split('\t').map(crate::ui::sanitize).collect::<Vec<_>>().join("\t");
    text.lines().map(|it| line(it) + "\n").collect()
}

/// A line for each secret, file by file, and below what stays and why.
fn plan(done: &Done, width: Option<usize>) -> String {
    let mut text = String::new();
    let mut files: Vec<&Step> = Vec::new();
    for step in &done.steps {
        if files.last().is_none_or(|last| last.file != step.file) {
            files.push(step);
        }
    }
    for first in files {
        let clients = first.clients.join(", ");
        let file = first.file.display().to_string();
        _ = writeln!(text, "{} ({clients})", crate::ui::sanitize(&file));
        let mut table = Table::new(&["  SERVER", "WHERE", "CREDENTIAL", "HOW"]);
        for step in done.steps.iter().filter(|step| step.file == first.file) {
            let credential = match (&step.credential, step.stored) {
                (Some(name), true) => format!("{name} (stored)"),
                (Some(name), false) => name.clone(),
                (None, _) => String::new(),
            };
            let place = format!("{}, line {}", step.place_in_words, step.place.line);
            table.row(&[&format!("  {}", step.server), &place, &credential, step.mechanism.words()]);
        }
        text.push_str(&table.render(width));
        for (why, steps) in by(done.steps.iter().filter(|step| step.file == first.file), |step| &step.why) {
            let place =
                |step: &&Step| format!("{}, {}", crate::ui::sanitize(&step.server), step.place_in_words);
            let places: Vec<String> = steps.iter().map(place).collect();
            _ = writeln!(text, "  {}: {why}", places.join("; "));
        }
    }
    let advices = by(done.steps.iter(), |step| &step.advice);
    if !advices.is_empty() {
        text.push_str("What can be done about those that are left:\n");
    }
    for (advice, steps) in advices {
        _ = writeln!(text, "  {}: {advice}", counted(&steps));
    }
    text
}

/// Steps that say the same, in the order of the first of each.
fn by<'s>(
    steps: impl Iterator<Item = &'s Step>,
    says: impl Fn(&'s Step) -> &'s Option<String>,
) -> Vec<(&'s str, Vec<&'s Step>)> {
    let mut groups: Vec<(&str, Vec<&Step>)> = Vec::new();
    for (step, said) in steps.filter_map(|step| Some((step, says(step).as_deref()?))) {
        match groups.iter_mut().find(|(own, _)| *own == said) {
            Some((_, steps)) => steps.push(step),
            None => groups.push((said, vec![step])),
        }
    }
    groups
}

/// How many secrets and placeholders there are.
fn counted(steps: &[&Step]) -> String {
    let count = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{count} {what}s")),
    };
    let placeholders = steps.iter().filter(|step| step.placeholder).count();
    let both = [count(steps.len() - placeholders, "secret"), count(placeholders, "placeholder")];
    both.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// What was done, and what a person does now.
pub(super) fn ending(app: &App, done: &Done) {
    if !matches!(done.ending, Ending::Done | Ending::Partly) {
        return;
    }
    let new: Vec<String> = done
        .credentials
        .iter()
        .filter(|kept| !kept.was_stored)
        .map(|kept| format!("`{}`", kept.name))
        .collect();
    if !new.is_empty() {
        let them = if new.len() == 1 { "it" } else { "them" };
        app.ui.say(&format!("Stored {} and read {them} back", new.join(", ")));
    }
    for file in &done.files {
        let path = file.path.display();
        match &file.why {
            None => app.ui.say(&format!("Changed `{path}`{}", restart(file))),
            Some(why) => {
                app.ui.warn(&format!("`{path}` was not changed: {why}; its values are stored, call again"));
            }
        }
    }
    if done.files.iter().any(|file| file.is_written && file.is_committed) {
        app.ui.say("Others who use a committed file need mcpcred and the credentials too");
    }
    if done.steps.iter().any(|step| step.mechanism == Mechanism::Input) {
        app.ui.say(
            "A client that asks for a value gets it with `mcpcred get NAME --clip`, and keeps it itself",
        );
    }
    if done.steps.iter().any(|step| step.mechanism == Mechanism::Reference) {
        app.ui.say("A client that fills in a placeholder needs the variable: see `mcpcred export-env`");
    }
    let left: Vec<&Step> = done.steps.iter().filter(|step| step.mechanism == Mechanism::None).collect();
    if !left.is_empty() {
        let stay = if left.len() == 1 { "stays where it is" } else { "stay where they are" };
        app.ui.warn(&format!("{} {stay}; `mcpcred check` tells where", counted(&left)));
    }
    for path in &done.scrubbed {
        app.ui.say(&format!("Covered the values in `{}`", path.display()));
    }
    for copy in &done.copies {
        let advice = if copy.can_be_scrubbed { "; cover it with `mcpcred protect --scrub`" } else { "" };
        app.ui.warn(&format!(
            "`{}` still holds the value of {}: {}{advice}",
            copy.file.display(),
            copy.credentials.join(", "),
            copy.what
        ));
    }
    for committed in &done.history.committed {
        let mut commits: Vec<&str> =
            committed.commits.iter().take(MOST_COMMITS).map(|it| it.get(..12).unwrap_or(it)).collect();
        let more = format!("{} more", committed.commits.len().saturating_sub(MOST_COMMITS));
        if committed.commits.len() > MOST_COMMITS {
            commits.push(&more);
        }
        app.ui.warn(&format!(
            "the history of `{}` holds the value of `{}` ({}): replace it at its provider, then `mcpcred rotate {}`",
            committed.repository.display(),
            committed.credential,
            commits.join(", "),
            committed.credential
        ));
    }
    if !done.history.is_complete {
        app.ui.warn("not all of the project's history was looked at: it is long, or git did not answer");
    }
    if done.files.iter().any(|file| file.is_written) {
        app.ui.say("Put everything back with `mcpcred unprotect`");
    }
}

fn restart(file: &FileDone) -> String {
    let told = file.clients.iter().filter_map(|(name, reload)| {
        let reload = reload.as_deref()?;
        Some(format!("{name}: {reload}"))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { String::new() } else { format!("; {}", told.join("; ")) }
}

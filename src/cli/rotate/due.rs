//! `rotate --due`: all that are due, one after another.

use std::process::ExitCode;

use jiff::Timestamp;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::rotate::Rotate;
use crate::cli::rotate::document::{self, Row};
use crate::cli::rotate::job::Job;
use crate::cli::schedules;
use crate::credential::Facts;
use crate::credentials::CredentialError;
use crate::failure::Failure;
use crate::index::{Entry, State};
use crate::name::CredentialName;

/// What a person says to one of them.
enum Answer {
    Replace,
    Skip,
    Stop,
}

/// Goes through them. A failure of one does not keep the others from their turn.
pub(super) fn walk(request: &Rotate, app: &App) -> Outcome {
    let now = app.credentials.now();
    let mut due = schedules::applied(app, app.credentials.list()?)?;
    due.retain(|(name, entry)| {
        (entry.facts.is_rotation_due(now) || entry.facts.is_expired(now)) && !is_only_begun(app, name, entry)
    });
    if due.is_empty() {
        app.ui.say("Nothing is due");
        if request.json {
            document::print(app, Vec::new())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let total = due.len();
    let can_ask = app.ui.can_ask();
    let mut left: Vec<CredentialName> = Vec::new();
    let mut failed: Vec<CredentialName> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    for (number, (name, entry)) in due.into_iter().enumerate() {
        app.ui.say(&format!("{} of {total}: `{name}`, {}", number + 1, since(&entry.facts, now)));
        let (row, answer) = replace(request, app, &name, can_ask);
        rows.push(row);
        match answer {
            Ok(Answer::Replace) => {}
            Ok(Answer::Skip) => left.push(name),
            Ok(Answer::Stop) => {
                left.push(name);
                break;
            }
            Err(failure) => {
                failure.tell(app.ui);
                failed.push(name);
            }
        }
    }
    if request.json {
        document::print(app, rows)?;
    }
    summary(&left, &failed, can_ask)
}

/// Whether it is no credential: an addition that was cut off before its value came.
fn is_only_begun(app: &App, name: &CredentialName, entry: &Entry) -> bool {
    entry.state == State::Adding
        && matches!(app.credentials.check_known(name), Err(CredentialError::NotFound { .. }))
}

/// What became of one of them, and what a person said to it.
fn replace(
    request: &Rotate,
    app: &App,
    name: &CredentialName,
    can_ask: bool,
) -> (Row, Result<Answer, Failure>) {
    let job = match Job::new(request, app, name) {
        Ok(job) => job,
        Err(failure) => return (Row::of(app, name).close(app, Some(&failure)), Err(failure)),
    };
    let answer = replace_unless_left(&job, can_ask);
    if matches!(answer, Ok(Answer::Skip | Answer::Stop)) {
        job.row.borrow_mut().ends(document::Outcome::Skipped);
    }
    (job.into_row(answer.as_ref().err()), answer)
}

fn replace_unless_left(job: &Job<'_>, can_ask: bool) -> Result<Answer, Failure> {
    let way = job.way()?;
    job.row.borrow_mut().goes(way.as_str());
    if can_ask {
        job.app.ui.say(&format!("It is {}", way.words()));
        match ask(job.app)? {
            Answer::Replace => {}
            other => return Ok(other),
        }
    } else if !way.is_automated() {
        return Ok(Answer::Skip);
    }
    drop(way);
    job.replace()?;
    Ok(Answer::Replace)
}

fn ask(app: &App) -> Result<Answer, Failure> {
    let answer = app.ui.ask_line("Replace it now? [y]es, [s]kip, [q]uit ")?;
    Ok(match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Answer::Replace,
        "q" | "quit" => Answer::Stop,
        _ => Answer::Skip,
    })
}

fn since(facts: &Facts, now: Timestamp) -> String {
    let day = |moment: Timestamp| moment.strftime("%Y-%m-%d");
    match (facts.expires.filter(|_| facts.is_expired(now)), facts.rotation_due_on()) {
        (Some(expired), _) => format!("expired on {}", day(expired)),
        (None, Some(due)) => format!("due since {}", day(due)),
        (None, None) => "due".to_owned(),
    }
}

fn summary(left: &[CredentialName], failed: &[CredentialName], can_ask: bool) -> Outcome {
    let list = |names: &[CredentialName]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    if !failed.is_empty() {
        let failure = Failure::new(Failure::GENERAL, format!("not replaced: {}", list(failed)));
        return Err(if left.is_empty() {
            failure
        } else {
            failure.because(format!("left for later: {}", list(left)))
        });
    }
    if !left.is_empty() && !can_ask {
        return Err(Failure::new(
            Failure::NEEDS_PERSON,
            format!("these need a person, and there is no terminal to ask on: {}", list(left)),
        )
        .hint("call `mcpcred rotate --due` from a terminal"));
    }
    Ok(ExitCode::SUCCESS)
}

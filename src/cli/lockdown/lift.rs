//! `lockdown --lift`: a person who can open the store ends it.

use std::process::ExitCode;

use crate::app::App;
use crate::audit::{Action, Event, Outcome as Ending};
use crate::cli::Outcome;
use crate::credentials::Target;
use crate::failure::Failure;
use crate::lockdown::ItemState;

/// Ends the lockdown: on a terminal, and after the store has given something that it covers.
///
/// # Errors
/// Where there is no terminal, the store does not open, or the person thinks better of it.
pub(super) fn lift(app: &App) -> Outcome {
    let marker = app.credentials.marker();
    let Some(lockdown) = marker.look() else {
        app.ui.say("No lockdown is on");
        return Ok(ExitCode::SUCCESS);
    };
    if !app.ui.can_ask() {
        return Err(Failure::new(Failure::NEEDS_PERSON, "a lockdown is lifted by a person at a terminal")
            .hint("call `mcpcred lockdown --lift` from one"));
    }
    let mut report = app.lockdown_report().load()?;
    let alive = report.items.iter().filter(|item| !item.state.is_over()).count();
    if alive > 0 {
        let word = if alive == 1 { "token is" } else { "tokens are" };
        app.ui.warn(&format!("{alive} {word} not revoked: whoever has a copy can go on using it"));
    }
    prove_access(app, |target| lockdown.covers(&target.profile, &target.name))?;
    if !app.ui.confirm("Hand out values again?")? {
        return Err(Failure::new(Failure::NEEDS_PERSON, "the lockdown stays on"));
    }
    // Nothing is to be revoked later on the word of a lockdown that is over.
    let open = [ItemState::Waiting, ItemState::Offered];
    report.items.retain(|item| open.contains(&item.state));
    for item in &mut report.items {
        item.state = ItemState::ByHand;
        "the lockdown was lifted before it was revoked".clone_into(&mut item.words);
    }
    app.lockdown_report().update(&report.items, &report.hosts)?;
    app.credentials.record(Event::new(Action::Lift))?;
    marker.lift()?;
    app.ui.say("The lockdown is over: values are handed out again");
    Ok(ExitCode::SUCCESS)
}

/// Has the store give something of what is covered, as only who may open it can.
fn prove_access(app: &App, is_covered: impl Fn(&Target) -> bool) -> Result<(), Failure> {
    let mut targets = app.credentials.targets(None)?;
    targets.retain(|target| is_covered(target) && !target.former);
    let mut failed = None;
    for target in targets {
        match app.credentials.values_to_revoke(std::slice::from_ref(&target)).pop() {
            Some(Ok(Some(_))) => return Ok(()),
            Some(Err(why)) => {
                failed = Some(why);
                break;
            }
            _ => {}
        }
    }
    match failed {
        Some(why) => {
            // Who tries to lift it and can't open the store is to be seen; the failure itself is what a person hears of.
            _ = app.credentials.record(Event::new(Action::Lift).ended(Ending::Denied).because("store"));
            Err(Failure::new(Failure::NO_ANSWER, "the lockdown stays on, since the store does not open")
                .because(why)
                .hint("`mcpcred store status` tells how it opens"))
        }
        // Nothing is stored, so there is nothing to hand out.
        None => Ok(()),
    }
}

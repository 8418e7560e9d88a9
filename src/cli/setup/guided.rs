//! `mcpcred setup`: the first day, step by step; each can be skipped, and what was done stays done.

use std::process::ExitCode;
use std::time::Duration;

use crate::app::App;
use crate::catalog::Catalog;
use crate::cli::Outcome;
use crate::cli::check::Check;
use crate::cli::init;
use crate::cli::protect;
use crate::cli::servers;
use crate::cli::setup::plan::{self, Plan};
use crate::cli::setup::token::Token;
use crate::failure::Failure;
use crate::store::StoreKind;

/// How long the vault is kept open, as `store unlock` does where nobody says otherwise.
const A_DAY_AT_WORK: Duration = Duration::from_secs(8 * 60 * 60);

/// Goes through what is left; where nobody can be asked, prints the plan.
pub(super) fn run(app: &App, is_dry: bool, as_json: bool) -> Outcome {
    let catalog = servers::load(app)?;
    let plan = Plan::of(app, &catalog)?;
    if is_dry || as_json || !app.ui.can_ask() {
        return print(app, &plan, is_dry, as_json);
    }
    app.ui.say(&plan.greeting());
    let has_lines = plan.shell.as_ref().is_none_or(|shell| shell.is_installed);
    if plan.is_done() && has_lines && !is_vault_closed(app)? {
        app.ui.say("Nothing is left to be set up");
    } else {
        steps(app, &catalog, &plan).map_err(Failure::stopped)?;
    }
    app.ui.say("");
    let outcome = Check::all().run(app)?;
    if let Some(waiting) = plan::waiting_for_a_shell(app, &catalog)? {
        app.ui.say(&waiting);
    }
    Ok(outcome)
}

fn print(app: &App, plan: &Plan, is_dry: bool, as_json: bool) -> Outcome {
    if as_json {
        app.print_json(plan)?;
    } else {
        app.ui.data(plan.text().as_bytes())?;
    }
    if plan.is_done() || is_dry {
        return Ok(ExitCode::SUCCESS);
    }
    app.ui.say("Call `mcpcred setup` from a terminal to go through it step by step");
    Ok(ExitCode::from(Failure::NEEDS_PERSON))
}

fn steps(app: &App, catalog: &Catalog, plan: &Plan) -> Result<(), Failure> {
    for (number, missing) in plan.missing.iter().enumerate() {
        app.ui.say("");
        app.ui.say(&format!("Credential {} of {} that is missing", number + 1, plan.missing.len()));
        let server = missing.servers.first().map_or("this project", String::as_str);
        let requirement = catalog.requirement(missing.credential.as_str());
        let token = Token { name: &missing.credential, server, requirement };
        if !token.take_from_environment(app, catalog)? && !token.take(app, catalog)? {
            app.ui.say("Skipped");
        }
        // Where the first of them went is told now, and not after everything else.
        app.tell_notices();
    }
    if !plan.exposed.is_empty() || !plan.placeholders.is_empty() {
        app.ui.say("");
        match plan.exposed.len() {
            0 => {}
            1 => app.ui.say("1 secret lies in the open"),
            count => app.ui.say(&format!("{count} secrets lie in the open")),
        }
        match plan.placeholders.len() {
            0 => {}
            1 => app.ui.say("1 placeholder for a secret is filled in by no client"),
            count => app.ui.say(&format!("{count} placeholders for secrets are filled in by no client")),
        }
        if !protect::offer(app, catalog)? {
            app.ui.say("Skipped");
        }
        app.tell_notices();
    }
    if is_vault_closed(app)? {
        app.ui.say("");
        keep_vault_open(app)?;
    }
    if let Some(shell) = plan.shell.as_ref().filter(|shell| !shell.is_installed) {
        app.ui.say("");
        app.ui.say(&format!(
            "{} can load your credentials whenever you open it. Servers that `mcpcred run` starts do without.",
            shell.shell
        ));
        let question = format!("Add the lines to `{}`?", shell.file.display());
        if app.ui.confirm(&question)? {
            init::accept(app, shell)?;
        } else {
            app.ui.say("Skipped");
        }
    }
    Ok(())
}

/// Whether values rest in a vault that takes a person to open: no client can ask one.
fn is_vault_closed(app: &App) -> Result<bool, Failure> {
    let choice = app.credentials.stores().current()?;
    let is_vault = choice.is_some_and(|choice| choice.kind == StoreKind::Vault);
    Ok(is_vault && app.unlocking.has_vault() && !app.unlocking.opens_unattended())
}

fn keep_vault_open(app: &App) -> Result<(), Failure> {
    app.ui.say(
        "Servers that clients start can't ask for the passphrase of the vault. They get nothing unless it is kept open, \
         by `mcpcred store unlock` once a day, or `MCPCRED_KEY_FILE` names a file with its key.",
    );
    if !app.ui.confirm("Keep it open for 8 h?")? {
        app.ui.say("Skipped");
        return Ok(());
    }
    let vault = app.unlocking.vault_in_hand()?;
    match app.unlocking.keep_open(&vault, A_DAY_AT_WORK, app.credentials.now()) {
        Ok(()) => app.ui.say("The vault is open for 8 h"),
        // All that was done so far is good without it.
        Err(error) => _ = Failure::from(error).tell(app.ui),
    }
    Ok(())
}

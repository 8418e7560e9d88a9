//! `mcpcred setup`: the first day, step by step; each can be skipped, and what was done stays done.

use std::process::ExitCode;

use crate::app::App;
use crate::catalog::Catalog;
use crate::cli::Outcome;
use crate::cli::check::Check;
use crate::cli::init;
use crate::cli::protect;
use crate::cli::servers;
use crate::cli::setup::plan::Plan;
use crate::cli::setup::token::Token;
use crate::failure::Failure;

/// Goes through what is left; where nobody can be asked, prints the plan.
pub(super) fn run(app: &App, is_dry: bool, as_json: bool) -> Outcome {
    let catalog = servers::load(app)?;
    let plan = Plan::of(app, &catalog)?;
    if is_dry || as_json || !app.ui.can_ask() {
        return print(app, &plan, is_dry, as_json);
    }
    app.ui.say(&plan.greeting());
    let is_untouched = plan.is_done() && plan.shell.as_ref().is_none_or(|shell| shell.is_installed);
    if is_untouched {
        app.ui.say("Nothing is left to be set up");
    } else {
        steps(app, &catalog, &plan).map_err(Failure::stopped)?;
    }
    app.ui.say("");
    Check::all().run(app)
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
        if !token.take(app, catalog)? {
            app.ui.say("Skipped");
        }
    }
    if !plan.exposed.is_empty() {
        app.ui.say("");
        app.ui.say(&match plan.exposed.len() {
            1 => "1 secret lies in the open".to_owned(),
            count => format!("{count} secrets lie in the open"),
        });
        if !protect::offer(app, catalog)? {
            app.ui.say("Skipped");
        }
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

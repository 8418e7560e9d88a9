//! `mcpcred store move`: every credential to another store.

use std::process::ExitCode;

use crate::app::App;
use crate::audit::{Action, Event};
use crate::cli::Outcome;
use crate::failure::Failure;
use crate::settings::StoreSetting;
use crate::store::StoreKind;

/// Move every credential of every profile to another store: copied, read back, and only then removed
///
/// May be stopped at any moment and called again.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Move {
    /// keychain, wincred, secret-service or vault
    #[arg(value_name = "TO")]
    target: StoreSetting,
}

impl Move {
    pub(in crate::cli) fn run(self, app: &App) -> Outcome {
        let target = match self.target.0 {
            Some(StoreKind::None) | None => {
                return Err(Failure::new(Failure::USAGE, "the store to move to is one that keeps values")
                    .hint("`mcpcred store status` shows which there are"));
            }
            Some(target) => target,
        };
        refuse_other_choice(app, target)?;
        if target == StoreKind::Vault && !app.unlocking.has_vault() {
            app.credentials.check_recordable()?;
            app.create_vault(None)?;
            let made = Event::new(Action::Init).in_store(StoreKind::Vault).because("moved-to");
            app.credentials.record_keyless(made)?;
        }
        let moved = app.credentials.relocate(target)?;
        let count = match moved.moved {
            1 => "1 credential".to_owned(),
            count => format!("{count} credentials"),
        };
        app.ui.say(&format!("Moved {count} to {}", target.title()));
        if moved.left_behind > 0 {
            app.ui.warn(&format!(
                "{} copies could not be taken out of the old store; call this again to try once more",
                moved.left_behind
            ));
            return Ok(ExitCode::from(Failure::GENERAL));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What was moved would not be found again while something else names another store.
fn refuse_other_choice(app: &App, target: StoreKind) -> Result<(), Failure> {
    let chosen = &app.settings.store;
    match chosen.value.0 {
        Some(kind) if kind != target => Err(Failure::new(
            Failure::USAGE,
            format!(
                "`{}` is chosen by {}, so nothing would be found in {}",
                kind.as_str(),
                chosen.source,
                target.title()
            ),
        )
        .hint(format!("take that away, or set it to `{}`, and call again", target.as_str()))),
        _ => Ok(()),
    }
}

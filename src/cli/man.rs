//! `mcpcred man`: the manual, made from the same definition as the help.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{Cli, Outcome};
use crate::failure::Failure;
use crate::ui::Ui;

/// Print the manual page, or write one page a command into a folder
#[derive(Debug, clap::Args)]
pub(super) struct Man {
    /// The folder to write `mcpcred.1`, `mcpcred-add.1` … into
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self, ui: Ui) -> Outcome {
        let command = Cli::command();
        if let Some(folder) = self.folder {
            let failed = |error: std::io::Error| {
                Failure::new(Failure::GENERAL, format!("cannot write pages into `{}`", folder.display()))
                    .because(error.to_string())
            };
            std::fs::create_dir_all(&folder).map_err(failed)?;
            clap_mangen::generate_to(command, &folder).map_err(failed)?;
            ui.say(&format!("Wrote the manual into `{}`", folder.display()));
        } else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            ui.data(&page)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

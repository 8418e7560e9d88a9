//! `mcpcred audit verify`: whether the log is as it was written, and up to where that is certain.

use std::process::ExitCode;

use serde::Serialize;

use crate::app::App;
use crate::audit::verify::{self as verifying, Verification};
use crate::cli::Outcome;
use crate::cli::audit::{files, unreadable};
use crate::failure::Failure;

/// Check that no line of the log was changed, dropped, moved or cut off; names the first that was
#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

/// The document of `audit verify --json`; its schema is `src/cli/schemas/audit-verify.schema.json`.
#[derive(Serialize)]
struct Document {
    schema_version: u32,
    whole: bool,
    #[serde(flatten)]
    verification: Verification,
}

impl Verify {
    pub(super) fn run(self, app: &App) -> Outcome {
        let files = files(app);
        let (keys, anchors) = app.credentials.chain_keys()?;
        let verification = verifying::verify(&files, &keys, &anchors).map_err(|error| unreadable(&error))?;
        let whole = verification.is_whole();
        if self.json {
            app.print_json(&Document { schema_version: 1, whole, verification })?;
        } else {
            app.ui.data(text(&verification).as_bytes())?;
        }
        Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(Failure::GENERAL) })
    }
}

fn text(found: &Verification) -> String {
    let mut text = String::new();
    let mut say = |sentence: String| {
        text.push_str(&sentence);
        text.push('\n');
    };
    if found.lines == 0 && found.first_flaw.is_none() {
        return "Nothing is on record yet\n".to_owned();
    }
    match &found.first_flaw {
        None if found.unchecked == 0 => {
            say(format!("Whole: lines {} to {} are as they were written", found.first, found.last));
        }
        None => say(format!(
            "Unknown: the key of {} of {} lines is in no store that was asked",
            found.unchecked, found.lines
        )),
        Some(flaw) => {
            let place = match (&flaw.file, flaw.place) {
                (Some(file), Some(place)) => format!(" (`{file}`, line {place} of the file)"),
                _ => String::new(),
            };
            say(format!("Not whole: line {}{place} {}", flaw.line, flaw.fault.words()));
            if found.flaws > 1 {
                say(match found.flaws - 1 {
                    1 => "One more thing is wrong after it".to_owned(),
                    more => format!("{more} more things are wrong after it"),
                });
            }
        }
    }
    if found.certain_to > 0 {
        say(format!("Certain up to line {}, which the store saw", found.certain_to));
    }
    if found.sealed_to > found.certain_to {
        say(format!(
            "Lines up to {} are genuine, and none of them is missing unless log and head were both replaced by copies \
             from after line {}",
            found.sealed_to, found.certain_to
        ));
    }
    // Where something is wrong, that is the reason why nothing vouches for what follows.
    if found.loose > 0 && found.first_flaw.is_none() {
        let were = if found.loose == 1 { "line was".to_owned() } else { format!("{} were", found.loose) };
        say(format!(
            "The last {were} written while the store was locked, and nothing vouches for that until it is used again"
        ));
    }
    if found.healed > 0 {
        let were = if found.healed == 1 {
            "One line was".to_owned()
        } else {
            format!("{} lines were", found.healed)
        };
        say(format!("{were} torn off by a process that was killed or a disk that was full"));
    }
    if let Some(line) = found.set_back_at {
        say(match found.clock_set_back {
            1 => format!("The clock was set back before line {line}"),
            times => format!("The clock was set back {times} times, first before line {line}"),
        });
    }
    text
}

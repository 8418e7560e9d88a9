//! `mcpcred import pass`: out of the standard Unix password manager.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::import::options::Options;
use crate::cli::import::origin::Origin;
use crate::cli::import::plan::{Haul, carry_out};
use crate::failure::Failure;
use crate::import::pass::{Entries, PassError, PasswordStore};
use crate::import::{Choice, Offer, Place};
use crate::inject::environment::OWN_KEYS;
use crate::name::CredentialName;
use crate::recognise::is_secret_name;

/// How long the opening of one entry may take.
const QUIET: Duration = Duration::from_secs(30);

/// The same where a person may be asked for the passphrase of the key.
const ASKING: Duration = Duration::from_secs(120);

/// From `pass`: the first line of entries
///
/// The credential is called as the last part of the entry's path, unless `--rename` gives it another name. Of a folder,
/// entries are taken that are called like a secret.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Pass {
    /// Entries, or folders of them [default: all]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    #[command(flatten)]
    options: Options,
}

impl Pass {
    pub(super) fn run(self, app: &App) -> Outcome {
        let folder = app
            .environment
            .path("PASSWORD_STORE_DIR")
            .or_else(|| Some(app.environment.path("HOME").or_else(dirs::home_dir)?.join(".password-store")))
            .ok_or_else(|| Failure::new(Failure::GENERAL, "there is no home folder").hint("set `HOME`"))?;
        let may_ask = app.ui.can_ask();
        let entries = PasswordStore::open(folder, may_ask, if may_ask { ASKING } else { QUIET }, OWN_KEYS)?;
        let mut chosen: Vec<(String, Choice)> = Vec::new();
        let all = [String::new()];
        for path in if self.paths.is_empty() { &all[..] } else { &self.paths } {
            let path = path.trim_end_matches('/');
            match entries.entries(path).ok_or_else(|| PassError::NoEntry(path.to_owned()))? {
                Entries::One(entry) => chosen.push((entry, Choice::Named)),
                Entries::Below(below) => {
                    chosen.extend(below.into_iter().filter_map(|entry| {
                        let choice = self.chosen(&entry)?;
                        Some((entry, choice))
                    }));
                }
            }
        }
        chosen.sort_by(|(one, _), (other, _)| one.cmp(other));
        chosen.dedup_by(|(one, _), (other, _)| one == other);
        let (mut haul, mut longer) = (Haul::default(), Vec::new());
        for (number, (called, choice)) in chosen.into_iter().enumerate() {
            let entry = entries.read(&called)?;
            longer.push(entry.has_more);
            haul.offers.push(Offer {
                named: Zeroizing::new(last_part(&called).to_owned()),
                place: Place::Item(called.clone()),
                value: entry.first_line,
                called: Zeroizing::new(called),
                choice,
                number,
            });
        }
        carry_out(app, &self.options, haul, &Origin::Pass { entries, longer })
    }

    /// Whether an entry of a folder is meant.
    fn chosen(&self, entry: &str) -> Option<Choice> {
        let name = last_part(entry);
        if self.options.renames(entry) {
            Some(Choice::Named)
        } else if name.parse::<CredentialName>().is_err() {
            None
        } else if self.options.all {
            Some(Choice::All)
        } else {
            is_secret_name(name).then_some(Choice::Looks)
        }
    }
}

fn last_part(entry: &str) -> &str {
    entry.rsplit('/').next().unwrap_or(entry)
}

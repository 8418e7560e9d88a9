//! `mcpcred import env`: out of the environment of this process.

use zeroize::Zeroizing;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::import::options::{Options, shown};
use crate::cli::import::origin::Origin;
use crate::cli::import::plan::{HARMLESS, Haul, PassedOver, carry_out};
use crate::failure::Failure;
use crate::import::pattern::Pattern;
use crate::import::{Choice, Offer, Place, looks_secret};
use crate::recognise::Detector;
use crate::secret::Secret;

/// How the names of mcpcred's own variables begin, among them those that open the vault.
const OWN: &str = "MCPCRED_";

/// From the environment
///
/// Takes the variables that are named; of those that a pattern matches, what looks like a secret, or everything with
/// `--all`. Never takes mcpcred's own variables.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Variables {
    /// Variables
    #[arg(value_name = "NAME", required_unless_present = "patterns")]
    names: Vec<String>,
    /// Variables whose names match, such as 'GITHUB_*'; may be given several times
    #[arg(long = "match", value_name = "PATTERN", id = "patterns")]
    patterns: Vec<Pattern>,
    #[command(flatten)]
    options: Options,
}

impl Variables {
    pub(super) fn run(self, app: &App) -> Outcome {
        let mut haul = Haul::default();
        let offer = |name: &str, value: Secret, choice| Offer {
            called: Zeroizing::new(name.to_owned()),
            named: Zeroizing::new(name.to_owned()),
            place: Place::Environment,
            value,
            choice,
            number: 0,
        };
        for name in &self.names {
            let known =
                shown(name).unwrap_or_else(|| "a name that is not shown: it may be a secret".to_owned());
            if is_own(name) {
                return Err(Failure::new(
                    Failure::USAGE,
                    format!("{known} is mcpcred's own, and is not imported"),
                ));
            }
            let value = app.environment.secret(name).ok_or_else(|| {
                Failure::new(Failure::USAGE, format!("there is no environment variable {known}"))
                    .hint("set it, or leave it out")
            })?;
            haul.offers.push(offer(name, value, Choice::Named));
        }
        if !self.patterns.is_empty() {
            let catalog = crate::cli::servers::load(app)?;
            let detector = Detector::new(&catalog.providers);
            for (name, value) in app.environment.all() {
                // The copy that the system gave is wiped, whatever becomes of it.
                let value = Secret::new(value.into_encoded_bytes());
                let Some(name) = name.to_str() else { continue };
                let is_meant = self.patterns.iter().any(|pattern| pattern.matches(name));
                if !is_meant || is_own(name) || self.names.iter().any(|named| named == name) {
                    continue;
                }
                if self.options.all {
                    haul.offers.push(offer(name, value, Choice::All));
                } else if looks_secret(&detector, name, &value) {
                    haul.offers.push(offer(name, value, Choice::Looks));
                } else {
                    let why = if value.is_empty() { "is empty" } else { HARMLESS };
                    let place = Place::Environment;
                    haul.passed_over.push(PassedOver { called: Zeroizing::new(name.to_owned()), place, why });
                }
            }
        }
        haul.offers.sort_by(|one, other| one.called.cmp(&other.called));
        haul.passed_over.sort_by(|one, other| one.called.cmp(&other.called));
        carry_out(app, &self.options, haul, &Origin::Environment)
    }
}

fn is_own(name: &str) -> bool {
    name.get(..OWN.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(OWN))
}

//! `mcpcred import dotenv`: out of `.env` files.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use zeroize::Zeroizing;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::import::options::{Options, shown};
use crate::cli::import::origin::Origin;
use crate::cli::import::plan::{HARMLESS, Haul, PassedOver, carry_out};
use crate::failure::Failure;
use crate::import::dotenv::{Dialect, DotenvFile, Flaw, Variable};
use crate::import::{Choice, Offer, Place, looks_secret};
use crate::recognise::Detector;

/// From `.env` files
///
/// Reads what Node's `dotenv` and `python-dotenv` read, and asks whose reading counts where they differ. `${NAME}` is
/// never expanded. Without `--only` and `--all` it takes what looks like a secret.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Dotenv {
    /// The files [default: .env]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only this key; may be given several times
    #[arg(long, value_name = "KEY", conflicts_with = "all")]
    only: Vec<String>,
    /// Who reads these files [default: both, where they read the same]
    #[arg(long, value_name = "DIALECT", value_parser = dialect_parser())]
    dialect: Option<Dialect>,
    #[command(flatten)]
    options: Options,
}

fn dialect_parser() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::ALL.map(Dialect::as_str))
        .map(|text| if text == Dialect::Node.as_str() { Dialect::Node } else { Dialect::Python })
}

impl Dotenv {
    pub(super) fn run(self, app: &App) -> Outcome {
        let mut paths = if self.paths.is_empty() { vec![PathBuf::from(".env")] } else { self.paths.clone() };
        // One file under two names is one file.
        let mut seen = HashSet::new();
        paths.retain(|path| fs::canonicalize(path).map_or(true, |real| seen.insert(real)));
        let files: Vec<DotenvFile> =
            paths.iter().map(|path| DotenvFile::read(path)).collect::<Result<_, _>>()?;
        let catalog = crate::cli::servers::load(app)?;
        let detector = Detector::new(&catalog.providers);
        let mut haul = Haul::default();
        for (number, file) in files.iter().enumerate() {
            for line in file.strange_lines() {
                let place = Place::Line { file: file.path().to_owned(), line: *line };
                app.ui.warn(&format!("{place} is neither an assignment nor a comment, and is passed over"));
            }
            for variable in file.variables(self.dialect) {
                self.take(app, &detector, (number, file), &variable, &mut haul)?;
            }
        }
        for key in &self.only {
            if !haul.offers.iter().any(|offer| *offer.called == *key) {
                let what = shown(key).unwrap_or_else(|| "what `--only` names".to_owned());
                return Err(Failure::new(Failure::USAGE, format!("{what} is in none of the files"))
                    .hint("`--dry-run --all` shows what they hold"));
            }
        }
        let origin = Origin::Files { files, dialect: self.dialect };
        carry_out(app, &self.options, haul, &origin)
    }

    /// Decides about one variable.
    fn take(
        &self,
        app: &App,
        detector: &Detector<'_>,
        (number, file): (usize, &DotenvFile),
        variable: &Variable<'_>,
        haul: &mut Haul,
    ) -> Result<(), Failure> {
        let called = Zeroizing::new(variable.key.to_owned());
        let place = Place::Line { file: file.path().to_owned(), line: variable.line() };
        let mut looks = variable.possible_values().map(|value| looks_secret(detector, variable.key, value));
        let choice = if !self.only.is_empty() {
            if !self.only.contains(&*called) {
                return Ok(());
            }
            Choice::Named
        } else if self.options.all {
            Choice::All
        } else if looks.any(|looks| looks) {
            Choice::Looks
        } else {
            let is_empty = variable.possible_values().next().is_none();
            let why = if is_empty { "is empty" } else { HARMLESS };
            haul.passed_over.push(PassedOver { called, place, why });
            return Ok(());
        };
        let key = shown(&called).unwrap_or_else(|| "its key".to_owned());
        let value = variable.value().map_err(|flaw| match flaw {
            Flaw::Quotes => Failure::new(
                Failure::GENERAL,
                format!("the quote before the value of {key} in {place} does not close where the value ends"),
            )
            .because("nothing was imported")
            .hint("close it, or put a value that begins with a quote into quotes of the other kind"),
            Flaw::Dialects => {
                Failure::new(Failure::GENERAL, format!("Node and Python read {key} in {place} differently"))
                    .because("nothing was imported")
                    .hint("say who reads this file: `--dialect node` or `--dialect python`")
            }
        })?;
        let Some(value) = value else {
            if choice == Choice::Named {
                let what = format!("{key} in {place} is empty, and nothing was imported");
                return Err(Failure::new(Failure::USAGE, what));
            }
            haul.passed_over.push(PassedOver { called, place, why: "is empty" });
            return Ok(());
        };
        for line in variable.earlier_lines() {
            app.ui.warn(&format!("line {line} sets {key} as well and does not count: {place} does"));
        }
        haul.offers.push(Offer { named: called.clone(), called, place, value, choice, number });
        Ok(())
    }
}

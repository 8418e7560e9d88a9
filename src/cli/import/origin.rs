//! `Origin`: the source of an import, out of which what was imported can be taken.

use crate::app::App;
use crate::failure::Failure;
use crate::import::Offer;
use crate::import::dotenv::{Dialect, DotenvFile};
use crate::import::pass::PasswordStore;
use crate::rewrite::{ClientLock, Outcome, Rewrite, Rewriting};
use crate::secret::Secret;
use crate::store::{ForeignItem, ForeignItems};

/// Where the offers of one import come from.
pub(super) enum Origin {
    /// `.env` files; the number of an offer is that of its file.
    Files { files: Vec<DotenvFile>, dialect: Option<Dialect> },
    /// The environment of this process.
    Environment,
    /// A native store; the number of an offer is that of its item.
    Items { items: ForeignItems, found: Vec<ForeignItem> },
    /// `pass`; the number of an offer says whether its entry has more than one line.
    Pass { entries: PasswordStore, longer: Vec<bool> },
}

impl Origin {
    /// Its name in the document for programs.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Files { .. } => "dotenv",
            Self::Environment => "env",
            Self::Items { items, .. } => items.kind().as_str(),
            Self::Pass { .. } => "pass",
        }
    }

    /// Says whether [`Origin::delete`] can take these out, and nothing else, before anything is stored.
    ///
    /// # Errors
    /// Where it can't.
    pub(super) fn check_deletable(&self, offers: &[&Offer]) -> Result<(), Failure> {
        match self {
            Self::Environment => Err(Failure::new(
                Failure::USAGE,
                "`--delete-source` can't take a variable out of the environment",
            )
            .because("it was set by the shell, or another program, that started this one")
            .hint("leave out `--delete-source`, and take the variable out where it is set")),
            Self::Files { .. } => self.edited(offers).map(drop),
            Self::Items { .. } => Ok(()),
            Self::Pass { longer, .. } => match offers.iter().find(|offer| longer[offer.number]) {
                Some(offer) => Err(Failure::new(
                    Failure::GENERAL,
                    format!("the entry {} holds more than its first line, which would be lost", offer.place),
                )
                .hint(
                    "leave out `--delete-source`, and remove the entry with `pass rm` when you have seen it",
                )),
                None => Ok(()),
            },
        }
    }

    /// Takes out what was imported.
    ///
    /// # Errors
    /// Where something of it stays; what is stored stays as well.
    pub(super) fn delete(&self, app: &App, offers: &[&Offer]) -> Result<(), Failure> {
        match self {
            Self::Environment => Ok(()),
            Self::Files { files, .. } => {
                let mut rewriting = Rewriting::begin(&app.settings.data_folder.value).map_err(stay)?;
                for (number, after) in self.edited(offers)? {
                    let file = &files[number];
                    let (before, after) = (Some(file.content()), Some(after));
                    let path = file.path().to_owned();
                    rewriting.add(Rewrite { path, before, after, lock: ClientLock::None }).map_err(stay)?;
                }
                let changed = rewriting.carry_out().map_err(stay)?;
                match changed.into_iter().find(|(_, outcome)| *outcome == Outcome::ChangedMeanwhile) {
                    Some((path, _)) => Err(stay(Failure::new(
                        Failure::GENERAL,
                        format!("`{}` was changed in the meantime, and is left as it is", path.display()),
                    ))
                    .hint("call again: what is stored already is no error")),
                    None => Ok(()),
                }
            }
            Self::Items { items, found } => {
                for offer in offers {
                    let item = &found[offer.number];
                    let held = items.read(std::slice::from_ref(item)).map_err(stay)?;
                    let is_same = held.into_iter().next().is_some_and(|held| decoded(held) == offer.value);
                    if !is_same {
                        return Err(stay(Failure::new(
                            Failure::GENERAL,
                            format!("{} of {} has another value by now", offer.place, items.kind().title()),
                        )));
                    }
                    items.remove(item).map_err(stay)?;
                }
                Ok(())
            }
            Self::Pass { entries, .. } => {
                for offer in offers {
                    entries.remove(&offer.called).map_err(stay)?;
                }
                Ok(())
            }
        }
    }

    /// The new content of every file that something is taken out of.
    fn edited(&self, offers: &[&Offer]) -> Result<Vec<(usize, Secret)>, Failure> {
        let Self::Files { files, dialect } = self else { return Ok(Vec::new()) };
        let mut edited = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let keys: Vec<&str> =
                offers.iter().filter(|it| it.number == number).map(|it| it.called.as_str()).collect();
            if keys.is_empty() {
                continue;
            }
            let cannot = |what: String| {
                Failure::new(Failure::GENERAL, what)
                    .hint("leave out `--delete-source`, and take the lines out by hand")
            };
            let variables = file.variables(*dialect);
            let mut taken = variables.iter().filter(|it| keys.contains(&it.key));
            if let Some(variable) = taken.find(|it| it.hides_another_value()) {
                let (first, last) = (variable.earlier_lines().first().copied(), variable.line());
                return Err(cannot(format!(
                    "line {} of `{}` sets what line {last} sets to another value, which is not imported and would be lost",
                    first.unwrap_or_default(),
                    file.path().display(),
                )));
            }
            let content = file.without(&keys, *dialect).ok_or_else(|| {
                cannot(format!(
                    "the lines of `{}` can't be taken out without changing what the others say",
                    file.path().display()
                ))
            })?;
            edited.push((number, content));
        }
        Ok(edited)
    }
}

/// What an item of the system's store says.
pub(super) fn decoded(value: Secret) -> Secret {
    if cfg!(windows) { crate::import::encoding::decoded(value) } else { value }
}

fn stay(error: impl Into<Failure>) -> Failure {
    error.into().because("every value is stored, and the source still holds what was not taken out")
}

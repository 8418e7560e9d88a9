//! What is the case with a value: there or not, whole or not, in time or not.

use std::path::Path;

use jiff::Timestamp;

use crate::catalog::Catalog;
use crate::catalog::server::{Form, SecretKind};
use crate::check::call::Origin;
use crate::check::finding::{Reason, Status};
use crate::check::fingerprint::Fingerprints;
use crate::check::freshness;
use crate::check::handing;
use crate::check::known::{Held, Known, Stored};
use crate::check::path_value;
use crate::check::placeholder::credential_name;
use crate::check::verdict::Verdict;
use crate::credential::Kind;
use crate::index::{Entry, State};
use crate::name::CredentialName;
use crate::recognise::{self, Detector, Malformation};
use crate::secret::Secret;
use crate::store::StoreKind;

/// What judges values: everything that a check has at hand about them.
pub(crate) struct Values<'c> {
    pub(crate) catalog: &'c Catalog,
    pub(crate) known: &'c Known,
    pub(crate) detector: &'c Detector<'c>,
    pub(crate) fingerprints: &'c Fingerprints,
    /// The kept credentials with the fingerprints of their values.
    pub(crate) kept: Vec<(String, &'c CredentialName)>,
    pub(crate) now: Timestamp,
    /// The folder of the person.
    pub(crate) home: Option<&'c Path>,
    /// Whether values rest in a vault that a person opened for this check, and that no client can open.
    is_vault_closed: bool,
}

/// Where a value goes, for the words, and where it comes from.
#[derive(Clone, Copy, Default)]
pub(crate) struct For<'a> {
    /// The name that `--server` would take.
    pub(crate) server: Option<&'a str>,
    /// Whose credentials are asked for, where the entry says so.
    pub(crate) origin: Option<&'a Origin>,
}

impl<'a> For<'a> {
    fn profile(self) -> Option<&'a str> {
        self.origin?.profile.as_deref()
    }

    fn store(self) -> Option<&'a str> {
        self.origin?.store.as_deref().filter(|store| *store != "auto")
    }
}

impl<'c> Values<'c> {
    /// Puts them together.
    pub(crate) fn new(
        catalog: &'c Catalog,
        known: &'c Known,
        detector: &'c Detector<'c>,
        fingerprints: &'c Fingerprints,
        now: Timestamp,
        home: Option<&'c Path>,
    ) -> Self {
        let kept = known.stored().iter().filter_map(|stored| match &stored.held {
            Held::Value(value) => Some((fingerprints.of_secret(value), &stored.name)),
            _ => None,
        });
        let (kept, is_vault_closed) = (kept.collect(), false);
        Self { catalog, known, detector, fingerprints, kept, now, home, is_vault_closed }
    }

    /// With the vault open for this check alone.
    pub(crate) fn with_closed_vault(self, is_vault_closed: bool) -> Self {
        Self { is_vault_closed, ..self }
    }
}

impl Values<'_> {
    /// Whether the name of a variable is one of a secret: it is kept, the catalog knows it, or it says so itself.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        self.known.find(name).is_some()
            || self.catalog.requirement(name).is_some()
            || recognise::is_secret_name(name)
    }

    /// The kept credential that this name, or another name of the same secret, stands for.
    pub(crate) fn stored_as(&self, name: &str) -> Option<&Stored> {
        let exact = self.known.find(name);
        exact.or_else(|| {
            let mut others = self.catalog.aliases(name).into_iter();
            others.find_map(|other| self.known.find(other))
        })
    }

    /// The name of the kept credential whose value has this fingerprint.
    pub(crate) fn stored_with(&self, fingerprint: &str) -> Option<&CredentialName> {
        self.kept.iter().find(|(own, _)| own == fingerprint).map(|(_, name)| *name)
    }

    /// The verdict on a credential that mcpcred hands over where a client starts it, by its name.
    pub(crate) fn handed_to_client(&self, name: &str, whom: For<'_>) -> Verdict {
        let verdict = self.handed_over(name, whom);
        let rests_in_vault = || {
            let of_own_profile = whom.profile().is_none_or(|profile| self.known.is_own(profile));
            let stored = self.known.find(name).filter(|_| of_own_profile);
            stored.is_some_and(|it| it.entry.store == StoreKind::Vault && matches!(it.held, Held::Value(_)))
        };
        if !self.is_vault_closed || verdict.status != Status::Ready || !rests_in_vault() {
            return verdict;
        }
        let closed = Verdict::warning(
            Reason::StoreUnavailable,
            format!("`{name}` rests in the vault, and a server that a client starts has nobody to ask for its passphrase"),
        )
        .command(
            "keep the vault open, once a day, or let `MCPCRED_KEY_FILE` name a file with its key",
            "mcpcred store unlock",
        );
        let Verdict { fingerprint, expires, .. } = verdict;
        Verdict { fingerprint, expires, ..closed }
    }

    /// The verdict on a credential that mcpcred itself hands over, by its name.
    pub(crate) fn handed_over(&self, name: &str, whom: For<'_>) -> Verdict {
        if self.known.is_none() || whom.store() == Some("none") {
            return match self.known.variable(name) {
                Some(value) if value.is_empty() => self.empty_variable(name),
                Some(value) => self.value(name, &value),
                None => self.missing(name, whom),
            };
        }
        if let Some(profile) = whom.profile().filter(|profile| !self.known.is_own(profile)) {
            return self.of_profile(profile, name, whom);
        }
        match self.known.find(name) {
            Some(stored) => match misplaced(name, &stored.entry, whom) {
                Some(verdict) => verdict,
                None => self.stored(stored),
            },
            None => match self.known.unreadable() {
                Some(why) => Verdict::new(Status::Unknown, Reason::StoreUnavailable, why)
                    .command("see what is wrong with it", "mcpcred doctor"),
                None => self.missing(name, whom),
            },
        }
    }

    /// The verdict on a credential of another profile: on its facts alone, since its value is not read.
    fn of_profile(&self, profile: &str, name: &str, whom: For<'_>) -> Verdict {
        let mut all = self.known.in_profile(profile);
        let Some((name, entry)) = all.find(|(own, _)| own.as_str().eq_ignore_ascii_case(name)) else {
            return self.missing(name, whom);
        };
        if entry.state == State::Adding {
            let message = format!("the addition of `{name}` to the profile `{profile}` is not finished");
            let verdict = Verdict::new(Status::Unknown, Reason::NotVerifiable, message)
                .command("finish it, or take it back", "mcpcred doctor --repair");
            return Verdict { is_of_other_profile: true, ..verdict };
        }
        let ready = Verdict::ready(format!("`{name}` is stored in the profile `{profile}`"));
        let mut verdict = match misplaced(name.as_str(), entry, whom) {
            Some(verdict) => verdict,
            None => ready.or_graver(freshness::verdict(name, &entry.facts, self.now)),
        };
        let command = verdict.action.as_mut().and_then(|action| action.command.as_mut());
        if let Some(command) = command {
            *command = format!("{command} --profile {profile}");
        }
        verdict.is_of_other_profile = true;
        verdict
    }

    /// The verdict on a credential that is kept.
    pub(crate) fn stored(&self, stored: &Stored) -> Verdict {
        let name = &stored.name;
        match &stored.held {
            Held::Value(value) => self
                .value(name.as_str(), value)
                .or_graver(freshness::verdict(name, &stored.entry.facts, self.now))
                .or_graver(self.lifetime(stored, value)),
            Held::Gone => Verdict::problem(
                Reason::Missing,
                format!("{} no longer holds `{name}`", stored.entry.store.title()),
            )
            .command("store it again", format!("mcpcred rotate {name}")),
            Held::Empty => Verdict::problem(Reason::Empty, format!("the value of `{name}` is empty"))
                .command("store it again", format!("mcpcred rotate {name}")),
            Held::LockedDown(why) => Verdict::problem(Reason::StoreUnavailable, why.clone()).command(
                "end the lockdown from a terminal, with `--lift`, once all is well",
                "mcpcred lockdown --status",
            ),
            Held::Unavailable { store, why } => Verdict::new(
                Status::Unknown,
                Reason::StoreUnavailable,
                format!("`{name}` rests in {}, which did not answer: {why}", store.title()),
            )
            .command("open the store, or see what is wrong with it", "mcpcred doctor")
            .or_graver(freshness::verdict(name, &stored.entry.facts, self.now)),
        }
    }

    /// What follows from the form of a value that is kept, which may be one of those that end by themselves.
    fn lifetime(&self, stored: &Stored, value: &Secret) -> Option<Verdict> {
        let (provider, shape) = self.detector.provider_named(stored.name.as_str(), value)?;
        freshness::lifetime(&stored.name, &stored.entry.facts, (provider, shape?), self.now)
    }

    /// The verdict on a value that is there.
    pub(crate) fn value(&self, name: &str, value: &Secret) -> Verdict {
        let requirement = self.catalog.requirement(name);
        if requirement.is_some_and(|it| it.kind == SecretKind::Path) {
            return Self::path(name, value);
        }
        let fingerprint = self.fingerprints.of_secret(value);
        let kind = requirement.map_or_else(|| self.likely_kind(name, value), |it| it.kind);
        let whole = requirement.and_then(|it| it.form) == Some(Form::Bearer);
        let malformation = self
            .detector
            .malformed(value, None, kind)
            .filter(|found| !(whole && matches!(found, Malformation::Scheme | Malformation::Spaced)));
        let verdict = match malformation {
            Some(malformation) => {
                let verdict = Verdict::problem(Reason::Malformed, format!("`{name}` {malformation}"));
                if self.known.find(name).is_some() {
                    verdict.command("store the right value", format!("mcpcred rotate {name}"))
                } else {
                    verdict.advice(format!("set `{name}` to the right value"))
                }
            }
            None => Verdict::ready(format!("`{name}` is there")),
        };
        verdict.fingerprint(fingerprint)
    }

    /// The verdict on a value that stands in a configuration where a secret belongs and that is none: nothing, or a
    /// word that stands for one.
    pub(crate) fn literal(&self, name: &str, value: &Secret) -> Option<Verdict> {
        if value.is_empty() {
            let message = format!("`{name}` is set to nothing in the configuration");
            return Some(Verdict::problem(Reason::Empty, message));
        }
        let found = self.detector.malformed(value, None, SecretKind::Token)?;
        (found == Malformation::Placeholder)
            .then(|| Verdict::problem(Reason::Malformed, format!("`{name}` {found}")))
    }

    /// What a value is that no server of the catalog asks for.
    fn likely_kind(&self, name: &str, value: &Secret) -> SecretKind {
        let kept = self.known.find(name).map(|stored| stored.entry.facts.kind);
        if self.detector.provider_of(value).is_some() {
            SecretKind::Token
        } else if kept == Some(Kind::Database) {
            SecretKind::ConnectionString
        } else if recognise::is_secret_name(name) && !recognise::is_password_name(name) {
            SecretKind::Token
        } else {
            SecretKind::Password
        }
    }

    /// The verdict on a variable that names a file: whether it is there. The path is no secret.
    fn path(name: &str, value: &Secret) -> Verdict {
        match path_value::all_exist(value) {
            Some(true) => Verdict::ready(format!("`{name}` names a file that is there")),
            Some(false) => {
                Verdict::problem(Reason::Missing, format!("`{name}` names a file that is not there"))
                    .advice(format!("set `{name}` to the path of the file"))
            }
            None => Verdict::problem(
                Reason::Malformed,
                format!("`{name}` should be the path of a file, and is not"),
            )
            .advice(format!("set `{name}` to the path of the file")),
        }
    }

    /// The verdict on a variable that is set to nothing.
    pub(crate) fn empty_variable(&self, name: &str) -> Verdict {
        let verdict = Verdict::problem(Reason::Empty, format!("`{name}` is set, and to nothing"));
        if self.known.find(name).is_some() {
            verdict.command("load it anew", handing::loading(name))
        } else {
            verdict.advice(format!("set `{name}` to its value, or unset it"))
        }
    }

    /// The verdict on a credential that is nowhere.
    pub(crate) fn missing(&self, name: &str, whom: For<'_>) -> Verdict {
        let is_of_environment = self.known.is_none() || whom.store() == Some("none");
        let profile = whom.profile().filter(|profile| !self.known.is_own(profile));
        let place = match profile {
            _ if is_of_environment => "in the environment".to_owned(),
            Some(profile) => format!("in the profile `{profile}`"),
            None => "in the store or the environment".to_owned(),
        };
        let mut verdict = Verdict::problem(Reason::Missing, format!("`{name}` is not {place}"));
        verdict.is_of_other_profile = profile.is_some();
        let page = self.catalog.page_for(name);
        let mut action = crate::check::finding::Action::default();
        if is_of_environment {
            action.sentence = format!("set the variable `{name}`");
        } else {
            "store it".clone_into(&mut action.sentence);
            let flag = |flag: &str, value: Option<&str>| {
                value
                    .filter(|value| is_word(value))
                    .map(|value| format!(" {flag} {value}"))
                    .unwrap_or_default()
            };
            let (server, profile) = (flag("--server", whom.server), flag("--profile", profile));
            action.command = Some(format!("mcpcred add {}{server}{profile}", credential_name(name)));
        }
        if page.is_some() {
            action.sentence = format!("create one, and {}", action.sentence);
        }
        action.page = page.map(str::to_owned);
        verdict.action(action)
    }
}

/// The verdict on a credential that rests in another store than the entry asks for.
fn misplaced(name: &str, entry: &Entry, whom: For<'_>) -> Option<Verdict> {
    let wanted = whom.store().filter(|store| *store != entry.store.as_str())?;
    let verdict = Verdict::problem(
        Reason::Missing,
        format!("`{name}` rests in {}, and the entry asks for the store `{wanted}`", entry.store.title()),
    );
    Some(verdict.advice("take `--store` out of the entry, or `MCPCRED_STORE` where it is set there"))
}

/// Whether a word can stand in a command as it is.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.".contains(&it))
}

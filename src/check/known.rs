//! `Known`: what the store and the environment hold, read once for a whole check.

use std::error::Error;

use crate::credentials::{CredentialError, Credentials};
use crate::environment::Environment;
use crate::index::{Entry, State};
use crate::name::{CredentialName, Profile};
use crate::secret::Secret;
use crate::store::{StoreError, StoreKind};

/// What is in hand.
pub(crate) struct Known {
    stored: Vec<Stored>,
    profile: Option<Profile>,
    /// Where a new value would come to rest, where that is decided.
    store: Option<StoreKind>,
    /// The facts of other profiles, whose values are not read.
    elsewhere: Vec<(Profile, CredentialName, Entry)>,
    environment: Environment,
    /// Why nothing is known of the store, where that is so.
    unreadable: Option<String>,
    is_none: bool,
}

/// A credential that mcpcred keeps.
pub(crate) struct Stored {
    pub(crate) name: CredentialName,
    pub(crate) entry: Entry,
    pub(crate) held: Held,
}

impl Stored {
    /// Whether nobody is adding it at the moment: whoever does may still take it back.
    pub(crate) fn is_settled(&self) -> bool {
        self.entry.state != State::Adding
    }
}

/// What the store gave for it.
pub(crate) enum Held {
    Value(Secret),
    /// Nothing: another program took it away.
    Gone,
    /// A value of no characters.
    Empty,
    /// No answer, and why.
    Unavailable {
        store: StoreKind,
        why: String,
    },
    /// It is not handed out, since a lockdown covers it, and how that is said.
    LockedDown(String),
}

/// Where the value of a name would come from.
pub(crate) enum Source<'k> {
    /// The environment of this process.
    Environment(Secret),
    /// There, and of no characters.
    EmptyVariable,
    /// The store; this environment does not have it.
    Store(&'k Stored),
}

impl Known {
    /// Without a look at the store.
    pub(crate) fn nothing(environment: Environment) -> Self {
        Self {
            stored: Vec::new(),
            profile: None,
            store: None,
            elsewhere: Vec::new(),
            environment,
            unreadable: None,
            is_none: false,
        }
    }

    /// Reads the index and, where it lists any, the values of all credentials of the profile: stores are opened once
    /// each, and one that does not answer is asked once.
    pub(crate) fn gather(credentials: &Credentials, environment: Environment) -> Self {
        let is_none = credentials.stores().is_none();
        let profile = credentials.profile();
        let store = credentials.stores().current().ok().flatten().map(|choice| choice.kind);
        let mut known = Self { profile: Some(profile.clone()), store, is_none, ..Self::nothing(environment) };
        if is_none {
            return known;
        }
        match credentials.list() {
            Ok(entries) => known.stored = read(credentials, &entries),
            Err(error) => known.unreadable = Some(in_words(&error)),
        }
        let index = credentials.index_if_whole().unwrap_or_default();
        let others = index.every_entry();
        let others = others.filter(|(own, _, entry)| *own != profile && entry.state != State::Removing);
        known.elsewhere =
            others.map(|(profile, name, entry)| (profile.clone(), name.clone(), entry.clone())).collect();
        known
    }

    /// Whether values come from the environment alone.
    pub(crate) fn is_none(&self) -> bool {
        self.is_none
    }

    /// Why nothing is known of the store.
    pub(crate) fn unreadable(&self) -> Option<&str> {
        self.unreadable.as_deref()
    }

    /// Every credential of the profile. A name of which there is only the beginning of an addition is nobody's.
    pub(crate) fn stored(&self) -> &[Stored] {
        &self.stored
    }

    /// Whether a value was read out of the vault.
    pub(crate) fn reads_vault(&self) -> bool {
        let is_of_vault =
            |it: &Stored| it.entry.store == StoreKind::Vault && matches!(it.held, Held::Value(_));
        self.stored.iter().any(is_of_vault)
    }

    /// Whether that is the profile that was read.
    pub(crate) fn is_own(&self, profile: &str) -> bool {
        self.profile.as_ref().is_none_or(|own| own.as_str() == profile)
    }

    /// Whether a value that is stored now would be found by a call that asks for that store.
    pub(crate) fn stores_in(&self, store: &str) -> bool {
        self.profile.is_none() || store == "auto" || self.store.is_some_and(|own| own.as_str() == store)
    }

    /// What another profile holds.
    pub(crate) fn in_profile<'k>(
        &'k self,
        profile: &str,
    ) -> impl Iterator<Item = (&'k CredentialName, &'k Entry)> {
        let others = self.elsewhere.iter().filter(move |(own, ..)| own.as_str() == profile);
        others.map(|(_, name, entry)| (name, entry))
    }

    /// Corrects what is known of each.
    pub(crate) fn change_entries(&mut self, change: impl Fn(&CredentialName, &mut Entry)) {
        self.stored.iter_mut().for_each(|stored| change(&stored.name, &mut stored.entry));
    }

    /// The credential of this name; case does not matter.
    pub(crate) fn find(&self, name: &str) -> Option<&Stored> {
        self.stored.iter().find(|stored| stored.name.as_str().eq_ignore_ascii_case(name))
    }

    /// The value that a variable of this environment has, however short.
    pub(crate) fn variable(&self, name: &str) -> Option<Secret> {
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        self.environment.secret(name)
    }

    /// Where the value of a variable would come from: the environment first, as for the client.
    pub(crate) fn source(&self, name: &str) -> Option<Source<'_>> {
        match self.variable(name) {
            Some(value) if value.is_empty() => Some(Source::EmptyVariable),
            Some(value) => Some(Source::Environment(value)),
            None => self.find(name).map(Source::Store),
        }
    }
}

/// The values, store by store: what is wrong with one value does not hide the others.
fn read(credentials: &Credentials, entries: &[(CredentialName, Entry)]) -> Vec<Stored> {
    let mut kinds: Vec<StoreKind> = entries.iter().map(|(_, entry)| entry.store).collect();
    kinds.sort_unstable_by_key(|kind| kind.as_str());
    kinds.dedup();
    let mut stored = Vec::with_capacity(entries.len());
    for kind in kinds {
        let (names, facts): (Vec<_>, Vec<_>) =
            entries.iter().filter(|(_, entry)| entry.store == kind).cloned().unzip();
        let all = match locked_down(credentials, &names) {
            None => held_together(credentials, kind, &names),
            Some(refusals) => {
                let free = names.iter().zip(&refusals).filter(|(_, refusal)| refusal.is_none());
                let free: Vec<_> = free.map(|(name, _)| name.clone()).collect();
                let mut others = held_together(credentials, kind, &free).into_iter();
                let held = |refusal: Option<String>| match refusal {
                    Some(why) => Some(Held::LockedDown(why)),
                    None => others.next().flatten(),
                };
                refusals.into_iter().map(held).collect()
            }
        };
        let rows = names.into_iter().zip(facts).zip(all);
        stored.extend(rows.filter_map(|((name, entry), held)| Some(Stored { name, entry, held: held? })));
    }
    stored.sort_by(|left, right| left.name.cmp(&right.name));
    stored
}

/// Why a lockdown keeps each of them back, where one covers any of them. Nobody has asked for a value by then.
fn locked_down(credentials: &Credentials, names: &[CredentialName]) -> Option<Vec<Option<String>>> {
    credentials.refuse_in_lockdown(names).err()?;
    let refusal = |name| credentials.refuse_in_lockdown([name]).err().map(|error| in_words(&error));
    Some(names.iter().map(refusal).collect())
}

/// What one store gives for each of them; nothing for what turns out to be no credential: an addition that was only
/// begun, or what was deleted since the index was read.
fn held_together(credentials: &Credentials, kind: StoreKind, names: &[CredentialName]) -> Vec<Option<Held>> {
    if names.is_empty() {
        return Vec::new();
    }
    match credentials.get_many(names) {
        Ok(found) => found.into_iter().map(|(_, secret)| Some(Held::Value(secret))).collect(),
        Err(error) if is_about_one(&error) => {
            names.iter().map(|name| held(kind, credentials.get(name))).collect()
        }
        Err(error) => {
            let why = in_words(&error);
            names.iter().map(|_| Some(Held::Unavailable { store: kind, why: why.clone() })).collect()
        }
    }
}

fn is_about_one(error: &CredentialError) -> bool {
    matches!(
        error,
        CredentialError::NotFound { .. }
            | CredentialError::Vanished { .. }
            | CredentialError::Elsewhere { .. }
            | CredentialError::Store(StoreError::Empty { .. })
    )
}

fn held(store: StoreKind, read: Result<Secret, CredentialError>) -> Option<Held> {
    Some(match read {
        Ok(secret) => Held::Value(secret),
        Err(CredentialError::NotFound { .. }) => return None,
        Err(CredentialError::Vanished { .. }) => Held::Gone,
        Err(CredentialError::Store(StoreError::Empty { .. })) => Held::Empty,
        Err(error) => Held::Unavailable { store, why: in_words(&error) },
    })
}

/// An error and its causes in one line.
fn in_words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !words.contains(&cause_text) {
            words = format!("{words}: {cause_text}");
        }
        source = cause.source();
    }
    words
}

//! `Names`: which credential a value becomes, each value one, and no name twice.

use std::collections::{HashMap, HashSet};

use crate::check::fingerprint::Fingerprints;
use crate::check::known::{Held, Known, Stored};
use crate::name::CredentialName;
use crate::secret::Secret;
use crate::slip;

/// A value of a plan, and the credential that it is or becomes.
pub(crate) struct Planned {
    /// The value.
    pub(crate) secret: Secret,
    /// The same with percent signs, where it was met like that.
    pub(crate) written: Vec<Secret>,
    /// Its name.
    pub(crate) name: CredentialName,
    /// Whether it is stored under that name already.
    pub(crate) is_stored: bool,
    /// The name that another value has, where this one would have had it.
    pub(crate) instead_of: Option<CredentialName>,
    /// The entry that it was met in first.
    pub(crate) server: String,
    /// The server of the catalog, where it is known.
    pub(crate) known_server: Option<String>,
    /// What it is, in words.
    pub(crate) what: String,
}

impl Planned {
    /// The value in every form in which a file may have it.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.secret).chain(&self.written)
    }

    /// One that is not stored yet.
    fn of(secret: Secret, name: CredentialName, suggestion: &Suggestion<'_>) -> Self {
        Self {
            secret,
            written: Vec::new(),
            name,
            is_stored: false,
            instead_of: None,
            server: suggestion.server.to_owned(),
            known_server: suggestion.known_server.map(str::to_owned),
            what: suggestion.what.to_owned(),
        }
    }
}

/// What a value is called where it is met.
pub(crate) struct Suggestion<'s> {
    /// Its own variable, or what the catalog calls it.
    pub(crate) name: &'s str,
    /// The entry.
    pub(crate) server: &'s str,
    /// The server of the catalog.
    pub(crate) known_server: Option<&'s str>,
    /// What it is, in words.
    pub(crate) what: &'s str,
}

/// Gives names, in time that grows with their number: a configuration may hold very many.
pub(crate) struct Names<'k> {
    known: &'k Known,
    fingerprints: &'k Fingerprints,
    planned: Vec<Planned>,
    /// Where among them a value may be, by its fingerprint.
    places: HashMap<String, Vec<usize>>,
    /// The names that they have, in capitals.
    taken: HashSet<String>,
    /// The next of the last names that are left.
    last: u64,
}

impl<'k> Names<'k> {
    /// With what is stored.
    pub(crate) fn new(known: &'k Known, fingerprints: &'k Fingerprints) -> Self {
        let (planned, places, taken) = (Vec::new(), HashMap::new(), HashSet::new());
        Self { known, fingerprints, planned, places, taken, last: 2 }
    }

    /// All values, in the order in which they were met.
    pub(crate) fn into_planned(self) -> Vec<Planned> {
        self.planned
    }

    /// The number of the value among those of the plan: the same for the same value.
    pub(crate) fn number_of(&mut self, secret: Secret, suggestion: &Suggestion<'_>) -> Option<usize> {
        let fingerprint = self.fingerprints.of_secret(&secret);
        let mut same = self.places.get(&fingerprint).into_iter().flatten();
        if let Some(number) = same.find(|number| self.planned[**number].secret == secret) {
            return Some(*number);
        }
        let (name, is_stored, instead_of) = self.name(&secret, suggestion)?;
        let planned = Planned::of(secret, name, suggestion);
        Some(self.push(fingerprint, Planned { is_stored, instead_of, ..planned }))
    }

    /// The number of a value that is stored, by its name: other copies of it are looked for too. Nothing where it can't
    /// be read.
    pub(crate) fn number_of_stored(&mut self, stored: &Stored, suggestion: &Suggestion<'_>) -> Option<usize> {
        let Held::Value(value) = &stored.held else { return None };
        let mut same = self.planned.iter();
        if let Some(number) = same.position(|it| it.is_stored && it.name == stored.name) {
            return Some(number);
        }
        let secret = Secret::copy_of(value.expose_secret());
        let fingerprint = self.fingerprints.of_secret(&secret);
        let planned = Planned::of(secret, stored.name.clone(), suggestion);
        Some(self.push(fingerprint, Planned { is_stored: true, ..planned }))
    }

    /// Notes how the value of that number is written in an address.
    pub(crate) fn is_written(&mut self, number: usize, written: Secret) {
        if let Some(planned) = self.planned.get_mut(number)
            && planned.forms().all(|form| *form != written)
        {
            planned.written.push(written);
        }
    }

    fn push(&mut self, fingerprint: String, planned: Planned) -> usize {
        self.places.entry(fingerprint).or_default().push(self.planned.len());
        self.taken.insert(planned.name.as_str().to_ascii_uppercase());
        self.planned.push(planned);
        self.planned.len() - 1
    }

    fn name(
        &mut self,
        secret: &Secret,
        suggestion: &Suggestion<'_>,
    ) -> Option<(CredentialName, bool, Option<CredentialName>)> {
        let wanted =
            usable(suggestion.name).or_else(|| usable(&format!("{}_TOKEN", capitals(suggestion.server))));
        let has_it = |it: &&Stored| wanted.as_ref().is_some_and(|wanted| wanted.is_twin_of(&it.name));
        let holding =
            self.known.stored().iter().filter(|it| matches!(&it.held, Held::Value(own) if own == secret));
        let holding: Vec<&Stored> = holding.collect();
        if let Some(stored) = holding.iter().copied().find(has_it).or_else(|| holding.first().copied()) {
            return Some((stored.name.clone(), stored.is_settled(), None));
        }
        let stem = wanted.as_ref().map_or("SECRET", CredentialName::as_str);
        if let Some(free) = usable(stem).filter(|name| self.is_free(name)) {
            return Some((free, false, None));
        }
        let by_server = usable(&format!("{stem}_{}", capitals(suggestion.server)));
        let numbered = (2..100).filter_map(|number| usable(&format!("{stem}_{number}")));
        let mut candidates = by_server.into_iter().chain(numbered);
        if let Some(name) = candidates.find(|name| self.is_free(name)) {
            return Some((name, false, wanted));
        }
        loop {
            let name = usable(&format!("SECRET_{}", self.last))?;
            self.last += 1;
            if self.is_free(&name) {
                return Some((name, false, wanted));
            }
        }
    }

    /// Whether neither the store nor the plan has it.
    fn is_free(&self, name: &CredentialName) -> bool {
        self.known.find(name.as_str()).is_none() && !self.taken.contains(&name.as_str().to_ascii_uppercase())
    }
}

/// The text as a name, where it is one and nobody would take it for a value.
fn usable(text: &str) -> Option<CredentialName> {
    text.parse().ok().filter(|_| !slip::is_token(text))
}

/// A name of anything as a part of a variable's name.
pub(crate) fn capitals(text: &str) -> String {
    let letter = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_uppercase() } else { '_' };
    let name: String = text.chars().take(60).map(letter).collect();
    name.trim_matches('_').to_owned()
}

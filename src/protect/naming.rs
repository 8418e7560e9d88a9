//! `Names`: which credential a value becomes, each value one, and no name twice.

use crate::check::known::{Held, Known};
use crate::name::CredentialName;
use crate::secret::Secret;
use crate::slip;

/// A value of a plan, and the credential that it is or becomes.
pub(crate) struct Planned {
    /// The value.
    pub(crate) secret: Secret,
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

/// Gives names.
pub(crate) struct Names<'k> {
    known: &'k Known,
    planned: Vec<Planned>,
}

impl<'k> Names<'k> {
    /// With what is stored.
    pub(crate) fn new(known: &'k Known) -> Self {
        Self { known, planned: Vec::new() }
    }

    /// All values, in the order in which they were met.
    pub(crate) fn into_planned(self) -> Vec<Planned> {
        self.planned
    }

    /// The number of the value among those of the plan: the same for the same value.
    pub(crate) fn number_of(&mut self, secret: Secret, suggestion: &Suggestion<'_>) -> Option<usize> {
        if let Some(number) = self.planned.iter().position(|planned| planned.secret == secret) {
            return Some(number);
        }
        let (name, is_stored, instead_of) = self.name(&secret, suggestion)?;
        self.planned.push(Planned {
            secret,
            name,
            is_stored,
            instead_of,
            server: suggestion.server.to_owned(),
            known_server: suggestion.known_server.map(str::to_owned),
            what: suggestion.what.to_owned(),
        });
        Some(self.planned.len() - 1)
    }

    fn name(
        &self,
        secret: &Secret,
        suggestion: &Suggestion<'_>,
    ) -> Option<(CredentialName, bool, Option<CredentialName>)> {
        let wanted =
            usable(suggestion.name).or_else(|| usable(&format!("{}_TOKEN", capitals(suggestion.server))));
        let same = |name: &&CredentialName| wanted.as_ref().is_some_and(|wanted| wanted.is_twin_of(name));
        let holding =
            self.known.stored().iter().filter(|it| matches!(&it.held, Held::Value(own) if own == secret));
        let holding: Vec<&CredentialName> = holding.map(|it| &it.name).collect();
        if let Some(name) = holding.iter().copied().find(same).or_else(|| holding.first().copied()) {
            return Some((name.clone(), true, None));
        }
        let stem = wanted.as_ref().map_or("SECRET", CredentialName::as_str);
        if let Some(free) = usable(stem).filter(|name| self.is_free(name)) {
            return Some((free, false, None));
        }
        let by_server = usable(&format!("{stem}_{}", capitals(suggestion.server)));
        let numbered = (2..100).filter_map(|number| usable(&format!("{stem}_{number}")));
        let candidates = by_server.into_iter().chain(numbered);
        let last = (2_u64..).filter_map(|number| usable(&format!("SECRET_{number}")));
        let mut candidates = candidates.chain(last);
        candidates.find(|name| self.is_free(name)).map(|name| (name, false, wanted))
    }

    /// Whether neither the store nor the plan has it.
    fn is_free(&self, name: &CredentialName) -> bool {
        self.known.find(name.as_str()).is_none()
            && !self.planned.iter().any(|planned| planned.name.is_twin_of(name))
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

//! Reading while a lockdown is on: refused, but to who revokes what is read.

use jiff::Timestamp;

use crate::credentials::{CredentialError, Credentials};
use crate::index::Entry;
use crate::lockdown::Marker;
use crate::name::{CredentialName, Profile};
use crate::secret::Secret;
use crate::store::{ItemKey, Slot};

/// A token that a lockdown is about.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// In which namespace.
    pub(crate) profile: Profile,
    /// Its name as it was first written.
    pub(crate) name: CredentialName,
    /// Whether it is the value from before the last rotation.
    pub(crate) former: bool,
    /// What is known about it.
    pub(crate) entry: Entry,
}

impl Target {
    /// When its value came into use.
    pub(crate) fn in_use_since(&self) -> Timestamp {
        self.entry.facts.rotated.unwrap_or(self.entry.facts.created)
    }
}

impl Credentials {
    /// The marker of this machine's lockdown.
    pub(crate) fn marker(&self) -> Marker {
        Marker::in_folder(&self.folder)
    }

    /// Says whether these may be handed out. Ask before a value is read, and again before it leaves: reading may take
    /// as long as a person needs to answer a prompt.
    ///
    /// # Errors
    /// [`CredentialError::LockedDown`] where a lockdown covers one of them.
    pub(crate) fn refuse_in_lockdown<'n>(
        &self,
        names: impl IntoIterator<Item = &'n CredentialName>,
    ) -> Result<(), CredentialError> {
        let Some(lockdown) = self.marker().look() else { return Ok(()) };
        match names.into_iter().find(|name| lockdown.covers(&self.profile, name)) {
            Some(name) => Err(CredentialError::LockedDown { name: name.clone(), since: lockdown.since }),
            None => Ok(()),
        }
    }

    /// The tokens under these names, or every one of every profile; values of before that are still kept among them.
    /// Asks no store.
    ///
    /// # Errors
    /// Where the index can't be read, and [`CredentialError::NotFound`] where a name is none.
    pub(crate) fn targets(&self, names: Option<&[CredentialName]>) -> Result<Vec<Target>, CredentialError> {
        if self.stores.is_none() {
            return Ok(Vec::new());
        }
        let index = self.load()?;
        let mut found: Vec<(Profile, CredentialName, Entry)> = Vec::new();
        match names {
            None => found.extend(index.snapshot()),
            Some(names) => {
                for name in names {
                    // What is being deleted, or was until somebody was interrupted, lies in its store still.
                    let known = index.find_unfinished(&self.profile, name);
                    let (name, entry) = known.ok_or_else(|| self.not_found(&index, name))?;
                    if !found.iter().any(|(_, own, _)| own == name) {
                        found.push((self.profile.clone(), name.clone(), entry.clone()));
                    }
                }
            }
        }
        let now = self.now();
        let mut targets = Vec::new();
        for (profile, name, entry) in found {
            let has_former = entry.previous_until.is_some_and(|until| until > now);
            let target = Target { profile, name, former: false, entry };
            let former = has_former.then(|| Target { former: true, ..target.clone() });
            targets.extend([target].into_iter().chain(former));
        }
        Ok(targets)
    }

    /// For each of these, the value of the first name that is stored in that profile: what a call needs beside the token
    /// that it revokes. `None` where there is none, or its store does not answer. The index is read once.
    pub(crate) fn values_beside(&self, wanted: &[(&Profile, &[String])]) -> Vec<Option<Secret>> {
        let mut values: Vec<Option<Secret>> = wanted.iter().map(|_| None).collect();
        if wanted.is_empty() {
            return values;
        }
        let Ok(index) = self.load() else { return values };
        let target = |profile: &Profile, names: &[String]| {
            let (name, entry) = names.iter().find_map(|name| index.find(profile, &name.parse().ok()?))?;
            Some(Target { profile: profile.clone(), name: name.clone(), former: false, entry: entry.clone() })
        };
        let found = wanted
            .iter()
            .enumerate()
            .filter_map(|(at, (profile, names))| Some((at, target(profile, names)?)));
        let (places, targets): (Vec<usize>, Vec<Target>) = found.unzip();
        for (at, value) in places.into_iter().zip(self.values_to_revoke(&targets)) {
            values[at] = value.ok().flatten();
        }
        values
    }

    /// Their values, whether or not a lockdown is on: for nothing but to revoke them. One that can't be read does not
    /// hide the others; `None` where its store does not hold it, and the reason where that does not answer.
    pub(crate) fn values_to_revoke(&self, targets: &[Target]) -> Vec<Result<Option<Secret>, String>> {
        let mut values = self.values_at(targets);
        // What is not there may have been moved since the index was read.
        let is_gone = |at: &usize| matches!(values[*at], Ok(None));
        let gone: Vec<usize> = (0..targets.len()).filter(is_gone).collect();
        let Some(index) = (!gone.is_empty()).then(|| self.load().ok()).flatten() else { return values };
        let moved = gone.into_iter().filter_map(|at| {
            let target = &targets[at];
            let (_, entry) = index.find_unfinished(&target.profile, &target.name)?;
            let moved = Target { entry: entry.clone(), ..target.clone() };
            (entry.store != target.entry.store).then_some((at, moved))
        });
        let (places, moved): (Vec<usize>, Vec<Target>) = moved.unzip();
        for (at, value) in places.into_iter().zip(self.values_at(&moved)) {
            values[at] = value;
        }
        values
    }

    /// The values where the index had them.
    fn values_at(&self, targets: &[Target]) -> Vec<Result<Option<Secret>, String>> {
        let key = |target: &Target| {
            let slot = if target.former { Slot::Previous } else { Slot::Current };
            ItemKey::credential(&target.profile, &target.name, slot)
        };
        let mut values: Vec<_> = targets.iter().map(|_| Ok(None)).collect();
        let mut kinds: Vec<_> = targets.iter().map(|target| target.entry.store).collect();
        kinds.sort_unstable_by_key(|kind| kind.as_str());
        kinds.dedup();
        for kind in kinds {
            let places = (0..targets.len()).filter(|at| targets[*at].entry.store == kind);
            let places: Vec<usize> = places.collect();
            let store = match self.stores.open(kind) {
                Ok(store) => store,
                Err(error) => {
                    // Asked once: a person who does not give the passphrase is not asked for each of them.
                    for at in places {
                        values[at] = Err(error.to_string());
                    }
                    continue;
                }
            };
            let keys: Vec<ItemKey> = places.iter().map(|at| key(&targets[*at])).collect();
            match store.get_many(&keys) {
                Ok(found) => places.into_iter().zip(found).for_each(|(at, value)| values[at] = Ok(value)),
                Err(_) => {
                    for (at, key) in places.into_iter().zip(&keys) {
                        values[at] = store.get(key).map_err(|error| error.to_string());
                    }
                }
            }
        }
        values
    }
}

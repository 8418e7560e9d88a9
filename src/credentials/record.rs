//! On record first, out of hand second: every operation goes into the audit log.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::audit::{Action, Anchor, Begun, ChainKey, DueOn, Event, Outcome, Recorder, interrupted};
use crate::credentials::{CredentialError, Credentials, New, Notice, PartlyAdded};
use crate::index::Index;
use crate::name::CredentialName;
use crate::os::lock::FileLock;
use crate::secret::Secret;
use crate::store::{CredentialStore, ItemKey, StoreError, StoreKind};

/// How long one process waits for another that makes the key.
const PATIENCE: Duration = Duration::from_secs(60);

/// For what is no use of a credential.
const NEVER: DueOn<'static> = &|_| None;

/// A value that was read and is about to be handed out.
pub(crate) struct Reading {
    pub(crate) name: CredentialName,
    pub(crate) store: StoreKind,
    /// When it should be replaced.
    pub(crate) due: Option<Timestamp>,
    pub(crate) secret: Secret,
}

impl Credentials {
    /// The same credentials, with every operation put on record.
    pub(crate) fn recording(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// What writes the log, where one is kept: not with the store `none`, nor where the settings say so.
    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// What reading a value means from now on, and the program that it is for: [`Action::Get`] where nobody says.
    pub(crate) fn read_for(&self, action: Action, program: Option<&Path>) {
        let Some(recorder) = &self.recorder else { return };
        recorder.read_for(action);
        if let Some(program) = program {
            recorder.set_program(&program.to_string_lossy());
        }
    }

    /// Where values go that are read from now on, in a word of our own: `clipboard`.
    pub(crate) fn read_into(&self, place: &'static str) {
        if let Some(recorder) = &self.recorder {
            recorder.read_into(place);
        }
    }

    /// Does what opens a store or changes how it opens, and puts on record where that does not work: who tries keys is
    /// to be seen.
    ///
    /// # Errors
    /// Those of `open`.
    pub(crate) fn opening<T>(
        &self,
        action: Action,
        kind: StoreKind,
        open: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, CredentialError> {
        open().map_err(|error| {
            let error = CredentialError::from(error);
            self.record_failure(Event::new(action).in_store(kind), &error);
            error
        })
    }

    /// Puts an event on record. Where the store that it names is open, or without one any store, with the key of that
    /// store; else without a key. Opens no store and asks nobody.
    ///
    /// # Errors
    /// [`CredentialError::NotRecorded`] where that does not work and the settings do not allow it.
    pub(crate) fn record(&self, event: Event) -> Result<(), CredentialError> {
        if self.recorder.is_none() {
            return Ok(());
        }
        let open = |kind: &StoreKind| self.stores.is_open(*kind) && *kind != StoreKind::None;
        let kind = match event.store() {
            Some(kind) => Some(kind).filter(open),
            None => self.stores.used()?.into_iter().find(open),
        };
        let store = kind.and_then(|kind| self.stores.open(kind).ok());
        // A store that fails meanwhile is no reason to keep silent.
        let key = store.as_deref().and_then(|store| self.chain_key(store, None).ok());
        self.append(&[event], store.as_deref(), key.as_ref(), NEVER)
    }

    /// As [`Credentials::record`], of what was done already, after [`Credentials::check_recordable`].
    ///
    /// # Errors
    /// [`CredentialError::Unrecorded`] where that does not work and the settings do not allow it.
    pub(crate) fn record_done(&self, event: Event) -> Result<(), CredentialError> {
        self.record(event).map_err(done_unrecorded)
    }

    /// As [`Credentials::record_done`], without a key: in a store that is yet to be moved to, one that is made now would
    /// take the place of the one that moves. The next line vouches for this one.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn record_keyless(&self, event: Event) -> Result<(), CredentialError> {
        self.append(&[event], None, None, NEVER).map_err(done_unrecorded)
    }

    /// As [`Credentials::record`], for many at once, of whichever stores.
    ///
    /// # Errors
    /// As [`Credentials::record`].
    pub(crate) fn record_all(&self, events: &[Event]) -> Result<(), CredentialError> {
        if self.recorder.is_none() || events.is_empty() {
            return Ok(());
        }
        let open = |kind: &StoreKind| self.stores.is_open(*kind) && *kind != StoreKind::None;
        let kind = self.stores.used()?.into_iter().find(open);
        let store = kind.and_then(|kind| self.stores.open(kind).ok());
        let key = store.as_deref().and_then(|store| self.chain_key(store, None).ok());
        self.append(events, store.as_deref(), key.as_ref(), NEVER)
    }

    /// Says whether what is about to be done can go on record.
    ///
    /// # Errors
    /// [`CredentialError::NotRecorded`] where it can't, and the settings do not allow that.
    pub(crate) fn check_recordable(&self) -> Result<(), CredentialError> {
        let Some(recorder) = &self.recorder else { return Ok(()) };
        recorder.log().check_writable().or_else(|error| self.may_go_on(CredentialError::NotRecorded(error)))
    }

    /// Does `change` and puts it on record, with the fingerprint of the value: `action` of `name`. Nothing is done
    /// where nothing could be put on record. One whose process is killed is put on record by the next.
    ///
    /// # Errors
    /// Those of `change`; [`CredentialError::NotRecorded`] before it, or [`CredentialError::Unrecorded`] after it.
    pub(crate) fn changing<T>(
        &self,
        action: Action,
        name: Option<&CredentialName>,
        value: Option<&Secret>,
        change: impl FnOnce() -> Result<T, CredentialError>,
    ) -> Result<T, CredentialError> {
        if self.recorder.is_none() {
            return change();
        }
        self.check_recordable()?;
        let begun = Begun::note(&self.folder, &[self.event(action, name)], self.now()).ok();
        let outcome = self.changed(action, name, value, change);
        drop(begun);
        self.record_interrupted();
        outcome
    }

    /// That this is done, to that credential where it is to one.
    fn event(&self, action: Action, name: Option<&CredentialName>) -> Event {
        let event = Event::new(action);
        match name {
            Some(name) => event.of(&self.profile, name),
            None => event,
        }
    }

    /// What was begun by processes that are gone. Where that does not go on record now, it stays noted.
    fn record_interrupted(&self) {
        for (events, begun) in interrupted(&self.folder) {
            if self.record_all(&events).is_err() {
                begun.stays();
            }
        }
    }

    /// As [`Credentials::changing`], for credentials that are added together: those that are go on record in one write.
    pub(crate) fn adding(
        &self,
        new: &[New<'_>],
        kind: StoreKind,
        add: impl FnOnce() -> Result<(), PartlyAdded>,
    ) -> Result<(), PartlyAdded> {
        if self.recorder.is_none() {
            return add();
        }
        self.check_recordable()?;
        let events: Vec<Event> = new.iter().map(|it| self.event(Action::Add, Some(it.name))).collect();
        let begun = Begun::note(&self.folder, &events, self.now()).ok();
        let before = self.load().ok();
        let outcome = add();
        let added = outcome.as_ref().map_or_else(|partly| partly.added, |()| new.len());
        let recorded = self.record_added(&new[..added], kind);
        if let (Err(partly), Some(it)) = (&outcome, new.get(added)) {
            let find = |index: &Index| {
                let (name, entry) = index.find(&self.profile, it.name)?;
                Some((name.clone(), entry.store))
            };
            let after = self.load().ok();
            let known = after.as_ref().and_then(find).or_else(|| find(before.as_ref()?));
            let mut event = self.event(Action::Add, Some(known.as_ref().map_or(it.name, |(name, _)| name)));
            if let Some((_, kind)) = known {
                event = event.in_store(kind);
            }
            self.record_failure(event, &partly.error);
        }
        drop(begun);
        self.record_interrupted();
        // What could not be added is the news; a log that can't be written as well is found by `doctor`.
        outcome.and(recorded.map_err(|error| PartlyAdded { added, error }))
    }

    fn record_added(&self, new: &[New<'_>], kind: StoreKind) -> Result<(), CredentialError> {
        if new.is_empty() {
            return Ok(());
        }
        let store = self.stores.open(kind)?;
        let key = self.chain_key(&*store, None)?;
        let event = |it: &New<'_>| {
            let event = self.event(Action::Add, Some(it.name)).in_store(kind);
            event.with_fingerprint(key.fingerprint(it.secret))
        };
        let events: Vec<Event> = new.iter().map(event).collect();
        self.append(&events, Some(&*store), Some(&key), NEVER).map_err(done_unrecorded)
    }

    fn changed<T>(
        &self,
        action: Action,
        name: Option<&CredentialName>,
        value: Option<&Secret>,
        change: impl FnOnce() -> Result<T, CredentialError>,
    ) -> Result<T, CredentialError> {
        let entry = |name| self.find(name).ok().flatten().map(|(name, entry)| (name, entry.store));
        let before = name.and_then(entry);
        let outcome = change();
        let known = before.or_else(|| name.and_then(entry));
        let name = known.as_ref().map(|(name, _)| name).or(name);
        let mut event = self.event(action, name);
        if let Some((_, kind)) = &known {
            event = event.in_store(*kind);
        }
        match outcome {
            Ok(done) => {
                let kind = known.map(|(_, kind)| kind).or(self.stores.current()?.map(|choice| choice.kind));
                let store = kind.filter(|kind| *kind != StoreKind::None).map(|kind| self.stores.open(kind));
                let store = store.transpose()?;
                let key = store.as_deref().map(|store| self.chain_key(store, None)).transpose()?;
                if let (Some(key), Some(value)) = (&key, value) {
                    event = event.with_fingerprint(key.fingerprint(value));
                }
                self.append(&[event], store.as_deref(), key.as_ref(), NEVER).map_err(done_unrecorded)?;
                Ok(done)
            }
            Err(error) => {
                self.record_failure(event, &error);
                Err(error)
            }
        }
    }

    /// Puts values on record that are about to be handed out, under the action that was set. `key` is what the store
    /// gave together with them.
    ///
    /// # Errors
    /// [`CredentialError::NotRecorded`] where that does not work and the settings do not allow it.
    pub(crate) fn record_reading(
        &self,
        found: &[Reading],
        key: Option<&Secret>,
    ) -> Result<(), CredentialError> {
        let (Some(recorder), Some(first)) = (&self.recorder, found.first()) else { return Ok(()) };
        let store = self.stores.open(first.store)?;
        let key = match self.chain_key(&*store, key) {
            Ok(key) => key,
            Err(error) => return self.may_go_on(error),
        };
        let events = found.iter().map(|reading| {
            let mut event = Event::new(recorder.reading()).of(&self.profile, &reading.name);
            if let Some(place) = recorder.whither() {
                event = event.because(place);
            }
            event.in_store(reading.store).with_fingerprint(key.fingerprint(&reading.secret))
        });
        let events: Vec<Event> = events.collect();
        let due_on = |name: &str| {
            found.iter().find(|reading| reading.name.as_str() == name).and_then(|reading| reading.due)
        };
        self.record_interrupted();
        self.append(&events, Some(&*store), Some(&key), &due_on)
    }

    /// Puts on record that reading did not work, as well as that goes.
    pub(crate) fn record_failed_reading(&self, names: &[CredentialName], error: &CredentialError) {
        let Some(recorder) = &self.recorder else { return };
        let name = match error {
            CredentialError::NotFound { name, .. }
            | CredentialError::Vanished { name, .. }
            | CredentialError::LockedDown { name, .. }
            | CredentialError::Elsewhere { name, .. } => Some(name),
            CredentialError::NotRecorded(_) => return,
            _ => names.first().filter(|_| names.len() == 1),
        };
        let mut event = Event::new(recorder.reading());
        if let Some(name) = name {
            event = event.of(&self.profile, name);
        }
        self.record_failure(event, error);
    }

    /// The failure itself is what a person hears of; a log that can't be written as well is found by `doctor`.
    fn record_failure(&self, event: Event, error: &CredentialError) {
        let (outcome, word) = outcome_of(error);
        let event = event.ended(outcome).because(word);
        // A store that has just failed is not asked for its key: it would be waited for once more.
        _ = match error {
            CredentialError::Store(_) => self.append(&[event], None, None, NEVER),
            _ => self.record(event),
        };
    }

    fn append(
        &self,
        events: &[Event],
        store: Option<&dyn CredentialStore>,
        key: Option<&ChainKey>,
        due_on: DueOn<'_>,
    ) -> Result<(), CredentialError> {
        let Some(recorder) = &self.recorder else { return Ok(()) };
        match recorder.append(events, self.now(), key, due_on) {
            Ok(appended) => {
                for anomaly in appended.anomalies {
                    self.notify(Notice::Unusual { message: anomaly.message });
                }
                if let (Some(store), true) = (store, appended.is_anchor_due) {
                    // What is lost here is a part of the proof, never a line.
                    _ = self.renew_anchor(recorder, store, key, appended.anchor);
                }
                Ok(())
            }
            Err(error) => self.may_go_on(CredentialError::NotRecorded(error)),
        }
    }

    fn may_go_on(&self, error: CredentialError) -> Result<(), CredentialError> {
        match &self.recorder {
            Some(recorder) if recorder.refuses() => Err(error),
            _ => {
                // The error itself says that nothing was done, which is not so.
                let why = match &error {
                    CredentialError::NotRecorded(cause) => cause.to_string(),
                    other => other.to_string(),
                };
                self.notify(Notice::NotRecorded { why });
                Ok(())
            }
        }
    }

    /// Tells the store how far the log goes. Where the log lacks what the store saw before, that goes on record first.
    fn renew_anchor(
        &self,
        recorder: &Recorder,
        store: &dyn CredentialStore,
        key: Option<&ChainKey>,
        mut anchor: Anchor,
    ) -> Result<(), CredentialError> {
        let item = ItemKey::audit_head();
        let seen = store.get(&item)?.as_ref().and_then(Anchor::parse);
        if let Some(seen) = seen.filter(|seen| *seen != anchor)
            && !recorder.log().holds(&seen)?
        {
            let event = Event::new(Action::Heal).because(format!("rolled-back {}", seen.n));
            anchor = recorder.append(&[event], self.now(), key, NEVER)?.anchor;
        }
        Ok(store.put(&item, &anchor.to_item())?)
    }

    /// The key of the log in that store, made on first use. `item` is what the store gave already.
    pub(crate) fn chain_key(
        &self,
        store: &dyn CredentialStore,
        item: Option<&Secret>,
    ) -> Result<ChainKey, CredentialError> {
        let first = |item: &Secret| ChainKey::parse(item).map(|mut keys| keys.swap_remove(0));
        if let Some(key) = item.and_then(first) {
            return Ok(key);
        }
        let place = ItemKey::audit_key();
        if let Some(key) = store.get(&place)?.as_ref().and_then(first) {
            return Ok(key);
        }
        let path = self.folder.join("audit.lock");
        let _lock = FileLock::acquire(&path, PATIENCE).map_err(|_| StoreError::Busy { after: PATIENCE })?;
        if let Some(key) = store.get(&place)?.as_ref().and_then(first) {
            return Ok(key);
        }
        let key = ChainKey::generate().map_err(|error| StoreError::Failed {
            store: store.kind(),
            source: format!("the system has no random numbers: {error}").into(),
        })?;
        let keys = [key];
        Self::put_and_read_back(store, &place, &ChainKey::to_item(&keys))?;
        let [key] = keys;
        Ok(key)
    }

    /// The keys of the log and what the stores saw of it: of every store that was used, and that of every credential.
    ///
    /// # Errors
    /// Where one of them can't be read.
    pub(crate) fn chain_keys(&self) -> Result<(Vec<ChainKey>, Vec<Anchor>), CredentialError> {
        let mut kinds = self.stores.used()?;
        if let Some(index) = self.index_if_whole() {
            for (_, _, entry) in index.every_entry() {
                if !kinds.contains(&entry.store) {
                    kinds.push(entry.store);
                }
            }
        }
        let (mut keys, mut anchors) = (Vec::new(), Vec::new());
        for kind in kinds {
            let store = self.opening(Action::Unlock, kind, || self.stores.open(kind))?;
            let items = store.get_many(&[ItemKey::audit_key(), ItemKey::audit_head()])?;
            let [key, anchor] = &items[..] else { continue };
            keys.extend(key.as_ref().and_then(ChainKey::parse).into_iter().flatten());
            anchors.extend(anchor.as_ref().and_then(Anchor::parse));
        }
        Ok((keys, anchors))
    }

    /// Takes the keys of the log along to another store, so that older lines can still be checked there.
    pub(crate) fn copy_chain_keys(
        &self,
        from: &dyn CredentialStore,
        to: &dyn CredentialStore,
    ) -> Result<(), StoreError> {
        let place = ItemKey::audit_key();
        let keys = |store: &dyn CredentialStore| -> Result<Vec<ChainKey>, StoreError> {
            Ok(store.get(&place)?.as_ref().and_then(ChainKey::parse).unwrap_or_default())
        };
        let mut held = keys(to)?;
        let before = held.len();
        for key in keys(from)? {
            if held.iter().all(|known| known.id() != key.id()) {
                held.push(key);
            }
        }
        if held.len() > before {
            Self::put_and_read_back(to, &place, &ChainKey::to_item(&held))?;
        }
        Ok(())
    }
}

/// The same failure to put something on record, after it was done.
fn done_unrecorded(error: CredentialError) -> CredentialError {
    match error {
        CredentialError::NotRecorded(error) => CredentialError::Unrecorded(error),
        other => other,
    }
}

/// How the log tells a failure: in words of our own, which hold nothing of what was typed.
pub(crate) fn outcome_of(error: &CredentialError) -> (Outcome, &'static str) {
    match error {
        CredentialError::NotFound { .. } => (Outcome::Failed, "not-found"),
        CredentialError::Vanished { .. } => (Outcome::Failed, "vanished"),
        CredentialError::Elsewhere { .. } => (Outcome::Failed, "elsewhere"),
        CredentialError::AlreadyExists { .. } => (Outcome::Failed, "already-exists"),
        CredentialError::Adopted { .. } => (Outcome::Failed, "adopted"),
        CredentialError::Occupied { .. } => (Outcome::Failed, "occupied"),
        CredentialError::PreviousRevoked { .. } => (Outcome::Failed, "previous-revoked"),
        CredentialError::NoPrevious { .. } => (Outcome::Failed, "no-previous"),
        CredentialError::LockedDown { .. } => (Outcome::Denied, "lockdown"),
        CredentialError::ReadOnly => (Outcome::Failed, "read-only"),
        CredentialError::NoStore { .. } => (Outcome::Failed, "no-store"),
        CredentialError::Index(_) => (Outcome::Failed, "index"),
        CredentialError::NotRecorded(_) | CredentialError::Unrecorded(_) => (Outcome::Failed, "not-recorded"),
        CredentialError::Store(error) => match error {
            StoreError::Locked { .. } | StoreError::NoPassphrase => (Outcome::Denied, "locked"),
            StoreError::Denied { .. } => (Outcome::Denied, "denied"),
            StoreError::WrongPassphrase => (Outcome::Denied, "wrong-passphrase"),
            StoreError::Absent { .. } => (Outcome::Failed, "absent"),
            StoreError::TimedOut { .. } => (Outcome::Failed, "timed-out"),
            StoreError::Busy { .. } => (Outcome::Failed, "busy"),
            StoreError::Damaged { .. } => (Outcome::Failed, "damaged"),
            StoreError::RolledBack { .. } => (Outcome::Denied, "rolled-back"),
            _ => (Outcome::Failed, "store"),
        },
    }
}

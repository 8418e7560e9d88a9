//! The calls of the Secret Service that reading needs, after its specification (freedesktop.org, version 0.2).

use std::collections::{HashMap, HashSet};
use std::thread;
use std::time::Duration;

use zbus::MatchRule;
use zbus::message::Message;
use zbus::message::Type::Signal;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use crate::secret::Secret;
use crate::store::secret_service::bus::{Bus, Pending};
use crate::store::secret_service::session::{ALGORITHM, KeyPair, SessionKey};
use crate::store::{ItemKey, Patience, StoreError, StoreKind, Surroundings};

const KIND: StoreKind = StoreKind::SecretService;
pub(super) const SERVICE: &str = "org.freedesktop.Secret.Service";
pub(super) const ITEM: &str = "org.freedesktop.Secret.Item";
pub(super) const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const PROMPT: &str = "org.freedesktop.Secret.Prompt";

pub(super) type Attributes = HashMap<String, String>;
/// The answer of `GetSecrets`, and the attributes of each item in it.
type Answers = (Message, HashMap<OwnedObjectPath, Attributes>);
/// A secret as it is handed out: session, nonce, ciphertext, content type.
pub(super) type Sealed<'m> = (ObjectPath<'m>, &'m [u8], &'m [u8], &'m str);

/// One connection to the provider, for one operation: a provider that was restarted in between is no concern.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) bus: Bus,
    pub(super) default_collection: OwnedObjectPath,
    patience: Patience,
}

/// Items that carry the attributes asked for.
#[derive(Debug, Default)]
pub(super) struct Matches {
    pub(super) unlocked: Vec<OwnedObjectPath>,
    pub(super) locked: Vec<OwnedObjectPath>,
}

impl Client {
    /// Connects, asks for the default collection, and waits for the answer before anything else is sent:
    /// GNOME Keyring can abort on a client whose first message is `OpenSession` or a search.
    ///
    /// # Errors
    /// [`StoreError::Absent`] where there is no bus, no provider or no default collection.
    pub(super) fn connect(surroundings: &Surroundings, patience: Patience) -> Result<Self, StoreError> {
        Self::connect_while(surroundings, patience, || ()).map(|(client, ())| client)
    }

    /// As [`Client::connect`], and does `work` while the provider thinks.
    pub(super) fn connect_while<T>(
        surroundings: &Surroundings,
        patience: Patience,
        work: impl FnOnce() -> T,
    ) -> Result<(Self, T), StoreError> {
        let bus = Bus::connect(surroundings, patience.machine())?;
        let mut first = bus.call(&service_path(), SERVICE, "ReadAlias", "default");
        bus.start(std::slice::from_mut(&mut first))?;
        let result = work();
        let mut default_collection: OwnedObjectPath = bus.read(&bus.reply(first)?)?;
        // GNOME Keyring loses sight of its own collection for a moment while it reads its file again.
        for pause in [20, 50, 100, 200].map(Duration::from_millis) {
            if default_collection.as_str() != "/" {
                break;
            }
            thread::sleep(pause);
            let again = bus.call(&service_path(), SERVICE, "ReadAlias", "default");
            default_collection = bus.read(&bus.reply(again)?)?;
        }
        if default_collection.as_str() == "/" {
            let reason = "it has no default collection; a keyring program can make one".to_owned();
            return Err(StoreError::Absent { store: KIND, reason });
        }
        Ok((Self { bus, default_collection, patience }, result))
    }

    /// The secrets of `keys`, in their order.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::Denied`], [`StoreError::Empty`], and those of [`Client::connect`].
    pub(super) fn read(
        surroundings: &Surroundings,
        patience: Patience,
        keys: &[ItemKey],
    ) -> Result<Vec<Option<Secret>>, StoreError> {
        let (client, pair) = Self::connect_while(surroundings, patience, KeyPair::generate)?;
        let pair = pair.map_err(|error| failed(&format!("the system has no random bytes: {error}")))?;
        let bus = &client.bus;
        let opening = (ALGORITHM, Value::from(pair.public()));
        let mut calls = vec![bus.call(&service_path(), SERVICE, "OpenSession", opening)];
        calls.extend(keys.iter().map(|key| client.search(key)));
        let mut answers = bus.replies(calls)?.into_iter();
        let opened = answers.next().ok_or_else(|| failed("it did not answer"))?;
        let matches: Vec<Matches> = answers.map(|answer| client.matches(answer)).collect::<Result<_, _>>()?;

        let session = opened.map_err(|error| bus.fault(&error))?;
        let (output, session_path): (OwnedValue, OwnedObjectPath) = bus.read(&session)?;
        let theirs: Vec<u8> = output.try_into().map_err(|_| malformed())?;
        let items = client.readable(matches)?;
        if items.iter().all(Vec::is_empty) {
            return Ok(keys.iter().map(|_| None).collect());
        }
        let (answers, key) = client.ask_for_secrets(&session_path, &items, || pair.agree(&theirs))?;
        client.pick(keys, &items, answers, &key.ok_or_else(malformed)?)
    }

    /// Every item of ours, locked ones too where the provider shows their names.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where there are locked items that do not show their names.
    pub(super) fn keys(&self) -> Result<Vec<ItemKey>, StoreError> {
        let everything = self.bus.call(&service_path(), SERVICE, "SearchItems", Attributes::new());
        let found = self.matches(Ok(self.bus.reply(everything)?))?;
        let count = found.unlocked.len();
        let items: Vec<_> = found.unlocked.into_iter().chain(found.locked).collect();
        let asked = items.iter().map(|item| self.property(item, ITEM, "Attributes")).collect();
        let mut keys = Vec::new();
        for (index, answer) in self.bus.replies(asked)?.into_iter().enumerate() {
            // An item that went between the two calls is no item.
            let Ok(answer) = answer else { continue };
            let attributes = self.attributes(&answer)?;
            // GNOME Keyring shows hashes in place of the names that it has not unlocked.
            if index >= count && !attributes.contains_key("service") {
                return Err(StoreError::Locked { store: KIND });
            }
            keys.extend(key_of(&attributes));
        }
        if keys.is_empty() && self.is_locked()? {
            return Err(StoreError::Locked { store: KIND });
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// Whether the default collection is locked.
    ///
    /// # Errors
    /// Where the provider does not say.
    pub(super) fn is_locked(&self) -> Result<bool, StoreError> {
        let call = self.property(&self.default_collection, COLLECTION, "Locked");
        self.flag(&self.bus.reply(call)?)
    }

    /// The path of the default collection.
    pub(super) fn default_collection(&self) -> &str {
        self.default_collection.as_str()
    }

    /// How many items carry the key: more than one is a fact for `doctor`.
    ///
    /// # Errors
    /// Where the provider does not answer.
    pub(super) fn count(&self, keys: &[ItemKey]) -> Result<Vec<usize>, StoreError> {
        let calls = keys.iter().map(|key| self.search(key)).collect();
        let answers = self.bus.replies(calls)?.into_iter();
        answers.map(|it| self.matches(it).map(|it| it.unlocked.len() + it.locked.len())).collect()
    }

    /// The connection, for what is asked of the bus itself.
    pub(super) fn bus(&self) -> &Bus {
        &self.bus
    }

    pub(super) fn search(&self, key: &ItemKey) -> Pending {
        let wanted = [("service", key.service()), ("username", key.account())];
        let wanted: Attributes =
            wanted.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.bus.call(&service_path(), SERVICE, "SearchItems", wanted)
    }

    pub(super) fn property(
        &self,
        path: &OwnedObjectPath,
        interface: &'static str,
        name: &'static str,
    ) -> Pending {
        self.bus.call(path, PROPERTIES, "Get", (interface, name))
    }

    pub(super) fn matches(&self, answer: zbus::Result<Message>) -> Result<Matches, StoreError> {
        let (unlocked, locked) = self.bus.read(&answer.map_err(|error| self.bus.fault(&error))?)?;
        Ok(Matches { unlocked, locked })
    }

    pub(super) fn attributes(&self, answer: &Message) -> Result<Attributes, StoreError> {
        self.bus.read::<OwnedValue>(answer)?.try_into().map_err(|_| malformed())
    }

    pub(super) fn flag(&self, answer: &Message) -> Result<bool, StoreError> {
        self.bus.read::<OwnedValue>(answer)?.try_into().map_err(|_| malformed())
    }

    /// The items to read for each key, unlocked first where that is needed and allowed.
    fn readable(&self, matches: Vec<Matches>) -> Result<Vec<Vec<OwnedObjectPath>>, StoreError> {
        let locked = matches.iter().filter(|it| it.unlocked.is_empty()).flat_map(|it| it.locked.clone());
        let locked: Vec<_> = locked.collect();
        if !locked.is_empty() {
            self.unlock(locked)?;
        }
        let items = matches.into_iter();
        Ok(items.map(|it| if it.unlocked.is_empty() { it.locked } else { it.unlocked }).collect())
    }

    pub(super) fn unlock(&self, objects: Vec<OwnedObjectPath>) -> Result<(), StoreError> {
        if !self.patience.may_prompt {
            return Err(StoreError::Locked { store: KIND });
        }
        let call = self.bus.call(&service_path(), SERVICE, "Unlock", objects);
        let (_, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) = self.bus.read(&self.bus.reply(call)?)?;
        self.prompt(&prompt)
    }

    /// Shows the dialog that an answer asks for, where it asks for one, and waits for the person.
    pub(super) fn prompt(&self, prompt: &OwnedObjectPath) -> Result<(), StoreError> {
        if prompt.as_str() == "/" {
            return Ok(());
        }
        if !self.patience.may_prompt {
            return Err(StoreError::Locked { store: KIND });
        }
        let rule =
            MatchRule::builder().msg_type(Signal).interface(PROMPT).and_then(|it| it.member("Completed"));
        let rule =
            rule.and_then(|it| it.path(prompt.clone())).map_err(|error| self.bus.fault(&error))?.build();
        let show = self.bus.call(prompt, PROMPT, "Prompt", "");
        let completed = self.bus.reply_signal(rule, show, self.patience.deadline)?;
        let (dismissed, _): (bool, OwnedValue) = self.bus.read(&completed)?;
        if dismissed { Err(StoreError::Denied { store: KIND }) } else { Ok(()) }
    }

    /// One call for all secrets, and one for the attributes of each item, in one go; does `work` meanwhile.
    fn ask_for_secrets<T>(
        &self,
        session: &OwnedObjectPath,
        items: &[Vec<OwnedObjectPath>],
        work: impl FnOnce() -> T,
    ) -> Result<(Answers, T), StoreError> {
        let all: HashSet<_> = items.iter().flatten().cloned().collect();
        let all: Vec<_> = all.into_iter().collect();
        let mut calls =
            vec![self.bus.call(&service_path(), SERVICE, "GetSecrets", (all.clone(), session.clone()))];
        if !is_proven(items) {
            calls.extend(all.iter().map(|item| self.property(item, ITEM, "Attributes")));
        }
        self.bus.start(&mut calls)?;
        let result = work();
        let mut answers = self.bus.replies(calls)?.into_iter();
        let secrets = answers.next().ok_or_else(malformed)?.map_err(|error| self.bus.fault(&error))?;
        let mut attributes = HashMap::with_capacity(all.len());
        for (item, answer) in all.into_iter().zip(answers) {
            // An item without attributes went in the meantime, and matches nothing.
            if let Ok(answer) = answer {
                attributes.insert(item, self.attributes(&answer)?);
            }
        }
        Ok(((secrets, attributes), result))
    }

    /// The secret of each key: of those items whose attributes are just what was asked for, the newest. A
    /// provider may search more loosely than it should.
    fn pick(
        &self,
        keys: &[ItemKey],
        items: &[Vec<OwnedObjectPath>],
        (secrets, attributes): Answers,
        session: &SessionKey,
    ) -> Result<Vec<Option<Secret>>, StoreError> {
        let body = secrets.body();
        let secrets: HashMap<ObjectPath<'_>, Sealed<'_>> = body.deserialize().map_err(|_| malformed())?;
        let mut found = Vec::with_capacity(keys.len());
        let is_proven = is_proven(items);
        for (key, items) in keys.iter().zip(items) {
            let is_meant = |item: &&OwnedObjectPath| {
                is_proven || attributes.get(*item).and_then(key_of).as_ref() == Some(key)
            };
            let candidates: Vec<_> = items.iter().filter(is_meant).collect();
            let Some(item) = self.newest(&candidates)? else {
                found.push(None);
                continue;
            };
            let Some((_, nonce, ciphertext, _)) = secrets.get(&**item) else {
                // It is there, and it is not handed out.
                return Err(StoreError::Denied { store: KIND });
            };
            let secret = session.decrypt(nonce, ciphertext).ok_or_else(malformed)?;
            if secret.is_empty() {
                return Err(StoreError::Empty { store: KIND });
            }
            found.push(Some(secret));
        }
        Ok(found)
    }

    fn newest<'i>(&self, items: &[&'i OwnedObjectPath]) -> Result<Option<&'i OwnedObjectPath>, StoreError> {
        if items.len() < 2 {
            return Ok(items.first().copied());
        }
        let calls = items.iter().map(|item| self.property(item, ITEM, "Modified")).collect();
        let mut newest: Option<(u64, &OwnedObjectPath)> = None;
        for (item, answer) in items.iter().zip(self.bus.replies(calls)?) {
            let Ok(answer) = answer else { continue };
            let modified: u64 = self.bus.read::<OwnedValue>(&answer)?.try_into().map_err(|_| malformed())?;
            if newest.is_none_or(|(latest, _)| modified >= latest) {
                newest = Some((modified, item));
            }
        }
        Ok(newest.map(|(_, item)| item))
    }
}

/// Whether the searches themselves show that the provider compares attributes: several of them found an item, each
/// just one, and each another. A provider that matches more loosely finds for each what belongs to the others.
fn is_proven(items: &[Vec<OwnedObjectPath>]) -> bool {
    let found: HashSet<_> = items.iter().flatten().collect();
    let each_has_one = items.iter().all(|found| found.len() <= 1);
    found.len() > 1 && each_has_one && found.len() == items.iter().flatten().count()
}

/// The key that an item's attributes spell, where it is one of ours.
pub(super) fn key_of(attributes: &Attributes) -> Option<ItemKey> {
    ItemKey::from_parts(attributes.get("service")?, attributes.get("username")?)
}

pub(super) fn service_path() -> OwnedObjectPath {
    ObjectPath::from_static_str_unchecked("/org/freedesktop/secrets").into()
}

pub(super) fn malformed() -> StoreError {
    failed("it sent an answer that makes no sense")
}

pub(super) fn failed(what: &str) -> StoreError {
    StoreError::Failed { store: KIND, source: what.into() }
}

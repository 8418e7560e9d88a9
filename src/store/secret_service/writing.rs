//! Writing and removing items of the Secret Service, over the connection that [`Client`] has opened.
//!
//! Not through `keyring-core`, whose store opens a connection of its own and begins it with `OpenSession`: GNOME
//! Keyring can abort on that, and comes back locked. It also looks for the bus in another place than we do.

use std::collections::HashMap;

use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use crate::secret::Secret;
use crate::store::secret_service::client::{
    Attributes, COLLECTION, Client, ITEM, Matches, SERVICE, failed, key_of, malformed, service_path,
};
use crate::store::secret_service::session::{ALGORITHM, KeyPair, SessionKey};
use crate::store::{ItemKey, Patience, StoreError, Surroundings};

/// What the specification calls the type of a secret that is not text; KWallet keeps the bytes of this one alone.
const CONTENT_TYPE: &str = "application/octet-stream";

/// A secret as it crosses the bus: session, nonce, ciphertext, type.
type Crossing = (OwnedObjectPath, Vec<u8>, Vec<u8>, &'static str);

/// An open session and its key.
struct Session {
    path: OwnedObjectPath,
    key: SessionKey,
}

impl Client {
    /// Stores each secret in the items of its key, or in a new one in the default collection, one after the other;
    /// `done` counts those that are stored.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where that takes a person and none may be asked, [`StoreError::Denied`] where a person
    /// said no, and those of [`Client::connect`].
    pub(super) fn write(
        surroundings: &Surroundings,
        patience: Patience,
        secrets: &[(ItemKey, &Secret)],
        done: &mut usize,
    ) -> Result<(), StoreError> {
        let (client, pair) = Self::connect_while(surroundings, patience, KeyPair::generate)?;
        let pair = pair.map_err(|error| failed(&format!("the system has no random bytes: {error}")))?;
        let opening = (ALGORITHM, Value::from(pair.public()));
        let opening = client.bus.call(&service_path(), SERVICE, "OpenSession", opening);
        let locked = client.property(&client.default_collection, COLLECTION, "Locked");
        let mut calls = vec![opening, locked];
        calls.extend(secrets.iter().map(|(key, _)| client.search(key)));
        let mut answers = client.bus.replies(calls)?.into_iter();
        let (Some(opened), Some(locked)) = (answers.next(), answers.next()) else {
            return Err(failed("it did not answer"));
        };
        let opened = opened.map_err(|error| client.bus.fault(&error))?;
        let (theirs, path): (OwnedValue, OwnedObjectPath) = client.bus.read(&opened)?;
        let theirs: Vec<u8> = theirs.try_into().map_err(|_| malformed())?;
        let session = Session { path, key: pair.agree(&theirs).ok_or_else(malformed)? };

        let found: Vec<Matches> = answers.map(|answer| client.matches(answer)).collect::<Result<_, _>>()?;
        let mut wanted: Vec<_> = found.iter().flat_map(|found| found.locked.clone()).collect();
        if client.flag(&locked.map_err(|error| client.bus.fault(&error))?)? {
            wanted.push(client.default_collection.clone());
        }
        if !wanted.is_empty() {
            client.unlock(wanted)?;
        }
        for ((key, secret), found) in secrets.iter().zip(found) {
            let items = client.exact(key, found)?;
            if items.is_empty() {
                client.create(key, secret, &session)?;
            }
            for item in items {
                let call = client.bus.call(&item, ITEM, "SetSecret", (session.seal(secret)?,));
                client.bus.reply(call)?;
            }
            *done += 1;
        }
        Ok(())
    }

    /// Removes every item of this key, and says whether there was one.
    ///
    /// # Errors
    /// As [`Client::write`].
    pub(super) fn delete(
        surroundings: &Surroundings,
        patience: Patience,
        key: &ItemKey,
    ) -> Result<bool, StoreError> {
        let client = Self::connect(surroundings, patience)?;
        let found = client.matches(Ok(client.bus.reply(client.search(key))?))?;
        if !found.locked.is_empty() {
            client.unlock(found.locked.clone())?;
        }
        let items = client.exact(key, found)?;
        for item in &items {
            let answer = client.bus.reply(client.bus.call(item, ITEM, "Delete", ()))?;
            client.prompt(&client.bus.read(&answer)?)?;
        }
        Ok(!items.is_empty())
    }

    fn create(&self, key: &ItemKey, secret: &Secret, session: &Session) -> Result<(), StoreError> {
        let attributes: Attributes = [("service", key.service()), ("username", key.account())]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let properties = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Value::from(key.label())),
            ("org.freedesktop.Secret.Item.Attributes", Value::from(attributes)),
        ]);
        let body = (properties, session.seal(secret)?, true);
        let call = self.bus.call(&self.default_collection, COLLECTION, "CreateItem", body);
        let (_, prompt): (OwnedObjectPath, OwnedObjectPath) = self.bus.read(&self.bus.reply(call)?)?;
        self.prompt(&prompt)
    }

    /// Of the items that were found those whose attributes are just what was asked for.
    fn exact(&self, key: &ItemKey, found: Matches) -> Result<Vec<OwnedObjectPath>, StoreError> {
        let items: Vec<_> = found.unlocked.into_iter().chain(found.locked).collect();
        let asked = items.iter().map(|item| self.property(item, ITEM, "Attributes")).collect();
        let mut exact = Vec::with_capacity(items.len());
        for (item, answer) in items.into_iter().zip(self.bus.replies(asked)?) {
            // An item that went in the meantime is no item.
            if let Ok(answer) = answer
                && key_of(&self.attributes(&answer)?).as_ref() == Some(key)
            {
                exact.push(item);
            }
        }
        Ok(exact)
    }
}

impl Session {
    /// The secret, encrypted for this session.
    fn seal(&self, secret: &Secret) -> Result<Crossing, StoreError> {
        let (nonce, ciphertext) =
            self.key.encrypt(secret).map_err(|error| failed(&format!("no random bytes: {error}")))?;
        Ok((self.path.clone(), nonce.to_vec(), ciphertext, CONTENT_TYPE))
    }
}

//! Items of other programs in the Secret Service: found by their attributes, read, and removed.

use std::collections::{BTreeMap, HashMap};

use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use crate::secret::Secret;
use crate::store::secret_service::client::{
    Client, ITEM, SERVICE, Sealed, failed, key_of, malformed, service_path,
};
use crate::store::secret_service::session::{ALGORITHM, KeyPair};
use crate::store::{ForeignItem, Patience, StoreError, StoreKind, Surroundings};

/// The attribute that says what the others mean.
const SCHEMA: &str = "xdg:schema";

/// Every item with these attributes, in any collection, that is not ours. Locked ones are unlocked first: their names
/// are hashes as long as they are locked.
///
/// # Errors
/// [`StoreError::Locked`] where that takes a person and none may be asked, and those of [`Client::connect`].
pub(in crate::store) fn find(
    surroundings: &Surroundings,
    patience: Patience,
    wanted: &BTreeMap<String, String>,
) -> Result<Vec<ForeignItem>, StoreError> {
    let client = Client::connect(surroundings, patience)?;
    let wanted: HashMap<String, String> = wanted.clone().into_iter().collect();
    let search = client.bus.call(&service_path(), SERVICE, "SearchItems", wanted);
    let found = client.matches(Ok(client.bus.reply(search)?))?;
    if !found.locked.is_empty() {
        client.unlock(found.locked.clone())?;
    }
    let paths: Vec<_> = found.unlocked.into_iter().chain(found.locked).collect();
    let ask = |name| client.bus.replies(paths.iter().map(|path| client.property(path, ITEM, name)).collect());
    let (attributes, labels) = (ask("Attributes")?, ask("Label")?);
    let mut items = Vec::with_capacity(paths.len());
    for ((path, attributes), label) in paths.iter().zip(attributes).zip(labels) {
        // An item that went in the meantime is no item.
        let (Ok(attributes), Ok(label)) = (attributes, label) else { continue };
        let attributes = client.attributes(&attributes)?;
        let label: String = client.bus.read::<OwnedValue>(&label)?.try_into().map_err(|_| malformed())?;
        if key_of(&attributes).is_none() {
            let attributes = attributes.into_iter().collect();
            items.push(ForeignItem { label, attributes, handle: path.as_str().to_owned() });
        }
    }
    Ok(items)
}

/// The values of these items, in their order.
///
/// # Errors
/// [`StoreError::Denied`] where one is not handed out, and those of [`Client::connect`].
pub(in crate::store) fn read(
    surroundings: &Surroundings,
    patience: Patience,
    items: &[ForeignItem],
) -> Result<Vec<Secret>, StoreError> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let (client, pair) = Client::connect_while(surroundings, patience, KeyPair::generate)?;
    let pair = pair.map_err(|error| failed(&format!("the system has no random bytes: {error}")))?;
    let opening = (ALGORITHM, Value::from(pair.public()));
    let opening = client.bus.call(&service_path(), SERVICE, "OpenSession", opening);
    let (theirs, session): (OwnedValue, OwnedObjectPath) = client.bus.read(&client.bus.reply(opening)?)?;
    let theirs: Vec<u8> = theirs.try_into().map_err(|_| malformed())?;
    let key = pair.agree(&theirs).ok_or_else(malformed)?;
    let paths: Vec<_> = items.iter().map(path).collect::<Result<_, _>>()?;
    let call = client.bus.call(&service_path(), SERVICE, "GetSecrets", (paths.clone(), session));
    let answer = client.bus.reply(call)?;
    let body = answer.body();
    let secrets: HashMap<ObjectPath<'_>, Sealed<'_>> = body.deserialize().map_err(|_| malformed())?;
    let open = |path: &OwnedObjectPath| {
        let denied = StoreError::Denied { store: StoreKind::SecretService };
        let (_, nonce, ciphertext, _) = secrets.get(&**path).ok_or(denied)?;
        key.decrypt(nonce, ciphertext).ok_or_else(malformed)
    };
    paths.iter().map(open).collect()
}

/// Removes the item, where it is still what it was called.
///
/// # Errors
/// Those of [`Client::connect`], and where the provider does not let it go.
pub(in crate::store) fn remove(
    surroundings: &Surroundings,
    patience: Patience,
    item: &ForeignItem,
) -> Result<(), StoreError> {
    let client = Client::connect(surroundings, patience)?;
    let path = path(item)?;
    let call = client.property(&path, ITEM, "Attributes");
    let attributes = client.attributes(&client.bus.reply(call)?)?;
    // GNOME Keyring adds the schema when it has written its file.
    let is_same = |(name, value): (&String, &String)| name == SCHEMA || attributes.get(name) == Some(value);
    if !item.attributes.iter().all(is_same) {
        return Err(failed("the item is another one by now"));
    }
    let answer = client.bus.reply(client.bus.call(&path, ITEM, "Delete", ()))?;
    client.prompt(&client.bus.read(&answer)?)
}

fn path(item: &ForeignItem) -> Result<OwnedObjectPath, StoreError> {
    OwnedObjectPath::try_from(item.handle.as_str()).map_err(|_| malformed())
}

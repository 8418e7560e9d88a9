//! What is known about the provider of the Secret Service, for `doctor`.

use std::fs;

use crate::store::detect::Fact;
use crate::store::secret_service::client::Client;
use crate::store::{Patience, StoreError, StoreKind, Surroundings};

const KIND: StoreKind = StoreKind::SecretService;

/// Whether it can be used, without asking anybody.
///
/// # Errors
/// [`StoreError::Absent`] also where the default collection ends with the session: what is stored there would
/// be lost.
pub(crate) fn ask(surroundings: &Surroundings, patience: Patience) -> Result<(), StoreError> {
    let client = Client::connect(surroundings, patience)?;
    if client.default_collection().ends_with("/session") {
        let reason = "its default collection ends with the session".to_owned();
        return Err(StoreError::Absent { store: KIND, reason });
    }
    if client.is_locked()? { Err(StoreError::Locked { store: KIND }) } else { Ok(()) }
}

/// What can be found out, in the order in which it is told.
pub(crate) fn facts(surroundings: &Surroundings, patience: Patience) -> Vec<Fact> {
    let Ok(client) = Client::connect(surroundings, patience) else { return Vec::new() };
    let mut facts = Vec::new();
    if let Ok(pid) = provider(&client) {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok();
        facts.push(Fact::Provider { name: name.map(|name| name.trim_end().to_owned()), pid });
    }
    facts.push(Fact::DefaultCollection(client.default_collection().to_owned()));
    facts.extend(client.is_locked().map(Fact::Locked));
    if let Ok(keys) = client.keys() {
        facts.push(Fact::Items(keys.len()));
        let counts = client.count(&keys).unwrap_or_default();
        let twins = keys.into_iter().zip(counts).filter(|(_, count)| *count > 1);
        facts.extend(twins.map(|(key, count)| Fact::Twins(key, count)));
    }
    facts
}

fn provider(client: &Client) -> Result<u32, StoreError> {
    let bus = client.bus();
    let asked = bus.call_bus("GetConnectionUnixProcessID", "org.freedesktop.secrets");
    bus.read(&bus.reply(asked)?)
}

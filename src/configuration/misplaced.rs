//! Servers under a key that no client of the file looks under: written for another client.

use crate::configuration::discover::{Reader, Reading};
use crate::configuration::read::containers;
use crate::document::{Document, Shape, Value};

/// Keys that one client or another has its servers under.
const KEYS: &[&str] = &["mcpServers", "servers", "mcp_servers", "mcp-servers", "mcp", "context_servers"];

/// What an entry of a server has, whatever the client.
const MARKS: &[&str] = &["command", "cmd", "url", "httpUrl", "serverUrl", "uri"];

/// How many entries under a key are looked at.
const MOST_ENTRIES: usize = 16;

/// Servers that nobody starts.
pub(crate) struct Misplaced<'d> {
    /// The key that they stand under, one of a few words.
    pub(crate) key: &'static str,
    /// Those servers.
    pub(crate) value: Value<'d>,
    /// Where the client of the file looks instead.
    pub(crate) wanted: String,
    /// The name of that client.
    pub(crate) client: &'d str,
    /// Whether the file has servers in the right place as well.
    pub(crate) has_others: bool,
}

/// All of a file.
pub(crate) fn misplaced<'d>(reading: &'d Reading<'_>, document: &'d Document) -> Vec<Misplaced<'d>> {
    let Some(first) = reading.readers.first() else { return Vec::new() };
    let is_read = |key: &str| {
        let own = |keys: &Vec<String>| keys.first().is_some_and(|own| own == key);
        reading.readers.iter().any(|reader| own(&reader.file.key) || reader.file.or.iter().any(own))
    };
    let has_entries = |value: &Value<'d>| {
        let mut members = value.members().take(MOST_ENTRIES);
        members.any(|(_, entry)| MARKS.iter().any(|mark| entry.get(mark).is_some()))
    };
    let root = document.root();
    let found = KEYS.iter().filter(|key| !is_read(key)).filter_map(|key| {
        let value = root.get(key).filter(|value| value.shape() == Shape::Mapping && has_entries(value))?;
        Some((*key, value))
    });
    let is_filled = |reader: &Reader<'_>| {
        containers(document, reader.file).iter().any(|it| it.members().next().is_some())
    };
    found
        .map(|(key, value)| Misplaced {
            key,
            value,
            wanted: first.file.key.join("."),
            client: &first.client.name,
            has_others: reading.readers.iter().any(is_filled),
        })
        .collect()
}

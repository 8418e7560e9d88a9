//! Reads entries out of a document: finds them, hands each to the reader of its layout, and looks at the whole.

mod arguments;
mod builder;
mod common;
mod faults;
mod inputs;
mod named;
mod sorts;

use std::cell::OnceCell;
use std::path::PathBuf;

use crate::catalog::client::{ConfigurationFile, FieldKind};
use crate::configuration::discover::Reader;
use crate::configuration::entry::{ServerEntry, Standing};
use crate::configuration::read::builder::Builder;
use crate::document::{Document, Shape, Text, Value};

/// Where entries are.
pub(super) struct Container<'d> {
    /// What holds them.
    pub(super) value: Value<'d>,
    /// The key that `*` stood for: the folder of a project.
    pub(super) project: Option<String>,
    /// What holds that: `inputs` are beside it.
    pub(super) parent: Value<'d>,
    /// Whether other things than entries may be in it.
    is_bare: bool,
}

impl<'d> Container<'d> {
    /// The entries by name, where they have one.
    pub(super) fn members(&self) -> impl Iterator<Item = (Text<'d>, Value<'d>)> + use<'d> {
        let is_bare = self.is_bare;
        let is_entry = |value: &Value<'d>| ["command", "url"].iter().any(|key| value.get(key).is_some());
        self.value.members().filter(move |(_, value)| !is_bare || is_entry(value))
    }

    /// Whether the document has a place for entries, and they do not merely stand at its root.
    pub(super) fn is_certain(&self) -> bool {
        !self.is_bare
    }
}

/// All places in a document where a file of this sort has entries.
pub(super) fn containers<'d>(document: &'d Document, file: &ConfigurationFile) -> Vec<Container<'d>> {
    let mut all = Vec::new();
    for keys in std::iter::once(&file.key).chain(&file.or) {
        let root = document.root();
        let mut found = vec![Container { value: root.clone(), project: None, parent: root, is_bare: false }];
        for key in keys {
            found = found.iter().flat_map(|container| step(container, key)).collect();
        }
        all.extend(found);
    }
    if all.is_empty() && file.bare {
        let root = document.root();
        all.push(Container { value: root.clone(), project: None, parent: root, is_bare: true });
    }
    all
}

fn step<'d>(container: &Container<'d>, key: &str) -> Vec<Container<'d>> {
    let parent = &container.value;
    if key == "*" {
        let below = |(key, value): (Text<'d>, Value<'d>)| Container {
            value,
            project: Some(key.expose().to_owned()),
            parent: parent.clone(),
            is_bare: false,
        };
        return parent.members().map(below).collect();
    }
    let value = parent.get(key);
    value
        .map(|value| Container {
            value,
            project: container.project.clone(),
            parent: parent.clone(),
            is_bare: false,
        })
        .into_iter()
        .collect()
}

/// All entries that one reader finds.
pub(super) fn entries<'d>(document: &'d Document, reader: &'d Reader<'_>) -> Vec<ServerEntry<'d>> {
    let mut entries = Vec::new();
    for container in containers(document, reader.file) {
        let first = entries.len();
        let here = is_here(container.project.as_deref(), &reader.here);
        let mut add = |name: String, value: Value<'d>| {
            let order = entries.len();
            entries.push(entry(document, reader, &container, here, name, value, order));
        };
        match container.value.shape() {
            Shape::Mapping => {
                let members = container.members();
                members.for_each(|(key, value)| add(key.expose().to_owned(), value));
            }
            Shape::Sequence => container.value.items().enumerate().for_each(|(number, value)| {
                let name = value.get("name").and_then(|name| name.text());
                add(name.map_or_else(|| number.to_string(), |name| name.expose().to_owned()), value);
            }),
            _ => {}
        }
        inputs::attach(&container.parent, &mut entries[first..]);
    }
    entries
}

fn entry<'d>(
    document: &'d Document,
    reader: &'d Reader<'_>,
    container: &Container<'d>,
    here: bool,
    name: String,
    value: Value<'d>,
    order: usize,
) -> ServerEntry<'d> {
    let mut builder = Builder::new();
    let layout = reader.file.layout;
    match value.shape() {
        Shape::Mapping => {
            common::read(&mut builder, &value, layout, reader.client);
            sorts::look(&mut builder, &value, layout, reader.client);
        }
        // Some clients are told so that a server is not to be started.
        Shape::Null | Shape::Boolean(false) => builder.enabled = Some(false),
        _ => {
            builder.leaves(FieldKind::Setting, &name, &value);
            builder.fault(
                &value,
                "the entry is not a mapping, and no client reads it",
                "write it as a mapping",
            );
        }
    }
    let mut entry = ServerEntry {
        name,
        client: reader.client,
        configuration: reader.file,
        scope: reader.file.scope,
        project: container.project.clone(),
        here,
        file: document.path(),
        folder: reader.project.clone(),
        layout,
        value,
        enabled: builder.enabled.unwrap_or(true),
        says_enabled: builder.enabled.is_some(),
        standing: Standing::Counts,
        shadowed: false,
        strength: (reader.strength.0, reader.strength.1, order),
        fields: builder.fields,
        named: builder.named,
        merged: Vec::new(),
        merged_named: Vec::new(),
        faults: builder.faults,
        programs: OnceCell::new(),
    };
    faults::look(&mut entry);
    entry
}

/// Whether a project that an entry is for is the one that the person stands in.
pub(super) fn is_here(project: Option<&str>, here: &[PathBuf]) -> bool {
    let Some(project) = project else { return true };
    let plain = |path: &str| {
        let path = path.replace('\\', "/");
        let path = path.trim_end_matches('/');
        if cfg!(windows) { path.trim_start_matches("//?/").to_lowercase() } else { path.to_owned() }
    };
    here.iter().any(|folder| plain(&folder.to_string_lossy()) == plain(project))
}

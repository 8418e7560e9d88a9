//! `mcpcred servers --clients`: the clients whose configurations are known, and how well.

use serde::Serialize;

use crate::catalog::Catalog;
use crate::catalog::client::{Client, Confidence, Inherits, Platform, ReferenceSyntax, Scope};
use crate::ui::table::Table;

/// The document of `servers --clients --json`; its schema is `src/cli/schemas/clients.schema.json`.
#[derive(Serialize)]
pub(super) struct Document<'c> {
    schema_version: u32,
    clients: Vec<Row<'c>>,
}

#[derive(Serialize)]
struct Row<'c> {
    id: &'c str,
    name: &'c str,
    page: Option<&'c str>,
    known_from: Confidence,
    inherits: Inherits,
    placeholders: &'c [ReferenceSyntax],
    after_a_change: Option<&'c str>,
    files: Vec<File<'c>>,
}

#[derive(Serialize)]
struct File<'c> {
    scope: Scope,
    path: &'c str,
    platforms: &'c [Platform],
    committed: bool,
    writable: bool,
}

/// All of them.
pub(super) fn document(catalog: &Catalog) -> Document<'_> {
    Document { schema_version: 1, clients: catalog.clients.iter().map(Row::new).collect() }
}

impl<'c> Row<'c> {
    fn new(client: &'c Client) -> Self {
        let files = client.files.iter().map(|file| File {
            scope: file.scope,
            path: &file.path,
            platforms: &file.platforms,
            committed: file.committed,
            writable: file.writable,
        });
        Self {
            id: &client.id,
            name: &client.name,
            page: client.page.as_deref(),
            known_from: client.confidence,
            inherits: client.inherits,
            placeholders: &client.references.syntaxes,
            after_a_change: client.reload.as_deref(),
            files: files.collect(),
        }
    }
}

/// One line a client.
pub(super) fn table(catalog: &Catalog, width: Option<usize>) -> String {
    let mut table = Table::new(&["CLIENT", "NAME", "A SERVER INHERITS", "KNOWN FROM", "FILE"]);
    for client in &catalog.clients {
        table.row(&[
            client.id.as_str(),
            client.name.as_str(),
            inherits(client.inherits),
            known_from(client.confidence),
            client.files.first().map_or("", |file| file.path.as_str()),
        ]);
    }
    table.render(width)
}

fn inherits(inherits: Inherits) -> &'static str {
    match inherits {
        Inherits::Everything => "everything",
        Inherits::Basics => "PATH, HOME and few more",
        Inherits::Harmless => "all but what looks secret",
        Inherits::Unknown => "not known",
    }
}

fn known_from(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Run => "a run of it",
        Confidence::Source => "its source",
        Confidence::Documented => "its makers",
        Confidence::Reported => "others",
        Confidence::Unverified => "memory",
    }
}

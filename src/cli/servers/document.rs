//! The document of `servers --json`; its schema is `src/cli/schemas/servers.schema.json`.

use std::path::Path;

use serde::Serialize;

use crate::catalog::Catalog;
use crate::catalog::publisher::{Origin, Published, Unmarked};
use crate::catalog::server::{Form, KnownBy, SecretKind, Server, Setup, Transport};
use crate::cli::servers::Known;

/// All of it.
#[derive(Serialize)]
pub(super) struct Document<'d> {
    schema_version: u32,
    servers: Vec<Row<'d>>,
    /// What the file of a publisher is, where one was read.
    declared_by: Option<Declared<'d>>,
}

#[derive(Serialize)]
struct Declared<'d> {
    kind: Origin,
    not_marked_sensitive: &'d [Unmarked],
    added_to: Option<&'d Path>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Source {
    BuiltIn,
    Own,
    File,
}

#[derive(Serialize)]
struct Row<'d> {
    id: &'d str,
    name: &'d str,
    source: Source,
    setup: Setup,
    page: Option<&'d str>,
    note: Option<&'d str>,
    start: Option<String>,
    url: Option<&'d str>,
    known_by: Names<'d>,
    stored: Option<bool>,
    alternatives: Vec<Alternative<'d>>,
    companions: &'d [String],
}

#[derive(Serialize)]
struct Names<'d> {
    npm: &'d [String],
    pypi: &'d [String],
    images: &'d [String],
    commands: &'d [String],
    urls: &'d [String],
}

#[derive(Serialize)]
struct Alternative<'d> {
    only: Option<Transport>,
    of: &'d [String],
    optional: bool,
    instead: Option<&'d str>,
    credentials: Vec<Credential<'d>>,
}

#[derive(Serialize)]
struct Credential<'d> {
    name: &'d str,
    aliases: Vec<&'d str>,
    made_from: &'d [String],
    kind: SecretKind,
    token: Option<&'d str>,
    optional: bool,
    provider: Option<&'d str>,
    rotate_days: Option<u32>,
    scope: Option<&'d str>,
    create_at: Option<&'d str>,
    form: Option<Form>,
    header: Option<String>,
    flags: &'d [String],
    positional: bool,
    query: &'d [String],
    in_path: bool,
    stored_as: Option<&'d str>,
}

/// Servers of the catalog.
pub(super) fn all<'d>(
    catalog: &'d Catalog,
    known: &'d Known,
    servers: impl IntoIterator<Item = &'d Server>,
) -> Document<'d> {
    let source = |server: &Server| if catalog.is_own(&server.id) { Source::Own } else { Source::BuiltIn };
    let servers = servers.into_iter().map(|server| row(catalog, known, server, source(server))).collect();
    Document { schema_version: 1, servers, declared_by: None }
}

/// A server that its publisher declares.
pub(super) fn declared<'d>(
    catalog: &'d Catalog,
    known: &'d Known,
    published: &'d Published,
    added_to: Option<&'d Path>,
) -> Document<'d> {
    let declared = Declared { kind: published.origin, not_marked_sensitive: &published.unmarked, added_to };
    Document {
        schema_version: 1,
        servers: vec![row(catalog, known, &published.server, Source::File)],
        declared_by: Some(declared),
    }
}

fn row<'d>(catalog: &'d Catalog, known: &'d Known, server: &'d Server, source: Source) -> Row<'d> {
    let KnownBy { npm, pypi, images, commands, urls } = &server.known_by;
    Row {
        id: &server.id,
        name: &server.name,
        source,
        setup: server.setup,
        page: server.page.as_deref(),
        note: server.note.as_deref(),
        start: server.start_command(),
        url: server.url.as_deref(),
        known_by: Names { npm, pypi, images, commands, urls },
        stored: known.names.is_some().then(|| known.suffices(catalog, server)),
        alternatives: server
            .alternatives
            .iter()
            .map(|alternative| Alternative {
                only: alternative.only,
                of: &alternative.of,
                optional: alternative.optional,
                instead: alternative.instead.as_deref(),
                credentials: alternative
                    .credentials
                    .iter()
                    .map(|it| credential(catalog, known, it))
                    .collect(),
            })
            .collect(),
        companions: &server.companions,
    }
}

fn credential<'d>(
    catalog: &'d Catalog,
    known: &'d Known,
    requirement: &'d crate::catalog::server::Requirement,
) -> Credential<'d> {
    let provider = requirement.provider.as_deref();
    let all = catalog.aliases(&requirement.name).into_iter().chain(requirement.names());
    let mut aliases: Vec<&str> = all.filter(|name| *name != requirement.name).collect();
    aliases.sort_unstable();
    aliases.dedup();
    Credential {
        name: &requirement.name,
        aliases,
        made_from: &requirement.made_from,
        kind: requirement.kind,
        token: requirement.token.as_deref(),
        optional: requirement.optional,
        provider,
        rotate_days: provider.and_then(|provider| catalog.provider(provider)).and_then(|it| it.rotate_days),
        scope: requirement.scope.as_deref(),
        create_at: requirement.create_at.as_deref(),
        form: requirement.form,
        header: requirement.header.clone().map(String::from),
        flags: &requirement.flags,
        positional: requirement.positional,
        query: &requirement.query,
        in_path: requirement.in_path,
        stored_as: known.stored_as(catalog, requirement),
    }
}

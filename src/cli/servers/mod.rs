//! `mcpcred servers`: the catalog, and what the publisher of a server declares.

mod clients;
mod document;
mod page;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::app::App;
use crate::catalog::publisher::{self, Published};
use crate::catalog::server::{Alternative, Requirement, Server};
use crate::catalog::{Catalog, CatalogError};
use crate::cli::Outcome;
use crate::failure::Failure;
use crate::index::{Entry, State};
use crate::name::CredentialName;
use crate::slip;
use crate::ui::table::Table;

/// From how many columns on the list has room for a page.
const WIDE: usize = 130;

/// How alike a name must be to be suggested (Jaro-Winkler).
const ALIKE: f64 = 0.8;

/// Show which credentials each MCP server needs, where to create them and how to hand them over
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The catalog is part of this program. `catalog.toml` beside `config.toml` adds to it, or replaces \
an entry\nof the same `id`. `--file` reads the MCP registry's `server.json`, or a bundle (.mcpb, .dxt) or its\n\
`manifest.json`, and starts nothing."
)]
pub(super) struct Servers {
    /// Show this one in full
    #[arg(value_name = "NAME", add = super::completions::servers())]
    name: Option<String>,
    /// Only those with this in their names or in those of their credentials
    #[arg(long, value_name = "WORD", conflicts_with_all = ["name", "file"])]
    search: Option<String>,
    /// Only those whose credentials are not stored
    #[arg(long, conflicts_with_all = ["name", "file"])]
    missing: bool,
    /// Show what this file of a publisher declares
    #[arg(long, value_name = "PATH", conflicts_with = "name")]
    file: Option<PathBuf>,
    /// With `--file`: add the server to your `catalog.toml`
    #[arg(long, requires = "file")]
    add: bool,
    /// Show the clients whose configurations `check` reads, and how well each is known
    #[arg(long, conflicts_with_all = ["name", "search", "missing", "file"])]
    clients: bool,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

impl Servers {
    pub(super) fn run(self, app: &App) -> Outcome {
        let catalog = load(app)?;
        if self.clients {
            if self.json {
                app.print_json(&clients::document(&catalog))?;
            } else {
                app.ui.data(clients::table(&catalog, app.ui.data_width()).as_bytes())?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let known = Known::of(app);
        if let Some(path) = &self.file {
            let published = publisher::read(path).map_err(|error| Failure::of(Failure::GENERAL, &error))?;
            return self.declared(app, &catalog, &known, &published);
        }
        if let Some(name) = &self.name {
            let server = catalog.server(name).ok_or_else(|| unknown(&catalog, name))?;
            if self.json {
                app.print_json(&document::all(&catalog, &known, [server]))?;
            } else {
                let text = page::full(&catalog, &known, server, app.ui.data_width());
                app.ui.data(text.as_bytes())?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let word = self.search.as_deref().map(str::to_lowercase);
        let shown: Vec<&Server> = catalog
            .servers
            .iter()
            .filter(|server| word.as_ref().is_none_or(|word| speaks_of(server, word)))
            .filter(|server| !self.missing || !known.suffices(&catalog, server))
            .collect();
        if self.json {
            app.print_json(&document::all(&catalog, &known, shown))?;
        } else if shown.is_empty() {
            app.ui.say("No such servers");
        } else {
            let width = app.ui.data_width();
            app.ui.data(list(&catalog, &known, &shown, width).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What a publisher's file says, and adding it.
    fn declared(&self, app: &App, catalog: &Catalog, known: &Known, published: &Published) -> Outcome {
        let server = &published.server;
        let added = if self.add {
            let folder = &app.settings.config_folder.value;
            let path = catalog.add(folder, server).map_err(|error| not_added(&error))?;
            Some(path)
        } else {
            None
        };
        if self.json {
            app.print_json(&document::declared(catalog, known, published, added.as_deref()))?;
        } else {
            let mut text = page::full(catalog, known, server, app.ui.data_width());
            text.push_str(&page::unmarked(published));
            app.ui.data(text.as_bytes())?;
        }
        if let Some(path) = added {
            if catalog.server(&server.id).is_some() {
                app.ui.say(&format!("It takes the place of the `{}` of this program", server.id));
            }
            app.ui.say(&format!("Added `{}` to `{}`", server.id, path.display()));
        } else {
            let own =
                |it: &&Server| it.known_by.names().any(|name| server.known_by.names().any(|own| own == name));
            let hint = match catalog.servers.iter().find(own) {
                Some(known) => format!("the catalog knows it already, as `{}`", known.id),
                None => "`--add` keeps it in your catalog".to_owned(),
            };
            app.ui.say(&format!("Declared by {}; {hint}", published.origin.title()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The catalog with the person's own file.
pub(super) fn load(app: &App) -> Result<Catalog, Failure> {
    Catalog::load(&app.settings.config_folder.value).map_err(|error| {
        Failure::of(Failure::GENERAL, &error).hint("mend the file, or move it away to go on without it")
    })
}

fn not_added(error: &CatalogError) -> Failure {
    let failure = Failure::of(Failure::GENERAL, error);
    match error {
        CatalogError::Taken { .. } => failure.hint("take that entry away first, or change it by hand"),
        CatalogError::Changed { .. } => failure.hint("say it once more"),
        CatalogError::NotAdded { .. } => failure.hint("write the entry by hand"),
        _ => failure.hint("mend the file first; nothing was written"),
    }
}

/// The credentials that mcpcred keeps: their names alone, out of the index.
pub(super) struct Known {
    names: Option<Vec<String>>,
}

impl Known {
    /// As the index has them. An addition that is not finished may have left no value.
    pub(super) fn of(app: &App) -> Self {
        let added = |known: Vec<(CredentialName, Entry)>| {
            let added = known.into_iter().filter(|(_, entry)| entry.state != State::Adding);
            added.map(|(name, _)| String::from(name)).collect()
        };
        Self { names: app.credentials.list_if_whole().map(added) }
    }

    /// The name under which a secret is kept: its own before its others.
    pub(super) fn stored_as(&self, catalog: &Catalog, requirement: &Requirement) -> Option<&str> {
        let aliases = catalog.aliases(&requirement.name);
        let wanted = requirement.names().chain(aliases);
        let names = self.names.as_deref().unwrap_or_default();
        wanted
            .into_iter()
            .find_map(|name| names.iter().find(|own| own.eq_ignore_ascii_case(name)))
            .map(String::as_str)
    }

    /// Whether it is kept under this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().flatten().any(|own| own.eq_ignore_ascii_case(name))
    }

    fn has_all(&self, catalog: &Catalog, alternative: &Alternative) -> bool {
        let mut needed = alternative.credentials.iter().filter(|credential| !credential.optional).peekable();
        needed.peek().is_some() && needed.all(|credential| self.stored_as(catalog, credential).is_some())
    }

    /// Whether one of the ways of giving the server its credentials is stored whole.
    fn suffices(&self, catalog: &Catalog, server: &Server) -> bool {
        server.alternatives.iter().any(|alternative| self.has_all(catalog, alternative))
    }
}

fn list(catalog: &Catalog, known: &Known, servers: &[&Server], width: Option<usize>) -> String {
    let has_page = width.is_none_or(|width| width >= WIDE);
    let mut headings = vec!["NAME", "WHAT IT NEEDS", "SETUP", "STORED"];
    headings.extend(has_page.then_some("PAGE"));
    let mut table = Table::new(&headings);
    for server in servers {
        let needs = needs(server);
        let stored = if known.suffices(catalog, server) { "yes" } else { "" };
        let mut cells = vec![server.id.as_str(), &needs, page::setup(server.setup), stored];
        if has_page {
            cells.push(where_to_create(server).unwrap_or_default());
        }
        table.row(&cells);
    }
    table.render(width)
}

/// `GITHUB_PERSONAL_ACCESS_TOKEN, or a login`
fn needs(server: &Server) -> String {
    let first = server.alternatives.iter().find(|alternative| !alternative.credentials.is_empty());
    let names: Vec<&str> = first
        .iter()
        .flat_map(|alternative| &alternative.credentials)
        .filter(|credential| !credential.optional)
        .map(|credential| credential.name.as_str())
        .collect();
    let mut others = server.alternatives.iter().filter_map(|alternative| alternative.instead.as_deref());
    let other = others.next().map(|it| if it.contains("login") { "a login" } else { "none" });
    let names = names.join(" + ");
    match first {
        _ if names.is_empty() => other.unwrap_or("none").to_owned(),
        Some(alternative) if alternative.optional => format!("{names} (optional)"),
        _ => other.map(|other| format!("{names}, or {other}")).unwrap_or(names),
    }
}

/// The page where a person makes the first of its credentials, or else its own page.
fn where_to_create(server: &Server) -> Option<&str> {
    server.requirements().find_map(|it| it.create_at.as_deref()).or(server.page.as_deref())
}

fn speaks_of(server: &Server, word: &str) -> bool {
    let names =
        server.requirements().flat_map(|it| it.names().chain(it.made_from.iter().map(String::as_str)));
    [server.id.as_str(), &server.name]
        .into_iter()
        .chain(names)
        .chain(server.known_by.names())
        .any(|name| name.to_lowercase().contains(word))
}

/// A server that the catalog does not have.
pub(super) fn unknown(catalog: &Catalog, name: &str) -> Failure {
    if slip::is_token(name) {
        return Failure::value_as_name(Failure::NOT_FOUND);
    }
    let failure = Failure::new(Failure::NOT_FOUND, format!("there is no server `{name}` in the catalog"));
    let reads = catalog.servers.iter().find(|it| it.requirement(name).is_some());
    if let Some(server) = reads {
        return failure
            .hint(format!("`{name}` is what `{}` needs: `mcpcred servers {}`", server.name, server.id));
    }
    let wanted = name.to_lowercase();
    let nearest = catalog
        .servers
        .iter()
        .flat_map(|server| {
            [server.id.clone(), server.name.to_lowercase()]
                .map(|own| (strsim::jaro_winkler(&wanted, &own), server))
        })
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .filter(|(alike, _)| *alike >= ALIKE);
    match nearest {
        Some((_, server)) => failure.hint(format!("did you mean `{}`", server.id)),
        None => failure.hint("see all with `mcpcred servers`; `--file` reads what its publisher declares"),
    }
}

//! `catalog.toml`: what a person adds to the catalog. Its mistakes are told with their place.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::catalog::client::Client;
use crate::catalog::provider::Provider;
use crate::catalog::server::{Alternative, Requirement, Server};
use crate::catalog::{Entry, written};
use crate::document::Place;
use crate::name::CredentialName;
use crate::os::private_file;

/// The name of the file, in the configuration folder.
const FILE: &str = "catalog.toml";

/// The largest such file, in bytes.
const LIMIT: usize = 1024 * 1024;

/// Why the catalog can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogError {
    /// The file can't be read or written.
    #[error("cannot use `{}`: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The file holds what a catalog can't hold.
    #[error("`{}` is not understood at {place}: {detail}", path.display())]
    Invalid { path: PathBuf, place: Place, detail: String },
    /// The file has a server of that `id` already.
    #[error("`{}` has a server `{id}` already, at {place}", path.display())]
    Taken { path: PathBuf, place: Place, id: String },
    /// What should be added is no server that a catalog can hold.
    #[error("the server `{id}` can't be added: {detail}")]
    NotAdded { id: String, detail: String },
    /// Somebody else wrote the file in the meantime.
    #[error("`{}` was changed by another program just now", path.display())]
    Changed { path: PathBuf },
    /// A fault of ours.
    #[error("the catalog of this program is not understood: {0}")]
    BuiltIn(#[source] toml::de::Error),
}

/// The file, read and not yet checked.
#[derive(Debug)]
pub(super) struct OwnCatalog {
    pub(super) servers: Vec<Spanned<Server>>,
    pub(super) providers: Vec<Spanned<Provider>>,
    pub(super) clients: Vec<Spanned<Client>>,
    path: PathBuf,
    text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Entries {
    server: Vec<Spanned<Server>>,
    provider: Vec<Spanned<Provider>>,
    client: Vec<Spanned<Client>>,
}

impl OwnCatalog {
    /// Reads the file, where there is one.
    pub(super) fn read(config_folder: &Path) -> Result<Option<Self>, CatalogError> {
        let path = config_folder.join(FILE);
        match read_text(&path)? {
            Some(text) => Self::parse(path, text).map(Some),
            None => Ok(None),
        }
    }

    fn parse(path: PathBuf, text: String) -> Result<Self, CatalogError> {
        match toml::from_str::<Entries>(body(&text)) {
            Ok(Entries { server: servers, provider: providers, client: clients }) => {
                Ok(Self { servers, providers, clients, path, text })
            }
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                // One message is one line.
                let detail = error.message().lines().collect::<Vec<_>>().join("; ");
                Err(CatalogError::Invalid { place: place(&text, offset), path, detail })
            }
        }
    }

    /// Whether every entry is one that a catalog can hold; `is_known` tells of providers that are there without it.
    pub(super) fn check(&self, is_known: impl Fn(&str) -> bool) -> Result<(), CatalogError> {
        self.check_ids(&self.servers)?;
        self.check_ids(&self.providers)?;
        self.check_ids(&self.clients)?;
        for entry in &self.servers {
            check_server(entry.get_ref()).map_err(|detail| self.invalid(entry, detail))?;
            let unknown =
                entry.get_ref().requirements().filter_map(|it| it.provider.as_deref()).find(|provider| {
                    !is_known(provider) && !self.providers.iter().any(|own| own.get_ref().id == *provider)
                });
            if let Some(provider) = unknown {
                return Err(self.invalid(entry, format!("there is no provider `{provider}`")));
            }
        }
        for entry in &self.providers {
            for shape in &entry.get_ref().tokens {
                shape.compile().map_err(|_| {
                    self.invalid(
                        entry,
                        format!("the pattern of `{}` is no regular expression of ours", shape.id),
                    )
                })?;
            }
        }
        Ok(())
    }

    fn check_ids<T: Entry>(&self, entries: &[Spanned<T>]) -> Result<(), CatalogError> {
        for (number, entry) in entries.iter().enumerate() {
            let id = entry.get_ref().id();
            if !is_id(id) {
                return Err(self.invalid(entry, "an `id` is 1 to 63 of `a-z`, `0-9` and `-`".to_owned()));
            }
            if entries.iter().take(number).any(|before| before.get_ref().id() == id) {
                return Err(self.invalid(entry, format!("`{id}` is there twice")));
            }
        }
        Ok(())
    }

    fn invalid<T>(&self, entry: &Spanned<T>, detail: String) -> CatalogError {
        CatalogError::Invalid {
            path: self.path.clone(),
            place: place(&self.text, entry.span().start),
            detail,
        }
    }
}

/// Adds a server behind what is in the file. `check` is asked about the whole before it is written.
pub(super) fn append(
    config_folder: &Path,
    server: &Server,
    check: impl FnOnce(OwnCatalog) -> Result<OwnCatalog, CatalogError>,
) -> Result<PathBuf, CatalogError> {
    let named = config_folder.join(FILE);
    let file = |source| CatalogError::File { path: named.clone(), source };
    let not_added = |detail: String| CatalogError::NotAdded { id: server.id.clone(), detail };
    check_server(server).map_err(not_added)?;
    let stamp = private_file::stamp(&named).ok();
    let before = read_text(&named)?.unwrap_or_default();
    let known = OwnCatalog::parse(named.clone(), before.clone())?;
    if let Some(taken) = known.servers.iter().find(|entry| entry.get_ref().id == server.id) {
        let place = place(&before, taken.span().start);
        return Err(CatalogError::Taken { path: named, place, id: server.id.clone() });
    }
    let added = written::entry(server).ok_or_else(|| not_added("it can't be written as TOML".to_owned()))?;
    let after = joined(&before, &added);
    // What was there is checked as well: a file that is not understood would hide what is added to it.
    check(OwnCatalog::parse(named.clone(), after.clone())?)?;
    if !config_folder.exists() {
        private_file::create_folder(config_folder).map_err(file)?;
    }
    // A link leads to where the person keeps such files; what it leads to is replaced, and not the link.
    let path = if named.is_symlink() { named.canonicalize().map_err(file)? } else { named.clone() };
    if private_file::stamp(&named).ok() != stamp {
        return Err(CatalogError::Changed { path: named });
    }
    private_file::replace(&path, after.as_bytes()).map_err(file)?;
    Ok(named)
}

fn joined(before: &str, added: &str) -> String {
    let newline = if before.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = before.to_owned();
    if !text.is_empty() {
        if !text.ends_with('\n') {
            text.push_str(newline);
        }
        text.push_str(newline);
    }
    text.push_str(&added.replace('\n', newline));
    text
}

fn read_text(path: &Path) -> Result<Option<String>, CatalogError> {
    let content = private_file::read_settings(path, LIMIT)
        .map_err(|source| CatalogError::File { path: path.to_owned(), source })?;
    let Some(content) = content else { return Ok(None) };
    match String::from_utf8(content) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err(CatalogError::Invalid {
                path: path.to_owned(),
                place: Place::of(error.as_bytes(), at),
                detail: "the bytes there are no UTF-8".to_owned(),
            })
        }
    }
}

/// Without the byte order mark that some editors put in front.
fn body(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The place of a byte of the [`body`].
fn place(text: &str, offset: usize) -> Place {
    Place::of(text.as_bytes(), offset + text.len() - body(text).len())
}

/// `[a-z0-9][a-z0-9-]*`, as `--server` takes it without quotes.
fn is_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=63).contains(&id.len())
        && id.bytes().all(|byte| is_plain(byte) || byte == b'-')
        && !id.starts_with('-')
}

/// What is wrong with a server, where something is.
pub(super) fn check_server(server: &Server) -> Result<(), String> {
    if !is_id(&server.id) {
        return Err("an `id` is 1 to 63 of `a-z`, `0-9` and `-`".to_owned());
    }
    if server.name.trim().is_empty() {
        return Err("the `name` is empty".to_owned());
    }
    check_page(server.page.as_deref(), "page")?;
    check_page(server.url.as_deref(), "url")?;
    if server.start.as_ref().is_some_and(|start| start.trim().is_empty() || start.contains(char::is_control))
    {
        return Err("`start` is a command on one line".to_owned());
    }
    for name in server.known_by.names() {
        if name.matches('*').count() > 1 || name.trim_matches('*').is_empty() {
            return Err("a name in `known_by` holds one `*` at most, beside other characters".to_owned());
        }
        if name.contains("://") {
            return Err("a URL in `known_by` begins with its host, without `https://`".to_owned());
        }
    }
    for name in &server.companions {
        check_name(name)?;
    }
    server.alternatives.iter().try_for_each(|alternative| check_alternative(server, alternative))
}

fn check_alternative(server: &Server, alternative: &Alternative) -> Result<(), String> {
    if alternative.credentials.is_empty() == alternative.instead.is_none() {
        return Err("an `alternative` has either credentials or an `instead`".to_owned());
    }
    if let Some(name) =
        alternative.of.iter().find(|name| !server.known_by.names().any(|known| known == **name))
    {
        return Err(format!("`{name}` of an `alternative` is not in `known_by`"));
    }
    alternative.credentials.iter().try_for_each(check_requirement)
}

fn check_requirement(requirement: &Requirement) -> Result<(), String> {
    requirement.names().chain(requirement.made_from.iter().map(String::as_str)).try_for_each(check_name)?;
    if let Some(flag) = requirement.flags.iter().find(|flag| !flag.starts_with('-')) {
        return Err(format!("the flag `{flag}` does not begin with `-`"));
    }
    check_page(requirement.create_at.as_deref(), "create_at")
}

fn check_name(name: &str) -> Result<(), String> {
    name.parse::<CredentialName>().map(|_| ()).map_err(|error| error.to_string())
}

/// A page may be of a house's own network, which has no certificates; nothing else than a page is offered.
fn check_page(page: Option<&str>, key: &str) -> Result<(), String> {
    match page {
        Some(page) if !page.starts_with("https://") && !page.starts_with("http://") => {
            Err(format!("the `{key}` does not begin with `https://`"))
        }
        _ => Ok(()),
    }
}

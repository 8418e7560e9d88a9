//! THE CATALOG: what is known of MCP servers, of the providers of their tokens, and of the clients that start them.
//!
//! Data, not code: `servers.toml`, `providers.toml` and `clients.toml` are part of the binary and are read only by the
//! commands that need them. `catalog.toml` in the configuration folder adds to them, or replaces an entry of the same
//! `id`. A publisher's own file makes an unknown server known.

pub(crate) mod acceptance;
mod address;
mod broker;
pub(crate) mod client;
mod inherits;
mod launch;
mod own;
pub(crate) mod provider;
pub(crate) mod publisher;
pub(crate) mod recognition;
pub(crate) mod revoke;
pub(crate) mod server;
mod shell;
mod written;

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

pub(crate) use crate::catalog::own::CatalogError;

use crate::catalog::client::Client;
use crate::catalog::launch::Launched;
use crate::catalog::own::OwnCatalog;
use crate::catalog::provider::{Provider, Providers};
use crate::catalog::recognition::Recognised;
use crate::catalog::server::{Requirement, Server};

/// Servers, as they are part of the binary.
const SERVERS: &str = include_str!("servers.toml");

/// Clients, as they are part of the binary.
const CLIENTS: &str = include_str!("clients.toml");

/// Everything that is known, with what the person's own file adds.
#[derive(Debug)]
pub(crate) struct Catalog {
    /// MCP servers. Those that the person added stand first, so that they are recognised first.
    pub(crate) servers: Vec<Server>,
    /// Providers of tokens.
    pub(crate) providers: Vec<Provider>,
    /// Clients.
    pub(crate) clients: Vec<Client>,
    /// The servers of the person's own file.
    own: BTreeSet<String>,
}

/// A file of servers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Servers {
    #[serde(rename = "server")]
    servers: Vec<Server>,
}

/// A file of clients.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clients {
    #[serde(rename = "client")]
    clients: Vec<Client>,
}

/// What has an `id`.
trait Entry {
    fn id(&self) -> &str;
}

impl Entry for Server {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Entry for Provider {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Entry for Client {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Catalog {
    /// What is part of the binary, and `catalog.toml` of the configuration folder where there is one. Takes some
    /// milliseconds, so only commands that need it call it.
    ///
    /// # Errors
    /// Where the file can't be read or holds what a catalog can't hold: with the place.
    pub(crate) fn load(config_folder: &Path) -> Result<Self, CatalogError> {
        let mut catalog = Self::built_in().map_err(CatalogError::BuiltIn)?;
        if let Some(own) = OwnCatalog::read(config_folder)? {
            catalog.own = own.servers.iter().map(|entry| entry.get_ref().id.clone()).collect();
            let OwnCatalog { servers, providers, clients, .. } = catalog.checked(own)?;
            merge(&mut catalog.servers, servers.into_iter().map(toml::Spanned::into_inner));
            merge(&mut catalog.providers, providers.into_iter().map(toml::Spanned::into_inner));
            merge(&mut catalog.clients, clients.into_iter().map(toml::Spanned::into_inner));
        }
        Ok(catalog)
    }

    fn built_in() -> Result<Self, toml::de::Error> {
        Ok(Self {
            servers: toml::from_str::<Servers>(SERVERS)?.servers,
            providers: Providers::embedded()?.providers,
            clients: toml::from_str::<Clients>(CLIENTS)?.clients,
            own: BTreeSet::new(),
        })
    }

    /// Adds a server to the person's own file, behind what is there, which stays as it is.
    ///
    /// # Errors
    /// Where the file holds that `id` already, can't be read or written, or can't hold the server.
    pub(crate) fn add(
        &self,
        config_folder: &Path,
        server: &Server,
    ) -> Result<std::path::PathBuf, CatalogError> {
        own::append(config_folder, server, |own| self.checked(own))
    }

    /// The server of that `id`.
    pub(crate) fn server(&self, id: &str) -> Option<&Server> {
        find(&self.servers, id)
    }

    /// The provider of that `id`.
    pub(crate) fn provider(&self, id: &str) -> Option<&Provider> {
        find(&self.providers, id)
    }

    /// The client of that `id`.
    #[cfg(test)]
    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        find(&self.clients, id)
    }

    /// Whether that server is from the person's own file.
    pub(crate) fn is_own(&self, server: &str) -> bool {
        self.own.contains(server)
    }

    /// The server that an entry of a configuration starts or calls, and what it needs in that form. Nothing is
    /// looked up or run.
    pub(crate) fn recognise(
        &self,
        command: Option<&str>,
        arguments: &[&str],
        url: Option<&str>,
    ) -> Option<Recognised<'_>> {
        recognition::recognise(&self.servers, command, arguments, url)
    }

    /// The program in a command line that hands credentials of its own to the server, other than mcpcred: `op run`.
    pub(crate) fn broker(command: &str, arguments: &[&str]) -> Option<&'static str> {
        let launched = launch::launched(command, arguments);
        launched
            .into_iter()
            .find_map(|what| if let Launched::Broker(name) = what { Some(name) } else { None })
    }

    /// As [`Catalog::recognise`], the server alone.
    #[cfg(test)]
    pub(crate) fn recognise_server(
        &self,
        command: Option<&str>,
        arguments: &[&str],
        url: Option<&str>,
    ) -> Option<&Server> {
        Some(self.recognise(command, arguments, url)?.server)
    }

    /// What is known of a credential of that name, whichever server it is for.
    pub(crate) fn requirement(&self, name: &str) -> Option<&Requirement> {
        let all = || self.servers.iter().flat_map(Server::requirements);
        all().find(|requirement| requirement.name == name).or_else(|| all().find(|it| it.is_named(name)))
    }

    /// The page where a person makes a credential of that name.
    pub(crate) fn page_for(&self, name: &str) -> Option<&str> {
        let requirement = self.requirement(name)?;
        let provider = || self.provider(requirement.provider.as_deref()?)?.create_at.as_deref();
        requirement.create_at.as_deref().or_else(provider)
    }

    /// The page where a person finds a credential of that name again, to end it.
    pub(crate) fn page_to_end(&self, name: &str) -> Option<&str> {
        self.page_for(name).map(provider::without_form)
    }

    /// All names of the same secret, with the given one, sorted: what is stored under one of them feeds all. A name
    /// that nobody knows has only itself.
    pub(crate) fn aliases<'c>(&'c self, name: &'c str) -> Vec<&'c str> {
        let mut names = BTreeSet::from([name]);
        loop {
            let before = names.len();
            for requirement in self.servers.iter().flat_map(Server::requirements) {
                if requirement.names().any(|own| names.contains(own)) {
                    names.extend(requirement.names());
                }
            }
            if names.len() == before {
                return names.into_iter().collect();
            }
        }
    }

    /// The person's own file, where its entries hold together with ours.
    fn checked(&self, own: OwnCatalog) -> Result<OwnCatalog, CatalogError> {
        own.check(|provider| self.provider(provider).is_some())?;
        Ok(own)
    }
}

fn find<'c, T: Entry>(entries: &'c [T], id: &str) -> Option<&'c T> {
    entries.iter().find(|entry| entry.id() == id)
}

/// An entry of the same `id` takes the place of ours; the others come first.
fn merge<T: Entry>(entries: &mut Vec<T>, own: impl Iterator<Item = T>) {
    let mut first = Vec::new();
    for entry in own {
        match entries.iter_mut().find(|ours| ours.id() == entry.id()) {
            Some(ours) => *ours = entry,
            None => first.push(entry),
        }
    }
    entries.splice(0..0, first);
}

#[cfg(test)]
mod tests;

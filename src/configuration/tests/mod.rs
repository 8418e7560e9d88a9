//! `Person`: a home and a project in it, for the tests of configurations.

mod clients;
mod discovery;
mod managed;
mod odd;

use std::fs;
use std::path::{Path, PathBuf};

use crate::catalog::client::{Client, Platform, embedded};
use crate::configuration::discover::{Discovery, DiscoveryError, Request, discover};
use crate::configuration::places::Places;

/// A person with a home, and a project in it.
struct Person {
    folder: tempfile::TempDir,
    clients: Vec<Client>,
}

impl Person {
    fn new() -> Self {
        let person = Self { folder: tempfile::tempdir().unwrap(), clients: embedded().unwrap() };
        fs::create_dir_all(person.project().join(".git")).unwrap();
        person
    }

    /// Without links on the way, but for what Windows puts in front of such a path.
    fn home(&self) -> PathBuf {
        let folder = self.folder.path();
        if cfg!(windows) { folder.to_owned() } else { fs::canonicalize(folder).unwrap() }
    }

    fn project(&self) -> PathBuf {
        self.home().join("project")
    }

    /// The project as it is written in a configuration.
    fn written(&self) -> String {
        self.project().to_str().unwrap().replace('\\', "/")
    }

    fn write(&self, path: &str, content: &str) -> PathBuf {
        let path = self.home().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content.replace("@PROJECT@", &self.written())).unwrap();
        path
    }

    fn places(&self, here: &str) -> Places {
        Places::new(Platform::Linux, Some(self.home()), self.project().join(here), Box::new(|_| None))
    }

    fn looks(&self, clients: &[&str]) -> Discovery<'_> {
        let clients: Vec<String> = clients.iter().map(|id| (*id).to_owned()).collect();
        let request = Request { clients: &clients, files: &[] };
        discover(&self.clients, &self.places(""), request).unwrap()
    }

    fn names(&self, path: &Path) -> Result<Discovery<'_>, DiscoveryError> {
        let files = [path.to_owned()];
        discover(&self.clients, &self.places(""), Request { clients: &[], files: &files })
    }

    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.home()).unwrap_or(path).to_str().unwrap().replace('\\', "/")
    }
}

//! `Discovery`: the configurations in reach, each read once, and who reads it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::catalog::acceptance::SettingsFile;
use crate::catalog::client::{Client, ConfigurationFile, MovedBy, Parents, Platform, Scope};
use crate::configuration::approval;
use crate::configuration::entry::{self, ServerEntry};
use crate::configuration::identify;
use crate::configuration::leftover::{self, Leftover};
use crate::configuration::paths;
use crate::configuration::places::Places;
use crate::configuration::precedence;
use crate::configuration::read::containers;
use crate::configuration::workspace;
use crate::configuration::worktree;
use crate::document::{Document, DocumentError, Leniency, Place, Syntax};

/// What a person asks for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Request<'r> {
    /// Only the configurations of these clients; of all where the list is empty.
    pub(crate) clients: &'r [String],
    /// These files and no others; all that are in reach where the list is empty.
    pub(crate) files: &'r [PathBuf],
}

/// Why a request can't be met.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiscoveryError {
    /// A file that was asked for.
    #[error("there is no file `{}`", .0.display())]
    NoSuchFile(PathBuf),
}

/// What is in reach.
pub(crate) struct Discovery<'c> {
    /// The configurations, in the order of the catalog.
    pub(crate) readings: Vec<Reading<'c>>,
    /// Other files that may hold secrets.
    pub(crate) leftovers: Vec<Leftover>,
    /// Settings in which somebody says which servers a client starts.
    pub(crate) settings: Vec<Settings<'c>>,
    /// The home of the person.
    pub(crate) home: Option<PathBuf>,
    /// The root of the repository that the person stands in, or the folder itself.
    pub(crate) project: PathBuf,
}

#[cfg(test)]
impl<'c> Discovery<'c> {
    /// Of files that are in memory alone.
    pub(crate) fn of(readings: Vec<Reading<'c>>) -> Self {
        let (leftovers, settings) = (Vec::new(), Vec::new());
        Self { readings, leftovers, settings, home: None, project: PathBuf::new() }
    }
}

/// Settings of a client, the weaker before the stronger.
pub(crate) struct Settings<'c> {
    pub(super) client: &'c str,
    /// Whether what they approve counts only in a folder that the person trusts.
    pub(super) wants_trust: bool,
    pub(super) document: Document,
}

/// A file that is there, and what came of reading it.
pub(crate) struct Reading<'c> {
    /// Where it was looked for, which may be a link.
    pub(crate) path: PathBuf,
    /// What it says, or why that is not known.
    pub(crate) document: Result<Document, DocumentError>,
    /// Who reads it. Nobody, where a person named a file that is not a configuration of any client.
    pub(crate) readers: Vec<Reader<'c>>,
}

/// A client that reads a file.
#[derive(Clone)]
pub(crate) struct Reader<'c> {
    /// The client.
    pub(crate) client: &'c Client,
    /// What it takes the file for.
    pub(crate) file: &'c ConfigurationFile,
    /// The folder of the project that it is read for.
    pub(crate) project: Option<PathBuf>,
    /// The project that the person stands in, as clients may name it.
    pub(crate) here: Vec<PathBuf>,
    /// The larger, the stronger: what it says takes the place of what weaker files of the same client say.
    pub(crate) strength: (usize, usize),
}

impl Reading<'_> {
    /// The `id`s of the clients that read it, each once.
    pub(crate) fn clients(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for reader in &self.readers {
            if !ids.contains(&reader.client.id) {
                ids.push(reader.client.id.clone());
            }
        }
        ids
    }

    /// What makes clients pass over the whole file, each with the first place of it and their names.
    pub(crate) fn refusals(&self) -> Vec<(Leniency, Place, Vec<&str>)> {
        let mut refusals: Vec<(Leniency, Place, Vec<&str>)> = Vec::new();
        let Ok(document) = &self.document else { return refusals };
        for reader in &self.readers {
            let Some((leniency, place)) = document.first_of(&reader.file.refuses) else { continue };
            let name = reader.client.name.as_str();
            match refusals.iter_mut().find(|(own, ..)| *own == leniency) {
                Some((_, _, names)) if names.contains(&name) => {}
                Some((_, _, names)) => names.push(name),
                None => refusals.push((leniency, place, vec![name])),
            }
        }
        refusals
    }

    /// Whether teams commit it, for any of its readers.
    pub(crate) fn is_committed(&self) -> bool {
        self.readers.iter().any(|reader| reader.file.committed)
    }
}

impl Discovery<'_> {
    /// The entries of every reading, in the order of the readings; each has its place in the order of all files of
    /// its client ([`ServerEntry::shadowed`], [`ServerEntry::merged`]).
    pub(crate) fn entries(&self) -> Vec<Vec<ServerEntry<'_>>> {
        let mut all: Vec<Vec<ServerEntry<'_>>> = self
            .readings
            .iter()
            .map(|reading| match &reading.document {
                Ok(document) => {
                    reading.readers.iter().flat_map(|reader| entry::entries(document, reader)).collect()
                }
                Err(_) => Vec::new(),
            })
            .collect();
        approval::apply(&self.settings, &self.readings, &mut all);
        precedence::settle(&mut all);
        all
    }

    /// Whether somebody lists the commands of servers that a client starts, so that a changed entry may be none of them.
    pub(crate) fn lists_commands(&self) -> bool {
        approval::lists_commands(&self.settings)
    }

    /// The entries of one file as its readers have them, with other text in it than it has; what entries of other
    /// files say is not looked at.
    pub(crate) fn entries_with<'d>(&'d self, reading: usize, document: &'d Document) -> Vec<ServerEntry<'d>> {
        let readers = self.readings.get(reading).map_or(&[][..], |reading| reading.readers.as_slice());
        let entries = readers.iter().flat_map(|reader| entry::entries(document, reader)).collect();
        let mut all = [entries];
        approval::apply(&self.settings, &self.readings, &mut all);
        let [entries] = all;
        entries
    }
}

/// Looks for configurations and reads them.
///
/// # Errors
/// Where a file that was asked for is not there.
pub(crate) fn discover<'c>(
    clients: &'c [Client],
    places: &Places,
    request: Request<'_>,
) -> Result<Discovery<'c>, DiscoveryError> {
    let is_wanted = |client: &&Client| request.clients.is_empty() || request.clients.contains(&client.id);
    let wanted: Vec<&Client> = clients.iter().filter(is_wanted).collect();
    let mut discovery = Discovery {
        readings: Vec::new(),
        leftovers: Vec::new(),
        settings: Vec::new(),
        home: places.home().map(Path::to_owned),
        project: places.project().to_owned(),
    };
    if request.files.is_empty() {
        let mut search = Search { places, found: Vec::new(), known: HashMap::new() };
        let mut hidden = Vec::new();
        for client in wanted.iter().copied() {
            search.client(client, !request.clients.is_empty(), &mut hidden);
        }
        let known = |path: &Path| search.known.contains_key(&real(path));
        discovery.leftovers = hidden.into_iter().filter(|it| !known(&it.path)).collect();
        discovery.leftovers.extend(leftover::find(places, &wanted, &search.found, &known));
        discovery.readings = search.found.into_iter().filter_map(Found::read).collect();
        discovery.settings = wanted.iter().flat_map(|client| settings(places, client)).collect();
        return Ok(discovery);
    }
    for path in request.files {
        let path = places.here().join(path);
        if path.symlink_metadata().is_err() {
            return Err(DiscoveryError::NoSuchFile(path));
        }
        discovery.readings.extend(identify::read(&path, &wanted, places));
    }
    Ok(discovery)
}

/// A file that is there.
pub(super) struct Found<'c> {
    pub(super) path: PathBuf,
    pub(super) readers: Vec<Reader<'c>>,
}

impl<'c> Found<'c> {
    /// Nothing where it is gone by now.
    fn read(self) -> Option<Reading<'c>> {
        let Self { path, readers } = self;
        let document = read_for(&path, &readers).transpose()?;
        Some(Reading { path, document, readers })
    }
}

/// Reads a file as its readers do: as plain JSON where one of them wants that, so that it is known what is none.
pub(super) fn read_for(path: &Path, readers: &[Reader<'_>]) -> Result<Option<Document>, DocumentError> {
    let Some(first) = readers.first() else { return Ok(None) };
    if first.file.front_matter {
        return Document::read_front_matter(path);
    }
    let is_plain = readers.iter().any(|reader| reader.file.syntax == Syntax::Json);
    let syntax = if is_plain { Syntax::Json } else { first.file.syntax };
    Document::read(path, syntax)
}

struct Search<'c, 'p> {
    places: &'p Places,
    found: Vec<Found<'c>>,
    /// Which of them is the file that a path leads to, once links are followed.
    known: HashMap<PathBuf, usize>,
}

impl<'c> Search<'c, '_> {
    /// All files of a client. Files of others that it reads too are its own only where it is used here.
    fn client(&mut self, client: &'c Client, is_asked_for: bool, hidden: &mut Vec<Leftover>) {
        let (mut guests, mut folders) = (Vec::new(), Vec::new());
        let mut is_used =
            is_asked_for || client.traces.iter().any(|trace| !look(self.places, trace).is_empty());
        for (position, file) in client.files.iter().enumerate() {
            if !is_for(&file.platforms, self.places.platform()) {
                continue;
            }
            let candidates = candidates(self.places, &file.path, &file.moved_by, file.parents);
            is_used |= !file.guest && !candidates.is_empty();
            for (path, project, nearness) in candidates {
                if let Some(beside) = hider(self.places, file, project.as_deref()) {
                    hidden.push(Leftover {
                        client: Some(client.id.clone()),
                        what: format!(
                            "a configuration that {} does not read beside another one",
                            client.name
                        ),
                        instead: has_servers(&path, file).then_some(beside),
                        path,
                        in_use: false,
                        is_of_variables: false,
                    });
                    continue;
                }
                let reader = Reader {
                    client,
                    file,
                    project,
                    here: here(self.places, client),
                    strength: (position, nearness),
                };
                if file.guest {
                    guests.push((path, reader));
                    continue;
                }
                folders.extend(workspace::folders(&path));
                self.add(path, reader);
            }
        }
        // What is in reach anyway keeps its own place in the order.
        for folder in folders {
            self.folder(client, &folder);
        }
        if is_used {
            for (path, reader) in guests {
                self.add(path, reader);
            }
        }
    }

    /// The files of a client in another folder of the workspace that a person stands in.
    fn folder(&mut self, client: &'c Client, folder: &Path) {
        let is_of_project = |file: &&ConfigurationFile| {
            is_for(&file.platforms, self.places.platform())
                && self.places.base(&file.path).is_none()
                && !file.guest
        };
        let files: Vec<_> = client.files.iter().enumerate().filter(|(_, file)| is_of_project(file)).collect();
        for (position, file) in files {
            let paths = paths::alternatives(&file.path);
            for path in paths.iter().flat_map(|path| paths::expand(folder, path)) {
                let (project, here) = (Some(folder.to_owned()), here(self.places, client));
                self.add(path, Reader { client, file, project, here, strength: (position, 0) });
            }
        }
    }

    fn add(&mut self, path: PathBuf, reader: Reader<'c>) {
        let at = *self.known.entry(real(&path)).or_insert(self.found.len());
        match self.found.get_mut(at) {
            None => self.found.push(Found { path, readers: vec![reader] }),
            Some(found) => {
                let is_same =
                    |it: &Reader<'_>| it.client.id == reader.client.id && it.file.key == reader.file.key;
                if !found.readers.iter().any(is_same) {
                    found.readers.push(reader);
                }
            }
        }
    }
}

/// The project that the person stands in, under the names that it may have to a client. Within a repository that is the
/// whole of it, whatever is said of a folder in it, and in a worktree the repository.
pub(super) fn here(places: &Places, client: &Client) -> Vec<PathBuf> {
    let root = places.project();
    let mut names = match worktree::repository_of(root) {
        // Seen of the real one: what is said of the worktree counts as well.
        Some(repository) if client.id == "codex" => vec![root.to_owned(), repository],
        Some(repository) => vec![repository],
        None => vec![root.to_owned()],
    };
    let real: Vec<_> = names.iter().filter_map(|it| fs::canonicalize(it).ok()).collect();
    names.extend(real.into_iter().filter(|real| real != root));
    names
}

/// The first of the variables that is set, with its value.
fn moved<'m>(places: &Places, moved_by: &'m [MovedBy]) -> Option<(PathBuf, &'m MovedBy)> {
    moved_by.iter().find_map(|by| Some((places.variable(&by.variable)?, by)))
}

/// The file that keeps the client from reading this one, where it is there.
fn hider(places: &Places, file: &ConfigurationFile, project: Option<&Path>) -> Option<PathBuf> {
    let path = match moved(places, &file.moved_by) {
        Some((base, by)) => base.join(by.hidden_by.as_ref()?),
        None => match (places.base(file.hidden_by.as_ref()?), project) {
            (Some((base, rest)), _) => base?.join(rest),
            (None, project) => project?.join(file.hidden_by.as_ref()?),
        },
    };
    path.symlink_metadata().is_ok().then_some(path)
}

/// Whether a file has entries of servers where a file of that sort has them.
fn has_servers(path: &Path, file: &ConfigurationFile) -> bool {
    let document = Document::read(path, file.syntax).ok().flatten();
    document.is_some_and(|document| {
        containers(&document, file).iter().any(|container| container.members().next().is_some())
    })
}

/// The settings of a client that are there and that it reads: not those with a comment.
fn settings<'c>(places: &Places, client: &'c Client) -> Vec<Settings<'c>> {
    let is_here = |file: &&SettingsFile| is_for(&file.platforms, places.platform());
    let read = |file: &SettingsFile| {
        let found = candidates(places, &file.path, &file.moved_by, Parents::None);
        let documents =
            found.into_iter().filter_map(|(path, ..)| Document::read(&path, Syntax::Json).ok()?);
        let documents = documents.filter(|document| document.leniency().is_none());
        let wants_trust = file.wants_trust;
        documents.map(|document| Settings { client: &client.id, wants_trust, document }).collect::<Vec<_>>()
    };
    client.settings.iter().filter(is_here).flat_map(read).collect()
}

/// The files that are there for a place of the catalog: the project of each, and how near that is.
fn candidates(
    places: &Places,
    path: &str,
    moved_by: &[MovedBy],
    parents: Parents,
) -> Vec<(PathBuf, Option<PathBuf>, usize)> {
    if let Some((base, by)) = moved(places, moved_by) {
        return paths::expand(&base, &by.path).into_iter().map(|path| (path, None, 0)).collect();
    }
    let mut found = Vec::new();
    for (number, path) in paths::alternatives(path).into_iter().enumerate() {
        match places.base(&path) {
            Some((None, _)) => {}
            Some((Some(base), rest)) => {
                found.extend(paths::expand(&base, rest).into_iter().map(|path| (path, None, number)));
            }
            None => {
                for (nearness, folder) in places.project_folders(parents).into_iter().enumerate() {
                    let strength = nearness * 64 + number;
                    let files = paths::expand(&folder, &path).into_iter();
                    found.extend(files.map(|path| (path, Some(folder.clone()), strength)));
                }
            }
        }
    }
    found
}

/// Whatever is there for a path that is written as in the catalog.
pub(crate) fn look(places: &Places, path: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths::alternatives(path) {
        match places.base(&path) {
            Some((base, rest)) => found.extend(base.into_iter().flat_map(|base| paths::expand(&base, rest))),
            None => {
                for folder in places.project_folders(Parents::None) {
                    found.extend(paths::expand(&folder, &path));
                }
            }
        }
    }
    found
}

/// Whether a list of systems, all of them where it is empty, has this one.
pub(super) fn is_for(platforms: &[Platform], platform: Platform) -> bool {
    platforms.is_empty() || platforms.contains(&platform)
}

/// The file that a path leads to, or the path itself where it leads nowhere.
pub(super) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether a reader's scope is of one folder, so that the same file in another folder is of another project.
pub(super) fn is_of_one_folder(file: &ConfigurationFile) -> bool {
    file.parents == Parents::None && matches!(file.scope, Scope::Project | Scope::Local)
}

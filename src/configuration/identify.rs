//! Which client a file is of that a person named: by the end of its path, by its name, or by its keys.

use std::path::Path;

use crate::catalog::client::{Client, ConfigurationFile, Layout, Scope};
use crate::configuration::discover::{Reader, Reading, here, read_for};
use crate::configuration::paths;
use crate::configuration::places::Places;
use crate::configuration::read::containers;
use crate::document::{Document, Shape, Syntax};

/// Whose a file is taken to be where its keys alone would do for several.
const PREFERRED: &[&str] =
    &["claude-code", "vscode", "opencode", "crush", "codex", "zed", "goose", "continue"];

/// Reads a file that a person named. Nobody is its reader where it is the configuration of no client among these.
pub(super) fn read<'c>(path: &Path, clients: &[&'c Client], places: &Places) -> Option<Reading<'c>> {
    let mut readers = by_path(path, clients);
    if readers.is_empty() {
        readers = by_name(path, clients);
    }
    if !readers.is_empty() {
        let readers = with_places(readers, path, places);
        let document = read_for(path, &readers).transpose()?;
        return Some(Reading { path: path.to_owned(), document, readers });
    }
    let document = read_by_ending(path).transpose()?;
    let readers = document.as_ref().map(|document| by_keys(document, clients)).unwrap_or_default();
    let readers = with_places(readers, path, places);
    Some(Reading { path: path.to_owned(), document, readers })
}

type Pair<'c> = (&'c Client, usize, &'c ConfigurationFile);

fn all<'c>(clients: &[&'c Client]) -> impl Iterator<Item = Pair<'c>> {
    let of = |client: &'c Client| client.files.iter().enumerate().map(move |(at, file)| (client, at, file));
    clients.iter().copied().flat_map(of)
}

/// Those with the longest end of the path, on whatever system.
fn by_path<'c>(path: &Path, clients: &[&'c Client]) -> Vec<Pair<'c>> {
    let steps = |file: &ConfigurationFile| {
        let alternatives = paths::alternatives(&file.path);
        alternatives.iter().filter_map(|own| paths::matching_steps(path, own)).max()
    };
    let found: Vec<_> = all(clients).filter_map(|pair| Some((steps(pair.2)?, pair))).collect();
    let longest = found.iter().map(|(steps, _)| *steps).max();
    found.into_iter().filter(|(steps, _)| Some(*steps) == longest).map(|(_, pair)| pair).collect()
}

/// Those of a name that only one client has; what others read of its own counts for nothing.
fn by_name<'c>(path: &Path, clients: &[&'c Client]) -> Vec<Pair<'c>> {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else { return Vec::new() };
    let has_name = |file: &ConfigurationFile| {
        let last = |own: &String| own.rsplit('/').next() == Some(name.as_ref());
        paths::alternatives(&file.path).iter().any(last)
    };
    let found: Vec<_> = all(clients).filter(|pair| !pair.2.guest && has_name(pair.2)).collect();
    let is_one = found.windows(2).all(|pairs| pairs[0].0.id == pairs[1].0.id);
    if is_one { found } else { Vec::new() }
}

/// That of the first client whose servers would be where this file has some.
fn by_keys<'c>(document: &Document, clients: &[&'c Client]) -> Vec<Pair<'c>> {
    let fits = |file: &ConfigurationFile| {
        let is_same = match document.syntax() {
            Syntax::Json | Syntax::Jsonc => matches!(file.syntax, Syntax::Json | Syntax::Jsonc),
            other => file.syntax == other,
        };
        let has_servers = || {
            containers(document, file).iter().filter(|it| it.is_certain()).any(|container| {
                match container.value.shape() {
                    Shape::Mapping => {
                        file.layout != Layout::CommandArray
                            || container.value.members().take(16).any(|(_, entry)| {
                                entry
                                    .get("type")
                                    .and_then(|it| it.text())
                                    .is_some_and(|it| it.is("local") || it.is("remote"))
                            })
                    }
                    Shape::Sequence => file.layout == Layout::Named,
                    _ => false,
                }
            })
        };
        is_same && has_servers()
    };
    let rank = |client: &Client| PREFERRED.iter().position(|id| *id == client.id).unwrap_or(PREFERRED.len());
    let found: Vec<_> = all(clients).filter(|pair| fits(pair.2)).collect();
    let best =
        found.iter().min_by_key(|(client, at, file)| (rank(client), file.scope != Scope::Project, *at));
    best.copied().into_iter().collect()
}

fn read_by_ending(path: &Path) -> Result<Option<Document>, crate::document::DocumentError> {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str() {
        Some("toml") => Document::read(path, Syntax::Toml),
        Some("yaml" | "yml") => Document::read(path, Syntax::Yaml),
        Some("md") => Document::read_front_matter(path),
        _ => Document::read(path, Syntax::Jsonc),
    }
}

fn with_places<'c>(pairs: Vec<Pair<'c>>, path: &Path, places: &Places) -> Vec<Reader<'c>> {
    let mut readers: Vec<Reader<'c>> = Vec::new();
    for (client, position, file) in pairs {
        if readers.iter().any(|it| it.client.id == client.id && it.file.key == file.key) {
            continue;
        }
        let is_project = matches!(file.scope, Scope::Project | Scope::Local);
        let project = path.parent().filter(|_| is_project).map(Path::to_owned);
        let strength = (position, 0);
        readers.push(Reader { client, file, project, here: here(places, client), strength });
    }
    readers
}

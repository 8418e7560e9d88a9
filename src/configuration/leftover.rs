//! `Leftover`: a file that is no configuration and may hold secrets: a copy, a dead file, a store in the open.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::catalog::client::{Client, FieldKind};
use crate::configuration::discover::{Found, is_for, look, real};
use crate::configuration::entry::ServerEntry;
use crate::configuration::local_history;
use crate::configuration::places::Places;
use crate::document::{self, DocumentError, Value};

/// How many files of variables of one entry are looked at.
const MOST_ENV_FILES: usize = 16;

/// One file.
#[derive(Debug)]
pub(crate) struct Leftover {
    /// Whose it is: the `id` of the client.
    pub(crate) client: Option<String>,
    /// What it is: `a backup that Claude Code made of its configuration`.
    pub(crate) what: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The file that its client reads instead, where this one has servers that nobody starts.
    pub(crate) instead: Option<PathBuf>,
    /// Whether the client needs it, so that it is not to be deleted.
    pub(crate) in_use: bool,
    /// Whether it is a file of variables that a person keeps for a server.
    pub(crate) is_of_variables: bool,
}

impl Leftover {
    /// What is written in it, in memory that is wiped; bytes that are no text are replaced. Empty where it is gone.
    ///
    /// # Errors
    /// Where it can't be read, is no regular file, or is larger than a document may be.
    pub(crate) fn text(&self) -> Result<Zeroizing<String>, DocumentError> {
        text_of(&self.path)
    }

    /// The names of the variables that it sets, where it is a file of variables (`NAME=value`, a line each).
    ///
    /// # Errors
    /// The same as for [`Leftover::text`].
    pub(crate) fn variables(&self) -> Result<BTreeSet<String>, DocumentError> {
        let text = self.text()?;
        let name = |line: &str| {
            let line = line.trim_start();
            let (name, _) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
            let name = name.trim();
            let is_name = !name.is_empty()
                && name.len() <= 256
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            is_name.then(|| name.to_owned())
        };
        Ok(text.lines().filter_map(name).collect())
    }
}

/// What is written in a file, as [`Leftover::text`] has it.
///
/// # Errors
/// The same.
pub(crate) fn text_of(path: &Path) -> Result<Zeroizing<String>, DocumentError> {
    let Some(content) = document::content(path)? else { return Ok(Zeroizing::default()) };
    Ok(Zeroizing::new(String::from_utf8_lossy(content.expose_secret()).into_owned()))
}

impl ServerEntry<'_> {
    /// The files of variables that it names (`envFile`, `--env-file`), where they are there. What a file of a project
    /// names counts only within that project.
    pub(crate) fn env_files(&self, home: Option<&Path>) -> Vec<Leftover> {
        let Some(folder) = self.folder.as_deref().or_else(|| self.file.parent()) else { return Vec::new() };
        let is_within =
            |path: &Path| Some(fs::canonicalize(path).ok()?.starts_with(fs::canonicalize(folder).ok()?));
        let is_allowed = |path: &Path| self.folder.is_none() || is_within(path) == Some(true);
        let paths = self.named_env_files(home).map(|(path, _)| path);
        let paths = paths.filter(|path| path.is_file() && is_allowed(path));
        let what = "a file of variables that a server gets";
        paths
            .map(|path| Leftover {
                client: Some(self.client.id.clone()),
                what: what.to_owned(),
                path,
                instead: None,
                in_use: true,
                is_of_variables: true,
            })
            .collect()
    }

    /// Where it names a file of variables that is not there, for a client that runs on this machine. From which folder a
    /// relative path counts is known of a project alone.
    pub(crate) fn absent_env_files(&self, home: Option<&Path>) -> impl Iterator<Item = &Value<'_>> {
        let is_here = !self.configuration.elsewhere;
        // A pipe may be one: programs that keep secrets hand variables over in that way.
        let is_absent = |path: &Path| match path.metadata() {
            Ok(metadata) => metadata.is_dir(),
            Err(error) => error.kind() != ErrorKind::PermissionDenied,
        };
        let named = self.named_env_files(home).filter(move |(path, value)| {
            let is_known = self.folder.is_some() || value.text().is_some_and(|it| is_rooted(it.expose()));
            is_here && is_known && is_absent(path)
        });
        named.map(|(_, value)| value)
    }

    /// The paths of the files of variables that it names, each with where it does.
    fn named_env_files(&self, home: Option<&Path>) -> impl Iterator<Item = (PathBuf, &Value<'_>)> {
        let folder = self.folder.as_deref().or_else(|| self.file.parent());
        let resolve = move |text: &str| {
            let after = |prefixes: [&str; 2]| prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
            let path = if let Some(rest) = after(["${workspaceFolder}/", "./"]) {
                folder?.join(rest)
            } else if let Some(rest) = after(["${userHome}/", "~/"]) {
                home?.join(rest)
            } else {
                folder?.join(text)
            };
            (!text.is_empty() && !path.to_string_lossy().contains("${")).then_some(path)
        };
        let fields = self.fields.iter().filter(|field| field.kind == FieldKind::EnvFile).take(MOST_ENV_FILES);
        fields.filter_map(move |field| {
            let text = field.value.text()?.expose();
            let path = resolve(field.part.clone().map_or(text, |part| text.get(part).unwrap_or_default()))?;
            Some((path, &field.value))
        })
    }
}

/// Whether a path counts from the same folder whoever reads it.
fn is_rooted(text: &str) -> bool {
    text.starts_with("~/") || text.starts_with("${userHome}/") || Path::new(text).is_absolute()
}

/// Those of these clients, and copies that editors make beside the configurations that were found.
pub(super) fn find(
    places: &Places,
    clients: &[&Client],
    found: &[Found<'_>],
    is_configuration: &dyn Fn(&Path) -> bool,
) -> Vec<Leftover> {
    let mut leftovers: Vec<Leftover> = Vec::new();
    let mut add = |leftover: Leftover| {
        let is_known =
            is_configuration(&leftover.path) || leftovers.iter().any(|it| it.path == leftover.path);
        if !is_known && leftover.path.is_file() {
            leftovers.push(leftover);
        }
    };
    for client in clients {
        for leftover in client.leftovers.iter().filter(|it| is_for(&it.platforms, places.platform())) {
            for path in look(places, &leftover.path) {
                let (client, what) = (Some(client.id.clone()), leftover.what.clone());
                let in_use = leftover.in_use;
                add(Leftover { client, what, path, instead: None, in_use, is_of_variables: false });
            }
        }
    }
    let histories = local_history::homes(places);
    for found in found {
        let client = found.readers.first().map(|reader| reader.client.id.clone());
        // An editor goes by the path that it was given.
        let mut written = vec![found.path.clone(), real(&found.path)];
        written.dedup();
        for path in written.iter().flat_map(|path| local_history::versions(&histories, path)) {
            add(Leftover {
                client: client.clone(),
                what: "an older version that an editor keeps of a configuration".to_owned(),
                path,
                instead: None,
                in_use: false,
                is_of_variables: false,
            });
        }
        let Some(name) = found.path.file_name().and_then(|name| name.to_str()) else { continue };
        let copies = [
            format!("{name}.bak"),
            format!("{name}~"),
            format!(".{name}.swp"),
            format!("{name}.old"),
            format!("{name}.orig"),
            format!("{name}.backup"),
            format!("{name}.save"),
        ];
        for copy in copies {
            let client = client.clone();
            let what = "a copy that somebody or an editor made of a configuration".to_owned();
            add(Leftover {
                client,
                what,
                path: found.path.with_file_name(copy),
                instead: None,
                in_use: false,
                is_of_variables: false,
            });
        }
    }
    leftovers
}

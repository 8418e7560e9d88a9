//! `Target`: the file that a new server of a client comes into, and the keys that lead to its servers.

use std::path::{Path, PathBuf};

use crate::catalog::client::{Client, ConfigurationFile, Scope};
use crate::configuration::discover::{Reader, here, is_for};
use crate::configuration::paths;
use crate::configuration::places::Places;

/// Where a server comes to stand. The file need not be there yet.
pub(crate) struct Target<'c> {
    /// The client.
    pub(crate) client: &'c Client,
    /// What it takes the file for.
    pub(crate) file: &'c ConfigurationFile,
    /// The file.
    pub(crate) path: PathBuf,
    /// From the root of the document to what holds the servers.
    pub(crate) keys: Vec<String>,
    /// The folder of the project that it is for.
    project: Option<PathBuf>,
    /// The project that the person stands in, as clients may name it.
    here: Vec<PathBuf>,
}

/// Why a client takes no server there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoTarget {
    /// Another program keeps all of its files, or they are no files at all.
    #[error("{client} has no configuration that mcpcred may write")]
    Nowhere { client: String },
    /// It has one for others.
    #[error("{client} keeps no servers for the scope `{}`", .scope.word())]
    Scope { client: String, scope: Scope, others: Vec<Scope> },
    /// The folder is not known.
    #[error("it is not known where {client} keeps its configuration here")]
    NoFolder { client: String },
}

impl Scope {
    /// What `--scope` takes.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Local => "local",
            Self::Managed => "managed",
        }
    }
}

impl<'c> Target<'c> {
    /// The file for a scope, or for the widest that the client has where none is named.
    ///
    /// The strongest file that is there takes it, where it is stronger than the one that would be made; of several
    /// editions of a program the usual one, unless only another is here.
    ///
    /// # Errors
    /// [`NoTarget`]
    pub(crate) fn of(client: &'c Client, scope: Option<Scope>, places: &Places) -> Result<Self, NoTarget> {
        let name = || client.name.clone();
        let scopes = scopes(client, places);
        let Some(scope) = scope.or_else(|| scopes.first().copied()) else {
            return Err(NoTarget::Nowhere { client: name() });
        };
        if !scopes.contains(&scope) {
            return Err(NoTarget::Scope { client: name(), scope, others: scopes });
        }
        let candidates: Vec<Self> =
            files(client, scope, places).flat_map(|file| Self::candidates(client, file, places)).collect();
        let made = candidates
            .iter()
            .position(|candidate| candidate.is_made(places))
            .or(if candidates.is_empty() { None } else { Some(0) });
        let Some(made) = made else { return Err(NoTarget::NoFolder { client: name() }) };
        let is_there = |target: &Self| target.path.symlink_metadata().is_ok();
        let has_folder = |target: &Self| target.path.parent().is_some_and(Path::is_dir);
        let last = |fits: &dyn Fn(&Self) -> bool| candidates.iter().rposition(fits).filter(|at| *at >= made);
        let chosen = last(&|it| !it.file.apart && is_there(it))
            .or_else(|| (has_folder(&candidates[made])).then_some(made))
            .or_else(|| last(&is_there))
            .or_else(|| {
                (made..candidates.len()).find(|at| candidates[*at].file.apart && has_folder(&candidates[*at]))
            })
            .unwrap_or(made);
        let chosen = candidates.into_iter().nth(chosen).ok_or(NoTarget::NoFolder { client: name() })?;
        Ok(chosen.unless_hidden())
    }

    /// How the client reads the file.
    pub(crate) fn reader(&self) -> Reader<'c> {
        Reader {
            client: self.client,
            file: self.file,
            project: self.project.clone(),
            here: self.here.clone(),
            strength: (0, 0),
        }
    }

    fn candidates(client: &'c Client, file: &'c ConfigurationFile, places: &Places) -> Vec<Self> {
        let here = here(places, client);
        let target = |path: PathBuf, project: Option<&Path>| Self {
            client,
            file,
            path,
            keys: keys(file, &here),
            project: project.map(Path::to_owned),
            here: here.clone(),
        };
        let moved =
            file.moved_by.iter().find_map(|by| Some((places.variable(&by.variable)?, by.path.as_str())));
        if let Some((base, rest)) = moved {
            let path = if rest.is_empty() { base } else { base.join(rest) };
            return if rest.contains('*') { Vec::new() } else { vec![target(path, None)] };
        }
        let mut written = paths::alternatives(&file.path);
        written.extend(file.made.clone());
        written.dedup();
        let mut found: Vec<Self> = Vec::new();
        for path in written.iter().filter(|path| !path.contains('*')) {
            if let Some((base, rest)) = places.base(path) {
                let join = |base: PathBuf| if rest.is_empty() { base } else { base.join(rest) };
                found.extend(base.map(|base| target(join(base), None)));
                continue;
            }
            // A file in a nearer folder is stronger; a new one comes to the root of the project.
            let folders = places.project_folders(file.parents);
            let there = folders.iter().rev().find(|folder| folder.join(path).symlink_metadata().is_ok());
            let folder = there.map_or_else(|| places.project(), PathBuf::as_path);
            found.push(target(folder.join(path), Some(folder)));
        }
        let mut unique: Vec<Self> = Vec::new();
        for candidate in found {
            if !unique.iter().any(|known| known.path == candidate.path) {
                unique.push(candidate);
            }
        }
        unique
    }

    /// Whether it is the file that is made where none is there.
    fn is_made(&self, places: &Places) -> bool {
        let Some(made) = &self.file.made else { return false };
        if !self.file.moved_by.is_empty()
            && self.file.moved_by.iter().any(|by| places.variable(&by.variable).is_some())
        {
            return true;
        }
        match places.base(made) {
            Some((base, rest)) => base.is_some_and(|base| base.join(rest) == self.path),
            None => self.project.as_ref().is_some_and(|folder| folder.join(made) == self.path),
        }
    }

    /// The file that keeps the client from reading this one, where it is there.
    fn unless_hidden(self) -> Self {
        let Some((name, project)) = self.file.hidden_by.as_ref().zip(self.project.as_ref()) else {
            return self;
        };
        let path = project.join(name);
        let is_hider = |file: &&ConfigurationFile| file.path == *name && file.writable;
        match self.client.files.iter().find(is_hider) {
            Some(file) if path.symlink_metadata().is_ok() => Self { file, path, ..self },
            _ => self,
        }
    }
}

/// The scopes for which a client has a file that may be written, the widest first.
pub(crate) fn scopes(client: &Client, places: &Places) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = [Scope::User, Scope::Project, Scope::Local].into();
    scopes.retain(|scope| files(client, *scope, places).next().is_some());
    scopes
}

fn files<'c>(
    client: &'c Client,
    scope: Scope,
    places: &Places,
) -> impl Iterator<Item = &'c ConfigurationFile> + use<'c> {
    let platform = places.platform();
    client.files.iter().filter(move |file| {
        let is_named = file.made.is_some()
            || paths::alternatives(&file.path)
                .iter()
                .any(|path| !path.contains('*') && !is_of_a_variable(path));
        let is_ours = file.writable && !file.guest && !file.front_matter;
        is_ours && file.scope == scope && is_for(&file.platforms, platform) && is_named
    })
}

/// Whether a path is nothing but a variable, which has to be set.
fn is_of_a_variable(path: &str) -> bool {
    path.starts_with('$') && !path.contains('/')
}

/// The keys of a file, with the project of the person in the place of `*`.
fn keys(file: &ConfigurationFile, here: &[PathBuf]) -> Vec<String> {
    let project = here.first().map(|it| it.to_string_lossy()).unwrap_or_default();
    file.key.iter().map(|key| if key == "*" { project.to_string() } else { key.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::catalog::client::{Platform, embedded};

    fn places(platform: Platform, home: &TempDir) -> Places {
        let here = home.path().join("project");
        fs::create_dir_all(&here).unwrap();
        Places::new(platform, Some(home.path().to_owned()), here, Box::new(|_| None))
    }

    fn path(client: &str, scope: Scope, places: &Places, home: &TempDir) -> String {
        let clients = embedded().unwrap();
        let client = clients.iter().find(|it| it.id == client).unwrap();
        let target = Target::of(client, Some(scope), places).map_err(|error| error.to_string()).unwrap();
        target.path.strip_prefix(home.path()).unwrap().to_str().unwrap().replace('\\', "/")
    }

    fn touch(home: &TempDir, path: &str) {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{}").unwrap();
    }

    #[test]
    fn every_client_that_can_be_written_has_one_file_for_each_of_its_scopes() {
        let home = tempfile::tempdir().unwrap();
        let mut count = 0;
        for platform in [Platform::Linux, Platform::Macos, Platform::Windows] {
            let places = places(platform, &home);
            for client in embedded().unwrap() {
                for scope in scopes(&client, &places) {
                    let target = Target::of(&client, Some(scope), &places).map_err(|error| error.to_string());
                    let target = target.unwrap();
                    assert!(target.path.starts_with(home.path()), "{} {}", client.id, target.path.display());
                    let text = target.path.to_str().unwrap();
                    assert!(!text.contains(['*', '{']) && !target.keys.contains(&"*".to_owned()), "{text}");
                    count += 1;
                }
                // Where a path leaves open which file is meant, the catalog says which is made.
                let is_open = |file: &&ConfigurationFile| {
                    file.writable && !file.guest && !file.front_matter && is_for(&file.platforms, platform)
                };
                for scope in scopes(&client, &places) {
                    let own: Vec<_> =
                        client.files.iter().filter(is_open).filter(|it| it.scope == scope).collect();
                    let is_one = own.len() == 1 && paths::alternatives(&own[0].path).len() == 1;
                    let made = own.iter().filter(|file| file.made.is_some()).count();
                    let firsts = own.iter().filter(|file| !file.path.contains('*')).count();
                    assert!(is_one || made == 1 || firsts == 1, "{} {scope:?} {platform:?}", client.id);
                }
            }
        }
        assert!(count > 150, "{count}");
    }

    #[test]
    fn a_new_server_comes_where_the_client_itself_would_put_it() {
        let home = tempfile::tempdir().unwrap();
        let linux = places(Platform::Linux, &home);
        for (client, scope, expected) in [
            ("claude-code", Scope::User, ".claude.json"),
            ("claude-code", Scope::Project, "project/.mcp.json"),
            ("claude-code", Scope::Local, ".claude.json"),
            ("vscode", Scope::User, ".config/Code/User/mcp.json"),
            ("vscode", Scope::Project, "project/.vscode/mcp.json"),
            ("cursor", Scope::User, ".cursor/mcp.json"),
            ("copilot-cli", Scope::Project, "project/.github/mcp.json"),
            ("opencode", Scope::User, ".config/opencode/opencode.json"),
            ("continue", Scope::User, ".continue/mcpServers/mcp.json"),
        ] {
            assert_eq!(path(client, scope, &linux, &home), expected, "{client}");
        }
        let mac = places(Platform::Macos, &home);
        assert_eq!(
            path("vscode", Scope::User, &mac, &home),
            "Library/Application Support/Code/User/mcp.json"
        );
        let windows = places(Platform::Windows, &home);
        assert_eq!(path("vscode", Scope::User, &windows, &home), "AppData/Roaming/Code/User/mcp.json");
        assert_eq!(
            path("claude-desktop", Scope::User, &windows, &home),
            "AppData/Roaming/Claude/claude_desktop_config.json"
        );
    }

    #[test]
    fn a_file_that_is_there_and_stronger_takes_it() {
        let home = tempfile::tempdir().unwrap();
        let linux = places(Platform::Linux, &home);
        touch(&home, ".config/opencode/opencode.jsonc");
        assert_eq!(path("opencode", Scope::User, &linux, &home), ".config/opencode/opencode.jsonc");
        touch(&home, ".claude/.config.json");
        assert_eq!(path("claude-code", Scope::User, &linux, &home), ".claude/.config.json");
        touch(&home, ".config/VSCodium/User/settings.json");
        assert_eq!(path("vscode", Scope::User, &linux, &home), ".config/VSCodium/User/mcp.json");
        touch(&home, ".config/Code/User/settings.json");
        assert_eq!(path("vscode", Scope::User, &linux, &home), ".config/Code/User/mcp.json");
        touch(&home, "project/.mcp.json");
        assert_eq!(path("copilot-cli", Scope::Project, &linux, &home), "project/.mcp.json");
    }

    #[test]
    fn a_scope_that_a_client_does_not_have_is_told_with_those_that_it_has() {
        let home = tempfile::tempdir().unwrap();
        let linux = places(Platform::Linux, &home);
        let clients = embedded().unwrap();
        let of = |id: &str, scope| {
            let client = clients.iter().find(|it| it.id == id).unwrap();
            Target::of(client, scope, &linux).map(|_| ()).unwrap_err()
        };
        let desktop = of("claude-desktop", Some(Scope::Project));
        assert!(matches!(desktop, NoTarget::Scope { others, .. } if others == [Scope::User]));
        assert!(matches!(of("mcp-remote", None), NoTarget::Nowhere { .. }));
    }
}

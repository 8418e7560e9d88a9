//! `Places`: the folders that the paths of the catalog begin with, and the project that a person stands in.

use std::path::{Path, PathBuf};

use crate::catalog::client::{Parents, Platform};
use crate::environment::Environment;

/// How many folders above the current one are looked at.
const HIGHEST: usize = 64;

/// What a variable of the environment names.
type Lookup = Box<dyn Fn(&str) -> Option<PathBuf>>;

/// Where things are for this person.
///
/// A path of the catalog begins with `~`, or with one of these words:
///
/// | word | Linux | macOS | Windows |
/// |---|---|---|---|
/// | `$CONFIG` | `$XDG_CONFIG_HOME` | `~/Library/Application Support` | `$APPDATA` |
/// | `$XDG_CONFIG_HOME` | the variable, or `~/.config` | the same | the same |
/// | `$XDG_DATA_HOME` | the variable, or `~/.local/share` | the same | the same |
/// | `$XDG_STATE_HOME` | the variable, or `~/.local/state` | the same | the same |
/// | `$APPDATA` | | | the variable, or `~/AppData/Roaming` |
/// | `$LOCALAPPDATA` | | | the variable, or `~/AppData/Local` |
/// | `$PROGRAMDATA` | | | the variable, or `C:/ProgramData` |
///
/// Any other `$WORD` is the value of that variable, and the path leads nowhere while it is not set.
pub(crate) struct Places {
    platform: Platform,
    home: Option<PathBuf>,
    here: PathBuf,
    repository: Option<PathBuf>,
    variable: Lookup,
}

impl Places {
    /// As the environment of this process says. The home is asked of the system only where it says nothing.
    pub(crate) fn of(environment: Environment) -> Self {
        let platform = match std::env::consts::OS {
            "windows" => Platform::Windows,
            "macos" => Platform::Macos,
            _ => Platform::Linux,
        };
        let variable = if platform == Platform::Windows { "USERPROFILE" } else { "HOME" };
        let home = environment.path(variable).or_else(dirs::home_dir);
        let here = environment.current_folder().unwrap_or_default();
        Self::new(platform, home, here, Box::new(move |name| environment.path(name)))
    }

    /// The same for a person of any system.
    pub(crate) fn new(platform: Platform, home: Option<PathBuf>, here: PathBuf, variable: Lookup) -> Self {
        let places = Self { platform, home, here, repository: None, variable };
        let is_root = |folder: &&Path| folder.join(".git").symlink_metadata().is_ok();
        let repository = places.above().find(is_root).map(Path::to_owned);
        Self { repository, ..places }
    }

    /// The system.
    pub(crate) fn platform(&self) -> Platform {
        self.platform
    }

    /// The home of the person.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The folder that the person stands in.
    pub(crate) fn here(&self) -> &Path {
        &self.here
    }

    /// The root of the repository that the person stands in, or the folder itself.
    pub(crate) fn project(&self) -> &Path {
        self.repository.as_deref().unwrap_or(&self.here)
    }

    /// The value of a variable that names a place; a relative one counts from the current folder.
    pub(crate) fn variable(&self, name: &str) -> Option<PathBuf> {
        (self.variable)(name).map(|path| self.here.join(path))
    }

    /// The folder that a path of the catalog begins with, and what follows it; `None` for one in the project. The
    /// folder is missing where nothing here stands for the word.
    pub(crate) fn base<'p>(&self, path: &'p str) -> Option<(Option<PathBuf>, &'p str)> {
        let (word, rest) = path.split_once('/').unwrap_or((path, ""));
        let home = |folder: &str| self.home.as_ref().map(|home| home.join(folder));
        // The specification of these folders tells to pass over relative ones.
        let own = |name: &str| (self.variable)(name).filter(|path| path.is_absolute());
        let base = match word {
            "~" => self.home.clone(),
            "$CONFIG" => match self.platform {
                Platform::Linux => return self.base_of("$XDG_CONFIG_HOME", rest),
                Platform::Macos => home("Library/Application Support"),
                Platform::Windows => return self.base_of("$APPDATA", rest),
            },
            "$XDG_CONFIG_HOME" => own("XDG_CONFIG_HOME").or_else(|| home(".config")),
            "$XDG_DATA_HOME" => own("XDG_DATA_HOME").or_else(|| home(".local/share")),
            "$XDG_STATE_HOME" => own("XDG_STATE_HOME").or_else(|| home(".local/state")),
            "$APPDATA" => own("APPDATA").or_else(|| home("AppData/Roaming")),
            "$LOCALAPPDATA" => own("LOCALAPPDATA").or_else(|| home("AppData/Local")),
            "$PROGRAMDATA" => own("PROGRAMDATA").or_else(|| Some(PathBuf::from("C:/ProgramData"))),
            "" => Some(PathBuf::from("/")),
            drive if is_drive(drive) => Some(PathBuf::from(format!("{drive}/"))),
            _ => self.variable(word.strip_prefix('$')?),
        };
        Some((base, rest))
    }

    fn base_of<'p>(&self, word: &str, rest: &'p str) -> Option<(Option<PathBuf>, &'p str)> {
        self.base(word).map(|(base, _)| (base, rest))
    }

    /// The folders in which a file of a project is looked for, the farthest first.
    pub(crate) fn project_folders(&self, parents: Parents) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = match parents {
            Parents::None => {
                let mut folders = vec![self.here.clone()];
                folders.extend(self.repository.clone().filter(|root| *root != self.here));
                folders
            }
            Parents::Repository => {
                let Some(root) = &self.repository else { return vec![self.here.clone()] };
                self.above().take_while(|folder| folder.starts_with(root)).map(Path::to_owned).collect()
            }
            Parents::All => self.above().map(Path::to_owned).collect(),
        };
        folders.reverse();
        folders
    }

    /// This folder and those above it, up to the one that holds the home where the home is above.
    fn above(&self) -> impl Iterator<Item = &Path> {
        let ceiling = self.home.as_deref().and_then(Path::parent).filter(|it| self.here.starts_with(it));
        self.here
            .ancestors()
            .take_while(move |folder| ceiling.is_none_or(|ceiling| folder.starts_with(ceiling)))
            .take(HIGHEST)
    }
}

/// `C:`.
fn is_drive(word: &str) -> bool {
    matches!(word.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    fn places(platform: Platform, variables: &'static [(&'static str, &'static str)]) -> Places {
        let lookup = move |name: &str| {
            variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).into())
        };
        Places::new(platform, Some("/home/ann".into()), "/home/ann/work/src".into(), Box::new(lookup))
    }

    #[cfg(unix)]
    #[track_caller]
    fn begins(places: &Places, path: &str, expected: Option<&str>) {
        let (base, rest) = places.base(path).unwrap();
        assert_eq!(base.map(|base| base.join(rest)), expected.map(PathBuf::from), "{path}");
    }

    #[test]
    #[cfg(unix)]
    fn every_system_has_its_own_folder_for_configurations() {
        begins(&places(Platform::Linux, &[]), "$CONFIG/x", Some("/home/ann/.config/x"));
        begins(&places(Platform::Linux, &[("XDG_CONFIG_HOME", "/c")]), "$CONFIG/x", Some("/c/x"));
        begins(
            &places(Platform::Linux, &[("XDG_CONFIG_HOME", "c")]),
            "$CONFIG/x",
            Some("/home/ann/.config/x"),
        );
        begins(&places(Platform::Macos, &[]), "$CONFIG/x", Some("/home/ann/Library/Application Support/x"));
        begins(&places(Platform::Windows, &[]), "$CONFIG/x", Some("/home/ann/AppData/Roaming/x"));
        begins(&places(Platform::Windows, &[("APPDATA", "/r")]), "$CONFIG/x", Some("/r/x"));
        begins(&places(Platform::Linux, &[]), "/etc/x", Some("/etc/x"));
        begins(&places(Platform::Windows, &[]), "C:/Program Files/x", Some("C:/Program Files/x"));
    }

    #[test]
    #[cfg(unix)]
    fn a_variable_leads_where_it_says_and_nowhere_while_it_is_not_set() {
        let places = places(Platform::Linux, &[("OPENCODE_CONFIG", "my.json")]);
        begins(&places, "$OPENCODE_CONFIG", Some("/home/ann/work/src/my.json"));
        begins(&places, "$KILO_CONFIG", None);
        assert!(places.base(".mcp.json").is_none());
        assert!(places.base("config/mcporter.json").is_none());
    }

    #[test]
    #[cfg(unix)]
    fn folders_above_the_one_that_holds_the_home_are_left_alone() {
        let places = places(Platform::Linux, &[]);
        let expected: Vec<PathBuf> =
            ["/home", "/home/ann", "/home/ann/work", "/home/ann/work/src"].map(PathBuf::from).into();
        assert_eq!(places.project_folders(Parents::All), expected);
        assert_eq!(places.project_folders(Parents::Repository), [PathBuf::from("/home/ann/work/src")]);
        assert_eq!(places.project_folders(Parents::None), [PathBuf::from("/home/ann/work/src")]);
    }

    #[test]
    fn a_project_is_as_large_as_its_repository() {
        let home = tempfile::tempdir().unwrap();
        let inner = home.path().join("work/a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::create_dir(home.path().join("work/.git")).unwrap();
        let places =
            Places::new(Platform::Linux, Some(home.path().to_owned()), inner.clone(), Box::new(|_| None));
        assert_eq!(places.project(), home.path().join("work"));
        assert_eq!(places.project_folders(Parents::None), [home.path().join("work"), inner.clone()]);
        assert_eq!(
            places.project_folders(Parents::Repository),
            [home.path().join("work"), home.path().join("work/a"), inner]
        );
    }
}

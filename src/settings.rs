//! Flags, environment, project files, the user's file and defaults become `Settings`; where files live.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

use crate::audit::WhenUnwritable;
use crate::audit::anomaly::Rules;
use crate::environment::Environment;
use crate::name::{CredentialName, Profile};
use crate::os::private_file;
use crate::rotation::RotationSettings;
use crate::store::{StoreKind, UnknownStoreKind};

const LIMIT: usize = 1024 * 1024;

/// Where a setting came from, strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A flag of this name.
    Flag(&'static str),
    /// A variable of this name.
    Environment(&'static str),
    /// A project's file, or its local one.
    Project(PathBuf),
    /// The user's own file.
    User(PathBuf),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Environment(name) => formatter.write_str(name),
            Self::Project(path) | Self::User(path) => write!(formatter, "{}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A setting and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sourced<T> {
    /// The setting.
    pub(crate) value: T,
    /// Where it came from.
    pub(crate) source: Source,
}

/// What the flags say.
#[derive(Debug, Default)]
pub(crate) struct FlagSettings {
    /// `--profile`.
    pub(crate) profile: Option<Profile>,
    /// `--store`.
    pub(crate) store: Option<StoreSetting>,
}

/// Everything that can be set.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Folder of `config.toml`.
    pub(crate) config_folder: Sourced<PathBuf>,
    /// Folder of index, sealed files and vault.
    pub(crate) data_folder: Sourced<PathBuf>,
    /// Which namespace.
    pub(crate) profile: Sourced<Profile>,
    /// Which store.
    pub(crate) store: Sourced<StoreSetting>,
    /// The names that the project needs, where it has a file that says so.
    pub(crate) project_credentials: Option<Sourced<Vec<CredentialName>>>,
    /// How often values are replaced, and by which programs: from the user's own file alone.
    pub(crate) rotation: RotationSettings,
    /// How the audit log is kept.
    pub(crate) audit: Sourced<AuditSettings>,
    /// Project files that were passed over, and why.
    pub(crate) passed_over: Vec<(PathBuf, &'static str)>,
}

/// Why the settings can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The user has no home, so there is no place for our files.
    #[error("there is no home folder to keep anything in")]
    NoHome,
    /// A file can't be read.
    #[error("cannot use `{}`: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A file that is not what it should be.
    #[error("`{}` is not understood: {detail}", path.display())]
    Invalid { path: PathBuf, detail: String },
    /// A variable that is not what it should be.
    #[error("`{variable}` is not understood: {detail}")]
    Variable { variable: &'static str, detail: String },
}

/// `config.toml`, the user's own.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct UserFile {
    profile: Option<Profile>,
    store: Option<String>,
    rotate: RotationSettings,
    audit: Option<AuditSettings>,
}

/// `[audit]` in the user's own file. A project has no say in what goes on record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AuditSettings {
    /// Whether anything goes on record.
    pub(crate) record: bool,
    /// What happens to a value whose handing out can't go on record.
    pub(crate) when_unwritable: WhenUnwritable,
    /// How large a file of the log becomes, in MiB.
    pub(crate) file_mib: u16,
    /// How many files are kept.
    pub(crate) files: u16,
    /// How strict the rules are that find unusual use.
    pub(crate) anomalies: Rules,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            record: true,
            when_unwritable: WhenUnwritable::Refuse,
            file_mib: 8,
            files: 8,
            anomalies: Rules::default(),
        }
    }
}

/// What counts of a file of the user's in which something else is not understood.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProfileAlone {
    profile: Option<Profile>,
}

/// `.mcpcred.toml` and `.mcpcred.local.toml`. A project can't choose the store: whoever clones it should not
/// find secrets in a place that its author picked.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ProjectFile {
    profile: Option<Profile>,
    credentials: Option<Vec<CredentialName>>,
}

impl Settings {
    /// Puts the settings together: flag over environment over local over project over user over default.
    ///
    /// # Errors
    /// Where a file or a variable can't be understood, or there is no home.
    pub(crate) fn load(flags: FlagSettings, environment: Environment) -> Result<Self, SettingsError> {
        let config_folder = folder(environment, "MCPCRED_CONFIG_DIR", dirs::config_dir)?;
        let user = read_user_file(&config_folder.value.join("config.toml"))?;
        let mut passed_over = Vec::new();
        let projects = project_files(environment, &mut passed_over, Err)?;
        Self::put_together(flags, environment, config_folder, user, &projects, passed_over)
    }

    /// As [`Settings::load`], but a file that can't be understood does not count and is told as passed over: for what has
    /// to be done whatever the settings say. Of the user's own file the profile counts where that much is understood.
    ///
    /// # Errors
    /// Where a variable can't be understood, or there is no home.
    pub(crate) fn load_in_emergency(
        flags: FlagSettings,
        environment: Environment,
    ) -> Result<Self, SettingsError> {
        let config_folder = folder(environment, "MCPCRED_CONFIG_DIR", dirs::config_dir)?;
        let user_path = config_folder.value.join("config.toml");
        let mut passed_over = Vec::new();
        let user = read_user_file(&user_path).unwrap_or_else(|_| {
            let profile = profile_alone(&user_path);
            let why = match profile {
                Some(_) => "it is not understood, but for the profile in it, which counts",
                None => "it is not understood",
            };
            passed_over.push((user_path, why));
            UserFile { profile, ..UserFile::default() }
        });
        let projects = project_files(environment, &mut passed_over, |_| Ok("it is not understood"))?;
        Self::put_together(flags, environment, config_folder, user, &projects, passed_over)
    }

    fn put_together(
        flags: FlagSettings,
        environment: Environment,
        config_folder: Sourced<PathBuf>,
        user: UserFile,
        projects: &[(PathBuf, ProjectFile)],
        passed_over: Vec<(PathBuf, &'static str)>,
    ) -> Result<Self, SettingsError> {
        // The local one: on Windows the other one roams to other machines.
        let data_folder = folder(environment, "MCPCRED_DATA_DIR", dirs::data_local_dir)?;
        let user_path = config_folder.value.join("config.toml");
        let user_source = || Source::User(user_path.clone());
        let profile = pick([
            flags.profile.map(|value| (value, Source::Flag("--profile"))),
            variable(environment, "MCPCRED_PROFILE", str::parse::<Profile>)?,
            first(projects, |file| file.profile.clone()),
            user.profile.map(|value| (value, user_source())),
        ]);
        let user_store = user.store.as_deref().and_then(|text| text.parse::<StoreSetting>().ok());
        let store = pick([
            flags.store.map(|value| (value, Source::Flag("--store"))),
            variable(environment, "MCPCRED_STORE", str::parse::<StoreSetting>)?,
            user_store.map(|value| (value, user_source())),
        ]);
        let project_credentials =
            first(projects, |file| file.credentials.clone()).map(|(value, source)| Sourced { value, source });
        let audit = pick([user.audit.map(|value| (value, user_source()))]);
        Ok(Self {
            config_folder,
            data_folder,
            profile,
            store,
            project_credentials,
            rotation: user.rotate,
            audit,
            passed_over,
        })
    }
}

/// A store as it is set: `auto` is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StoreSetting(pub(crate) Option<StoreKind>);

impl FromStr for StoreSetting {
    type Err = UnknownStoreKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" { Ok(Self(None)) } else { text.parse().map(|kind| Self(Some(kind))) }
    }
}

fn folder(
    environment: Environment,
    variable: &'static str,
    platform: impl FnOnce() -> Option<PathBuf>,
) -> Result<Sourced<PathBuf>, SettingsError> {
    if let Some(path) = environment.path(variable) {
        // What is told to a person, or to another process, holds wherever that one stands.
        let value = std::path::absolute(&path).unwrap_or(path);
        return Ok(Sourced { value, source: Source::Environment(variable) });
    }
    let value = platform().ok_or(SettingsError::NoHome)?.join("mcpcred");
    Ok(Sourced { value, source: Source::Default })
}

fn variable<T, E: fmt::Display>(
    environment: Environment,
    variable: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<(T, Source)>, SettingsError> {
    let Some(text) = environment.variable(variable) else { return Ok(None) };
    let value = parse(&text.to_string_lossy())
        .map_err(|error| SettingsError::Variable { variable, detail: error.to_string() })?;
    Ok(Some((value, Source::Environment(variable))))
}

fn pick<T: Default, const N: usize>(candidates: [Option<(T, Source)>; N]) -> Sourced<T> {
    let (value, source) =
        candidates.into_iter().flatten().next().unwrap_or_else(|| (T::default(), Source::Default));
    Sourced { value, source }
}

fn first<T>(
    projects: &[(PathBuf, ProjectFile)],
    setting: impl Fn(&ProjectFile) -> Option<T>,
) -> Option<(T, Source)> {
    projects.iter().find_map(|(path, file)| Some((setting(file)?, Source::Project(path.clone()))))
}

/// The user's own file, every setting of it understood.
fn read_user_file(path: &Path) -> Result<UserFile, SettingsError> {
    let content = private_file::read_settings(path, LIMIT)
        .map_err(|source| SettingsError::File { path: path.to_owned(), source })?;
    let user: UserFile = parse(path, content.as_deref().unwrap_or_default())?;
    let store = user.store.as_deref().map(str::parse::<StoreSetting>);
    store.transpose().map_err(|error| invalid(path, &error))?;
    let is_in_range =
        |audit: &AuditSettings| (1..=1024).contains(&audit.file_mib) && (2..=1000).contains(&audit.files);
    if !user.audit.as_ref().is_none_or(is_in_range) {
        return Err(invalid(path, &"of the audit log, `file_mib` is 1 to 1024 and `files` 2 to 1000"));
    }
    Ok(user)
}

/// The profile of a file in which something else is not understood.
fn profile_alone(path: &Path) -> Option<Profile> {
    let content = private_file::read_settings(path, LIMIT).ok()??;
    parse::<ProfileAlone>(path, &content).ok()?.profile
}

/// The project's files in the nearest folder that has one, the local one first; `not_understood` says of one that is not
/// whether it is passed over, and why.
fn project_files(
    environment: Environment,
    passed_over: &mut Vec<(PathBuf, &'static str)>,
    not_understood: impl Fn(SettingsError) -> Result<&'static str, SettingsError>,
) -> Result<Vec<(PathBuf, ProjectFile)>, SettingsError> {
    let mut found = Vec::new();
    let Some(here) = environment.current_folder() else { return Ok(found) };
    for folder in here.ancestors() {
        for name in [".mcpcred.local.toml", ".mcpcred.toml"] {
            let path = folder.join(name);
            match read_project_file(&path) {
                Ok(Some(content)) => match parse(&path, &content) {
                    Ok(file) => found.push((path, file)),
                    Err(error) => passed_over.push((path, not_understood(error)?)),
                },
                Ok(None) => {}
                Err(why) => passed_over.push((path, why)),
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// The content, `None` where there is no such file, or why it is passed over: somebody else's file, or what is no
/// file at all, must not keep a person from working below that folder.
fn read_project_file(path: &Path) -> Result<Option<Vec<u8>>, &'static str> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(_) => return Err("it can't be looked at"),
    };
    if !metadata.is_file() {
        Err("it is no file")
    } else if !is_trusted(&metadata) {
        Err("it belongs to another user")
    } else if metadata.len() > LIMIT as u64 {
        Err("it is larger than 1 MiB")
    } else {
        fs::read(path).map(Some).map_err(|_| "it can't be read")
    }
}

/// A file in `/tmp/.mcpcred.toml` of somebody else must not steer what happens below `/tmp`.
#[cfg(unix)]
fn is_trusted(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    [0, rustix::process::geteuid().as_raw()].contains(&metadata.uid())
}

#[cfg(windows)]
fn is_trusted(_metadata: &fs::Metadata) -> bool {
    true
}

fn parse<T: for<'de> Deserialize<'de> + Default>(path: &Path, content: &[u8]) -> Result<T, SettingsError> {
    if content.is_empty() {
        return Ok(T::default());
    }
    let text = std::str::from_utf8(content).map_err(|error| invalid(path, &error))?;
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map(|before| format!("line {}: ", before.matches('\n').count() + 1));
        let detail = format!("{}{}", line.unwrap_or_default(), error.message());
        SettingsError::Invalid { path: path.to_owned(), detail }
    })
}

fn invalid(path: &Path, error: &impl ToString) -> SettingsError {
    SettingsError::Invalid { path: path.to_owned(), detail: error.to_string() }
}

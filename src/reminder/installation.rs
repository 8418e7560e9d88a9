//! `Installation`: the timer of this system, put in place and taken away.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::os::private_file;
use crate::os::process::errand_boy::run_quietly;
use crate::reminder::{Errand, MARK};

/// How long the system's own program may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Larger than any such file.
const LIMIT: usize = 64 * 1024;

/// Where the timer of this system is, or would be.
pub(crate) struct Installation {
    folder: PathBuf,
    #[cfg_attr(not(windows), allow(dead_code, reason = "only a task is told whose it is"))]
    user: Option<String>,
}

/// Why it can't be put in place or taken away.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InstallationError {
    /// A system without a timer that we know.
    #[error("mcpcred knows no timer of this system")]
    #[cfg_attr(
        any(target_os = "linux", target_os = "macos", windows),
        allow(dead_code, reason = "those have one")
    )]
    Unknown,
    /// A file of that name that somebody else made.
    #[error("`{}` is there already, and mcpcred did not make it", .0.display())]
    Foreign(PathBuf),
    /// A file.
    #[error("cannot use `{}`: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The system's own program did not take it.
    #[error("`{0}` did not do it")]
    #[cfg_attr(not(windows), allow(dead_code, reason = "elsewhere the files alone decide"))]
    Refused(&'static str),
}

impl Installation {
    /// In `folder`: of the user's configuration on Linux, of the home on macOS, of our own data on Windows, where the
    /// task runs in the session of `user`.
    pub(crate) fn new(folder: PathBuf, user: Option<String>) -> Self {
        Self { folder, user }
    }

    /// What does it: `systemd`, `launchd` or `task-scheduler`.
    pub(crate) fn by() -> &'static str {
        if cfg!(target_os = "macos") {
            "launchd"
        } else if cfg!(windows) {
            "task-scheduler"
        } else {
            "systemd"
        }
    }

    /// Puts a file in place that is ours or not there yet.
    fn write(path: &Path, content: &[u8]) -> Result<(), InstallationError> {
        let failed = |source| InstallationError::File { path: path.to_owned(), source };
        if Self::is_there(path)? && !Self::is_ours(path)? {
            return Err(InstallationError::Foreign(path.to_owned()));
        }
        let folder = path.parent().unwrap_or(path);
        fs::create_dir_all(folder).map_err(failed)?;
        private_file::replace(path, content).map_err(failed)
    }

    fn is_there(path: &Path) -> Result<bool, InstallationError> {
        fs::exists(path).map_err(|source| InstallationError::File { path: path.to_owned(), source })
    }

    fn is_ours(path: &Path) -> Result<bool, InstallationError> {
        let content = private_file::read_settings(path, LIMIT)
            .map_err(|source| InstallationError::File { path: path.to_owned(), source })?;
        // Windows has it as UTF-16, in which ASCII has a zero behind each byte.
        let plain: Vec<u8> = content.unwrap_or_default().into_iter().filter(|byte| *byte != 0).collect();
        Ok(String::from_utf8_lossy(&plain).contains(MARK))
    }

    /// Takes a file of ours away, and says whether there was one.
    fn remove(path: &Path) -> Result<bool, InstallationError> {
        if !Self::is_there(path)? || !Self::is_ours(path)? {
            return Ok(false);
        }
        private_file::remove(path).map_err(|source| InstallationError::File { path: path.to_owned(), source })
    }
}

#[cfg(target_os = "linux")]
impl Installation {
    /// The files that it is made of.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let folder = self.folder.join("systemd/user");
        [".service", ".timer"].map(|ending| folder.join(format!("{}{ending}", super::systemd::UNIT))).to_vec()
    }

    /// What `systemctl enable` makes, so that it works without a manager that runs.
    fn link(&self) -> PathBuf {
        self.folder.join("systemd/user/timers.target.wants").join(format!("{}.timer", super::systemd::UNIT))
    }

    /// Whether it is in place.
    pub(crate) fn is_installed(&self) -> bool {
        self.files().iter().all(|file| file.exists()) && self.link().is_symlink()
    }

    /// Puts it in place, and says whether it runs already; otherwise it does from the next login on.
    ///
    /// # Errors
    /// [`InstallationError`]
    pub(crate) fn install(&self, errand: &Errand) -> Result<bool, InstallationError> {
        let files = self.files();
        Self::write(&files[0], super::systemd::service(errand).as_bytes())?;
        Self::write(&files[1], super::systemd::timer().as_bytes())?;
        let link = self.link();
        let failed = |source| InstallationError::File { path: link.clone(), source };
        fs::create_dir_all(link.parent().unwrap_or(&link)).map_err(failed)?;
        if !link.is_symlink() {
            std::os::unix::fs::symlink(Path::new("..").join(files[1].file_name().unwrap_or_default()), &link)
                .map_err(failed)?;
        }
        let timer = format!("{}.timer", super::systemd::UNIT);
        Ok(systemctl(&["daemon-reload"]) && systemctl(&["restart", &timer]))
    }

    /// Takes it away, and says whether there was anything.
    ///
    /// # Errors
    /// [`InstallationError`]
    pub(crate) fn uninstall(&self) -> Result<bool, InstallationError> {
        let link = self.link();
        let mut was_there = false;
        if link.is_symlink() {
            systemctl(&["stop", &format!("{}.timer", super::systemd::UNIT)]);
            fs::remove_file(&link).map_err(|source| InstallationError::File { path: link, source })?;
            was_there = true;
        }
        for file in self.files() {
            was_there |= Self::remove(&file)?;
        }
        if was_there {
            systemctl(&["daemon-reload"]);
        }
        Ok(was_there)
    }
}

#[cfg(target_os = "linux")]
fn systemctl(arguments: &[&str]) -> bool {
    run_quietly("systemctl", &[&["--user", "--no-ask-password"], arguments].concat(), PATIENCE)
}

#[cfg(target_os = "macos")]
impl Installation {
    /// The file that it is made of.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        vec![self.folder.join("Library/LaunchAgents").join(format!("{}.plist", super::launchd::LABEL))]
    }

    /// Whether it is in place.
    pub(crate) fn is_installed(&self) -> bool {
        self.files().iter().all(|file| file.exists())
    }

    /// Puts it in place, and says whether it runs already; otherwise it does from the next login on.
    ///
    /// # Errors
    /// [`InstallationError`]
    pub(crate) fn install(&self, errand: &Errand) -> Result<bool, InstallationError> {
        let file = self.files().remove(0);
        Self::write(&file, super::launchd::agent(errand).as_bytes())?;
        launchctl("bootout", Path::new(super::launchd::LABEL));
        Ok(launchctl("bootstrap", &file))
    }

    /// Takes it away, and says whether there was anything.
    ///
    /// # Errors
    /// [`InstallationError`]
    pub(crate) fn uninstall(&self) -> Result<bool, InstallationError> {
        launchctl("bootout", Path::new(super::launchd::LABEL));
        Self::remove(&self.files().remove(0))
    }
}

/// `bootstrap` takes the domain and a file, `bootout` the domain with the agent's name.
#[cfg(target_os = "macos")]
fn launchctl(command: &str, what: &Path) -> bool {
    let domain = format!("gui/{}", rustix::process::getuid().as_raw());
    let what = what.to_string_lossy();
    match command {
        "bootstrap" => run_quietly("launchctl", &[command, &domain, &what], PATIENCE),
        _ => run_quietly("launchctl", &[command, &format!("{domain}/{what}")], PATIENCE),
    }
}

#[cfg(windows)]
impl Installation {
    /// The file from which the task was made.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        vec![self.folder.join("remind.xml")]
    }

    /// Whether it is in place.
    pub(crate) fn is_installed(&self) -> bool {
        run_quietly("schtasks", &["/Query", "/TN", super::task_scheduler::TASK], PATIENCE)
    }

    /// Puts it in place, and says whether it runs already.
    ///
    /// # Errors
    /// [`InstallationError`]
    pub(crate) fn install(&self, errand: &Errand) -> Result<bool, InstallationError> {
        let file = self.files().remove(0);
        let text = super::task_scheduler::task(errand, self.user.as_deref());
        let content: Vec<u8> =
            std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        Self::write(&file, &content)?;
        let path = file.to_string_lossy();
        let arguments = ["/Create", "/F", "/TN", super::task_scheduler::TASK, "/XML", &path];
        if run_quietly("schtasks", &arguments, PATIENCE) {
            Ok(true)
        } else {
            Err(InstallationError::Refused("schtasks /Create"))
        }
    }

    /// Takes it away, and says whether there was anything.
    ///
    /// # Errors
    /// [`InstallationError`]
    pub(crate) fn uninstall(&self) -> Result<bool, InstallationError> {
        let was_there = self.is_installed();
        let arguments = ["/Delete", "/F", "/TN", super::task_scheduler::TASK];
        if was_there && !run_quietly("schtasks", &arguments, PATIENCE) {
            return Err(InstallationError::Refused("schtasks /Delete"));
        }
        Ok(Self::remove(&self.files().remove(0))? || was_there)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
impl Installation {
    /// None.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Never.
    pub(crate) fn is_installed(&self) -> bool {
        false
    }

    /// # Errors
    /// [`InstallationError::Unknown`]
    pub(crate) fn install(&self, _errand: &Errand) -> Result<bool, InstallationError> {
        Err(InstallationError::Unknown)
    }

    /// # Errors
    /// [`InstallationError::Unknown`]
    pub(crate) fn uninstall(&self) -> Result<bool, InstallationError> {
        Err(InstallationError::Unknown)
    }
}

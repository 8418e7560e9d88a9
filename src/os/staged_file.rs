//! `Staged`: new content that takes the place of a file of the person's or of another program's; its link, mode, owner
//! and attributes stay.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::os::private_file::sync_folder;
use crate::secret::Secret;

/// Ends the name of a file that waits to take another's place.
const SUFFIX: &str = ".mcpcred-new";

/// More links in a row than any system follows.
const MOST_LINKS: usize = 40;

/// The file itself, where its path leads through links; where there is no file yet, where it will be.
///
/// # Errors
/// Where links lead in a circle, or a folder can't be looked into.
pub(crate) fn target_of(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::canonicalize(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            answer => return answer,
        }
        // A link among dotfiles may lead to what is not there yet.
        match fs::read_link(&path) {
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => return Ok(below_what_is_there(&path)),
        }
    }
    Err(refused("is a link that leads in a circle"))
}

/// A path whose end is not there yet, as it will be once it is: without links, below the last folder that is there.
fn below_what_is_there(path: &Path) -> PathBuf {
    let mut missing = Vec::new();
    let mut end = path;
    while let (Some(folder), Some(name)) = (end.parent(), end.file_name()) {
        missing.push(name);
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        if let Ok(there) = fs::canonicalize(here) {
            return missing.iter().rev().fold(there, |path, name| path.join(name));
        }
        end = folder;
    }
    path.to_owned()
}

/// New content of a file, written and synced beside it. It is removed unless it takes the file's place.
pub(crate) struct Staged {
    temporary: tempfile::TempPath,
    target: PathBuf,
    is_new: bool,
}

/// Writes the new content of a file beside it. A file that is there lends its mode (nobody may read the new one who
/// could not read it), its owner and its attributes; a new one, and folders that are missing, are for the owner alone.
///
/// # Errors
/// Where the file is no regular one, can't be written by this user, has other names, or belongs to another user in a
/// way that can't be kept; where nothing can be written beside it.
pub(crate) fn stage(target: &Path, content: &Secret) -> io::Result<Staged> {
    let metadata = match fs::symlink_metadata(target) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = target.parent().ok_or_else(|| refused("has no folder"))?;
    match &metadata {
        Some(metadata) => check(target, metadata)?,
        None => create_folders(folder)?,
    }
    let mut temporary =
        tempfile::Builder::new().prefix(&prefix_of(target)).suffix(SUFFIX).tempfile_in(folder)?;
    temporary.write_all(content.expose_secret())?;
    if metadata.is_some() {
        lend(target, temporary.as_file())?;
    }
    temporary.as_file().sync_all()?;
    let is_new = metadata.is_none();
    Ok(Staged { temporary: temporary.into_temp_path(), target: target.to_owned(), is_new })
}

/// Whether the file that a path leads to could be replaced, so far as that is known without a change.
///
/// # Errors
/// Why not.
pub(crate) fn probe(path: &Path) -> io::Result<()> {
    let target = target_of(path)?;
    check(&target, &fs::symlink_metadata(&target)?)?;
    #[cfg(unix)]
    if let Some(folder) = target.parent() {
        use rustix::fs::Access;
        rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)?;
    }
    Ok(())
}

impl Staged {
    /// Takes the place of the file. Where there was none and somebody has made one since, nothing happens, and the
    /// error is `AlreadyExists`.
    ///
    /// # Errors
    /// Where the system refuses; the file is then as it was.
    pub(crate) fn put(self) -> io::Result<()> {
        if self.is_new {
            self.temporary.persist_noclobber(&self.target).map_err(|error| error.error)?;
        } else {
            replace(self.temporary, &self.target)?;
        }
        sync_folder(self.target.parent().unwrap_or(Path::new(".")))
    }
}

/// Removes what killed processes left beside a file. Call it under a lock that everybody takes who stages.
pub(crate) fn sweep(target: &Path) {
    let Some(entries) = target.parent().and_then(|folder| fs::read_dir(folder).ok()) else { return };
    let prefix = prefix_of(target);
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&prefix) && name.ends_with(SUFFIX) {
            // Left for the next sweep if it does not work: nobody reads it.
            _ = fs::remove_file(entry.path());
        }
    }
}

fn prefix_of(target: &Path) -> String {
    format!(".{}.", target.file_name().unwrap_or_default().to_string_lossy())
}

fn create_folders(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn check(target: &Path, metadata: &fs::Metadata) -> io::Result<()> {
    if !metadata.is_file() {
        return Err(refused("is not a regular file"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(metadata) > 1 {
        return Err(refused("has another name (a hard link), under which the old content would stay"));
    }
    // A rename asks the folder alone, but who may not write the file does not mean it to change.
    OpenOptions::new().write(true).open(target).map(drop)
}

/// The mode, the owner and the attributes of one file for another.
#[cfg(unix)]
fn lend(from: &Path, to: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let original = fs::metadata(from)?;
    let own = to.metadata()?;
    let mut mode = original.mode() & 0o7777;
    if own.uid() != original.uid() {
        fchown(to, Some(original.uid()), Some(original.gid()))
            .map_err(|_| refused("belongs to another user, which a new file can't be given to"))?;
    } else if own.gid() != original.gid() && fchown(to, None, Some(original.gid())).is_err() {
        // Another group may not read what the file's own could.
        mode &= 0o7707;
    }
    let lists_kept = attributes::copy(from, to)?;
    if !lists_kept {
        // With a list, these bits are the most that anybody in it has.
        mode &= 0o7707;
    }
    to.set_permissions(fs::Permissions::from_mode(mode))
}

/// What stands beside the content. `ReplaceFileW` keeps it on Windows.
#[cfg(windows)]
fn lend(_from: &Path, _to: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
mod attributes {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    use rustix::fs::{XattrFlags, fsetxattr, getxattr, listxattr};
    use rustix::io::Errno;

    /// More than any file system takes.
    const MOST: usize = 64 * 1024;

    /// Copies attributes and access lists, so far as the system lets it. Says whether an access list that is there
    /// was kept.
    pub(super) fn copy(from: &Path, to: &File) -> io::Result<bool> {
        let mut names = vec![0_u8; MOST];
        let length = match listxattr(from, names.as_mut_slice()) {
            Ok(length) => length,
            Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        let mut value = vec![0_u8; MOST];
        let mut is_kept = true;
        for name in names.get(..length).unwrap_or_default().split(|byte| *byte == 0) {
            if name.is_empty() {
                continue;
            }
            let copied = getxattr(from, name, value.as_mut_slice()).and_then(|length| {
                fsetxattr(to, name, value.get(..length).unwrap_or_default(), XattrFlags::empty())
            });
            if copied.is_err() && name == b"system.posix_acl_access" {
                is_kept = false;
            }
        }
        Ok(is_kept)
    }
}

#[cfg(unix)]
fn replace(temporary: tempfile::TempPath, target: &Path) -> io::Result<()> {
    temporary.persist(target).map_err(|error| error.error)
}

/// Keeps the access list, the time of creation and the streams of the old file. Windows refuses for as long as
/// somebody reads the file, so it is tried for two seconds.
#[cfg(windows)]
fn replace(mut temporary: tempfile::TempPath, target: &Path) -> io::Result<()> {
    for attempt in 0..100 {
        if crate::os::replace_file::replace(&temporary, target).is_ok() {
            temporary.disable_cleanup(true);
            return Ok(());
        }
        // Some file systems know no such thing.
        match temporary.persist(target) {
            Ok(()) => return Ok(()),
            Err(failure) if attempt < 99 => temporary = failure.path,
            Err(failure) => return Err(failure.error),
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Ok(())
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

//! Files and folders of the owner alone, replaced atomically and never through a symbolic link.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use crate::secret::{Secret, SecretBuffer};

/// How long a file that a killed process left behind may stay.
const STALE: Duration = Duration::from_secs(3600);

/// Ends the name of a file that is still being written.
const TEMPORARY_SUFFIX: &str = ".mcpcred-tmp";

/// Makes the folder, and its parents, for the owner alone; an existing one is checked.
///
/// # Errors
/// Where it cannot be made, belongs to somebody else, or can be written by others.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return Err(refused("is not a folder"));
    }
    check_owner(&metadata)
}

/// The whole content of a file that only its owner can write, or `None` where there is no file.
///
/// The owner is this user or root: an administrator may hand in a file, as into a container, and could
/// change ours anyway.
///
/// # Errors
/// Where it cannot be read, is a symbolic link or no regular file, belongs to a third user, can be
/// written by others, or is larger than `limit` bytes.
pub(crate) fn read(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let Some((mut file, length)) = open_to_read(path)? else { return Ok(None) };
    if length > limit as u64 {
        return Err(refused("is larger than any file that mcpcred writes"));
    }
    let mut content = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    (&mut file).take(limit as u64).read_to_end(&mut content)?;
    Ok(Some(content))
}

/// As [`read`], for a file of settings that a person keeps where they like: links are followed (to a folder of
/// dotfiles), and the person's own group may write, as it may under a umask of 002.
///
/// # Errors
/// Where it cannot be read, is no regular file, belongs to a third user, can be written by others, or is larger
/// than `limit` bytes.
pub(crate) fn read_settings(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut options = OpenOptions::new();
    options.read(true);
    // A pipe without a writer would be waited for.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(refused("is not a regular file"));
    }
    check_writers_of_settings(&metadata)?;
    if metadata.len() > limit as u64 {
        return Err(refused("is larger than settings are"));
    }
    let mut content = Vec::new();
    file.take(limit as u64).read_to_end(&mut content)?;
    Ok(Some(content))
}

#[cfg(unix)]
fn check_writers_of_settings(metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    if ![0, rustix::process::geteuid().as_raw()].contains(&metadata.uid()) {
        return Err(refused("belongs to another user"));
    }
    let own_group = metadata.gid() == rustix::process::getegid().as_raw();
    if metadata.mode() & 0o002 != 0 || (metadata.mode() & 0o020 != 0 && !own_group) {
        return Err(refused("can be written by others; take that away with `chmod go-w`"));
    }
    Ok(())
}

#[cfg(windows)]
fn check_writers_of_settings(_metadata: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// As [`read`], into memory that is wiped, from any place the person names: links are followed (a secret
/// mounted into a container is one), and a group may read it. Refused where everybody can read or write it,
/// unless it lies on a mount that is read-only: there, as with the secrets of Docker (0444) and Kubernetes
/// (0644), nobody inside can change the mode, and whoever mounted it decided who is inside.
///
/// # Errors
/// Where it cannot be read, is larger than `limit`, or is open to everybody.
pub(crate) fn read_key_file(path: &Path, limit: usize) -> io::Result<Secret> {
    let file = File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = file.metadata()?;
        let is_open = metadata.is_file() && metadata.permissions().mode() & 0o007 != 0;
        if is_open && !is_on_read_only_mount(&file) {
            return Err(refused("can be read by everybody on this machine; take that away with `chmod o=`"));
        }
    }
    SecretBuffer::read_to_end(file, limit)
}

#[cfg(unix)]
fn is_on_read_only_mount(file: &File) -> bool {
    rustix::fs::fstatvfs(file).is_ok_and(|mount| mount.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// Replaces the file by one that holds `content`, for the owner alone: written beside it, synced, renamed,
/// the folder synced, and read back. A reader sees the old or the new content, also after a crash.
///
/// # Errors
/// Where any of that fails; the old content is then still there.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    refuse_link(path)?;
    let folder = folder_of(path)?;
    let mut temporary = tempfile::Builder::new()
        .prefix(&format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy()))
        .suffix(TEMPORARY_SUFFIX)
        .tempfile_in(folder)?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    persist(temporary, path)?;
    sync_folder(folder)?;
    if fs::read(path)? == content {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "holds other bytes than were written to it"))
    }
}

/// As [`replace`], unsynced and not read back: for what means nothing once the machine has stopped, and must not
/// keep a program waiting.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn publish(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = folder_of(path)?;
    let mut temporary = tempfile::Builder::new().prefix(".").suffix(TEMPORARY_SUFFIX).tempfile_in(folder)?;
    temporary.write_all(content)?;
    persist(temporary, path)
}

/// Writes `content` over the start of the file, in place and unsynced: for what may be lost, and is never shorter than
/// what is there.
///
/// # Errors
/// Where the file cannot be opened or is not ours.
pub(crate) fn overwrite(path: &Path, content: &[u8]) -> io::Result<()> {
    open_for_lock(path)?.write_all(content)
}

/// Writes `content` over the start of the file, in place, and syncs and reads it back: for what was given room before,
/// so that a full disk does not matter.
///
/// # Errors
/// Where any of that fails; the file then holds anything.
pub(crate) fn overwrite_for_good(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = open_for_lock(path)?;
    file.write_all(content)?;
    file.sync_all()?;
    if fs::read(path)?.starts_with(content) {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "holds other bytes than were written to it"))
    }
}

/// What tells whether the file at `path` was replaced in between: of two equal stamps, it was not.
///
/// # Errors
/// Where there is no file, or it cannot be asked about.
pub(crate) fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = fs::symlink_metadata(path)?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(windows)]
    let number = 0;
    Ok(Stamp { number, length: metadata.len(), modified: metadata.modified()? })
}

/// See [`stamp`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    number: u64,
    length: u64,
    modified: std::time::SystemTime,
}

/// Removes the file and says whether there was one.
///
/// # Errors
/// Where it is there and cannot be removed.
pub(crate) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => {
            sync_folder(folder_of(path)?)?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes what killed processes left half-written in the folder, once it is an hour old. Call it under the lock.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_temporary = entry.file_name().to_string_lossy().ends_with(TEMPORARY_SUFFIX);
        let age = entry.metadata().and_then(|it| it.modified()).ok().and_then(|it| it.elapsed().ok());
        if is_temporary && age.is_some_and(|age| age > STALE) {
            // Left for the next sweep if it does not work: nobody reads it.
            _ = fs::remove_file(entry.path());
        }
    }
}

/// Opens, or makes, an empty file to hold a lock on.
///
/// # Errors
/// Where it cannot be opened or is not ours.
pub(crate) fn open_for_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    owner_only(&mut options);
    let file = options.open(path).map_err(|error| name_link(path, error))?;
    check_owner(&file.metadata()?)?;
    Ok(file)
}

/// Opens, or makes, a file that only grows, to read it and to write at its end.
///
/// # Errors
/// Where it cannot be opened or is not ours.
pub(crate) fn open_to_append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    owner_only(&mut options);
    #[cfg(windows)]
    refuse_link(path)?;
    let file = options.open(path).map_err(|error| name_link(path, error))?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(refused("is not a regular file"));
    }
    check_owner(&metadata)?;
    Ok(file)
}

/// Opens a file that only its owner can write, to read it piece by piece; `None` where there is no file.
///
/// # Errors
/// As [`read`].
pub(crate) fn open(path: &Path) -> io::Result<Option<File>> {
    Ok(open_to_read(path)?.map(|(file, _)| file))
}

/// Gives the file another name in its folder; the folder is synced.
///
/// # Errors
/// Where that fails; the file then has its old name.
pub(crate) fn rename(path: &Path, to: &Path) -> io::Result<()> {
    fs::rename(path, to)?;
    sync_folder(folder_of(path)?)
}

fn open_to_read(path: &Path) -> io::Result<Option<(File, u64)>> {
    let mut options = OpenOptions::new();
    options.read(true);
    owner_only(&mut options);
    #[cfg(windows)]
    refuse_link(path)?;
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(name_link(path, error)),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(refused("is not a regular file"));
    }
    check_writers(&metadata)?;
    Ok(Some((file, metadata.len())))
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    options.mode(0o600).custom_flags(flags.bits().cast_signed());
}

/// Files below `%LOCALAPPDATA%` inherit an access list of the owner, the system and the administrators.
#[cfg(windows)]
fn owner_only(_options: &mut OpenOptions) {}

#[cfg(unix)]
fn check_owner(metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused("belongs to another user"));
    }
    check_writers(metadata)
}

/// Whoever can write a file can have it say anything: that is its owner, who may be root, and nobody else.
#[cfg(unix)]
fn check_writers(metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    if metadata.uid() != 0 && metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused("belongs to another user"));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(refused("can be written by other users; take that away with `chmod go-w`"));
    }
    Ok(())
}

#[cfg(windows)]
fn check_owner(_metadata: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(windows)]
fn check_writers(_metadata: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

fn refuse_link(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {
            Err(refused("is a symbolic link, which mcpcred does not follow"))
        }
        _ => Ok(()),
    }
}

/// `O_NOFOLLOW` answers with `ELOOP`, which says nothing to a person.
fn name_link(path: &Path, error: io::Error) -> io::Error {
    refuse_link(path).err().unwrap_or(error)
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

fn folder_of(path: &Path) -> io::Result<&Path> {
    path.parent().ok_or_else(|| refused("has no folder"))
}

/// Windows refuses a rename for as long as somebody reads the old file, so it is tried for two seconds.
pub(super) fn persist(mut temporary: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    for attempt in 0..100 {
        match temporary.persist(path) {
            Ok(_) => return Ok(()),
            Err(failure) if cfg!(windows) && attempt < 99 => temporary = failure.file,
            Err(failure) => return Err(failure.error),
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows has no handle to a folder that could be synced; NTFS journals the rename.
#[cfg(windows)]
pub(super) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Where a file stands that is kept beside another, as `vault.lock` beside `vault`.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_root_alone_can_write_is_read() {
        assert!(read(Path::new("/etc/passwd"), 1024 * 1024).unwrap().is_some());
    }
}

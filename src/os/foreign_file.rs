//! Replaces a file that a person or another program owns: links, mode and owner stay, and so does what somebody else
//! wrote in the meantime.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::os::private_file::{TEMPORARY_SUFFIX, persist, sync_folder};
use crate::secret::{Secret, SecretBuffer};

/// Why a file was not replaced. It is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplaceError {
    /// It holds something else than what was read from it.
    #[error("`{}` was changed by another program in the meantime, and is left as it is", .0.display())]
    Changed(PathBuf),
    /// It can't be written.
    #[error("cannot write `{}`", path.display())]
    File { path: PathBuf, source: io::Error },
}

/// Replaces the file by one that holds `after`, where it still holds `before`: written beside it, with its mode and its
/// owner, synced, compared once more, renamed, the folder synced, and read back. Where the path is a link, what it leads
/// to is replaced.
///
/// # Errors
/// [`ReplaceError`]
pub(crate) fn replace(path: &Path, before: &Secret, after: &Secret) -> Result<(), ReplaceError> {
    let failed = |source| ReplaceError::File { path: path.to_owned(), source };
    let target = fs::canonicalize(path).map_err(failed)?;
    let folder = target.parent().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    let mut temporary = tempfile::Builder::new()
        .prefix(".mcpcred.")
        .suffix(TEMPORARY_SUFFIX)
        .tempfile_in(folder)
        .map_err(failed)?;
    temporary.write_all(after.expose_secret()).map_err(failed)?;
    take_over(&target, temporary.as_file()).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    if read(&target, before.len()).map_err(failed)?.as_ref() != Some(before) {
        return Err(ReplaceError::Changed(path.to_owned()));
    }
    persist(temporary, &target).map_err(failed)?;
    sync_folder(folder).map_err(failed)?;
    if read(&target, after.len()).map_err(failed)?.as_ref() == Some(after) {
        Ok(())
    } else {
        Err(failed(io::Error::new(io::ErrorKind::InvalidData, "holds other bytes than were written to it")))
    }
}

/// The whole content, or `None` where that is longer than expected.
fn read(path: &Path, expected: usize) -> io::Result<Option<Secret>> {
    match SecretBuffer::read_to_end(fs::File::open(path)?, expected) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives the new file the owner, the group and the mode of the old one.
#[cfg(unix)]
fn take_over(target: &Path, file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let old = fs::metadata(target)?;
    let new = file.metadata()?;
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())
}

/// The new file inherits the access list of its folder; a file that may not be written is not replaced.
#[cfg(windows)]
fn take_over(target: &Path, _file: &fs::File) -> io::Result<()> {
    if fs::metadata(target)?.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "is read-only"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::copy_of(text.as_bytes())
    }

    #[test]
    fn a_file_that_somebody_else_changed_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for found in ["old and more", "new", ""] {
            fs::write(&path, found).unwrap();
            let answer = replace(&path, &secret("old"), &secret("ours"));
            assert!(matches!(answer, Err(ReplaceError::Changed(_))), "{found}");
            assert_eq!(fs::read_to_string(&path).unwrap(), found);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_modes_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        symlink("file", &link).unwrap();
        for mode in [0o600, 0o640, 0o644] {
            fs::write(&file, "old").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            replace(&link, &secret("old"), &secret("new")).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), "new");
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, mode);
            assert_eq!(fs::read_link(&link).unwrap(), Path::new("file"));
        }
    }
}

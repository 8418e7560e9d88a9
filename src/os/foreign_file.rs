//! `ForeignFile`: a file of the person's or of another program's, replaced atomically; its link, mode and owner stay.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::os::private_file;
use crate::secret::{Secret, SecretBuffer};

/// No startup file and no configuration is larger.
const LIMIT: usize = 64 * 1024 * 1024;

/// A file as it was read.
pub(crate) struct ForeignFile {
    /// Where it lies: what links lead to.
    target: PathBuf,
    /// What was in it; nothing where it is not there. It may hold secrets of any kind.
    content: Option<Secret>,
}

impl ForeignFile {
    /// Reads it, through links; where it is not there yet, this is no error.
    ///
    /// # Errors
    /// Where it can't be read, or is no regular file.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let target = target(path)?;
        let content = read(&target)?;
        Ok(Self { target, content })
    }

    /// What was in it.
    pub(crate) fn content(&self) -> Option<&[u8]> {
        self.content.as_ref().map(Secret::expose_secret)
    }

    /// Writes the new content beside it, with its mode and owner, syncs, looks whether somebody else changed the file
    /// in the meantime, renames, and reads back. A reader sees the old or the new content, also after a crash. A file
    /// that was not there is for the owner alone, and so are its folders.
    ///
    /// # Errors
    /// Where any of that fails; the file is then as it was.
    pub(crate) fn replace(&self, new: &Secret) -> io::Result<()> {
        let folder = self.target.parent().unwrap_or(Path::new("."));
        if self.content.is_none() {
            private_folder(folder)?;
        }
        let mut temporary = tempfile::Builder::new().prefix(".mcpcred-").tempfile_in(folder)?;
        temporary.write_all(new.expose_secret())?;
        if self.content.is_some() {
            keep_owner_and_mode(&self.target, temporary.as_file())?;
        }
        temporary.as_file().sync_all()?;
        self.check_unchanged()?;
        private_file::persist(temporary, &self.target)?;
        private_file::sync_folder(folder)?;
        match read(&self.target)? {
            Some(content) if content == *new => Ok(()),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "holds other bytes than were written to it")),
        }
    }

    /// Removes it, where nobody changed it in the meantime. A link to it stays.
    ///
    /// # Errors
    /// Where it can't be removed.
    pub(crate) fn remove(&self) -> io::Result<()> {
        self.check_unchanged()?;
        private_file::remove(&self.target).map(|_| ())
    }

    fn check_unchanged(&self) -> io::Result<()> {
        if read(&self.target)? == self.content {
            Ok(())
        } else {
            Err(io::Error::other("somebody else changed it at the same moment"))
        }
    }
}

fn read(target: &Path) -> io::Result<Option<Secret>> {
    let metadata = match fs::metadata(target) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // A pipe would be waited for.
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a regular file"));
    }
    SecretBuffer::read_to_end(File::open(target)?, LIMIT).map(Some)
}

/// What the path leads to, also where that is not there yet.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..40 {
        match fs::read_link(&target) {
            Ok(link) => target = target.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => return Ok(target),
        }
    }
    Err(io::Error::other("its links lead in a circle"))
}

/// Makes the folder and its parents for the owner alone; one that is there is as its owner wants it.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn keep_owner_and_mode(old: &Path, new: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let (old, own) = (fs::metadata(old)?, new.metadata()?);
    if (old.uid(), old.gid()) != (own.uid(), own.gid()) {
        fchown(new, Some(old.uid()), Some(old.gid()))?;
    }
    new.set_permissions(old.permissions())
}

/// The access list of the folder holds for the new file as well.
#[cfg(windows)]
fn keep_owner_and_mode(old: &Path, _new: &File) -> io::Result<()> {
    if fs::metadata(old)?.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "may only be read"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_somebody_changed_meanwhile_is_left_as_they_made_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        let file = ForeignFile::read(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(file.replace(&Secret::copy_of(b"ours")).is_err());
        assert!(file.remove().is_err());
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    #[cfg(unix)]
    fn links_stay_and_so_does_the_mode() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (link, real) = (folder.path().join("link"), folder.path().join("dotfiles/real"));
        fs::create_dir(folder.path().join("dotfiles")).unwrap();
        symlink("dotfiles/real", &link).unwrap();
        // The link leads to nothing yet.
        ForeignFile::read(&link).unwrap().replace(&Secret::copy_of(b"one")).unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        ForeignFile::read(&link).unwrap().replace(&Secret::copy_of(b"two")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"two");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        symlink(&other, &one).unwrap();
        symlink(&one, &other).unwrap();
        assert!(ForeignFile::read(&one).is_err());
    }
}

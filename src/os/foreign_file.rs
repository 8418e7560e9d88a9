//! `ForeignFile`: a file of the person's or of another program's, replaced atomically; its link, mode and owner stay.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::os::{private_file, staged_file};
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

    /// Writes the new content beside it, looks whether somebody else changed the file in the meantime, replaces it, and
    /// reads it back. A reader sees the old or the new content, also after a crash; links stay.
    ///
    /// # Errors
    /// Where any of that fails; the file is then as it was.
    pub(crate) fn replace(&self, new: &Secret) -> io::Result<()> {
        staged_file::sweep(&self.target);
        let staged = staged_file::stage(&self.target, new)?;
        self.check_unchanged()?;
        staged.put()?;
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

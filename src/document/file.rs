//! Reads a file that another program owns: never waits, never reads more than a document may have.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use crate::document::MAX_DOCUMENT;
use crate::document::error::Why;
use crate::secret::{Secret, SecretBuffer};

/// The whole content, into memory that is wiped, or `None` where there is no such file. Links are followed.
///
/// Anybody may have written it, so it is looked at before it is opened: opening a pipe would wait, and opening some
/// devices does something. It is looked at again when it is open.
pub(super) fn read(path: &Path) -> Result<Option<Secret>, Why> {
    let Some(metadata) = present(fs::metadata(path))? else { return Ok(None) };
    check(&metadata)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits().cast_signed(),
    );
    let Some(file) = present(options.open(path))? else { return Ok(None) };
    check(&file.metadata().map_err(Why::Unreadable)?)?;
    match SecretBuffer::read_to_end(file, MAX_DOCUMENT) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(Why::TooLarge { limit: MAX_DOCUMENT })
        }
        Err(error) => Err(Why::Unreadable(error)),
    }
}

fn check(metadata: &fs::Metadata) -> Result<(), Why> {
    if !metadata.is_file() {
        return Err(Why::NotAFile);
    }
    if metadata.len() > MAX_DOCUMENT as u64 {
        return Err(Why::TooLarge { limit: MAX_DOCUMENT });
    }
    Ok(())
}

/// A path that leads through a file instead of a folder leads to no file either.
fn present<T>(result: io::Result<T>) -> Result<Option<T>, Why> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
            _ if is_circle(&error) => Err(Why::LinksInCircle),
            _ => Err(Why::Unreadable(error)),
        },
    }
}

#[cfg(unix)]
fn is_circle(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// `ERROR_CANT_RESOLVE_FILENAME`, which is what Windows says of it.
#[cfg(windows)]
fn is_circle(error: &io::Error) -> bool {
    error.raw_os_error() == Some(1921)
}

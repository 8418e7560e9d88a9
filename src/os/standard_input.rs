//! Standard input without a buffer in between: what std reads ahead stays in memory that nobody wipes.

use std::fs::File;
use std::io;

/// A descriptor of its own on what the process reads from.
///
/// # Errors
/// Where stdin is closed.
pub(crate) fn open() -> io::Result<File> {
    #[cfg(unix)]
    let own = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned();
    #[cfg(windows)]
    let own = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned();
    own.map(File::from)
}

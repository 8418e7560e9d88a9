//! A descriptor that another program left open for us, to hand over a passphrase.

use std::fs::File;
use std::io;

use crate::os::process::system;
use crate::secret::{Secret, SecretBuffer};

/// Reads all of it, at most `limit` bytes, and sees to it that no program we start can read it again.
///
/// # Errors
/// Where nothing is open under that number, or it can't be read.
pub(crate) fn read_descriptor(descriptor: u32, limit: usize) -> io::Result<Secret> {
    let secret = SecretBuffer::read_to_end(File::open(format!("/dev/fd/{descriptor}"))?, limit)?;
    // 0 to 2 are the streams that the program needs.
    if let Some(descriptor) = i32::try_from(descriptor).ok().filter(|descriptor| *descriptor > 2) {
        system::close_on_start(descriptor);
    }
    Ok(secret)
}

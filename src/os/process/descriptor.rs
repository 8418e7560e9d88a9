//! A descriptor that another program left open for us, to hand over a passphrase.

use std::io;

use crate::secret::{Secret, SecretBuffer};

/// Reads all of it, at most `limit` bytes, and sees to it that no program we start can read it again.
///
/// # Errors
/// Where nothing is open under that number, or it can't be read.
#[cfg(unix)]
pub(crate) fn read_descriptor(descriptor: u32, limit: usize) -> io::Result<Secret> {
    let descriptor = i32::try_from(descriptor).map_err(|_| io::ErrorKind::InvalidInput)?;
    // A duplicate shares the place up to which is read, so that a program started later finds the end of the file.
    let file = match descriptor {
        0 => crate::os::standard_input::open()?,
        other => crate::os::process::system::duplicate(other)?,
    };
    let secret = SecretBuffer::read_to_end(file, limit)?;
    // 0 to 2 are the streams that the program needs.
    if descriptor > 2 {
        crate::os::process::system::close_on_start(descriptor);
    }
    Ok(secret)
}

/// As on Unix, but for stdin alone: Windows hands on handles without numbers.
///
/// # Errors
/// Where the number is another than 0, or stdin can't be read.
#[cfg(windows)]
pub(crate) fn read_descriptor(descriptor: u32, limit: usize) -> io::Result<Secret> {
    if descriptor != 0 {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "Windows has no numbered descriptors but 0, stdin",
        ));
    }
    SecretBuffer::read_to_end(crate::os::standard_input::open()?, limit)
}

//! Data on its way to stdout: written at once, with no copy left in a buffer.

use std::io::{self, Write};

/// Writes all of it straight to the descriptor. A reader that went away is no error: it has what it wanted.
///
/// # Errors
/// Where stdout is closed or full.
pub(super) fn write(bytes: &[u8]) -> io::Result<()> {
    match write_all(bytes) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

#[cfg(unix)]
fn write_all(bytes: &[u8]) -> io::Result<()> {
    Descriptor(rustix::stdio::stdout()).write_all(bytes)
}

/// A descriptor without the buffer that `std::io::stdout` puts before it.
#[cfg(unix)]
struct Descriptor<'process>(std::os::fd::BorrowedFd<'process>);

#[cfg(unix)]
impl Write for Descriptor<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(self.0, bytes) {
                // Somebody who shares the pipe with us made it so that it does not wait.
                Err(rustix::io::Errno::AGAIN) => std::thread::sleep(std::time::Duration::from_millis(1)),
                result => return Ok(result?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A console takes text only through the standard library, which knows its encoding; everything else is
/// written to a duplicate of the handle, which has no buffer.
#[cfg(windows)]
fn write_all(bytes: &[u8]) -> io::Result<()> {
    use std::io::IsTerminal;
    use std::os::windows::io::AsHandle;

    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() && std::str::from_utf8(bytes).is_ok() {
        stdout.write_all(bytes)?;
        return stdout.flush();
    }
    std::fs::File::from(stdout.as_handle().try_clone_to_owned()?).write_all(bytes)
}

//! Data on its way to stdout: written at once, with no copy left in a buffer.

use std::io::{self, Write};

/// Writes all of it straight to the descriptor. A reader that went away is no error: it has what it wanted.
///
/// # Errors
/// Where stdout is closed or full.
pub(super) fn write(bytes: &[u8]) -> io::Result<()> {
    forgive(write_all(bytes))
}

/// As [`write()`], but a reader that went away is an error too.
///
/// # Errors
/// Where stdout is closed or full, or nobody reads it.
pub(super) fn write_to_a_reader(bytes: &[u8]) -> io::Result<()> {
    if is_nowhere() {
        return Err(io::Error::new(io::ErrorKind::BrokenPipe, "what is written there is thrown away"));
    }
    write_all(bytes)
}

/// Whether stdout is `/dev/null`, which Rust also puts in the place of one that was closed.
#[cfg(unix)]
fn is_nowhere() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let own = io::stdout().as_fd().try_clone_to_owned().and_then(|own| std::fs::File::from(own).metadata());
    matches!((std::fs::metadata("/dev/null"), own), (Ok(null), Ok(own)) if own.rdev() == null.rdev())
}

#[cfg(windows)]
fn is_nowhere() -> bool {
    false
}

fn forgive(result: io::Result<()>) -> io::Result<()> {
    match result {
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const DATA: &[u8] = b"\xff\x00 t\xc3\xb6ken\r\n";

    #[test]
    #[ignore = "writes to the real stdout; started by another test"]
    fn writes_data() {
        if !std::env::args().any(|argument| argument == "--exact") {
            return;
        }
        write(DATA).unwrap();
    }

    #[test]
    fn every_byte_arrives_as_it_is() {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--ignored", "--exact", "ui::output::tests::writes_data"]);
        let output = child.output().unwrap();
        assert!(output.stdout.windows(DATA.len()).any(|window| window == DATA));
    }

    #[test]
    #[cfg(unix)]
    fn a_reader_that_went_away_is_no_error() {
        use std::os::fd::AsFd;

        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let result = Descriptor(writer.as_fd()).write_all(DATA);
        assert_eq!(result.as_ref().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert!(forgive(result).is_ok());
    }

    #[test]
    #[cfg(unix)]
    fn a_slow_reader_of_a_pipe_that_does_not_wait_gets_everything() {
        use std::io::Read;
        use std::os::fd::AsFd;

        let (mut reader, writer) = io::pipe().unwrap();
        let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
        rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
        let data = vec![7; 1 << 20];
        let expected = data.len();
        let writing = std::thread::spawn(move || Descriptor(writer.as_fd()).write_all(&data));
        let mut all = Vec::new();
        assert_eq!(reader.read_to_end(&mut all).unwrap(), expected);
        assert!(writing.join().unwrap().is_ok());
    }
}

//! `capture`: what another program prints, into memory that is wiped, and not waited for for ever.

use std::io::{self, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::secret::{Secret, SecretBuffer};

/// How much of what it says is kept, in bytes.
const MAX_WORDS: u64 = 4096;

/// How often it is looked whether it has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// What a program left behind.
pub(crate) struct Captured {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it printed.
    pub(crate) output: Secret,
    /// The beginning of what it said on stderr.
    pub(crate) words: String,
}

/// Runs it with this as its input, and gives what it printed. It is killed at the deadline.
///
/// # Errors
/// Where it can't be started, `TimedOut` where it did not end in time, `InvalidData` where it prints more than `limit`
/// bytes.
pub(crate) fn capture(
    mut command: Command,
    input: Stdio,
    deadline: Duration,
    limit: usize,
) -> io::Result<Captured> {
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let until = Instant::now() + deadline;
    let (Some(output), Some(words)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    // Nobody listens after the deadline.
    let (printed, output_of) = mpsc::sync_channel(1);
    thread::spawn(move || _ = printed.send(SecretBuffer::read_to_end(output, limit)));
    let (said, words_of) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut text = Vec::new();
        _ = words.take(MAX_WORDS).read_to_end(&mut text);
        _ = said.send(text);
    });
    let left = || until.saturating_duration_since(Instant::now());
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if left().is_zero() => {
                // It may end by itself at this moment.
                _ = child.kill();
                _ = child.wait();
                return Err(io::ErrorKind::TimedOut.into());
            }
            None => thread::sleep(PAUSE),
        }
    };
    let output = output_of.recv_timeout(left()).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    // A helper that it started may keep this stream open.
    let words = words_of.recv_timeout(left().min(Duration::from_secs(1))).unwrap_or_default();
    Ok(Captured { status, output, words: String::from_utf8_lossy(&words).trim().to_owned() })
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, deadline: Duration) -> io::Result<Captured> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        capture(command, Stdio::null(), deadline, 1000)
    }

    #[test]
    fn output_and_words_come_apart() {
        let captured = shell("printf out; echo words >&2; exit 3", Duration::from_secs(20)).unwrap();
        assert_eq!(captured.output.expose_secret(), b"out");
        assert_eq!((captured.words.as_str(), captured.status.code()), ("words", Some(3)));
    }

    #[test]
    fn what_never_ends_and_what_never_stops_printing_are_given_up() {
        let start = Instant::now();
        let late = shell("sleep 60", Duration::from_millis(100)).err().unwrap();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        let endless = shell("yes", Duration::from_secs(5)).err().unwrap();
        assert!([io::ErrorKind::InvalidData, io::ErrorKind::TimedOut].contains(&endless.kind()), "{endless}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}

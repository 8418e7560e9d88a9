//! A program of the person's that is told a secret on stdin and tells another one on stdout.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::os::process::launch::Value;
use crate::secret::{MAX_SECRET, Secret, SecretBuffer};

/// How much of what it says is kept, in bytes.
const MAX_WORDS: usize = 64 * 1024;

/// A secret of fewer bytes is not looked for in what a hook says.
const SHORTEST: usize = 4;

/// How often a look is taken whether it has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// How long it is listened to after its end: something that it started may hold its streams.
const AFTERWARDS: Duration = Duration::from_secs(2);

/// What a hook did.
pub(crate) struct Answer {
    /// What it printed, without one newline at the end.
    pub(crate) value: Secret,
    /// What it said, which may hold a secret.
    pub(crate) words: Secret,
}

/// Why there is no answer, and what the hook said until then. None of the reasons holds a secret.
pub(crate) struct HookFailure {
    /// Why.
    pub(crate) error: HookError,
    /// What it said, which may hold a secret.
    pub(crate) words: Secret,
}

/// See [`HookFailure`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum HookError {
    /// It did not start.
    #[error("it did not start")]
    NotStarted(#[source] io::Error),
    /// It took too long, and was ended.
    #[error("it was not done within {} s, and was ended", .0.as_secs())]
    TimedOut(Duration),
    /// It ended with another status than 0.
    #[error("it ended with {0}")]
    Status(ExitStatus),
    /// It printed nothing.
    #[error("it printed no value")]
    Empty,
    /// It printed more than a value can have.
    #[error("it printed more than 1 MiB")]
    TooLong,
    /// It printed what no variable can hold.
    #[error("it printed a NUL byte, which no environment variable can hold")]
    Nul,
    /// Its streams can't be used.
    #[error("it can't be talked to")]
    Stream(#[source] io::Error),
}

/// Runs `program` with `variables` as its whole environment, `input` on its stdin, and at most this much time.
///
/// It stays in the terminal's group, so that it may ask its person, and Ctrl-C ends it too.
///
/// # Errors
/// [`HookFailure`]
pub(crate) fn ask(
    program: &OsStr,
    arguments: &[OsString],
    variables: &[(OsString, Value)],
    input: &Secret,
    time: Duration,
) -> Result<Answer, HookFailure> {
    let end = Instant::now() + time;
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    for (name, value) in variables {
        if let Value::Inherited(text) = value {
            command.env(name, text);
        }
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| silent(HookError::NotStarted(error)))?;
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        end_it(&mut child);
        return Err(silent(HookError::Stream(io::ErrorKind::BrokenPipe.into())));
    };
    let told = Secret::copy_of(input.expose_secret());
    // A hook that does not read its stdin is no failure.
    thread::spawn(move || _ = stdin.write_all(told.expose_secret()));
    let value = listen(stdout, MAX_SECRET + 2);
    let words = listen(stderr, MAX_WORDS);
    let status = wait(&mut child, end);
    let rest = Instant::now() + AFTERWARDS;
    let words = heard(&words, rest).and_then(Result::ok).unwrap_or_else(nothing);
    let outcome = status.and_then(|status| match status {
        None => Err(HookError::TimedOut(time)),
        Some(status) => match heard(&value, rest) {
            // Nobody listened to the rest, which is why its status is a bad one.
            Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => Err(HookError::TooLong),
            _ if !status.success() => Err(HookError::Status(status)),
            Some(Ok(value)) => check(value.without_trailing_newline()),
            Some(Err(error)) => Err(HookError::Stream(error)),
            None => Err(HookError::TimedOut(time)),
        },
    });
    match outcome {
        Ok(value) => Ok(Answer { value, words }),
        Err(error) => Err(HookFailure { error, words }),
    }
}

/// What a hook said, line by line, without these secrets in it. Nothing, where one of them is so short that it stands
/// in every word.
pub(crate) fn masked_lines(words: &Secret, secrets: &[&Secret]) -> Vec<String> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for secret in secrets {
        parts.push(secret.expose_secret());
        parts.extend(
            secret.expose_secret().split(|byte| *byte == b'\n').filter(|line| line.len() >= SHORTEST),
        );
    }
    if parts.iter().any(|part| part.len() < SHORTEST) {
        return Vec::new();
    }
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    let text = words.expose_secret();
    let mut masked = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if let Some(part) = parts.iter().find(|part| text[at..].starts_with(part)) {
            masked.extend_from_slice("…".as_bytes());
            at += part.len();
        } else {
            masked.push(text[at]);
            at += 1;
        }
    }
    let text = String::from_utf8_lossy(&masked);
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn check(value: Secret) -> Result<Secret, HookError> {
    if value.is_empty() {
        Err(HookError::Empty)
    } else if value.len() > MAX_SECRET {
        Err(HookError::TooLong)
    } else if value.expose_secret().contains(&0) {
        Err(HookError::Nul)
    } else {
        Ok(value)
    }
}

fn silent(error: HookError) -> HookFailure {
    HookFailure { error, words: nothing() }
}

fn nothing() -> Secret {
    Secret::new(Vec::new())
}

/// Reads in a thread of its own, which ends with the stream.
fn listen(stream: impl Read + Send + 'static, limit: usize) -> Receiver<io::Result<Secret>> {
    let (sender, receiver) = sync_channel(1);
    thread::spawn(move || _ = sender.send(SecretBuffer::read_to_end(stream, limit)));
    receiver
}

fn heard(listener: &Receiver<io::Result<Secret>>, end: Instant) -> Option<io::Result<Secret>> {
    listener.recv_timeout(end.saturating_duration_since(Instant::now())).ok()
}

/// Its status, or `None` where it had to be ended.
fn wait(child: &mut Child, end: Instant) -> Result<Option<ExitStatus>, HookError> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Some(status)),
            Ok(None) if Instant::now() >= end => {
                end_it(child);
                return Ok(None);
            }
            Ok(None) => thread::sleep(PAUSE),
            Err(error) => return Err(HookError::Stream(error)),
        }
    }
}

fn end_it(child: &mut Child) {
    // It may have ended already.
    _ = child.kill();
    _ = child.wait();
}

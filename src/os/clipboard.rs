//! The clipboard: a process of its own keeps a secret there for a while, and then takes it away.

use std::ffi::OsStr;
use std::io::{BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use arboard::{Clipboard, Set};

use crate::secret::{MAX_SECRET, Secret, SecretBuffer};

/// The hidden subcommand that runs [`keep`]; its arguments are the number of seconds, and those that the caller adds.
pub(crate) const KEEPER: &str = "clip-keeper";

/// How long the keeper may take to say that the value is on the clipboard.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the keeper looks whether its time is over.
const PAUSE: Duration = Duration::from_millis(250);

/// Whether it looks each time whether somebody copied something else. Elsewhere than on Linux it only looks at the
/// end: there the system keeps the value, and macOS may tell the person each time somebody looks.
const LOOKS: bool = cfg!(target_os = "linux");

/// Why nothing was copied.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClipboardError {
    /// No display, no compositor that lets programs copy, or another program holds the clipboard.
    #[error("there is no clipboard that can be used here")]
    Unavailable,
    /// The value is not UTF-8, and a clipboard holds text.
    #[error("a value that is not text cannot be copied")]
    NotText,
    /// The process that keeps the clipboard did not start, or did not answer in time.
    #[error("the process that keeps the clipboard does not answer")]
    Silent,
}

impl ClipboardError {
    /// What the keeper sends to its parent: no byte that a person's text would hold.
    const fn code(&self) -> u8 {
        match self {
            Self::Unavailable => 2,
            Self::NotText => 3,
            Self::Silent => 4,
        }
    }
}

/// What the keeper sends once the value is on the clipboard.
const COPIED: u8 = 1;

/// Copies the secret, and returns once it is on the clipboard. A process of its own, which outlives this one,
/// takes it away after `seconds`, unless something else was copied since. The value goes through a pipe; `more` are
/// further arguments for it, and the variables named in `without` are not passed on.
///
/// # Errors
/// [`ClipboardError`]; then nothing was copied.
pub(crate) fn spawn_keeper(
    secret: &Secret,
    seconds: u64,
    more: &[&OsStr],
    without: &[&str],
) -> Result<(), ClipboardError> {
    let program = std::env::current_exe().map_err(|_| ClipboardError::Silent)?;
    let mut command = Command::new(program);
    command.args([KEEPER, &seconds.to_string()]).args(more);
    for name in without {
        command.env_remove(name);
    }
    hand_over(command, secret)
}

fn hand_over(mut command: Command, secret: &Secret) -> Result<(), ClipboardError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    #[cfg(windows)]
    {
        use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, DETACHED_PROCESS};
        std::os::windows::process::CommandExt::creation_flags(
            &mut command,
            DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP,
        );
    }
    let mut keeper = command.spawn().map_err(|_| ClipboardError::Silent)?;
    let answer = converse(&mut keeper, secret);
    if answer.is_err() {
        // It may have ended already.
        _ = keeper.kill();
        _ = keeper.wait();
    }
    answer
}

/// Gives the keeper the value and waits for its answer.
fn converse(keeper: &mut Child, secret: &Secret) -> Result<(), ClipboardError> {
    let (Some(mut input), Some(output)) = (keeper.stdin.take(), keeper.stdout.take()) else {
        return Err(ClipboardError::Silent);
    };
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let answer = BufReader::with_capacity(1, output)
            .bytes()
            .map_while(Result::ok)
            .find(|byte| (COPIED..=ClipboardError::Silent.code()).contains(byte));
        // Nobody listens after the deadline.
        _ = sender.send(answer);
    });
    // Where the keeper ended early, its answer says why.
    _ = input.write_all(secret.expose_secret());
    drop(input);
    match receiver.recv_timeout(PATIENCE) {
        Ok(Some(COPIED)) => Ok(()),
        Ok(Some(code)) => Err([ClipboardError::Unavailable, ClipboardError::NotText]
            .into_iter()
            .find(|error| error.code() == code)
            .unwrap_or(ClipboardError::Silent)),
        _ => Err(ClipboardError::Silent),
    }
}

/// What the hidden subcommand does: takes the value from `input`, copies it, tells so on `report`, and takes
/// it away after `time`, or once `is_over` says so. It detaches itself from the terminal, so that closing that does not end it.
///
/// # Errors
/// [`ClipboardError`], which the parent was told as well.
pub(crate) fn keep(
    input: impl Read,
    mut report: impl Write,
    time: Duration,
    is_over: impl Fn() -> bool,
) -> Result<(), ClipboardError> {
    #[cfg(unix)]
    {
        // Fails where it is the first of its group, and then nothing needs to be done.
        _ = rustix::process::setsid();
    }
    let copied = copy(input);
    let code = copied.as_ref().map_or_else(ClipboardError::code, |_| COPIED);
    // A parent that went away does not change what the person asked for.
    _ = report.write_all(&[code]).and_then(|()| report.flush());
    let (mut clipboard, secret) = copied?;
    take_away(&mut clipboard, &secret, Instant::now() + time, is_over);
    Ok(())
}

fn copy(input: impl Read) -> Result<(Clipboard, Secret), ClipboardError> {
    let secret = SecretBuffer::read_to_end(input, MAX_SECRET).map_err(|_| ClipboardError::Silent)?;
    let text = secret.expose_secret_str().map_err(|_| ClipboardError::NotText)?;
    let mut clipboard = Clipboard::new().map_err(|_| ClipboardError::Unavailable)?;
    kept_out_of_histories(clipboard.set()).text(text).map_err(|_| ClipboardError::Unavailable)?;
    Ok((clipboard, secret))
}

#[cfg(all(unix, not(target_os = "macos")))]
fn kept_out_of_histories(set: Set<'_>) -> Set<'_> {
    arboard::SetExtLinux::exclude_from_history(set)
}

#[cfg(target_os = "macos")]
fn kept_out_of_histories(set: Set<'_>) -> Set<'_> {
    arboard::SetExtApple::exclude_from_history(set)
}

#[cfg(windows)]
fn kept_out_of_histories(set: Set<'_>) -> Set<'_> {
    use arboard::SetExtWindows;
    set.exclude_from_monitoring().exclude_from_cloud().exclude_from_history()
}

/// Waits until the deadline, until `is_over` says so, or until something else was copied, and clears the clipboard where
/// it still holds the secret.
fn take_away(clipboard: &mut Clipboard, secret: &Secret, deadline: Instant, is_over: impl Fn() -> bool) {
    let mut attempts = 0;
    while attempts < 20 {
        let left = deadline.saturating_duration_since(Instant::now());
        thread::sleep(left.min(PAUSE).max(Duration::from_millis(50)));
        let is_over = Instant::now() >= deadline || is_over();
        if !is_over && !LOOKS {
            continue;
        }
        match clipboard.get_text().map(|text| Secret::new(text.into_bytes())) {
            Ok(text) if text != *secret => return,
            Err(arboard::Error::ContentNotAvailable) => return,
            Ok(_) if is_over && clipboard.clear().is_ok() => return,
            // Windows lets one program at a time at the clipboard.
            Ok(_) | Err(_) => attempts += u32::from(is_over),
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::BufRead;

    use super::*;

    /// A display of our own, gone with the test.
    struct Display {
        server: Child,
        name: String,
    }

    impl Display {
        fn start() -> Self {
            let mut server = Command::new("Xvfb")
                .args(["-displayfd", "1", "-nolisten", "tcp"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut number = String::new();
            BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
            Self { server, name: format!(":{}", number.trim()) }
        }

        fn xclip(&self, arguments: &[&str]) -> Command {
            let mut command = Command::new("xclip");
            command.args(["-selection", "clipboard"]).args(arguments).env("DISPLAY", &self.name);
            command
        }

        /// What a person would paste.
        fn content(&self) -> Option<Vec<u8>> {
            let output = self.xclip(&["-o"]).output().unwrap();
            output.status.success().then_some(output.stdout)
        }
    }

    impl Drop for Display {
        fn drop(&mut self) {
            _ = self.server.kill();
            _ = self.server.wait();
        }
    }

    /// This test program, as the keeper below.
    fn keeper(display: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "os::clipboard::tests::keeps_for_two_seconds", "--nocapture"]);
        command.env("DISPLAY", display).env_remove("WAYLAND_DISPLAY");
        command
    }

    #[test]
    #[ignore = "serves a clipboard; started by other tests"]
    fn keeps_for_two_seconds() {
        if !std::env::args().any(|argument| argument == "--exact") {
            return;
        }
        _ = keep(std::io::stdin(), std::io::stdout(), Duration::from_secs(2), || false);
    }

    #[test]
    #[ignore = "needs Xvfb and xclip; run it with --ignored"]
    fn a_copied_secret_can_be_pasted_for_a_while() {
        let display = Display::start();
        let secret = Secret::copy_of("tökén".as_bytes());
        assert_eq!(hand_over(keeper(&display.name), &secret), Ok(()));
        assert_eq!(display.content().as_deref(), Some("tökén".as_bytes()));
        let targets = display.xclip(&["-o", "-t", "TARGETS"]).output().unwrap().stdout;
        assert!(String::from_utf8_lossy(&targets).contains("x-kde-passwordManagerHint"));
        thread::sleep(Duration::from_secs(1));
        assert_eq!(display.content().as_deref(), Some("tökén".as_bytes()));
        thread::sleep(Duration::from_millis(1700));
        assert_eq!(display.content(), None);
    }

    #[test]
    #[ignore = "needs Xvfb and xclip; run it with --ignored"]
    fn what_a_person_copies_later_stays() {
        let display = Display::start();
        assert_eq!(hand_over(keeper(&display.name), &Secret::copy_of(b"token")), Ok(()));
        let mut other = display.xclip(&["-i"]).stdin(Stdio::piped()).spawn().unwrap();
        other.stdin.take().unwrap().write_all(b"a shopping list").unwrap();
        other.wait().unwrap();
        thread::sleep(Duration::from_millis(2700));
        assert_eq!(display.content().as_deref(), Some(&b"a shopping list"[..]));
    }

    #[test]
    fn without_a_display_nothing_is_copied_and_the_person_is_told() {
        let answer = hand_over(keeper(":4711"), &Secret::copy_of(b"token"));
        assert_eq!(answer, Err(ClipboardError::Unavailable));
    }

    #[test]
    fn a_value_that_is_not_text_is_refused() {
        let answer = hand_over(keeper(":4711"), &Secret::copy_of(b"\xff\xfe"));
        assert_eq!(answer, Err(ClipboardError::NotText));
    }

    #[test]
    fn a_keeper_that_cannot_start_is_no_success() {
        let answer = hand_over(Command::new("/does/not/exist"), &Secret::copy_of(b"token"));
        assert_eq!(answer, Err(ClipboardError::Silent));
        assert_eq!(hand_over(Command::new("true"), &Secret::copy_of(b"token")), Err(ClipboardError::Silent));
    }
}

#[cfg(test)]
#[cfg(not(target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    #[ignore = "changes the clipboard of the person at the desk; run it with --ignored"]
    fn a_copied_secret_is_taken_away_and_what_is_copied_later_stays() {
        let mut report = Vec::new();
        let keeping =
            thread::spawn(|| keep(&b"token"[..], std::io::sink(), Duration::from_secs(2), || false));
        thread::sleep(Duration::from_secs(1));
        let mut clipboard = Clipboard::new().unwrap();
        assert_eq!(clipboard.get_text().unwrap(), "token");
        assert_eq!(keeping.join().unwrap(), Ok(()));
        assert!(clipboard.get_text().is_err());

        let other = thread::spawn(|| {
            thread::sleep(Duration::from_millis(500));
            Clipboard::new().unwrap().set_text("a shopping list").unwrap();
        });
        assert_eq!(keep(&b"token"[..], &mut report, Duration::from_secs(1), || false), Ok(()));
        other.join().unwrap();
        assert_eq!(report, [COPIED]);
        assert_eq!(clipboard.get_text().unwrap(), "a shopping list");
    }

    #[test]
    fn a_value_that_is_not_text_is_refused() {
        let mut report = Vec::new();
        let answer = keep(&b"\xff\xfe"[..], &mut report, Duration::ZERO, || false);
        assert_eq!(answer, Err(ClipboardError::NotText));
        assert_eq!(report, [ClipboardError::NotText.code()]);
    }
}

//! `Console` on unix: `/dev/tty`, with the echo off while a secret is typed.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use nix::sys::signal::Signal;
use rustix::io::Errno;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::ui::terminal::AskError;
use crate::ui::terminal::line::{HiddenLine, Step};
use crate::ui::terminal::signals::CaughtSignals;

/// Asks the terminal to mark what is pasted; one that does not know how ignores it.
const PASTE_MARKS_ON: &[u8] = b"\x1b[?2004h";
const PASTE_MARKS_OFF: &[u8] = b"\x1b[?2004l";

/// Tenths of a second that a read waits, and thereby how soon a signal that met another thread is seen.
const PATIENCE: u8 = 1;

/// The longest answer that is not a secret, in bytes; the system's line discipline has the same limit.
const MAX_LINE: usize = 4096;

/// A terminal to ask on.
///
/// `rpassword` is not used here: its buffer leaves copies where it grows, Ctrl-C ends the process before
/// the echo is back, and the lines after the first of a paste fall through to the shell as commands.
pub(crate) struct Console {
    device: File,
}

/// How a round of typing ended.
enum Ending {
    Answered,
    Signal(Signal),
    Suspended,
}

impl Console {
    /// The controlling terminal of this process.
    ///
    /// # Errors
    /// [`AskError::NoTerminal`] where it has none.
    pub(crate) fn open() -> Result<Self, AskError> {
        let device = File::options().read(true).write(true).open("/dev/tty");
        device.map(Self::new).map_err(|_| AskError::NoTerminal)
    }

    /// A terminal that is already open for reading and writing.
    pub(crate) fn new(device: File) -> Self {
        Self { device }
    }

    /// Asks for a secret, shows nothing of it, and says afterwards how long it was. Up to
    /// [`crate::secret::MAX_SECRET`] bytes arrive whole, typed or pasted; several lines only where the
    /// terminal marks pastes.
    ///
    /// # Errors
    /// [`AskError`]; the terminal is as it was before, and nothing that was typed is left in its queue.
    pub(crate) fn ask_secret(&self, prompt: &str) -> Result<Secret, AskError> {
        let mut line = HiddenLine::new();
        loop {
            match self.read_hidden(prompt, &mut line)? {
                Ending::Answered => break,
                // The terminal and the handlers are as before, so the signal now does what it always does.
                Ending::Signal(signal @ (Signal::SIGTSTP | Signal::SIGCONT)) => {
                    if signal == Signal::SIGTSTP {
                        nix::sys::signal::raise(Signal::SIGTSTP).map_err(io::Error::from)?;
                    }
                }
                Ending::Signal(signal) => {
                    nix::sys::signal::raise(signal).map_err(io::Error::from)?;
                    return Err(AskError::Interrupted);
                }
                // The whole job, as the terminal itself would do.
                Ending::Suspended => {
                    rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)
                        .map_err(io::Error::from)?;
                }
            }
        }
        let secret = line.into_secret();
        let length = match secret.expose_secret_str() {
            Ok(text) => plural(text.chars().count(), "character"),
            Err(_) => plural(secret.len(), "byte"),
        };
        self.write(format!("({length})\n").as_bytes())?;
        Ok(secret)
    }

    /// Asks for a line that may be seen, without the newline that ended it.
    ///
    /// # Errors
    /// [`AskError`]
    pub(crate) fn ask_line(&self, prompt: &str) -> Result<String, AskError> {
        self.write(prompt.as_bytes())?;
        let mut bytes = vec![0; MAX_LINE];
        let mut length = 0;
        while !bytes[..length].ends_with(b"\n") && length < bytes.len() {
            match rustix::io::read(&self.device, &mut bytes[length..]) {
                Ok(0) => return Err(AskError::Interrupted),
                Ok(count) => length += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(io::Error::from(error).into()),
            }
        }
        bytes.truncate(length);
        let line = String::from_utf8(bytes).map_err(|_| AskError::NotText)?;
        Ok(line.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// One round: echo off, prompt, typing, echo on again.
    fn read_hidden(&self, prompt: &str, line: &mut HiddenLine) -> Result<Ending, AskError> {
        let signals = CaughtSignals::new();
        // Dropped before the handlers are put back, whatever happens.
        let quiet = Quiet::new(&self.device)?;
        self.write(PASTE_MARKS_ON)?;
        self.write(prompt.as_bytes())?;
        let mut chunk = Zeroizing::new([0_u8; 4096]);
        loop {
            if let Some(signal) = signals.take() {
                return Ok(Ending::Signal(signal));
            }
            let count = match rustix::io::read(&self.device, chunk.as_mut_slice()) {
                Ok(0) => {
                    line.pause();
                    // A terminal that went away has no modes.
                    tcgetattr(&self.device).map_err(|_| AskError::Interrupted)?;
                    continue;
                }
                Ok(count) => count,
                Err(Errno::INTR) => continue,
                Err(Errno::IO) => return Err(AskError::Interrupted),
                Err(error) => return Err(io::Error::from(error).into()),
            };
            for (index, &byte) in chunk[..count].iter().enumerate() {
                let outcome = match line.feed(byte) {
                    Step::More => continue,
                    Step::Accepted => Ok(Ending::Answered),
                    Step::Interrupted => Err(AskError::Interrupted),
                    Step::Suspended => Ok(Ending::Suspended),
                    Step::TooLong => Err(AskError::TooLong),
                };
                let more = quiet.drain(&chunk[index + 1..count])?;
                return if more && matches!(outcome, Ok(Ending::Answered)) {
                    Err(AskError::SeveralLines)
                } else {
                    outcome
                };
            }
        }
    }

    fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match rustix::io::write(&self.device, bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The terminal without echo, line editing and signals from keys, for as long as it lives.
struct Quiet<'console> {
    device: &'console File,
    original: Termios,
}

impl<'console> Quiet<'console> {
    fn new(device: &'console File) -> io::Result<Self> {
        let original = tcgetattr(device)?;
        let quiet = Self { device, original };
        // What was typed ahead was seen on the screen: it is no answer to a question that came later.
        quiet.set(OptionalActions::Flush, PATIENCE)?;
        Ok(quiet)
    }

    /// The line discipline cuts lines at 4096 bytes, so it is turned off; `patience` is how long a read waits.
    fn set(&self, when: OptionalActions, patience: u8) -> io::Result<()> {
        let mut modes = self.original.clone();
        modes.local_modes.remove(
            LocalModes::ECHO
                | LocalModes::ECHONL
                | LocalModes::ICANON
                | LocalModes::ISIG
                | LocalModes::IEXTEN,
        );
        modes.input_modes.remove(
            InputModes::ICRNL | InputModes::INLCR | InputModes::IGNCR | InputModes::ISTRIP | InputModes::IXON,
        );
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = patience;
        Ok(tcsetattr(self.device, when, &modes)?)
    }

    /// Reads and forgets what was pasted after the end of the answer, lest the shell takes it for commands,
    /// and says whether there was more than blanks. `rest` is what was already read.
    fn drain(&self, rest: &[u8]) -> io::Result<bool> {
        let mut more = !rest.trim_ascii().is_empty();
        // A person who typed Enter waits for nothing; after a paste we wait until it is through.
        self.set(OptionalActions::Now, u8::from(more))?;
        let mut chunk = Zeroizing::new([0_u8; 4096]);
        loop {
            match rustix::io::read(self.device.as_fd(), chunk.as_mut_slice()) {
                Ok(0) | Err(Errno::IO) => return Ok(more),
                Ok(count) if !more && !chunk[..count].trim_ascii().is_empty() => {
                    more = true;
                    self.set(OptionalActions::Now, PATIENCE)?;
                }
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // Nothing more can be done for a terminal that went away.
        _ = rustix::io::write(self.device, PASTE_MARKS_OFF);
        _ = tcsetattr(self.device, OptionalActions::Flush, &self.original);
    }
}

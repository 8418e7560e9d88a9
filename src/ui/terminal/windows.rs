//! `Console` on Windows: `CONIN$` and `CONOUT$`, with the echo off while a secret is typed.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::windows::io::AsRawHandle;

use windows_sys::Win32::System::Console::FlushConsoleInputBuffer;

use crate::secret::{MAX_SECRET, Secret};
use crate::ui::terminal::AskError;

/// The longest answer that is not a secret, in bytes.
const MAX_LINE: usize = 4096;

/// A console to ask on.
pub(crate) struct Console {
    input: File,
    output: File,
}

impl Console {
    /// The console of this process.
    ///
    /// # Errors
    /// [`AskError::NoTerminal`] where it has none.
    pub(crate) fn open() -> Result<Self, AskError> {
        let open = |name| File::options().read(true).write(true).open(name).map_err(|_| AskError::NoTerminal);
        Ok(Self { input: open("CONIN$")?, output: open("CONOUT$")? })
    }

    /// Asks for a secret of one line, shows nothing of it, and says afterwards how long it was.
    ///
    /// `rpassword` reads it: it holds the console calls for which we would need unsafe code, and its
    /// shortcomings elsewhere matter less here, where consoles put their modes right themselves. What it
    /// leaves in memory where its buffer grows, we cannot reach.
    ///
    /// # Errors
    /// [`AskError`]; nothing that was pasted after the first line is left in the queue.
    pub(crate) fn ask_secret(&self, prompt: &str) -> Result<Secret, AskError> {
        self.write(prompt)?;
        let answer = rpassword::read_password();
        self.forget_input();
        let secret = match answer {
            Ok(text) => Secret::new(text.into_bytes()),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof) =>
            {
                return Err(AskError::Interrupted);
            }
            Err(error) => return Err(error.into()),
        };
        if secret.len() > MAX_SECRET {
            return Err(AskError::TooLong);
        }
        let count = secret.expose_secret_str().map_or(secret.len(), |text| text.chars().count());
        self.write(&format!("({count} character{})\r\n", if count == 1 { "" } else { "s" }))?;
        Ok(secret)
    }

    /// Asks for a line that may be seen, without the newline that ended it.
    ///
    /// # Errors
    /// [`AskError`]
    pub(crate) fn ask_line(&self, prompt: &str) -> Result<String, AskError> {
        self.write(prompt)?;
        let mut bytes = vec![0; MAX_LINE];
        let mut length = 0;
        while !bytes[..length].ends_with(b"\n") && length < bytes.len() {
            match (&self.input).read(&mut bytes[length..])? {
                0 => return Err(AskError::Interrupted),
                count => length += count,
            }
        }
        bytes.truncate(length);
        // Ctrl-Z is how a console says that there is no more.
        if bytes.first() == Some(&0x1a) {
            return Err(AskError::Interrupted);
        }
        let line = String::from_utf8(bytes).map_err(|_| AskError::NotText)?;
        Ok(line.trim_end_matches(['\n', '\r']).to_owned())
    }

    fn write(&self, text: &str) -> io::Result<()> {
        (&self.output).write_all(text.as_bytes())
    }

    /// Lines that were pasted after the first must not become commands of the shell.
    #[expect(unsafe_code, reason = "the standard library has no call that empties the queue of a console")]
    fn forget_input(&self) {
        // SAFETY: the handle is open for as long as `self` lives.
        _ = unsafe { FlushConsoleInputBuffer(self.input.as_raw_handle()) };
    }
}

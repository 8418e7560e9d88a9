//! `Sandbox`: a person with an empty home, and a canary that must not be seen.

#[cfg(target_os = "linux")]
pub(crate) mod clients;
#[cfg(target_os = "linux")]
pub(crate) mod crash;
pub(crate) mod guide;
#[cfg(target_os = "linux")]
pub(crate) mod keyring_session;
#[cfg(target_os = "linux")]
pub(crate) mod password_store;
pub(crate) mod provider_server;
pub(crate) mod server;
#[cfg(unix)]
pub(crate) mod terminal;
#[cfg(target_os = "linux")]
pub(crate) mod traced;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// A value that is found wherever it leaks to.
pub(crate) const CANARY: &str = "ghp_CANARY0dont0let0me0be0seen0000001";

/// The passphrase of every vault in the tests.
pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// A home of its own, with a vault that a key file opens (fast), and nothing of the person who runs the tests.
pub(crate) struct Sandbox {
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl Sandbox {
    /// An empty home; the first `add` makes a vault that a key file opens.
    pub(crate) fn new() -> Self {
        let mut sandbox = Self::bare();
        let key = sandbox.path("key");
        fs::write(&key, [b'k'; 32]).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        sandbox.set("MCPCRED_KEY_FILE", key.to_str().unwrap());
        sandbox.set("MCPCRED_STORE", "vault");
        sandbox
    }

    /// An empty home, without any means to open a vault.
    pub(crate) fn bare() -> Self {
        Self { home: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// Sets a variable for every later command.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Takes a variable away from every later command.
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.retain(|(own, _)| own != name);
    }

    /// A place in the home.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Where mcpcred keeps its files.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The program with the sandbox around it: nothing of the surrounding environment but `PATH` and what
    /// Windows can't do without.
    pub(crate) fn command<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcred"));
        self.surround(&mut command);
        command.args(arguments);
        command
    }

    /// Puts the sandbox around any program.
    pub(crate) fn surround(&self, command: &mut Command) {
        let kept = ["PATH", "SystemRoot", "SystemDrive", "ComSpec", "PATHEXT", "WINEPREFIX"];
        command.env_clear().envs(
            std::env::vars_os().filter(|(name, _)| kept.iter().any(|kept| name.eq_ignore_ascii_case(kept))),
        );
        let home = self.home.path();
        command
            .env("HOME", home)
            .env("USERPROFILE", home)
            .env("TMPDIR", home)
            // Else the bus of the person who runs the tests would be found.
            .env("XDG_RUNTIME_DIR", home)
            .env("MCPCRED_DATA_DIR", self.data())
            .env("MCPCRED_CONFIG_DIR", home.join("config"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(home);
    }

    /// Runs it without a terminal and without input.
    pub(crate) fn run<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Ran {
        self.feed(arguments, b"")
    }

    /// Runs it with this on stdin.
    pub(crate) fn feed<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>, input: &[u8]) -> Ran {
        Ran(feed(self.command(arguments), input))
    }

    /// Stores the canary under this name.
    pub(crate) fn with(self, name: &str) -> Self {
        self.feed(["add", name, "--stdin"], CANARY.as_bytes()).succeeds();
        self
    }

    /// Every file below the home that holds these bytes.
    pub(crate) fn files_holding(&self, bytes: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        search(self.home.path(), bytes, &mut found);
        found
    }

    /// Fails where the canary lies in a file of the home.
    pub(crate) fn holds_no_canary(&self) {
        assert_eq!(self.files_holding(CANARY.as_bytes()), Vec::<PathBuf>::new());
    }
}

/// Runs a program with this on its stdin.
pub(crate) fn feed(mut command: Command, input: &[u8]) -> Output {
    let mut child = start(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    // A program that does not want the input closes its end.
    _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// Starts a program, and again what could not be started through no fault of its own: under Wine on a busy machine about
/// one in a thousand dies before it begins, as an "internal error" of whoever starts it; and a program that was just
/// written is busy while another test's child, between `fork` and `exec`, still has it open.
pub(crate) fn start(command: &mut Command) -> Child {
    const INTERNAL_ERROR: i32 = 1359;
    let is_passing = |error: &io::Error| {
        error.kind() == io::ErrorKind::ExecutableFileBusy
            || cfg!(windows) && error.raw_os_error() == Some(INTERNAL_ERROR)
    };
    let mut attempts = 0..20;
    loop {
        match command.spawn() {
            Err(error) if is_passing(&error) && attempts.next().is_some() => {
                std::thread::sleep(Duration::from_millis(10));
            }
            started => return started.unwrap_or_else(|error| panic!("{command:?}: {error}")),
        }
    }
}

fn search(folder: &Path, bytes: &[u8], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            search(&entry.path(), bytes, found);
        } else if kind.is_file() && fs::read(entry.path()).is_ok_and(|content| contains(&content, bytes)) {
            found.push(entry.path());
        }
    }
}

/// Whether the bytes stand anywhere in the content.
pub(crate) fn contains(content: &[u8], bytes: &[u8]) -> bool {
    content.windows(bytes.len()).any(|window| window == bytes)
}

/// What a command did.
pub(crate) struct Ran(pub(crate) Output);

impl Ran {
    /// It must have ended with 0, and must not have shown the canary on stderr.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// It must have ended with this status, and must not have shown the canary on stderr.
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(status), "stderr: {}", self.stderr());
        assert!(!contains(&self.0.stderr, CANARY.as_bytes()), "the canary is on stderr");
        self
    }

    /// What it printed.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).replace("\r\n", "\n")
    }

    /// What it said.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).replace("\r\n", "\n")
    }

    /// All of it, for the message of a test that fails.
    pub(crate) fn said(&self) -> String {
        format!("{}\n{}\n{}", self.0.status, self.stdout(), self.stderr())
    }

    /// It must have printed exactly this.
    #[track_caller]
    pub(crate) fn prints(self, expected: impl AsRef<[u8]>) -> Self {
        assert_eq!(
            String::from_utf8_lossy(&self.0.stdout),
            String::from_utf8_lossy(expected.as_ref()),
            "stderr: {}",
            self.stderr()
        );
        self
    }

    /// It must have printed this somewhere.
    #[track_caller]
    pub(crate) fn prints_line(self, part: &str) -> Self {
        assert!(self.stdout().lines().any(|line| line.contains(part)), "stdout: {}", self.stdout());
        self
    }

    /// It must have said this, among other things.
    #[track_caller]
    pub(crate) fn says(self, expected: &str) -> Self {
        assert!(self.stderr().contains(expected), "stderr: {}", self.stderr());
        self
    }

    /// What it printed, as JSON, checked against the schema of that name.
    #[track_caller]
    pub(crate) fn json(&self, schema: &str) -> serde_json::Value {
        let path = format!("{}/src/cli/schemas/{schema}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let schema = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let document = serde_json::from_slice(&self.0.stdout).unwrap();
        jsonschema::validate(&schema, &document).unwrap();
        document
    }
}

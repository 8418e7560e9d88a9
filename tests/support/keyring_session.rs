//! `KeyringSession`: a desktop session of a test's own, with a bus and a GNOME Keyring (Linux).

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Sandbox, feed};

/// Bus and keyring end with it.
pub(crate) struct KeyringSession {
    folder: tempfile::TempDir,
    bus: Child,
    keyring: Option<Child>,
}

impl KeyringSession {
    /// A bus with an unlocked keyring.
    pub(crate) fn new() -> Self {
        let mut session = Self::without_keyring();
        session.start_keyring();
        session
    }

    /// A bus on which nobody keeps secrets, and nothing is started by itself.
    pub(crate) fn without_keyring() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("bus");
        let config = folder.path().join("bus.xml");
        let rules = format!(
            "<busconfig><type>session</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>\
             <policy context='default'><allow send_destination='*' eavesdrop='true'/>\
             <allow eavesdrop='true'/><allow own='*'/></policy></busconfig>",
            socket.display()
        );
        fs::write(&config, rules).unwrap();
        let mut bus = Command::new("dbus-daemon");
        bus.arg(format!("--config-file={}", config.display())).arg("--nofork");
        bus.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let bus = bus.spawn().expect("the tests need `dbus-daemon`");
        wait_for("the bus", || socket.exists());
        Self { folder, bus, keyring: None }
    }

    /// Starts the keyring, with the password that unlocks it: what it kept before is there again.
    pub(crate) fn start_keyring(&mut self) {
        let mut keyring = self.command("gnome-keyring-daemon");
        keyring.args(["--foreground", "--components=secrets", "--unlock"]);
        keyring.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut keyring = keyring.spawn().expect("the tests need `gnome-keyring-daemon`");
        keyring.stdin.take().unwrap().write_all(b"password").unwrap();
        self.keyring = Some(keyring);
        wait_for("the keyring", || {
            self.asks("/org/freedesktop/secrets", "Service.ReadAlias", &["string:default"])
                .contains("/collection/login")
        });
    }

    /// Kills the keyring, as a crash would.
    pub(crate) fn kill_keyring(&mut self) {
        if let Some(mut keyring) = self.keyring.take() {
            _ = keyring.kill();
            _ = keyring.wait();
        }
    }

    /// Lets the keyring hang, and go on again.
    pub(crate) fn signal_keyring(&self, signal: Signal) {
        kill(Pid::from_raw(self.keyring.as_ref().unwrap().id().cast_signed()), signal).unwrap();
    }

    /// Locks the collection that values go into.
    pub(crate) fn lock(&self) {
        let collection = "array:objpath:/org/freedesktop/secrets/collection/login";
        self.asks("/org/freedesktop/secrets", "Service.Lock", &[collection]);
    }

    /// Puts a person of that session into the sandbox.
    pub(crate) fn around(&self, sandbox: &mut Sandbox) {
        sandbox.set("DBUS_SESSION_BUS_ADDRESS", &self.address());
        sandbox.set("XDG_RUNTIME_DIR", self.folder.path().to_str().unwrap());
    }

    /// A person of this session with an empty home.
    pub(crate) fn sandbox(&self) -> Sandbox {
        let mut sandbox = Sandbox::bare();
        self.around(&mut sandbox);
        sandbox
    }

    /// What `secret-tool` prints.
    pub(crate) fn secret_tool(&self, arguments: &[&str], input: &str) -> Vec<u8> {
        let mut command = self.command("secret-tool");
        command.args(arguments);
        feed(command, input.as_bytes()).stdout
    }

    /// The names and labels of everything in the keyring, and no value.
    pub(crate) fn labels(&self) -> Vec<String> {
        let mut command = self.command("secret-tool");
        command.args(["search", "--all", "service", "mcpcred:default"]);
        let found = feed(command, b"");
        let text = String::from_utf8_lossy(&found.stdout).into_owned();
        text.lines().filter_map(|line| line.strip_prefix("label = ")).map(str::to_owned).collect()
    }

    /// Where the bus listens.
    pub(crate) fn address(&self) -> String {
        format!("unix:path={}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("bus")
    }

    fn asks(&self, path: &str, method: &str, arguments: &[&str]) -> String {
        let mut command = self.command("dbus-send");
        command.args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", path]);
        command.arg(format!("org.freedesktop.Secret.{method}")).args(arguments);
        String::from_utf8_lossy(&feed(command, b"").stdout).into_owned()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("DBUS_SESSION_BUS_ADDRESS", self.address());
        for variable in ["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(variable, self.folder.path());
        }
        command
    }
}

/// Waits until it is there, and not for ever.
pub(crate) fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_there() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what} does not come up");
        sleep(Duration::from_millis(20));
    }
}

impl Drop for KeyringSession {
    fn drop(&mut self) {
        self.kill_keyring();
        _ = self.bus.kill();
        _ = self.bus.wait();
    }
}

//! A desktop session for a test: its own bus, keyring, and screen.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use crate::store::detect::{Answer, probe};
use crate::store::secret_service::SecretService;
use crate::store::{Patience, Surroundings};

/// The surroundings whose bus listens there.
pub(super) fn at(path: &Path) -> Surroundings {
    Surroundings { session_bus: Some(format!("unix:path={}", path.display())), ..Surroundings::default() }
}

/// A bus of our own, on which nothing is started by itself.
pub(super) struct Session {
    pub(super) folder: tempfile::TempDir,
    display: Option<String>,
    pub(super) children: Vec<Child>,
}

impl Session {
    pub(super) fn without_keyring() -> Self {
        Self::start_bus(None, "")
    }

    /// On a screen of its own, with the program that shows the keyring's dialogs.
    pub(super) fn with_screen() -> Self {
        let mut screen = Command::new("Xvfb");
        screen
            .args(["-displayfd", "1", "-screen", "0", "640x480x8"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut screen = screen.spawn().unwrap();
        let mut number = String::new();
        BufReader::new(screen.stdout.as_mut().unwrap()).read_line(&mut number).unwrap();
        let services = "<standard_session_servicedirs/>";
        let mut session = Self::start_bus(Some(format!(":{}", number.trim())), services);
        session.start_keyring(&["--unlock"], "password");
        session.children.push(screen);
        session
    }

    pub(super) fn start_bus(display: Option<String>, services: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("bus");
        let config = folder.path().join("bus.xml");
        let rules = format!(
            "<busconfig><type>session</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>{services}\
             <policy context='default'><allow send_destination='*' eavesdrop='true'/>\
             <allow eavesdrop='true'/><allow own='*'/></policy></busconfig>",
            socket.display()
        );
        fs::write(&config, rules).unwrap();
        let mut session = Self { folder, display, children: Vec::new() };
        let config = format!("--config-file={}", config.display());
        session.start("dbus-daemon", &[&config, "--nofork"], "");
        session.wait_for("the bus", |_| socket.exists());
        session
    }

    pub(super) fn with_keyring() -> Self {
        let mut session = Self::without_keyring();
        session.start_keyring(&["--unlock"], "password");
        session
    }

    pub(super) fn start_keyring(&mut self, arguments: &[&str], password: &str) {
        let arguments = [&["--foreground", "--components=secrets"], arguments].concat();
        self.start("gnome-keyring-daemon", &arguments, password);
        self.wait_for("the keyring", |session| {
            let owner = "org.freedesktop.DBus.NameHasOwner";
            let arguments =
                ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus", owner];
            let name = "string:org.freedesktop.secrets";
            let reply = run(session.command("dbus-send", &arguments).arg(name), "");
            String::from_utf8_lossy(&reply).contains("true")
        });
        let expected = if password.is_empty() { Answer::Locked { can_ask: false } } else { Answer::Usable };
        self.wait_for("the collection", |session| probe(&session.surroundings())[0].answer == expected);
    }

    pub(super) fn wait_for(&self, what: &str, mut is_there: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !is_there(self) {
            assert!(start.elapsed() < Duration::from_secs(10), "{what} does not come up");
            sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn surroundings(&self) -> Surroundings {
        at(&self.folder.path().join("bus"))
    }

    pub(super) fn store(&self, patience: Patience) -> SecretService {
        SecretService::new(self.surroundings(), patience)
    }

    pub(super) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear();
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("DBUS_SESSION_BUS_ADDRESS", self.surroundings().session_bus.unwrap());
        for variable in ["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(variable, self.folder.path());
        }
        command.envs(self.display.as_ref().map(|display| ("DISPLAY", display)));
        command
    }

    pub(super) fn start(&mut self, program: &str, arguments: &[&str], input: &str) {
        let mut command = self.command(program, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        self.children.push(child);
    }

    /// Stores an item as a person would, with `secret-tool`.
    pub(super) fn store_with_secret_tool(&self, name: &str, value: &str) {
        run(&mut self.command("secret-tool", &store_arguments(name)), value);
    }

    /// Types into the dialog, once it is there.
    pub(super) fn press(&self, keys: &str) {
        run(
            &mut self.command(
                "xdotool",
                &["search", "--sync", "--onlyvisible", "--name", "Unlock", "windowfocus"],
            ),
            "",
        );
        sleep(Duration::from_millis(500));
        let keys: Vec<_> = ["key"].into_iter().chain(keys.split(' ')).collect();
        run(&mut self.command("xdotool", &keys), "");
    }

    pub(super) fn lock(&self) {
        let collection = "array:objpath:/org/freedesktop/secrets/collection/login";
        let lock = "org.freedesktop.Secret.Service.Lock";
        let arguments = [
            "--session",
            "--print-reply",
            "--dest=org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            lock,
        ];
        run(self.command("dbus-send", &arguments).arg(collection), "");
    }

    pub(super) fn keyring(&self) -> Pid {
        Pid::from_raw(self.children[1].id().cast_signed())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            _ = child.kill();
            _ = child.wait();
        }
    }
}

pub(super) fn store_arguments(name: &str) -> [&str; 6] {
    ["store", "--label=test", "service", "mcpcred:conformance", "username", name]
}

/// Runs a program that must succeed, and gives what it prints.
pub(super) fn run(command: &mut Command, input: &str) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

/// What a program sees that listens to the whole bus.
pub(super) struct Monitor(Child);

impl Monitor {
    pub(super) fn start(mut command: Command) -> Self {
        let monitor = Self(command.stdout(Stdio::piped()).spawn().unwrap());
        sleep(Duration::from_millis(300));
        monitor
    }

    pub(super) fn stop(mut self) -> String {
        sleep(Duration::from_millis(300));
        self.0.kill().unwrap();
        let mut seen = Vec::new();
        self.0.stdout.take().unwrap().read_to_end(&mut seen).unwrap();
        self.0.wait().unwrap();
        String::from_utf8_lossy(&seen).into_owned()
    }
}

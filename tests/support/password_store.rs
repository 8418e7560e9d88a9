//! `PasswordStore`: what a person keeps with `pass`, under a key that has no passphrase (Linux).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Sandbox, feed};

/// The agent that keeps the key ends with it.
pub(crate) struct PasswordStore {
    home: PathBuf,
    folder: PathBuf,
}

impl PasswordStore {
    /// An empty one in the home of the sandbox; nothing where `pass` is not here, which CI does not accept.
    pub(crate) fn begin(sandbox: &mut Sandbox) -> Option<Self> {
        let is_here =
            ["pass", "gpg"].iter().all(|program| Command::new(program).arg("--version").output().is_ok());
        if !is_here && option_env!("CI").is_none() {
            return None;
        }
        // The socket of the agent takes a short path.
        let home = sandbox.path("g");
        fs::create_dir(&home).unwrap();
        fs::set_permissions(&home, PermissionsExt::from_mode(0o700)).unwrap();
        let store = Self { home, folder: sandbox.path(".password-store") };
        store.around(sandbox);
        store.call("gpg", &["--batch", "--passphrase", "", "--quick-gen-key", "me", "future-default"], "");
        store.call("pass", &["init", "me"], "");
        Some(store)
    }

    /// Lets a person with another home use it.
    pub(crate) fn around(&self, sandbox: &mut Sandbox) {
        sandbox.set("GNUPGHOME", self.home.to_str().unwrap());
        sandbox.set("PASSWORD_STORE_DIR", self.folder.to_str().unwrap());
    }

    /// Keeps this text.
    pub(crate) fn insert(&self, entry: &str, text: &str) {
        self.call("pass", &["insert", "--multiline", "--force", entry], text);
    }

    /// Whether it keeps something of that name.
    pub(crate) fn has(&self, entry: &str) -> bool {
        self.file(entry).exists()
    }

    /// Where an entry lies, encrypted.
    pub(crate) fn file(&self, entry: &str) -> PathBuf {
        self.folder.join(format!("{entry}.gpg"))
    }

    /// Gives it another key, which a passphrase opens that nobody has typed.
    pub(crate) fn lock_with(&self, passphrase: &str) {
        let words = ["--batch", "--pinentry-mode", "loopback", "--passphrase", passphrase];
        self.call("gpg", &[&words[..], &["--quick-gen-key", "two", "future-default"]].concat(), "");
        self.call("pass", &["init", "two"], "");
        self.call("gpgconf", &["--kill", "all"], "");
    }

    fn call(&self, program: &str, arguments: &[&str], input: &str) {
        let mut command = Command::new(program);
        command.args(arguments).env("GNUPGHOME", &self.home).env("PASSWORD_STORE_DIR", &self.folder);
        let ran = feed(command, input.as_bytes());
        assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

impl Drop for PasswordStore {
    fn drop(&mut self) {
        _ = Command::new("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", &self.home).output();
    }
}

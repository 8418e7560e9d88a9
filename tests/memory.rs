//! No secret is left in the memory of a program that has done its work. Searched from outside, when everything
//! is done and the memory is still there.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use nix::libc::{SYS_execve, SYS_write};

use crate::support::Sandbox;
use crate::support::keyring_session::KeyringSession;
use crate::support::terminal::Terminal;
use crate::support::traced::{self, Stop, Traced};

/// 64 characters that occur nowhere else, in which no 16 come twice.
fn canary() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut state = u64::from(std::process::id()) << 32 | u64::from(COUNT.fetch_add(1, Ordering::Relaxed));
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b"abcdefghijklmnopqrstuvwxyzABCDEF"[(state >> 59) as usize])
    };
    (0..64).map(|_| next()).collect()
}

/// Runs it, and looks for the secrets when it is about to end. Gives what it printed.
#[track_caller]
fn leaves_nothing<I: AsRef<OsStr>>(
    sandbox: &Sandbox,
    arguments: impl IntoIterator<Item = I>,
    input: &[u8],
    secrets: &[&[u8]],
) -> Vec<u8> {
    let (mut traced, child) = traced::start(sandbox, arguments, input);
    let mut output = child.stdout.unwrap();
    let mut words = child.stderr.unwrap();
    let reading = thread::spawn(move || {
        let mut printed = Vec::new();
        output.read_to_end(&mut printed).unwrap();
        printed
    });
    assert_eq!(traced.until_exec_or_exit(), Stop::Exit);
    expect_nothing(&mut traced, secrets);
    let status = traced.end();
    let mut said = String::new();
    words.read_to_string(&mut said).unwrap();
    assert_eq!(status, 0, "{said}");
    reading.join().unwrap()
}

#[track_caller]
fn expect_nothing(traced: &mut Traced, secrets: &[&[u8]]) {
    for secret in secrets {
        let places = traced.residues_of(secret);
        assert!(places.is_empty(), "left in memory:\n{}", places.join("\n"));
    }
}

/// A home whose vault is opened by a key that the search can tell from other bytes.
struct Home {
    sandbox: Sandbox,
    canary: String,
    key: String,
}

impl Home {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let home = Self { key: canary(), canary: canary(), sandbox };
        home.write("key", &home.key);
        home.sandbox.feed(["add", "TOKEN", "--stdin"], home.canary.as_bytes()).succeeds();
        home
    }

    /// The vault is opened by a passphrase alone.
    fn with_passphrase() -> Self {
        let mut sandbox = Sandbox::bare();
        sandbox.set("MCPCRED_STORE", "vault");
        let home = Self { key: canary(), canary: canary(), sandbox };
        home.write("passphrase", &home.key);
        let mut command = home.sandbox.command(["add", "TOKEN", "--stdin"]);
        command.env("MCPCRED_PASSPHRASE_FILE", home.sandbox.path("passphrase"));
        assert!(crate::support::feed(command, home.canary.as_bytes()).status.success());
        home
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.sandbox.path(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    #[track_caller]
    fn leaves_nothing(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let secrets = [self.canary.as_bytes(), self.key.as_bytes()];
        leaves_nothing(&self.sandbox, arguments, input, &secrets)
    }
}

fn is_write_to_stdout(stop: &Stop) -> bool {
    matches!(stop, Stop::Call { number, arguments: [1, ..] } if *number == SYS_write.cast_unsigned())
}

/// The control: what is there is found.
#[test]
fn the_search_finds_a_value_on_its_way_out() {
    let home = Home::new();
    let (mut traced, _child) = traced::start(&home.sandbox, ["get", "TOKEN"], b"");
    traced.until(is_write_to_stdout);
    let found = traced.residues_of(home.canary.as_bytes());
    assert!(found.len() >= 4, "{found:?}");
    assert_eq!(traced.until_exec_or_exit(), Stop::Exit);
    expect_nothing(&mut traced, &[home.canary.as_bytes(), home.key.as_bytes()]);
    traced.end();
}

#[test]
fn get_leaves_nothing() {
    let home = Home::new();
    assert_eq!(home.leaves_nothing(&["get", "TOKEN"], b""), home.canary.as_bytes());
    assert!(home.leaves_nothing(&["get", "TOKEN", "--json"], b"").len() > home.canary.len());
}

#[test]
fn bytes_that_are_no_text_leave_nothing_as_base64_either() {
    let home = Home::new();
    let value = [&[0xff][..], home.canary.as_bytes()].concat();
    home.leaves_nothing(&["rotate", "TOKEN", "--stdin"], &value);
    let document = home.leaves_nothing(&["get", "TOKEN", "--json"], b"");
    let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
    let encoded = document["value"].as_str().unwrap().to_owned();
    leaves_nothing(&home.sandbox, ["get", "TOKEN", "--json"], b"", &[&encoded.as_bytes()[..80]]);
}

#[test]
fn a_value_of_many_pages_leaves_nothing() {
    let home = Home::new();
    let value = home.canary.repeat(900);
    home.leaves_nothing(&["add", "LONG", "--stdin"], value.as_bytes());
    home.leaves_nothing(&["get", "LONG"], b"");
    home.leaves_nothing(&["get", "LONG", "--json"], b"");
    home.leaves_nothing(&["export-env", "--shell", "bash"], b"");
}

#[test]
fn add_leaves_nothing_wherever_the_value_comes_from() {
    let home = Home::new();
    let line = format!("{}\n", home.canary);
    home.leaves_nothing(&["add", "FROM_STDIN", "--stdin"], home.canary.as_bytes());
    home.leaves_nothing(&["add", "FROM_LINE", "--stdin"], line.as_bytes());
    home.write("value", &line);
    let path = home.sandbox.path("value");
    home.leaves_nothing(&["add", "FROM_FILE", "--from-file", path.to_str().unwrap()], b"");
}

#[test]
fn a_first_add_that_makes_the_vault_leaves_nothing() {
    let home = Home { sandbox: Sandbox::new(), canary: canary(), key: canary() };
    home.write("key", &home.key);
    home.leaves_nothing(&["add", "TOKEN", "--stdin"], home.canary.as_bytes());
}

#[test]
fn rotate_and_its_way_back_leave_nothing() {
    let home = Home::new();
    home.leaves_nothing(&["rotate", "TOKEN", "--stdin"], home.canary.as_bytes());
    home.leaves_nothing(&["rotate", "TOKEN", "--stdin", "--keep-previous", "7d"], b"another value");
    home.leaves_nothing(&["get", "TOKEN", "--previous"], b"");
    home.leaves_nothing(&["rotate", "TOKEN", "--rollback"], b"");
    home.leaves_nothing(&["delete", "TOKEN", "--yes"], b"");
}

#[test]
fn export_env_leaves_nothing_for_any_shell() {
    let home = Home::new();
    for shell in [
        "bash",
        "zsh",
        "sh",
        "fish",
        "powershell",
        "cmd",
        "nu",
        "elvish",
        "dotenv",
        "json",
        "docker",
        "github-actions",
    ] {
        let lines = home.leaves_nothing(&["export-env", "--shell", shell], b"");
        assert!(lines.len() > home.canary.len(), "{shell}");
    }
}

#[test]
fn a_value_typed_at_the_prompt_leaves_nothing() {
    let home = Home::new();
    let mut terminal = Terminal::start(&traced::waiting(&home.sandbox, ["add", "TYPED"]));
    let mut traced = Traced::attach(terminal.process());
    thread::scope(|scope| {
        scope.spawn(|| {
            terminal.expect("Secret for `TYPED`: ");
            terminal.send_line(&home.canary);
        });
        assert_eq!(traced.until_exec_or_exit(), Stop::Exit);
        expect_nothing(&mut traced, &[home.canary.as_bytes(), home.key.as_bytes()]);
        assert_eq!(traced.end(), 0);
    });
    home.leaves_nothing(&["get", "TYPED"], b"");
}

#[test]
fn a_passphrase_leaves_nothing_and_neither_does_what_it_opens() {
    let mut home = Home::with_passphrase();
    let line = format!("{}\n", home.key);
    assert_eq!(
        home.leaves_nothing(&["get", "TOKEN", "--passphrase-fd", "0"], line.as_bytes()),
        home.canary.as_bytes()
    );
    let path = home.sandbox.path("passphrase").to_str().unwrap().to_owned();
    home.sandbox.set("MCPCRED_PASSPHRASE_FILE", &path);
    home.leaves_nothing(&["get", "TOKEN"], b"");
    home.leaves_nothing(&["rotate", "TOKEN", "--stdin"], home.canary.as_bytes());

    let new = canary();
    home.write("new", &new);
    let new_path = home.sandbox.path("new");
    let change = ["store", "passphrase", "--new-passphrase-file", new_path.to_str().unwrap()];
    leaves_nothing(&home.sandbox, change, b"", &[home.key.as_bytes(), new.as_bytes()]);
}

#[test]
fn a_passphrase_typed_at_the_prompt_leaves_nothing() {
    let home = Home::with_passphrase();
    let mut terminal = Terminal::start(&traced::waiting(&home.sandbox, ["get", "TOKEN"]));
    let mut traced = Traced::attach(terminal.process());
    thread::scope(|scope| {
        scope.spawn(|| {
            terminal.expect("Passphrase of the vault: ");
            terminal.send_line(&home.key);
        });
        assert_eq!(traced.until_exec_or_exit(), Stop::Exit);
        expect_nothing(&mut traced, &[home.canary.as_bytes(), home.key.as_bytes()]);
        assert_eq!(traced.end(), 0);
    });
}

#[test]
fn the_secret_service_leaves_nothing() {
    let session = KeyringSession::new();
    let home = Home { sandbox: session.sandbox(), canary: canary(), key: canary() };
    home.leaves_nothing(&["add", "TOKEN", "--stdin"], home.canary.as_bytes());
    assert_eq!(home.leaves_nothing(&["get", "TOKEN"], b""), home.canary.as_bytes());
    home.leaves_nothing(&["rotate", "TOKEN", "--stdin"], home.canary.as_bytes());
    home.leaves_nothing(&["export-env", "--shell", "bash"], b"");
    // Longer than the keyring takes: in a file of its own.
    let long = home.canary.repeat(1000);
    home.leaves_nothing(&["rotate", "TOKEN", "--stdin"], long.as_bytes());
    assert_eq!(home.leaves_nothing(&["get", "TOKEN"], b""), long.as_bytes());
}

#[test]
fn an_import_leaves_nothing() {
    let mut home = Home::new();
    let other = canary();
    let text = format!("FILE_TOKEN=\"{}\"\r\nOTHER_TOKEN={other}\nPORT=1\n", home.canary);
    home.write(".env", &text);
    for arguments in [&["--dry-run"][..], &["--only", "FILE_TOKEN", "--delete-source"]] {
        let arguments = [&["import", "dotenv"], arguments].concat();
        leaves_nothing(&home.sandbox, arguments, b"", &[home.canary.as_bytes(), other.as_bytes()]);
    }
    assert_eq!(
        fs::read_to_string(home.sandbox.path(".env")).unwrap(),
        format!("OTHER_TOKEN={other}\nPORT=1\n")
    );
    let session = KeyringSession::new();
    session.around(&mut home.sandbox);
    session.secret_tool(&["store", "--label=DESK_TOKEN", "service", "desk"], &home.canary);
    home.leaves_nothing(&["import", "secret-tool", "service=desk", "--delete-source"], b"");
}

#[test]
fn in_a_workflow_the_file_gets_the_values_and_the_memory_keeps_none() {
    let mut home = Home::new();
    let file = home.sandbox.path("github-env").to_str().unwrap().to_owned();
    home.sandbox.set("GITHUB_ENV", &file);
    home.leaves_nothing(&["export-env", "--shell", "github-actions"], b"");
    assert!(fs::read_to_string(file).unwrap().contains(&home.canary));
}

/// The block of variables that is handed over is the one place that still holds it.
#[test]
fn run_takes_the_value_to_the_new_program_and_nowhere_else() {
    let home = Home::new();
    let (mut traced, _child) = traced::start(&home.sandbox, ["run", "-e", "TOKEN", "--", "true"], b"");
    traced.until(|stop| matches!(stop, Stop::Call { number, .. } if *number == SYS_execve.cast_unsigned()));
    let places = traced.residues_of(home.canary.as_bytes());
    assert_eq!(places.len(), 4, "each of its pieces once:\n{}", places.join("\n"));
    expect_nothing(&mut traced, &[home.key.as_bytes()]);

    assert_eq!(traced.until_exec_or_exit(), Stop::Exec);
    let places = traced.residues_of(home.canary.as_bytes());
    assert_eq!(places.len(), 4, "each of its pieces once:\n{}", places.join("\n"));
    assert!(places.iter().all(|place| place.contains("[stack]")), "the new environment: {places:?}");
    expect_nothing(&mut traced, &[home.key.as_bytes()]);
    assert_eq!(traced.end(), 0);
}

#[test]
fn a_program_that_does_not_start_leaves_nothing() {
    let home = Home::new();
    home.write("program", "\u{7f}this is no program\u{0}");
    let path = home.sandbox.path("program");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let arguments = ["run", "-e", "TOKEN", "--", path.to_str().unwrap()];
    let (mut traced, _child) = traced::start(&home.sandbox, arguments, b"");
    assert_eq!(traced.until_exec_or_exit(), Stop::Exit);
    expect_nothing(&mut traced, &[home.canary.as_bytes(), home.key.as_bytes()]);
    assert_eq!(traced.end(), 126);
}

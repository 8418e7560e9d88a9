//! A person before a real terminal.

use std::process::Command;

use crate::support::terminal::Terminal;
use crate::support::{CANARY, PASSPHRASE, Sandbox, contains};

fn start(sandbox: &Sandbox, arguments: &[&str]) -> Terminal {
    let mut command: Command = sandbox.command(arguments);
    command.env("TERM", "xterm");
    Terminal::start(&command)
}

#[test]
fn the_prompt_shows_the_length_of_a_secret_and_nothing_of_it() {
    let sandbox = Sandbox::new();
    let mut terminal = start(&sandbox, &["add", "GITHUB_TOKEN"]);
    terminal.expect("Secret for `GITHUB_TOKEN`: ");
    terminal.send(format!("{CANARY}\r").as_bytes());
    terminal.expect(&format!("({} characters)", CANARY.len()));
    terminal.expect("Added `GITHUB_TOKEN`");
    assert_eq!(terminal.wait(), 0);
    assert!(!contains(&terminal.screen(), CANARY.as_bytes()));
    sandbox.run(["get", "GITHUB_TOKEN"]).succeeds().prints(CANARY);
    sandbox.holds_no_canary();
}

#[test]
fn ctrl_c_leaves_the_terminal_as_it_was_and_nothing_stored() {
    let sandbox = Sandbox::new();
    let mut terminal = start(&sandbox, &["add", "A"]);
    terminal.expect("Secret for");
    terminal.send(b"half a secret\x03");
    assert_eq!(terminal.wait(), 5);
    assert!(terminal.echoes());
    sandbox.run(["list"]).succeeds().prints("");
}

#[test]
fn a_paste_of_8_kib_arrives_whole() {
    let sandbox = Sandbox::new();
    let mut terminal = start(&sandbox, &["add", "LONG"]);
    terminal.expect("Secret for");
    let long = "0123456789abcdef".repeat(512);
    terminal.send(format!("{long}\r").as_bytes());
    terminal.expect("(8192 characters)");
    assert_eq!(terminal.wait(), 0);
    sandbox.run(["get", "LONG"]).succeeds().prints(&long);
}

#[test]
fn a_value_on_a_terminal_ends_with_a_newline() {
    let sandbox = Sandbox::new().with("A");
    let mut terminal = start(&sandbox, &["get", "A"]);
    terminal.expect(&format!("{CANARY}\r\n"));
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn a_deletion_is_asked_for_and_anything_but_yes_is_no() {
    let sandbox = Sandbox::new().with("A");
    let mut terminal = start(&sandbox, &["delete", "A"]);
    terminal.expect("Delete `A`? [y/N] ");
    terminal.send(b"\r");
    assert_eq!(terminal.wait(), 5);
    let mut terminal = start(&sandbox, &["delete", "A"]);
    terminal.expect("Delete `A`? [y/N] ");
    terminal.send(b"y\r");
    terminal.expect("Deleted `A`");
    assert_eq!(terminal.wait(), 0);
    sandbox.run(["get", "A"]).exits(3);
}

#[test]
fn where_no_store_is_a_passphrase_typed_twice_makes_the_vault() {
    let mut sandbox = Sandbox::bare();
    sandbox.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let mut terminal = start(&sandbox, &["add", "A"]);
    terminal.expect("Secret for `A`: ");
    terminal.send(format!("{CANARY}\r").as_bytes());
    terminal.expect("New passphrase for the vault: ");
    terminal.send(format!("{PASSPHRASE}\r").as_bytes());
    terminal.expect("The same passphrase again: ");
    terminal.send(format!("{PASSPHRASE}\r").as_bytes());
    terminal.expect("Made an encrypted vault");
    terminal.expect("Added `A` to the vault");
    assert_eq!(terminal.wait(), 0);

    let mut terminal = start(&sandbox, &["get", "A"]);
    terminal.expect("Passphrase of the vault: ");
    terminal.send(b"wrong one\r");
    terminal.expect("Passphrase of the vault: ");
    terminal.send(format!("{PASSPHRASE}\r").as_bytes());
    terminal.expect(CANARY);
    assert_eq!(terminal.wait(), 0);
    assert!(!contains(&terminal.screen(), PASSPHRASE.as_bytes()));
}

#[test]
fn two_passphrases_that_differ_make_no_vault_and_are_asked_for_three_times() {
    let mut sandbox = Sandbox::bare();
    sandbox.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let mut terminal = start(&sandbox, &["add", "A"]);
    terminal.expect("Secret for `A`: ");
    terminal.send(b"a value\r");
    terminal.expect("New passphrase for the vault: ");
    terminal.send(b"short\r");
    terminal.expect("at least 8 characters");
    for _ in 0..2 {
        terminal.expect("New passphrase for the vault: ");
        terminal.send(b"one passphrase\r");
        terminal.expect("again: ");
        terminal.send(b"another passphrase\r");
        terminal.expect("the two passphrases differ");
    }
    assert_eq!(terminal.wait(), 2);
    assert!(!sandbox.data().join("vault").exists());
}

#[test]
fn questions_go_to_the_terminal_and_stdin_stays_free_for_data() {
    let mut sandbox = Sandbox::bare();
    sandbox.set("MCPCRED_STORE", "vault");
    let script = format!("printf %s {CANARY} | \"$1\" add A --stdin && \"$1\" get A | wc -c");
    let mut command = Command::new("sh");
    sandbox.surround(command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_mcpcred")]));
    let mut terminal = Terminal::start(&command);
    for question in ["New passphrase for the vault: ", "again: ", "Passphrase of the vault: "] {
        terminal.expect(question);
        terminal.send(format!("{PASSPHRASE}\r").as_bytes());
    }
    terminal.expect(&CANARY.len().to_string());
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn a_vault_that_is_kept_open_asks_nobody_until_it_is_locked() {
    let mut sandbox = Sandbox::bare();
    sandbox.set("MCPCRED_STORE", "vault");
    let passphrase = sandbox.path("passphrase");
    std::fs::write(&passphrase, PASSPHRASE).unwrap();
    std::fs::set_permissions(&passphrase, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    sandbox.set("MCPCRED_PASSPHRASE_FILE", passphrase.to_str().unwrap());
    sandbox.feed(["add", "A", "--stdin"], CANARY.as_bytes()).succeeds();
    sandbox.unset("MCPCRED_PASSPHRASE_FILE");
    let mut terminal = start(&sandbox, &["store", "unlock", "--timeout", "10m"]);
    terminal.expect("Passphrase of the vault: ");
    terminal.send(format!("{PASSPHRASE}\r").as_bytes());
    terminal.expect("The vault is open for 10m");
    assert_eq!(terminal.wait(), 0);
    sandbox.run(["get", "A", "--no-prompt"]).succeeds().prints(CANARY);
    sandbox.run(["store", "lock"]).succeeds().says("The vault is locked");
    sandbox.run(["get", "A", "--no-prompt"]).exits(4);
}

//! The vault stays closed, or is not what it was.

use crate::faults::{content, put, snapshot, write_private};
use crate::support::{CANARY, Sandbox};

/// A home whose vault is opened by a passphrase alone, in a file that can be named.
fn with_passphrase() -> (Sandbox, String) {
    let mut sandbox = Sandbox::bare();
    let right = write_private(&sandbox.path("right"), "the right passphrase");
    sandbox.set("MCPCRED_STORE", "vault");
    sandbox.set("MCPCRED_PASSPHRASE_FILE", &right);
    (sandbox.with("TOKEN"), right)
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_changes_nothing() {
    let (mut sandbox, right) = with_passphrase();
    let before = snapshot(&sandbox);
    let wrong = write_private(&sandbox.path("wrong"), "another passphrase");
    sandbox.set("MCPCRED_PASSPHRASE_FILE", &wrong);
    for arguments in [&["get", "TOKEN"][..], &["rotate", "TOKEN", "--stdin"], &["add", "NEW", "--stdin"]] {
        let refused = sandbox.feed(arguments, b"value").exits(4).prints("");
        refused.says("error: the passphrase or key does not open the vault");
    }
    sandbox.run(["list"]).succeeds();
    assert_eq!(snapshot(&sandbox), before);
    sandbox.set("MCPCRED_PASSPHRASE_FILE", &right);
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
}

#[test]
fn without_a_passphrase_and_without_questions_the_vault_is_locked() {
    let (mut sandbox, _) = with_passphrase();
    sandbox.unset("MCPCRED_PASSPHRASE_FILE");
    let before = snapshot(&sandbox);
    let refused = sandbox.run(["get", "TOKEN", "--no-prompt"]).exits(4).prints("");
    refused.says("error: the vault is locked, and no passphrase or key was given").says("MCPCRED_KEY_FILE");
    sandbox.feed(["add", "NEW", "--stdin", "--no-prompt"], b"x").exits(4);
    sandbox.run(["delete", "TOKEN", "--yes", "--no-prompt"]).exits(4);
    // What needs no value needs no key.
    assert!(sandbox.run(["list", "--no-prompt"]).succeeds().stdout().contains("TOKEN"));
    assert_eq!(snapshot(&sandbox), before);
}

/// As a service has none: a session of its own.
#[test]
#[cfg(target_os = "linux")]
fn without_a_terminal_nobody_is_asked() {
    let (mut sandbox, _) = with_passphrase();
    sandbox.unset("MCPCRED_PASSPHRASE_FILE");
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new("setsid");
        command.arg("--wait").arg(env!("CARGO_BIN_EXE_mcpcred")).args(arguments);
        sandbox.surround(&mut command);
        crate::support::Ran(crate::support::feed(command, b""))
    };
    let start = std::time::Instant::now();
    run(&["get", "TOKEN"]).exits(4).says("the vault is locked, and no passphrase or key was given");
    run(&["delete", "TOKEN"]).exits(5).says("--yes");
    // Whether its provider replaces it by itself only the value can tell.
    run(&["rotate", "TOKEN"]).exits(4).says("the vault is locked");
    assert!(start.elapsed() < std::time::Duration::from_secs(10));
}

#[test]
fn a_key_that_cannot_be_used_is_named() {
    let mut sandbox = Sandbox::new().with("TOKEN");
    let before = snapshot(&sandbox);
    let short = write_private(&sandbox.path("short"), "too short");
    sandbox.set("MCPCRED_KEY_FILE", &short);
    sandbox.run(["get", "TOKEN"]).exits(1).says("has 9 bytes, and a key file has at least 32");
    sandbox.set("MCPCRED_KEY_FILE", sandbox.path("nowhere").to_str().unwrap());
    sandbox.run(["get", "TOKEN"]).exits(1).says("nowhere");
    assert_eq!(snapshot(&sandbox), before);
}

/// Whatever byte of it is changed: the value comes out as it was, or nothing does.
#[test]
fn a_damaged_vault_gives_the_value_or_nothing() {
    let sandbox = Sandbox::new().with("OTHER").with("TOKEN");
    let whole = content(&sandbox, "vault");
    let mut damaged = 0;
    for at in (0..whole.len()).step_by(whole.len() / 120) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        put(&sandbox, "vault", &bytes);
        let ran = sandbox.run(["get", "TOKEN"]);
        match ran.0.status.code() {
            Some(0) => drop(ran.prints(CANARY)),
            Some(4) => drop(ran.prints("").says("does not open the vault")),
            _ => {
                damaged += 1;
                let ran = ran.exits(1).prints("").says("vault`");
                let said = ran.stderr();
                let sentences = ["is damaged", "and this mcpcred knows", "is older than it was"];
                assert!(sentences.iter().any(|sentence| said.contains(sentence)), "{at}: {said}");
            }
        }
        if at % 5 == 0 {
            let ran = sandbox.feed(["add", "NEW", "--stdin"], b"value");
            if ran.0.status.code() != Some(0) {
                assert_eq!(content(&sandbox, "vault"), bytes, "it is left as it was");
            }
            sandbox.run(["delete", "NEW", "--yes", "--if-exists"]);
        }
    }
    assert!(damaged > 60, "{damaged}");
    put(&sandbox, "vault", &whole);
    sandbox.run(["get", "TOKEN"]);
}

#[test]
fn a_vault_that_is_cut_short_says_so_and_is_kept() {
    let sandbox = Sandbox::new().with("TOKEN");
    let whole = content(&sandbox, "vault");
    for length in [0, 1, 8, 9, 14, 100, whole.len() / 2, whole.len() - 1] {
        put(&sandbox, "vault", &whole[..length]);
        sandbox.run(["get", "TOKEN"]).exits(1).prints("").says("is damaged").says("from a backup");
        sandbox.feed(["add", "NEW", "--stdin"], b"value").exits(1).says("is damaged");
        sandbox.run(["list"]).succeeds();
        assert_eq!(content(&sandbox, "vault").len(), length);
    }
    put(&sandbox, "vault", &whole);
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
}

#[test]
fn the_vault_of_somebody_else_is_told_from_ours() {
    let ours = Sandbox::new().with("TOKEN");
    let same_key = Sandbox::new().with("OTHER");
    put(&ours, "vault", content(&same_key, "vault"));
    ours.run(["get", "TOKEN"]).exits(3).prints("").says("the vault no longer holds `TOKEN`");
    let (another_key, _) = with_passphrase();
    put(&ours, "vault", content(&another_key, "vault"));
    ours.run(["get", "TOKEN"]).exits(4).prints("").says("does not open the vault");
}

#[test]
fn a_vault_put_back_from_yesterday_is_refused() {
    let sandbox = Sandbox::new().with("TOKEN");
    let yesterday = content(&sandbox, "vault");
    sandbox.feed(["rotate", "TOKEN", "--stdin"], b"new value").succeeds();
    let today = content(&sandbox, "vault");
    put(&sandbox, "vault", &yesterday);
    let refused = sandbox.run(["get", "TOKEN"]).exits(1).prints("");
    refused.says("is older than it was: generation 4, seen 6").says("--accept-rollback");
    sandbox.feed(["rotate", "TOKEN", "--stdin"], b"x").exits(1).says("is older than it was");
    assert_eq!(content(&sandbox, "vault"), yesterday, "it is left as it was");
    put(&sandbox, "vault", &today);
    sandbox.run(["get", "TOKEN"]).succeeds().prints("new value");
}

#[test]
#[cfg(unix)]
fn a_backup_that_was_put_back_on_purpose_is_accepted_once_and_for_all() {
    let sandbox = Sandbox::new().with("TOKEN");
    let yesterday = content(&sandbox, "vault");
    sandbox.feed(["rotate", "TOKEN", "--stdin"], b"new value").succeeds();
    put(&sandbox, "vault", &yesterday);
    sandbox.run(["get", "TOKEN"]).exits(1);
    sandbox.run(["store", "unlock", "--accept-rollback", "--timeout", "1m"]);
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    sandbox.feed(["add", "OTHER", "--stdin"], b"x").succeeds();
    sandbox.run(["store", "lock"]);
}

#[test]
fn a_vault_of_a_later_version_is_left_alone() {
    let sandbox = Sandbox::new().with("TOKEN");
    let mut later = content(&sandbox, "vault");
    later[9] = 2;
    put(&sandbox, "vault", &later);
    let refused = sandbox.run(["get", "TOKEN"]).exits(1).prints("");
    refused.says("has format 2, and this mcpcred knows 1");
    sandbox.feed(["add", "NEW", "--stdin"], b"x").exits(1).says("has format 2");
    assert_eq!(content(&sandbox, "vault"), later);
}

#[test]
fn a_lost_vault_is_a_loss_and_no_beginning() {
    let sandbox = Sandbox::new().with("TOKEN");
    std::fs::remove_file(sandbox.data().join("vault")).unwrap();
    let refused = sandbox.run(["get", "TOKEN"]).exits(4).prints("");
    refused.says("the vault is not available").says("mcpcred store init");
    assert!(!sandbox.data().join("vault").exists());
}

//! `import --delete-source` that is killed at any moment: no value is lost, and a repetition finishes the work (Linux).

use std::fs;

use serde_json::{Value, json};

use crate::support::crash::killed_at;
use crate::support::keyring_session::KeyringSession;
use crate::support::password_store::PasswordStore;
use crate::support::{CANARY, Sandbox};

/// Another value that looks like a secret.
const OTHER: &str = "glpat-ZBk4Xw7mQd9Rt2Lv8Ns3";

/// What is imported.
const BOTH: [(&str, &str); 2] = [("A_TOKEN", CANARY), ("B_TOKEN", OTHER)];

/// What is stored.
#[track_caller]
fn stored(sandbox: &Sandbox) -> Value {
    let stdout = sandbox.run(["export-env", "--shell", "json"]).succeeds().stdout();
    serde_json::from_str(&stdout).unwrap()
}

/// What is stored is whole, and what is no longer in the source is stored.
#[track_caller]
fn nothing_is_lost(sandbox: &Sandbox, kills: usize, is_in_source: impl Fn(&str, &str) -> bool) {
    let stored = stored(sandbox);
    for (name, value) in BOTH {
        let is_stored = stored.get(name).is_some_and(|stored| stored == value);
        assert!(is_stored || stored.get(name).is_none(), "another value of {name} after {kills}");
        assert!(is_stored || is_in_source(name, value), "{name} is lost after {kills}");
    }
}

#[track_caller]
fn holds_both(sandbox: &Sandbox) {
    assert_eq!(stored(sandbox), json!({ "A_TOKEN": CANARY, "B_TOKEN": OTHER }));
}

#[test]
fn an_import_out_of_a_file_that_is_killed_loses_nothing() {
    let text = format!("# mine\nA_TOKEN={CANARY}\nB_TOKEN={OTHER}\nPORT=1\n");
    let arguments = ["import", "dotenv", "--yes", "--delete-source"];
    let mut kills = 0;
    loop {
        let sandbox = Sandbox::new();
        let path = sandbox.path(".env");
        fs::write(&path, &text).unwrap();
        if !killed_at(&sandbox, &arguments, b"", kills) {
            break;
        }
        let left = fs::read_to_string(&path).unwrap();
        assert!(left == text || left == "# mine\nPORT=1\n", "torn after {kills}: {left}");
        nothing_is_lost(&sandbox, kills, |_, _| left == text);
        sandbox.run(arguments).succeeds();
        holds_both(&sandbox);
        assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\nPORT=1\n", "after {kills}");
        kills += 1;
    }
    assert!(kills > 40, "{kills} changes are not all");
}

/// The items lie in the same keyring that they move to.
#[test]
fn an_import_out_of_the_keyring_that_is_killed_loses_nothing() {
    fn attributes(name: &str) -> [&str; 4] {
        ["app", "mine", "key", name]
    }
    let session = KeyringSession::new();
    let sandbox = session.sandbox();
    let arguments = ["import", "secret-tool", "app=mine", "--delete-source"];
    let mut kills = 0;
    loop {
        for (name, value) in BOTH {
            let label = format!("--label={name}");
            session.secret_tool(&[&["store", &label][..], &attributes(name)].concat(), value);
        }
        if !killed_at(&sandbox, &arguments, b"", kills) {
            break;
        }
        let is_in_source = |name: &str, value: &str| {
            session.secret_tool(&[&["lookup"][..], &attributes(name)].concat(), "") == value.as_bytes()
        };
        nothing_is_lost(&sandbox, kills, is_in_source);
        sandbox.run(arguments).succeeds();
        holds_both(&sandbox);
        for (name, value) in BOTH {
            assert!(!is_in_source(name, value), "{name} is still there after {kills}");
        }
        sandbox.run(["delete", "A_TOKEN", "B_TOKEN", "--yes"]).succeeds();
        kills += 1;
    }
    holds_both(&sandbox);
    assert!(kills > 60, "{kills} changes are not all");
}

#[test]
fn an_import_out_of_pass_that_is_killed_loses_nothing() {
    let mut person = Sandbox::new();
    let Some(pass) = PasswordStore::begin(&mut person) else { return };
    let kept = BOTH.map(|(name, value)| {
        pass.insert(name, &format!("{value}\n"));
        (pass.file(name), fs::read(pass.file(name)).unwrap())
    });
    let arguments = ["import", "pass", "--yes", "--delete-source"];
    let mut kills = 0;
    loop {
        for (file, encrypted) in &kept {
            fs::write(file, encrypted).unwrap();
        }
        let mut sandbox = Sandbox::new();
        pass.around(&mut sandbox);
        if !killed_at(&sandbox, &arguments, b"", kills) {
            break;
        }
        let whole = |name: &str| {
            kept.iter()
                .any(|(file, it)| *file == pass.file(name) && fs::read(file).is_ok_and(|left| left == *it))
        };
        nothing_is_lost(&sandbox, kills, |name, _| whole(name));
        sandbox.run(arguments).succeeds();
        holds_both(&sandbox);
        assert!(!BOTH.iter().any(|(name, _)| pass.has(name)), "still there after {kills}");
        kills += 1;
    }
    assert!(kills > 40, "{kills} changes are not all");
}

//! A command that is killed at any moment leaves the old value or the new one, and can be called again.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use crate::support::crash::{killed_after, killed_at, time_of, twin_of};
use crate::support::keyring_session::KeyringSession;
use crate::support::{Ran, Sandbox, feed};

const OLD: &[u8] = b"the old value";
const NEW: &[u8] = b"the new value";
const OTHER: &[u8] = b"a bystander";

/// A vault with two credentials.
fn home() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "TOKEN", "--stdin"], OLD).succeeds();
    sandbox.feed(["add", "OTHER", "--stdin"], OTHER).succeeds();
    sandbox
}

/// The value, or `None` where there is no such credential. Anything else is a failure.
#[track_caller]
fn value(sandbox: &Sandbox, arguments: &[&str]) -> Option<Vec<u8>> {
    let ran = sandbox.run([&["get"], arguments].concat());
    match ran.0.status.code() {
        Some(0) => Some(ran.0.stdout),
        Some(3) => None,
        _ => panic!("get {arguments:?}: {}", ran.stderr()),
    }
}

/// What holds however a command ended: everything else works, and nothing else changed.
#[track_caller]
fn works(sandbox: &Sandbox) {
    let listed = sandbox.run(["list", "--json"]).succeeds();
    assert_eq!(listed.stderr(), "");
    let told = sandbox.run(["doctor"]);
    assert!([Some(0), Some(1)].contains(&told.0.status.code()), "{}{}", told.stdout(), told.stderr());
    assert_eq!(value(sandbox, &["OTHER"]).as_deref(), Some(OTHER));
}

/// Kills the command at each of its changes, each time in a new twin of `home`, and then at `times` moments of
/// the time that it takes; looks at each.
fn kill_everywhere(
    home: &Sandbox,
    arguments: &[&str],
    input: &[u8],
    times: u32,
    look: impl Fn(&Sandbox),
) -> usize {
    let mut kills = 0;
    loop {
        let twin = twin_of(home);
        if !killed_at(&twin, arguments, input, kills) {
            break;
        }
        look(&twin);
        kills += 1;
    }
    assert!(kills > 10, "{kills} changes are not all");
    let twin = twin_of(home);
    let time = time_of(|| twin.feed(arguments, input));
    for part in 0..times {
        let twin = twin_of(home);
        killed_after(&twin, arguments, input, time * part / times);
        look(&twin);
    }
    kills + times as usize
}

#[test]
fn an_add_that_is_killed_added_or_did_not() {
    let arguments = ["add", "FRESH", "--stdin"];
    kill_everywhere(&home(), &arguments, NEW, 30, |sandbox| {
        works(sandbox);
        let found = value(sandbox, &["FRESH"]);
        assert!(found.is_none() || found.as_deref() == Some(NEW), "torn");
        let again = sandbox.feed(arguments, NEW);
        // Refused where it was done already, but for the last word about it.
        again.exits(i32::from(found.is_some()));
        assert_eq!(value(sandbox, &["FRESH"]).as_deref(), Some(NEW));
        works(sandbox);
    });
}

#[test]
fn a_first_add_that_is_killed_can_be_repeated() {
    let mut kills = 0;
    loop {
        let sandbox = Sandbox::new();
        if !killed_at(&sandbox, &["add", "TOKEN", "--stdin"], NEW, kills) {
            break;
        }
        let found = value(&sandbox, &["TOKEN"]);
        sandbox.run(["list"]).succeeds();
        sandbox.feed(["add", "TOKEN", "--stdin"], NEW).exits(i32::from(found.is_some()));
        assert_eq!(value(&sandbox, &["TOKEN"]).as_deref(), Some(NEW), "after {kills}");
        kills += 1;
    }
    assert!(kills > 20, "{kills} changes are not all");
}

#[test]
fn a_rotation_that_is_killed_leaves_the_old_or_the_new_value() {
    let arguments = ["rotate", "TOKEN", "--stdin"];
    kill_everywhere(&home(), &arguments, NEW, 60, |sandbox| {
        works(sandbox);
        let found = value(sandbox, &["TOKEN"]).expect("it is not lost");
        assert!(found == OLD || found == NEW, "torn");
        sandbox.feed(arguments, NEW).succeeds();
        assert_eq!(value(sandbox, &["TOKEN"]).as_deref(), Some(NEW));
    });
}

#[test]
fn a_rotation_that_keeps_the_former_value_never_loses_it() {
    let arguments = ["rotate", "TOKEN", "--stdin", "--keep-previous", "7d"];
    kill_everywhere(&home(), &arguments, NEW, 30, |sandbox| {
        works(sandbox);
        let found = value(sandbox, &["TOKEN"]).expect("it is not lost");
        let former = value(sandbox, &["TOKEN", "--previous"]);
        assert!(found == OLD || (found == NEW && former.as_deref() == Some(OLD)), "the old one is lost");
        sandbox.feed(arguments, NEW).succeeds();
        assert_eq!(value(sandbox, &["TOKEN"]).as_deref(), Some(NEW));
        assert_eq!(value(sandbox, &["TOKEN", "--previous"]).as_deref(), Some(OLD));
    });
}

#[test]
fn a_rollback_that_is_killed_loses_neither_value() {
    let home = home();
    home.feed(["rotate", "TOKEN", "--stdin", "--keep-previous", "7d"], NEW).succeeds();
    kill_everywhere(&home, &["rotate", "TOKEN", "--rollback"], b"", 20, |sandbox| {
        works(sandbox);
        let found = value(sandbox, &["TOKEN"]).expect("it is not lost");
        let former = value(sandbox, &["TOKEN", "--previous"]).expect("it is not lost");
        assert!(found == OLD || found == NEW && former == OLD, "the old one is lost");
    });
}

#[test]
fn a_deletion_that_is_killed_can_be_finished() {
    let home = home();
    home.feed(["rotate", "TOKEN", "--stdin", "--keep-previous", "7d"], OLD).succeeds();
    kill_everywhere(&home, &["delete", "TOKEN", "--yes"], b"", 30, |sandbox| {
        works(sandbox);
        let found = value(sandbox, &["TOKEN"]);
        assert!(found.is_none() || found.as_deref() == Some(OLD), "torn");
        sandbox.run(["delete", "TOKEN", "--yes", "--if-exists"]).succeeds();
        assert_eq!(value(sandbox, &["TOKEN"]), None);
        works(sandbox);
        // The store itself holds nothing of it.
        fs::remove_file(sandbox.data().join("index.json")).unwrap();
        let rebuilt = sandbox.run(["list"]).succeeds();
        assert!(!rebuilt.stdout().contains("TOKEN") && rebuilt.stdout().contains("OTHER"));
    });
}

#[test]
fn a_change_of_the_passphrase_that_is_killed_leaves_the_old_or_the_new_one() {
    let home = home();
    let passphrases = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = passphrases.path().join(name);
        fs::write(&path, format!("the {name} passphrase")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (old, new) = (file("old"), file("new"));
    home.run(["store", "passphrase", "--new-passphrase-file", &old]).succeeds();
    let arguments = ["store", "passphrase", "--new-passphrase-file", &new];
    let vault = |sandbox: &Sandbox| fs::read(sandbox.data().join("vault")).unwrap();
    let before = vault(&home);
    let looks = Cell::new(0);
    kill_everywhere(&home, &arguments, b"", 8, |sandbox| {
        works(sandbox);
        // A key derivation is slow, and needs no proof where the file is the same.
        looks.set(looks.get() + 1);
        if vault(sandbox) == before && looks.get() % 8 != 0 {
            return;
        }
        let opens = |passphrase: &str| {
            let mut command = sandbox.command(["get", "OTHER"]);
            command.env_remove("MCPCRED_KEY_FILE").env("MCPCRED_PASSPHRASE_FILE", passphrase);
            let ran = feed(command, b"");
            assert!(ran.status.success() || ran.status.code() == Some(4));
            ran.status.success()
        };
        assert_ne!(opens(&old), opens(&new), "one of them, and not both");
        sandbox.run(arguments).succeeds();
        assert!(opens(&new));
    });
}

/// Whether the vault itself holds nothing, whatever the index says.
fn has_empty_vault(sandbox: &Sandbox) -> bool {
    let twin = twin_of(sandbox);
    for name in ["index.json", "store.json"] {
        _ = fs::remove_file(twin.data().join(name));
    }
    let listed = twin.run(["list", "--json", "--store", "vault"]).succeeds();
    let document: serde_json::Value = serde_json::from_slice(&listed.0.stdout).unwrap();
    document["credentials"].as_array().unwrap().is_empty()
}

/// A short value, a long one that the keyring cannot take, and a former one.
fn check_moving(sandbox: &Sandbox, long: &[u8]) {
    sandbox.run(["list"]).succeeds();
    assert_eq!(value(sandbox, &["SHORT"]).as_deref(), Some(NEW));
    assert_eq!(value(sandbox, &["SHORT", "--previous"]).as_deref(), Some(OLD));
    assert_eq!(value(sandbox, &["LONG"]).as_deref(), Some(long));
}

/// Moves until nothing is left: the keyring may still be at work for the one that was killed, and then keeps a
/// copy, which is told.
fn move_all(sandbox: &Sandbox, target: &str) -> Ran {
    for _ in 0..3 {
        let moved = sandbox.run(["store", "move", target]);
        if moved.0.status.code() == Some(0) {
            return moved;
        }
        moved.exits(1).says("call this again to try once more");
    }
    panic!("copies stay behind");
}

/// A vault with a value that has a former one, and with a value too long for the keyring, beside that keyring.
fn before_a_move() -> (KeyringSession, Sandbox, Vec<u8>) {
    let session = KeyringSession::new();
    let long = vec![b'x'; 200 * 1024];
    let mut sandbox = Sandbox::new();
    session.around(&mut sandbox);
    sandbox.feed(["add", "SHORT", "--stdin"], OLD).succeeds();
    sandbox.feed(["rotate", "SHORT", "--stdin", "--keep-previous", "7d"], NEW).succeeds();
    sandbox.feed(["add", "LONG", "--stdin"], &long).succeeds();
    sandbox.unset("MCPCRED_STORE");
    (session, sandbox, long)
}

#[test]
fn a_move_that_is_killed_again_and_again_comes_to_its_end() {
    let (session, sandbox, long) = before_a_move();

    let mut at = 0;
    for (target, step) in [("secret-service", 3), ("vault", 3), ("secret-service", 5), ("vault", 5)] {
        // Each time it gets a little further.
        while killed_at(&sandbox, &["store", "move", target], b"", at) {
            check_moving(&sandbox, &long);
            at += step;
        }
        at = 1;
        move_all(&sandbox, target);
        check_moving(&sandbox, &long);
        if target == "vault" {
            assert_eq!(session.labels(), Vec::<String>::new());
            // Files that nothing refers to, and that nothing opens any more: an hour later they are swept.
            let sealed = || fs::read_dir(sandbox.data().join("sealed")).unwrap().flatten();
            let past = SystemTime::UNIX_EPOCH;
            sealed().for_each(|file| fs::File::open(file.path()).unwrap().set_modified(past).unwrap());
            sandbox.run(["doctor", "--repair"]).succeeds();
            assert_eq!(sealed().count(), 0, "a sealed file is left");
        } else {
            assert!(has_empty_vault(&sandbox));
        }
    }
}

#[test]
fn a_move_that_is_killed_at_any_moment_comes_to_its_end() {
    let (session, sandbox, long) = before_a_move();
    let mut time = Duration::from_millis(300);
    for part in 0..24 {
        let target = if part % 2 == 0 { "secret-service" } else { "vault" };
        if killed_after(&sandbox, &["store", "move", target], b"", time * part / 24) {
            check_moving(&sandbox, &long);
        }
        time = time_of(|| move_all(&sandbox, target)).max(Duration::from_millis(100));
        check_moving(&sandbox, &long);
    }
    assert!(session.labels().is_empty());
}

//! Who opens a store, closes it, or changes what opens it, is on record as well.

use std::fs;
use std::path::PathBuf;

use crate::audit::{actions, lines, verified};
use crate::support::{CANARY, Sandbox};

/// A key that only its owner can read.
fn key(sandbox: &Sandbox, name: &str, byte: u8) -> PathBuf {
    let path = sandbox.path(name);
    fs::write(&path, [byte; 32]).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    path
}

fn details(sandbox: &Sandbox) -> Vec<String> {
    lines(sandbox).iter().map(|line| line["detail"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn changes_of_what_opens_the_vault_and_wrong_keys_are_lines() {
    let mut sandbox = Sandbox::new().with("TOKEN");
    let other = key(&sandbox, "other", b'o');
    sandbox.run(["store", "passphrase", "--add-key-file", other.to_str().unwrap()]).succeeds();
    sandbox.run(["store", "passphrase", "--remove-slot", "77"]).exits(3);
    let own = sandbox.path("key").to_str().unwrap().to_owned();
    let wrong = key(&sandbox, "wrong", b'w');
    sandbox.set("MCPCRED_KEY_FILE", wrong.to_str().unwrap());
    sandbox.run(["store", "passphrase", "--recovery-code"]).exits(4).prints("");
    sandbox.run(["audit", "verify"]).exits(4);
    let told = sandbox.run(["get", "TOKEN"]).exits(4).stderr();
    assert!(told.contains("a store refused 3 times in a row"), "{told}");
    sandbox.set("MCPCRED_KEY_FILE", &own);
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    let expected =
        ["add done", "rekey done", "rekey failed", "rekey denied", "unlock denied", "get denied", "get done"];
    assert_eq!(actions(&sandbox), expected);
    let refused = "wrong-passphrase";
    assert_eq!(details(&sandbox), ["", "key-file", "slot-removed", refused, refused, refused, ""]);
    assert_eq!(lines(&sandbox)[1]["store"], "vault");
    assert!(verified(&sandbox, 0)["loose"] == 0);
    let found = sandbox.run(["audit", "anomalies", "--json"]).succeeds().json("audit-anomalies");
    assert_eq!(found["anomalies"][0]["rule"], "failed-unlocks");
}

#[test]
#[cfg(target_os = "linux")]
fn closing_the_vault_is_a_line_and_no_log_keeps_anybody_from_it() {
    let sandbox = Sandbox::new().with("TOKEN");
    sandbox.run(["store", "lock"]).succeeds();
    assert_eq!(actions(&sandbox), ["add done", "lock done"]);
    let log = sandbox.data().join("audit.jsonl");
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    sandbox.run(["store", "lock"]).succeeds().says("this is not in the audit log");
}

/// The kernel of Linux keeps the key.
#[test]
#[cfg(target_os = "linux")]
fn a_vault_that_is_kept_open_is_closed_by_a_lockdown() {
    let mut sandbox = Sandbox::new().with("TOKEN");
    sandbox.run(["store", "unlock", "--timeout", "5m"]).succeeds();
    let key = sandbox.path("key").to_str().unwrap().to_owned();
    sandbox.unset("MCPCRED_KEY_FILE");
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    let document = sandbox.run(["lockdown", "--all", "--no-revoke", "--json"]).succeeds().json("lockdown");
    let steps = document["steps"].as_array().unwrap();
    let unlocks = steps.iter().find(|step| step["step"] == "unlocks").unwrap();
    assert_eq!(unlocks["outcome"], "done", "{unlocks}");
    fs::remove_file(sandbox.data().join("lockdown.json")).unwrap();
    // Nobody has said how it opens, and its key is not kept any more.
    sandbox.run(["get", "TOKEN"]).exits(4).prints("");
    sandbox.set("MCPCRED_KEY_FILE", &key);
    sandbox.run(["get", "TOKEN"]).succeeds();
    let expected = [
        "add done",
        "unlock done",
        "get done",
        "lockdown done",
        "lockdown done",
        "lock done",
        "get denied",
        "get done",
    ];
    assert_eq!(actions(&sandbox), expected);
    assert_eq!(details(&sandbox)[1], "for 5m");
}

#[test]
fn a_vault_that_is_made_and_each_way_to_open_it_are_lines() {
    let mut sandbox = Sandbox::bare();
    let own = sandbox.path("own").to_str().unwrap().to_owned();
    sandbox.run(["store", "init", "--new-key-file", &own, "--recovery-code"]).succeeds();
    sandbox.set("MCPCRED_KEY_FILE", &own);
    sandbox.run(["store", "init"]).exits(1).says("there is a vault");
    sandbox.feed(["add", "TOKEN", "--stdin"], CANARY.as_bytes()).succeeds();
    assert_eq!(actions(&sandbox), ["init done", "rekey done", "add done"]);
    assert_eq!(details(&sandbox), ["key-file", "recovery-code", ""]);
    assert!(lines(&sandbox).iter().all(|line| line["store"] == "vault"));
    assert!(verified(&sandbox, 0)["loose"] == 0, "the key of the log is in the vault that was made");
    sandbox.run(["audit", "--action", "init", "--json"]).succeeds().json("audit");
}

#[test]
fn no_vault_is_made_that_can_not_go_on_record() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.data().join("audit.jsonl")).unwrap();
    sandbox.run(["store", "init"]).exits(1).says("nothing was done");
    assert!(!sandbox.data().join("vault").exists());
}

#[test]
fn what_a_repair_takes_away_is_a_line_and_a_repair_of_nothing_is_none() {
    let sandbox = Sandbox::new().with("TOKEN");
    sandbox.run(["doctor", "--repair"]).succeeds();
    assert_eq!(actions(&sandbox), ["add done"]);
    sandbox.feed(["rotate", "TOKEN", "--stdin", "--keep-previous", "1s"], b"another value").succeeds();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    sandbox.run(["doctor", "--repair"]).succeeds();
    assert_eq!(actions(&sandbox), ["add done", "rotate done", "repair done"]);
    assert_eq!(details(&sandbox)[2], "0 settled, 1 former values removed, 0 listed");
}

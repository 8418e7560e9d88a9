//! A person decides where values rest, and what opens the vault.

use std::fs;

use crate::support::{CANARY, PASSPHRASE, Sandbox};

fn write_private(sandbox: &Sandbox, name: &str, content: &str) -> String {
    let path = sandbox.path(name);
    fs::write(&path, content).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn status_tells_the_store_who_chose_it_and_what_opens_the_vault() {
    let sandbox = Sandbox::new().with("A");
    let document = sandbox.run(["store", "status", "--json"]).succeeds().json("store-status");
    assert_eq!(document["store"], "vault");
    assert_eq!(document["chosen_by"], "environment");
    assert_eq!(document["credentials"], 1);
    assert_eq!(document["vault"]["slots"][0]["kind"], "key-file");
    let shown = sandbox.run(["store", "status"]).succeeds().stdout();
    assert!(shown.contains("MCPCRED_STORE") && shown.contains("slot 1: key-file"), "{shown}");
}

#[test]
fn a_new_key_file_opens_a_vault_without_a_person() {
    let mut sandbox = Sandbox::bare();
    let key = sandbox.path("keys/mcpcred").to_str().unwrap().to_owned();
    sandbox.run(["store", "init", "--new-key-file", &key]).succeeds().says("MCPCRED_KEY_FILE");
    sandbox.run(["store", "init", "--new-key-file", &key]).exits(1).says("there is a vault");
    sandbox.set("MCPCRED_KEY_FILE", &key);
    sandbox.feed(["add", "A", "--stdin"], CANARY.as_bytes()).succeeds();
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    sandbox.holds_no_canary();
}

#[test]
fn a_changed_passphrase_opens_the_vault_and_the_old_one_does_not() {
    let mut sandbox = Sandbox::bare();
    let old = write_private(&sandbox, "old", PASSPHRASE);
    let new = write_private(&sandbox, "new", "another passphrase\n");
    sandbox.set("MCPCRED_STORE", "vault");
    sandbox.set("MCPCRED_PASSPHRASE_FILE", &old);
    sandbox.feed(["add", "A", "--stdin"], CANARY.as_bytes()).succeeds();
    sandbox.run(["store", "passphrase", "--new-passphrase-file", &new]).succeeds();
    sandbox.run(["get", "A"]).exits(4).says("does not open the vault");
    sandbox.set("MCPCRED_PASSPHRASE_FILE", &new);
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
}

#[test]
fn a_recovery_code_opens_the_vault_when_the_key_is_lost() {
    let mut sandbox = Sandbox::new().with("A");
    let code = sandbox.run(["store", "passphrase", "--recovery-code"]).succeeds().stdout();
    assert_eq!(code.lines().count(), 1, "{code}");
    sandbox.unset("MCPCRED_KEY_FILE");
    let typed = code.trim().to_ascii_lowercase();
    sandbox.set("MCPCRED_PASSPHRASE", &typed);
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
    assert_eq!(sandbox.files_holding(code.trim().as_bytes()), Vec::<std::path::PathBuf>::new());
}

#[test]
#[cfg(unix)]
fn a_recovery_code_that_nobody_could_read_opens_nothing() {
    let sandbox = Sandbox::new().with("A");
    let program = env!("CARGO_BIN_EXE_mcpcred");
    let full = if cfg!(target_os = "linux") { ">/dev/full" } else { ">&-" };
    for redirection in [">&-", full] {
        let mut shell = std::process::Command::new("sh");
        let script = format!(r#""$0" store passphrase --recovery-code {redirection}"#);
        sandbox.surround(shell.args(["-c", &script, program]));
        crate::support::Ran(crate::support::feed(shell, b"")).exits(1).says("opens nothing");
    }
    let mut shell = std::process::Command::new("bash");
    let script = r#"("$0" store passphrase --recovery-code; echo $? >status) > >(exec true; ) ; sleep 0.1"#;
    sandbox.surround(shell.args(["-c", &script.replace("(\"$0\"", "(sleep 0.3; \"$0\""), program]));
    crate::support::feed(shell, b"");
    assert_eq!(fs::read_to_string(sandbox.path("status")).unwrap(), "1\n");
    let document = sandbox.run(["store", "status", "--json"]).succeeds().json("store-status");
    assert_eq!(document["vault"]["slots"].as_array().unwrap().len(), 1);
}

#[test]
fn a_store_of_the_system_is_made_without_keys_of_ours() {
    let mut sandbox = Sandbox::bare();
    sandbox.unset("MCPCRED_STORE");
    for flag in [&["--recovery-code"][..], &["--keychain"], &["--new-key-file", "k"]] {
        let words = ["store", "init", "--store", "secret-service"].iter().chain(flag);
        sandbox.run(words).exits(2).says("takes no key");
    }
    assert!(!sandbox.path("k").exists());
}

#[test]
fn paths_that_are_told_or_set_do_not_depend_on_where_one_stands() {
    let mut sandbox = Sandbox::bare();
    let ran = sandbox.run(["store", "init", "--new-key-file", "k2", "--recovery-code"]).succeeds();
    assert!(std::path::Path::new(ran.stderr().split("MCPCRED_KEY_FILE=").nth(1).unwrap()).is_absolute());
    assert_eq!(ran.stdout().lines().count(), 1);
    sandbox.set("MCPCRED_DATA_DIR", "data");
    let document = sandbox.run(["store", "status", "--json"]).succeeds().json("store-status");
    assert!(std::path::Path::new(document["vault"]["path"].as_str().unwrap()).is_absolute(), "{document}");
}

#[test]
fn slots_come_and_go_but_the_last_one_stays() {
    let sandbox = Sandbox::new().with("A");
    let second = write_private(&sandbox, "second", &"s".repeat(40));
    sandbox.run(["store", "passphrase", "--add-key-file", &second]).succeeds().says("slot 2");
    sandbox.run(["store", "passphrase", "--remove-slot", "7"]).exits(3);
    sandbox.run(["store", "passphrase", "--remove-slot", "2"]).succeeds();
    sandbox.run(["store", "passphrase", "--remove-slot", "1"]).exits(1).says("nothing could open it");
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
}

#[test]
fn a_passphrase_comes_over_a_descriptor() {
    let mut sandbox = Sandbox::bare();
    sandbox.set("MCPCRED_STORE", "vault");
    let add = ["add", "A", "--generate", "20", "--passphrase-fd", "0"];
    sandbox.feed(add, PASSPHRASE.as_bytes()).succeeds();
    sandbox.feed(["get", "A", "--passphrase-fd", "0"], PASSPHRASE.as_bytes()).succeeds();
    sandbox.feed(["get", "A", "--passphrase-fd", "0"], b"wrong").exits(4);
    sandbox.run(["get", "A", "--passphrase-fd", "77"]).exits(2);
}

#[test]
fn the_order_of_keys_is_the_one_that_is_promised() {
    let mut sandbox = Sandbox::new().with("A");
    // A key that was named and is wrong is told, and nothing else is tried behind it.
    sandbox.feed(["get", "A", "--passphrase-fd", "0"], b"wrong").exits(4);
    let folder = sandbox.path("credentials");
    fs::create_dir(&folder).unwrap();
    sandbox.set("CREDENTIALS_DIRECTORY", folder.to_str().unwrap());
    sandbox.run(["get", "A"]).succeeds();
    write_private(&sandbox, "credentials/mcpcred-vault-key", &"w".repeat(40));
    sandbox.run(["get", "A"]).exits(4).says("does not open the vault");
}

#[test]
fn moving_to_where_everything_is_changes_nothing() {
    let sandbox = Sandbox::new().with("A");
    sandbox.run(["store", "move", "vault"]).succeeds().says("Moved 0 credentials");
    sandbox.run(["store", "move", "none"]).exits(2);
    sandbox.run(["store", "move", "auto"]).exits(2);
    sandbox.run(["store", "move", "elsewhere"]).exits(2);
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
}

#[test]
fn a_move_that_would_not_be_found_again_is_refused() {
    let mut sandbox = Sandbox::new().with("A");
    sandbox.run(["store", "move", "keychain"]).exits(2).says("`vault` is chosen by MCPCRED_STORE");
    sandbox.unset("MCPCRED_STORE");
    let other = if cfg!(target_os = "linux") { "keychain" } else { "secret-service" };
    sandbox.run(["get", "A", "--store", other]).exits(3).says("take the choice of --store away");
    sandbox.set("MCPCRED_STORE", other);
    sandbox.run(["get", "A"]).exits(3).says("take the choice of MCPCRED_STORE away");
    sandbox.run(["get", "A", "--store", "vault"]).succeeds().prints(CANARY);
}

#[test]
fn a_damaged_record_of_the_store_is_made_anew_as_the_hint_says() {
    let mut sandbox = Sandbox::new().with("A");
    sandbox.unset("MCPCRED_STORE");
    fs::write(sandbox.data().join("store.json"), "{").unwrap();
    sandbox.run(["add", "B", "--generate", "20"]).exits(1).says("mcpcred store init --store");
    sandbox.run(["doctor"]).exits(1);
    sandbox.run(["store", "init", "--store", "vault"]).succeeds();
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
    sandbox.run(["add", "B", "--generate", "20"]).succeeds();
}

#[test]
fn doctor_finds_key_files_and_folders_that_cannot_be_used() {
    let mut sandbox = Sandbox::new().with("A");
    sandbox.set("MCPCRED_KEY_FILE", "not-there");
    let shown = sandbox.run(["doctor"]).exits(1).stdout();
    assert!(shown.contains("`not-there` can't be used"), "{shown}");
    #[cfg(target_os = "linux")]
    {
        sandbox.set("MCPCRED_DATA_DIR", "/proc/self");
        let shown = sandbox.run(["doctor"]).exits(1).stdout();
        assert!(shown.contains("nothing can be written to"), "{shown}");
    }
}

#[test]
fn doctor_is_content_with_a_new_home_and_tests_the_store_when_told() {
    let sandbox = Sandbox::new();
    sandbox.run(["doctor"]).succeeds();
    let sandbox = sandbox.with("A");
    let document = sandbox.run(["doctor", "--self-test", "--json"]).succeeds().json("doctor");
    let findings = document["findings"].as_array().unwrap();
    assert!(findings.iter().any(|it| it["check"] == "self-test" && it["status"] == "ok"), "{document}");
    let ids = sandbox.run(["list", "--json"]).succeeds().json("list");
    assert_eq!(ids["credentials"].as_array().unwrap().len(), 1);
}

//! A person stores a new credential.

use crate::support::{CANARY, Sandbox};

#[test]
fn a_value_from_stdin_loses_one_newline_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "A", "--stdin"], b" two words \n\n").succeeds().says("Added `A` to the vault");
    sandbox.run(["get", "A"]).succeeds().prints(" two words \n");
}

#[test]
fn a_value_as_an_argument_is_refused_and_not_repeated() {
    let sandbox = Sandbox::new();
    for words in [
        vec!["add", "A", CANARY],
        vec!["add", "A", CANARY, "more"],
        vec!["add", CANARY, "--stdin", CANARY],
        vec!["rotate", "A", CANARY],
    ] {
        let ran = sandbox.run(words).exits(2).prints("").says("a value is never an argument");
        assert!(ran.stderr().contains("--stdin"), "{}", ran.stderr());
    }
    sandbox.run(["add", CANARY, "--generate", "20"]).exits(2).says("looks like a value");
    sandbox.run(["add", &format!("A={CANARY}")]).exits(2).says("a value is never an argument");
    sandbox.run(["get", "A", CANARY]).exits(2);
    sandbox.run(["add", "A", "--expires", CANARY]).exits(2);
    sandbox.run(["run", "-e", &format!("A={CANARY}-"), "--", "true"]).exits(2);
    sandbox.run(["list", &format!("--{CANARY}")]).0.status.code().filter(|code| *code == 2).unwrap();
    sandbox.run(["get", "A"]).exits(3);
}

/// Where a name, a flag or a program belongs: what stands there may be the secret itself.
#[test]
fn a_value_typed_where_something_else_belongs_is_not_repeated() {
    let mut sandbox = Sandbox::new().with("A");
    let assignment = format!("GITHUB_TOKEN={CANARY}");
    let flag = format!("--{CANARY}");
    sandbox
        .run(["run", "-e", &assignment, "--", "true"])
        .exits(125)
        .says("after `=` comes the name of a cred");
    let word = sandbox.run(["run", "-e", "GITHUB_TOKEN=hunter2hunter", "--", "true"]).exits(125);
    assert!(!word.stderr().contains("hunter2"), "{}", word.stderr());
    sandbox.run(["run", "-e", CANARY, "--", "true"]).exits(125).says("looks like a value");
    sandbox.run(["run", "-e", "A", "--", CANARY]).exits(125).says("every user of this machine");
    for words in [["get", CANARY], ["rotate", CANARY], ["delete", CANARY]] {
        sandbox.run(words).exits(3).says("looks like a value");
    }
    sandbox.run(["export-env", "--shell", "sh", CANARY]).exits(3).says("looks like a value");
    sandbox.run(["add", "B", "--from-env", CANARY]).exits(2).says("not shown");
    for words in [&["add", "T", flag.as_str()][..], &["list", &flag], &[CANARY], &[&flag], &["store", CANARY]]
    {
        sandbox.run(words).exits(2).says("not shown");
    }
    for odd in ["--sEcReT", "--hunter2", "--hunter2=x"] {
        let ran = sandbox.run(["add", "T", odd]).exits(2);
        assert!(!ran.stderr().contains("sEcReT") && !ran.stderr().contains("hunter"), "{}", ran.stderr());
    }
    sandbox.run(["list", "--verbose"]).exits(2).says("--verbose");
    sandbox.run(["add", "B", "--from-file", CANARY]).exits(1).says("a file of that name");
    sandbox.run(["run", "--server", CANARY, "--", "true"]).exits(125);
    let key = "AKIAIOSFODNN7EXAMPLE";
    assert!(!sandbox.run(["add", key, "--generate", "20"]).exits(2).stderr().contains(key));
    sandbox.set("MCPCRED_STORE", "none");
    sandbox.run(["get", CANARY]).exits(3).says("looks like a value");
    sandbox.run(["get", "FOO"]).exits(3).says("set the variable `FOO`");
}

#[test]
fn a_name_that_is_taken_points_to_rotate_in_any_case() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    for name in ["GITHUB_TOKEN", "github_token"] {
        sandbox
            .feed(["add", name, "--stdin"], b"other")
            .exits(1)
            .says("`GITHUB_TOKEN` exists already")
            .says("mcpcred rotate GITHUB_TOKEN");
    }
    sandbox.run(["get", "GITHUB_TOKEN"]).succeeds().prints(CANARY);
}

#[test]
fn nobody_waits_for_an_answer_without_a_terminal() {
    let sandbox = Sandbox::new();
    sandbox.run(["add", "A", "--no-prompt"]).exits(5).says("--stdin");
}

#[test]
fn values_come_from_a_variable_a_file_or_chance() {
    let mut sandbox = Sandbox::new();
    sandbox.set("OLD_PLACE", CANARY);
    sandbox.run(["add", "FROM_ENV", "--from-env", "OLD_PLACE"]).succeeds();
    sandbox.run(["get", "FROM_ENV"]).succeeds().prints(CANARY);
    sandbox.run(["add", "X", "--from-env", "NOT_SET"]).exits(2).says("there is no environment variable");

    std::fs::write(sandbox.path("value"), "of a file\r\n").unwrap();
    let place = sandbox.path("value");
    sandbox.run(["add".as_ref(), "FROM_FILE".as_ref(), "--from-file".as_ref(), place.as_os_str()]).succeeds();
    sandbox.run(["get", "FROM_FILE"]).succeeds().prints("of a file");
    sandbox.run(["add", "X", "--from-file", "not-there"]).exits(1).says("cannot read the value");

    sandbox.run(["add", "MADE", "--generate", "40:hex"]).succeeds();
    let made = sandbox.run(["get", "MADE"]).succeeds().stdout();
    assert!(made.len() == 40 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
    sandbox.run(["add", "X", "--generate", "4"]).exits(2);
    sandbox.run(["add", "X", "--generate", "40", "--stdin"]).exits(2);
}

#[test]
fn what_no_variable_can_hold_is_refused_and_nothing_is_stored() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "A", "--stdin"], b"").exits(2).says("empty");
    sandbox.feed(["add", "A", "--stdin"], b"\n").exits(2).says("empty");
    sandbox.feed(["add", "A", "--stdin"], b"a\0b").exits(2).says("NUL");
    sandbox.feed(["add", "A", "--stdin"], &vec![b'x'; 1024 * 1024 + 1]).exits(2).says("1 MiB");
    sandbox.run(["list"]).succeeds().prints("");
}

#[test]
fn a_mebibyte_and_bytes_that_are_no_text_are_kept() {
    let sandbox = Sandbox::new();
    let large = vec![b'x'; 1024 * 1024];
    sandbox.feed(["add", "LARGE", "--stdin"], &large).succeeds();
    assert!(sandbox.run(["get", "LARGE"]).succeeds().0.stdout == large);
    let every_byte: Vec<u8> = (1..=255).collect();
    sandbox.feed(["add", "BYTES", "--stdin"], &every_byte).succeeds();
    sandbox.run(["get", "BYTES"]).succeeds().prints(&every_byte);
}

#[test]
fn without_any_store_or_key_nothing_is_made_in_silence() {
    let mut sandbox = Sandbox::bare();
    sandbox.set("MCPCRED_STORE", "vault");
    sandbox.feed(["add", "A", "--stdin", "--no-prompt"], b"value").exits(4).says("mcpcred store init");
    assert!(!sandbox.data().join("vault").exists());
}

#[test]
fn a_value_that_cannot_be_had_leaves_no_vault_behind() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "X", "--stdin"], b"").exits(2).says("empty");
    sandbox.run(["add", "X", "--from-env", "NOPE"]).exits(2);
    sandbox.run(["add", "X", "--from-file", "nowhere"]).exits(1);
    sandbox.run(["add", "X", "--no-prompt"]).exits(5);
    assert!(!sandbox.data().join("vault").exists() && !sandbox.data().join("store.json").exists());
}

#[test]
fn the_store_none_only_reads_the_environment() {
    let mut sandbox = Sandbox::bare();
    sandbox.set("MCPCRED_STORE", "none");
    sandbox.set("CI_TOKEN", CANARY);
    sandbox.run(["get", "CI_TOKEN"]).succeeds().prints(CANARY);
    sandbox.run(["get", "OTHER"]).exits(3);
    sandbox.feed(["add", "A", "--stdin"], b"value").exits(2).says("nothing can be stored");
    assert!(!sandbox.data().exists());
}

#[test]
fn a_project_cannot_choose_the_store_but_the_profile() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path(".mcpcred.toml"), "profile = \"work\"\n").unwrap();
    sandbox.feed(["add", "A", "--stdin"], b"of work").succeeds();
    sandbox.run(["get", "A", "--profile", "default"]).exits(3);
    sandbox.run(["get", "A", "--profile", "work"]).succeeds().prints("of work");
    std::fs::write(sandbox.path(".mcpcred.toml"), "store = \"vault\"\n").unwrap();
    sandbox.run(["get", "A"]).exits(1).says("unknown field");
}

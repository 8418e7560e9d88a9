//! A program of the person's makes new values (unix: the programs are scripts).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::support::{CANARY, Sandbox, contains};

const NEW: &str = "glpat-CANARY0dont0let0me0be0seen02";

/// A home with a credential, and a script that replaces it.
fn home(script: &str) -> Sandbox {
    let sandbox = Sandbox::new().with("DB_PASSWORD");
    let path = sandbox.path("hook.sh");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    settings(
        &sandbox,
        &format!("name.DB_PASSWORD = {{ run = [\"{}\", \"an argument\"], within = \"2s\" }}", path.display()),
    );
    sandbox
}

fn settings(sandbox: &Sandbox, line: &str) {
    fs::create_dir_all(sandbox.path("config")).unwrap();
    fs::write(sandbox.path("config/config.toml"), format!("[rotate.command]\n{line}\n")).unwrap();
}

#[track_caller]
fn refused(script: &str, words: &str) -> Sandbox {
    let sandbox = home(script);
    let ran =
        sandbox.run(["rotate", "DB_PASSWORD"]).exits(1).says(words).says("the value before is in force");
    assert!(!contains(&ran.0.stderr, NEW.as_bytes()) && ran.0.stdout.is_empty(), "{}", ran.said());
    sandbox.run(["get", "DB_PASSWORD"]).succeeds().prints(CANARY);
    sandbox.holds_no_canary();
    sandbox
}

#[test]
fn it_gets_the_value_in_use_on_stdin_and_prints_the_new_one() {
    let sandbox = home(&format!(
        "test \"$(cat)\" = {CANARY} && test \"$1\" = 'an argument' && test \"$MCPCRED_NAME\" = DB_PASSWORD && echo {NEW}"
    ));
    let ran = sandbox.run(["rotate", "DB_PASSWORD"]).succeeds().says("automated: your own program does it");
    assert!(ran.stderr().contains("Rotated `DB_PASSWORD`") && ran.0.stdout.is_empty(), "{}", ran.said());
    sandbox.run(["get", "DB_PASSWORD"]).succeeds().prints(NEW);
    assert_eq!(sandbox.files_holding(NEW.as_bytes()), [sandbox.path("hook.sh")]);
}

#[test]
fn its_environment_holds_no_other_secret() {
    let mut sandbox = home(&format!("env > \"$HOME/seen\"; echo {NEW}"));
    sandbox.feed(["add", "OTHER", "--stdin"], b"another").succeeds();
    sandbox.set("OTHER", "another");
    sandbox.set("AWS_SECRET_ACCESS_KEY", "not for everybody");
    sandbox.set("PGHOST", "db.example");
    sandbox.run(["rotate", "DB_PASSWORD"]).succeeds();
    let seen = fs::read_to_string(sandbox.path("seen")).unwrap();
    for absent in ["OTHER", "AWS_", "MCPCRED_KEY_FILE", "PGHOST", CANARY] {
        assert!(!seen.contains(absent), "{absent}: {seen}");
    }
    assert!(seen.contains("PATH=") && seen.contains("MCPCRED_PROFILE=default"), "{seen}");
    // What the settings name it gets.
    let hook = sandbox.path("hook.sh");
    settings(
        &sandbox,
        &format!("kind.database = {{ run = [\"{}\"], environment = [\"PGHOST\"] }}", hook.display()),
    );
    sandbox.feed(["rotate", "DB_PASSWORD", "--stdin", "--kind", "database"], b"x").succeeds();
    sandbox.run(["rotate", "DB_PASSWORD"]).succeeds();
    assert!(fs::read_to_string(sandbox.path("seen")).unwrap().contains("PGHOST=db.example"));
}

#[test]
fn one_that_fails_in_any_way_leaves_the_value_in_force() {
    refused(&format!("echo {NEW}; exit 3"), "it ended with exit status: 3");
    refused("true", "it printed no value");
    refused("echo", "it printed no value");
    refused("cat", "already");
    refused("printf 'a\\0b'", "a NUL byte");
    refused("kill -9 $$", "it ended with signal: 9");
    refused("head -c 2000000 /dev/zero | tr '\\0' x", "more than 1 MiB");
    let sandbox = refused("exec /nonexistent/program", "it ended with");
    settings(&sandbox, "name.DB_PASSWORD = [\"/nonexistent/program\"]");
    sandbox.run(["rotate", "DB_PASSWORD"]).exits(1).says("it did not start").says("[rotate.command]");
}

#[test]
fn one_that_does_not_end_is_ended() {
    let start = Instant::now();
    refused(&format!("echo {NEW}; exec sleep 60"), "it was not done within 2 s");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn what_it_says_is_told_without_the_values() {
    let sandbox = home(&format!("read old; echo \"setting $old to {NEW}\" >&2; echo a word >&2; echo {NEW}"));
    let ran = sandbox.run(["rotate", "DB_PASSWORD"]).succeeds().says("hook.sh: a word");
    assert!(ran.stderr().contains("hook.sh: setting … to …"), "{}", ran.said());
    // One that fails has told of a value that never came.
    let sandbox = refused(&format!("echo '+ new=\"{NEW}\"' >&2; exit 1"), "exit status: 1");
    let ran = sandbox.run(["rotate", "DB_PASSWORD"]).exits(1);
    assert!(ran.stderr().contains("hook.sh: + …"), "{}", ran.said());
}

#[test]
fn a_line_for_the_shell_is_run_where_it_is_asked_for() {
    let sandbox = home("exit 1");
    settings(
        &sandbox,
        &format!("name.db_password = {{ shell = \"cat > /dev/null; echo {NEW} | tr a-z a-z\" }}"),
    );
    sandbox.run(["rotate", "DB_PASSWORD"]).succeeds();
    sandbox.run(["get", "DB_PASSWORD"]).succeeds().prints(NEW);
}

#[test]
fn a_project_names_no_program() {
    let sandbox = home("exit 1");
    fs::remove_file(sandbox.path("config/config.toml")).unwrap();
    let line = "[rotate.command]\nname.DB_PASSWORD = [\"sh\", \"-c\", \"cat > stolen; echo x\"]\n";
    fs::write(sandbox.path(".mcpcred.toml"), line).unwrap();
    sandbox.run(["rotate", "DB_PASSWORD"]).exits(1).says("is not understood: line 1: unknown field `rotate`");
    assert!(!sandbox.path("stolen").exists());
}

#[test]
fn a_program_of_ones_own_comes_before_the_provider_and_after_what_is_said() {
    let sandbox = home(&format!("echo {NEW}"));
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], b"glpat-CANARY0dont0let0me0be0seen01").succeeds();
    let hook = sandbox.path("hook.sh");
    settings(&sandbox, &format!("provider.gitlab = [\"{}\"]", hook.display()));
    sandbox.run(["rotate", "GITLAB_TOKEN"]).succeeds().says("your own program");
    sandbox.run(["get", "GITLAB_TOKEN"]).succeeds().prints(NEW);
    sandbox.feed(["rotate", "GITLAB_TOKEN", "--stdin"], b"given").succeeds();
    sandbox.run(["get", "GITLAB_TOKEN"]).succeeds().prints("given");
}

#[test]
fn a_value_that_was_made_up_is_made_up_again_in_the_same_way() {
    let sandbox = Sandbox::new();
    sandbox.run(["add", "OWN", "--generate", "24:hex"]).succeeds();
    let first = sandbox.run(["get", "OWN"]).succeeds().stdout();
    sandbox.run(["rotate", "OWN"]).succeeds().says("generated: the new value is made up");
    let second = sandbox.run(["get", "OWN"]).succeeds().stdout();
    assert!(first != second && second.len() == 24 && second.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let document = sandbox.run(["list", "--json"]).succeeds().json("list");
    assert_eq!(document["credentials"][0]["generated_as"], "24:hex");
    // A value of another origin ends that.
    sandbox.feed(["rotate", "OWN", "--stdin"], b"typed").succeeds();
    sandbox.run(["rotate", "OWN"]).exits(5);
}

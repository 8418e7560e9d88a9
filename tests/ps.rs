//! A person sees which running programs hold which credential.

use std::fs;
#[cfg(unix)]
use std::time::{Duration, Instant};

use crate::support::Sandbox;
use crate::support::server::Server;
#[cfg(unix)]
use crate::support::{CANARY, contains};

fn entries(sandbox: &Sandbox) -> usize {
    fs::read_dir(sandbox.data().join("running")).map_or(0, Iterator::count)
}

#[test]
fn running_programs_are_listed_with_what_they_hold_until_they_end() {
    let sandbox = Sandbox::new().with("A").with("B");
    sandbox.run(["ps"]).succeeds().prints("").says("No program");
    let first = Server::start(&sandbox, &["-e", "GITHUB=a"]);
    let second = Server::start(&sandbox, &["--all"]);
    let document = sandbox.run(["ps", "--json"]).succeeds().json("ps");
    let programs = document["programs"].as_array().unwrap();
    assert_eq!(programs.len(), 2);
    assert_eq!(programs[0]["pid"], first.0.id());
    assert_eq!(programs[0]["program"], if cfg!(windows) { "cmd" } else { "sh" });
    assert_eq!(programs[0]["credentials"][0]["name"], "A");
    assert_eq!(programs[1]["credentials"].as_array().unwrap().len(), 2);
    assert_eq!(programs[1]["here"], true);
    assert!(programs[1]["started_by"].is_string());
    let only = sandbox.run(["ps", "b", "--json"]).succeeds().json("ps");
    assert_eq!(only["programs"][0]["pid"], second.0.id());
    assert_eq!(only["programs"].as_array().unwrap().len(), 1);
    let table = sandbox.run(["ps"]).succeeds().stdout();
    assert!(table.contains("A, B") && table.lines().count() == 3, "{table}");
    sandbox.holds_no_canary();
    drop(first);
    drop(second);
    sandbox.run(["ps"]).succeeds().prints("");
    assert_eq!(entries(&sandbox), 0, "ended programs are swept");
}

#[test]
fn a_start_that_fails_leaves_no_entry() {
    let sandbox = Sandbox::new().with("A");
    sandbox.run(["run", "-e", "A", "--", "no-such-program-anywhere"]).exits(127);
    assert_eq!(entries(&sandbox), 0);
}

#[test]
#[cfg(unix)]
fn a_program_that_starts_another_through_run_is_listed_once_with_all_that_it_holds() {
    let sandbox = Sandbox::new().with("A").with("B");
    let own = env!("CARGO_BIN_EXE_mcpcred");
    // What opens the vault is not handed on, so it is given anew.
    let key = format!("MCPCRED_KEY_FILE={}", sandbox.path("key").display());
    let server = Server::start(&sandbox, &["-e", "HELD=A", "--", "env", &key, own, "run", "-e", "B"]);
    let document = sandbox.run(["ps", "--json"]).succeeds().json("ps");
    assert_eq!(document["programs"].as_array().unwrap().len(), 1);
    assert_eq!(document["programs"][0]["pid"], server.0.id());
    assert_eq!(document["programs"][0]["credentials"].as_array().unwrap().len(), 2);
}

/// Who may write everywhere is not kept out by modes.
#[cfg(unix)]
fn is_root() -> bool {
    std::process::Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"))
}

#[test]
#[cfg(unix)]
fn a_program_starts_where_nothing_can_be_written_and_the_person_is_told() {
    let sandbox = Sandbox::new().with("A");
    // A file in the place of the folder: nobody can write below it, whoever they are.
    fs::write(sandbox.data().join("running"), "").unwrap();
    let ran = sandbox.run(["run", "-e", "A", "--", "env"]).succeeds().says("not on the list");
    assert!(contains(&ran.0.stdout, CANARY.as_bytes()));
    if !is_root() {
        fs::remove_file(sandbox.data().join("running")).unwrap();
        fs::set_permissions(sandbox.data(), std::os::unix::fs::PermissionsExt::from_mode(0o500)).unwrap();
        sandbox.run(["run", "-e", "A", "--", "env"]).succeeds();
        fs::set_permissions(sandbox.data(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    }
}

/// Every start of a server waits for this entry, so it has to cost next to nothing: measured as the difference that
/// it makes to a whole start.
#[test]
#[cfg(unix)]
#[ignore = "measures; run it alone, with --nocapture, on a release build"]
#[allow(clippy::print_stderr, reason = "the figures are for who asked for them")]
fn what_the_entry_costs() {
    let sandbox = Sandbox::new().with("A");
    let start = |count: u32| {
        let begin = Instant::now();
        for _ in 0..count {
            sandbox.run(["run", "-e", "A", "--", "true"]).succeeds();
        }
        begin.elapsed() / count
    };
    start(20);
    let with = start(200);
    let running = sandbox.data().join("running");
    fs::remove_dir_all(&running).unwrap();
    fs::write(&running, "").unwrap();
    let without = start(200);
    eprintln!("a start with its entry {with:?}, without {without:?}");
    assert!(with < without + Duration::from_millis(1));
}

//! A person notices that a token is in other hands, and stops everything at once.

mod figures;
mod revoking;

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::server::Server;
#[cfg(unix)]
use crate::support::terminal::Terminal;
use crate::support::{CANARY, Sandbox, start};

/// The commands that hand out or use a value, with the status by which each refuses.
const USES: [(&[&str], i32); 7] = [
    (&["get", "A"], 5),
    (&["get", "A", "--json"], 5),
    (&["export-env", "--shell", "bash"], 5),
    (&["export-env", "A", "--shell", "json"], 5),
    (&["run", "-e", "A", "--", "env"], 125),
    (&["run", "-e", "X=A", "--", "env"], 125),
    (&["run", "--all", "--", "env"], 125),
];

fn refuses_everything(sandbox: &Sandbox) {
    for (command, status) in USES {
        let ran = sandbox.run(command).exits(status).prints("");
        assert!(ran.stderr().contains("lockdown is on"), "{command:?}: {}", ran.stderr());
        assert!(ran.stderr().contains("lockdown --lift"), "{command:?}: {}", ran.stderr());
    }
}

#[test]
fn after_a_lockdown_nothing_is_handed_out_and_nothing_that_held_it_runs() {
    let sandbox = Sandbox::new().with("A").with("B");
    let mut server = Server::start(&sandbox, &["-e", "A"]);
    let mut deaf = Server::start_deaf(&sandbox, &["--all"]);
    let start = Instant::now();
    let ran = sandbox.run(["lockdown", "--all", "--json"]).succeeds();
    assert!(start.elapsed() < Duration::from_secs(10));
    let document = ran.json("lockdown");
    assert_eq!((&document["on"], &document["everything"]), (&true.into(), &true.into()));
    let steps: Vec<_> = document["steps"].as_array().unwrap().iter().map(|step| &step["step"]).collect();
    assert_eq!(steps, ["marker", "programs", "unlocks", "clipboard", "tokens"]);
    let outcomes: Vec<_> = document["programs"].as_array().unwrap().iter().map(|it| &it["outcome"]).collect();
    assert_eq!(outcomes, [if cfg!(windows) { "forced" } else { "asked" }, "forced"]);
    assert!(server.has_ended() && deaf.has_ended());
    refuses_everything(&sandbox);
    let status = sandbox.run(["lockdown", "--status", "--json"]).succeeds().json("lockdown");
    assert_eq!((&status["on"], status["programs"].as_array().unwrap().len()), (&true.into(), 0));
    // Facts are no values.
    sandbox.run(["list"]).succeeds();
    sandbox.run(["ps"]).succeeds();
    sandbox.feed(["add", "NEW", "--stdin"], b"new").succeeds();
    sandbox.run(["get", "NEW"]).exits(5).prints("");
    sandbox.holds_no_canary();
}

#[test]
fn everything_that_a_lockdown_did_is_on_record() {
    let sandbox = Sandbox::new().with("A").with("B");
    let _server = Server::start(&sandbox, &["-e", "A"]);
    sandbox.run(["lockdown", "--all"]).succeeds();
    sandbox.run(["get", "A"]).exits(5);
    let mut log = String::new();
    for file in sandbox.files_holding(b"\"lockdown\"") {
        log += &String::from_utf8_lossy(&fs::read(file).unwrap());
    }
    let has = |action: &str, name: &str| {
        log.lines().any(|line| line.contains(&format!("\"{action}\"")) && line.contains(name))
    };
    assert!(has("lockdown", "everything") && has("lockdown", "\"B\"") && has("stop", "\"A\""), "{log}");
    assert!(log.lines().any(|line| line.contains("\"denied\"") && line.contains("lockdown")), "{log}");
}

#[test]
fn a_lockdown_of_one_leaves_the_others() {
    let sandbox = Sandbox::new().with("A").with("B");
    sandbox.feed(["add", "A", "--stdin", "--profile", "work"], b"of-work").succeeds();
    let mut of_b = Server::start(&sandbox, &["-e", "B"]);
    let mut of_a = Server::start(&sandbox, &["-e", "RENAMED=A"]);
    sandbox.run(["lockdown", "a"]).succeeds();
    assert!(of_a.has_ended() && of_b.is_running());
    sandbox.run(["get", "A"]).exits(5).prints("");
    sandbox.run(["get", "B"]).succeeds().prints(CANARY);
    sandbox.run(["get", "A", "--profile", "work"]).succeeds().prints("of-work");
    sandbox.run(["export-env", "--shell", "sh"]).exits(5).prints("");
    let status = sandbox.run(["lockdown", "--status"]).succeeds();
    assert!(status.stderr().contains("default/A"), "{}", status.stderr());
    // A second one adds to the first.
    sandbox.run(["lockdown", "B"]).succeeds();
    assert!(of_b.has_ended());
    sandbox.run(["get", "B"]).exits(5).prints("");
    sandbox.run(["get", "A"]).exits(5).prints("");
}

#[test]
fn a_slip_locks_nothing_down() {
    let sandbox = Sandbox::new().with("A");
    sandbox.run(["lockdown"]).exits(2).says("--all");
    sandbox.run(["lockdown", "NOPE"]).exits(3);
    sandbox.run(["lockdown", "A", "NOPE"]).exits(3);
    sandbox.run(["lockdown", "A", "--all"]).exits(2);
    sandbox.run(["lockdown", "--all", "--yes"]).exits(2);
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
}

#[test]
fn a_dry_run_does_nothing() {
    let sandbox = Sandbox::new().with("A");
    let mut server = Server::start(&sandbox, &["-e", "A"]);
    let ran = sandbox.run(["lockdown", "--all", "--dry-run", "--json"]).succeeds();
    let document = ran.json("lockdown");
    assert_eq!((&document["dry_run"], &document["on"]), (&true.into(), &false.into()));
    assert_eq!(document["programs"][0]["outcome"], "running");
    assert!(document["steps"].as_array().unwrap().iter().all(|it| it["outcome"] != "done"));
    assert!(server.is_running());
    let told = sandbox.run(["lockdown", "--all", "--dry-run"]).succeeds().says("Nothing was done");
    assert!(
        !told.stderr().contains("--resume") && !told.stderr().contains("the list is kept"),
        "{}",
        told.said()
    );
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
    assert!(!sandbox.data().join("lockdown.json").exists());
    assert!(!sandbox.data().join("lockdown-report.json").exists());
}

#[test]
fn a_marker_that_cannot_be_read_counts() {
    let sandbox = Sandbox::new().with("A");
    for content in ["", "{", "null"] {
        fs::write(sandbox.data().join("lockdown.json"), content).unwrap();
        refuses_everything(&sandbox);
        sandbox.run(["lockdown", "--status"]).succeeds().says("A lockdown is on");
    }
}

#[test]
fn settings_that_are_not_understood_keep_nobody_from_locking_everything_down() {
    let sandbox = Sandbox::new().with("A");
    fs::create_dir_all(sandbox.path("config")).unwrap();
    let file = sandbox.path("config/config.toml");
    fs::write(&file, "store = [").unwrap();
    let ran = sandbox.run(["lockdown", "--all", "--no-revoke"]).succeeds();
    ran.says("config.toml` is passed over: it is not understood");
    sandbox.run(["lockdown", "--status"]).succeeds().says("covers everything");
    sandbox.run(["lockdown", "--resume", "--no-revoke"]).succeeds();
    sandbox.run(["lockdown", "--lift"]).exits(1).says("config.toml` is not understood");
    fs::remove_file(&file).unwrap();
    refuses_everything(&sandbox);
}

#[test]
fn what_was_deleted_is_locked_down_where_a_program_still_holds_it() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN").with("B");
    let mut server = Server::start(&sandbox, &["-e", "GITHUB_TOKEN"]);
    sandbox.run(["delete", "GITHUB_TOKEN", "--yes"]).succeeds();
    let document = sandbox.run(["lockdown", "b", "github_token", "B", "--json"]).succeeds().json("lockdown");
    let covered = [("B", "default"), ("GITHUB_TOKEN", "default")];
    let covered = covered.map(|(name, profile)| serde_json::json!({ "profile": profile, "name": name }));
    assert_eq!(document["credentials"], serde_json::json!(covered));
    assert!(server.has_ended());
    // Its value is nowhere, so a person has to revoke it, and is told where.
    let token =
        document["tokens"].as_array().unwrap().iter().find(|it| it["name"] == "GITHUB_TOKEN").unwrap();
    assert_eq!(
        (&token["state"], &token["words"]),
        (&"by-hand".into(), &"its store does not hold a value".into())
    );
    assert_eq!(token["page"], "https://github.com/settings/personal-access-tokens");
    sandbox.run(["lockdown", "NOPE"]).exits(3);
}

#[test]
fn a_name_is_locked_down_in_the_profile_that_can_be_told() {
    const SYNTAX: &str = "profile = \"work\"\nstore = [";
    const UNKNOWN: &str = "profile = \"work\"\ncolour = true";
    for (file, text, arguments, variable, profile) in [
        ("config/config.toml", SYNTAX, &[][..], None, "default"),
        ("config/config.toml", SYNTAX, &["--profile", "work"], None, "work"),
        ("config/config.toml", SYNTAX, &[], Some("work"), "work"),
        // As much of it as can be read counts, and so does another file.
        ("config/config.toml", UNKNOWN, &[], None, "work"),
        (".mcpcred.toml", "profile = \"home\"\nstore = \"vault\"", &[], None, "default"),
    ] {
        let mut sandbox = Sandbox::new().with("A");
        sandbox.feed(["add", "A", "--stdin", "--profile", "work"], b"another value").succeeds();
        fs::create_dir_all(sandbox.path("config")).unwrap();
        fs::write(sandbox.path(file), text).unwrap();
        if let Some(variable) = variable {
            sandbox.set("MCPCRED_PROFILE", variable);
        }
        let words = ["lockdown", "a", "--no-revoke", "--json"];
        let ran = sandbox.run([&words, arguments].concat()).succeeds();
        let covered = ran.json("lockdown")["credentials"].clone();
        assert_eq!(covered, serde_json::json!([{ "profile": profile, "name": "A" }]), "{text}");
        ran.says("is passed over: it is not understood");
        sandbox.run(["lockdown", "NOPE"]).exits(3).says("is passed over: it is not understood");
    }
}

#[test]
fn a_lockdown_lets_nobody_add_a_way_into_the_vault_and_everybody_close_one() {
    let mut sandbox = Sandbox::new().with("A");
    let other = sandbox.path("other").to_str().unwrap().to_owned();
    fs::copy(sandbox.path("key"), &other).unwrap();
    fs::write(&other, [b'o'; 32]).unwrap();
    sandbox.run(["store", "passphrase", "--add-key-file", &other]).succeeds();
    sandbox.run(["lockdown", "A", "--no-revoke"]).succeeds();
    for way in [&["--recovery-code"][..], &["--add-keychain"], &["--add-key-file", &other]] {
        let ran = sandbox.run([&["store", "passphrase"], way].concat()).exits(5);
        ran.prints("").says("a lockdown is on, and the vault gets no new way to be opened");
    }
    sandbox.run(["store", "init", "--recovery-code"]).exits(5).prints("");
    sandbox.run(["store", "passphrase", "--remove-slot", "1"]).succeeds();
    sandbox.set("MCPCRED_KEY_FILE", &other);
    sandbox.run(["store", "passphrase", "--new-passphrase-file", &other]).succeeds();
}

#[test]
#[cfg(unix)]
fn a_program_that_reads_while_a_lockdown_begins_gets_nothing() {
    let mut sandbox = Sandbox::new().with("A");
    // It waits for its passphrase, which comes after the lockdown.
    sandbox.unset("MCPCRED_KEY_FILE");
    let mut reading = sandbox.command(["get", "A", "--passphrase-fd", "0"]);
    let mut reading =
        reading.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    sandbox.run(["lockdown", "--all", "--no-revoke"]).succeeds();
    drop(reading.stdin.take());
    let output = reading.wait_with_output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
}

#[test]
fn two_lockdowns_at_once_both_hold() {
    let sandbox = Sandbox::new();
    for number in 0..8 {
        sandbox.feed(["add", &format!("N{number}"), "--stdin"], b"value").succeeds();
    }
    let spawn = |number: usize| {
        let name = format!("N{number}");
        start(sandbox.command(["lockdown", &name]).stderr(Stdio::null()).stdout(Stdio::null()))
    };
    let all: Vec<_> = (0..8).map(spawn).collect();
    for mut child in all {
        assert!(child.wait().unwrap().success());
    }
    let status = sandbox.run(["lockdown", "--status", "--json"]).succeeds().json("lockdown");
    assert_eq!(status["credentials"].as_array().unwrap().len(), 8);
    assert_eq!(status["tokens"].as_array().unwrap().len(), 8);
}

#[test]
fn a_recycled_number_is_not_ended() {
    let sandbox = Sandbox::new().with("A");
    // Windows has no program that waits for nothing else.
    let (program, arguments): (_, &[_]) =
        if cfg!(windows) { ("cmd", &["/d", "/k"]) } else { ("sleep", &["60"]) };
    let mut victim = std::process::Command::new(program);
    let mut victim = start(victim.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()));
    let mut server = Server::start(&sandbox, &["-e", "A"]);
    let running = sandbox.data().join("running");
    let entry = fs::read_dir(&running).unwrap().flatten().next().unwrap().path();
    let text = fs::read_to_string(&entry).unwrap();
    // An entry of a program that ended, whose number another program has now.
    let recycled = text.replacen(&server.0.id().to_string(), &victim.id().to_string(), 1);
    fs::write(running.join(format!("{}-1.json", victim.id())), recycled).unwrap();
    let document = sandbox.run(["lockdown", "--all", "--json"]).succeeds().json("lockdown");
    assert_eq!(document["programs"].as_array().unwrap().len(), 1);
    assert!(server.has_ended());
    assert!(victim.try_wait().unwrap().is_none(), "it is somebody else's");
    victim.kill().unwrap();
    victim.wait().unwrap();
}

#[test]
#[cfg(unix)]
fn only_a_person_at_a_terminal_who_can_open_the_store_lifts_it() {
    let mut sandbox = Sandbox::new().with("A");
    sandbox.run(["lockdown", "--lift"]).succeeds().says("No lockdown is on");
    sandbox.run(["lockdown", "--all"]).succeeds();
    sandbox.run(["lockdown", "--lift"]).exits(5).says("at a terminal");
    let key = sandbox.path("key").to_str().unwrap().to_owned();
    // Without what opens the vault.
    fs::write(sandbox.path("other-key"), [b'x'; 32]).unwrap();
    fs::set_permissions(sandbox.path("other-key"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();
    sandbox.set("MCPCRED_KEY_FILE", sandbox.path("other-key").to_str().unwrap());
    let mut terminal = Terminal::start(&sandbox.command(["lockdown", "--lift"]));
    terminal.expect("the store does not open");
    assert_eq!(terminal.wait(), 4);
    sandbox.set("MCPCRED_KEY_FILE", &key);
    let mut terminal = Terminal::start(&sandbox.command(["lockdown", "--lift"]));
    terminal.expect("Hand out values again?");
    terminal.send_line("no");
    assert_eq!(terminal.wait(), 5);
    sandbox.run(["get", "A"]).exits(5).prints("");
    let mut terminal = Terminal::start(&sandbox.command(["lockdown", "--lift"]));
    terminal.expect("not revoked");
    terminal.expect("Hand out values again?");
    terminal.send_line("y");
    assert_eq!(terminal.wait(), 0);
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
    sandbox.run(["lockdown", "--resume"]).exits(1).says("no lockdown is on");
}

#[test]
#[cfg(unix)]
fn the_program_that_a_lockdown_runs_in_is_ended_last() {
    let sandbox = Sandbox::new().with("A");
    let own = env!("CARGO_BIN_EXE_mcpcred");
    let script = format!("trap '' TERM; '{own}' lockdown --all --json >told; sleep 60; exit 0");
    let mut command = sandbox.command(["run", "-e", "A", "--", "sh", "-c", &script]);
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(20), "it goes on");
        std::thread::sleep(Duration::from_millis(10));
    }
    let told: serde_json::Value = serde_json::from_slice(&fs::read(sandbox.path("told")).unwrap()).unwrap();
    assert_eq!(told["programs"][0]["outcome"], "last");
    sandbox.run(["get", "A"]).exits(5);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_does_not_keep_a_lockdown_from_holding() {
    let sandbox = Sandbox::new().with("A");
    // A file in the way of the one that is written beside the marker can't be made; a limit on sizes can.
    let mut shell = std::process::Command::new("sh");
    let script = r#"ulimit -f 0; trap '' XFSZ; exec "$0" lockdown --all --no-revoke"#;
    sandbox.surround(shell.args(["-c", script, env!("CARGO_BIN_EXE_mcpcred")]));
    let output = crate::support::feed(shell, b"");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no more values are handed out"), "{said}");
    // It is told what is left to do, and not that it was written down.
    assert!(said.contains("can't be written down") && !said.contains("the list is kept at"), "{said}");
    refuses_everything(&sandbox);
}

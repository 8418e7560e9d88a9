//! A person wants to know who used what, and that nobody can wipe the traces.

use std::fs;

use serde_json::Value;

use crate::support::{CANARY, Sandbox};

/// The lines of the log, the oldest first.
fn lines(sandbox: &Sandbox) -> Vec<Value> {
    let text = fs::read_to_string(sandbox.data().join("audit.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What was done, line by line.
fn actions(sandbox: &Sandbox) -> Vec<String> {
    let word = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    lines(sandbox).iter().map(|line| format!("{} {}", word(line, "action"), word(line, "outcome"))).collect()
}

/// Puts this into the person's own settings.
fn set(sandbox: &Sandbox, settings: &str) {
    fs::create_dir_all(sandbox.path("config")).unwrap();
    fs::write(sandbox.path("config/config.toml"), settings).unwrap();
}

#[test]
fn every_operation_is_one_line_and_no_line_holds_a_value() {
    let sandbox = Sandbox::new().with("TOKEN");
    sandbox.run(["get", "TOKEN", "--reason", "to look \u{1b}[31m\nat it"]).succeeds().prints(CANARY);
    sandbox.run(["export-env", "--shell", "json"]).succeeds();
    sandbox.feed(["rotate", "TOKEN", "--stdin", "--keep-previous", "7d"], b"another value").succeeds();
    sandbox.run(["get", "TOKEN", "--previous"]).succeeds();
    sandbox.run(["rotate", "TOKEN", "--rollback"]).succeeds();
    sandbox.run(["get", "NOPE"]).exits(3);
    sandbox.run(["get", "ghp_0123456789abcdefghij"]).exits(3);
    sandbox.run(["delete", "TOKEN", "--yes"]).succeeds();
    let expected = [
        "add done",
        "get done",
        "export done",
        "rotate done",
        "get done",
        "rotate done",
        "get failed",
        "get failed",
        "delete done",
    ];
    assert_eq!(actions(&sandbox), expected);
    let lines = lines(&sandbox);
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(line["n"], number + 1);
        assert!(line["pid"].as_u64().is_some_and(|pid| pid > 0));
    }
    assert_eq!(lines[0]["value"], lines[1]["value"], "the same value has the same fingerprint");
    assert_ne!(lines[0]["value"], lines[3]["value"]);
    assert_eq!(lines[0]["value"], lines[4]["value"]);
    assert_eq!(lines[1]["reason"], "to look \u{1b}[31m\nat it");
    assert_eq!((&lines[6]["name"], &lines[6]["detail"]), (&Value::from("NOPE"), &Value::from("not-found")));
    assert_eq!(lines[7]["name"], Value::Null, "what may be a value is no name");
    let log = fs::read(sandbox.data().join("audit.jsonl")).unwrap();
    assert!(!log.contains(&0x1b), "control characters are escaped");
    sandbox.holds_no_canary();
}

#[test]
fn a_program_is_named_without_its_arguments() {
    let sandbox = Sandbox::new().with("TOKEN");
    let program = env!("CARGO_BIN_EXE_mcpcred");
    sandbox.run(["run", "-e", "TOKEN", "--", program, "--version"]).succeeds();
    let line = lines(&sandbox).pop().unwrap();
    assert_eq!((line["action"].as_str(), line["program"].as_str()), (Some("run"), Some(program)));
    assert!(!line.to_string().contains("--version"));
}

#[test]
fn a_token_is_no_reason() {
    let sandbox = Sandbox::new().with("TOKEN");
    let reason = format!("for {CANARY}");
    sandbox.run(["get", "TOKEN", "--reason", &reason]).exits(2).prints("");
    assert_eq!(actions(&sandbox), ["add done"]);
}

#[test]
fn what_can_not_go_on_record_is_not_handed_out_unless_the_person_says_so() {
    let sandbox = Sandbox::new().with("TOKEN");
    let log = sandbox.data().join("audit.jsonl");
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    let refused = sandbox.run(["get", "TOKEN"]).exits(1).prints("");
    refused.says("it can't be put on record, so nothing was done").says("when_unwritable");
    sandbox.feed(["add", "OTHER", "--stdin"], b"value").exits(1);
    sandbox.run(["get", "OTHER"]).exits(3);
    // A project is not asked.
    fs::write(sandbox.path(".mcpcred.toml"), "[audit]\nwhen_unwritable = \"allow\"\n").unwrap();
    sandbox.run(["get", "TOKEN"]).exits(1).prints("");
    fs::remove_file(sandbox.path(".mcpcred.toml")).unwrap();
    set(&sandbox, "[audit]\nwhen_unwritable = \"allow\"\n");
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY).says("this is not in the audit log");
}

#[test]
fn whoever_wants_no_log_has_none_and_neither_has_the_environment_alone() {
    let mut sandbox = Sandbox::new();
    set(&sandbox, "[audit]\nrecord = false\n");
    sandbox.feed(["add", "TOKEN", "--stdin"], b"value").succeeds();
    sandbox.run(["get", "TOKEN"]).succeeds().prints("value");
    fs::remove_dir_all(sandbox.path("config")).unwrap();
    sandbox.set("MCPCRED_STORE", "none");
    sandbox.set("FROM_OUTSIDE", "value");
    sandbox.run(["get", "FROM_OUTSIDE"]).succeeds().prints("value");
    let names = fs::read_dir(sandbox.data()).unwrap().flatten().map(|entry| entry.file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().starts_with("audit")));
}

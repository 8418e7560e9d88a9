//! A person wants to know who used what, and that nobody can wipe the traces.

#[cfg(unix)]
mod collectors;
#[cfg(unix)]
mod following;
mod opening;

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
#[cfg(unix)]
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
    let refused = refused.says("it can't be put on record, so nothing was done");
    // Windows tells of a folder in its place as of one that may not be written.
    refused.says(if cfg!(windows) { "mcpcred doctor" } else { "when_unwritable" });
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

/// Checks the log, and gives what is said of it.
fn verified(sandbox: &Sandbox, status: i32) -> Value {
    sandbox.run(["audit", "verify", "--json"]).exits(status).json("audit-verify")
}

#[test]
fn a_log_that_was_touched_is_told_from_one_that_was_not() {
    let sandbox = Sandbox::new().with("TOKEN");
    for _ in 0..5 {
        sandbox.run(["get", "TOKEN"]).succeeds();
    }
    let whole = verified(&sandbox, 0);
    assert_eq!((whole["whole"].as_bool(), whole["last"].as_u64()), (Some(true), Some(6)));
    assert_eq!(whole["certain_to"], 1, "the store was told when something changed");
    sandbox.run(["audit", "verify"]).succeeds();
    let path = sandbox.data().join("audit.jsonl");
    let content = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = content.split_inclusive('\n').collect();
    let ways = [
        ("changed", 3, content.replacen("\"n\":3,", "\"n\":3, ", 1)),
        ("dropped", 4, [&lines[..2], &lines[3..]].concat().concat()),
        ("moved", 4, [&lines[..2], &[lines[3], lines[2]], &lines[4..]].concat().concat()),
        ("repeated", 3, [&lines[..3], &lines[2..]].concat().concat()),
        ("truncated", 6, lines[..5].concat()),
    ];
    for (fault, line, text) in ways {
        fs::write(&path, text).unwrap();
        let flaw = verified(&sandbox, 1)["first_flaw"].clone();
        assert_eq!((flaw["fault"].as_str(), flaw["line"].as_u64()), (Some(fault), Some(line)), "{flaw}");
        let told = sandbox.run(["audit", "verify"]).exits(1).stdout();
        assert!(told.starts_with("Not whole: line "), "{told}");
    }
    fs::write(&path, &content).unwrap();
    verified(&sandbox, 0);
}

#[test]
fn an_older_copy_of_everything_beside_the_store_is_noticed() {
    let sandbox = Sandbox::new().with("TOKEN");
    let files = ["audit.jsonl", "audit.head"].map(|name| sandbox.data().join(name));
    let before = files.clone().map(|file| fs::read(file).unwrap());
    sandbox.run(["get", "TOKEN"]).succeeds();
    sandbox.feed(["rotate", "TOKEN", "--stdin"], b"new value").succeeds();
    for (file, content) in files.iter().zip(&before) {
        fs::write(file, content).unwrap();
    }
    assert_eq!(verified(&sandbox, 1)["first_flaw"]["fault"], "older_copy");
    // The next change finds it out by itself, and says so in the log.
    sandbox.feed(["rotate", "TOKEN", "--stdin"], b"newer value").succeeds();
    assert!(lines(&sandbox).iter().any(|line| line["detail"] == "rolled-back 3"), "{:?}", lines(&sandbox));
    assert_eq!(verified(&sandbox, 1)["first_flaw"]["fault"], "older_copy");
}

#[test]
fn sixteen_at_once_lose_nothing() {
    const EACH: usize = 6;
    let sandbox = Sandbox::new().with("TOKEN");
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..EACH {
                    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
                }
            });
        }
    });
    let found = verified(&sandbox, 0);
    assert_eq!(found["lines"], 1 + 16 * EACH);
    assert_eq!(found["healed"], 0);
}

#[test]
fn a_person_sees_who_used_what() {
    let sandbox = Sandbox::new().with("TOKEN");
    sandbox.feed(["add", "OTHER", "--stdin"], b"value").succeeds();
    sandbox.run(["get", "TOKEN", "--reason", "a look"]).succeeds();
    sandbox.run(["get", "NOPE"]).exits(3);
    let shown = sandbox.run(["audit"]).succeeds().stdout();
    assert!(
        shown.lines().count() == 5 && shown.contains("\"a look\"") && shown.contains("not-found"),
        "{shown}"
    );
    let count = |arguments: &[&str]| {
        let document = sandbox.run([&["audit", "--json"], arguments].concat()).succeeds().json("audit");
        document["lines"].as_array().unwrap().len()
    };
    assert_eq!(count(&[]), 4);
    assert_eq!(count(&["--name", "token"]), 2);
    assert_eq!(count(&["--action", "get"]), 2);
    assert_eq!(count(&["--action", "get", "--action", "add", "--limit", "3"]), 3);
    assert_eq!(count(&["--since", "1h"]), 4);
    assert_eq!(count(&["--since", "2100-01-01"]), 0);
    assert_eq!(count(&["--client", "nobody"]), 0);
    sandbox.run(["audit", "--action", "teleport"]).exits(2);
    sandbox.run(["audit", "--since", "yesterday"]).exits(2).says("a beginning is written as");
    let report = sandbox.run(["audit", "report", "--json"]).succeeds().json("audit-report");
    let rows = report["credentials"].as_array().unwrap();
    let token = rows.iter().find(|row| row["name"] == "TOKEN").unwrap();
    assert_eq!((&token["uses"], &token["unused_days"]), (&1.into(), &0.into()));
    assert!(rows.iter().any(|row| row["name"] == "OTHER" && row["last_used"].is_null()));
    let table = sandbox.run(["audit", "report"]).succeeds().stdout();
    assert!(table.contains("never used") && !table.contains("30 DAYS"), "{table}");
    sandbox.holds_no_canary();
}

#[test]
fn collectors_get_lines_that_they_understand() {
    let sandbox = Sandbox::new().with("TOKEN");
    sandbox.run(["get", "TOKEN", "--reason", "a=b|c\nd"]).succeeds();
    let raw = sandbox.run(["audit", "export"]).succeeds();
    assert_eq!(raw.0.stdout, fs::read(sandbox.data().join("audit.jsonl")).unwrap());
    let cef = sandbox.run(["audit", "export", "--format", "cef", "--action", "get"]).succeeds().stdout();
    assert!(cef.starts_with("CEF:0|mcpcred|mcpcred|") && cef.contains(r"reason=a\=b|c\nd "), "{cef}");
    assert_eq!(cef.lines().count(), 1);
    let otlp = sandbox.run(["audit", "export", "--format", "otlp-json"]).succeeds().stdout();
    let document: Value = serde_json::from_str(&otlp).unwrap();
    let records = &document["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
    assert_eq!(records.as_array().unwrap().len(), 2);
    assert!(records[0]["timeUnixNano"].as_str().unwrap().parse::<u64>().is_ok());
}

#[test]
fn what_is_unusual_is_told_at_the_moment_and_afterwards() {
    let sandbox = Sandbox::new().with("TOKEN");
    set(&sandbox, "[audit.anomalies]\nburst_per_minute = 3\n");
    let told =
        (0..7).filter(|_| sandbox.run(["get", "TOKEN"]).succeeds().stderr().contains("unusual use")).count();
    assert!((1..=2).contains(&told), "once a minute, not {told} times");
    let found = sandbox.run(["audit", "anomalies", "--json"]).succeeds().json("audit-anomalies");
    assert_eq!(found["anomalies"][0]["rule"], "burst");
    set(&sandbox, "[audit.anomalies]\nburst_per_minute = 0\n");
    sandbox.run(["audit", "anomalies"]).succeeds().says("Nothing unusual");
    set(&sandbox, "[audit.anomalies]\nburst_per_hour = 0\n");
    sandbox.run(["get", "TOKEN"]).exits(1).says("burst_per_hour");
}

#[cfg(target_os = "linux")]
mod killed {
    use std::fs;

    use super::{Sandbox, lines, set, verified};
    use crate::support::crash::{killed_at, twin_of};

    #[test]
    fn a_reader_that_is_killed_at_any_moment_leaves_a_log_that_is_whole() {
        let home = Sandbox::new().with("TOKEN");
        for at in 0.. {
            let twin = twin_of(&home);
            let is_killed = killed_at(&twin, &["get", "TOKEN"], b"", at);
            twin.run(["get", "TOKEN"]).succeeds();
            let found = verified(&twin, 0);
            assert!(found["lines"].as_u64().is_some_and(|count| (2..=3).contains(&count)), "{at}: {found}");
            if !is_killed {
                assert!(at > 4, "{at} changes are not all");
                break;
            }
        }
    }

    #[test]
    fn a_change_that_is_killed_at_any_moment_is_on_record_all_the_same() {
        let home = Sandbox::new().with("TOKEN").with("OTHER");
        let facts =
            |home: &Sandbox| home.run(["list", "--json"]).succeeds().json("list")["credentials"].clone();
        let before = facts(&home);
        for words in
            [&["rotate", "TOKEN", "--stdin"][..], &["add", "NEW", "--stdin"], &["delete", "TOKEN", "--yes"]]
        {
            let (mut at, mut interrupted) = (0, 0);
            loop {
                let twin = twin_of(&home);
                let is_killed = killed_at(&twin, words, b"new value", at);
                let is_changed = facts(&twin) != before;
                twin.run(["get", "OTHER"]).succeeds();
                let lines = lines(&twin);
                let of_it: Vec<_> = lines[2..].iter().filter(|line| line["action"] == words[0]).collect();
                assert!(of_it.len() <= 1, "{at}: {of_it:?}");
                assert!(!is_changed || of_it.len() == 1, "{words:?}, {at}: {lines:?}");
                if let [line] = of_it[..] {
                    assert_eq!(line["name"], words[1]);
                    let detail = line["detail"].as_str().unwrap_or("done");
                    assert!(detail == "done" || detail.starts_with("interrupted "), "{detail}");
                    interrupted += usize::from(detail != "done");
                }
                verified(&twin, 0);
                if !is_killed {
                    break;
                }
                at += 2;
            }
            assert!(at > 8 && interrupted > 3, "{words:?}: {interrupted} of {at}");
        }
    }

    #[test]
    fn a_change_of_files_that_is_killed_at_any_moment_is_finished_by_the_next() {
        let home = Sandbox::new().with("TOKEN");
        // As large as a file may become, with lines of ours.
        set(&home, "[audit]\nfile_mib = 1\n");
        let reason = "x".repeat(480);
        let full = 1024 * 1024 - 1500;
        let names: Vec<String> = (0..200).map(|number| format!("-e=V{number}=TOKEN")).collect();
        let mut arguments = vec!["run", "--reason", &reason];
        arguments.extend(names.iter().map(String::as_str));
        arguments.extend(["--", "true"]);
        let log = home.data().join("audit.jsonl");
        while fs::metadata(&log).unwrap().len() < full - 250_000 {
            home.run(&arguments).succeeds();
        }
        while fs::metadata(&log).unwrap().len() < full {
            home.run(["get", "TOKEN", "--reason", &reason]).succeeds();
        }
        let before = lines(&home).len();
        for at in 0.. {
            let twin = twin_of(&home);
            fs::create_dir(twin.path("config")).unwrap();
            fs::copy(home.path("config/config.toml"), twin.path("config/config.toml")).unwrap();
            let words = ["run", "-e", "A=TOKEN", "-e", "B=TOKEN", "-e", "C=TOKEN", "--", "true"];
            let is_killed = killed_at(&twin, &words, b"", at);
            twin.run(words).succeeds();
            let found = verified(&twin, 0);
            let count = found["lines"].as_u64().unwrap();
            assert!(count >= before as u64 + 4, "{at}: {count}");
            assert_eq!(found["files"], 2, "{at}");
            if !is_killed {
                break;
            }
        }
    }
}

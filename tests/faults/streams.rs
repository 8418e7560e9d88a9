//! Streams that are closed, full, or whose reader went away (unix).

use std::process::Command;

use crate::faults::snapshot;
use crate::support::{CANARY, Ran, Sandbox, feed};

/// Runs it the way a shell does that redirects its streams.
fn redirected(sandbox: &Sandbox, redirection: &str, arguments: &[&str]) -> Ran {
    let mut shell = Command::new("/bin/sh");
    let script = format!(r#""$@" {redirection}"#);
    shell.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_mcpcred")]).args(arguments);
    sandbox.surround(&mut shell);
    Ran(feed(shell, b""))
}

#[test]
fn a_closed_stdin_holds_no_value() {
    let sandbox = Sandbox::new().with("TOKEN");
    let before = snapshot(&sandbox);
    redirected(&sandbox, "<&-", &["add", "NEW", "--stdin"]).exits(2).says("the value is empty");
    redirected(&sandbox, "<&-", &["rotate", "TOKEN", "--stdin"]).exits(2).says("the value is empty");
    assert_eq!(snapshot(&sandbox), before);
    redirected(&sandbox, "<&-", &["get", "TOKEN"]).succeeds().prints(CANARY);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_stdout_is_a_failure() {
    let sandbox = Sandbox::new().with("TOKEN");
    for arguments in [
        &["get", "TOKEN"][..],
        &["get", "TOKEN", "--json"],
        &["list"],
        &["list", "--json"],
        &["export-env", "--shell", "bash"],
        &["store", "status"],
        &["completions", "bash"],
        &["man"],
    ] {
        let failed = redirected(&sandbox, ">/dev/full", arguments).exits(1);
        failed.says("No space left on device");
    }
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let sandbox = Sandbox::new().with("TOKEN");
    sandbox.feed(["add", "LONG", "--stdin"], &vec![b'x'; 1024 * 1024]).succeeds();
    for arguments in [&["get", "LONG"][..], &["export-env", "--shell", "bash"], &["list"]] {
        // The shell tells the status of the left side.
        let ran = redirected(&sandbox, "3>&- | exec true; exit 0", arguments).succeeds();
        assert_eq!(ran.stderr(), "", "{arguments:?}");
        let script = "| (exec <&-; sleep 0.2); exit 0";
        assert_eq!(redirected(&sandbox, script, arguments).succeeds().stderr(), "", "{arguments:?}");
    }
}

#[test]
fn a_closed_or_full_stderr_changes_no_outcome() {
    let sandbox = Sandbox::new().with("TOKEN");
    for redirection in ["2>&-", if cfg!(target_os = "linux") { "2>/dev/full" } else { "2>&-" }] {
        redirected(&sandbox, redirection, &["get", "TOKEN"]).succeeds().prints(CANARY);
        redirected(&sandbox, redirection, &["get", "NOTHING"]).exits(3).prints("");
        redirected(&sandbox, redirection, &["add", "TOKEN", "--generate", "20"]).exits(1);
        redirected(&sandbox, redirection, &["no-such-command"]).exits(2);
        redirected(&sandbox, redirection, &["rotate", "TOKEN", "--generate", "20"]).succeeds();
        redirected(&sandbox, redirection, &["rotate", "TOKEN", "--from-env", "HOME"]).succeeds();
        sandbox.feed(["rotate", "TOKEN", "--stdin"], CANARY.as_bytes()).succeeds();
    }
}

#[test]
fn nothing_of_ours_lands_in_a_stream_that_was_closed() {
    let sandbox = Sandbox::new().with("TOKEN");
    let before = snapshot(&sandbox);
    redirected(&sandbox, "<&- >&- 2>&-", &["get", "TOKEN"]);
    redirected(&sandbox, "<&- >&- 2>&-", &["list"]);
    assert_eq!(snapshot(&sandbox), before, "a file of ours took the number of a closed stream");
}

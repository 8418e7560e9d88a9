//! A disk that fills up while a value is put on record (Linux).

use std::fs;
use std::os::unix::process::ExitStatusExt;

use crate::faults::disk::{Disk, with_files_up_to};
use crate::support::{CANARY, Ran, Sandbox};

fn log(sandbox: &Sandbox) -> Vec<u8> {
    fs::read(sandbox.data().join("audit.jsonl")).unwrap()
}

fn settings(sandbox: &Sandbox, text: &str) {
    fs::create_dir_all(sandbox.path("config")).unwrap();
    fs::write(sandbox.path("config/config.toml"), text).unwrap();
}

/// Reads the value until that does not work: the last page of the log has room for some lines more.
fn until_refused(read: impl Fn() -> Ran) -> Ran {
    for _ in 0..50 {
        let ran = read();
        if ran.0.status.code() != Some(0) {
            return ran;
        }
        assert_eq!(ran.stdout(), CANARY);
    }
    panic!("there is room without an end")
}

fn is_whole(sandbox: &Sandbox, healed: u64) {
    let found = sandbox.run(["audit", "verify", "--json"]).succeeds().json("audit-verify");
    assert_eq!((&found["whole"], &found["healed"]), (&true.into(), &healed.into()), "{found}");
}

#[test]
fn a_full_disk_hands_nothing_out_that_is_not_on_record() {
    let sandbox = Sandbox::new();
    let Some(disk) = Disk::under(&sandbox) else { return a_log_that_may_not_grow_hands_nothing_out() };
    let sandbox = sandbox.with("TOKEN");
    settings(&sandbox, "[audit.anomalies]\nburst_per_minute = 0\n");
    sandbox.run(["get", "TOKEN"]).succeeds();
    let filler = disk.is_filled_by();
    let refused = until_refused(|| sandbox.run(["get", "TOKEN"])).exits(1).prints("");
    let refused = refused.says("it can't be put on record").says("No space left on device");
    refused.says("make room on that disk, and call again");
    assert!(log(&sandbox).ends_with(b"\n"), "what was written of the line is gone again");
    sandbox.run(["export-env", "--shell", "bash"]).exits(1).prints("");
    sandbox.run(["run", "-e", "TOKEN", "--", "env"]).exits(125).prints("");
    settings(&sandbox, "[audit]\nwhen_unwritable = \"allow\"\n");
    let allowed = sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    allowed.says("this is not in the audit log").says("No space left on device");
    settings(&sandbox, "[audit.anomalies]\nburst_per_minute = 0\n");
    fs::remove_file(filler).unwrap();
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    is_whole(&sandbox, 0);
}

/// The same through a limit on the size of files.
#[test]
fn a_log_that_may_not_grow_hands_nothing_out() {
    let sandbox = Sandbox::new().with("TOKEN");
    let read = || with_files_up_to(&sandbox, "trap '' XFSZ; ulimit -f 4", &["get", "TOKEN"], b"");
    let refused = until_refused(read).exits(1).prints("");
    refused.says("it can't be put on record").says("File too large");
    assert!(log(&sandbox).ends_with(b"\n"), "what was written of the line is gone again");
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    is_whole(&sandbox, 0);
}

/// The system ends a process in the middle of its line, so that nobody could take the first half back.
#[test]
fn a_line_of_which_half_was_written_is_healed_by_the_next() {
    let sandbox = Sandbox::new().with("TOKEN");
    // Longer than everything else that a reader writes.
    while log(&sandbox).len() < 6 * 1024 {
        sandbox.run(["get", "TOKEN"]).succeeds();
    }
    let limit = format!("ulimit -f {}", log(&sandbox).len() / 1024 + 1);
    let killed = until_refused(|| with_files_up_to(&sandbox, &limit, &["get", "TOKEN"], b""));
    assert_eq!((killed.0.status.signal(), killed.stdout().as_str()), (Some(25), ""), "{}", killed.said());
    assert!(!log(&sandbox).ends_with(b"\n"));
    sandbox.run(["get", "TOKEN"]).succeeds().prints(CANARY);
    is_whole(&sandbox, 1);
    let text = String::from_utf8(log(&sandbox)).unwrap();
    assert!(
        text.lines().any(|line| line.contains(r#""action":"heal""#) && line.contains(r#""torn "#)),
        "{text}"
    );
}

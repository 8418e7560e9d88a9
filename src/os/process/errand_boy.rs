//! A program of the system that does one thing, without a word and within a time.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Runs it, and says whether it was there, ended in time, and ended well. It asks nobody, and nobody hears it.
pub(crate) fn run_quietly(program: &str, arguments: &[&str], patience: Duration) -> bool {
    let mut command = Command::new(program);
    command.args(arguments);
    run(command, patience)
}

/// The same for a command that is put together already.
pub(crate) fn run(mut command: Command, patience: Duration) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    let end = Instant::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < end => sleep(Duration::from_millis(10)),
            _ => {
                _ = child.kill();
                _ = child.wait();
                return false;
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_missing_fails_or_hangs_did_not_do_it() {
        let run = |line: &str| run_quietly("sh", &["-c", line], Duration::from_millis(300));
        assert!(run("echo a word; exit 0"));
        assert!(!run("exit 1"));
        assert!(!run("exec sleep 20"));
        assert!(!run_quietly("no-such-program", &[], Duration::from_secs(1)));
    }
}

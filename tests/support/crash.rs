//! Killing: a command that ends at any of the calls that change the disk or leave the process (Linux).

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::libc;

use crate::support::traced::{self, Stop};
use crate::support::{Ran, Sandbox};

/// Whether what is on the disk, on the bus or under a lock may be different after this call.
fn changes_something(stop: &Stop) -> bool {
    let Stop::Call { number, arguments } = stop else { return false };
    let Ok(number) = libc::c_long::try_from(*number) else { return false };
    match number {
        libc::SYS_openat => arguments[2] & u64::from((libc::O_CREAT | libc::O_TRUNC).cast_unsigned()) != 0,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_rename | libc::SYS_unlink | libc::SYS_mkdir => true,
        libc::SYS_write
        | libc::SYS_writev
        | libc::SYS_pwrite64
        | libc::SYS_sendto
        | libc::SYS_sendmsg
        | libc::SYS_renameat
        | libc::SYS_renameat2
        | libc::SYS_unlinkat
        | libc::SYS_mkdirat
        | libc::SYS_fsync
        | libc::SYS_fdatasync
        | libc::SYS_ftruncate
        | libc::SYS_flock
        | libc::SYS_exit_group => true,
        _ => false,
    }
}

/// Runs it, and kills it when it is about to make its `at`th change (from 0). Says whether it came so far; it
/// ends by itself where it makes fewer.
pub(crate) fn killed_at(sandbox: &Sandbox, arguments: &[&str], input: &[u8], at: usize) -> bool {
    // More than the pipe takes comes from a file.
    let (mut traced, _child) = traced::start(sandbox, arguments, input);
    let mut changes = 0;
    loop {
        let stop = traced.next();
        if let Stop::Ended(_) = stop {
            return false;
        }
        if changes_something(&stop) {
            if changes == at {
                traced.kill();
                return true;
            }
            changes += 1;
        }
    }
}

/// Runs it, and kills it after this time. Says whether that was in time.
pub(crate) fn killed_after(sandbox: &Sandbox, arguments: &[&str], input: &[u8], time: Duration) -> bool {
    let mut command = sandbox.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    _ = child.stdin.take().unwrap().write_all(input);
    sleep(time);
    _ = child.kill();
    !child.wait().unwrap().success()
}

/// How long it takes when nobody kills it.
pub(crate) fn time_of(work: impl FnOnce() -> Ran) -> Duration {
    let start = Instant::now();
    work().succeeds();
    start.elapsed()
}

/// A second home, in which everything is as in the first.
pub(crate) fn twin_of(sandbox: &Sandbox) -> Sandbox {
    let twin = Sandbox::new();
    copy(&sandbox.data(), &twin.data());
    twin
}

/// Copies a folder with what is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

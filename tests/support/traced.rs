//! `Traced`: a program that is watched from outside, one system call at a time, and whose memory is searched
//! (Linux). Nothing in the program takes part in it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::process::{Child, Command, Stdio};

use memchr::memmem;
use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::support::Sandbox;

/// `PTRACE_EVENT_EXEC` and `PTRACE_EVENT_EXIT` of `ptrace(2)`.
const EXEC: i32 = 4;
const EXIT: i32 = 6;

/// Where the program was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A thread of it is about to make this system call.
    Call { number: u64, arguments: [u64; 3] },
    /// It has become another program, which has not run yet.
    Exec,
    /// It is about to end: everything that it ever does is done, and its memory is still there.
    Exit,
    /// It is gone, with this status (128 + N after signal N).
    Ended(i32),
}

/// A program under the eyes of the thread that started it, which has to be the one that watches.
pub(crate) struct Traced {
    leader: Pid,
    /// Opened before the program closes its memory to others, so that this needs no privileges.
    memory: File,
    mappings: File,
    /// Threads that are inside a system call.
    inside: HashSet<Pid>,
    stopped: Option<Pid>,
    is_gone: bool,
}

/// The program of the sandbox, which waits to be watched before it starts.
pub(crate) fn waiting<I: AsRef<OsStr>>(sandbox: &Sandbox, arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", r#"kill -STOP $$; exec "$@""#, "sh", env!("CARGO_BIN_EXE_mcpcred")]);
    sandbox.surround(&mut command);
    command.args(arguments);
    command
}

/// Starts it with this on its stdin (at most 64 KiB), up to its first instruction.
pub(crate) fn start<I: AsRef<OsStr>>(
    sandbox: &Sandbox,
    arguments: impl IntoIterator<Item = I>,
    input: &[u8],
) -> (Traced, Child) {
    let mut command = waiting(sandbox, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
    (Traced::attach(Pid::from_raw(child.id().cast_signed())), child)
}

impl Traced {
    /// Watches a program that [`waiting`] made and this thread started.
    pub(crate) fn attach(leader: Pid) -> Self {
        let stopped = waitpid(leader, Some(WaitPidFlag::WUNTRACED)).unwrap();
        assert!(matches!(stopped, WaitStatus::Stopped(..)), "{stopped:?}");
        let options = Options::PTRACE_O_EXITKILL
            | Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_TRACEEXIT;
        ptrace::seize(leader, options).unwrap();
        kill(leader, Signal::SIGCONT).unwrap();
        loop {
            match waitpid(leader, Some(WaitPidFlag::__WALL)).unwrap() {
                WaitStatus::PtraceEvent(_, _, EXEC) => break,
                WaitStatus::Stopped(_, signal) => ptrace::cont(leader, signal).unwrap(),
                WaitStatus::PtraceEvent(..) => ptrace::cont(leader, None).unwrap(),
                status => panic!("{status:?}"),
            }
        }
        let (memory, mappings) = open_memory(leader);
        // The `execve` that started it is still to return.
        let inside = HashSet::from([leader]);
        Self { leader, memory, mappings, inside, stopped: Some(leader), is_gone: false }
    }

    /// Lets it go on to the next system call of any thread, or to its end.
    pub(crate) fn next(&mut self) -> Stop {
        self.go_on(true)
    }

    /// Lets it go on until it becomes another program or ends.
    pub(crate) fn until_exec_or_exit(&mut self) -> Stop {
        self.go_on(false)
    }

    /// Lets it go on to a system call that is the one.
    pub(crate) fn until(&mut self, mut is_it: impl FnMut(&Stop) -> bool) -> Stop {
        loop {
            let stop = self.next();
            assert!(!matches!(stop, Stop::Ended(_)), "ended before: {stop:?}");
            if is_it(&stop) {
                return stop;
            }
        }
    }

    /// Lets it end, and gives its status.
    pub(crate) fn end(&mut self) -> i32 {
        loop {
            if let Stop::Ended(status) = self.go_on(false) {
                return status;
            }
        }
    }

    /// Kills it where it stands; the system call that it is about to make is not made.
    pub(crate) fn kill(&mut self) {
        _ = kill(self.leader, Signal::SIGKILL);
        self.end();
    }

    fn go_on(&mut self, call_by_call: bool) -> Stop {
        let mut resumed = self.stopped.take().map(|thread| (thread, None));
        loop {
            if let Some((thread, signal)) = resumed.take() {
                let step = if call_by_call { ptrace::syscall } else { ptrace::cont };
                match step(thread, signal) {
                    // A thread that was killed while it stood still.
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            // Of this thread alone: other tests wait for their own.
            let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
            let status = waitpid(None, Some(flags)).unwrap();
            match status {
                WaitStatus::PtraceSyscall(thread) if self.inside.remove(&thread) => {
                    resumed = Some((thread, None));
                }
                WaitStatus::PtraceSyscall(thread) => {
                    self.inside.insert(thread);
                    self.stopped = Some(thread);
                    return call(thread);
                }
                WaitStatus::PtraceEvent(thread, _, EXEC) => {
                    // Its system call is still to return.
                    self.inside = HashSet::from([thread]);
                    self.stopped = Some(thread);
                    (self.memory, self.mappings) = open_memory(self.leader);
                    return Stop::Exec;
                }
                WaitStatus::PtraceEvent(thread, _, EXIT) if thread == self.leader => {
                    self.stopped = Some(thread);
                    return Stop::Exit;
                }
                WaitStatus::PtraceEvent(thread, ..) => resumed = Some((thread, None)),
                WaitStatus::Stopped(thread, signal) => resumed = Some((thread, Some(signal))),
                WaitStatus::Exited(thread, status) if thread == self.leader => {
                    self.is_gone = true;
                    return Stop::Ended(status);
                }
                WaitStatus::Signaled(thread, signal, _) if thread == self.leader => {
                    self.is_gone = true;
                    return Stop::Ended(128 + signal as i32);
                }
                _ => {}
            }
        }
    }

    /// Every place in its memory that holds these bytes, as the line of `/proc/PID/maps` and an address.
    pub(crate) fn places_of(&mut self, bytes: &[u8]) -> Vec<String> {
        let finder = memmem::Finder::new(bytes);
        let mut text = String::new();
        self.mappings.seek(SeekFrom::Start(0)).unwrap();
        self.mappings.read_to_string(&mut text).unwrap();
        assert!(text.contains("[stack]"), "no mappings: {text}");
        let mut places = Vec::new();
        for line in text.lines() {
            let (range, rest) = line.split_once(' ').unwrap();
            let (start, end) = range.split_once('-').unwrap();
            let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap());
            if !rest.starts_with('r') || line.ends_with("[vvar]") || line.ends_with("[vsyscall]") {
                continue;
            }
            let mut content = vec![0; usize::try_from(end - start).unwrap()];
            // Pages past the end of a mapped file can't be read.
            let mut read = 0;
            while let Ok(count @ 1..) = self.memory.read_at(&mut content[read..], start + read as u64) {
                read += count;
            }
            assert!(read > 0 || !line.contains(" rw"), "cannot be read: {line}");
            let found = finder.find_iter(&content).map(|at| format!("{:x} in {line}", start + at as u64));
            places.extend(found);
        }
        places
    }

    /// As [`Traced::places_of`], of any piece of a secret: an allocator that takes memory back writes over the
    /// start of it.
    pub(crate) fn residues_of(&mut self, secret: &[u8]) -> Vec<String> {
        assert!(secret.len() >= 48, "too short to be told from chance");
        let mut places = Vec::new();
        for piece in secret.chunks_exact(16) {
            places.extend(self.places_of(piece));
        }
        places
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // What stands still can't be ended by anybody else.
        if !self.is_gone {
            self.kill();
        }
    }
}

fn open_memory(process: Pid) -> (File, File) {
    let open = |name| File::open(format!("/proc/{process}/{name}")).unwrap();
    (open("mem"), open("maps"))
}

#[cfg(target_arch = "x86_64")]
fn call(thread: Pid) -> Stop {
    match ptrace::getregs(thread) {
        Ok(it) => Stop::Call { number: it.orig_rax, arguments: [it.rdi, it.rsi, it.rdx] },
        Err(_) => Stop::Call { number: u64::MAX, arguments: [0; 3] },
    }
}

#[cfg(target_arch = "aarch64")]
fn call(thread: Pid) -> Stop {
    match ptrace::getregs(thread) {
        Ok(it) => Stop::Call { number: it.regs[8], arguments: [it.regs[0], it.regs[1], it.regs[2]] },
        Err(_) => Stop::Call { number: u64::MAX, arguments: [0; 3] },
    }
}

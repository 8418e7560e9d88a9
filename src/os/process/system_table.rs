//! The system's table of processes: Linux reads `/proc`, macOS and Windows ask `system.rs`.

use std::io;

use crate::os::process::identity::{Ending, Identity};

/// A process in the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Which.
    pub(super) identity: Identity,
    /// The number of the one that started it, or of the one that took it over.
    pub(super) parent: u32,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use linux::{all, look};
#[cfg(any(target_os = "macos", windows))]
pub(super) use others::{all, look};
#[cfg(unix)]
pub(super) use unix::end;
#[cfg(windows)]
pub(super) use windows::end;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::fs;

    use super::{Found, Identity};

    /// The process of that number, where it has not ended.
    pub(in super::super) fn look(pid: u32) -> Option<Found> {
        // The name may hold any bytes, so this is not always text.
        parse(pid, &crate::os::process::ancestors::stat(pid).ok()?)
    }

    /// Every process that can be seen.
    pub(in super::super) fn all() -> Vec<Found> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let number = |name: &std::ffi::OsStr| name.to_str()?.parse().ok();
        entries.flatten().filter_map(|entry| look(number(&entry.file_name())?)).collect()
    }

    /// `pid (name) state parent … start`, see `proc(5)`. The name may hold blanks and brackets itself.
    pub(super) fn parse(pid: u32, line: &[u8]) -> Option<Found> {
        let after_name = line.iter().rposition(|byte| *byte == b')')? + 1;
        let rest = std::str::from_utf8(line.get(after_name..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?;
        if ["Z", "X", "x"].contains(&state) {
            return None;
        }
        let parent = fields.next()?.parse().ok()?;
        // The 22nd field of the line, of which four are taken.
        let started = fields.nth(17)?.parse().ok()?;
        Some(Found { identity: Identity { pid, started }, parent })
    }
}

#[cfg(any(target_os = "macos", windows))]
mod others {
    use super::{Found, Identity};
    use crate::os::process::system;

    /// The process of that number, where it has not ended.
    pub(in super::super) fn look(pid: u32) -> Option<Found> {
        let (parent, started) = system::process(pid)?;
        Some(Found { identity: Identity { pid, started }, parent })
    }

    /// Every process that can be seen.
    pub(in super::super) fn all() -> Vec<Found> {
        let found = |(pid, parent, started)| Found { identity: Identity { pid, started }, parent };
        system::processes().into_iter().map(found).collect()
    }
}

/// No other system is asked, so that nothing is ever taken for ours.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", windows)))]
pub(super) fn look(_pid: u32) -> Option<Found> {
    None
}

/// As [`look`].
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", windows)))]
pub(super) fn all() -> Vec<Found> {
    Vec::new()
}

#[cfg(unix)]
mod unix {
    use rustix::io::Errno;
    use rustix::process::{Pid, Signal, kill_process};

    use super::{Ending, Identity, io};

    pub(in super::super) fn end(identity: Identity, ending: Ending) -> io::Result<()> {
        let number = i32::try_from(identity.pid).ok().and_then(Pid::from_raw);
        // 1 is the parent of everything, and in a container of ourselves.
        let Some(pid) = number.filter(|pid| !pid.is_init()) else { return Ok(()) };
        let signal = match ending {
            Ending::Asked => Signal::TERM,
            Ending::Forced => Signal::KILL,
        };
        let sent = match held(pid) {
            // What is held keeps its number, so nobody else can come to it after the look.
            Some(Ok(handle)) if identity.is_alive() => handle.send(signal),
            Some(Ok(_) | Err(Errno::SRCH)) => Ok(()),
            _ if identity.is_alive() => kill_process(pid, signal),
            _ => Ok(()),
        };
        match sent {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// A handle on a process, by which a signal reaches that one and no later one of its number.
    struct Handle(#[cfg(target_os = "linux")] std::os::fd::OwnedFd);

    #[cfg(target_os = "linux")]
    impl Handle {
        fn send(&self, signal: Signal) -> Result<(), Errno> {
            rustix::process::pidfd_send_signal(&self.0, signal)
        }
    }

    #[cfg(not(target_os = "linux"))]
    impl Handle {
        fn send(&self, _signal: Signal) -> Result<(), Errno> {
            Err(Errno::NOSYS)
        }
    }

    /// `None` where the system has no such handles.
    #[cfg(target_os = "linux")]
    fn held(pid: Pid) -> Option<Result<Handle, Errno>> {
        match rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
            Err(Errno::NOSYS | Errno::PERM) => None,
            answer => Some(answer.map(Handle)),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn held(_pid: Pid) -> Option<Result<Handle, Errno>> {
        None
    }
}

#[cfg(windows)]
mod windows {
    use super::{Ending, Identity, io};
    use crate::os::process::system;

    pub(in super::super) fn end(identity: Identity, ending: Ending) -> io::Result<()> {
        match ending {
            Ending::Asked => Ok(()),
            Ending::Forced => system::terminate(identity.pid, identity.started),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::linux::parse;

    #[test]
    fn a_name_with_brackets_and_blanks_hides_nothing() {
        let rest = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 19 20";
        let line = |name: &str, state: &str| format!("7 ({name}) {state} {rest}").into_bytes();
        let found = parse(7, &line("a) Z 9 (b", "S")).unwrap();
        assert_eq!((found.parent, found.identity.started), (1, 4711));
        assert!(parse(7, &line("gone", "Z")).is_none(), "it has ended");
        assert!(parse(7, b"7 (cut").is_none() && parse(7, b"7 (cut) S 1").is_none());
        let bytes = [b"7 (\xff\xfe) S ".as_slice(), rest.as_bytes()].concat();
        assert!(parse(7, &bytes).is_some());
    }
}

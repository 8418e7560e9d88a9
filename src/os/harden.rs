//! `Hardening`: what other processes may see of this one, reduced as far as the system allows.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What was achieved, for `doctor`. Nothing here ever fails the program: a secret that could be read by a
/// debugger of the same user is still better off than one that cannot be used.
#[derive(Debug)]
pub(crate) struct Hardening {
    /// A crash writes no memory to the disk.
    pub(crate) core_dumps_off: bool,
    /// Other processes of the same user can neither read the memory nor attach a debugger.
    pub(crate) memory_closed: bool,
    #[cfg(unix)]
    earlier_core_limit: Option<Rlimit>,
}

impl Hardening {
    /// Hardens this process: three system calls on unix, once, before any secret is in memory.
    ///
    /// The whole of `secmem-proc` would lower the hard limit of core dumps, which no child could raise
    /// again, and give up where a debugger watches; so its parts are used.
    pub(crate) fn apply() -> Self {
        #[cfg(unix)]
        {
            let earlier = getrlimit(Resource::Core);
            let none = Rlimit { current: Some(0), maximum: earlier.maximum };
            let core_dumps_off = setrlimit(Resource::Core, none).is_ok();
            Self {
                core_dumps_off,
                memory_closed: close_memory(),
                earlier_core_limit: core_dumps_off.then_some(earlier),
            }
        }
        #[cfg(windows)]
        {
            let memory_closed = secmem_proc::components::set_default_dacl_winapi().is_ok();
            // Windows Error Reporting reads the memory from a process of its own.
            Self { core_dumps_off: memory_closed, memory_closed }
        }
    }

    /// Gives a child the limit of core dumps that we found. To be called right before the `exec` or the
    /// start; the closed memory is not inherited, as `execve` opens it again (`prctl(2)`).
    pub(crate) fn restore_for_child(&self) {
        #[cfg(unix)]
        if let Some(earlier) = &self.earlier_core_limit {
            // The child then writes no core dumps, which is what it would not notice before it crashes.
            _ = setrlimit(Resource::Core, *earlier);
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "freebsd"))]
fn close_memory() -> bool {
    secmem_proc::components::disable_tracing_prctl().is_ok()
}

/// Where a debugger watches already, `PT_DENY_ATTACH` ends the process, so a debug build leaves it out.
#[cfg(target_os = "macos")]
fn close_memory() -> bool {
    !cfg!(debug_assertions) && secmem_proc::components::disable_tracing_prctl().is_ok()
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "freebsd", target_os = "macos"))))]
fn close_memory() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn rerun(test: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "--nocapture", test]);
        command
    }

    fn was_started_by_a_test() -> bool {
        std::env::args().any(|argument| argument == "--exact")
    }

    #[test]
    fn a_hardened_process_starts_children_as_if_nothing_were() {
        let output = rerun("os::harden::tests::hardened").output().unwrap();
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{report}");
        assert!(report.contains("tests::child ... ok"), "{report}");
    }

    #[test]
    #[ignore = "changes the process it runs in; started by another test"]
    #[cfg(unix)]
    fn hardened() {
        if !was_started_by_a_test() {
            return;
        }
        let soft = Rlimit { current: Some(4096), maximum: getrlimit(Resource::Core).maximum };
        setrlimit(Resource::Core, soft).unwrap();
        let start = std::time::Instant::now();
        let hardening = Hardening::apply();
        assert!(start.elapsed() < std::time::Duration::from_millis(5));
        assert!(hardening.core_dumps_off);
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{DumpableBehavior, dumpable_behavior};
            assert!(hardening.memory_closed);
            assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
        }
        hardening.restore_for_child();
        let error = std::os::unix::process::CommandExt::exec(&mut rerun("os::harden::tests::child"));
        panic!("{error}");
    }

    #[test]
    #[ignore = "changes the process it runs in; started by another test"]
    #[cfg(windows)]
    fn hardened() {
        if !was_started_by_a_test() {
            return;
        }
        let hardening = Hardening::apply();
        assert!(hardening.memory_closed);
        hardening.restore_for_child();
        assert!(rerun("os::harden::tests::child").status().unwrap().success());
    }

    #[test]
    #[ignore = "looks at what its parent left it; started by another test"]
    fn child() {
        #[cfg(unix)]
        if was_started_by_a_test() {
            assert_eq!(getrlimit(Resource::Core).current, Some(4096));
        }
        #[cfg(target_os = "linux")]
        if was_started_by_a_test() {
            use rustix::process::{DumpableBehavior, dumpable_behavior};
            assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::Dumpable));
        }
    }
}

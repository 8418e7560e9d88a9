//! `Identity`: a process that is never taken for a later one of the same number.

use std::io;

use serde::{Deserialize, Serialize};

use crate::os::process::system_table as table;

/// The number of a process and the moment of its start, in units of the system. Numbers are used again; both
/// together are not, until the machine starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The number.
    pub(crate) pid: u32,
    /// When it started: ticks since the start of the machine on Linux, microseconds since 1970 on macOS, units of
    /// 100 nanoseconds since 1601 on Windows. A program that takes the place of another keeps it.
    pub(crate) started: u64,
}

/// How a process is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It may tidy up first (SIGTERM). Windows knows no such thing for programs without a window, and nothing
    /// happens there.
    Asked,
    /// It is gone with the call (SIGKILL, `TerminateProcess`).
    Forced,
}

impl Identity {
    /// This process. `None` where the system does not tell when it started.
    pub(crate) fn own() -> Option<Self> {
        Self::of(std::process::id())
    }

    /// The process that has this number now, where there is one that has not ended yet.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        table::look(pid).map(|found| found.identity)
    }

    /// Whether that very process still runs. One that has ended and waits for its parent to notice does not.
    pub(crate) fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// This process and those that it descends from, itself first.
    pub(crate) fn own_line() -> Vec<Self> {
        let mut line = Vec::new();
        let mut next = table::look(std::process::id());
        while let Some(found) = next {
            // Bounded, should a system answer in a circle.
            if line.len() == 64 || line.contains(&found.identity) {
                break;
            }
            line.push(found.identity);
            next = table::look(found.parent)
                .filter(|parent| found.parent != 0 && parent.identity.started <= found.identity.started);
        }
        line
    }

    /// Ends that very process, or does nothing where it ended before.
    ///
    /// # Errors
    /// Where the system refuses, as for a process of somebody else.
    pub(crate) fn end(self, ending: Ending) -> io::Result<()> {
        table::end(self, ending)
    }
}

/// The processes of this machine at one moment.
pub(crate) struct Processes(Vec<table::Found>);

impl Processes {
    /// As they are now.
    pub(crate) fn now() -> Self {
        Self(table::all())
    }

    /// That process and every one that descends from it, itself first; without the one that asks. One whose parent
    /// ended before is no descendant any more.
    pub(crate) fn family(&self, first: Identity) -> Vec<Identity> {
        let mut family = vec![first];
        // Otherwise those who have its number as their parent's descend from another one.
        if !self.0.iter().any(|found| found.identity == first) {
            return family;
        }
        let mut next = 0;
        while let Some(parent) = family.get(next).copied() {
            next += 1;
            // A child is no older than its parent: an older one was started by a former process of that number.
            let is_child =
                |it: &&table::Found| it.parent == parent.pid && it.identity.started >= parent.started;
            for child in self.0.iter().filter(is_child) {
                if !family.contains(&child.identity) {
                    family.push(child.identity);
                }
            }
        }
        family.retain(|it| it.pid != std::process::id());
        family
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[cfg(unix)]
    fn sleeper() -> Command {
        let mut command = Command::new("sleep");
        command.arg("60");
        command
    }

    #[cfg(windows)]
    fn sleeper() -> Command {
        let mut command = Command::new("cmd");
        command.args(["/c", "pause"]).stdin(Stdio::piped()).stdout(Stdio::null());
        command
    }

    #[test]
    fn this_process_is_alive_and_descends_from_its_parent() {
        let own = Identity::own().unwrap();
        assert!(own.is_alive());
        assert_eq!(Identity::own_line()[0], own);
        // Wine starts the first program from outside of what Windows sees.
        assert!(cfg!(windows) || Identity::own_line().len() > 1);
    }

    #[test]
    fn a_recycled_number_is_another_process() {
        let own = Identity::own().unwrap();
        let former = Identity { started: own.started - 1, ..own };
        assert!(!former.is_alive());
        former.end(Ending::Forced).unwrap();
    }

    #[test]
    fn a_child_is_found_ended_and_gone_before_anybody_waits_for_it() {
        let mut child = sleeper().stderr(Stdio::null()).spawn().unwrap();
        let identity = Identity::of(child.id()).unwrap();
        assert!(Processes::now().family(Identity::own().unwrap()).contains(&identity));
        identity.end(Ending::Forced).unwrap();
        let mut patience = 200;
        while identity.is_alive() && patience > 0 {
            std::thread::sleep(std::time::Duration::from_millis(10));
            patience -= 1;
        }
        assert!(!identity.is_alive());
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn this_process_is_never_among_those_to_end() {
        let line = Identity::own_line();
        let family = Processes::now().family(*line.last().unwrap());
        assert!(!family.contains(&line[0]));
    }
}

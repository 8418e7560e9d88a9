//! `Place`: where the number of a process means something: a machine, since it started, and one view of it.

use serde::{Deserialize, Serialize};

/// Where a process runs. Two that share a home can be far apart: on two machines, or in two containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The name of the machine.
    machine: String,
    /// Which start of it, where numbers of processes begin anew. `None` where the time of a process tells that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boot: Option<String>,
    /// Which view of its processes, as every container has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    view: Option<String>,
}

/// What can be said from here about a process that was noted at some place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It can be looked at.
    Here,
    /// This machine has been started again since.
    Before,
    /// It is, or was, on another machine or in another container.
    Elsewhere,
}

impl Place {
    /// Where this process runs.
    pub(crate) fn here() -> Self {
        Self { machine: machine(), boot: boot(), view: view() }
    }

    /// The name of the machine.
    pub(crate) fn machine(&self) -> &str {
        &self.machine
    }

    /// What can be seen from here of a process that was noted at `other`.
    pub(crate) fn sees(&self, other: &Self) -> Sight {
        match (&self.boot, &other.boot) {
            // The same start is the same machine, whatever it is called by now.
            (Some(own), Some(others)) if own == others && self.view == other.view => Sight::Here,
            (Some(own), Some(others)) if own != others && self.machine == other.machine => Sight::Before,
            (None, None) if self.machine == other.machine => Sight::Here,
            _ => Sight::Elsewhere,
        }
    }
}

#[cfg(unix)]
fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The folder of our files belongs to one machine, unlike a home on a network.
#[cfg(windows)]
fn machine() -> String {
    "this machine".to_owned()
}

#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim_end().to_owned())
}

#[cfg(not(target_os = "linux"))]
fn boot() -> Option<String> {
    None
}

#[cfg(target_os = "linux")]
fn view() -> Option<String> {
    std::fs::read_link("/proc/self/ns/pid").ok()?.into_os_string().into_string().ok()
}

#[cfg(not(target_os = "linux"))]
fn view() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(machine: &str, boot: Option<&str>, view: Option<&str>) -> Place {
        Place { machine: machine.into(), boot: boot.map(str::to_owned), view: view.map(str::to_owned) }
    }

    #[test]
    fn a_machine_that_was_renamed_is_still_here() {
        let here = place("desk", Some("1"), Some("pid:[1]"));
        assert_eq!(here.sees(&place("desk.home", Some("1"), Some("pid:[1]"))), Sight::Here);
    }

    #[test]
    fn another_start_another_container_and_another_machine_are_told_apart() {
        let here = place("desk", Some("2"), Some("pid:[1]"));
        assert_eq!(here.sees(&place("desk", Some("1"), Some("pid:[1]"))), Sight::Before);
        assert_eq!(here.sees(&place("desk", Some("2"), Some("pid:[7]"))), Sight::Elsewhere);
        assert_eq!(here.sees(&place("laptop", Some("1"), Some("pid:[1]"))), Sight::Elsewhere);
        assert_eq!(place("a", None, None).sees(&place("b", None, None)), Sight::Elsewhere);
        assert_eq!(Place::here().sees(&Place::here()), Sight::Here);
    }
}

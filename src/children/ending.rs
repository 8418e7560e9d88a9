//! Ending programs: they are asked, then forced, and so is what they started.

use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::children::Child;
use crate::os::process::identity::{Ending, Identity, Processes};

/// How long a process that was forced to end may take to be gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is looked whether they are gone.
const PAUSE: Duration = Duration::from_millis(5);

/// What became of a program and of everything that it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was gone before.
    Before,
    /// It ended when it was asked to.
    Asked,
    /// It did not, and was forced to.
    Forced,
    /// The system refuses, as for a process of another user, or it hangs in the kernel.
    Remains,
    /// It runs on another machine or in another container.
    Elsewhere,
}

impl Ended {
    /// In a word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Asked => "asked",
            Self::Forced => "forced",
            Self::Remains => "remains",
            Self::Elsewhere => "elsewhere",
        }
    }

    /// Whether it holds nothing any more.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Before | Self::Asked | Self::Forced)
    }
}

/// Ends all of them at once, with everything that they started: asks, waits for at most `grace`, and forces those that
/// are still there. The process that calls this is spared.
///
/// Answers in the order of `children`.
pub(crate) fn end(children: &[Child], grace: Duration) -> Vec<Ended> {
    let processes = Processes::now();
    let families: Vec<Vec<Identity>> = children
        .iter()
        .map(|child| if child.is_here { processes.family(child.identity) } else { Vec::new() })
        .collect();
    let was_alive: Vec<bool> = families.iter().map(|family| is_any_alive(family)).collect();
    // Windows can't ask, and one that keeps the clipboard has something to take away first, which it does by itself.
    let asked = children.iter().zip(&families).filter(|(child, _)| !child.is_keeper);
    tell(asked.flat_map(|(_, family)| family), Ending::Asked);
    if cfg!(unix) || children.iter().any(|child| child.is_keeper) {
        wait(&families, grace);
    }
    let is_forced: Vec<bool> = families.iter().map(|family| is_any_alive(family)).collect();
    if is_forced.contains(&true) {
        // What they have started since is to end with them.
        let processes = Processes::now();
        let late: Vec<Identity> = families
            .iter()
            .flatten()
            .filter(|it| it.is_alive())
            .flat_map(|it| processes.family(*it))
            .collect();
        tell(late.iter(), Ending::Forced);
        wait(&families, PATIENCE);
    }
    let outcome = |at: usize, child: &Child| match (child.is_here, was_alive[at], is_forced[at]) {
        (false, ..) => Ended::Elsewhere,
        (_, false, _) => Ended::Before,
        (_, _, false) => Ended::Asked,
        _ if is_any_alive(&families[at]) => Ended::Remains,
        _ => Ended::Forced,
    };
    children.iter().enumerate().map(|(at, child)| outcome(at, child)).collect()
}

fn is_any_alive(family: &[Identity]) -> bool {
    family.iter().any(|it| it.is_alive())
}

fn tell<'a>(processes: impl Iterator<Item = &'a Identity>, ending: Ending) {
    for process in processes {
        // Whether it worked is seen by looking whether it is gone.
        let _: io::Result<()> = process.end(ending);
    }
}

fn wait(families: &[Vec<Identity>], patience: Duration) {
    let deadline = Instant::now() + patience;
    while families.iter().any(|family| is_any_alive(family)) && Instant::now() < deadline {
        sleep(PAUSE);
    }
}

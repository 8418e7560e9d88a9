//! THE CONFIGURATIONS IN REACH: which files clients read here, and the servers in them, each value with its place.
//!
//! [`discover`] finds the files and reads each once, whoever reads it; [`entry`] has what one client makes of one
//! server; [`precedence`] says which entry counts where several files have one of that name. Nothing is executed, and
//! no file is opened that is not in the catalog or named by the person.

mod approval;
pub(crate) mod discover;
pub(crate) mod entry;
mod identify;
pub(crate) mod leftover;
mod local_history;
pub(crate) mod misplaced;
mod own;
pub(crate) mod paths;
pub(crate) mod places;
pub(crate) mod precedence;
mod read;
pub(crate) mod target;
mod workspace;
mod worktree;

#[cfg(test)]
mod tests;

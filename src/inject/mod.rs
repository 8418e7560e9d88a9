//! Secrets on their way to a process: as lines for a shell, or as a child's environment.

pub(crate) mod environment;
pub(crate) mod shell;

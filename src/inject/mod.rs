//! Secrets on their way to a process: as lines for a shell, as a child's environment and arguments, as headers.

pub(crate) mod arguments;
pub(crate) mod environment;
pub(crate) mod headers;
pub(crate) mod shell;

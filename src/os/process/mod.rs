//! Children and parents: starting a command with its credentials, and knowing who started us.

pub(crate) mod descriptor;
pub(crate) mod hook;
pub(crate) mod launch;
pub(crate) mod parent;
#[cfg(unix)]
mod replace;
#[cfg(windows)]
mod supervise;
mod system;

//! Children and parents: starting a command with its credentials, and knowing who started us.

pub(crate) mod ancestors;
pub(crate) mod capture;
pub(crate) mod descriptor;
pub(crate) mod errand_boy;
pub(crate) mod hook;
pub(crate) mod identity;
pub(crate) mod launch;
pub(crate) mod own_program;
pub(crate) mod parent;
pub(crate) mod place;
#[cfg(unix)]
mod replace;
#[cfg(windows)]
mod supervise;
mod system;
mod system_table;

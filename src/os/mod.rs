//! What differs from one operating system to the next, behind one interface each.

pub(crate) mod browser;
pub(crate) mod clipboard;
pub(crate) mod harden;
pub(crate) mod lock;
pub(crate) mod notification;
pub(crate) mod private_file;
pub(crate) mod process;
pub(crate) mod readers;
#[cfg(windows)]
mod replace_file;
pub(crate) mod staged_file;
pub(crate) mod standard_input;
#[cfg(unix)]
pub(crate) mod system_log;

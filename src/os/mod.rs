//! What differs from one operating system to the next, behind one interface each.

pub(crate) mod browser;
pub(crate) mod clipboard;
pub(crate) mod harden;
pub(crate) mod lock;
pub(crate) mod private_file;
pub(crate) mod process;
pub(crate) mod readers;
pub(crate) mod standard_input;

//! What differs from one operating system to the next, behind one interface each.

pub(crate) mod lock;
pub(crate) mod private_file;
pub(crate) mod process;

//! THE CONFIGURATIONS IN REACH: which files clients read here, and the servers in them, each value with its place.

pub(crate) mod entry;

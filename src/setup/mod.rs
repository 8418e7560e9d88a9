//! SETTING UP: a server of the catalog as each client writes it, and putting it into a configuration.
//!
//! [`start`] says what is started and which credentials go with it; [`entry`] writes that in the client's own dialect;
//! [`insertion`] puts it into the file, where nothing of that name is there yet; [`covered`] shows what changes.

pub(crate) mod covered;
pub(crate) mod entry;
pub(crate) mod insertion;
pub(crate) mod start;

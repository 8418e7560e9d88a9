//! PROTECTION: secrets move out of the configurations of clients into the store, and every server still starts.
//!
//! ```text
//! plan        what lies in the open, what it will be called, and how it leaves its file    subject, launching
//! mechanism   what each client really supports     naming   each value one credential      program   our own path
//! shell_line  a line as its shell parts it     printed     headers that a line prints which prints nothing else
//! changes     the plan as edits, file by file       masked  the same as a person may see it
//! rehearsal   what of it can be done, before anything is
//! copies      where the values still lie            history the commits of a project that hold one
//! mending     the same as the advice of a check
//! ```

pub(crate) mod changes;
pub(crate) mod copies;
pub(crate) mod history;
pub(crate) mod launching;
pub(crate) mod masked;
pub(crate) mod mechanism;
pub(crate) mod mending;
pub(crate) mod naming;
pub(crate) mod plan;
pub(crate) mod printed;
pub(crate) mod program;
pub(crate) mod rehearsal;
pub(crate) mod shell_line;
pub(crate) mod subject;

#[cfg(test)]
#[allow(clippy::needless_raw_string_hashes, reason = "snapshots are written with them")]
mod tests;

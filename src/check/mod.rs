//! THE PREFLIGHT: joins what configurations refer to, what the store holds, what the environment provides and what
//! providers answer into findings.

pub(crate) mod finding;
pub(crate) mod fingerprint;
pub(crate) mod freshness;
pub(crate) mod known;
pub(crate) mod report;
pub(crate) mod synced;
pub(crate) mod verdict;
pub(crate) mod versions;

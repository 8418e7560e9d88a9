//! THE PREFLIGHT: joins what configurations refer to, what the store holds, what the environment provides and what
//! providers answer into findings.

pub(crate) mod asking;
pub(crate) mod bundles;
pub(crate) mod call;
mod copies;
pub(crate) mod covered;
pub(crate) mod drift;
pub(crate) mod exposure;
pub(crate) mod finding;
pub(crate) mod fingerprint;
pub(crate) mod freshness;
mod handing;
pub(crate) mod known;
mod path_value;
mod placeholder;
pub(crate) mod preflight;
pub(crate) mod presence;
pub(crate) mod quoted;
pub(crate) mod report;
pub(crate) mod synced;
pub(crate) mod unfilled;
pub(crate) mod unusual;
pub(crate) mod values;
pub(crate) mod verdict;
pub(crate) mod versions;
pub(crate) mod wrapper;

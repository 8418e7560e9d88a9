//! THE CATALOG: what is known of MCP servers, of the providers of their tokens, and of the clients that start them.
//!
//! Data, not code: `servers.toml`, `providers.toml` and `clients.toml` are part of the binary and are read only by the
//! commands that need them. `catalog.toml` in the configuration folder adds to them, or replaces an entry of the same
//! `id`. A publisher's own file makes an unknown server known.

pub(crate) mod client;
pub(crate) mod provider;
pub(crate) mod server;

//! A configuration with a secret in every field, for every client.

//! ASKING PROVIDERS whether a token lives: over TLS, at the catalog's host, under a deadline, with no redirect followed.

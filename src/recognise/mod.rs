//! SECRETS IN TEXT: known beginnings first, then names and randomness, with a list of what is never one.

//! Which combinations of client, scope and field are covered.

//! `.ci/fuzz references`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mcpcred::fuzz::references(bytes));

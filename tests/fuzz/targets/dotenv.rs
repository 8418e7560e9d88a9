//! `.ci/fuzz dotenv`

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mcpcred::fuzz::dotenv(bytes));

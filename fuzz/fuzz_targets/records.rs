//! Records of the log, words of pages, rows of tables.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| docmill_contracts::fuzz::records(bytes));

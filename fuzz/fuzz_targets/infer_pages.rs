//! Fields out of the words of pages.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| docmill_infer::fuzz::pages(bytes));

//! Text boxes out of a detector's probability map, their order and their heights.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| docmill_ocr::fuzz::db(bytes));

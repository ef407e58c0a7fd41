//! Characters and words out of a recogniser's class probabilities.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| docmill_ocr::fuzz::ctc(bytes));

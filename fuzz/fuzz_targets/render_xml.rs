//! The first element of an attached e-invoice.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| docmill_render::fuzz::xml(bytes));

//! Requests to the decoder and its replies.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| docmill_render::fuzz::messages(bytes));

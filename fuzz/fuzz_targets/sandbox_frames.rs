//! Frames on the pipes between a child and its parent.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| docmill_sandbox::fuzz::frames(bytes));

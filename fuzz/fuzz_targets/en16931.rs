//! Electronic invoices under all business rules.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| docmill_en16931::fuzz::invoices(bytes));

//! Embedded e-invoices.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| docmill_infer::fuzz::e_invoice(bytes));

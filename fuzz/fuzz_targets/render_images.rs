//! Headers and pixels of PNG, JPEG, WebP, BMP and TIFF.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| docmill_render::fuzz::images(bytes));

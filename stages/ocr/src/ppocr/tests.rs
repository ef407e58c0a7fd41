//! What only the models themselves show: skipped, loudly, where they cannot be fetched, unless DOCMILL_REQUIRE_ASSETS=1.

#![allow(clippy::print_stderr)]

use super::*;
use crate::decode_page;

/// On a GPU the thorough recogniser sums up; here it does so on the CPU.
#[test]
fn a_recogniser_that_sums_up_reads_the_same() {
    let files = match ModelFiles::fetch(&Assets::new(None)) {
        Ok(files) => files,
        Err(error) => {
            assert!(std::env::var_os("DOCMILL_REQUIRE_ASSETS").is_none_or(|v| v != "1"), "{error}");
            eprintln!("SKIPPED: the models cannot be fetched: {error}");
            return;
        }
    };
    let environment = environment(&files.library).unwrap();
    let device = Device::default();
    let mut all = thorough(&environment, &files, &device, false).unwrap();
    let mut summed = thorough(&environment, &files, &device, true).unwrap();
    assert!(summed.sums_up() && !all.sums_up());
    let bytes = include_bytes!("../../tests/invoice.png").as_slice().into();
    let image = decode_page(&bytes, "invoice.png", 1_000_000).unwrap();
    let (page, config) = (Page::of(&image), PpOcrConfig::default());
    let engine = PpOcr::open(&files, 1, config.clone()).unwrap();
    let quads = engine.pool.with(|models| engine.detect(models, &page, 1_000_000)).unwrap();
    assert!(quads.len() > 5);
    let read = |recognizer: &mut Recognizer| recognizer.read_as(&page, &quads, 1.0, &config).unwrap();
    assert_eq!(read(&mut summed), read(&mut all));
}

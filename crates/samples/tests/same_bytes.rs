//! The documents in `samples/` are what the generator makes: byte for byte, but for the PNG, whose compression depends on
//! the deflate library that the build has chosen; its pixels are compared.

#![allow(clippy::unwrap_used)]

use std::path::Path;

#[test]
fn samples_are_what_the_generator_makes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let mut total = 0;
    for sample in docmill_samples::all().unwrap() {
        let path = folder.join(sample.name);
        let kept = std::fs::read(&path).unwrap_or_default();
        let same = kept == sample.bytes
            || (path.extension().is_some_and(|e| e == "png") && pixels(&kept) == pixels(&sample.bytes));
        assert!(same, "samples/{} differs: run `cargo run -p docmill-samples`", sample.name);
        total += kept.len();
    }
    assert!(total < 1_000_000, "samples take {total} bytes");
}

fn pixels(png: &[u8]) -> image::DynamicImage {
    image::load_from_memory_with_format(png, image::ImageFormat::Png).unwrap()
}

#[test]
fn every_kept_document_has_a_generator() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let made = docmill_samples::all().unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "README.md" || made.iter().any(|s| s.name == name),
            "samples/{name} has no generator"
        );
    }
}

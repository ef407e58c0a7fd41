//! The documents in `samples/` are what the generator makes, byte for byte.

use std::path::Path;

#[test]
fn samples_are_what_the_generator_makes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let mut total = 0;
    for sample in docmill_samples::all().unwrap() {
        let path = folder.join(sample.name);
        let kept = std::fs::read(&path).unwrap_or_default();
        assert!(kept == sample.bytes, "samples/{} differs: run `cargo run -p docmill-samples`", sample.name);
        total += kept.len();
    }
    assert!(total < 1_000_000, "samples take {total} bytes");
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

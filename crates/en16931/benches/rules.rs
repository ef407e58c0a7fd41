//! `cargo bench -p docmill-en16931 -- FOLDER`: XML documents parsed and checked a second, on one thread.

use docmill_en16931::rules::{self, Set};
use docmill_en16931::{Document, invoice};
use std::io::Write;
use std::time::{Duration, Instant};

fn checked(bytes: &[u8]) -> usize {
    let Ok(document) = Document::parse(bytes) else { return 0 };
    let invoice = invoice(&document);
    rules::check(&document, invoice.as_ref(), &Set::of_document(&document)).len()
}

fn main() -> std::io::Result<()> {
    let Some(folder) = std::env::args().skip(1).find(|a| !a.starts_with("--")) else {
        return writeln!(
            std::io::stderr(),
            "name a folder of XML documents: cargo bench -p docmill-en16931 -- FOLDER"
        );
    };
    let mut documents = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "xml") {
            documents.push(std::fs::read(path)?);
        }
    }
    let (started, mut count) = (Instant::now(), 0_usize);
    while started.elapsed() < Duration::from_secs(3) && !documents.is_empty() {
        for bytes in &documents {
            std::hint::black_box(checked(bytes));
        }
        count += documents.len();
    }
    let rate = count as f64 / started.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{} documents, {rate:.0} parsed and checked a second", documents.len())
}

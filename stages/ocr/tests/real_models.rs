//! The real models on a drawn page. Without network and cache the test is skipped, loudly, unless
//! DOCMILL_REQUIRE_ASSETS=1.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use docmill_assets::Assets;
use docmill_contracts::{AccuracyMode, Word};
use docmill_ocr::{ModelFiles, OcrEngine, PpOcr, PpOcrConfig, Request, decode_page};
use image::RgbImage;
use image::imageops::rotate90;

fn page() -> RgbImage {
    let bytes = include_bytes!("invoice.png").as_slice().into();
    decode_page(&bytes, "invoice.png", 1_000_000).unwrap()
}

fn engine() -> Option<PpOcr> {
    match ModelFiles::fetch(&Assets::new(None)) {
        Ok(files) => Some(PpOcr::open(&files, 2, PpOcrConfig::default()).unwrap()),
        Err(error) => {
            assert!(std::env::var_os("DOCMILL_REQUIRE_ASSETS").is_none_or(|v| v != "1"), "{error}");
            eprintln!("SKIPPED: the models cannot be fetched: {error}");
            None
        }
    }
}

fn lines(words: &[Word]) -> Vec<String> {
    words
        .chunk_by(|a, b| a.line == b.line)
        .map(|line| line.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" "))
        .collect()
}

fn at(dpi: f32) -> Request {
    Request { dpi, accuracy: AccuracyMode::Balanced }
}

const TEXT: [&str; 8] = [
    "INVOICE 2026-0042",
    "Müller & Söhne GmbH",
    "Date 17.03.2026",
    "Widget, large",
    "3",
    "1.234,50 €",
    "Total amount",
    "3.703,50 €",
];

#[test]
fn a_drawn_invoice_is_read_exactly_with_boxes_round_its_words() {
    let Some(engine) = engine() else { return };
    let read = engine.recognize(&page(), &at(144.0)).unwrap();
    assert_eq!(lines(&read.words), TEXT);
    // A probability that words are right, not the recogniser's own score.
    assert!(read.confidence.unwrap() > 0.95, "{:?}", read.confidence);
    // Drawn at x 40 and 420, at two pixels per point.
    let find = |text: &str| read.words.iter().find(|w| w.text == text).unwrap().bbox;
    for (text, [x0, y0, x1, y1]) in [
        ("3", [210.0, 76.0, 218.0, 89.0]),
        ("Müller", [20.0, 45.0, 62.5, 60.0]),
        ("GmbH", [125.0, 45.0, 164.0, 60.0]),
    ] {
        let found = find(text);
        for (got, want) in found.iter().zip([x0, y0, x1, y1]) {
            assert!((got - want).abs() < 4.0, "{text}: {found:?}");
        }
    }
    // The same page again, on two threads at once, gives the same words.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert_eq!(engine.recognize(&page(), &at(144.0)).unwrap(), read));
        }
    });
    // Lines that run downwards are read as well, and an empty page has no words.
    let turned = engine.recognize(&rotate90(&page()), &at(144.0)).unwrap();
    let mut found = turned.lines.iter().map(|l| l.text.as_str());
    assert!(found.any(|text| text == "INVOICE 2026-0042"), "{:?}", turned.lines);
    let empty = RgbImage::from_pixel(600, 800, image::Rgb([255; 3]));
    assert_eq!(engine.recognize(&empty, &at(200.0)).unwrap().words, []);
    let tiny = RgbImage::from_pixel(1, 1, image::Rgb([0; 3]));
    assert_eq!(engine.recognize(&tiny, &at(200.0)).unwrap().confidence, None);
}

//! The real models on a drawn page. Without network and cache the test is skipped, loudly, unless
//! DOCMILL_REQUIRE_ASSETS=1.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use docmill_assets::Assets;
use docmill_contracts::{AccuracyMode, Word};
use docmill_ocr::{Device, ModelFiles, OcrEngine, PpOcr, PpOcrConfig, Provider, Request, decode_page};
use image::RgbImage;
use image::imageops::rotate90;
use std::io;
use std::sync::{Arc, Mutex};

fn page() -> RgbImage {
    let bytes = include_bytes!("invoice.png").as_slice().into();
    decode_page(&bytes, "invoice.png", 1_000_000).unwrap()
}

fn engine() -> Option<PpOcr> {
    files().map(|files| PpOcr::open(&files, 2, PpOcrConfig::default()).unwrap())
}

fn files() -> Option<ModelFiles> {
    match ModelFiles::fetch(&Assets::new(None)) {
        Ok(files) => Some(files),
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

/// Log lines as they are written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The number is one that no machine has, so that it does not matter whether there is a GPU.
#[test]
fn a_gpu_that_is_not_there_is_a_warning_and_pages_are_read_on_the_cpu() {
    let Some(files) = files() else { return };
    let plain = PpOcr::open(&files, 1, PpOcrConfig::default()).unwrap();
    for provider in [Provider::Cuda, Provider::Tensorrt] {
        let device = Device { provider, id: 99, ..Device::default() };
        let config = PpOcrConfig { device, ..PpOcrConfig::default() };
        let lines_logged = Lines::default();
        let to = lines_logged.clone();
        let logs = tracing_subscriber::fmt().with_ansi(false).with_writer(move || to.clone()).finish();
        let engine = tracing::subscriber::with_default(logs, || PpOcr::open(&files, 2, config).unwrap());
        let logged = String::from_utf8(lines_logged.0.lock().unwrap().clone()).unwrap();
        // Once, not once a model.
        assert_eq!(logged.matches("OCR-0031").count(), 1, "{logged}");
        assert!(logged.contains("WARN") && logged.contains("models run on the CPU"), "{logged}");
        // The CPU's own way, not the GPU's on the CPU.
        let read = engine.recognize(&page(), &at(144.0)).unwrap();
        assert_eq!(lines(&read.words), TEXT);
        assert_eq!(read, plain.recognize(&page(), &at(144.0)).unwrap());
    }
}

/// Needs a build with the feature `cuda`, ONNX Runtime for GPUs in `DOCMILL_ONNXRUNTIME`, and a GPU.
#[test]
fn a_gpu_reads_what_the_cpu_reads() {
    if std::env::var_os("DOCMILL_REQUIRE_GPU").is_none_or(|v| v != "1") {
        eprintln!("SKIPPED: reading on a GPU; DOCMILL_REQUIRE_GPU=1 runs it where there is one");
        return;
    }
    let files = ModelFiles::fetch(&Assets::new(None)).unwrap();
    let cpu = PpOcr::open(&files, 1, PpOcrConfig::default()).unwrap();
    let device = Device { provider: Provider::Cuda, ..Device::default() };
    let lines_logged = Lines::default();
    let to = lines_logged.clone();
    let logs = tracing_subscriber::fmt().with_ansi(false).with_writer(move || to.clone()).finish();
    let gpu = tracing::subscriber::with_default(logs, || {
        PpOcr::open(&files, 1, PpOcrConfig { device, ..PpOcrConfig::default() }).unwrap()
    });
    assert_eq!(String::from_utf8(lines_logged.0.lock().unwrap().clone()).unwrap(), "", "the GPU is not used");
    for accuracy in [AccuracyMode::Fast, AccuracyMode::Balanced, AccuracyMode::Accurate] {
        let request = Request { dpi: 144.0, accuracy };
        let [on_cpu, on_gpu] = [&cpu, &gpu].map(|engine| engine.recognize(&page(), &request).unwrap());
        assert_eq!(lines(&on_gpu.words), lines(&on_cpu.words), "{accuracy:?}");
    }
}

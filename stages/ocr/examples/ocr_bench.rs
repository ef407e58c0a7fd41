//! Reads every image of a folder and writes lines, times and memory as JSON, as the OCR bench's peers do.
//!
//! `cargo run --release -p docmill-ocr --example ocr_bench -- FOLDER OUT.json [DPI]`, with `OCR_MODE` fast, balanced or accurate and
//! the engine's settings as JSON in `OCR_CONFIG`.

#![allow(clippy::print_stdout)] // a command-line tool

use docmill_assets::Assets;
use docmill_contracts::AccuracyMode;
use docmill_ocr::{ModelFiles, OcrEngine, PpOcr, PpOcrConfig, Request, decode_page};
use serde_json::{Map, Value, json};
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out, rest @ ..] = arguments.as_slice() else {
        return Err("usage: ocr_bench FOLDER OUT.json [DPI]".into());
    };
    let dpi: f32 = rest.first().map_or(Ok(200.0), |v| v.parse())?;
    let config: PpOcrConfig = match std::env::var("OCR_CONFIG") {
        Ok(text) => serde_json::from_str(&text)?,
        Err(_) => PpOcrConfig::default(),
    };
    let started = Instant::now();
    let engine = PpOcr::open(&ModelFiles::fetch(&Assets::new(None))?, 1, config)?;
    let load_s = started.elapsed().as_secs_f64();
    let mut images: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    images.sort();
    let mut results = Map::new();
    let (mut all_wall, mut all_cpu) = (0.0, 0.0);
    if let Some(first) = images.first() {
        read(&engine, first, dpi)?;
    }
    for path in &images {
        let (wall, cpu) = (Instant::now(), cpu_s());
        let read = read(&engine, path, dpi)?;
        let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_s() - cpu);
        (all_wall, all_cpu) = (all_wall + wall, all_cpu + cpu);
        let items: Vec<Value> =
            read.lines.iter().map(|l| json!([l.quad.0.map(|p| [p.x, p.y]), l.text, l.score])).collect();
        let word = |(w, e): (&docmill_contracts::Word, &docmill_ocr::Evidence)| {
            json!([w.text, w.bbox, w.confidence, w.line, e.features()])
        };
        let words: Vec<Value> = read.words.iter().zip(&read.evidence).map(word).collect();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        results.insert(name, json!({"wall": wall, "cpu": cpu, "items": items, "words": words}));
    }
    let rss_mb = usage().ru_maxrss as f64 / 1024.0;
    let peer = std::env::var("OCR_PEER").unwrap_or_else(|_| "docmill_v6t".to_owned());
    let report = json!({"peer": peer, "threads": 1, "load_s": load_s, "rss_mb": rss_mb, "res": results});
    std::fs::write(out, serde_json::to_vec(&report)?)?;
    let n = images.len().max(1) as f64;
    println!(
        "{} images, {:.2} s wall and {:.2} s CPU per image, loaded in {load_s:.2} s, {rss_mb:.0} MB",
        images.len(),
        all_wall / n,
        all_cpu / n
    );
    Ok(())
}

fn read(engine: &PpOcr, path: &PathBuf, dpi: f32) -> Result<docmill_ocr::Recognized, Box<dyn Error>> {
    let bytes = std::fs::read(path)?.into();
    let image = decode_page(&bytes, &path.display().to_string(), 80_000_000)?;
    let accuracy = match std::env::var("OCR_MODE").as_deref() {
        Ok("fast") => AccuracyMode::Fast,
        Ok("accurate") => AccuracyMode::Accurate,
        _ => AccuracyMode::Balanced,
    };
    Ok(engine.recognize(&image, &Request { dpi, accuracy })?)
}

/// CPU time of this process, seconds.
fn cpu_s() -> f64 {
    let u = usage();
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    seconds(u.ru_utime) + seconds(u.ru_stime)
}

#[allow(unsafe_code, reason = "a system call that std has not")]
fn usage() -> libc::rusage {
    let mut usage = std::mem::MaybeUninit::zeroed();
    // SAFETY: getrusage fills the structure it is given; all zeros is a valid rusage should it fail.
    unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    }
}

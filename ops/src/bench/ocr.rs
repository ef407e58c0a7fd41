//! `docmill bench ocr`: time, memory and accuracy of the OCR engine on a folder of page images, in the format of its peers.

mod fit;
mod truth;

use crate::ocr::{accuracy, engine};
use crate::submission::Mode;
use crate::{OpsError, ui};
use clap::Args;
use docmill_ocr::{OcrEngine, PpOcr, Recognized, Request, decode_page};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use truth::{Count, Truth};

/// Largest image, pixels.
const MAX_PIXELS: u64 = 200_000_000;

/// Flags of `docmill bench ocr`.
#[derive(Debug, Args)]
pub struct OcrArgs {
    /// Folder of page images (PNG or JPEG). They are decoded in this process: only images that you trust.
    #[arg(long, value_name = "DIR")]
    pub images: PathBuf,
    /// Pages that are read at once, each on one core.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Where lines, times and memory go as JSON.
    #[arg(long, value_name = "FILE")]
    pub peers_json: Option<PathBuf>,
    /// How much work a page is worth.
    #[arg(long, value_enum, default_value_t = Mode::Balanced)]
    pub accuracy_mode: Mode,
    /// How often the folder is read; memory is printed after each time.
    #[arg(long, default_value_t = 1)]
    pub rounds: usize,
    /// Folder of true lines, one JSON file an image: words found are counted.
    #[arg(long, value_name = "DIR")]
    pub truth: Option<PathBuf>,
    /// Other engines' JSON files, whose words are counted as well.
    #[arg(long, value_name = "FILES", num_args = 1.., requires = "truth")]
    pub compare: Vec<PathBuf>,
    /// Fit the constants of the words' confidence to the truth, and print them with their error on images left out.
    #[arg(long, requires = "truth")]
    pub fit: bool,
    /// Configuration file (TOML); of it, the settings of the ocr stage.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What came of one image.
struct Measured {
    name: String,
    wall: f64,
    cpu: f64,
    read: Recognized,
}

/// Reads, counts and prints.
#[allow(clippy::unused_async, clippy::needless_pass_by_value, reason = "as all benches are called")]
pub(super) async fn run(args: OcrArgs) -> Result<ExitCode, OpsError> {
    let images = images(&args.images)?;
    let threads = args.threads.clamp(1, 64);
    let started = Instant::now();
    let engine = engine(args.config.as_deref(), threads)?;
    let load_s = started.elapsed().as_secs_f64();
    let mode = accuracy(args.accuracy_mode);
    // The first image is not counted: memory grows to what it needs.
    read(&engine, &images[0], mode)?;
    let mut measured = Vec::new();
    for round in 0..args.rounds.max(1) {
        let (since, before) = (Instant::now(), rss_mb());
        measured = all(&engine, &images, threads, mode)?;
        let elapsed = since.elapsed().as_secs_f64();
        let n = measured.len() as f64;
        let cpu: f64 = measured.iter().map(|m| m.cpu).sum();
        ui::say(format_args!(
            "round {}: {n} images, {:.3} s and {:.3} CPU s an image, resident {before:.0} MB before and {:.0} MB after, {:.0} MB at \
             most, loaded in {load_s:.2} s",
            round + 1,
            elapsed / n,
            cpu / n,
            rss_mb(),
            peak_mb(),
        ));
        // Of several threads, each image takes its share of the time in which all were read.
        let latency: f64 = measured.iter().map(|m| m.wall).sum();
        measured.iter_mut().for_each(|m| m.wall *= elapsed / latency.max(1e-9));
    }
    if let Some(path) = &args.peers_json {
        let report = peers_json(&measured, &args, threads, load_s);
        std::fs::write(path, report.to_string()).map_err(|e| OpsError::io("write", path, e))?;
    }
    if let Some(folder) = &args.truth {
        count(&args, folder, &measured)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn images(folder: &Path) -> Result<Vec<PathBuf>, OpsError> {
    let entries = std::fs::read_dir(folder).map_err(|e| OpsError::io("read", folder, e))?;
    let is_image = |p: &PathBuf| {
        p.extension().is_some_and(|e| ["png", "jpg", "jpeg"].contains(&e.to_string_lossy().as_ref()))
    };
    let mut found: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).filter(is_image).collect();
    found.sort();
    if found.is_empty() {
        return Err(OpsError::Usage(vec![format!("{}: no PNG or JPEG images", folder.display())]));
    }
    Ok(found)
}

/// Every image once, `threads` at a time.
fn all(
    engine: &PpOcr,
    images: &[PathBuf],
    threads: usize,
    mode: docmill_contracts::AccuracyMode,
) -> Result<Vec<Measured>, OpsError> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || -> Result<(), OpsError> {
        while let Some(path) = images.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (wall, cpu) = (Instant::now(), thread_cpu_s());
            let read = read(engine, path, mode)?;
            let (wall, cpu) = (wall.elapsed().as_secs_f64(), thread_cpu_s() - cpu);
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let measured = Measured { name, wall, cpu, read };
            done.lock().unwrap_or_else(PoisonError::into_inner).push(measured);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(done)
}

fn read(
    engine: &PpOcr,
    path: &Path,
    accuracy: docmill_contracts::AccuracyMode,
) -> Result<Recognized, OpsError> {
    let bytes = std::fs::read(path).map_err(|e| OpsError::io("read", path, e))?.into();
    let part = |e| OpsError::Part(Box::new(e));
    let image = decode_page(&bytes, &path.display().to_string(), MAX_PIXELS).map_err(part)?;
    // Points are pixels.
    engine.recognize(&image, &Request { dpi: 72.0, accuracy }).map_err(part)
}

fn peers_json(measured: &[Measured], args: &OcrArgs, threads: usize, load_s: f64) -> Value {
    let one = |m: &Measured| {
        let items: Vec<Value> =
            m.read.lines.iter().map(|l| json!([l.quad.0.map(|p| [p.x, p.y]), l.text, l.score])).collect();
        (m.name.clone(), json!({"wall": m.wall, "cpu": m.cpu, "items": items}))
    };
    let results: Map<String, Value> = measured.iter().map(one).collect();
    let peer = format!("docmill_{:?}", args.accuracy_mode).to_lowercase();
    json!({"peer": peer, "threads": threads, "load_s": load_s, "rss_mb": peak_mb(), "res": results})
}

/// Words of the truth that were found, of this engine and of others.
fn count(args: &OcrArgs, folder: &Path, measured: &[Measured]) -> Result<(), OpsError> {
    let truths: Vec<Option<Truth>> =
        measured.iter().map(|m| Truth::of(folder, &m.name)).collect::<Result<_, _>>()?;
    ui::say(format_args!("{:<28} {:>8} {:>8} {:>9}", "words", "true", "recall", "precision"));
    let say = |name: &str, count: Count| {
        ui::say(format_args!(
            "{name:<28} {:>8} {:>7.2}% {:>8.2}%",
            count.truth,
            count.recall() * 100.0,
            count.precision() * 100.0
        ));
    };
    let mut own = Count::default();
    for (m, truth) in measured.iter().zip(&truths) {
        if let Some(truth) = truth {
            own.add(truth, m.read.lines.iter().map(|l| l.text.as_str()));
        }
    }
    say("docmill", own);
    for path in &args.compare {
        let text = std::fs::read_to_string(path).map_err(|e| OpsError::io("read", path, e))?;
        let peer: Value = serde_json::from_str(&text)
            .map_err(|e| OpsError::Usage(vec![format!("{}: {e}", path.display())]))?;
        let mut found = Count::default();
        for (m, truth) in measured.iter().zip(&truths) {
            let Some(truth) = truth else { continue };
            // A peer may have read the same pages in another format.
            let stem = Path::new(&m.name).with_extension("");
            let results = peer["res"].as_object();
            let page = results.and_then(|r| r.iter().find(|(n, _)| Path::new(n).with_extension("") == stem));
            let items = page.and_then(|(_, p)| p["items"].as_array());
            found.add(truth, items.into_iter().flatten().filter_map(|i| i[1].as_str()));
        }
        say(peer["peer"].as_str().unwrap_or_default(), found);
    }
    if args.fit {
        let samples: Vec<Vec<fit::Sample>> = measured
            .iter()
            .zip(&truths)
            .filter_map(|(m, truth)| Some(fit::samples(&m.read, truth.as_ref()?)))
            .collect();
        fit::print(&samples);
    }
    Ok(())
}

/// CPU time of this thread, seconds.
#[allow(unsafe_code, reason = "a system call that std has not")]
fn thread_cpu_s() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime fills the structure it is given; the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// A line of /proc/self/status in MB.
fn status_mb(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(field));
    let kib = line.and_then(|l| l.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

fn rss_mb() -> f64 {
    status_mb("VmRSS")
}

fn peak_mb() -> f64 {
    status_mb("VmHWM")
}

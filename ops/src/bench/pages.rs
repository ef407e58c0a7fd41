//! One long document, or many scans, through `docmill run`: time, and memory from the first pages to the last.

use super::processes::{self, Resident};
use super::world::{clean, docmill, spawned};
use crate::{OpsError, columns, ui};
use clap::Args;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Growth that counts as flat, in parts.
const FLAT: f64 = 0.05;
/// Pages of the document that a long one is compared with.
const REFERENCE: u16 = 100;
/// Time between two samples.
const SAMPLE: Duration = Duration::from_millis(10);
/// Name of the sum of all processes.
const TOGETHER: &str = "together";

/// Flags of `docmill bench pages`.
#[derive(Debug, Args)]
pub struct PagesArgs {
    /// Pages of the document, which is made for the purpose.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(40..=5000))]
    pub pages: u16,
    /// Scanned pages in documents of 50, instead of one document with a text layer.
    #[arg(long)]
    pub scanned: bool,
}

/// Measures and prints. Exit code 1 where memory is not flat: of scans, from the first tenths of the run to its last; of one document,
/// which goes through one kind of work after the other, at its most against one of 100 pages.
pub(super) async fn run(args: PagesArgs) -> Result<ExitCode, OpsError> {
    let mut flat = true;
    if !args.scanned && args.pages > REFERENCE {
        let short = report(&PagesArgs { pages: REFERENCE, ..args }).await?;
        let long = report(&args).await?;
        let growth = long.most / short.most - 1.0;
        flat &= growth <= FLAT;
        ui::say(format_args!(
            "most together: {:.1} MiB with {REFERENCE} pages, {:.1} MiB with {}: {:+.1} %",
            short.most,
            long.most,
            args.pages,
            growth * 100.0
        ));
    } else {
        flat &= report(&args).await?.growth <= FLAT || !args.scanned;
    }
    Ok(if flat { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What all processes had together.
struct Together {
    /// The most at one moment, sampled.
    most: f64,
    /// From the first tenths of the run to its last, in parts.
    growth: f64,
}

async fn report(args: &PagesArgs) -> Result<Together, OpsError> {
    let folder = std::env::temp_dir().join(format!("docmill-bench-pages-{}", std::process::id()));
    let measured = measure(args, &folder).await;
    clean(&folder);
    let (seconds, series) = measured?;
    let pages = f64::from(args.pages);
    ui::say(format_args!(
        "{} {} pages in {seconds:.1} s: {:.1} ms a page",
        args.pages,
        if args.scanned { "scanned" } else { "born-digital" },
        seconds * 1000.0 / pages
    ));
    let mut together = Together { most: 0.0, growth: 0.0 };
    let rows: Vec<[String; 5]> = series
        .iter()
        .map(|(name, samples)| {
            let mean = |from: f64, to: f64| {
                let part: Vec<f64> = samples
                    .iter()
                    .filter(|(at, _)| (from..=to).contains(&(at / seconds)))
                    .map(|(_, resident)| resident.mib)
                    .collect();
                part.iter().sum::<f64>() / part.len().max(1) as f64
            };
            let (early, late) = (mean(0.1, 0.2), mean(0.9, 1.0));
            let growth = if early > 0.0 { late / early - 1.0 } else { 0.0 };
            let most = |of: fn(&Resident) -> f64| samples.iter().map(|(_, r)| of(r)).fold(0.0, f64::max);
            // What each had at most need not have been at one moment.
            let most = if name == TOGETHER { most(|r| r.mib) } else { most(|r| r.most) };
            if name == TOGETHER {
                together = Together { most, growth };
            }
            [
                name.clone(),
                format!("{early:.1}"),
                format!("{late:.1}"),
                format!("{most:.1}"),
                format!("{:+.1} %", growth * 100.0),
            ]
        })
        .collect();
    ui::say(columns::render(["resident MiB", "10–20 %", "90–100 %", "most", "growth"], &rows));
    Ok(together)
}

/// Seconds into the run and memory, by process.
type Series = BTreeMap<String, Vec<(f64, Resident)>>;

async fn measure(args: &PagesArgs, folder: &Path) -> Result<(f64, Series), OpsError> {
    let inputs = folder.join("in");
    std::fs::create_dir_all(&inputs).map_err(|e| OpsError::io("create", &inputs, e))?;
    for (name, bytes) in documents(args)? {
        let path = inputs.join(name);
        std::fs::write(&path, bytes).map_err(|e| OpsError::io("write", &path, e))?;
    }
    let mut command = docmill()?;
    command.arg("run").arg("--out").arg(folder.join("out")).arg(&inputs).stdout(Stdio::null());
    let since = Instant::now();
    let mut child = spawned(command)?;
    let roots = BTreeMap::from([("docmill run".to_owned(), child.id().unwrap_or(0))]);
    let mut series = Series::new();
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(|e| OpsError::io("wait for", "docmill run", e))?,
            () = tokio::time::sleep(SAMPLE) => {
                let at = since.elapsed().as_secs_f64();
                let found = processes::resident(&roots);
                let sum = found.iter().map(|(_, resident)| *resident).sum();
                for (name, resident) in found.into_iter().chain([(TOGETHER.to_owned(), sum)]) {
                    series.entry(name).or_default().push((at, resident));
                }
            }
        }
    };
    let seconds = since.elapsed().as_secs_f64();
    if !status.success() {
        return Err(OpsError::Usage(vec![format!("docmill run ended with {status}")]));
    }
    Ok((seconds, series))
}

fn documents(args: &PagesArgs) -> Result<Vec<(String, Vec<u8>)>, OpsError> {
    const OF_A_SCAN: u16 = 50;
    if !args.scanned {
        let bytes = docmill_samples::order("LONG-1", usize::from(args.pages));
        return Ok(vec![("long.pdf".to_owned(), bytes)]);
    }
    (0..args.pages)
        .step_by(usize::from(OF_A_SCAN))
        .map(|first| {
            let pages = usize::from(OF_A_SCAN.min(args.pages - first));
            let bytes = docmill_samples::scan(u64::from(first) + 1, pages)
                .map_err(|e| OpsError::Usage(vec![e.to_string()]))?;
            Ok((format!("scan-{first:04}.tiff"), bytes))
        })
        .collect()
}

//! Memory of every process over many documents: flat, or not.

use super::processes;
use super::world::{Tally, World, WorldArgs, done};
use crate::inputs::{self, Input};
use crate::{OpsError, columns, ui};
use clap::Args;
use docmill_runtime::transport::ReadFrom;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Growth from the end of the warm-up to the end of the run that counts as flat, in parts of the mean.
const FLAT: f64 = 0.02;

/// Flags of `docmill bench soak`.
#[derive(Debug, Args)]
pub struct SoakArgs {
    /// Where it runs.
    #[command(flatten)]
    pub world: WorldArgs,
    /// Files, or folders of documents; they are submitted again and again, each time for another tenant.
    #[arg(required = true, value_name = "FILES|FOLDERS")]
    pub inputs: Vec<PathBuf>,
    /// Documents in all.
    #[arg(long, default_value_t = 10_000)]
    pub documents: usize,
    /// Part of the run, from its start, that is not looked at, in percent.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u8).range(0..=90))]
    pub warm_up: u8,
    /// Write every sample into this CSV file.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Longest wait for the results of one submission of all files, in seconds.
    #[arg(long, default_value_t = 900)]
    pub limit: u64,
}

/// Resident memory at a moment.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// Documents that were done.
    documents: f64,
    mib: f64,
}

/// Samples by process.
type Series = BTreeMap<String, Vec<Sample>>;

/// Measures and prints. Exit code 1 when a process of docmill is not flat.
pub(super) async fn run(args: SoakArgs) -> Result<ExitCode, OpsError> {
    let files = inputs::collect(&args.inputs, None).map_err(OpsError::Usage)?.files;
    if files.is_empty() {
        return Err(OpsError::Usage(vec!["no documents found".into()]));
    }
    let world = World::start(&args.world).await?;
    let measured = measure(&args, &files, &world).await;
    world.stop().await?;
    let (series, seconds) = measured?;
    if let Some(file) = &args.csv {
        write(file, &series)?;
    }
    let flat = print(&args, &series, seconds);
    Ok(if flat { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(args: &SoakArgs, files: &[Input], world: &World) -> Result<(Series, f64), OpsError> {
    let mut stages = world.up(&[])?;
    let desk = world.desk().await?;
    let mut reader = desk.log.reader("results", ReadFrom::End).await?;
    world.warm_up(&mut stages, &mut *reader, &desk.codec, files, "warm-up", args.limit).await?;
    let mut roots = world.processes(&stages);
    roots.insert("docmill up".into(), stages.pid());
    let (mut series, mut finished, since) = (Series::new(), 0, Instant::now());
    while finished < args.documents {
        // Two submissions of all files are in the stages at a time, so that they never run dry.
        let mut submits = Vec::new();
        for half in 0..2 {
            let mut submit = world.docmill("submit")?;
            submit.args(["--tenant", &world.tenant(&format!("soak-{finished}-{half}"))]).args(&args.inputs);
            submits.push(submit);
        }
        let submitting = tokio::spawn(async move {
            for submit in submits {
                done(submit, "docmill submit").await?;
            }
            Ok::<(), OpsError>(())
        });
        let wanted = files.len() * 2;
        let mut tally = Tally::default();
        while tally.seen.len() < wanted {
            // A second's worth of results, then a look at memory.
            let before = tally.seen.len();
            let next = (before + (wanted / 10).max(1)).min(wanted);
            stages.during(tally.read(&mut *reader, &desk.codec, next, args.limit)).await?;
            sample(&roots, &mut series, finished + tally.seen.len());
        }
        submitting.await??;
        finished += wanted;
        ui::tell(format_args!("{finished} of {} documents", args.documents));
    }
    // What is kept when nothing is left to do.
    tokio::time::sleep(Duration::from_secs(1)).await;
    sample(&roots, &mut series, finished);
    let seconds = since.elapsed().as_secs_f64();
    stages.stop().await?;
    Ok((series, seconds))
}

fn sample(roots: &BTreeMap<String, u32>, series: &mut Series, documents: usize) {
    for (name, resident) in processes::resident(roots) {
        series.entry(name).or_default().push(Sample { documents: documents as f64, mib: resident.mib });
    }
}

/// Growth over the samples by least squares, in parts of their mean.
fn growth(samples: &[Sample]) -> f64 {
    let n = samples.len() as f64;
    let mean = |of: &dyn Fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>() / n.max(1.0);
    let (x, y) = (mean(&|s| s.documents), mean(&|s| s.mib));
    let spread: f64 = samples.iter().map(|s| (s.documents - x).powi(2)).sum();
    let along: f64 = samples.iter().map(|s| (s.documents - x) * (s.mib - y)).sum();
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return 0.0 };
    if spread <= 0.0 || y <= 0.0 { 0.0 } else { along / spread * (last.documents - first.documents) / y }
}

fn print(args: &SoakArgs, series: &Series, seconds: f64) -> bool {
    let mut flat = true;
    let total = series.values().flatten().map(|s| s.documents).fold(0.0, f64::max);
    let rows: Vec<[String; 7]> = series
        .iter()
        .map(|(name, all)| {
            let from = total * f64::from(args.warm_up) / 100.0;
            let samples: Vec<Sample> = all.iter().filter(|s| s.documents >= from).copied().collect();
            let growth = growth(&samples);
            // The broker and the registry are not ours.
            let ours = name.starts_with("docmill");
            let is_flat = growth.abs() <= FLAT;
            flat &= is_flat || !ours;
            let mib = |f: fn(f64, f64) -> f64, start| samples.iter().map(|s| s.mib).fold(start, f);
            let mean = samples.iter().map(|s| s.mib).sum::<f64>() / samples.len().max(1) as f64;
            [
                name.clone(),
                format!("{mean:.1}"),
                format!("{:.1}", mib(f64::min, f64::INFINITY)),
                format!("{:.1}", mib(f64::max, 0.0)),
                format!("{:+.1} %", growth * 100.0),
                samples.len().to_string(),
                if is_flat { "flat" } else { "not flat" }.to_owned(),
            ]
        })
        .collect();
    ui::say(columns::render(["process", "mean MiB", "least", "most", "growth", "samples", ""], &rows));
    ui::say(format_args!(
        "resident memory over {total:.0} documents in {seconds:.0} s, the first {} % left out; growth by least squares, \
         flat is within ±{:.0} %",
        args.warm_up,
        FLAT * 100.0
    ));
    flat
}

fn write(file: &PathBuf, series: &Series) -> Result<(), OpsError> {
    let mut text = String::from("process,documents,mib\n");
    for (name, samples) in series {
        for s in samples {
            // Writing to a string cannot fail.
            writeln!(text, "{name},{},{:.3}", s.documents, s.mib).ok();
        }
    }
    std::fs::write(file, text).map_err(|e| OpsError::io("write", file, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(f: impl Fn(f64) -> f64) -> Vec<Sample> {
        (0..=10).map(|i| Sample { documents: f64::from(i) * 100.0, mib: f(f64::from(i)) }).collect()
    }

    #[test]
    fn growth_is_told_from_noise() {
        assert!(growth(&series(|_| 50.0)).abs() < 1e-9);
        assert!((growth(&series(|i| 100.0 + i)) - 10.0 / 105.0).abs() < 1e-9);
        assert!(growth(&series(|i| if i as i32 % 2 == 0 { 50.0 } else { 50.4 })).abs() < FLAT);
        assert!(growth(&[]).abs() < 1e-9 && growth(&series(|_| 0.0)).abs() < 1e-9);
    }
}

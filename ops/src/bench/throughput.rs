//! Documents and pages per second from submission to the last result, over both transports.

use super::processes::{Sampler, Usage};
use super::world::{Tally, World, WorldArgs, clean, docmill, done, spawned};
use crate::inputs::{self, Input};
use crate::{OpsError, ui};
use clap::{Args, ValueEnum};
use docmill_runtime::transport::ReadFrom;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Instant;

/// Tenant of the document that is not counted.
const WARM_UP: &str = "warm-up";

/// Which transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Over {
    /// `docmill run`: one process, the embedded log.
    Embedded,
    /// `docmill up`: six processes, Apache Kafka and a schema registry started for the purpose on this machine.
    Kafka,
}

/// Flags of `docmill bench throughput`.
#[derive(Debug, Args)]
pub struct ThroughputArgs {
    /// Files, or folders of documents.
    #[arg(required = true, value_name = "FILES|FOLDERS")]
    pub inputs: Vec<PathBuf>,
    /// Transports to measure.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Over::Embedded, Over::Kafka])]
    pub over: Vec<Over>,
    /// Longest wait for the last result, in seconds.
    #[arg(long, default_value_t = 900)]
    pub limit: u64,
}

struct Figures {
    over: &'static str,
    documents: usize,
    pages: usize,
    seconds: f64,
    usage: BTreeMap<String, Usage>,
}

/// Measures and prints.
pub(super) async fn run(args: ThroughputArgs) -> Result<ExitCode, OpsError> {
    let files = inputs::collect(&args.inputs, None).map_err(OpsError::Usage)?.files;
    if files.is_empty() {
        return Err(OpsError::Usage(vec!["no documents found".into()]));
    }
    let folder = std::env::temp_dir().join(format!("docmill-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| OpsError::io("create", &folder, e))?;
    let mut all = Vec::new();
    for over in &args.over {
        let figures = match over {
            Over::Embedded => embedded(&args, &folder).await,
            Over::Kafka => kafka(&args, &files).await,
        };
        match figures {
            Ok(figures) => all.push(figures),
            Err(e) => {
                clean(&folder);
                return Err(e);
            }
        }
    }
    clean(&folder);
    print(&all);
    Ok(ExitCode::SUCCESS)
}

async fn embedded(args: &ThroughputArgs, folder: &Path) -> Result<Figures, OpsError> {
    let out = folder.join("run");
    let mut command = docmill()?;
    command.arg("run").arg("--out").arg(&out).args(&args.inputs).stdout(Stdio::null());
    let since = Instant::now();
    let mut child = spawned(command)?;
    let sampler = Sampler::start(BTreeMap::from([("docmill run".to_owned(), child.id().unwrap_or(0))]));
    child.wait().await.map_err(|e| OpsError::io("wait for", "docmill run", e))?;
    let seconds = since.elapsed().as_secs_f64();
    let usage = sampler.stop().await;
    let lines = out.join("results.jsonl");
    let text = std::fs::read_to_string(&lines).map_err(|e| OpsError::io("read", &lines, e))?;
    let pages = text
        .lines()
        .filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok())
        .filter_map(|r| r.get("pages").and_then(|p| p.as_array()).map(Vec::len))
        .sum();
    Ok(Figures { over: "embedded log", documents: text.lines().count(), pages, seconds, usage })
}

async fn kafka(args: &ThroughputArgs, files: &[Input]) -> Result<Figures, OpsError> {
    let world = World::start(&WorldArgs::default()).await?;
    let measured = over_kafka(args, files, &world).await;
    world.stop().await?;
    measured
}

async fn over_kafka(args: &ThroughputArgs, files: &[Input], world: &World) -> Result<Figures, OpsError> {
    let mut stages = world.up(&[])?;
    let desk = world.desk().await?;
    let mut reader = desk.log.reader("results", ReadFrom::Beginning).await?;
    world.warm_up(&mut stages, &mut *reader, &desk.codec, files, WARM_UP, args.limit).await?;
    let mut tally = Tally::default();
    let sampler = Sampler::start(world.processes(&stages));
    let since = Instant::now();
    let mut submit = world.docmill("submit")?;
    submit.args(&args.inputs);
    let submitting = tokio::spawn(done(submit, "docmill submit"));
    stages.during(tally.read(&mut *reader, &desk.codec, files.len(), args.limit)).await?;
    let seconds = since.elapsed().as_secs_f64();
    let usage = sampler.stop().await;
    submitting.await??;
    stages.stop().await?;
    Ok(Figures { over: "Apache Kafka", documents: tally.seen.len(), pages: tally.pages, seconds, usage })
}

fn print(all: &[Figures]) {
    for f in all {
        ui::say(format_args!(
            "{}: {} documents, {} pages in {:.1} s: {:.1} documents/s, {:.1} pages/s",
            f.over,
            f.documents,
            f.pages,
            f.seconds,
            f.documents as f64 / f.seconds,
            f.pages as f64 / f.seconds
        ));
        for (name, usage) in &f.usage {
            ui::say(format_args!(
                "  {name:<20} {:>7.1} CPU s  {:>7.0} MiB peak",
                usage.cpu_s, usage.peak_mib
            ));
        }
    }
}

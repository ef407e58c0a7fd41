//! Documents and pages per second from submission to the last result, over both transports.

use super::processes::{self, Sampler, Usage};
use crate::inputs::{self, Input};
use crate::{OpsError, ui};
use clap::{Args, ValueEnum};
use docmill_contracts::{Codec, DocumentResult};
use docmill_registry::Registry;
use docmill_runtime::transport::{Read, ReadFrom, Reader, Transport};
use docmill_service::Config;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

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
            Over::Kafka => kafka(&args, &files, &folder).await,
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

fn clean(folder: &Path) {
    if let Err(e) = std::fs::remove_dir_all(folder) {
        ui::tell(format_args!("{} is left behind: {e}", folder.display()));
    }
}

fn docmill() -> Result<Command, OpsError> {
    let program = std::env::current_exe().map_err(|e| OpsError::io("find", "this program", e))?;
    Ok(Command::new(program))
}

fn spawned(mut command: Command) -> Result<Child, OpsError> {
    command.kill_on_drop(true).spawn().map_err(|e| OpsError::io("start", "docmill", e))
}

/// Ends well, or the error names what was run.
async fn done(mut command: Command, what: &'static str) -> Result<(), OpsError> {
    command.stdout(Stdio::null());
    let status = spawned(command)?.wait().await.map_err(|e| OpsError::io("wait for", what, e))?;
    match status.code() {
        Some(0 | 1) => Ok(()),
        Some(_) | None => Err(OpsError::io("run", what, std::io::Error::other(status.to_string()))),
    }
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

async fn kafka(args: &ThroughputArgs, files: &[Input], folder: &Path) -> Result<Figures, OpsError> {
    let (port, registry_port) = (free_port()?, free_port()?);
    let dir = folder.join("kafka");
    let mut up = docmill()?;
    up.args([
        "kafka",
        "up",
        "--port",
        &port.to_string(),
        "--registry-port",
        &registry_port.to_string(),
        "--dir",
    ]);
    up.arg(&dir);
    done(up, "docmill kafka up").await?;
    let measured = over_kafka(args, files, folder, &dir, port, registry_port).await;
    let mut down = docmill()?;
    down.args(["kafka", "down", "--dir"]).arg(&dir);
    done(down, "docmill kafka down").await?;
    measured
}

async fn over_kafka(
    args: &ThroughputArgs,
    files: &[Input],
    folder: &Path,
    dir: &Path,
    port: u16,
    registry_port: u16,
) -> Result<Figures, OpsError> {
    let (Some(file), documents) = (files.first(), files.len()) else {
        return Err(OpsError::Usage(Vec::new()));
    };
    let servers = format!("127.0.0.1:{port}");
    let registry = format!("http://127.0.0.1:{registry_port}/apis/ccompat/v7");
    let blobs = folder.join("blobs");
    let with = |name: &str| -> Result<Command, OpsError> {
        let mut command = docmill()?;
        command
            .arg(name)
            .env("DOCMILL__KAFKA__BOOTSTRAP_SERVERS", &servers)
            .env("DOCMILL__REGISTRY__URL", &registry)
            .env("DOCMILL__BLOBS__FOLDER", &blobs)
            .env("DOCMILL__LOG__FILTER", "warn");
        Ok(command)
    };
    let mut apply = with("topology")?;
    apply.arg("apply");
    done(apply, "docmill topology apply").await?;
    let mut config = Config::load(None)?;
    config.kafka.bootstrap_servers.clone_from(&servers);
    config.registry.url = registry.clone();
    let log = docmill_service::open_kafka(&config, "docmill-bench")?;
    let mut up = with("up")?;
    up.stdout(Stdio::null());
    let mut stages = spawned(up)?;
    let codec = Codec::new(Registry::http(&config.registry)?.catalog(Some(&config.load_topology()?)).await?);
    let mut reader = log.reader("results", ReadFrom::Beginning).await?;
    // The first document shows that every stage has joined its group.
    let mut first = with("submit")?;
    first.args(["--tenant", WARM_UP]).arg(&file.path);
    done(first, "docmill submit").await?;
    let mut tally = Tally::default();
    tally.read(&mut *reader, &codec, 1, args.limit).await?;
    tally = Tally::default();
    let sampler = Sampler::start(processes::named(stages.id().unwrap_or(0), dir));
    let since = Instant::now();
    let mut submit = with("submit")?;
    submit.args(&args.inputs);
    let submitting = tokio::spawn(done(submit, "docmill submit"));
    tally.read(&mut *reader, &codec, documents, args.limit).await?;
    let seconds = since.elapsed().as_secs_f64();
    let usage = sampler.stop().await;
    submitting.await??;
    if let Some(pid) = stages.id() {
        crate::process::signal(pid, crate::process::Signal::Term);
    }
    stages.wait().await.map_err(|e| OpsError::io("wait for", "docmill up", e))?;
    Ok(Figures { over: "Apache Kafka", documents: tally.seen.len(), pages: tally.pages, seconds, usage })
}

/// Results that came.
#[derive(Default)]
struct Tally {
    seen: BTreeSet<String>,
    pages: usize,
}

impl Tally {
    /// Reads until so many documents have a result.
    async fn read(
        &mut self,
        reader: &mut dyn Reader,
        codec: &Codec,
        documents: usize,
        limit_s: u64,
    ) -> Result<(), OpsError> {
        let limit = tokio::time::sleep(Duration::from_secs(limit_s));
        tokio::pin!(limit);
        while self.seen.len() < documents {
            tokio::select! {
                () = &mut limit => {
                    let left = documents - self.seen.len();
                    let late = format!("{left} documents had no result after {limit_s} s");
                    return Err(OpsError::io("wait for results of", "documents", std::io::Error::other(late)));
                }
                read = reader.next() => if let Read::Records { records, .. } = read? {
                    for value in records.into_iter().filter_map(|r| r.value) {
                        let result: DocumentResult = codec.decode(&value)?;
                        if self.seen.insert(result.document_id) {
                            self.pages += result.pages.len();
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

fn free_port() -> Result<u16, OpsError> {
    // Two in a row: the next one is for the controller, or the health page.
    for _ in 0..100 {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|l| l.local_addr());
        let port = bound.map_err(|e| OpsError::io("find", "a free port", e))?.port();
        if port < 65_000 && TcpListener::bind((Ipv4Addr::LOCALHOST, port + 1)).is_ok() {
            return Ok(port);
        }
    }
    Err(OpsError::io("find", "a free port", std::io::Error::other("none of a hundred was free")))
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

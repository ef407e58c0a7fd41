//! `docmill kafka`: a real Apache Kafka (KRaft, one node or three) and a real schema registry (Apicurio) on 127.0.0.1.
//!
//! Owns processes that outlive the command, and their data. For development and tests, not for production: one
//! machine, no authentication, reachable from this machine alone.

mod broker;
mod cluster;
mod daemon;
mod registry;
mod state;

pub use broker::BROKER_SETTINGS;

use crate::{OpsError, ui};
use clap::{Args, Subcommand};
pub(crate) use cluster::{Cluster, down};
pub(crate) use daemon::Life;
use state::State;
use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Oldest Java that runs both: Kafka 4 needs 17, Apicurio Registry 3 needs 21.
pub const JAVA: u32 = 21;

/// What to do with it.
#[derive(Debug, Subcommand)]
pub enum KafkaCommand {
    /// Start both and wait until they answer. Fetches them the first time.
    Up(UpArgs),
    /// Stop both. Their data stays.
    Down(DirArgs),
    /// Say what runs. Exit code 0 when both do, else 1.
    Status(DirArgs),
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct DirArgs {
    /// Folder of data, logs and process ids [default: $XDG_STATE_HOME/docmill/kafka or ~/.local/state/docmill/kafka].
    #[arg(long, value_name = "DIR", env = "DOCMILL_KAFKA_DIR")]
    dir: Option<PathBuf>,
}

/// Flags of `docmill kafka up`.
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    /// Where the data is.
    #[command(flatten)]
    dir: DirArgs,
    /// Brokers: 1, or 3 that keep three copies of everything and go on while one is away.
    #[arg(long, default_value_t = 1, value_parser = brokers)]
    brokers: u16,
    /// Port of Kafka; the next one is taken too, for its controller. Each further broker takes the next two.
    #[arg(long, default_value_t = 9092, value_parser = clap::value_parser!(u16).range(1..=65530))]
    port: u16,
    /// Port of the schema registry; the next one is taken too, for its health page.
    #[arg(long, default_value_t = 8081, value_parser = clap::value_parser!(u16).range(1..=65534))]
    registry_port: u16,
}

impl DirArgs {
    fn resolve(&self) -> Result<PathBuf, OpsError> {
        let set = |name| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let dir = self
            .dir
            .clone()
            .or_else(|| set("XDG_STATE_HOME").map(|p| p.join("docmill/kafka")))
            .or_else(|| set("HOME").map(|p| p.join(".local/state/docmill/kafka")))
            .ok_or(OpsError::NoFolder)?;
        std::path::absolute(&dir).map_err(|e| OpsError::io("find", dir, e))
    }
}

/// A number of brokers that can be had.
pub(crate) fn brokers(text: &str) -> Result<u16, String> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err("1 or 3: two brokers lose their majority with either of them".into()),
    }
}

/// Does it.
pub async fn run(command: KafkaCommand) -> Result<ExitCode, OpsError> {
    match command {
        KafkaCommand::Up(args) => up(&args).await,
        KafkaCommand::Down(args) => say_down(&args.resolve()?).await,
        KafkaCommand::Status(args) => status(&args.resolve()?),
    }
}

async fn up(args: &UpArgs) -> Result<ExitCode, OpsError> {
    let cluster = Cluster {
        dir: args.dir.resolve()?,
        port: args.port,
        registry_port: args.registry_port,
        size: args.brokers,
        life: Life::Apart,
    };
    cluster.up().await?;
    say_up(&cluster);
    Ok(ExitCode::SUCCESS)
}

fn say_up(cluster: &Cluster) {
    ui::say(format_args!("Apache Kafka     {}", cluster.servers()));
    ui::say(format_args!("schema registry  {}", cluster.registry_url()));
    ui::say(format_args!("data and logs    {}", cluster.dir.display()));
    if (cluster.size, cluster.port, cluster.registry_port) != (1, 9092, 8081) {
        ui::say("\nFor the other commands:");
        ui::say(format_args!("  export DOCMILL__KAFKA__BOOTSTRAP_SERVERS={}", cluster.servers()));
        ui::say(format_args!("  export DOCMILL__REGISTRY__URL={}", cluster.registry_url()));
    }
    let copies = if cluster.size > 1 { format!(" --replication {}", cluster.size) } else { String::new() };
    ui::say(format_args!(
        "\nNext: docmill topology apply{copies}, then docmill up. To stop: docmill kafka down"
    ));
}

async fn say_down(dir: &Path) -> Result<ExitCode, OpsError> {
    let stopped = if dir.exists() { down(dir).await? } else { Vec::new() };
    for (name, killed) in &stopped {
        let how = if *killed { "killed, as it did not end by itself" } else { "stopped" };
        ui::say(format_args!("{name}: {how}"));
    }
    if stopped.is_empty() {
        ui::say(format_args!("nothing runs in {}", dir.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn status(dir: &Path) -> Result<ExitCode, OpsError> {
    let state = State::load(dir)?;
    let mark = state::mark(dir);
    let style = ui::Style::stdout();
    let mut all = true;
    let brokers = (1..=state.size.max(1)).map(|id| (cluster::name(id, state.size), state.brokers.get(&id)));
    for (name, running) in brokers.chain([(registry::NAME.to_owned(), state.registry.as_ref())]) {
        let what = match running {
            Some(r) if r.lives(&mark) => {
                format!("{} on 127.0.0.1:{} (process {})", style.green("runs"), r.port, r.pid)
            }
            Some(_) => {
                all = false;
                style.red("ended without having been stopped")
            }
            None => {
                all = false;
                style.dim("is stopped")
            }
        };
        ui::say(format_args!("{name:<16} {what}"));
    }
    ui::say(format_args!("{:<16} {}", "data and logs", dir.display()));
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

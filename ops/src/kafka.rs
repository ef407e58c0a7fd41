//! `docmill kafka`: a real Apache Kafka (KRaft, one node) and a real schema registry (Apicurio) on 127.0.0.1.
//!
//! Owns two processes that outlive the command, and their data. For development and tests, not for production: one
//! broker, no authentication, reachable from this machine alone.

mod broker;
mod daemon;
mod registry;
mod state;

pub use broker::BROKER_SETTINGS;

use crate::{OpsError, ui};
use clap::{Args, Subcommand};
use daemon::Daemon;
use state::{Running, State};
use std::env;
use std::net::{Ipv4Addr, TcpListener};
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
    /// Port of Kafka; the next one is taken too, for its controller.
    #[arg(long, default_value_t = 9092, value_parser = clap::value_parser!(u16).range(1..=65534))]
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

/// Does it.
pub async fn run(command: KafkaCommand) -> Result<ExitCode, OpsError> {
    match command {
        KafkaCommand::Up(args) => up(&args).await,
        KafkaCommand::Down(args) => down(&args.resolve()?).await,
        KafkaCommand::Status(args) => status(&args.resolve()?),
    }
}

async fn up(args: &UpArgs) -> Result<ExitCode, OpsError> {
    let dir = args.dir.resolve()?;
    let _one_at_a_time = state::lock(&dir)?;
    let mut state = State::load(&dir)?;
    let mark = state::mark(&dir);
    for (running, port) in [(&state.kafka, args.port), (&state.registry, args.registry_port)] {
        if let Some(r) = running.as_ref().filter(|r| r.lives(&mark) && r.port != port) {
            return Err(OpsError::OtherPorts { dir, port: r.port });
        }
    }
    let kafka_runs = state.kafka.as_ref().is_some_and(|r| r.lives(&mark));
    let registry_runs = state.registry.as_ref().is_some_and(|r| r.lives(&mark));
    let mut ports = Vec::new();
    if !kafka_runs {
        ports.push((args.port, "Kafka", "--port"));
        ports.push((args.port + 1, "Kafka's controller", "--port"));
    }
    if !registry_runs {
        ports.push((args.registry_port, "schema registry", "--registry-port"));
        ports.push((args.registry_port + 1, "health page of the schema registry", "--registry-port"));
    }
    for (port, use_for, flag) in ports {
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() {
            return Err(OpsError::PortTaken { port, use_for, flag });
        }
    }
    // Both at once: each takes seconds on a core of its own. What is started is written down before it is waited for.
    let broker = if kafka_runs { None } else { Some(broker::start(&dir, args.port, &mark).await?) };
    if let Some(daemon) = &broker {
        state.kafka = Some(Running { pid: daemon.pid(), port: args.port });
        state.save(&dir)?;
    }
    let registry =
        if registry_runs { None } else { Some(registry::start(&dir, args.registry_port, &mark).await?) };
    if let Some(daemon) = &registry {
        state.registry = Some(Running { pid: daemon.pid(), port: args.registry_port });
        state.save(&dir)?;
    }
    let (kafka, registry) =
        tokio::join!(ready(broker, args.port), ready_registry(registry, args.registry_port));
    kafka?;
    registry?;
    say_up(&dir, args);
    Ok(ExitCode::SUCCESS)
}

async fn ready(daemon: Option<Daemon>, port: u16) -> Result<(), OpsError> {
    match daemon {
        Some(daemon) => daemon.wait_until(|| broker::answers(port)).await,
        None => Ok(()),
    }
}

async fn ready_registry(daemon: Option<Daemon>, port: u16) -> Result<(), OpsError> {
    match daemon {
        Some(daemon) => daemon.wait_until(|| registry::answers(port)).await,
        None => Ok(()),
    }
}

fn say_up(dir: &Path, args: &UpArgs) {
    ui::say(format_args!("Apache Kafka     127.0.0.1:{}", args.port));
    ui::say(format_args!("schema registry  {}", registry::url(args.registry_port)));
    ui::say(format_args!("data and logs    {}", dir.display()));
    if (args.port, args.registry_port) != (9092, 8081) {
        ui::say("\nFor the other commands:");
        ui::say(format_args!("  export DOCMILL__KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:{}", args.port));
        ui::say(format_args!("  export DOCMILL__REGISTRY__URL={}", registry::url(args.registry_port)));
    }
    ui::say("\nNext: docmill topology apply, then docmill up. To stop: docmill kafka down");
}

async fn down(dir: &Path) -> Result<ExitCode, OpsError> {
    if !dir.exists() {
        ui::say(format_args!("nothing runs in {}", dir.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let _one_at_a_time = state::lock(dir)?;
    let mut state = State::load(dir)?;
    let mark = state::mark(dir);
    let mut any = false;
    for (name, running) in [(registry::NAME, state.registry.take()), (broker::NAME, state.kafka.take())] {
        if let Some(running) = running.filter(|r| r.lives(&mark)) {
            any = true;
            let killed = daemon::stop(name, running.pid, &mark).await?;
            let how = if killed { "killed, as it did not end by itself" } else { "stopped" };
            ui::say(format_args!("{name}: {how}"));
        }
    }
    state.save(dir)?;
    if !any {
        ui::say(format_args!("nothing runs in {}", dir.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn status(dir: &Path) -> Result<ExitCode, OpsError> {
    let state = State::load(dir)?;
    let mark = state::mark(dir);
    let style = ui::Style::stdout();
    let mut all = true;
    for (name, running) in [(broker::NAME, &state.kafka), (registry::NAME, &state.registry)] {
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

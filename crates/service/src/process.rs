//! A stage as a process: arguments, configuration, workers, exit code.

use crate::config::{Config, ConfigError};
use crate::host::{RegistrySchemas, host, shutdown_signal};
use crate::otlp::{Otlp, Traced};
use crate::{Documents, StageEnv, bound_memory, logs, metrics};
use docmill_blobs::Blobs;
use docmill_contracts::{Class, Classify, Codec};
use docmill_registry::Registry;
use docmill_runtime::telemetry::LogsOnly;
use docmill_runtime::transport::TransportError;
use docmill_runtime::worker::OpenGate;
use docmill_runtime::{Worker, WorkerEnv};
use docmill_transport_kafka::{Kafka, KafkaConfig};
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Everything went as asked.
const OK: u8 = 0;
/// The process cannot go on; starting it again may help.
const FAILED: u8 = 1;
/// Arguments or configuration are wrong; starting it again does not help.
const USAGE: u8 = 2;
/// The stage that admits documents.
const INGEST: &str = "ingest";
/// The stage that publishes results.
const SINK: &str = "sink";

#[derive(Debug, clap::Parser)]
struct Args {
    /// Configuration file (TOML). Environment variables `DOCMILL__SECTION__FIELD` come over it.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Check the configuration and end.
    #[arg(long)]
    check_config: bool,
    /// Print the configuration, without secrets, and end.
    #[arg(long)]
    print_config: bool,
}

/// Something that runs beside a stage's workers until `env.stop`, such as a file target.
pub type Beside = BoxFuture<'static, Result<(), Box<dyn Classify>>>;

/// The main function of a stage's process: builds the stage's workers and runs them over Kafka until SIGTERM.
pub fn main<C, E>(stage: &'static str, build: impl FnOnce(C, &StageEnv) -> Result<Vec<Worker>, E>) -> ExitCode
where
    C: DeserializeOwned + Serialize + Default + Clone,
    E: Classify,
{
    main_with(stage, build, |_, _, _| None)
}

/// As [`main`], with something beside the workers.
pub fn main_with<C, E>(
    stage: &'static str,
    build: impl FnOnce(C, &StageEnv) -> Result<Vec<Worker>, E>,
    beside: impl FnOnce(&C, &WorkerEnv, &Blobs) -> Option<Beside>,
) -> ExitCode
where
    C: DeserializeOwned + Serialize + Default + Clone,
    E: Classify,
{
    bound_memory();
    let args = <Args as clap::Parser>::parse();
    let loaded = Config::load(args.config.as_deref()).and_then(|c| {
        let stage_config = c.stage::<C>(stage)?;
        c.load_topology().map(|_| (c, stage_config))
    });
    let (mut config, stage_config) = match loaded {
        Ok(loaded) => loaded,
        Err(e) => return end(stage, &e, USAGE),
    };
    if args.print_config {
        return print(&config, stage, &stage_config);
    }
    if args.check_config {
        return ExitCode::from(OK);
    }
    if config.slot.is_empty() {
        config.slot = "0".into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return end(stage, &ConfigError::File { path: "tokio runtime".into(), source: e }, FAILED),
    };
    let code = runtime.block_on(async {
        let otlp = Otlp::from_env(stage);
        logs::init(&config.log, otlp.as_ref());
        if let Some(address) = config.metrics.listen
            && let Err(e) = metrics::serve(address).await
        {
            return end(stage, &e, USAGE);
        }
        let code = run(stage, &config, stage_config, otlp.is_some(), build, beside).await;
        if let Some(otlp) = otlp {
            tokio::task::spawn_blocking(move || otlp.shutdown()).await.ok();
        }
        code
    });
    // Blocking work that cannot be stopped must not hold the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

async fn run<C, E>(
    stage: &'static str,
    config: &Config,
    stage_config: C,
    traced: bool,
    build: impl FnOnce(C, &StageEnv) -> Result<Vec<Worker>, E>,
    beside: impl FnOnce(&C, &WorkerEnv, &Blobs) -> Option<Beside>,
) -> ExitCode
where
    C: Clone,
    E: Classify,
{
    let documents = Documents::default();
    match workers(config, stage_config.clone(), &documents, build) {
        Err(e) => end(stage, &*e, if e.class() == Class::Fatal { USAGE } else { FAILED }),
        Ok(workers) => {
            let blobs = match Blobs::local(&config.blobs.folder) {
                Ok(blobs) => blobs,
                Err(e) => return end(stage, &e, USAGE),
            };
            let beside = |env: &WorkerEnv| beside(&stage_config, env, &blobs);
            match serve(stage, config, workers, documents, traced, beside).await {
                Ok(()) => ExitCode::from(OK),
                Err(e) => end(stage, &*e, FAILED),
            }
        }
    }
}

fn workers<C, E: Classify>(
    config: &Config,
    stage_config: C,
    documents: &Documents,
    build: impl FnOnce(C, &StageEnv) -> Result<Vec<Worker>, E>,
) -> Result<Vec<Worker>, Box<dyn Classify>> {
    let env = StageEnv {
        blobs: Blobs::local(&config.blobs.folder).map_err(boxed)?,
        assets: config.assets.clone(),
        program: std::env::current_exe()
            .map_err(|source| boxed(ConfigError::File { path: "this program".into(), source }))?,
        documents: documents.clone(),
        slot: config.slot.clone(),
    };
    build(stage_config, &env).map_err(boxed)
}

async fn serve(
    stage: &str,
    config: &Config,
    workers: Vec<Worker>,
    documents: Documents,
    traced: bool,
    beside: impl FnOnce(&WorkerEnv) -> Option<Beside>,
) -> Result<(), Box<dyn Classify>> {
    let stop =
        shutdown_signal().map_err(|source| boxed(ConfigError::File { path: "signals".into(), source }))?;
    let topology = config.load_topology().map_err(boxed)?;
    let registry = Registry::http(&config.registry).map_err(boxed)?;
    let patience = Duration::from_secs(config.patience_seconds);
    let catalog = patiently(patience, || registry.catalog(Some(&topology))).await?;
    let env = WorkerEnv {
        transport: Arc::new(open_kafka(config, "docmill").map_err(boxed)?),
        topology: Arc::new(topology),
        codec: Codec::new(catalog),
        schemas: Arc::new(RegistrySchemas(registry)),
        telemetry: if traced { Arc::new(Traced::default()) } else { Arc::new(LogsOnly) },
        // What the sink gets has ended already.
        gate: if stage == SINK { Arc::new(OpenGate) } else { Arc::new(documents.clone()) },
        clock: docmill_runtime::telemetry::Clock::new(),
        slot: config.slot.clone(),
        stop,
        patience,
    };
    if stage == INGEST {
        tokio::spawn(documents.clone().follow_status(env.clone()));
    }
    if stage != SINK {
        tokio::spawn(documents.follow_control(env.clone()));
    }
    match beside(&env) {
        None => host(workers, env).await.map_err(boxed),
        Some(beside) => {
            let stages = async { host(workers, env).await.map_err(boxed) };
            futures::future::try_join(stages, beside).await.map(drop)
        }
    }
}

/// Tries until it works, fails for good, or patience ends.
async fn patiently<T, E: Classify, F: Future<Output = Result<T, E>>>(
    patience: Duration,
    attempt: impl Fn() -> F,
) -> Result<T, Box<dyn Classify>> {
    let (until, mut wait) = (tokio::time::Instant::now() + patience, Duration::from_millis(200));
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(e) if e.class() != Class::Transient || tokio::time::Instant::now() >= until => {
                return Err(boxed(e));
            }
            Err(e) => tracing::warn!(code = %e.code(), "{e}; trying again"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

/// The log that is configured.
pub fn open_kafka(config: &Config, client_id: &str) -> Result<Kafka, TransportError> {
    let mut settings = config.kafka.settings.clone();
    if let Some(username) = &config.kafka.username {
        settings.insert("sasl.username".into(), username.clone());
    }
    if let Some(password) = &config.kafka.password {
        settings.insert("sasl.password".into(), password.reveal().to_owned());
    }
    Kafka::new(KafkaConfig {
        bootstrap_servers: config.kafka.bootstrap_servers.clone(),
        client_id: client_id.to_owned(),
        settings,
    })
}

fn boxed(error: impl Classify) -> Box<dyn Classify> {
    Box::new(error)
}

fn print<C: Serialize>(config: &Config, stage: &str, stage_config: &C) -> ExitCode {
    #[derive(Serialize)]
    struct All<'a, C> {
        #[serde(flatten)]
        config: &'a Config,
        stage: std::collections::BTreeMap<&'a str, &'a C>,
    }
    let mut config = config.clone();
    config.stages.clear();
    let all = All { config: &config, stage: [(stage, stage_config)].into() };
    let text = serde_json::to_string_pretty(&all).unwrap_or_else(|e| e.to_string());
    writeln!(std::io::stdout(), "{text}").ok();
    ExitCode::from(OK)
}

fn end(stage: &str, error: &dyn Classify, code: u8) -> ExitCode {
    // One clear line, wherever logs go.
    writeln!(std::io::stderr(), "docmill-{stage}: {error} [{}]", error.code()).ok();
    ExitCode::from(code)
}

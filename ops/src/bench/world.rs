//! What a bench stands on: a Kafka and a registry of its own, and the stages as processes; or those that run already.
//!
//! Owns what it starts: it is stopped when the bench ends.

use super::processes;
use crate::cli::Connection;
use crate::desk::{Desk, LogArgs};
use crate::inputs::Input;
use crate::{OpsError, ui};
use clap::Args;
use docmill_blobs::Blobs;
use docmill_contracts::{Codec, DocumentResult};
use docmill_runtime::transport::{Read, Reader};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// Where the bench runs.
#[derive(Debug, Clone, Default, Args)]
pub struct WorldArgs {
    /// How to reach a Kafka that runs already. Without `--bootstrap-servers` one is started for the bench.
    #[command(flatten)]
    pub connection: Connection,
}

/// A Kafka, a registry, and a folder of blobs.
pub(super) struct World {
    /// Of this run only: a document that was submitted by an earlier one is done already.
    run: String,
    connection: Connection,
    folder: PathBuf,
    /// Data of the Kafka that was started for the bench.
    kafka: Option<PathBuf>,
}

/// `docmill up`.
pub(super) struct Stages(Child);

impl Stages {
    /// Process id of `docmill up`.
    pub(super) fn pid(&self) -> u32 {
        self.0.id().unwrap_or(0)
    }

    /// Does work that needs the stages: an error where they end meanwhile.
    pub(super) async fn during<T>(
        &mut self,
        work: impl Future<Output = Result<T, OpsError>>,
    ) -> Result<T, OpsError> {
        tokio::select! {
            done = work => done,
            ended = self.0.wait() => {
                let why = ended.map_or_else(|e| e.to_string(), |status| status.to_string());
                Err(OpsError::io("keep running", "docmill up", std::io::Error::other(why)))
            }
        }
    }

    /// Drains and ends the stages.
    pub(super) async fn stop(mut self) -> Result<(), OpsError> {
        if let Some(pid) = self.0.id() {
            crate::process::signal(pid, crate::process::Signal::Term);
        }
        self.0.wait().await.map_err(|e| OpsError::io("wait for", "docmill up", e))?;
        Ok(())
    }
}

impl World {
    /// Starts what is missing, and applies the topology.
    pub(super) async fn start(args: &WorldArgs) -> Result<Self, OpsError> {
        let folder = std::env::temp_dir().join(format!("docmill-bench-world-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|e| OpsError::io("create", &folder, e))?;
        let mut world = Self { connection: args.connection.clone(), folder, kafka: None, run: run_id() };
        if world.connection.blobs.is_none() {
            world.connection.blobs = Some(world.folder.join("blobs"));
        }
        let started = world.begin().await;
        match started {
            Ok(()) => Ok(world),
            Err(e) => {
                world.stop().await?;
                Err(e)
            }
        }
    }

    async fn begin(&mut self) -> Result<(), OpsError> {
        if self.connection.bootstrap_servers.is_none() {
            let (port, registry) = (free_port()?, free_port()?);
            let dir = self.folder.join("kafka");
            let mut up = docmill()?;
            up.args(["kafka", "up", "--port", &port.to_string(), "--registry-port", &registry.to_string()]);
            up.arg("--dir").arg(&dir);
            // Known before it is started, so that whatever was started is stopped.
            self.kafka = Some(dir);
            done(up, "docmill kafka up").await?;
            self.connection.bootstrap_servers = Some(format!("127.0.0.1:{port}"));
            self.connection.registry_url = Some(format!("http://127.0.0.1:{registry}/apis/ccompat/v7"));
        }
        let mut apply = self.docmill("topology")?;
        apply.arg("apply");
        done(apply, "docmill topology apply").await
    }

    /// Stops what was started.
    pub(super) async fn stop(self) -> Result<(), OpsError> {
        let mut result = Ok(());
        if let Some(dir) = &self.kafka {
            let mut down = docmill()?;
            down.args(["kafka", "down", "--dir"]).arg(dir);
            result = done(down, "docmill kafka down").await;
        }
        clean(&self.folder);
        result
    }

    /// A subcommand of docmill over this Kafka.
    pub(super) fn docmill(&self, subcommand: &str) -> Result<Command, OpsError> {
        let mut command = docmill()?;
        command.arg(subcommand).env("DOCMILL__LOG__FILTER", "warn");
        let mut set = |name: &str, value: Option<&std::ffi::OsStr>| {
            if let Some(value) = value {
                command.env(name, value);
            }
        };
        let c = &self.connection;
        set("DOCMILL__KAFKA__BOOTSTRAP_SERVERS", c.bootstrap_servers.as_deref().map(AsRef::as_ref));
        set("DOCMILL__REGISTRY__URL", c.registry_url.as_deref().map(AsRef::as_ref));
        set("DOCMILL__BLOBS__FOLDER", c.blobs.as_deref().map(Path::as_os_str));
        set("DOCMILL__TOPOLOGY", c.topology.as_deref().map(Path::as_os_str));
        Ok(command)
    }

    /// The stages, with these variables.
    pub(super) fn up(&self, variables: &[(&str, &str)]) -> Result<Stages, OpsError> {
        let mut up = self.docmill("up")?;
        up.args(["--no-build"]).envs(variables.iter().copied()).stdout(Stdio::null());
        if let Some(config) = &self.connection.config {
            up.arg("--config").arg(config);
        }
        Ok(Stages(spawned(up)?))
    }

    /// The log.
    pub(super) async fn desk(&self) -> Result<Desk, OpsError> {
        Desk::open(&LogArgs { connection: self.connection.clone(), log: None }, "docmill-bench").await
    }

    /// A tenant of this run.
    pub(super) fn tenant(&self, name: &str) -> String {
        format!("{name}-{}", self.run)
    }

    /// The store of originals that the stages read.
    pub(super) fn blobs(&self) -> Result<Blobs, OpsError> {
        let config = self.connection.load()?;
        Ok(Blobs::local(&config.blobs.folder)?)
    }

    /// One document of a tenant of its own: it shows that every stage has joined its group.
    pub(super) async fn warm_up(
        &self,
        stages: &mut Stages,
        results: &mut dyn Reader,
        codec: &Codec,
        files: &[Input],
        tenant: &str,
        limit_s: u64,
    ) -> Result<(), OpsError> {
        let Some(file) = files.first() else { return Ok(()) };
        let mut first = self.docmill("submit")?;
        let tenant = self.tenant(tenant);
        first.args(["--tenant", &tenant]).arg(&file.path);
        done(first, "docmill submit").await?;
        stages.during(Tally::of(&tenant).read(results, codec, 1, limit_s)).await
    }

    /// Processes by name: the stages, and the broker where it is the bench's own.
    pub(super) fn processes(&self, stages: &Stages) -> BTreeMap<String, u32> {
        processes::named(stages.pid(), self.kafka.as_deref().unwrap_or_else(|| Path::new("/nowhere")))
    }
}

fn run_id() -> String {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    since.as_millis().to_string()
}

/// This program.
pub(super) fn docmill() -> Result<Command, OpsError> {
    let program = std::env::current_exe().map_err(|e| OpsError::io("find", "this program", e))?;
    Ok(Command::new(program))
}

/// Started; ends with this process, and is killed when dropped.
pub(super) fn spawned(mut command: Command) -> Result<Child, OpsError> {
    crate::process::die_with_parent(command.as_std_mut());
    command.kill_on_drop(true).spawn().map_err(|e| OpsError::io("start", "docmill", e))
}

/// Ends well, or the error names what was run.
pub(super) async fn done(mut command: Command, what: &'static str) -> Result<(), OpsError> {
    command.stdout(Stdio::null());
    let status = spawned(command)?.wait().await.map_err(|e| OpsError::io("wait for", what, e))?;
    match status.code() {
        Some(0 | 1) => Ok(()),
        Some(_) | None => Err(OpsError::io("run", what, std::io::Error::other(status.to_string()))),
    }
}

/// Removes the folder of a bench.
pub(super) fn clean(folder: &Path) {
    if let Err(e) = std::fs::remove_dir_all(folder) {
        ui::tell(format_args!("{} is left behind: {e}", folder.display()));
    }
}

/// Results that came.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) seen: BTreeSet<String>,
    pub(super) pages: usize,
    /// Of one tenant only.
    tenant: Option<String>,
}

impl Tally {
    /// Of one tenant's documents.
    pub(super) fn of(tenant: &str) -> Self {
        Self { tenant: Some(tenant.to_owned()), ..Self::default() }
    }

    /// Reads until so many documents have a result.
    pub(super) async fn read(
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
                        let mine = self.tenant.as_ref().is_none_or(|t| *t == result.tenant);
                        if mine && self.seen.insert(result.document_id) {
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

/// The p-th part (0..=1) of sorted values, by nearest rank; 0 of none.
pub(super) fn percentile(sorted: &[f64], p: f64) -> f64 {
    let rank = (p * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(
            (percentile(&values, 0.5), percentile(&values, 0.99), percentile(&values, 1.0)),
            (50.0, 99.0, 100.0)
        );
        assert_eq!((percentile(&[7.0], 0.99), percentile(&[], 0.5)), (7.0, 0.0));
    }
}

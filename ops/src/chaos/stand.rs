//! What a run stands on: brokers, registry, topics, blobs, and the run that nothing disturbs.

use super::STAGES;
use super::documents::{Fate, Submission};
use super::fleet::Setup;
use super::submit::Submitter;
use super::watch::{TOLERATED, Watcher, essence};
use crate::OpsError;
use crate::kafka::Cluster;
use docmill_blobs::Blobs;
use docmill_contracts::Codec;
use docmill_registry::Registry;
use docmill_runtime::Topology;
use docmill_runtime::transport::Transport;
use docmill_service::Config;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Documents of more pages than this go the long way, page by page: more of them than usual.
const SHORT_PAGES: (&str, &str) = ("DOCMILL__STAGES__RENDER__SHORT_PAGES", "1");

/// Everything that is there before the first process.
pub(super) struct Stand {
    dir: PathBuf,
    programs: PathBuf,
    servers: String,
    registry_url: String,
    blobs: PathBuf,
    topology: Topology,
    watcher: Watcher,
}

impl Stand {
    /// Starts brokers and registry; makes the topics.
    pub(super) async fn up(cluster: &Cluster, programs: PathBuf) -> Result<Self, OpsError> {
        cluster.up().await?;
        let mut config = Config::default();
        config.kafka.bootstrap_servers = cluster.servers();
        config.registry.url = cluster.registry_url();
        let topology = config.load_topology()?;
        let kafka = docmill_service::open_kafka(&config, "docmill-chaos")?;
        let mut topics = topology.topic_specs();
        for topic in &mut topics {
            topic.replication = i32::from(cluster.size);
        }
        kafka.apply(&topics).await?;
        let registry = Registry::http(&config.registry)?;
        let codec = Codec::new(registry.catalog(Some(&topology)).await?);
        Ok(Self {
            dir: cluster.dir.clone(),
            programs,
            servers: cluster.servers(),
            registry_url: cluster.registry_url(),
            blobs: cluster.dir.join("blobs"),
            topology,
            watcher: Watcher { kafka, codec, registry },
        })
    }

    pub(super) fn watcher(&self) -> &Watcher {
        &self.watcher
    }

    /// Topics whose records are counted.
    pub(super) fn watched(&self) -> Vec<String> {
        let counted = ["results", "pages.recognized", "documents.assembled", "documents.validated"];
        let dead = self.topology.topics.keys().filter(|t| t.starts_with("dlq."));
        counted.iter().map(|t| (*t).to_owned()).chain(dead.cloned()).collect()
    }

    /// How the stages' processes are started.
    pub(super) fn setup(&self) -> Result<Setup, OpsError> {
        let logs = self.dir.join("logs");
        std::fs::create_dir_all(&logs).map_err(|e| OpsError::io("create folder", &logs, e))?;
        let text = |value: &str| OsString::from(value);
        Ok(Setup {
            programs: self.programs.clone(),
            environment: vec![
                ("DOCMILL__KAFKA__BOOTSTRAP_SERVERS", text(&self.servers)),
                ("DOCMILL__REGISTRY__URL", text(&self.registry_url)),
                ("DOCMILL__BLOBS__FOLDER", self.blobs.clone().into()),
                ("DOCMILL__LOG__FORMAT", text("json")),
                (SHORT_PAGES.0, text(SHORT_PAGES.1)),
                (TOLERATED.0, text(TOLERATED.1)),
            ],
            logs,
        })
    }

    pub(super) fn submitter(&self) -> Result<Submitter, OpsError> {
        let Watcher { kafka, codec, .. } = self.watcher.clone();
        Ok(Submitter { kafka, codec, blobs: Blobs::local(&self.blobs)? })
    }

    /// Results of the same documents from one process over the embedded log, which nothing disturbs, by file name.
    pub(super) async fn reference(
        &self,
        submissions: &[Submission],
    ) -> Result<BTreeMap<String, String>, OpsError> {
        let (files, out) = (self.dir.join("documents"), self.dir.join("undisturbed"));
        std::fs::create_dir_all(&files).map_err(|e| OpsError::io("create folder", &files, e))?;
        let mut run = tokio::process::Command::new(
            std::env::current_exe().map_err(|e| OpsError::io("find", "this program", e))?,
        );
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("DOCMILL__") && text != "DOCMILL__ASSETS" {
                run.env_remove(&name);
            }
        }
        run.arg("run").arg("--out").arg(&out).env(SHORT_PAGES.0, SHORT_PAGES.1).env(TOLERATED.0, TOLERATED.1);
        for s in submissions.iter().filter(|s| s.revision == 1 && s.fate != Fate::Undecodable) {
            let path = files.join(&s.name);
            std::fs::write(&path, &s.bytes).map_err(|e| OpsError::io("write", &path, e))?;
            // Named itself, a file is taken whatever its ending.
            run.arg(path);
        }
        let log = self.dir.join("undisturbed.log");
        let file = std::fs::File::create(&log).map_err(|e| OpsError::io("write", &log, e))?;
        let status = run
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .kill_on_drop(true)
            .status()
            .await
            .map_err(|e| OpsError::io("start", "docmill run", e))?;
        if !status.success() {
            return Err(OpsError::Undisturbed { status, log });
        }
        results(&out.join("results.jsonl"))
    }
}

fn results(path: &Path) -> Result<BTreeMap<String, String>, OpsError> {
    let text = std::fs::read_to_string(path).map_err(|e| OpsError::io("read", path, e))?;
    let mut all = BTreeMap::new();
    for line in text.lines() {
        let failed = |e: serde_json::Error| OpsError::io("read", path, e.into());
        let result: serde_json::Value = serde_json::from_str(line).map_err(failed)?;
        let name = result["source"]["name"].as_str().unwrap_or_default().to_owned();
        all.insert(name, essence(line).map_err(failed)?);
    }
    Ok(all)
}

/// The folder that has the program of every stage.
pub(super) fn programs(bin: Option<PathBuf>) -> Result<PathBuf, OpsError> {
    let this = std::env::current_exe().map_err(|e| OpsError::io("find", "this program", e))?;
    let folder = bin.unwrap_or_else(|| this.parent().unwrap_or(Path::new(".")).to_owned());
    let folder = std::path::absolute(&folder).map_err(|e| OpsError::io("find", folder, e))?;
    match STAGES.iter().map(|s| format!("docmill-{s}")).find(|name| !folder.join(name).is_file()) {
        None => Ok(folder),
        Some(name) => Err(OpsError::NoProgram { name, beside: this }),
    }
}

/// The first of so many free ports in a row.
pub(super) fn free_ports(count: u16) -> Result<u16, OpsError> {
    let failed = |e| OpsError::io("find", "free ports", e);
    let mut last = None;
    for _ in 0..200 {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let port = first.local_addr().map_err(failed)?.port();
        // The ports of outgoing connections are high: what is free now, one of them may have in a moment.
        let port = port / 2;
        let all = (port..port.saturating_add(count)).map(|p| TcpListener::bind((Ipv4Addr::LOCALHOST, p)));
        match all.collect::<Result<Vec<_>, _>>() {
            Ok(_) => return Ok(port),
            Err(e) => last = Some(e),
        }
    }
    Err(failed(last.unwrap_or_else(|| std::io::ErrorKind::AddrInUse.into())))
}

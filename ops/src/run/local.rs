//! One process that is all of docmill: the embedded log, blobs and six stages in the output folder.

use super::history::History;
use super::progress::News;
use crate::{OpsError, ui};
use docmill_blobs::Blobs;
use docmill_contracts::{Classify, Codec, DocumentResult, SchemaCatalog};
use docmill_registry::Registry;
use docmill_runtime::telemetry::{Clock, LogsOnly};
use docmill_runtime::transport::{Read, ReadFrom, Reader, Transport};
use docmill_runtime::{Topology, Worker, WorkerEnv};
use docmill_service::{Config, Documents, RegistrySchemas, StageEnv};
use docmill_sink::files::{FileSink, write_artifacts};
use docmill_transport_embedded::Embedded;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The parts of one process.
pub(crate) struct Local {
    out: PathBuf,
    config: Config,
    transport: Arc<dyn Transport>,
    topology: Arc<Topology>,
    codec: Codec,
    blobs: Blobs,
    documents: Documents,
    clock: Clock,
    stop: watch::Sender<bool>,
}

impl Local {
    /// Opens, or creates, the log and the blobs in `OUT/.docmill`.
    pub(crate) async fn open(out: &Path, config: Option<&Path>) -> Result<Self, OpsError> {
        let config = Config::load(config)?;
        docmill_service::init_logs(&docmill_service::config::Log {
            format: docmill_service::LogFormat::Text,
            filter: "error".into(),
        });
        let state = out.join(".docmill");
        std::fs::create_dir_all(&state).map_err(|e| OpsError::io("create", &state, e))?;
        let topology = one_machine(config.load_topology()?);
        let transport = Embedded::open(&state.join("log.sqlite"))?;
        transport.apply(&topology.topic_specs()).await?;
        Ok(Self {
            out: out.to_owned(),
            transport: Arc::new(transport),
            topology: Arc::new(topology),
            codec: Codec::new(Arc::new(SchemaCatalog::built_in()?)),
            blobs: Blobs::local(&state.join("blobs"))?,
            documents: Documents::default(),
            clock: Clock::new(),
            stop: watch::Sender::new(false),
            config,
        })
    }

    pub(crate) fn out(&self) -> &Path {
        &self.out
    }

    pub(crate) fn assets_folder(&self) -> Option<PathBuf> {
        self.config.assets.clone()
    }

    pub(crate) fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    pub(crate) fn codec(&self) -> &Codec {
        &self.codec
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The workers of all six stages.
    pub(crate) fn workers(&self) -> Result<Vec<Worker>, OpsError> {
        let env = StageEnv {
            blobs: self.blobs.clone(),
            assets: self.config.assets.clone(),
            program: std::env::current_exe().map_err(|e| OpsError::io("find", "this program", e))?,
            documents: self.documents.clone(),
            slot: "run".into(),
        };
        // Here the log shows errors alone.
        let validate: docmill_validate::Config = self.config.stage(docmill_validate::STAGE)?;
        validate.doubts().iter().for_each(ui::tell);
        all_workers(&self.config, &env)
    }

    /// What the workers run in: until `stop` says so, or [`Local::stop_workers`].
    pub(crate) fn worker_env(&self, mut stop: watch::Receiver<bool>) -> WorkerEnv {
        let tell = self.stop.clone();
        tokio::spawn(async move {
            if stop.wait_for(|s| *s).await.is_ok() {
                tell.send_replace(true);
            }
        });
        let env = WorkerEnv {
            transport: Arc::clone(&self.transport),
            topology: Arc::clone(&self.topology),
            codec: self.codec.clone(),
            schemas: Arc::new(RegistrySchemas(Registry::BuiltIn)),
            telemetry: Arc::new(LogsOnly),
            gate: Arc::new(self.documents.clone()),
            clock: self.clock,
            slot: "run".into(),
            stop: self.stop.subscribe(),
            patience: Duration::from_secs(self.config.patience_seconds),
        };
        tokio::spawn(self.documents.clone().follow_status(env.clone()));
        tokio::spawn(self.documents.clone().follow_control(env.clone()));
        env
    }

    pub(crate) fn stop_workers(&self) {
        self.stop.send_replace(true);
    }

    /// Follows results (into files) and status from where the files stand.
    pub(crate) async fn watch(&self) -> Result<Watcher, OpsError> {
        let sink = FileSink::open(&self.out)?;
        // Files that know more than the log belong to another log: what comes would be taken for old.
        let marks = self.transport.watermarks("results").await?;
        let beyond = |(p, next): &(i32, i64)| !marks.iter().any(|m| m.partition == *p && m.high >= *next);
        if sink.positions().iter().any(beyond) {
            return Err(OpsError::Usage(vec![format!(
                "results in {} are not of the log in {}: name another folder with --out, or remove them",
                self.out.display(),
                self.out.join(".docmill").display()
            )]));
        }
        let results = self.transport.reader("results", ReadFrom::Offsets(sink.positions())).await?;
        let status = self.transport.reader("documents.status", ReadFrom::End).await?;
        Ok(Watcher {
            transport: Arc::clone(&self.transport),
            results,
            status,
            codec: self.codec.clone(),
            blobs: self.blobs.clone(),
            pending: Vec::new(),
            sink,
        })
    }
}

/// The workers of all six stages, with their settings from `config`.
pub(crate) fn all_workers(config: &Config, env: &StageEnv) -> Result<Vec<Worker>, OpsError> {
    let mut workers = docmill_ingest::workers(config.stage(docmill_ingest::STAGE)?, env).map_err(part)?;
    workers.extend(docmill_render::workers(config.stage(docmill_render::STAGE)?, env).map_err(part)?);
    workers.extend(docmill_ocr::workers(config.stage(docmill_ocr::STAGE)?, env).map_err(part)?);
    workers.extend(docmill_infer::workers(config.stage(docmill_infer::STAGE)?, env).map_err(part)?);
    workers.extend(docmill_validate::workers(config.stage(docmill_validate::STAGE)?, env).map_err(part)?);
    workers.extend(docmill_sink::workers(config.stage(docmill_sink::STAGE)?, env).map_err(part)?);
    Ok(workers)
}

fn part(error: impl Classify) -> OpsError {
    OpsError::Part(Box::new(error))
}

/// One process owns all partitions, and its window already runs records out of order: one partition of each is enough.
pub(crate) fn one_machine(mut topology: Topology) -> Topology {
    for topic in topology.topics.values_mut() {
        topic.partitions = 1;
        topic.replication = 1;
    }
    topology
}

/// Follows the log for the files and the progress bar.
pub(crate) struct Watcher {
    transport: Arc<dyn Transport>,
    results: Box<dyn Reader>,
    status: Box<dyn Reader>,
    codec: Codec,
    blobs: Blobs,
    /// Results that were read and are not on disk yet.
    pending: Vec<(i32, i64, DocumentResult)>,
    sink: FileSink,
}

impl Watcher {
    /// The next news; results are on disk when it returns. Cancel-safe: what was read waits in `pending`.
    pub(crate) async fn next(&mut self) -> Result<Vec<News>, OpsError> {
        if self.pending.is_empty() {
            tokio::select! {
                read = self.results.next() => self.take(read?)?,
                read = self.status.next() => {
                    let Read::Records { records, .. } = read? else { return Ok(Vec::new()) };
                    let values = records.into_iter().filter_map(|r| r.value);
                    return values.map(|v| Ok(News::Status(Box::new(self.codec.decode(&v)?)))).collect();
                }
            }
        }
        self.results_news().await
    }

    /// Reads what the results topic has by now, to its end.
    pub(crate) async fn drain(&mut self, history: &mut History) -> Result<(), OpsError> {
        let marks = self.transport.watermarks("results").await?;
        let open = |sink: &FileSink| {
            let positions = sink.positions();
            marks.iter().any(|m| {
                let next = positions.iter().find(|(p, _)| *p == m.partition).map_or(0, |(_, next)| *next);
                m.high > next
            })
        };
        while open(&self.sink) {
            if self.pending.is_empty() {
                let read = self.results.next().await?;
                self.take(read)?;
            }
            for news in self.results_news().await? {
                if let News::Result(result) = news {
                    history.done(&result);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn into_sink(self) -> FileSink {
        self.sink
    }

    fn take(&mut self, read: Read) -> Result<(), OpsError> {
        let Read::Records { partition, records } = read else { return Ok(()) };
        for record in records {
            if let Some(value) = record.value {
                self.pending.push((partition, record.offset, self.codec.decode(&value)?));
            }
        }
        Ok(())
    }

    /// Writes what is pending, with the files that it names.
    async fn results_news(&mut self) -> Result<Vec<News>, OpsError> {
        write_artifacts(self.sink.folder(), &self.blobs, &self.pending).await?;
        self.sink.append(&self.pending)?;
        Ok(self.pending.drain(..).map(|(_, _, r)| News::Result(Box::new(r))).collect())
    }
}

//! A worker: the driver, with a transport on one side and a stage or a gather on the other.
//!
//! Owns clocks, tasks and encoding; decides nothing (the [`crate::driver`] does). Rule: one task owns the driver; a
//! transaction runs beside it, one at a time, and polling never stops.

mod attempt;
mod emit;
mod gather;
mod join;
mod record;
mod run;
mod store;

pub use record::decode;
pub use store::StoreError;

use crate::driver::Halt;
use crate::stage::{Gather, Stage};
use crate::telemetry::{Clock, Telemetry};
use crate::topology::Topology;
use crate::transport::{CommitError, Transport, TransportError};
use docmill_contracts::{Class, Classify, Code, Codec, ErrorInfo, Headers};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::watch;

/// Fetches schemas that this process has not seen yet.
pub trait SchemaSource: Send + Sync {
    /// The JSON of a schema id. A [`Class::Transient`] error is tried again.
    fn fetch(&self, id: u32) -> BoxFuture<'_, Result<String, Box<dyn Classify>>>;
}

/// Says which documents are not to be worked at any more, by the headers of their records.
pub trait Gate: Send + Sync {
    /// Why a record is refused; its stage then emits the outcome of a record that was given up, without a dead letter.
    fn refuses(&self, headers: &Headers) -> Option<ErrorInfo>;

    /// Resolves once more may be refused than at the moment of the call, so that work under way can be given up; never
    /// where nothing is ever refused.
    fn changed(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

/// Refuses nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGate;

impl Gate for OpenGate {
    fn refuses(&self, _headers: &Headers) -> Option<ErrorInfo> {
        None
    }
}

/// What a worker runs in.
#[derive(Clone)]
pub struct WorkerEnv {
    /// The log.
    pub transport: Arc<dyn Transport>,
    /// Topics, workers, limits.
    pub topology: Arc<Topology>,
    /// Encodes and decodes records.
    pub codec: Codec,
    /// Where unknown schemas come from.
    pub schemas: Arc<dyn SchemaSource>,
    /// Spans and trace context.
    pub telemetry: Arc<dyn Telemetry>,
    /// Documents that are not to be worked at any more.
    pub gate: Arc<dyn Gate>,
    /// Time of this process.
    pub clock: Clock,
    /// Slot of this process: stable over restarts, unique among the living processes of the stage.
    pub slot: String,
    /// Becomes true when the worker should drain and stop.
    pub stop: watch::Receiver<bool>,
    /// How long a log that cannot be reached is waited for.
    pub patience: Duration,
}

/// Why a worker ended.
#[derive(Debug, Error)]
pub enum RunError {
    /// The topology has no worker of that name.
    #[error("topology has no worker {0}")]
    UnknownWorker(&'static str),
    /// A gather worker without a changelog.
    #[error("worker {0} gathers, but the topology gives it no changelog")]
    NoChangelog(&'static str),
    /// The log failed.
    #[error("worker {worker}: {source}")]
    Log {
        /// Worker.
        worker: &'static str,
        /// What the log says.
        #[source]
        source: TransportError,
    },
    /// The producer is of no use any more; a restarted worker goes on from what was committed.
    #[error("worker {worker}: {source}")]
    Commit {
        /// Worker.
        worker: &'static str,
        /// What the log says.
        #[source]
        source: CommitError,
    },
    /// A stage met a fatal error.
    #[error("worker {worker} stops: {message} ({code})")]
    Stage {
        /// Worker.
        worker: &'static str,
        /// Code of the stage's error.
        code: String,
        /// Its message.
        message: String,
    },
    /// Commit metadata that this build cannot read.
    #[error("worker {worker}: {message}")]
    Metadata {
        /// Worker.
        worker: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// Transactions kept being rolled back.
    #[error("worker {worker}: no transaction was committed for {} s, last: {last}", for_ms / 1000)]
    Commits {
        /// Worker.
        worker: &'static str,
        /// For how long, in milliseconds.
        for_ms: i64,
        /// What the log said last.
        last: String,
    },
    /// The changelog does not lie beside its input.
    #[error(
        "worker {worker}: changelog {changelog} has {have} partitions, its input {input} has {want}: they must be the same"
    )]
    ChangelogPartitions {
        /// Worker.
        worker: &'static str,
        /// Changelog topic.
        changelog: String,
        /// Its partitions.
        have: i32,
        /// Input topic.
        input: String,
        /// Its partitions.
        want: i32,
    },
    /// The number of partitions changed while documents were open.
    #[error(
        "worker {worker}: a document that is open in partition {partition} of {input} would get its next records in another one: \
         the topic had another number of partitions than {partitions} when it was begun"
    )]
    Repartitioned {
        /// Worker.
        worker: &'static str,
        /// Input topic.
        input: String,
        /// Partition of the open state.
        partition: i32,
        /// Partitions now.
        partitions: i32,
    },
    /// A state in the changelog that cannot be read.
    #[error("worker {worker}: changelog {topic}-{partition} at offset {offset} cannot be read: {message}")]
    Changelog {
        /// Worker.
        worker: &'static str,
        /// Changelog topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// Offset.
        offset: i64,
        /// What is wrong with it.
        message: String,
    },
    /// The file that states lie in cannot be used.
    #[error("worker {worker}: {source}")]
    States {
        /// Worker.
        worker: &'static str,
        /// What is wrong with it.
        #[source]
        source: StoreError,
    },
}

/// Code of a file of states that cannot be used.
const STATES_CODE: &str = "RUNTIME-0021";

impl Classify for RunError {
    fn class(&self) -> Class {
        match self {
            Self::Log { source, .. } => source.class(),
            Self::Commit { .. } | Self::Commits { .. } => Class::Transient,
            Self::UnknownWorker(_)
            | Self::NoChangelog(_)
            | Self::Stage { .. }
            | Self::Metadata { .. }
            | Self::ChangelogPartitions { .. }
            | Self::Repartitioned { .. }
            | Self::Changelog { .. }
            | Self::States { .. } => Class::Fatal,
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::UnknownWorker(_) => "RUNTIME-0010",
            Self::NoChangelog(_) => "RUNTIME-0011",
            Self::Log { source, .. } => return source.code(),
            Self::Commit { .. } => "RUNTIME-0012",
            Self::Stage { .. } => "RUNTIME-0013",
            Self::Metadata { .. } => "RUNTIME-0001",
            Self::Commits { .. } => "RUNTIME-0014",
            Self::Changelog { .. } => "RUNTIME-0015",
            Self::Repartitioned { .. } => "RUNTIME-0019",
            Self::ChangelogPartitions { .. } => "RUNTIME-0020",
            Self::States { .. } => STATES_CODE,
        })
    }
}

impl RunError {
    fn halted(worker: &'static str, halt: Halt, last_abort: Option<String>) -> Self {
        match halt {
            Halt::Stage(e) => Self::Stage { worker, code: e.code, message: e.message },
            Halt::Metadata(message) => Self::Metadata { worker, message },
            Halt::Commits { for_ms } => {
                Self::Commits { worker, for_ms, last: last_abort.unwrap_or_default() }
            }
        }
    }
}

type Start = Box<dyn FnOnce(WorkerEnv) -> BoxFuture<'static, Result<(), RunError>> + Send>;

/// A stage or a gather under the name of its worker in `topology.toml`.
pub struct Worker {
    name: &'static str,
    start: Start,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Worker {
    /// A worker that runs a stage.
    pub fn stage<S: Stage>(name: &'static str, stage: S) -> Self {
        let stage = Arc::new(stage);
        Self {
            name,
            start: Box::new(move |env| {
                Box::pin(run::run(name, env, move |e| attempt::Attempts::new(name, Arc::clone(&stage), e)))
            }),
        }
    }

    /// A worker that runs a gather.
    pub fn gather<G: Gather>(name: &'static str, gather: G) -> Self {
        let gather = Arc::new(gather);
        Self {
            name,
            start: Box::new(move |env| {
                Box::pin(run::run(name, env, move |e| gather::States::new(name, Arc::clone(&gather), e)))
            }),
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Joins its group and works until told to stop (`Ok`) or until it cannot go on. Nothing that was not committed
    /// is lost by an error: whoever runs it next goes on from there.
    pub fn run(self, env: WorkerEnv) -> BoxFuture<'static, Result<(), RunError>> {
        (self.start)(env)
    }
}

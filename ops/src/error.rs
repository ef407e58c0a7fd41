//! What can go wrong in the command itself; stages and libraries have errors of their own.

use docmill_assets::AssetError;
use docmill_blobs::BlobError;
use docmill_contracts::{Class, Classify, Code, CodecError};
use docmill_registry::RegistryError;
use docmill_runtime::RunError;
use docmill_runtime::transport::{CommitError, TransportError};
use docmill_service::ConfigError;
use docmill_sink::SinkError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a command failed.
#[derive(Debug, Error)]
pub enum OpsError {
    /// A port is in use.
    #[error("port {port} ({use_for}) is taken by another program: stop it, or name another port with {flag}")]
    PortTaken {
        /// The port.
        port: u16,
        /// What it is for.
        use_for: &'static str,
        /// Flag that changes it.
        flag: &'static str,
    },
    /// Kafka or the registry ended while it was started.
    #[error("{name} ended while starting: {reason} (log: {})", log.display())]
    Died {
        /// Which of them.
        name: &'static str,
        /// The last line of its log.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// Kafka or the registry did not answer in time.
    #[error("{name} does not answer after {seconds} s: {reason} (log: {})", log.display())]
    NotReady {
        /// Which of them.
        name: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// The last line of its log.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// Another one runs in the same folder on other ports.
    #[error("a Kafka is running in {} on port {port} already: stop it with `docmill kafka down`, or name another folder with --dir", dir.display())]
    OtherPorts {
        /// Its folder.
        dir: PathBuf,
        /// Its port.
        port: u16,
    },
    /// The data of another number of brokers is in the folder.
    #[error("the Kafka in {} was made with --brokers {has}, not {asked}: name another folder with --dir, or remove it", dir.display())]
    OtherSize {
        /// Its folder.
        dir: PathBuf,
        /// Its brokers.
        has: u16,
        /// Those asked for.
        asked: u16,
    },
    /// The run that chaos is compared with failed.
    #[error("the undisturbed run of the same documents failed ({status}); its messages are in {}", log.display())]
    Undisturbed {
        /// How it ended.
        status: std::process::ExitStatus,
        /// Its messages.
        log: PathBuf,
    },
    /// A sample document cannot be made.
    #[error("{0}")]
    Sample(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A process does not end, even when killed.
    #[error("{name} (process {pid}) does not end")]
    NotStopped {
        /// Which of them.
        name: &'static str,
        /// Its id.
        pid: u32,
    },
    /// A file, folder or process of the command's own.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// No folder for data is known.
    #[error("no folder for Kafka's data: name one with --dir, or set XDG_STATE_HOME or HOME")]
    NoFolder,
    /// A stage's program is not beside this one.
    #[error("there is no {name} beside {}: install all programs of docmill in one folder", beside.display())]
    NoProgram {
        /// The missing program.
        name: String,
        /// Where it was looked for.
        beside: PathBuf,
    },
    /// Building the missing programs failed.
    #[error("`cargo build` of the stages failed; its messages are above")]
    Build,
    /// A stage says that its configuration is wrong.
    #[error("{name} cannot use its configuration; its message is above")]
    StageConfig {
        /// The program.
        name: String,
    },
    /// See the asset's error.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// See the registry's error.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// See the log's error.
    #[error(transparent)]
    Log(#[from] TransportError),
    /// See the configuration's error.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Files or values that the command cannot take; all of them.
    #[error("{}", .0.join("\ndocmill: "))]
    Usage(Vec<String>),
    /// A file changed while it was read.
    #[error("{} changed while it was read", .0.display())]
    Changed(PathBuf),
    /// A record of the log that this build cannot read or write.
    #[error(transparent)]
    Record(#[from] CodecError),
    /// The workers cannot go on; nothing that was acknowledged is lost.
    #[error("stopped: {0}; run the same command again to go on")]
    Stopped(#[source] RunError),
    /// A task of this program ended as it must not.
    #[error("a task of docmill failed: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// A folder without an embedded log.
    #[error("there is no log in {}: name the folder that `docmill run --out` wrote to", folder.display())]
    NoLog {
        /// The folder.
        folder: PathBuf,
    },
    /// More documents than are replayed unasked.
    #[error(
        "{documents} documents would be processed again: give --yes if that is meant, or --dry-run to look first"
    )]
    TooMany {
        /// How many.
        documents: usize,
    },
    /// Nothing in the log is about this document.
    #[error("no record of the log is about document {document}")]
    UnknownDocument {
        /// Its id.
        document: String,
    },
    /// Two tenants chose the same id.
    #[error("document {document} is there for tenants {}: name one with --tenant", tenants.join(", "))]
    SeveralTenants {
        /// The id.
        document: String,
        /// The tenants.
        tenants: Vec<String>,
    },
    /// No dead letter lies there.
    #[error("there is no dead letter at {place}: `docmill dlq list` shows where they are")]
    NoLetter {
        /// Where it was looked for.
        place: String,
    },
    /// Partitions cannot be raised now: a document's pages would meet in two partitions.
    #[error(
        "the partitions of {topic} cannot be raised from {has} to {wanted} while worker {worker} has {open} documents \
         open and {unread} pages unread: let them end, or give --force and lose those documents' pages"
    )]
    OpenStates {
        /// The topic.
        topic: String,
        /// Partitions it has.
        has: i32,
        /// Partitions it should have.
        wanted: i32,
        /// Worker that gathers.
        worker: String,
        /// States that are not closed.
        open: usize,
        /// Records of its input that it has not done.
        unread: u64,
    },
    /// A gather worker's input and changelog do not fit each other.
    #[error(
        "topic {input} has {input_partitions} partitions and its changelog {changelog} has {changelog_partitions}: \
         worker {worker} needs as many of both"
    )]
    UnlikePartitions {
        /// Worker that gathers.
        worker: String,
        /// Its input.
        input: String,
        /// Partitions of it.
        input_partitions: i32,
        /// Its changelog.
        changelog: String,
        /// Partitions of it.
        changelog_partitions: i32,
    },
    /// The error of a stage or library, with its own class and code.
    #[error("{0}")]
    Part(Box<dyn Classify>),
}

impl From<BlobError> for OpsError {
    fn from(error: BlobError) -> Self {
        Self::Part(Box::new(error))
    }
}

impl From<SinkError> for OpsError {
    fn from(error: SinkError) -> Self {
        Self::Part(Box::new(error))
    }
}

impl From<CommitError> for OpsError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Aborted(source) | CommitError::Fatal(source) => Self::Log(source),
        }
    }
}

impl OpsError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }

    /// 2 where the call or its files are wrong, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_)
            | Self::StageConfig { .. }
            | Self::Usage(_)
            | Self::NoLog { .. }
            | Self::TooMany { .. }
            | Self::SeveralTenants { .. } => 2,
            Self::UnknownDocument { .. }
            | Self::NoLetter { .. }
            | Self::OpenStates { .. }
            | Self::UnlikePartitions { .. }
            | Self::PortTaken { .. }
            | Self::Died { .. }
            | Self::NotReady { .. }
            | Self::OtherPorts { .. }
            | Self::OtherSize { .. }
            | Self::Undisturbed { .. }
            | Self::Sample(_)
            | Self::NotStopped { .. }
            | Self::Io { .. }
            | Self::NoFolder
            | Self::NoProgram { .. }
            | Self::Build
            | Self::Asset(_)
            | Self::Registry(_)
            | Self::Changed(_)
            | Self::Record(_)
            | Self::Stopped(_)
            | Self::Task(_)
            | Self::Part(_)
            | Self::Log(_) => 1,
        }
    }
}

impl Classify for OpsError {
    fn class(&self) -> Class {
        match self {
            Self::Asset(e) => e.class(),
            Self::Registry(e) => e.class(),
            Self::Log(e) => e.class(),
            Self::Config(e) => e.class(),
            Self::Stopped(e) => e.class(),
            Self::Part(e) => e.class(),
            Self::Usage(_)
            | Self::Changed(_)
            | Self::NoLog { .. }
            | Self::TooMany { .. }
            | Self::UnknownDocument { .. }
            | Self::SeveralTenants { .. }
            | Self::NoLetter { .. } => Class::Input,
            Self::Record(_) | Self::Task(_) | Self::Sample(_) | Self::Undisturbed { .. } => Class::Internal,
            Self::OpenStates { .. }
            | Self::UnlikePartitions { .. }
            | Self::PortTaken { .. }
            | Self::Died { .. }
            | Self::NotReady { .. }
            | Self::OtherPorts { .. }
            | Self::OtherSize { .. }
            | Self::NotStopped { .. }
            | Self::Io { .. }
            | Self::NoFolder
            | Self::NoProgram { .. }
            | Self::Build
            | Self::StageConfig { .. } => Class::Fatal,
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::PortTaken { .. } => "OPS-0001",
            Self::Died { .. } => "OPS-0002",
            Self::NotReady { .. } => "OPS-0003",
            Self::OtherPorts { .. } => "OPS-0004",
            Self::OtherSize { .. } => "OPS-0020",
            Self::Undisturbed { .. } => "OPS-0021",
            Self::Sample(_) => "OPS-0022",
            Self::NotStopped { .. } => "OPS-0005",
            Self::Io { .. } => "OPS-0006",
            Self::NoFolder => "OPS-0007",
            Self::NoProgram { .. } => "OPS-0008",
            Self::Build => "OPS-0009",
            Self::StageConfig { .. } => "OPS-0010",
            Self::Asset(e) => return e.code(),
            Self::Registry(e) => return e.code(),
            Self::Log(e) => return e.code(),
            Self::Config(e) => return e.code(),
            Self::Stopped(e) => return e.code(),
            Self::Part(e) => return e.code(),
            Self::Usage(_) => "OPS-0012",
            Self::Changed(_) => "OPS-0013",
            Self::Record(_) => "OPS-0014",
            Self::Task(_) => "OPS-0015",
            Self::NoLog { .. } => "OPS-0030",
            Self::TooMany { .. } => "OPS-0031",
            Self::UnknownDocument { .. } => "OPS-0032",
            Self::SeveralTenants { .. } => "OPS-0033",
            Self::NoLetter { .. } => "OPS-0034",
            Self::OpenStates { .. } => "OPS-0035",
            Self::UnlikePartitions { .. } => "OPS-0036",
        })
    }
}

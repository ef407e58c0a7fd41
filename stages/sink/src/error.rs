//! Why a result could not be delivered.

use docmill_contracts::{Class, Classify, Code, CodecError};
use docmill_runtime::transport::TransportError;
use thiserror::Error;

/// What can go wrong at the sinks.
#[derive(Debug, Error)]
pub enum SinkError {
    /// No space for results.
    #[error("the disk of {path} is full: {source}")]
    Full {
        /// File or folder.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A file or folder cannot be used.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// File or folder.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Another process writes to the folder.
    #[error("{path} is in use: another process writes results there")]
    InUse {
        /// The folder.
        path: String,
    },
    /// There is a results file that is not ours.
    #[error(
        "{path} was not written by docmill (there is no {positions} beside it): move it away, or choose another folder"
    )]
    Foreign {
        /// The results file.
        path: String,
        /// Name of the file of positions.
        positions: &'static str,
    },
    /// The results file has lost its end.
    #[error(
        "{path} has {found} bytes, but {expected} were written: restore it, or move the folder away and read all results again"
    )]
    Shortened {
        /// The results file.
        path: String,
        /// Bytes it has.
        found: u64,
        /// Bytes that were written.
        expected: u64,
    },
    /// The file of positions, or a line of the results file, is not what was written.
    #[error("{path} is damaged: {source}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A record of the results topic is not a result.
    #[error("results topic, partition {partition}, offset {offset}: {source}")]
    Record {
        /// Partition.
        partition: i32,
        /// Offset.
        offset: i64,
        /// What the codec says.
        #[source]
        source: CodecError,
    },
    /// The schema that a result was written with cannot be had.
    #[error("results topic: schema id {id}: {cause}")]
    Schema {
        /// Schema id.
        id: u32,
        /// What the registry says.
        cause: Box<dyn Classify>,
    },
    /// The results topic cannot be read.
    #[error("reading results: {source}")]
    Log {
        /// What the log says.
        #[source]
        source: TransportError,
    },
    /// The thread that writes files is gone.
    #[error("the file writer stopped: {source}")]
    Writer {
        /// What the runtime says.
        #[source]
        source: tokio::task::JoinError,
    },
    /// A file that a result names cannot be had.
    #[error(transparent)]
    Blob(#[from] docmill_blobs::BlobError),
}

impl SinkError {
    /// The error of a file operation; a full disk is told apart.
    pub(crate) fn io(action: &'static str, path: &std::path::Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        let path = path.display().to_string();
        match source.kind() {
            StorageFull | QuotaExceeded => Self::Full { path, source },
            _ => Self::File { action, path, source },
        }
    }
}

impl Classify for SinkError {
    fn class(&self) -> Class {
        match self {
            Self::Full { .. } => Class::Transient,
            Self::Record { .. } => Class::Input,
            Self::Schema { cause, .. } => cause.class(),
            Self::Log { source } => source.class(),
            Self::Blob(e) => e.class(),
            Self::File { .. }
            | Self::InUse { .. }
            | Self::Foreign { .. }
            | Self::Shortened { .. }
            | Self::Damaged { .. } => Class::Fatal,
            Self::Writer { .. } => Class::Internal,
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Full { .. } => "SINK-0001",
            Self::File { .. } => "SINK-0002",
            Self::InUse { .. } => "SINK-0003",
            Self::Foreign { .. } => "SINK-0004",
            Self::Shortened { .. } => "SINK-0005",
            Self::Damaged { .. } => "SINK-0006",
            Self::Record { .. } => "SINK-0007",
            Self::Schema { cause, .. } => return cause.code(),
            Self::Log { source } => return source.code(),
            Self::Blob(e) => return e.code(),
            Self::Writer { .. } => "SINK-0008",
        })
    }
}

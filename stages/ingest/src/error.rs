//! Why a document is not admitted.

use docmill_blobs::BlobError;
use docmill_contracts::{Class, Classify, Code};
use thiserror::Error;

/// How often a revision asks whether the one before it has ended.
const REVISION_MS: u64 = 250;

/// What can go wrong at the door. `name`: the file as its submitter named it, sanitised.
#[derive(Debug, Error)]
pub enum IngestError {
    /// Nothing in it.
    #[error("{name} is empty: 0 bytes")]
    Empty {
        /// File.
        name: String,
    },
    /// Above the tenant's limit.
    #[error("{name} has {bytes} bytes, more than the {limit} bytes that tenant {tenant} may submit")]
    TooLarge {
        /// File.
        name: String,
        /// Its length.
        bytes: u64,
        /// Limit in bytes.
        limit: u64,
        /// Tenant.
        tenant: String,
    },
    /// Neither a document nor an image nor an e-invoice.
    #[error("{name} is not a PDF, PNG, JPEG, TIFF, WebP, BMP or e-invoice XML: it looks like {found}")]
    UnknownType {
        /// File.
        name: String,
        /// What it looks like.
        found: String,
    },
    /// XML with a document type declaration.
    #[error("{name} is XML with a document type declaration (DTD), which is never read")]
    Doctype {
        /// File.
        name: String,
    },
    /// XML of another kind.
    #[error(
        "{name} is XML with root {root}, not a UBL Invoice, CreditNote, Order, OrderChange or OrderResponse, nor a CII message"
    )]
    OtherXml {
        /// File.
        name: String,
        /// Local name of the root, with its namespace.
        root: String,
    },
    /// A submission without content.
    #[error("{name} was submitted with neither inline bytes nor a blob")]
    NoContent {
        /// File.
        name: String,
    },
    /// More inline bytes than a record should carry.
    #[error("{name} was submitted with {bytes} inline bytes; above {limit} bytes it must be a blob")]
    InlineTooLarge {
        /// File.
        name: String,
        /// Their number.
        bytes: usize,
        /// Limit in bytes.
        limit: usize,
    },
    /// The store has no such blob, and had none in earlier attempts.
    #[error("{name}: blob {blob} is not in the store after {attempts} attempts")]
    BlobMissing {
        /// File.
        name: String,
        /// Blob.
        blob: String,
        /// Attempts made.
        attempts: u32,
    },
    /// The store has no such blob yet.
    #[error("{name}: blob {blob} is not in the store yet")]
    BlobNotYet {
        /// File.
        name: String,
        /// Blob.
        blob: String,
    },
    /// Bytes and reference do not belong together.
    #[error("{name}: the content does not have SHA-256 {blob} and the length that its reference says")]
    HashMismatch {
        /// File.
        name: String,
        /// SHA-256 of the reference.
        blob: String,
    },
    /// Not a reference to a blob at all.
    #[error("{name}: `{blob}` is not a SHA-256 in lower-case hexadecimal, or its length is negative")]
    BadReference {
        /// File.
        name: String,
        /// SHA-256 of the reference, shortened.
        blob: String,
    },
    /// An id, tenant or revision that cannot be one.
    #[error("{name}: {field} {why}")]
    Identity {
        /// File.
        name: String,
        /// Field of the submission.
        field: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The tenant is over its rate: its record waits, the others do not.
    #[error("{name}: tenant {tenant} is over its rate, next document in {wait_ms} ms")]
    OverRate {
        /// File.
        name: String,
        /// Tenant.
        tenant: String,
        /// Milliseconds until its next document may come.
        wait_ms: u64,
    },
    /// An earlier revision of the document has no result yet: this one waits for it.
    #[error("{name}: revision {revision} waits for the result of an earlier one")]
    EarlierRevision {
        /// File.
        name: String,
        /// This revision.
        revision: i32,
    },
    /// The blob store cannot.
    #[error("{name}: {source}")]
    Blobs {
        /// File.
        name: String,
        /// What the store says.
        #[source]
        source: BlobError,
    },
    /// Settings that cannot be.
    #[error("ingest is not configured: {}", mistakes.join("; "))]
    Config {
        /// All of them.
        mistakes: Vec<String>,
    },
}

impl Classify for IngestError {
    fn class(&self) -> Class {
        match self {
            Self::Empty { .. }
            | Self::TooLarge { .. }
            | Self::UnknownType { .. }
            | Self::Doctype { .. }
            | Self::OtherXml { .. }
            | Self::NoContent { .. }
            | Self::InlineTooLarge { .. }
            | Self::BlobMissing { .. }
            | Self::HashMismatch { .. }
            | Self::BadReference { .. }
            | Self::Identity { .. } => Class::Input,
            Self::BlobNotYet { .. } | Self::OverRate { .. } | Self::EarlierRevision { .. } => {
                Class::Transient
            }
            Self::Blobs { source, .. } => source.class(),
            Self::Config { .. } => Class::Fatal,
        }
    }

    fn wait_ms(&self) -> Option<u64> {
        match self {
            Self::OverRate { wait_ms, .. } => Some(*wait_ms),
            Self::EarlierRevision { .. } => Some(REVISION_MS),
            _ => None,
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Empty { .. } => "INGEST-0001",
            Self::TooLarge { .. } => "INGEST-0002",
            Self::UnknownType { .. } => "INGEST-0003",
            Self::Doctype { .. } => "INGEST-0004",
            Self::OtherXml { .. } => "INGEST-0005",
            Self::NoContent { .. } => "INGEST-0006",
            Self::InlineTooLarge { .. } => "INGEST-0007",
            Self::BlobMissing { .. } => "INGEST-0008",
            Self::BlobNotYet { .. } => "INGEST-0009",
            Self::HashMismatch { .. } => "INGEST-0010",
            Self::BadReference { .. } => "INGEST-0011",
            Self::Identity { .. } => "INGEST-0012",
            Self::OverRate { .. } => "INGEST-0013",
            Self::EarlierRevision { .. } => "INGEST-0015",
            Self::Blobs { source, .. } => return source.code(),
            Self::Config { .. } => "INGEST-0014",
        })
    }
}

//! What can go wrong with a registry.

use docmill_contracts::{Class, Classify, Code, CodecError};
use thiserror::Error;

/// Why there is no schema id, or no schema.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// The configured address is none.
    #[error("registry.url `{url}` is not an http or https address")]
    Url {
        /// As it was configured.
        url: String,
    },
    /// The HTTP client cannot be made.
    #[error("cannot set up HTTP for the schema registry at {url}: {source}")]
    Client {
        /// Address of the registry.
        url: String,
        /// What the client says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It does not answer.
    #[error("schema registry at {url} does not answer: {reason}")]
    Unreachable {
        /// Address of the registry.
        url: String,
        /// What the connection says.
        reason: String,
    },
    /// It wants other credentials.
    #[error(
        "schema registry at {url} refuses access (HTTP {status}): check registry.username and registry.password"
    )]
    Denied {
        /// Address of the registry.
        url: String,
        /// 401 or 403.
        status: u32,
    },
    /// The schema breaks compatibility with what is registered.
    #[error("schema of {record} is not compatible with what {subject} has at {url}: {reason}")]
    Incompatible {
        /// Record.
        record: &'static str,
        /// Subject in the registry.
        subject: String,
        /// Address of the registry.
        url: String,
        /// What the registry says.
        reason: String,
    },
    /// The schema is not there, and registering was not allowed.
    #[error(
        "schema registry at {url} has not this version of {record} under {subject}, and registry.register is off"
    )]
    NotRegistered {
        /// Record.
        record: &'static str,
        /// Subject in the registry.
        subject: String,
        /// Address of the registry.
        url: String,
    },
    /// An id that the registry does not know.
    #[error("schema id {id} is unknown to {url}")]
    UnknownId {
        /// The id.
        id: u32,
        /// Address of the registry.
        url: String,
    },
    /// Any other refusal.
    #[error("schema registry at {url} refused to {action} {subject} (error {error}): {reason}")]
    Refused {
        /// What was asked.
        action: &'static str,
        /// Of which subject or id.
        subject: String,
        /// Address of the registry.
        url: String,
        /// Its error code.
        error: u32,
        /// What it says.
        reason: String,
    },
    /// A schema that this build cannot read.
    #[error(transparent)]
    Schema(#[from] CodecError),
}

impl Classify for RegistryError {
    fn class(&self) -> Class {
        match self {
            // Confluent's server errors are 500xx.
            Self::Unreachable { .. } | Self::Refused { error: 500..=599 | 50_000..=59_999, .. } => {
                Class::Transient
            }
            // The bytes of a record name it.
            Self::UnknownId { .. } => Class::Input,
            Self::Url { .. }
            | Self::Client { .. }
            | Self::Denied { .. }
            | Self::Incompatible { .. }
            | Self::NotRegistered { .. }
            | Self::Refused { .. }
            | Self::Schema(_) => Class::Fatal,
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Url { .. } => "REGISTRY-0001",
            Self::Client { .. } => "REGISTRY-0002",
            Self::Unreachable { .. } => "REGISTRY-0003",
            Self::Denied { .. } => "REGISTRY-0004",
            Self::Incompatible { .. } => "REGISTRY-0005",
            Self::NotRegistered { .. } => "REGISTRY-0006",
            Self::UnknownId { .. } => "REGISTRY-0007",
            Self::Refused { .. } => "REGISTRY-0008",
            Self::Schema(_) => "REGISTRY-0009",
        })
    }
}

//! Why an XML document is not read.

use thiserror::Error;

/// Why an XML document is not read.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum ReadError {
    /// Not well-formed.
    #[error("xml is malformed at byte {position}: {message}")]
    Malformed {
        /// Byte at which reading stopped.
        position: u64,
        /// What the parser says, on one line.
        message: String,
    },
    /// It declares a document type.
    #[error("xml declares a document type, which is refused")]
    DocumentType,
    /// It uses an entity that is not built in.
    #[error("xml uses the entity `{name}`, which is refused")]
    Entity {
        /// Name of the entity.
        name: String,
    },
    /// It has more of something than is read.
    #[error("xml has more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much is read.
        limit: usize,
    },
    /// Neither UTF-8, UTF-16 nor Latin-1.
    #[error("xml is in an encoding that is not supported")]
    Encoding,
}

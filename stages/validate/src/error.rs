//! Why a document could not be validated, and the codes of docmill's own rules.

use docmill_blobs::BlobError;
use docmill_contracts::{Class, Classify, Code};
use thiserror::Error;

/// Codes of problems for which there is no public rule id.
pub(crate) mod code {
    pub(crate) const NOT_A_BUSINESS_DOCUMENT: &str = "VALIDATE-0001";
    pub(crate) const REQUIRED: &str = "VALIDATE-0002";
    pub(crate) const CONFIDENCE: &str = "VALIDATE-0003";
    pub(crate) const TYPE_CONFIDENCE: &str = "VALIDATE-0004";
    pub(crate) const PAGE: &str = "VALIDATE-0005";
    pub(crate) const NOT_A_NUMBER: &str = "VALIDATE-0006";
    pub(crate) const NOT_A_DATE: &str = "VALIDATE-0007";
    pub(crate) const DUE_BEFORE_ISSUE: &str = "VALIDATE-0008";
    pub(crate) const UNLIKELY_DATE: &str = "VALIDATE-0009";
    pub(crate) const AMBIGUOUS_DATE: &str = "VALIDATE-0010";
    pub(crate) const IBAN: &str = "VALIDATE-0011";
    pub(crate) const BIC: &str = "VALIDATE-0012";
    pub(crate) const VAT_CHECK_DIGIT: &str = "VALIDATE-0013";
    pub(crate) const VAT_FORMAT: &str = "VALIDATE-0014";
    pub(crate) const SIGN: &str = "VALIDATE-0015";
    pub(crate) const LINES_INCOMPLETE: &str = "VALIDATE-0016";
    pub(crate) const GLN: &str = "VALIDATE-0017";
    pub(crate) const SCHEMA: &str = "VALIDATE-0020";
    pub(crate) const REJECTED: &str = "VALIDATE-0021";
    pub(crate) const COMPANY_NUMBER: &str = "VALIDATE-0022";
    pub(crate) const DUPLICATE: &str = "VALIDATE-0024";
    pub(crate) const NOT_ALL_COMPARED: &str = "VALIDATE-0025";
    pub(crate) const DOCUMENT_CONFIDENCE: &str = "VALIDATE-0026";
    pub(crate) const VAT_RATE: &str = "VALIDATE-0027";
}

/// What can go wrong while validating.
#[derive(Debug, Error)]
pub enum ValidateError {
    /// The tenant's schema is not one.
    #[error("{name}: schema {schema} {why}")]
    Schema {
        /// File of the document.
        name: String,
        /// SHA-256 of the schema.
        schema: String,
        /// What is wrong with it.
        why: String,
    },
    /// The schema cannot be had.
    #[error("{name}: schema: {source}")]
    Blobs {
        /// File of the document.
        name: String,
        /// What the store says.
        #[source]
        source: BlobError,
    },
    /// The rows of a long item table cannot be had.
    #[error("{name}: line items: {source}")]
    Rows {
        /// File of the document.
        name: String,
        /// What the store says.
        #[source]
        source: BlobError,
    },
    /// A row of a long item table is not what a row is.
    #[error("{name}: line item {number} cannot be read: {source}")]
    Row {
        /// File of the document.
        name: String,
        /// From 1.
        number: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Settings that cannot be.
    #[error("validate is not configured: {}", mistakes.join("; "))]
    Config {
        /// All of them.
        mistakes: Vec<String>,
    },
}

impl Classify for ValidateError {
    fn class(&self) -> Class {
        match self {
            Self::Schema { .. } => Class::Input,
            Self::Blobs { source, .. } | Self::Rows { source, .. } => source.class(),
            Self::Row { .. } => Class::Internal,
            Self::Config { .. } => Class::Fatal,
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Schema { .. } => "VALIDATE-0018",
            Self::Blobs { source, .. } | Self::Rows { source, .. } => return source.code(),
            Self::Row { .. } => "VALIDATE-0023",
            Self::Config { .. } => "VALIDATE-0019",
        })
    }
}

//! What can go wrong in infer.

use crate::layoutlm::LayoutLmError;
use crate::llm::LlmError;
use crate::local::categories::CategoriesError;
use crate::local::model::ModelError;
use crate::schema::SchemaError;
use crate::xml::XmlError;
use docmill_blobs::BlobError;
use docmill_contracts::{Class, Classify, Code, CodecError, Cost, WordsError};
use thiserror::Error;

/// What can go wrong in infer.
#[derive(Debug, Error)]
pub enum InferError {
    /// A page did not come in time.
    #[error("page {page} of {pages} never arrived within {waited_s} s")]
    PageNeverArrived {
        /// From 1.
        page: i32,
        /// Pages of the document.
        pages: i32,
        /// How long gather waited, in seconds.
        waited_s: i64,
    },
    /// The embedded e-invoice cannot be read.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// The tenant's JSON Schema cannot be used.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The model that is asked for cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The category set cannot be used.
    #[error(transparent)]
    Categories(#[from] CategoriesError),
    /// There is neither a page nor an e-invoice to read.
    #[error("`{name}` has neither pages nor an e-invoice to read")]
    Nothing {
        /// File name.
        name: String,
    },
    /// A blob cannot be had.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A page's words cannot be decoded.
    #[error("words of page {page}: {source}")]
    Codec {
        /// From 1.
        page: i32,
        /// What the codec says.
        #[source]
        source: CodecError,
    },
    /// A page's words contradict themselves.
    #[error("words of page {page}: {source}")]
    Words {
        /// From 1.
        page: i32,
        /// What is wrong.
        #[source]
        source: WordsError,
    },
    /// A language model gave nothing that can be used.
    #[error("{source}")]
    Llm {
        /// Why.
        #[source]
        source: LlmError,
        /// What it cost all the same.
        cost: Cost,
    },
    /// A LayoutLM model gave nothing that can be used.
    #[error(transparent)]
    LayoutLm(#[from] LayoutLmError),
    /// The settings of the router cannot be used.
    #[error("router.{field}: {reason}")]
    Router {
        /// The setting.
        field: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// The tenant allows none of the engines of its route.
    #[error("tenant `{tenant}` allows no engine of its route")]
    NoEngine {
        /// Tenant.
        tenant: String,
    },
    /// An extractor died.
    #[error("the extractor died: {source}")]
    Died {
        /// What the runtime says.
        #[from]
        source: tokio::task::JoinError,
    },
}

impl Classify for InferError {
    fn class(&self) -> Class {
        match self {
            Self::PageNeverArrived { .. } | Self::Codec { .. } | Self::Words { .. } | Self::Died { .. } => {
                Class::Internal
            }
            Self::Nothing { .. } => Class::Input,
            Self::Llm { source, .. } => source.class(),
            Self::LayoutLm(e) => e.class(),
            Self::Router { .. } => Class::Fatal,
            Self::NoEngine { .. } => Class::Internal,
            Self::Xml(e) => e.class(),
            Self::Schema(e) => e.class(),
            Self::Model(e) => e.class(),
            Self::Categories(e) => e.class(),
            Self::Blob(e) => e.class(),
        }
    }

    fn code(&self) -> Code {
        match self {
            Self::PageNeverArrived { .. } => Code("INFER-0001"),
            Self::Xml(e) => e.code(),
            Self::Schema(e) => e.code(),
            Self::Model(e) => e.code(),
            Self::Categories(e) => e.code(),
            Self::Nothing { .. } => Code("INFER-0005"),
            Self::Blob(e) => e.code(),
            Self::Codec { .. } | Self::Words { .. } => Code("INFER-0008"),
            Self::Died { .. } => Code("INFER-0009"),
            Self::Llm { source, .. } => source.code(),
            Self::LayoutLm(e) => e.code(),
            Self::Router { .. } => Code("INFER-0070"),
            Self::NoEngine { .. } => Code("INFER-0071"),
        }
    }
}

/// What can go wrong when a model is made.
#[derive(Debug, Error)]
pub enum TrainError {
    /// Its bytes cannot be made.
    #[error("the model cannot be written: {0}")]
    Write(#[source] serde_json::Error),
}

impl Classify for TrainError {
    fn class(&self) -> Class {
        Class::Internal
    }

    fn code(&self) -> Code {
        Code("INFER-0032")
    }
}

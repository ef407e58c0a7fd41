//! What can go wrong with the engine `llm`.

use docmill_blobs::BlobError;
use docmill_contracts::{Class, Classify, Code};
use docmill_remote::RemoteError;
use std::time::Duration;
use thiserror::Error;

/// What can go wrong with the engine `llm`. Codes have pages in docs/errors.
#[derive(Debug, Error)]
pub enum LlmError {
    /// No server answered.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The answer is no JSON object: prose, or JSON that breaks off or has `NaN` in it.
    #[error("{model} answers with no JSON object: {reason}")]
    NoJson {
        /// Model.
        model: String,
        /// What it is.
        reason: &'static str,
    },
    /// The answer was cut at the most tokens.
    #[error("answer of {model} is cut at {tokens} tokens")]
    Cut {
        /// Model.
        model: String,
        /// Most tokens that were asked for.
        tokens: u32,
    },
    /// The answer repeats itself without end.
    #[error("answer of {model} repeats itself")]
    Loop {
        /// Model.
        model: String,
    },
    /// The answer repeats what the model was told.
    #[error("answer of {model} repeats its instructions")]
    Echo {
        /// Model.
        model: String,
    },
    /// JSON of another shape than was asked for.
    #[error("answer of {model} has another shape than was asked for: {reason}")]
    Shape {
        /// Model.
        model: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// An answer without any value.
    #[error("answer of {model} has no value at all")]
    Empty {
        /// Model.
        model: String,
    },
    /// The server stopped the answer for a reason of its own.
    #[error("answer of {model} was stopped by its server: {reason}")]
    Stopped {
        /// Model.
        model: String,
        /// The server's word.
        reason: String,
    },
    /// The tenant has spent its budget.
    #[error(
        "budget of {limit_micro_usd} micro-dollars is used up: {spent_micro_usd} are spent, and the rest is too little for this document"
    )]
    Budget {
        /// Spent in this period.
        spent_micro_usd: u64,
        /// Limit of the period.
        limit_micro_usd: u64,
    },
    /// No usable answer within the document's time.
    #[error("no answer within {} s", .waited.as_secs_f32())]
    Deadline {
        /// How long it was waited for.
        waited: Duration,
    },
    /// Accounts cannot be kept.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The settings cannot be used.
    #[error("llm.{field}: {reason}")]
    Config {
        /// The setting.
        field: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
}

impl Classify for LlmError {
    fn class(&self) -> Class {
        match self {
            Self::Remote(e) => e.class(),
            Self::Blob(e) => e.class(),
            // Another try at the same model costs money and gives the same.
            Self::NoJson { .. }
            | Self::Cut { .. }
            | Self::Loop { .. }
            | Self::Echo { .. }
            | Self::Shape { .. }
            | Self::Empty { .. }
            | Self::Stopped { .. } => Class::Internal,
            Self::Budget { .. } | Self::Deadline { .. } => Class::Transient,
            Self::Config { .. } => Class::Fatal,
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Remote(e) => return e.code(),
            Self::Blob(e) => return e.code(),
            Self::NoJson { .. } => "INFER-0045",
            Self::Cut { .. } => "INFER-0046",
            Self::Loop { .. } => "INFER-0047",
            Self::Echo { .. } => "INFER-0048",
            Self::Shape { .. } => "INFER-0049",
            Self::Empty { .. } => "INFER-0050",
            Self::Stopped { .. } => "INFER-0051",
            Self::Budget { .. } => "INFER-0052",
            Self::Deadline { .. } => "INFER-0053",
            Self::Config { .. } => "INFER-0054",
        })
    }
}

//! What can go wrong with a call.

use docmill_contracts::{Class, Classify, Code};
use std::time::Duration;
use thiserror::Error;

/// What can go wrong with a call. Codes have pages in docs/errors.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RemoteError {
    /// No connection, or it broke.
    #[error("{provider} cannot be reached: {reason}")]
    Unreachable {
        /// Provider.
        provider: String,
        /// What the system says.
        reason: String,
    },
    /// No answer in time.
    #[error("{provider} gave no answer within {} s", .waited.as_secs_f32())]
    Timeout {
        /// Provider.
        provider: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Too many calls: the server's word, or the limit that is configured for every key.
    #[error("{provider} takes no more calls for now{}", .retry_after.map(|w| format!("; again in {} s", w.as_secs_f32())).unwrap_or_default())]
    Busy {
        /// Provider.
        provider: String,
        /// How long until it does.
        retry_after: Option<Duration>,
    },
    /// The server takes none of the keys.
    #[error("{provider} accepts no key: status {status}")]
    Denied {
        /// Provider.
        provider: String,
        /// HTTP status.
        status: u16,
    },
    /// The server will not do what was asked.
    #[error("{provider} refuses the request: status {status}: {reason}")]
    Refused {
        /// Provider.
        provider: String,
        /// HTTP status.
        status: u16,
        /// The server's reason, cut short.
        reason: String,
    },
    /// The server is broken for now.
    #[error("{provider} failed: status {status}")]
    Failed {
        /// Provider.
        provider: String,
        /// HTTP status.
        status: u16,
    },
    /// The answer is none.
    #[error("{provider} gave an unusable answer: {reason}")]
    Answer {
        /// Provider.
        provider: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The answer says nothing.
    #[error("{provider} answers without text: {reason}")]
    NoText {
        /// Provider.
        provider: String,
        /// Why, as far as it says.
        reason: &'static str,
    },
    /// The answer is larger than is read.
    #[error("{provider} answers with more than {limit} bytes")]
    AnswerTooLarge {
        /// Provider.
        provider: String,
        /// Limit in bytes.
        limit: u64,
    },
    /// The request is larger than is sent.
    #[error("the request holds {bytes} bytes, more than {limit}")]
    RequestTooLarge {
        /// Its size.
        bytes: u64,
        /// Limit in bytes.
        limit: u64,
    },
    /// Every provider that could answer is being left alone after failures.
    #[error("every provider rests after failures{}", .retry_after.map(|w| format!("; the next try is in {} s", w.as_secs_f32())).unwrap_or_default())]
    Resting {
        /// How long until the first is tried again.
        retry_after: Option<Duration>,
    },
    /// No provider takes images.
    #[error("no provider takes images: none has `vision = true`")]
    NoVision,
    /// The configuration cannot be used.
    #[error("provider `{provider}`: {reason}")]
    Config {
        /// Provider, as configured.
        provider: String,
        /// What is wrong.
        reason: &'static str,
    },
}

impl RemoteError {
    /// True where the server itself is in trouble, so that asking it again soon is of no use.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::Failed { .. }
                | Self::Answer { .. }
                | Self::AnswerTooLarge { .. }
        )
    }
}

impl Classify for RemoteError {
    fn class(&self) -> Class {
        match self {
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Busy { .. }
            | Self::Denied { .. }
            | Self::Failed { .. }
            | Self::Answer { .. }
            | Self::AnswerTooLarge { .. }
            | Self::Resting { .. } => Class::Transient,
            Self::Refused { status: 400 | 413 | 422, .. } | Self::RequestTooLarge { .. } => Class::Input,
            Self::Refused { .. } | Self::NoText { .. } => Class::Internal,
            Self::NoVision | Self::Config { .. } => Class::Fatal,
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Unreachable { .. } => "REMOTE-0001",
            Self::Timeout { .. } => "REMOTE-0002",
            Self::Busy { .. } => "REMOTE-0003",
            Self::Denied { .. } => "REMOTE-0004",
            Self::Refused { .. } => "REMOTE-0005",
            Self::Failed { .. } => "REMOTE-0006",
            Self::Answer { .. } => "REMOTE-0007",
            Self::AnswerTooLarge { .. } => "REMOTE-0008",
            Self::RequestTooLarge { .. } => "REMOTE-0009",
            Self::Resting { .. } => "REMOTE-0010",
            Self::NoVision => "REMOTE-0011",
            Self::Config { .. } => "REMOTE-0012",
            Self::NoText { .. } => "REMOTE-0013",
        })
    }
}

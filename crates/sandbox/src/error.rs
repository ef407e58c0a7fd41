//! What can go wrong with children.

use docmill_contracts::{Class, Classify, Code};
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// What can go wrong with children.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// The system does not start the program.
    #[error("cannot start {} as sandboxed child: {source}", .program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The child started and then said that it cannot work, or ended at once.
    #[error("sandboxed child `{kind}` cannot work: {reason}")]
    Init {
        /// Which child.
        kind: &'static str,
        /// What the child says, one line.
        reason: String,
    },
    /// The kernel cannot take from children what they must not have, and nothing allows to go on all the same.
    #[error(
        "this kernel has no {missing}, so that documents cannot be decoded safely; \
         limits.confinement = \"allow_unconfined\" does it all the same"
    )]
    Unconfined {
        /// What the kernel does not have.
        missing: String,
    },
    /// The child ended in the middle of a call.
    #[error("the document ended its decoder ({how})")]
    Died {
        /// Exit status or signal.
        how: String,
    },
    /// The child did not answer in time and was killed.
    #[error("the document kept its decoder busy for more than {} s", .limit.as_secs_f32())]
    TimedOut {
        /// Longest wait for one frame.
        limit: Duration,
    },
    /// The child sent something that is no frame, or one that is out of place.
    #[error("the document made its decoder break the protocol: {what}")]
    Protocol {
        /// What it sent.
        what: &'static str,
    },
    /// The request does not fit a frame.
    #[error("request of {bytes} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Length of the request.
        bytes: u64,
        /// Largest frame.
        limit: u64,
    },
    /// The document cannot be read any more while the child works on it.
    #[error("the document of a sandboxed child cannot be read: {source}")]
    Supply {
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The machine is too busy to start a child in time.
    #[error("sandboxed child `{kind}` was not ready after {} s", .limit.as_secs_f32())]
    StartTimedOut {
        /// Which child.
        kind: &'static str,
        /// Longest wait.
        limit: Duration,
    },
}

impl Classify for SandboxError {
    fn class(&self) -> Class {
        match self {
            Self::Died { .. } | Self::TimedOut { .. } | Self::Protocol { .. } | Self::TooLarge { .. } => {
                Class::Input
            }
            Self::Start { .. } | Self::StartTimedOut { .. } | Self::Supply { .. } => Class::Transient,
            Self::Init { .. } | Self::Unconfined { .. } => Class::Fatal,
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Start { .. } => "SANDBOX-0001",
            Self::Init { .. } => "SANDBOX-0002",
            Self::Died { .. } => "SANDBOX-0003",
            Self::TimedOut { .. } => "SANDBOX-0004",
            Self::Protocol { .. } => "SANDBOX-0005",
            Self::TooLarge { .. } => "SANDBOX-0006",
            Self::StartTimedOut { .. } => "SANDBOX-0007",
            Self::Unconfined { .. } => "SANDBOX-0008",
            Self::Supply { .. } => "SANDBOX-0009",
        })
    }
}

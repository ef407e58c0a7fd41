//! sink: the results topic and result files.
//!
//! Owns how a result leaves docmill: the record on the results topic, and its JSON in files. Must not know how a result
//! came about. Rule: each target has each document revision exactly once, whatever is killed when.

mod error;
pub mod files;
pub mod json;
mod stage;

pub use error::SinkError;
pub use files::{FileSink, ResultLog, run_files};
pub use stage::Sink;

use docmill_runtime::Worker;
use docmill_service::StageEnv;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Name of the stage.
pub const STAGE: &str = "sink";

/// Settings of the sink.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder that results are also written to as `results.jsonl` and `documents/ID.json`; none for the topic alone.
    pub files: Option<PathBuf>,
}

/// The workers of this stage. The file target is no worker: the process runs [`run_files`] beside them, where
/// [`Config::files`] names a folder.
pub fn workers(_config: Config, _env: &StageEnv) -> Result<Vec<Worker>, SinkError> {
    Ok(vec![Worker::stage("sink", Sink)])
}

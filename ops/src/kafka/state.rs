//! What runs, written down for later calls.

use crate::{OpsError, process};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

/// Processes that were started and not stopped.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// Brokers of the cluster whose data is here; 0 where none was made yet. Stays when they are stopped.
    #[serde(default)]
    pub(super) size: u16,
    /// Id of that cluster.
    #[serde(default)]
    pub(super) cluster_id: String,
    /// Brokers by node id.
    #[serde(default)]
    pub(super) brokers: BTreeMap<u16, Running>,
    /// The schema registry.
    #[serde(default)]
    pub(super) registry: Option<Running>,
}

/// A process that was started.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Running {
    /// Process id.
    pub(super) pid: u32,
    /// Its main port.
    pub(super) port: u16,
}

impl Running {
    /// Whether it still runs, and is not another process with the same id.
    pub(super) fn lives(self, mark: &str) -> bool {
        process::lives(self.pid, mark)
    }
}

impl State {
    /// What was written last; nothing where nothing was, or where it cannot be understood.
    pub(super) fn load(dir: &Path) -> Result<Self, OpsError> {
        let path = dir.join("running.json");
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(OpsError::io("read", path, e)),
        }
    }

    /// Writes it down, whole or not at all.
    pub(super) fn save(&self, dir: &Path) -> Result<(), OpsError> {
        let (path, new) = (dir.join("running.json"), dir.join("running.json.new"));
        let json = serde_json::to_vec_pretty(self).map_err(|e| OpsError::io("write", &path, e.into()))?;
        fs::write(&new, json).map_err(|e| OpsError::io("write", &new, e))?;
        fs::rename(&new, &path).map_err(|e| OpsError::io("write", path, e))
    }
}

/// Keeps two calls from starting or stopping the same thing at once, for as long as it is held. Makes the folder.
pub(super) fn lock(dir: &Path) -> Result<File, OpsError> {
    fs::create_dir_all(dir).map_err(|e| OpsError::io("create folder", dir, e))?;
    let path = dir.join("lock");
    let file = File::create(&path).map_err(|e| OpsError::io("write", &path, e))?;
    file.lock().map_err(|e| OpsError::io("lock", path, e))?;
    Ok(file)
}

/// An argument on the command line of every process of this folder, which tells it from others with the same id.
pub(super) fn mark(dir: &Path) -> String {
    format!("-Ddocmill.dir={}", dir.display())
}

//! A worker: a stage or a gather behind one name, ready to be run over a transport.

use crate::stage::{Gather, Stage};
use std::sync::Arc;

/// A stage or a gather under the name of its worker in `topology.toml`.
pub struct Worker {
    name: &'static str,
}

impl Worker {
    /// A worker that runs a stage.
    pub fn stage<S: Stage>(name: &'static str, stage: S) -> Self {
        let _ = Arc::new(stage);
        Self { name }
    }

    /// A worker that runs a gather.
    pub fn gather<G: Gather>(name: &'static str, gather: G) -> Self {
        let _ = Arc::new(gather);
        Self { name }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

//! infer: gathers the pages of a document, reads its embedded e-invoice, or extracts fields from its words.
//!
//! Owns the workers `gather` and `infer`. Knows nothing of PDF and images, and decides nothing about what is acceptable:
//! validate does. Rule: every value says which engine read it, where, and how sure it is.

mod artifacts;
pub mod config;
pub mod error;
pub mod extract;
pub mod gather;
pub mod local;
mod models;
pub mod schema;
pub mod stage;
pub mod train;
pub mod xml;

pub use config::Config;
pub use error::{InferError, TrainError};
pub use gather::GatherPages;
pub use stage::InferStage;

#[cfg(feature = "process")]
use docmill_runtime::Worker;
#[cfg(feature = "process")]
use docmill_service::StageEnv;
#[cfg(feature = "process")]
use std::sync::Arc;

/// Name of the stage.
pub const STAGE: &str = "infer";

/// The workers of the stage.
#[cfg(feature = "process")]
pub fn workers(config: Config, env: &StageEnv) -> Result<Vec<Worker>, InferError> {
    let local = Arc::new(local::LocalExtractor::new(&config));
    Ok(vec![
        Worker::gather("gather", GatherPages::new(&config)),
        Worker::stage("infer", InferStage::new(&config, env.blobs.clone(), local)),
    ])
}

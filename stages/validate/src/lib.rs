//! validate: arithmetic, dates, check digits and thresholds decide accepted, review or rejected.
//!
//! Owns the rules and the outcome. Must not know how a value was read. Rule: nothing is repaired: values stay as they
//! were read, and what is wrong with them is said beside them.

mod config;
mod error;
mod lines;
mod outcome;
mod rules;
mod schema;
mod stage;
mod subject;

pub use config::{Config, Policy};
pub use error::ValidateError;
pub use stage::Validate;

use docmill_runtime::Worker;
use docmill_service::StageEnv;

/// Name of the stage.
pub const STAGE: &str = "validate";

/// The workers of this stage.
pub fn workers(config: Config, env: &StageEnv) -> Result<Vec<Worker>, ValidateError> {
    Ok(vec![Worker::stage("validate", Validate::new(config, env.blobs.clone())?)])
}

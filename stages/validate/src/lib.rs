//! validate: arithmetic, dates, check digits, thresholds and duplicates decide accepted, review or rejected.
//!
//! Owns the rules and the outcome. Must not know how a value was read. Rule: nothing is repaired: values stay as they
//! were read, and what is wrong with them is said beside them.

mod config;
mod duplicates;
mod error;
mod lines;
mod names;
mod outcome;
mod rules;
mod schema;
mod stage;
mod subject;

pub use config::{Config, Policy};
pub use duplicates::{Duplicates, ask};
pub use error::ValidateError;
pub use schema::check as check_schema;
pub use stage::Validate;

#[cfg(feature = "process")]
use docmill_runtime::Worker;
#[cfg(feature = "process")]
use docmill_service::StageEnv;

/// Name of the stage.
pub const STAGE: &str = "validate";

/// The workers of this stage.
#[cfg(feature = "process")]
pub fn workers(config: Config, env: &StageEnv) -> Result<Vec<Worker>, ValidateError> {
    for doubt in config.doubts() {
        tracing::warn!("{doubt}");
    }
    let duplicates = Duplicates::new(&config);
    Ok(vec![
        Worker::stage("validate", Validate::new(config, env.blobs.clone())?),
        Worker::gather("duplicates", duplicates),
    ])
}

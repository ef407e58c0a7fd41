//! infer: gathers the pages of a document, reads its embedded e-invoice, or extracts fields from its words.
//!
//! Owns the workers `gather` and `infer`, the engines and which of them reads what, training, and the files of a document's layout.
//! Knows nothing of PDF; page pictures are handed to models that want them. Decides nothing about what is acceptable: validate
//! does. Rule: every value says which engine read it, where, and how sure it is.

mod artifacts;
pub mod config;
pub mod error;
pub mod extract;
pub mod fuzz;
pub mod gather;
pub mod ground;
pub mod layoutlm;
pub mod llm;
pub mod local;
pub mod merge;
mod models;
pub mod router;
pub mod rows;
pub use docmill_schema as schema;
pub mod stage;
pub mod train;
pub mod xml;

pub use config::Config;
pub use error::{InferError, TrainError};
pub use gather::GatherPages;
pub use stage::InferStage;

#[cfg(feature = "process")]
use docmill_assets::Assets;
#[cfg(feature = "process")]
use docmill_runtime::Worker;
#[cfg(feature = "process")]
use docmill_service::StageEnv;
#[cfg(feature = "process")]
use extract::Extractor;
#[cfg(feature = "process")]
use std::sync::Arc;

/// Name of the stage.
pub const STAGE: &str = "infer";

/// The workers of the stage.
#[cfg(feature = "process")]
pub fn workers(config: Config, env: &StageEnv) -> Result<Vec<Worker>, InferError> {
    // Names of other servers count only where there is a model that they can be meant for.
    let aliases = config.layoutlm.model.is_some();
    let get = |name: &str| if aliases { std::env::var(name).ok() } else { None };
    let config = Config { layoutlm: config.layoutlm.with_aliases(get)?, ..config };
    let local: Arc<dyn Extractor> = Arc::new(local::LocalExtractor::new(&config));
    let reader = reader(&config, env, local)?;
    Ok(vec![
        Worker::gather("gather", GatherPages::new(&config)),
        Worker::stage("infer", InferStage::new(&config, env.blobs.clone(), reader)),
    ])
}

/// What reads pages: the local engine alone where nothing else is configured, as if there were no router.
#[cfg(feature = "process")]
fn reader(
    config: &Config,
    env: &StageEnv,
    local: Arc<dyn Extractor>,
) -> Result<Arc<dyn Extractor>, InferError> {
    let failed = |source| InferError::Llm { source, cost: docmill_contracts::Cost::default() };
    // What is set wrongly is told now, not on the day on which a route leads there.
    llm::check(&config.llm).map_err(failed)?;
    if config.router.routes.is_empty() {
        return Ok(local);
    }
    let mut engines = vec![local];
    let llm = llm::LlmExtractor::new(config, Some(env.blobs.clone()), &env.slot).map_err(failed)?;
    engines.extend(llm.map(|e| Arc::new(e) as Arc<dyn Extractor>));
    let layoutlm = layoutlm::LayoutLmExtractor::new(config, &Assets::new(env.assets.clone()))?;
    engines.extend(layoutlm.map(|e| Arc::new(e) as Arc<dyn Extractor>));
    Ok(Arc::new(router::Router::new(&config.router, engines, Some(env.blobs.clone()))?))
}

//! Trained models by the hash of their bytes.
//!
//! Owns how many are kept. Knows no field. Rule: a model is read and checked once, and named by its content, so that the
//! same name is always the same model.

use crate::error::InferError;
use crate::local::model::{MAX_MODEL_BYTES, Model, ModelError};
use docmill_blobs::Blobs;
use docmill_contracts::BlobRef;
use std::sync::{Arc, Mutex, PoisonError};

/// Models that are kept, the one used last at the end.
const KEPT: usize = 16;

#[derive(Default)]
pub(crate) struct Models {
    kept: Mutex<Vec<(String, Arc<Model>)>>,
}

impl Models {
    /// The model of that name.
    pub(crate) async fn get(&self, name: &BlobRef, blobs: &Blobs) -> Result<Arc<Model>, InferError> {
        if let Some(model) = self.known(&name.sha256) {
            return Ok(model);
        }
        let bytes = usize::try_from(name.bytes).unwrap_or(usize::MAX);
        if bytes > MAX_MODEL_BYTES {
            return Err(ModelError::TooLarge { bytes }.into());
        }
        let bytes = blobs.get(name).await?;
        let model = Arc::new(Model::from_bytes(&bytes)?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((name.sha256.clone(), Arc::clone(&model)));
        Ok(model)
    }

    fn known(&self, sha256: &str) -> Option<Arc<Model>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(name, _)| name == sha256)?;
        let found = kept.remove(at);
        let model = Arc::clone(&found.1);
        kept.push(found);
        Some(model)
    }
}

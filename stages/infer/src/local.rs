//! stub
use crate::config::Config;
use crate::error::InferError;
use crate::extract::{ENGINE_LOCAL, Extraction, Extractor, Pages, Wanted};

/// Version of the rules.
pub const MODEL_VERSION: &str = "rules-1";

/// The engine.
pub struct LocalExtractor {}
impl LocalExtractor {
    /// new
    pub fn new(_c: &Config) -> Self {
        Self {}
    }
}
impl Extractor for LocalExtractor {
    fn engine(&self) -> &'static str {
        ENGINE_LOCAL
    }
    fn version(&self) -> &'static str {
        MODEL_VERSION
    }
    fn extract(&self, _pages: &mut dyn Pages, _wanted: &Wanted) -> Result<Extraction, InferError> {
        Ok(Extraction::of_engine(ENGINE_LOCAL, MODEL_VERSION))
    }
}

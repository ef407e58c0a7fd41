//! Results that are remembered.
//!
//! Owns what a result depends on, and its age. Knows no engine. Rules: a result is remembered for its tenant alone; what it cost is
//! counted for the document that paid it (and again where that document is processed again after a crash, as if for the first time), and
//! for no other; a store that fails costs time, never a document.

use crate::extract::{Extraction, Extractor, Pages, Wanted};
use docmill_blobs::{Blobs, memo_key};
use docmill_contracts::{Cost, content_sha256};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

/// Version of the form in which results are kept.
const FORM: &str = "extraction-1";
/// Largest result that is kept, in bytes.
const MAX_BYTES: usize = 16 << 20;

/// Results in the blob store.
pub(super) struct Cache {
    blobs: Blobs,
    ttl_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    at_ms: i64,
    document: String,
    found: Extraction,
}

impl Cache {
    pub(super) fn new(blobs: Blobs, ttl_s: u64) -> Self {
        Self { blobs, ttl_ms: i64::try_from(ttl_s).unwrap_or(i64::MAX).saturating_mul(1_000) }
    }

    /// Everything that a result depends on; none where the pages cannot be told apart.
    pub(super) fn key(engine: &dyn Extractor, pages: &dyn Pages, wanted: &Wanted) -> Option<String> {
        let schema = wanted.schema.as_ref().map(|s| content_sha256(format!("{s:?}").as_bytes()));
        let pages = pages.digest()?;
        let model = wanted.model.as_ref().map_or("", |m| m.version.as_str());
        let categories = wanted.categories.as_ref().map(|c| content_sha256(format!("{c:?}").as_bytes()));
        Some(memo_key(&[
            FORM,
            &wanted.tenant,
            engine.engine(),
            engine.version(),
            schema.as_deref().unwrap_or_default(),
            wanted.type_hint.as_deref().unwrap_or_default(),
            model,
            categories.as_deref().unwrap_or_default(),
            if wanted.withhold_images { "text" } else { "all" },
            &pages,
        ]))
    }

    pub(super) fn recall(&self, key: &str, wanted: &Wanted) -> Option<Extraction> {
        let runtime = Handle::try_current().ok()?;
        let bytes = match runtime.block_on(self.blobs.recall(key)) {
            Ok(bytes) => bytes?,
            Err(error) => {
                tracing::warn!("remembered results cannot be read: {error}");
                return None;
            }
        };
        let kept: Kept = serde_json::from_slice(&bytes).ok()?;
        let age = wanted.now_ms.saturating_sub(kept.at_ms);
        if !(0..self.ttl_ms).contains(&age) {
            return None;
        }
        let mut found = kept.found;
        if kept.document != wanted.document {
            found.cost = Cost::default();
        }
        Some(found)
    }

    pub(super) fn remember(&self, key: &str, found: &Extraction, wanted: &Wanted) {
        let kept = Kept { at_ms: wanted.now_ms, document: wanted.document.clone(), found: found.clone() };
        let (Ok(runtime), Ok(bytes)) = (Handle::try_current(), serde_json::to_vec(&kept)) else { return };
        if bytes.len() > MAX_BYTES {
            return;
        }
        if let Err(error) = runtime.block_on(self.blobs.remember(key, bytes.into())) {
            tracing::warn!("a result cannot be remembered: {error}");
        }
    }
}

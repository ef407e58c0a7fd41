//! What an operator may set.

use crate::IngestError;
use docmill_blobs::MAX_BLOB_BYTES;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings of ingest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Largest document in bytes, for tenants that have no limit of their own. At most 268435456 (256 MiB).
    pub max_bytes: u64,
    /// Sustained documents per second of one tenant that has no rate of its own; 0 = unlimited.
    pub documents_per_second: f64,
    /// Documents of one tenant that may come at once, above the rate; at least 1.
    pub burst: u32,
    /// Attempts after which a blob that the store does not have counts as missing for good; at least 1.
    pub missing_blob_attempts: u32,
    /// Seconds without news of an earlier revision of a document after which the next one no longer waits for its result.
    pub revision_patience_s: u32,
    /// Limits by tenant.
    pub tenants: BTreeMap<String, TenantLimits>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_bytes: 50 * 1024 * 1024,
            documents_per_second: 0.0,
            burst: 100,
            missing_blob_attempts: 3,
            revision_patience_s: 1800,
            tenants: BTreeMap::new(),
        }
    }
}

/// Limits of one tenant; what is not set is as for everybody.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantLimits {
    /// Largest document in bytes.
    pub max_bytes: Option<u64>,
    /// Sustained documents per second; 0 = unlimited.
    pub documents_per_second: Option<f64>,
    /// Documents that may come at once, above the rate; at least 1.
    pub burst: Option<u32>,
}

/// Largest size that may be configured, in bytes: what the blob store reads into memory.
const MOST_BYTES: u64 = MAX_BLOB_BYTES as u64;
/// Largest rate that may be configured, in documents per second.
const MOST_PER_SECOND: f64 = 1e6;

impl Config {
    /// Largest document of `tenant`, in bytes.
    pub fn max_bytes(&self, tenant: &str) -> u64 {
        self.tenants.get(tenant).and_then(|t| t.max_bytes).unwrap_or(self.max_bytes)
    }

    /// Every mistake at once.
    pub(crate) fn check(&self) -> Result<(), IngestError> {
        let mut mistakes = Vec::new();
        let mut check = |owner: &str, bytes: u64, rate: f64, burst: u32| {
            if !(1..=MOST_BYTES).contains(&bytes) {
                mistakes.push(format!("{owner}max_bytes = {bytes} is not within 1..={MOST_BYTES}"));
            }
            if !(0.0..=MOST_PER_SECOND).contains(&rate) {
                mistakes.push(format!(
                    "{owner}documents_per_second = {rate} is not within 0..={MOST_PER_SECOND}"
                ));
            }
            if burst == 0 {
                mistakes.push(format!("{owner}burst = 0 would admit nothing"));
            }
        };
        check("", self.max_bytes, self.documents_per_second, self.burst);
        for (tenant, limits) in &self.tenants {
            check(
                &format!("tenants.{tenant}."),
                limits.max_bytes.unwrap_or(self.max_bytes),
                limits.documents_per_second.unwrap_or(self.documents_per_second),
                limits.burst.unwrap_or(self.burst),
            );
        }
        if self.missing_blob_attempts == 0 {
            mistakes.push("missing_blob_attempts = 0 would admit nothing".to_owned());
        }
        if mistakes.is_empty() { Ok(()) } else { Err(IngestError::Config { mistakes }) }
    }
}

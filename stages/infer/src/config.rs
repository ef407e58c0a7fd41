//! Settings of the infer stage.

use crate::layoutlm::LayoutLmConfig;
use crate::llm::LlmConfig;
use crate::router::RouterConfig;
use serde::{Deserialize, Serialize};

/// Settings of the infer stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long gather waits for the pages of a document after its first page came, in seconds.
    pub pages_timeout_s: u32,
    /// How much longer gather waits for each page of a document, in milliseconds.
    pub pages_timeout_per_page_ms: u32,
    /// How long gather remembers that a document was assembled, in seconds. A page that comes later still starts it anew.
    pub closed_retention_s: u32,
    /// Pages at the beginning of a document that are read for its header fields.
    pub header_pages: u16,
    /// Pages at the end of a document that are read for its totals.
    pub closing_pages: u16,
    /// Most rows of the item table that are read.
    pub max_line_items: u32,
    /// Largest JSON Schema of a tenant that is read, in bytes.
    pub max_schema_bytes: u32,
    /// Which engines read which documents.
    pub router: RouterConfig,
    /// Language models.
    pub llm: LlmConfig,
    /// LayoutLMv3-shaped models.
    pub layoutlm: LayoutLmConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            pages_timeout_s: 30 * 60,
            pages_timeout_per_page_ms: 5_000,
            closed_retention_s: 24 * 60 * 60,
            header_pages: 12,
            closing_pages: 4,
            max_line_items: 1_000_000,
            max_schema_bytes: 256 * 1024,
            router: RouterConfig::default(),
            llm: LlmConfig::default(),
            layoutlm: LayoutLmConfig::default(),
        }
    }
}

//! Settings of the ocr stage.

use crate::ppocr::PpOcrConfig;
use crate::remote::RemoteOcrConfig;
use serde::{Deserialize, Serialize};
use std::num::NonZero;

/// Settings of the ocr stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Pages that are read at once, each on one core; 0 = as many as there are cores.
    pub threads: u32,
    /// Largest page image that is decoded, pixels.
    pub max_image_pixels: u64,
    /// Words of documents of up to this many pages travel in records, those of longer ones as blobs, pages.
    pub inline_pages: i32,
    /// The local engine.
    pub ppocr: PpOcrConfig,
    /// Servers that read what the local engine is unsure of.
    pub remote: RemoteOcrConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threads: 0,
            max_image_pixels: 80_000_000,
            inline_pages: 8,
            ppocr: PpOcrConfig::default(),
            remote: RemoteOcrConfig::default(),
        }
    }
}

impl Config {
    /// Pages at once.
    pub fn parallelism(&self) -> usize {
        match usize::try_from(self.threads) {
            Ok(n) if n > 0 => n,
            Ok(_) | Err(_) => std::thread::available_parallelism().map_or(1, NonZero::get),
        }
    }
}

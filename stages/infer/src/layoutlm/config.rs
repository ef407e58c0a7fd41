//! Settings of the engine `layoutlm`.

use super::LayoutLmError;
use docmill_onnx::Device;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Settings of the engine `layoutlm`. Without a model there is no such engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LayoutLmConfig {
    /// ONNX file of a LayoutLMv3-shaped model.
    pub model: Option<PathBuf>,
    /// Its `tokenizer.json` (byte-level BPE); none for the one beside the model.
    pub tokenizer: Option<PathBuf>,
    /// Its `config.json` with `id2label`; none for the one beside the model.
    pub labels: Option<PathBuf>,
    /// Fields by label without its B- or I-, where they have other names than the label in lower case.
    pub fields: BTreeMap<String, String>,
    /// Columns of the item table by label without its B- or I-.
    pub columns: BTreeMap<String, String>,
    /// Where it runs: `cpu`, `cuda`, `tensorrt`. The last two need a build with that feature and ONNX Runtime's GPU library.
    pub device: Device,
    /// Which of several GPUs, from 0.
    pub device_id: i32,
    /// Threads of one run on the processor.
    pub threads: u16,
    /// ONNX Runtime's shared library; none for the one that OCR uses.
    pub library: Option<PathBuf>,
    /// Tokens of a window, with its two ends.
    pub window: u16,
    /// Tokens that two windows share.
    pub stride: u16,
    /// Most windows of one run; halved where memory does not suffice. Alias: environment variable MAX_BATCH_SIZE.
    pub max_batch: u16,
    /// Longest wait for a window's result, in seconds. Alias: environment variable INFERENCE_TIMEOUT.
    pub timeout_s: f64,
    /// Entities that are less sure than this are dropped, 0 to 1.
    pub least_confidence: f64,
    /// What a model that looks at pages gets for a page without a picture, which is every page with a text layer.
    pub no_picture: NoPicture,
}

/// What a model that looks at pages gets for a page without a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoPicture {
    /// A white page with a dark bar where each word is.
    #[default]
    Words,
    /// A white page.
    Blank,
    /// Nothing: the engine refuses the document.
    Refuse,
}

impl Default for LayoutLmConfig {
    fn default() -> Self {
        Self {
            model: None,
            tokenizer: None,
            labels: None,
            fields: BTreeMap::new(),
            columns: BTreeMap::new(),
            device: Device::Cpu,
            device_id: 0,
            threads: 1,
            library: None,
            window: 512,
            stride: 128,
            max_batch: 16,
            timeout_s: 30.0,
            least_confidence: 0.2,
            no_picture: NoPicture::Words,
        }
    }
}

impl LayoutLmConfig {
    /// Takes the values of MAX_BATCH_SIZE and INFERENCE_TIMEOUT, as `get` finds them.
    pub fn with_aliases(mut self, get: impl Fn(&str) -> Option<String>) -> Result<Self, LayoutLmError> {
        if let Some(value) = get("MAX_BATCH_SIZE") {
            let wrong =
                |_| LayoutLmError::Config { field: "max_batch", reason: "MAX_BATCH_SIZE is no whole number" };
            self.max_batch = value.trim().parse().map_err(wrong)?;
        }
        if let Some(value) = get("INFERENCE_TIMEOUT") {
            let wrong =
                |_| LayoutLmError::Config { field: "timeout_s", reason: "INFERENCE_TIMEOUT is no number" };
            self.timeout_s = value.trim().parse().map_err(wrong)?;
        }
        Ok(self)
    }

    /// Refuses what could only fail later.
    pub(super) fn check(&self) -> Result<(), LayoutLmError> {
        let wrong = |field, reason| Err(LayoutLmError::Config { field, reason });
        if !(8..=4_096).contains(&self.window) {
            return wrong("window", "it must be within 8 and 4096");
        }
        if self.stride + 4 > self.window / 2 {
            return wrong("stride", "it must be less than half of the window");
        }
        if !(1..=256).contains(&self.max_batch) {
            return wrong("max_batch", "it must be within 1 and 256");
        }
        if !(0.01..=3_600.0).contains(&self.timeout_s) {
            return wrong("timeout_s", "it must be within 0.01 and 3600");
        }
        if !(0.0..=1.0).contains(&self.least_confidence) {
            return wrong("least_confidence", "it must be within 0 and 1");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_other_servers_are_taken() {
        let env = |name: &str| match name {
            "MAX_BATCH_SIZE" => Some("8".to_owned()),
            _ => Some(" 2.5 ".to_owned()),
        };
        let config = LayoutLmConfig::default().with_aliases(env).unwrap();
        assert_eq!((config.max_batch, config.timeout_s), (8, 2.5));
        assert!(LayoutLmConfig::default().with_aliases(|_| Some("many".to_owned())).is_err());
        assert!(LayoutLmConfig { stride: 300, ..LayoutLmConfig::default() }.check().is_err());
        assert!(LayoutLmConfig::default().check().is_ok());
    }
}

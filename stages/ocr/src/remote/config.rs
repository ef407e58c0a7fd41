//! Settings of remote OCR, and the prompts that well-known models expect.

use docmill_remote::RemoteConfig;
use serde::{Deserialize, Serialize};

/// Remote OCR: pages that the local engine is unsure of are read by a vision model behind an OpenAI-compatible server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteOcrConfig {
    /// Servers; without any, no page ever leaves this machine.
    pub servers: RemoteConfig,
    /// What the model is asked: `plain`, `deepseek_ocr` or `nanonets_ocr`.
    pub preset: Preset,
    /// A prompt of your own in place of the preset's.
    pub prompt: Option<String>,
    /// Most tokens of an answer; one that is cut there is not used.
    pub max_tokens: u32,
    /// With `accuracy_mode` balanced, pages of a local confidence below this are read remotely, 0..=1.
    pub balanced_below: f64,
    /// With `accuracy_mode` accurate, pages of a local confidence below this are read remotely, 0..=1.
    pub accurate_below: f64,
    /// Least share of the characters of which the local engine is certain that an answer must hold, 0..=1: a model that
    /// reads another text than stands there, or invents one, is not believed.
    pub least_agreement: f64,
}

impl Default for RemoteOcrConfig {
    fn default() -> Self {
        Self {
            servers: RemoteConfig::default(),
            preset: Preset::default(),
            prompt: None,
            max_tokens: 8192,
            balanced_below: 0.85,
            accurate_below: 0.97,
            least_agreement: 0.6,
        }
    }
}

/// How a model is asked and how it answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Any vision model: plain text, line by line.
    #[default]
    Plain,
    /// DeepSeek-OCR: Markdown with a box before each block. Wants `skip_special_tokens = false` among the provider's
    /// `extra` fields, or the boxes are lost.
    DeepseekOcr,
    /// Nanonets-OCR: Markdown with HTML tables and tags of its own.
    NanonetsOcr,
}

impl RemoteOcrConfig {
    /// What the model is asked beside the image.
    pub fn prompt(&self) -> &str {
        match (&self.prompt, self.preset) {
            (Some(own), _) => own,
            (None, Preset::Plain) => PLAIN,
            (None, Preset::DeepseekOcr) => "<|grounding|>Convert the document to markdown.",
            (None, Preset::NanonetsOcr) => NANONETS,
        }
    }
}

const PLAIN: &str = "Transcribe every piece of text on this page exactly as it is printed, in reading order, one printed \
line per line. Do not correct, translate, summarise or explain anything. Separate the cells of a table row by ' | '. \
Answer with the text alone.";

const NANONETS: &str = "Extract the text from the above document as if you were reading it naturally. Return the tables in \
html format. Return the equations in LaTeX representation. If there is an image in the document and image caption is not \
present, add a small description of the image inside the <img></img> tag; otherwise, add the image caption inside \
<img></img>. Watermarks should be wrapped in brackets. Ex: <watermark>OFFICIAL COPY</watermark>. Page numbers should be \
wrapped in brackets. Ex: <page_number>14</page_number> or <page_number>9/22</page_number>. Prefer using ☐ and ☑ for check \
boxes.";

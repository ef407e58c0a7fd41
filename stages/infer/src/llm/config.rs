//! Settings of the engine `llm`.

use docmill_remote::RemoteConfig;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings of the engine `llm`. Without a provider nothing ever leaves the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LlmConfig {
    /// The model that is asked first.
    pub cheap: RemoteConfig,
    /// The model that is asked where the first is unsure or gives no usable answer; no providers: none is.
    pub dear: RemoteConfig,
    /// The dear model is asked where a required field is missing or less sure than this, 0 to 1.
    pub dear_below: f64,
    /// What the model is given of a page. Pictures exist of pages that went through OCR; of others the text is given.
    pub input: Input,
    /// How the text of a page is written down.
    pub layout: Layout,
    /// Most characters of text that are sent of one document. What is over is cut, from the middle pages first.
    pub max_input_chars: u32,
    /// Most pictures that are sent of one document.
    pub max_images: u16,
    /// Most tokens of an answer.
    pub max_output_tokens: u32,
    /// Documents that are with models at once in this process; others wait.
    pub max_concurrent: u32,
    /// Longest time for one document, with waiting, retries and both models, in seconds. Keep it below the worker's `attempt_timeout`.
    pub deadline_s: f64,
    /// Ask for the probabilities of tokens, on which confidences rest. Without them a value is not sure enough to be accepted on the model's word alone.
    pub logprobs: bool,
    /// Ask for the rows of the item table.
    pub line_items: bool,
    /// What one tenant may spend in a period, in US dollars; 0 = no limit. It holds for each process.
    pub budget_usd: f64,
    /// Other budgets than that, by tenant, in US dollars.
    pub budgets_usd: BTreeMap<String, f64>,
    /// Period of the budgets, in UTC.
    pub budget_period: Period,
}

impl Default for LlmConfig {
    fn default() -> Self {
        Self {
            cheap: RemoteConfig::default(),
            dear: RemoteConfig::default(),
            dear_below: 0.8,
            input: Input::Text,
            layout: Layout::Rows,
            max_input_chars: 60_000,
            max_images: 4,
            max_output_tokens: 4_096,
            max_concurrent: 4,
            deadline_s: 50.0,
            logprobs: true,
            line_items: true,
            budget_usd: 0.0,
            budgets_usd: BTreeMap::new(),
            budget_period: Period::Day,
        }
    }
}

/// What a model is given of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    /// Its words.
    #[default]
    Text,
    /// Its picture.
    Images,
    /// Both.
    Both,
}

/// How the text of a page is written down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Rows, with spaces for the gaps between columns.
    #[default]
    Rows,
    /// Pieces of rows, each with its box in thousandths of the page.
    Boxes,
}

/// Period of a budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// A day of UTC.
    #[default]
    Day,
    /// Thirty days, counted from 1970-01-01.
    Month,
}

impl Period {
    /// Number of the period since 1970.
    pub fn number(self, now_ms: i64) -> i64 {
        let days = match self {
            Self::Day => 1,
            Self::Month => 30,
        };
        now_ms.div_euclid(86_400_000 * days)
    }
}

//! Remote OCR: pages that the local engine is unsure of are read by a vision model, and its words get their places.
//!
//! Owns which page is worth a call and what becomes of the answer. Knows servers only by their client. Rule: whatever the
//! servers do, a page keeps its local reading unless a better one is there; nothing is invented silently.

mod align;
mod answer;
mod config;

pub use config::{Preset, RemoteOcrConfig};

use bytes::Bytes;
use docmill_blobs::{Blobs, memo_key};
use docmill_contracts::{AccuracyMode, Classify, Word};
use docmill_remote::{ChatAnswer, ChatRequest, Client, Finish, Message, Part, RemoteError};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Name of the engine in records.
pub const ENGINE: &str = "remote";

/// Reads pages by way of a server.
pub struct RemoteOcr {
    client: Client,
    config: RemoteOcrConfig,
    counts: Counts,
}

impl fmt::Debug for RemoteOcr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteOcr").field("client", &self.client).finish_non_exhaustive()
    }
}

/// What became of pages that the local engine was unsure of.
#[derive(Debug, Default)]
struct Counts {
    taken: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

/// The same, as numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RemoteCounts {
    /// Pages whose remote reading was taken.
    pub taken: u64,
    /// Pages whose remote reading was not believed: too unlike what the local engine was certain of, or cut.
    pub refused: u64,
    /// Pages for which no server answered.
    pub failed: u64,
}

/// A page image, as it is stored.
#[derive(Debug, Clone)]
pub struct PageImage {
    /// Hash of its bytes.
    pub sha256: String,
    /// PNG.
    pub bytes: Bytes,
    /// Width and height of the page in points.
    pub size: (f32, f32),
}

/// A page's remote reading.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteReading {
    /// The words in order.
    pub words: Vec<Word>,
    /// Their mean confidence weighted by characters, 0..=1.
    pub confidence: Option<f64>,
    /// Model that read it.
    pub model: String,
    /// Words whose place is an estimate.
    pub estimated: usize,
}

impl RemoteReading {
    /// What a person should know about it.
    pub fn reason(&self) -> Option<String> {
        (self.estimated > 0).then(|| {
            format!(
                "{} of {} words have estimated places (confidence at most 0.5)",
                self.estimated,
                self.words.len()
            )
        })
    }
}

impl RemoteOcr {
    /// None where no server is configured.
    pub fn new(config: &RemoteOcrConfig) -> Result<Option<Self>, RemoteError> {
        let Some(client) = Client::new(&config.servers)? else { return Ok(None) };
        if !client.has_vision() {
            return Err(RemoteError::NoVision);
        }
        Ok(Some(Self { client, config: config.clone(), counts: Counts::default() }))
    }

    /// Whether a page of this confidence is read remotely.
    pub fn wants(&self, accuracy: AccuracyMode, confidence: Option<f64>) -> bool {
        let below = match accuracy {
            AccuracyMode::Fast => return false,
            AccuracyMode::Balanced => self.config.balanced_below,
            AccuracyMode::Accurate => self.config.accurate_below,
        };
        // A page without any word is an empty one far more often than one that cannot be read.
        confidence.is_some_and(|c| c < below)
    }

    /// The remote reading of a page; none where no server answers, or its answer is not believed. Answers are remembered by
    /// image, model and prompt: a page is paid for once.
    pub async fn read(&self, blobs: &Blobs, image: &PageImage, local: &[Word]) -> Option<RemoteReading> {
        let identity = self.client.identity();
        let limit = self.config.max_tokens.to_string();
        let key = memo_key(&["ocr-remote", "1", &image.sha256, &identity, self.config.prompt(), &limit]);
        // A memo that cannot be read or kept costs a call, not the page.
        let remembered = blobs.recall(&key).await.ok().flatten().and_then(|b| Memo::from_bytes(&b));
        let memo = if let Some(memo) = remembered {
            memo
        } else {
            let memo = match self.ask(image).await {
                Ok(memo) => memo,
                Err(error) => {
                    self.counts.failed.fetch_add(1, Ordering::Relaxed);
                    docmill_metrics::remote_page("failed");
                    tracing::warn!(code = %error.code(), "page is read locally alone: {error}");
                    return None;
                }
            };
            blobs.remember(&key, memo.to_bytes().into()).await.ok();
            memo
        };
        self.take(&memo, image.size, local)
    }

    /// What became of the pages so far.
    pub fn counts(&self) -> RemoteCounts {
        let get = |c: &AtomicU64| c.load(Ordering::Relaxed);
        RemoteCounts {
            taken: get(&self.counts.taken),
            refused: get(&self.counts.refused),
            failed: get(&self.counts.failed),
        }
    }

    async fn ask(&self, image: &PageImage) -> Result<Memo, RemoteError> {
        let content = vec![Part::image("image/png", image.bytes.clone()), Part::text(self.config.prompt())];
        let request = ChatRequest {
            messages: vec![Message::user(content)],
            max_tokens: Some(self.config.max_tokens),
            temperature: Some(0.0),
            ..ChatRequest::default()
        };
        let ChatAnswer { text, finish, model, .. } = self.client.chat(&request).await?;
        Ok(Memo { model, whole: finish != Finish::Length, text })
    }

    /// The reading that an answer gives, where it is believed.
    fn take(&self, memo: &Memo, size: (f32, f32), local: &[Word]) -> Option<RemoteReading> {
        let aligned = align::align(&answer::lines(&memo.text), local, size);
        if !memo.whole || aligned.agreement < self.config.least_agreement || aligned.words.is_empty() {
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
            docmill_metrics::remote_page("refused");
            tracing::warn!(
                model = memo.model,
                whole = memo.whole,
                agreement = aligned.agreement,
                "answer is not believed: page keeps its local reading"
            );
            return None;
        }
        self.counts.taken.fetch_add(1, Ordering::Relaxed);
        docmill_metrics::remote_page("taken");
        let weight = |w: &Word| w.text.chars().count() as f64;
        let characters: f64 = aligned.words.iter().map(weight).sum();
        let sum: f64 = aligned.words.iter().map(|w| f64::from(w.confidence) * weight(w)).sum();
        let confidence = (characters > 0.0).then(|| (sum / characters).clamp(0.0, 1.0));
        Some(RemoteReading {
            words: aligned.words,
            confidence,
            model: memo.model.clone(),
            estimated: aligned.estimated,
        })
    }
}

/// An answer as it is remembered: `1` or `0` for whole or cut, the model, the text, each after a line feed.
#[derive(Debug, PartialEq)]
struct Memo {
    model: String,
    whole: bool,
    text: String,
}

impl Memo {
    fn to_bytes(&self) -> Vec<u8> {
        let model = self.model.replace('\n', " ");
        format!("{}\n{model}\n{}", u8::from(self.whole), self.text).into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (whole, rest) = text.split_once('\n')?;
        let (model, text) = rest.split_once('\n')?;
        Some(Self { model: model.to_owned(), whole: whole == "1", text: text.to_owned() })
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests;

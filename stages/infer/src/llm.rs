//! Engine `llm`: a language model behind an OpenAI-compatible server copies fields out of the text or the pictures of pages.
//!
//! Owns what is asked, of which model, and what becomes of the answer. Knows no topic. Rules: the model only points at what
//! is printed, and docmill reads it from the page ([`crate::ground`]); a value that does not stand on the pages is marked
//! and can never be accepted unseen; an answer that is not of the asked shape is an error, never an empty result.

mod answer;
mod budget;
mod config;
mod error;
mod fields;
pub mod form;
mod prompt;

pub use budget::Budgets;
pub use config::{Input, Layout, LlmConfig, Period};
pub use error::LlmError;
pub(crate) use fields::{SUSPECT, SUSPECT_MOST, UNGROUNDED};
pub use prompt::VERSION as PROMPT_VERSION;

use crate::error::InferError;
use crate::extract::{ENGINE_LLM, Extraction, Extractor, PageImage, Pages, Wanted};
use crate::ground::Ground;
use crate::merge;
use docmill_blobs::Blobs;
use docmill_contracts::{Classify, Cost, Problem, Severity, content_sha256};
use docmill_remote::{Client, RemoteConfig, RemoteError, Wasted};
use form::Form;
use rust_decimal::Decimal;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// A model and what its tokens cost at most.
struct Tier {
    client: Client,
    /// Millionths of a dollar for a token sent and for one received, of the dearest provider.
    price: (f64, f64),
}

/// Reads documents with language models.
pub struct LlmExtractor {
    config: LlmConfig,
    header_pages: usize,
    closing_pages: usize,
    cheap: Tier,
    dear: Option<Tier>,
    budgets: Budgets,
    permits: Semaphore,
    version: String,
}

impl LlmExtractor {
    /// With the settings of the stage; none where no provider is configured. `slot`: whose accounts these are.
    pub fn new(config: &crate::Config, blobs: Option<Blobs>, slot: &str) -> Result<Option<Self>, LlmError> {
        let settings = config.llm.clone();
        check(&settings)?;
        let Some(cheap) = tier(&settings.cheap, settings.deadline_s)? else {
            return match tier(&settings.dear, settings.deadline_s)? {
                Some(_) => {
                    Err(LlmError::Config { field: "dear", reason: "there is no cheap model before it" })
                }
                None => Ok(None),
            };
        };
        let dear = tier(&settings.dear, settings.deadline_s)?;
        let models =
            [Some(&cheap), dear.as_ref()].map(|t| t.map(|t| t.client.identity()).unwrap_or_default());
        let manner =
            format!("{:?} {:?} {} {:?}", settings.input, settings.layout, settings.max_input_chars, models);
        let digest = content_sha256(manner.as_bytes());
        let version = format!("prompt-{PROMPT_VERSION}.{}", digest.get(..12).unwrap_or_default());
        let budgets = Budgets::new(
            settings.budget_usd,
            &settings.budgets_usd,
            settings.budget_period,
            blobs.map(|b| (b, slot.to_owned())),
        );
        Ok(Some(Self {
            permits: Semaphore::new(settings.max_concurrent as usize),
            header_pages: usize::from(config.header_pages).max(1),
            closing_pages: usize::from(config.closing_pages),
            config: settings,
            cheap,
            dear,
            budgets,
            version,
        }))
    }

    fn read(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<Extraction, Failed> {
        let until = Instant::now() + self.deadline();
        let form = Form::of(wanted, self.config.line_items);
        let mut ground = Ground::default();
        let mut images = Vec::new();
        let mut unread = 0;
        for index in 0..pages.len() {
            if index >= self.header_pages && index + self.closing_pages < pages.len() {
                unread += 1;
                continue;
            }
            let pictures = self.config.input != Input::Text && !wanted.withhold_images;
            if pictures && images.len() < usize::from(self.config.max_images) {
                images.extend(pages.image(index)?);
            }
            ground.add(&pages.page(index)?);
        }
        if ground.is_empty() && images.is_empty() {
            return Err(InferError::Nothing { name: "the document".to_owned() }.into());
        }
        let document = Document { form, ground, images, unread, wanted, until };
        let mut cost = Spent::default();
        let first = self.ask(&self.cheap, &document, &mut cost);
        let Some(dear) = &self.dear else { return finish(first, cost) };
        match first {
            Ok(found) if !merge::is_weak(&found, wanted, self.config.dear_below) => finish(Ok(found), cost),
            // Nobody has money or time for the second where there was none for the first.
            Err(error @ (LlmError::Budget { .. } | LlmError::Deadline { .. })) => finish(Err(error), cost),
            first => match (self.ask(dear, &document, &mut cost), first) {
                (Ok(better), Ok(first)) => {
                    let merged = merge::merge(vec![better, first], wanted);
                    finish(Ok(merged), cost)
                }
                (Ok(better), Err(error)) => finish(Ok(noted(better, &error)), cost),
                (Err(error), Ok(first)) => finish(Ok(noted(first, &error)), cost),
                (Err(_), Err(error)) => finish(Err(error), cost),
            },
        }
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs_f64(self.config.deadline_s)
    }

    /// Asks one model, and checks what it says against the pages.
    fn ask(&self, tier: &Tier, document: &Document<'_>, cost: &mut Spent) -> Result<Extraction, LlmError> {
        let manner = prompt::Manner {
            input: self.config.input,
            layout: self.config.layout,
            max_chars: self.config.max_input_chars as usize,
            max_tokens: self.config.max_output_tokens,
            logprobs: self.config.logprobs,
        };
        let prompt = prompt::prompt(&document.form, &document.ground, document.images.clone(), manner);
        let answer = runtime()?.block_on(self.call(tier, &prompt, document, cost))?;
        let read = answer::read(&answer, &document.form, &prompt.fence, self.config.max_output_tokens)?;
        let version = format!("{}@{}", answer.model, self.version);
        let mut found = fields::extraction(&read, &document.form, &document.ground, &version);
        found.problems.extend(cut(&prompt.cut_pages, document.unread));
        Ok(found)
    }

    async fn call(
        &self,
        tier: &Tier,
        prompt: &prompt::Prompt,
        document: &Document<'_>,
        cost: &mut Spent,
    ) -> Result<docmill_remote::ChatAnswer, LlmError> {
        let late = |_| LlmError::Deadline { waited: self.deadline() };
        let until = tokio::time::Instant::from_std(document.until);
        let permit = tokio::time::timeout_at(until, self.permits.acquire()).await.map_err(late)?;
        // The semaphore is never closed; a permit that is none would only let one more through.
        let _permit = permit.ok();
        let sent = estimate(prompt.chars, document.images.len());
        let (price_in, price_out) = tier.price;
        let most = sent * price_in + f64::from(self.config.max_output_tokens) * price_out;
        let wanted = document.wanted;
        let reserved = self.budgets.reserve(&wanted.tenant, wanted.now_ms, most.ceil() as u64).await?;
        let started = Instant::now();
        let call = docmill_metrics::ModelCall::begin();
        let mut wasted = Vec::new();
        let asked = tier.client.chat_counted(&prompt.request, &mut wasted);
        let answer = match tokio::time::timeout_at(until, asked).await {
            Ok(answer) => answer.map_err(LlmError::from),
            Err(late_by) => Err(late(late_by)),
        };
        drop(call);
        docmill_metrics::model_call(answer.is_ok(), started.elapsed());
        // An empty answer, or a refusal, is paid for like any other.
        for Wasted { provider, usage } in &wasted {
            docmill_metrics::model_usage(provider, usage.tokens_in, usage.tokens_out, usage.micro_usd);
            cost.add(usage);
        }
        let lost: u64 = wasted.iter().map(|w| w.usage.micro_usd).fold(0, u64::saturating_add);
        let booked = match &answer {
            Ok(answer) => {
                let usage = &answer.usage;
                tracing::info!(
                    provider = answer.provider,
                    model = answer.model,
                    tokens_in = usage.tokens_in,
                    tokens_out = usage.tokens_out,
                    micro_usd = usage.micro_usd,
                    attempts = answer.attempts,
                    ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                    "a language model answered"
                );
                let (tokens_in, tokens_out) = (usage.tokens_in, usage.tokens_out);
                docmill_metrics::model_usage(&answer.provider, tokens_in, tokens_out, usage.micro_usd);
                cost.add(usage);
                answer.usage.micro_usd
            }
            // A server that was asked may charge for what it read though its answer never came, or came without its count.
            Err(LlmError::Deadline { .. } | LlmError::Remote(RemoteError::Timeout { .. })) => {
                (sent * price_in).ceil() as u64
            }
            Err(LlmError::Remote(RemoteError::Answer { .. } | RemoteError::NoText { .. }))
                if wasted.is_empty() =>
            {
                (sent * price_in).ceil() as u64
            }
            Err(_) => 0,
        };
        self.budgets.settle(reserved, booked.saturating_add(lost)).await?;
        answer
    }
}

/// A document while it is with models.
struct Document<'a> {
    form: Form,
    ground: Ground,
    images: Vec<PageImage>,
    /// Pages in the middle that are not looked at.
    unread: usize,
    wanted: &'a Wanted,
    until: Instant,
}

impl Extractor for LlmExtractor {
    fn engine(&self) -> &str {
        ENGINE_LLM
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn extract(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<Extraction, InferError> {
        self.read(pages, wanted).map_err(|failed| match failed {
            Failed::Infer(error) => *error,
            Failed::Llm { source, cost } => InferError::Llm { source, cost: cost.record() },
        })
    }
}

enum Failed {
    Infer(Box<InferError>),
    Llm { source: LlmError, cost: Spent },
}

impl From<InferError> for Failed {
    fn from(error: InferError) -> Self {
        Self::Infer(Box::new(error))
    }
}

fn finish(found: Result<Extraction, LlmError>, cost: Spent) -> Result<Extraction, Failed> {
    match found {
        Ok(mut found) => {
            found.cost = cost.record();
            Ok(found)
        }
        Err(source) => Err(Failed::Llm { source, cost }),
    }
}

/// What a document cost so far.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    tokens_in: u64,
    tokens_out: u64,
    micro_usd: u64,
}

impl Spent {
    fn add(&mut self, usage: &docmill_remote::Usage) {
        self.tokens_in = self.tokens_in.saturating_add(usage.tokens_in);
        self.tokens_out = self.tokens_out.saturating_add(usage.tokens_out);
        self.micro_usd = self.micro_usd.saturating_add(usage.micro_usd);
    }

    fn record(self) -> Cost {
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        Cost {
            tokens_in: whole(self.tokens_in),
            tokens_out: whole(self.tokens_out),
            usd: Decimal::new(whole(self.micro_usd), 6).normalize().to_string(),
        }
    }
}

/// Codes of what may go better the next time.
pub(crate) fn is_passing(code: &str) -> bool {
    [
        LlmError::Budget { spent_micro_usd: 0, limit_micro_usd: 0 },
        LlmError::Deadline { waited: Duration::ZERO },
    ]
    .iter()
    .any(|e| e.code().0 == code)
}

/// Engines run on threads for blocking work, which belong to a runtime.
fn runtime() -> Result<Handle, LlmError> {
    Handle::try_current()
        .map_err(|_| LlmError::Config { field: "cheap", reason: "there is no asynchronous runtime" })
}

/// Tokens of what is sent, rather too many: three characters each, and what vision models take for a page.
fn estimate(chars: usize, images: usize) -> f64 {
    chars as f64 / 3.0 + images as f64 * 3_000.0
}

fn noted(mut found: Extraction, error: &LlmError) -> Extraction {
    found.problems.push(Problem {
        code: error.code().0.to_owned(),
        severity: Severity::Warning,
        message: format!("one of two models gave no usable answer: {error}"),
        fields: Vec::new(),
        page: None,
    });
    found
}

/// One problem for all pages that the model did not see whole.
fn cut(pages: &[i32], unread: usize) -> Option<Problem> {
    let count = pages.len() + unread;
    (count > 0).then(|| Problem {
        code: "INFER-0044".to_owned(),
        severity: Severity::Warning,
        message: format!("the model was not shown {count} pages, or not all of them"),
        fields: Vec::new(),
        page: pages.first().copied(),
    })
}

fn tier(config: &RemoteConfig, deadline_s: f64) -> Result<Option<Tier>, LlmError> {
    let remote = RemoteConfig { deadline_s: config.deadline_s.min(deadline_s), ..config.clone() };
    let Some(client) = Client::new(&remote)? else { return Ok(None) };
    let most = |price: fn(&docmill_remote::ProviderConfig) -> f64| {
        config.providers.iter().map(price).filter(|p| p.is_finite()).fold(0.0, f64::max)
    };
    let price = (most(|p| p.usd_per_million_tokens_in), most(|p| p.usd_per_million_tokens_out));
    Ok(Some(Tier { client, price }))
}

/// Refuses settings that cannot be, whether or not a route leads to a model.
pub fn check(config: &LlmConfig) -> Result<(), LlmError> {
    let wrong = |field, reason| Err(LlmError::Config { field, reason });
    if !(0.0..=1.0).contains(&config.dear_below) {
        return wrong("dear_below", "it must be within 0 and 1");
    }
    if !(1.0..=3_600.0).contains(&config.deadline_s) {
        return wrong("deadline_s", "it must be within 1 and 3600");
    }
    if config.max_concurrent == 0 {
        return wrong("max_concurrent", "it must be at least 1");
    }
    if config.max_input_chars < 1_000 || config.max_output_tokens < 16 {
        return wrong("max_input_chars", "at least 1000 characters and 16 tokens are needed");
    }
    let mut sums = config.budgets_usd.values().chain([&config.budget_usd]);
    if sums.any(|usd| !usd.is_finite() || *usd < 0.0) {
        return wrong("budget_usd", "a budget must be a number that is not negative");
    }
    if config.input != Input::Text && !config.cheap.providers.is_empty() {
        let sees =
            |remote: &RemoteConfig| remote.providers.is_empty() || remote.providers.iter().any(|p| p.vision);
        if !sees(&config.cheap) || !sees(&config.dear) {
            return wrong("input", "pictures need a provider with `vision = true`");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

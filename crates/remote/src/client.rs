//! A call: providers in order, attempts at each, until an answer or the deadline.

use crate::answer::{ChatAnswer, Wasted, usage};
use crate::config::RemoteConfig;
use crate::error::RemoteError;
use crate::keys::Pick;
use crate::provider::{Failure, Health, Provider};
use crate::request::ChatRequest;
use bytes::Bytes;
use docmill_contracts::{Class, Classify};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a key rests that the server does not accept: someone has to do something about it.
const DENIED_REST: Duration = Duration::from_secs(600);

/// Asks servers in their order. Cheap to clone; clones share keys, breakers and counts.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    config: RemoteConfig,
    providers: Vec<Provider>,
    rng: Mutex<SmallRng>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.inner.providers.iter().map(|p| p.name.as_str()).collect();
        f.debug_struct("Client").field("providers", &names).finish_non_exhaustive()
    }
}

/// One call on its way.
struct Call<'a> {
    request: &'a ChatRequest,
    deadline: Instant,
    attempts: u32,
    /// Whether there is another provider to go to.
    others: bool,
    /// Answers that were paid for and are of no use.
    wasted: &'a mut Vec<Wasted>,
}

impl Client {
    /// Checks the configuration; connects to nothing. None where no provider is configured.
    pub fn new(config: &RemoteConfig) -> Result<Option<Self>, RemoteError> {
        if config.providers.is_empty() {
            return Ok(None);
        }
        let providers = config.providers.iter().map(|p| Provider::new(p, config));
        let providers = providers.collect::<Result<Vec<_>, _>>()?;
        // A seed of its own for each client, so that the waits of a herd differ.
        let rng = Mutex::new(SmallRng::seed_from_u64(RandomState::new().hash_one(0)));
        Ok(Some(Self { inner: Arc::new(Inner { config: config.clone(), providers, rng }) }))
    }

    /// Completes a chat.
    pub async fn chat(&self, request: &ChatRequest) -> Result<ChatAnswer, RemoteError> {
        self.chat_counted(request, &mut Vec::new()).await
    }

    /// Completes a chat, and puts into `wasted` every answer on the way that its server counts tokens for and that is of no use. They stand
    /// there however the call ends, even where it is dropped.
    pub async fn chat_counted(
        &self,
        request: &ChatRequest,
        wasted: &mut Vec<Wasted>,
    ) -> Result<ChatAnswer, RemoteError> {
        let images = request.has_images();
        let able: Vec<&Provider> =
            self.inner.providers.iter().filter(|p| p.config.vision || !images).collect();
        if able.is_empty() {
            return Err(RemoteError::NoVision);
        }
        let deadline = Instant::now() + self.inner.config.deadline();
        let mut call = Call { request, deadline, attempts: 0, others: false, wasted };
        let mut errors = Vec::new();
        for (at, provider) in able.iter().enumerate() {
            let ready = |p: &&&Provider| p.breaker().would_allow(Instant::now());
            call.others = able[at + 1..].iter().any(|p| ready(&p));
            match self.ask(provider, &mut call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    if !matches!(error, RemoteError::Resting { .. }) {
                        tracing::warn!(code = %error.code(), "{error}");
                    }
                    errors.push(error);
                }
            }
        }
        Err(worst(errors))
    }

    /// True where some provider would be asked now.
    pub fn is_open(&self) -> bool {
        self.inner.providers.iter().any(|p| p.breaker().would_allow(Instant::now()))
    }

    /// True where some provider takes images.
    pub fn has_vision(&self) -> bool {
        self.inner.providers.iter().any(|p| p.config.vision)
    }

    /// How the providers do, in their order.
    pub fn health(&self) -> Vec<Health> {
        self.inner.providers.iter().map(Provider::health).collect()
    }

    /// What answers depend on beside the request: models and further fields, without addresses and keys.
    pub fn identity(&self) -> String {
        let one =
            |p: &Provider| format!("{} {}", p.config.model, serde_json::Value::from(p.config.extra.clone()));
        self.inner.providers.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    /// Attempts at one provider.
    async fn ask(&self, provider: &Provider, call: &mut Call<'_>) -> Result<ChatAnswer, RemoteError> {
        let c = &self.inner.config;
        let body = Bytes::from(call.request.body(&provider.config.model, &provider.config.extra));
        if body.len() as u64 > c.max_request_bytes {
            return Err(RemoteError::RequestTooLarge {
                bytes: body.len() as u64,
                limit: c.max_request_bytes,
            });
        }
        let busy = |retry_after| RemoteError::Busy { provider: provider.name.clone(), retry_after };
        // Asked before a place is waited for: nobody queues before a closed door.
        if !provider.breaker().would_allow(Instant::now()) {
            return Err(resting(provider));
        }
        let waiting = tokio::time::timeout_at(call.deadline, provider.permits.acquire());
        let Ok(Ok(_permit)) = waiting.await else { return Err(busy(None)) };
        // Keys that are refused or told to wait cost no attempt at the server's health, but are not tried without end.
        let (mut failures, mut turned_away) = (0, 0);
        loop {
            let now = Instant::now();
            let picked = provider.keys().pick(now);
            let (slot, key) = match picked {
                Pick::Key { slot, key } => (slot, key),
                Pick::Wait { wait, denied } => {
                    if let Some(status) = denied {
                        return Err(RemoteError::Denied { provider: provider.name.clone(), status });
                    }
                    if !self.worth_waiting(wait, now, call) {
                        return Err(busy(Some(wait)));
                    }
                    turned_away += 1;
                    tokio::time::sleep(wait).await;
                    continue;
                }
            };
            if provider.breaker().allow(now).is_err() {
                return Err(resting(provider));
            }
            call.attempts += 1;
            let timeout = c.timeout().min(call.deadline.saturating_duration_since(now));
            let sent = provider.send(body.clone(), key.as_ref(), timeout, c.max_response_bytes).await;
            let Failure { error, retry_after, tokens } = match sent {
                Ok(parsed) => return Ok(answered(provider, parsed, call)),
                Err(failure) => failure,
            };
            if let Some(tokens) = tokens {
                let prices =
                    (provider.config.usd_per_million_tokens_in, provider.config.usd_per_million_tokens_out);
                let usage = usage(Some(tokens), (0, 0), prices);
                provider.count_usage(usage);
                call.wasted.push(Wasted { provider: provider.name.clone(), usage });
            }
            provider.count_failure(&error);
            let now = Instant::now();
            if error.is_outage() {
                if let Some(rest) = provider.breaker().failed(now) {
                    tracing::warn!(
                        provider = provider.name,
                        rest_s = rest.as_secs_f32(),
                        "left alone after: {error}"
                    );
                }
            } else {
                provider.breaker().worked();
            }
            match &error {
                RemoteError::Denied { status, .. } => {
                    tracing::error!(provider = provider.name, key = slot, status, "key is not accepted");
                    provider.keys().rest(slot, now + DENIED_REST, Some(*status));
                    turned_away += 1;
                }
                RemoteError::Busy { .. } => {
                    let wait = retry_after.unwrap_or_else(|| self.backoff(turned_away + 1));
                    provider.keys().rest(slot, now + wait, None);
                    turned_away += 1;
                }
                RemoteError::Refused { .. }
                | RemoteError::NoText { .. }
                | RemoteError::AnswerTooLarge { .. } => {
                    return Err(error);
                }
                // It took its time once; where another may be quicker, it gets the rest.
                RemoteError::Timeout { .. } if call.others => return Err(error),
                _ => {
                    failures += 1;
                    if failures >= c.attempts.max(1) {
                        return Err(error);
                    }
                    let wait = self.backoff(failures).max(retry_after.unwrap_or_default());
                    if !self.worth_waiting(wait, now, call) {
                        return Err(error);
                    }
                    tokio::time::sleep(wait).await;
                    continue;
                }
            }
            let most = c.attempts.max(1).saturating_add(u32::try_from(provider.keys().len()).unwrap_or(1));
            if turned_away >= most {
                return Err(error);
            }
        }
    }

    /// Whether it is better to wait here than to go to the next provider, or to give up.
    fn worth_waiting(&self, wait: Duration, now: Instant, call: &Call<'_>) -> bool {
        let longest = Duration::from_millis(self.inner.config.longest_backoff_ms);
        wait <= longest && now + wait < call.deadline
    }

    /// Between half and the whole of the doubled wait.
    fn backoff(&self, failures: u32) -> Duration {
        let c = &self.inner.config;
        let doubled = c.backoff_ms.saturating_mul(1 << failures.saturating_sub(1).min(20));
        let whole = doubled.min(c.longest_backoff_ms).max(2);
        let mut rng = self.inner.rng.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_millis(rng.random_range(whole / 2..=whole))
    }
}

fn answered(provider: &Provider, parsed: crate::answer::Parsed, call: &Call<'_>) -> ChatAnswer {
    if provider.breaker().worked() {
        tracing::info!(provider = provider.name, "answers again");
    }
    let c = &provider.config;
    let usage = usage(
        parsed.tokens,
        (call.request.characters(), parsed.text.chars().count()),
        (c.usd_per_million_tokens_in, c.usd_per_million_tokens_out),
    );
    provider.count_answer(usage);
    ChatAnswer {
        text: parsed.text,
        finish: parsed.finish,
        usage,
        provider: provider.name.clone(),
        model: parsed.model.or_else(|| call.request.model.clone()).unwrap_or_else(|| c.model.clone()),
        attempts: call.attempts,
        logprobs: parsed.logprobs,
    }
}

fn resting(provider: &Provider) -> RemoteError {
    let wait = provider.breaker().wait(Instant::now());
    RemoteError::Resting { retry_after: wait }
}

/// The error that says most about what to do: one that passes by itself before one that does not, and any before a rest.
fn worst(errors: Vec<RemoteError>) -> RemoteError {
    let rank = |e: &RemoteError| match e {
        RemoteError::Resting { .. } => 2,
        e if e.class() == Class::Transient => 0,
        _ => 1,
    };
    errors.into_iter().min_by_key(rank).unwrap_or(RemoteError::Resting { retry_after: None })
}

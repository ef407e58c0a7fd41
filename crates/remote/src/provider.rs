//! One server: its address, its state, and one attempt at it.

use crate::answer::{self, Parsed, Unusable};
use crate::breaker::{Breaker, BreakerState};
use crate::config::{ProviderConfig, RemoteConfig};
use crate::error::RemoteError;
use crate::keys::Keys;
use bytes::Bytes;
use docmill_contracts::Secret;
use reqwest::{Response, StatusCode, Url, header, redirect};
use serde_json::Value;
use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Longest error body that is read for its reason.
const REASON_BYTES: u64 = 64 << 10;
/// Longest wait that a server may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// How a provider does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Name.
    pub provider: String,
    /// Model that is asked for.
    pub model: String,
    /// Its breaker.
    pub breaker: BreakerState,
    /// Calls that were answered.
    pub answered: u64,
    /// Attempts that failed by the server's fault.
    pub failed: u64,
    /// Attempts that the server refused: too many, no such key, a request that it does not take.
    pub refused: u64,
    /// Tokens sent.
    pub tokens_in: u64,
    /// Tokens received.
    pub tokens_out: u64,
    /// Millionths of a US dollar at the configured prices.
    pub micro_usd: u64,
}

#[derive(Debug, Default)]
struct Counts {
    answered: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
    tokens_in: AtomicU64,
    tokens_out: AtomicU64,
    micro_usd: AtomicU64,
}

pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) config: ProviderConfig,
    url: Url,
    client: reqwest::Client,
    pub(crate) permits: Semaphore,
    breaker: Mutex<Breaker>,
    keys: Mutex<Keys>,
    counts: Counts,
}

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: RemoteError,
    /// How long the server wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// Tokens in and out that the server counted all the same.
    pub(crate) tokens: Option<(u64, u64)>,
}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Self {
        Self { error, retry_after: None, tokens: None }
    }
}

impl From<Unusable> for Failure {
    fn from(unusable: Unusable) -> Self {
        Self { error: unusable.error, retry_after: None, tokens: unusable.tokens }
    }
}

impl Provider {
    pub(crate) fn new(config: &ProviderConfig, all: &RemoteConfig) -> Result<Self, RemoteError> {
        let (url, name) = config.address()?;
        let wrong = |reason| RemoteError::Config { provider: name.clone(), reason };
        if config.model.is_empty() {
            return Err(wrong("`model` is empty"));
        }
        // reqwest is built without a provider of cryptography. It fails where one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        // A redirect would carry the key to wherever it points.
        let mut client = reqwest::Client::builder()
            .connect_timeout(all.connect_timeout())
            .redirect(redirect::Policy::none())
            .user_agent(concat!("docmill/", env!("CARGO_PKG_VERSION")));
        // A proxy that is configured for the world is not for this machine.
        if matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|_| wrong("no HTTP client can be made for it"))?;
        Ok(Self {
            client,
            permits: Semaphore::new(usize::try_from(config.max_concurrent).unwrap_or(1).clamp(1, 1024)),
            breaker: Mutex::new(Breaker::new(all.breaker, all.timeout())),
            keys: Mutex::new(Keys::new(config.keys()?, config.requests_per_minute)),
            counts: Counts::default(),
            config: config.clone(),
            name,
            url,
        })
    }

    pub(crate) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count_answer(&self, usage: answer::Usage) {
        self.counts.answered.fetch_add(1, Ordering::Relaxed);
        self.count_usage(usage);
    }

    /// What was used, by an answer or by what is none.
    pub(crate) fn count_usage(&self, usage: answer::Usage) {
        let add = |counter: &AtomicU64, n| counter.fetch_add(n, Ordering::Relaxed);
        add(&self.counts.tokens_in, usage.tokens_in);
        add(&self.counts.tokens_out, usage.tokens_out);
        add(&self.counts.micro_usd, usage.micro_usd);
    }

    pub(crate) fn count_failure(&self, error: &RemoteError) {
        let counter = if error.is_outage() { &self.counts.failed } else { &self.counts.refused };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn health(&self) -> Health {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Health {
            provider: self.name.clone(),
            model: self.config.model.clone(),
            breaker: self.breaker().state(Instant::now()),
            answered: get(&self.counts.answered),
            failed: get(&self.counts.failed),
            refused: get(&self.counts.refused),
            tokens_in: get(&self.counts.tokens_in),
            tokens_out: get(&self.counts.tokens_out),
            micro_usd: get(&self.counts.micro_usd),
        }
    }

    /// One attempt.
    pub(crate) async fn send(
        &self,
        body: Bytes,
        key: Option<&Secret>,
        timeout: Duration,
        limit: u64,
    ) -> Result<Parsed, Failure> {
        let mut request = self
            .client
            .post(self.url.clone())
            .timeout(timeout)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        if let Some(key) = key {
            request = request.bearer_auth(key.reveal());
        }
        let response = request.send().await.map_err(|e| self.broken(&e, timeout))?;
        let status = response.status();
        if !status.is_success() {
            return Err(self.refusal(response, timeout).await);
        }
        let body = self.read(response, limit, timeout).await?;
        Ok(answer::parse(&body, &self.name)?)
    }

    /// A body of at most `limit` bytes.
    async fn read(
        &self,
        mut response: Response,
        limit: u64,
        waited: Duration,
    ) -> Result<Vec<u8>, RemoteError> {
        let too_large = || RemoteError::AnswerTooLarge { provider: self.name.clone(), limit };
        if response.content_length().is_some_and(|n| n > limit) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.broken(&e, waited))? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn broken(&self, e: &reqwest::Error, waited: Duration) -> RemoteError {
        let provider = self.name.clone();
        if e.is_timeout() && !e.is_connect() {
            return RemoteError::Timeout { provider, waited };
        }
        // The innermost cause says what happened; the outer ones hold the address.
        let mut cause = e.source();
        while let Some(inner) = cause.and_then(std::error::Error::source) {
            cause = Some(inner);
        }
        let reason = cause.map_or_else(|| "the connection broke".to_owned(), |c| cut(&c.to_string()));
        RemoteError::Unreachable { provider, reason }
    }

    async fn refusal(&self, response: Response, timeout: Duration) -> Failure {
        let (provider, status) = (self.name.clone(), response.status());
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok());
        let retry_after = retry_after.and_then(|v| parse_retry_after(v, SystemTime::now()));
        let error = match status {
            StatusCode::TOO_MANY_REQUESTS => RemoteError::Busy { provider, retry_after },
            StatusCode::UNAUTHORIZED | StatusCode::PAYMENT_REQUIRED | StatusCode::FORBIDDEN => {
                RemoteError::Denied { provider, status: status.as_u16() }
            }
            s if s.is_server_error() || s == StatusCode::REQUEST_TIMEOUT => {
                RemoteError::Failed { provider, status: s.as_u16() }
            }
            s => {
                let body = self.read(response, REASON_BYTES, timeout).await.unwrap_or_default();
                RemoteError::Refused { provider, status: s.as_u16(), reason: reason(&body) }
            }
        };
        Failure { error, retry_after, tokens: None }
    }
}

/// The reason in an error's body. Some servers put the whole request into it: that part is left out.
fn reason(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = value.get("error").unwrap_or(&value);
    let said = error.get("message").or_else(|| error.get("code")).and_then(Value::as_str);
    let said = said.unwrap_or("no reason given");
    let echo = ["'input'", "\"input\"", "input_value"].iter().filter_map(|e| said.find(e)).min();
    cut(said.get(..echo.unwrap_or(said.len())).unwrap_or_default())
}

fn cut(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect()
}

/// Seconds, or a date of HTTP.
fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let wait = if let Ok(seconds) = value.trim().parse::<f64>() {
        Duration::try_from_secs_f64(seconds).ok()?
    } else {
        let at = SystemTime::from(jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp());
        at.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_seconds_or_dates_and_never_endless() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_420);
        let parse = |v| parse_retry_after(v, now).map(|d| d.as_secs_f64());
        assert_eq!(parse("7"), Some(7.0));
        assert_eq!(parse("0.5"), Some(0.5));
        assert_eq!(parse("Wed, 21 Oct 2015 07:28:00 GMT"), Some(60.0));
        assert_eq!(parse("Wed, 21 Oct 2015 07:20:00 GMT"), Some(0.0));
        assert_eq!(parse("9999999999"), Some(3600.0));
        assert_eq!((parse("-1"), parse("soon"), parse("NaN")), (None, None, None));
    }

    #[test]
    fn reasons_are_short_and_hold_nothing_of_the_request() {
        let body =
            br#"{"error":{"message":"Field required\n[{'loc': ('body',), 'input': {'text': 'IBAN DE1'}}]"}}"#;
        assert_eq!(reason(body), "Field required [{'loc': ('body',),");
        assert_eq!(reason(br#"{"error":{"code":"model_not_found"}}"#), "model_not_found");
        assert_eq!(reason(b"<html>"), "no reason given");
    }
}

//! Where the servers are, and how patient the client is with them.

use crate::RemoteError;
use docmill_contracts::Secret;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// Servers to ask, the preferred one first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteConfig {
    /// Servers in the order in which they are tried; none: nothing is ever sent anywhere.
    pub providers: Vec<ProviderConfig>,
    /// Longest wait for one answer, in seconds.
    pub timeout_s: f64,
    /// Longest time for one call with all its retries and providers, in seconds.
    pub deadline_s: f64,
    /// Longest wait for a connection, in seconds.
    pub connect_timeout_s: f64,
    /// Attempts at one provider before the next one is asked; at least 1.
    pub attempts: u32,
    /// Wait after the first failed attempt, in milliseconds; doubles with each.
    pub backoff_ms: u64,
    /// Longest wait between two attempts, in milliseconds. A server that asks for more (Retry-After) is left for the next one.
    pub longest_backoff_ms: u64,
    /// Largest answer that is read, in bytes.
    pub max_response_bytes: u64,
    /// Largest request that is sent, in bytes.
    pub max_request_bytes: u64,
    /// When a provider is left alone for a while.
    pub breaker: BreakerConfig,
}

impl Default for RemoteConfig {
    fn default() -> Self {
        Self {
            providers: Vec::new(),
            timeout_s: 30.0,
            deadline_s: 90.0,
            connect_timeout_s: 5.0,
            attempts: 3,
            backoff_ms: 250,
            longest_backoff_ms: 8_000,
            max_response_bytes: 4 << 20,
            max_request_bytes: 32 << 20,
            breaker: BreakerConfig::default(),
        }
    }
}

/// When a provider is left alone for a while.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerConfig {
    /// Failures in a row that open the breaker; 0: never.
    pub failures: u32,
    /// First rest in seconds; doubles each time that the server still fails after it.
    pub rest_s: f64,
    /// Longest rest in seconds.
    pub longest_rest_s: f64,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { failures: 5, rest_s: 30.0, longest_rest_s: 600.0 }
    }
}

/// One server, or one account at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderConfig {
    /// Name in logs, counts and records; empty: the host of `url`.
    pub name: String,
    /// Address of the API with its version: `https://api.openai.com/v1`, `http://127.0.0.1:8000/v1`.
    pub url: String,
    /// Model to ask for.
    pub model: String,
    /// API keys; the calls take turns.
    pub api_keys: Vec<Secret>,
    /// Environment variable with API keys, separated by commas; its keys come after those of `api_keys`.
    pub api_keys_env: Option<String>,
    /// Whether the model takes images.
    pub vision: bool,
    /// Calls at once.
    pub max_concurrent: u32,
    /// Calls a minute with one key; 0 = no limit.
    pub requests_per_minute: u32,
    /// Price of a million input tokens in US dollars.
    pub usd_per_million_tokens_in: f64,
    /// Price of a million output tokens in US dollars.
    pub usd_per_million_tokens_out: f64,
    /// Further fields of every request body, such as vLLM's `skip_special_tokens`.
    pub extra: Map<String, Value>,
}

impl Default for ProviderConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            url: String::new(),
            model: String::new(),
            api_keys: Vec::new(),
            api_keys_env: None,
            vision: false,
            max_concurrent: 4,
            requests_per_minute: 0,
            usd_per_million_tokens_in: 0.0,
            usd_per_million_tokens_out: 0.0,
            extra: Map::new(),
        }
    }
}

impl RemoteConfig {
    pub(crate) fn timeout(&self) -> Duration {
        seconds(self.timeout_s)
    }

    pub(crate) fn deadline(&self) -> Duration {
        seconds(self.deadline_s)
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        seconds(self.connect_timeout_s)
    }
}

impl ProviderConfig {
    /// The address that calls go to, and the provider's name. What stands before an `@` may be a password: refused, unshown.
    pub(crate) fn address(&self) -> Result<(Url, String), RemoteError> {
        let wrong = |reason: &'static str| RemoteError::Config { provider: self.name.clone(), reason };
        let base = Url::parse(&self.url).map_err(|_| wrong("`url` is no address"))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(wrong("`url` is neither http nor https"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(wrong("`url` holds credentials, which belong in `api_keys`"));
        }
        let Some(host) = base.host_str() else { return Err(wrong("`url` has no host")) };
        let name = if self.name.is_empty() { host.to_owned() } else { self.name.clone() };
        let mut url = base.clone();
        url.set_path(&format!("{}/chat/completions", base.path().trim_end_matches('/')));
        Ok((url, name))
    }

    /// The keys of the configuration and of the environment.
    pub(crate) fn keys(&self) -> Result<Vec<Secret>, RemoteError> {
        let mut keys = self.api_keys.clone();
        if let Some(variable) = &self.api_keys_env {
            let wrong = RemoteError::Config {
                provider: self.name.clone(),
                reason: "the variable named by `api_keys_env` is not set",
            };
            let value = std::env::var(variable).map_err(|_| wrong)?;
            keys.extend(value.split(',').map(str::trim).filter(|k| !k.is_empty()).map(Secret::new));
        }
        keys.retain(|k| !k.is_empty());
        // A key must fit into a header; an error about it there would come with every call.
        if keys.iter().any(|k| !k.reveal().bytes().all(|b| b.is_ascii_graphic())) {
            let reason = "a key of `api_keys` holds characters that no key has";
            return Err(RemoteError::Config { provider: self.name.clone(), reason });
        }
        Ok(keys)
    }
}

/// A duration between a millisecond and a day.
fn seconds(s: f64) -> Duration {
    Duration::try_from_secs_f64(s)
        .unwrap_or(Duration::from_secs(86_400))
        .clamp(Duration::from_millis(1), Duration::from_secs(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(url: &str) -> ProviderConfig {
        ProviderConfig { url: url.into(), ..ProviderConfig::default() }
    }

    #[test]
    fn addresses_get_the_path_of_the_call() {
        let at = |url: &str| provider(url).address().unwrap();
        assert_eq!(at("http://127.0.0.1:8000/v1/").0.as_str(), "http://127.0.0.1:8000/v1/chat/completions");
        assert_eq!(at("https://api.example.com/v1").1, "api.example.com");
    }

    #[test]
    fn addresses_that_hold_secrets_or_nothing_are_refused_and_not_shown() {
        for url in ["", "ftp://x/v1", "https://me:hunter2@x/v1", "hunter2"] {
            let error = provider(url).address().unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn keys_do_not_show() {
        let toml = "[[providers]]\nurl = 'http://x/v1'\napi_keys = ['hunter2', 12345]\n[providers.extra]\ntop_k = 1\n";
        let config: RemoteConfig = toml::from_str(toml).unwrap();
        assert_eq!(config.providers[0].keys().unwrap()[1].reveal(), "12345");
        assert_eq!(config.providers[0].extra["top_k"], 1);
        let shown = format!("{config:?}{}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("hunter") && !shown.contains("12345"), "{shown}");
        let bad = ProviderConfig { api_keys: vec![Secret::new("a b")], ..provider("http://x/v1") };
        assert!(bad.keys().is_err());
    }
}

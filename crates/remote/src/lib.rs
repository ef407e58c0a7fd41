//! A client for OpenAI-compatible servers (`POST …/chat/completions`): text and images in, text out.
//!
//! Owns addresses, keys and their rotation, time-outs, retries, circuit breakers, failover and the counting of what was
//! used. Knows no prompt and no document. Rule: a call ends within its deadline with an answer or a typed error, whatever
//! the servers do; no key and no content of a document ever stands in a log line or an error.

mod answer;
mod breaker;
mod client;
mod config;
mod error;
mod keys;
mod provider;
mod request;

pub use answer::{ChatAnswer, Finish, TokenLogprob, Usage, Wasted};
pub use breaker::BreakerState;
pub use client::Client;
pub use config::{BreakerConfig, ProviderConfig, RemoteConfig};
pub use docmill_contracts::Secret;
pub use error::RemoteError;
pub use provider::Health;
pub use request::{ChatRequest, JsonSchema, Message, Part, Role};

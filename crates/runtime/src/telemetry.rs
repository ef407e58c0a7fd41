//! Spans and trace context of attempts, and the clock.

#![allow(clippy::disallowed_methods, reason = "the one place of the runtime that reads a clock")]

use docmill_contracts::{Headers, content_sha256, headers};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Gives each attempt its span and its outputs their trace context.
pub trait Telemetry: Send + Sync {
    /// The span of one attempt, and the `traceparent` that its outputs carry.
    fn attempt(&self, about: &About<'_>) -> (tracing::Span, String);
}

/// What an attempt is about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Worker.
    pub worker: &'static str,
    /// Headers of the record.
    pub headers: &'a Headers,
    /// Partition of the record.
    pub partition: i32,
    /// Offset of the record.
    pub offset: i64,
    /// From 1.
    pub attempt: u32,
}

/// Spans for logs only: the trace id of the record goes on, with a new span id derived from the place of the record.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogsOnly;

impl Telemetry for LogsOnly {
    fn attempt(&self, about: &About<'_>) -> (tracing::Span, String) {
        let document_id = about.headers.text(headers::DOCUMENT_ID).unwrap_or_default();
        let span = tracing::info_span!(
            "attempt",
            worker = about.worker,
            document_id,
            partition = about.partition,
            offset = about.offset,
            attempt = about.attempt
        );
        let place =
            content_sha256(format!("{}/{}/{}", about.worker, about.partition, about.offset).as_bytes());
        let trace = match about.headers.text(headers::TRACEPARENT).and_then(|t| t.split('-').nth(1)) {
            Some(id) if id.len() == 32 => id.to_owned(),
            Some(_) | None => content_sha256(document_id.as_bytes()).chars().take(32).collect(),
        };
        (span, format!("00-{trace}-{}-01", place.get(..16).unwrap_or("0000000000000001")))
    }
}

/// Milliseconds since 1970 UTC that never go back while the process lives.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    wall_ms: i64,
    since: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock that is right now.
    pub fn new() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall_ms: i64::try_from(wall.as_millis()).unwrap_or(i64::MAX), since: Instant::now() }
    }

    /// A clock that says this now, for simulation.
    pub fn at(wall_ms: i64) -> Self {
        Self { wall_ms, since: Instant::now() }
    }

    /// Now.
    pub fn now_ms(&self) -> i64 {
        self.wall_ms.saturating_add(i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    /// How long ago a time of this clock was.
    pub fn since(&self, at_ms: i64) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.now_ms().saturating_sub(at_ms)).unwrap_or(0))
    }

    /// The instant of a time of this clock.
    pub fn instant(&self, at_ms: i64) -> Instant {
        self.since
            + std::time::Duration::from_millis(u64::try_from(at_ms.saturating_sub(self.wall_ms)).unwrap_or(0))
    }
}

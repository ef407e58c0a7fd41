//! Logs to standard error. No personal data: ids, codes and counts only.

use crate::config::{Log, LogFormat};
use crate::otlp::Otlp;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging. `RUST_LOG` wins over the configured filter; a filter that cannot be read becomes `info`.
pub fn init_logs(log: &Log) {
    init(log, None);
}

pub(crate) fn init(log: &Log, otlp: Option<&Otlp>) {
    let filter = EnvFilter::try_from_default_env()
        .or_else(|_| EnvFilter::try_new(&log.filter))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let traces = otlp.map(|o| tracing_opentelemetry::layer().with_tracer(o.tracer()));
    let (json, text) = match log.format {
        LogFormat::Json => (
            Some(tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)),
            None,
        ),
        LogFormat::Text => (None, Some(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))),
    };
    let started = tracing_subscriber::registry().with(filter).with(traces).with(json).with(text).try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

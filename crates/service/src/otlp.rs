//! Traces by OTLP over HTTP, where `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) is set.
//!
//! The exporter's own thread has no tokio runtime, so its requests are sent on ours.

use async_trait::async_trait;
use docmill_contracts::headers;
use docmill_runtime::telemetry::{About, LogsOnly, Telemetry};
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// A tracer that exports, and what ends it.
pub(crate) struct Otlp {
    provider: SdkTracerProvider,
}

impl Otlp {
    /// The exporter that the environment asks for; none where it asks for none. Must be called inside the runtime.
    pub(crate) fn from_env(service: &'static str) -> Option<Self> {
        let asked = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
        asked.iter().find_map(|name| std::env::var_os(name).filter(|v| !v.is_empty()))?;
        // One TLS stack for all of docmill; another part may have chosen it before.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = OnTokio { handle: Handle::current(), client: reqwest::Client::new() };
        match SpanExporter::builder().with_http().with_http_client(client).build() {
            Ok(exporter) => {
                let resource = Resource::builder().with_service_name(format!("docmill-{service}")).build();
                let provider = SdkTracerProvider::builder()
                    .with_batch_exporter(exporter)
                    .with_resource(resource)
                    .build();
                Some(Self { provider })
            }
            Err(e) => {
                tracing::warn!("traces are not exported: {e}");
                None
            }
        }
    }

    pub(crate) fn tracer(&self) -> SdkTracer {
        self.provider.tracer("docmill")
    }

    /// Sends what is left. Blocks for at most a few seconds.
    pub(crate) fn shutdown(&self) {
        if let Err(e) = self.provider.shutdown() {
            tracing::warn!("last traces were not exported: {e}");
        }
    }
}

#[derive(Debug)]
struct OnTokio {
    handle: Handle,
    client: reqwest::Client,
}

#[async_trait]
impl HttpClient for OnTokio {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        self.handle.spawn(async move { client.send_bytes(request).await }).await?
    }
}

struct FromHeaders<'a>(&'a About<'a>);

impl Extractor for FromHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.headers.text(key)
    }

    fn keys(&self) -> Vec<&str> {
        vec![headers::TRACEPARENT]
    }
}

/// Spans that go on with the trace of their record, and hand it to its outputs.
#[derive(Debug, Default)]
pub(crate) struct Traced {
    propagator: TraceContextPropagator,
}

impl Telemetry for Traced {
    fn attempt(&self, about: &About<'_>) -> (tracing::Span, String) {
        let (span, derived) = LogsOnly.attempt(about);
        let parent = self.propagator.extract(&FromHeaders(about));
        // Refused only where the span is filtered out, and then nobody sees it.
        span.set_parent(parent).ok();
        let context = span.context();
        let current = context.span();
        let current = current.span_context();
        let traceparent = if current.is_valid() {
            format!("00-{}-{}-{:02x}", current.trace_id(), current.span_id(), current.trace_flags().to_u8())
        } else {
            derived
        };
        (span, traceparent)
    }
}

//! Metrics over HTTP: `GET /metrics` in Prometheus' text format, and `GET /livez`.
//!
//! Owns the recorder of the process. Knows no metric: their names stand in docmill-metrics.

use crate::config::ConfigError;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Upper bounds of buckets, in seconds: from a gather's step to a long document.
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0];
/// Connections at once; more wait.
const CONNECTIONS: usize = 16;
/// How long a client may take to ask.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often what was recorded is put into buckets where nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Begins to record, and serves what is recorded for as long as the process lives. Returns the address that was bound.
pub(crate) async fn serve(address: SocketAddr) -> Result<SocketAddr, ConfigError> {
    let wrong = |source| ConfigError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(wrong)?;
    let bound = listener.local_addr().map_err(wrong)?;
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &BUCKETS);
    let recorder = builder.and_then(PrometheusBuilder::install_recorder);
    let handle = recorder.map_err(|e| wrong(std::io::Error::other(e)))?;
    docmill_metrics::describe();
    let kept = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            kept.run_upkeep();
        }
    });
    tokio::spawn(accept(listener, handle));
    Ok(bound)
}

async fn accept(listener: TcpListener, handle: PrometheusHandle) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            // No file descriptors are left, most likely: others have to end first.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let handle = handle.clone();
        tokio::spawn(async move {
            let _place = place;
            let answer =
                service_fn(|request| std::future::ready(Ok::<_, Infallible>(answer(&request, &handle))));
            let mut server = hyper::server::conn::http1::Builder::new();
            server
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .max_buf_size(16 * 1024)
                .keep_alive(false);
            // Whoever hangs up gets no answer, and that is all.
            tokio::time::timeout(2 * PATIENCE, server.serve_connection(TokioIo::new(stream), answer))
                .await
                .ok();
        });
    }
}

fn answer(request: &Request<Incoming>, handle: &PrometheusHandle) -> Response<Full<Bytes>> {
    let (status, kind, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, "text/plain; version=0.0.4", handle.render()),
        (&Method::GET, "/livez") => (StatusCode::OK, "text/plain", "ok\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "GET /metrics or /livez\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn what_is_recorded_is_served() {
        let address = serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        docmill_metrics::attempt("ocr", "ok", Duration::from_millis(30));
        let text = ask(address, "GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
        assert!(text.contains(r#"docmill_attempts_total{worker="ocr",outcome="ok"} 1"#), "{text}");
        assert!(text.contains(r#"docmill_attempt_seconds_bucket{worker="ocr",le="0.05"} 1"#), "{text}");
        assert!(ask(address, "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.ends_with("ok\n"));
        assert!(ask(address, "POST /metrics HTTP/1.1\r\nhost: a\r\n\r\n").await.starts_with("HTTP/1.1 404"));
        let error = serve(address).await.unwrap_err();
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    }
}

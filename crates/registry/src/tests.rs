//! Against a stand-in that answers as Confluent's and Apicurio's registries do. The real one: tests/ of the workspace.

#![allow(clippy::unwrap_used)]

use super::*;
use docmill_contracts::{Class, Classify};
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Serves one connection per request with `answer`, and keeps the request lines.
async fn stand_in(
    answer: impl Fn(&str) -> (u16, String) + Send + 'static,
) -> (HttpConfig, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://user:secret@{}/v7/", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let head = loop {
                let mut buffer = [0; 4096];
                let n = socket.read(&mut buffer).await.unwrap();
                bytes.extend_from_slice(&buffer[..n]);
                if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
                    break at + 4;
                }
            };
            let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
            let length = text
                .lines()
                .find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok())
                .unwrap_or(0);
            let missing = (head + length).saturating_sub(bytes.len());
            let mut rest = vec![0; missing];
            socket.read_exact(&mut rest).await.unwrap();
            assert!(text.to_ascii_lowercase().contains("authorization: basic"), "{text}");
            let line = text.lines().next().unwrap().to_owned();
            let (status, body) = answer(&line);
            requests.lock().unwrap().push(line);
            let reply = format!(
                "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            socket.write_all(reply.as_bytes()).await.unwrap();
        }
    });
    (HttpConfig { url, ..HttpConfig::default() }, seen)
}

fn not_found() -> (u16, String) {
    (404, r#"{"error_code":40401,"message":"Subject not found."}"#.to_owned())
}

#[tokio::test]
async fn a_new_subject_gets_its_level_before_its_schema() {
    let (config, seen) = stand_in(|line| match line {
        l if l.starts_with("POST") && l.contains("/versions") => (200, r#"{"id":7}"#.to_owned()),
        l if l.starts_with("PUT") => (200, r#"{"compatibility":"FULL_TRANSITIVE"}"#.to_owned()),
        _ => not_found(),
    })
    .await;
    let topology = Topology::built_in().unwrap();
    let catalog = Registry::http(&config).unwrap().catalog(Some(&topology)).await.unwrap();
    assert!(RecordKind::ALL.iter().all(|k| catalog.id(*k) == Some(7)));
    let seen = seen.lock().unwrap();
    let first: Vec<_> = seen.iter().take(4).map(|l| l.split(' ').next().unwrap()).collect();
    assert_eq!(first, ["POST", "GET", "PUT", "POST"], "look up, ask level, set level, register");
}

#[tokio::test]
async fn a_schema_that_is_there_is_not_registered_again() {
    let (config, seen) =
        stand_in(|_| (200, r#"{"subject":"s","version":1,"id":3,"schema":"{}"}"#.into())).await;
    let config = HttpConfig { register: false, ..config };
    let catalog = Registry::http(&config).unwrap().catalog(None).await.unwrap();
    assert_eq!(catalog.id(RecordKind::DocumentResult), Some(3));
    assert_eq!(seen.lock().unwrap().len(), RecordKind::ALL.len());
}

#[tokio::test]
async fn nothing_is_registered_where_that_is_off() {
    let (config, seen) = stand_in(|_| not_found()).await;
    let config = HttpConfig { register: false, ..config };
    let error = Registry::http(&config).unwrap().catalog(None).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotRegistered { .. }), "{error}");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_incompatible_schema_is_refused_with_subject_and_reason() {
    let (config, _) = stand_in(|line| match line {
        l if l.contains("/versions") => {
            (409, r#"{"error_code":409,"message":"Incompatible artifact: x at\n /fields/0"}"#.into())
        }
        l if l.contains("/config/") => (200, r#"{"compatibilityLevel":"BACKWARD"}"#.into()),
        _ => (404, r#"{"error_code":40403,"message":"no match"}"#.into()),
    })
    .await;
    let error = Registry::http(&config).unwrap().catalog(None).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("documents.submitted-value") && text.contains("x at /fields/0"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(error.class(), Class::Fatal);
}

#[tokio::test]
async fn an_unknown_writer_is_learnt_and_an_unknown_id_is_said() {
    let (config, _) = stand_in(|line| {
        if line.contains("/schemas/ids/900") {
            let schema = serde_json::json!({"schema": RecordKind::DocumentStatus.schema_json()});
            (200, schema.to_string())
        } else {
            (404, r#"{"error_code":40403,"message":"Schema not found"}"#.into())
        }
    })
    .await;
    let registry = Registry::http(&config).unwrap();
    let codec = Codec::new(Arc::new(SchemaCatalog::built_in().unwrap()));
    registry.learn(&codec, 900).await.unwrap();
    let error = registry.learn(&codec, 901).await.unwrap_err();
    assert!(matches!(error, RegistryError::UnknownId { id: 901, .. }), "{error}");
}

#[tokio::test]
async fn a_registry_that_is_away_or_denies_is_said_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let config = HttpConfig { url, ..HttpConfig::default() };
    let error = Registry::http(&config).unwrap().catalog(None).await.unwrap_err();
    assert_eq!((error.class(), error.code().0), (Class::Transient, "REGISTRY-0003"), "{error}");

    let (config, _) = stand_in(|_| (401, "nope".into())).await;
    let error = Registry::http(&config).unwrap().fetch(1).await.unwrap_err();
    assert!(matches!(error, RegistryError::Denied { status: 401, .. }), "{error}");
}

#[test]
fn secrets_show_nowhere() {
    let config = HttpConfig {
        url: "http://a:b@h:1/x/".into(),
        username: Some("key".into()),
        password: Some(Password::new("hush")),
        ..HttpConfig::default()
    };
    let registry = HttpRegistry::new(&config).unwrap();
    assert_eq!(registry.url(), "http://h:1/x");
    assert!(!format!("{registry:?} {:?}", config.password).contains("hush"));
    assert!(!serde_json::to_string(&config.password).unwrap().contains("hush"));
    let error = HttpRegistry::new(&HttpConfig { url: "ftp://a:hush@h".into(), ..HttpConfig::default() });
    assert!(!error.unwrap_err().to_string().contains("hush"));
}

#[tokio::test]
async fn the_embedded_log_needs_no_registry() {
    let catalog = Registry::BuiltIn.catalog(None).await.unwrap();
    assert_eq!(catalog.id(RecordKind::ALL[0]), Some(201), "the third generation");
    assert!(catalog.knows(1) && catalog.knows(101), "the first two can still be read");
    assert!(Registry::BuiltIn.fetch(99).await.is_err());
}

//! Against a real server process, with and without a faulty network before it.

#![allow(clippy::unwrap_used)]

use docmill_assets::Assets;
use docmill_contracts::Classify;
use docmill_remote::{
    ChatRequest, Client, JsonSchema, Message, Part, ProviderConfig, RemoteConfig, RemoteError,
};
use docmill_testkit::llm::{Fault, FaultProxy, RealServer};
use serde_json::{Value, json};

fn client(url: String, vision: bool) -> Client {
    let provider = ProviderConfig { url, model: "smollm2".into(), vision, ..ProviderConfig::default() };
    let config =
        RemoteConfig { providers: vec![provider], attempts: 2, backoff_ms: 2, ..RemoteConfig::default() };
    Client::new(&config).unwrap().unwrap()
}

fn ask(text: &str) -> ChatRequest {
    ChatRequest {
        messages: vec![Message::system("Answer briefly."), Message::user(vec![Part::text(text)])],
        max_tokens: Some(24),
        temperature: Some(0.0),
        seed: Some(1),
        ..ChatRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_answers_refuses_and_survives_a_bad_network() {
    let start = || RealServer::start(&Assets::new(None));
    let Some(server) = tokio::task::spawn_blocking(start).await.unwrap() else { return };
    let direct = client(server.url(), true);

    let answer = direct.chat(&ask("Say hello.")).await.unwrap();
    assert!(answer.usage.tokens_in > 10 && answer.usage.tokens_out > 0 && !answer.usage.estimated);

    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false});
    let json_schema = Some(JsonSchema { name: "number".into(), schema, strict: true });
    let answer = direct.chat(&ChatRequest { json_schema, ..ask("How many legs has a dog?") }).await.unwrap();
    let found: Value = serde_json::from_str(&answer.text).unwrap();
    assert!(found["n"].is_i64(), "{found}");

    // It has no vision, and says so with 500.
    let image = Message::user(vec![Part::text("read"), Part::image("image/png", &b"\x89PNG"[..])]);
    let error = direct.chat(&ChatRequest { messages: vec![image], ..ask("") }).await.unwrap_err();
    assert_eq!(error.code().0, "REMOTE-0006");

    let proxy = FaultProxy::start(server.address()).await;
    let behind = client(proxy.url(), false);
    for fault in [Fault::Close, Fault::Status(503), Fault::Truncated] {
        proxy.next([fault]);
        assert_eq!(behind.chat(&ask("Say hello.")).await.unwrap().attempts, 2);
    }
    // More than it can hold.
    let error = behind.chat(&ask(&"word ".repeat(6000))).await.unwrap_err();
    assert!(matches!(error, RemoteError::Refused { status: 400, .. }), "{error}");
}

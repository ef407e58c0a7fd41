//! Calls through a proxy that does to them what networks and servers do at their worst.

#![allow(clippy::unwrap_used)]

use docmill_contracts::{Class, Classify};
use docmill_remote::{
    BreakerConfig, BreakerState, ChatAnswer, ChatRequest, Client, Finish, Message, Part, ProviderConfig,
    RemoteConfig, RemoteError, Secret,
};
use docmill_testkit::llm::{Fault, FaultProxy, Reply, ScriptedServer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Barrier;

fn provider(url: String) -> ProviderConfig {
    ProviderConfig { name: "first".into(), url, model: "m".into(), vision: true, ..ProviderConfig::default() }
}

/// Quick waits, so that a test of many failures takes milliseconds.
fn config(providers: Vec<ProviderConfig>) -> RemoteConfig {
    RemoteConfig {
        providers,
        timeout_s: 5.0,
        deadline_s: 20.0,
        attempts: 3,
        backoff_ms: 2,
        longest_backoff_ms: 1500,
        max_response_bytes: 1 << 20,
        breaker: BreakerConfig { failures: 0, ..BreakerConfig::default() },
        ..RemoteConfig::default()
    }
}

fn client(config: &RemoteConfig) -> Client {
    Client::new(config).unwrap().unwrap()
}

fn ask() -> ChatRequest {
    ChatRequest { messages: vec![Message::user(vec![Part::text("hello")])], ..ChatRequest::default() }
}

struct Stand {
    _server: ScriptedServer,
    proxy: FaultProxy,
    config: RemoteConfig,
}

async fn stand() -> Stand {
    let server = ScriptedServer::saying("fine").await;
    let proxy = FaultProxy::start(server.address()).await;
    let config = config(vec![provider(proxy.url())]);
    Stand { _server: server, proxy, config }
}

async fn answer(client: &Client) -> ChatAnswer {
    client.chat(&ask()).await.unwrap()
}

#[tokio::test]
async fn what_passes_is_tried_again_until_it_has_passed() {
    let stand = stand().await;
    let client = client(&stand.config);
    let faults = [
        Fault::Close,
        Fault::Status(500),
        Fault::Status(503),
        Fault::Truncated,
        Fault::Garbage,
        Fault::OtherJson,
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        stand.proxy.next([fault.clone(), fault.clone()]);
        let answer = answer(&client).await;
        assert_eq!((answer.text.as_str(), answer.attempts), ("fine", 3), "{fault:?}");
        assert_eq!(stand.proxy.requests(), (n + 1) * 3);
    }
    let health = client.health().remove(0);
    assert_eq!((health.answered, health.failed, health.refused), (6, 12, 0));
    assert_eq!((health.tokens_in, health.tokens_out), (66, 42));
}

#[tokio::test]
async fn what_does_not_pass_ends_with_its_own_error() {
    let mut stand = stand().await;
    stand.config.timeout_s = 0.2;
    let client = client(&stand.config);
    for (fault, code, attempts) in [
        (Fault::Close, "REMOTE-0001", 3),
        (Fault::Truncated, "REMOTE-0001", 3),
        (Fault::Hang, "REMOTE-0002", 3),
        (Fault::Status(401), "REMOTE-0004", 1),
        (Fault::Status(502), "REMOTE-0006", 3),
        (Fault::Garbage, "REMOTE-0007", 3),
        (Fault::Huge(64 << 20), "REMOTE-0008", 1),
    ] {
        // A key that was refused rests: each fault meets a new client.
        let client =
            if code == "REMOTE-0004" { Client::new(&stand.config).unwrap().unwrap() } else { client.clone() };
        let before = stand.proxy.requests();
        stand.proxy.always(fault.clone());
        let error = client.chat(&ask()).await.unwrap_err();
        assert_eq!((error.code().0, error.class()), (code, Class::Transient), "{fault:?}: {error}");
        assert_eq!(stand.proxy.requests() - before, attempts, "{fault:?}");
    }
    stand.proxy.always(Fault::Status(400));
    assert_eq!(client.chat(&ask()).await.unwrap_err().class(), Class::Input);
    stand.proxy.always(Fault::Status(404));
    assert_eq!(client.chat(&ask()).await.unwrap_err().code().0, "REMOTE-0005");
}

#[tokio::test]
async fn where_nobody_listens_the_next_provider_answers() {
    let stand = stand().await;
    let nobody = ProviderConfig { name: "nobody".into(), ..provider(FaultProxy::nobody().await) };
    let second = ProviderConfig { name: "second".into(), ..provider(stand.proxy.url()) };
    let answer = answer(&client(&config(vec![nobody.clone(), second]))).await;
    assert_eq!((answer.provider.as_str(), answer.attempts), ("second", 4));
    let error = client(&config(vec![nobody])).chat(&ask()).await.unwrap_err();
    assert!(matches!(&error, RemoteError::Unreachable { provider, .. } if provider == "nobody"), "{error}");
}

#[tokio::test]
async fn a_server_that_hangs_is_not_waited_for_again_where_another_is_ready() {
    let stand = stand().await;
    let other = ScriptedServer::saying("other").await;
    stand.proxy.always(Fault::Hang);
    let providers = vec![provider(stand.proxy.url()), provider(other.url())];
    let client = client(&RemoteConfig { timeout_s: 0.1, ..config(providers) });
    assert_eq!(answer(&client).await.text, "other");
    assert_eq!(stand.proxy.requests(), 1);
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    let stand = stand().await;
    stand.proxy.always(Fault::Hang);
    let client = client(&RemoteConfig { timeout_s: 60.0, deadline_s: 0.3, ..stand.config.clone() });
    let started = Instant::now();
    let error = client.chat(&ask()).await.unwrap_err();
    assert_eq!(error.code().0, "REMOTE-0002");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_busy_server_is_waited_for_as_long_as_it_asks_or_left_for_another() {
    let stand = stand().await;
    let client_of = |c: &RemoteConfig| client(c);
    let client = client_of(&stand.config);
    stand.proxy.next([Fault::Busy(Some("1"))]);
    let started = Instant::now();
    assert_eq!(answer(&client).await.attempts, 2);
    assert!(started.elapsed() >= Duration::from_secs(1));
    stand.proxy.next([Fault::Busy(None)]);
    assert_eq!(answer(&client).await.attempts, 2);
    // Longer than it is worth waiting here.
    stand.proxy.always(Fault::Busy(Some("120")));
    let error = client.chat(&ask()).await.unwrap_err();
    let RemoteError::Busy { retry_after: Some(wait), .. } = error else { panic!("{error}") };
    assert!(wait > Duration::from_secs(100));
    let before = stand.proxy.requests();
    client.chat(&ask()).await.unwrap_err();
    assert_eq!(stand.proxy.requests(), before, "the server asked for quiet");
    let other = ScriptedServer::saying("other").await;
    let client = client_of(&config(vec![provider(stand.proxy.url()), provider(other.url())]));
    assert_eq!(answer(&client).await.text, "other");
}

#[tokio::test]
async fn keys_take_turns_and_another_is_tried_at_once_where_one_is_refused_or_has_to_wait() {
    let server = ScriptedServer::start(|seen| async move {
        match seen.authorization.as_deref() {
            Some("Bearer good") => Reply::text("fine"),
            Some("Bearer poor") => Reply::Status(429, "quota".into()),
            _ => Reply::Status(401, "Incorrect API key provided: bad".into()),
        }
    })
    .await;
    let keys = ["bad", "poor", "good"].map(Secret::new).to_vec();
    let client = client(&config(vec![ProviderConfig { api_keys: keys, ..provider(server.url()) }]));
    let first = answer(&client).await;
    assert_eq!((first.text.as_str(), first.attempts), ("fine", 3));
    let none = ProviderConfig { api_keys: vec![Secret::new("bad")], ..provider(server.url()) };
    let denied = self::client(&config(vec![none])).chat(&ask()).await.unwrap_err();
    assert_eq!(denied, RemoteError::Denied { provider: "first".into(), status: 401 });
    assert!(!format!("{denied} {denied:?} {client:?}").contains("bad"));
}

#[tokio::test]
async fn a_limit_for_each_key_is_kept() {
    let server = ScriptedServer::saying("fine").await;
    let keys = ["a", "b"].map(Secret::new).to_vec();
    let limited = ProviderConfig { api_keys: keys, requests_per_minute: 2, ..provider(server.url()) };
    let client = client(&config(vec![limited]));
    for _ in 0..4 {
        answer(&client).await;
    }
    let error = client.chat(&ask()).await.unwrap_err();
    assert!(matches!(error, RemoteError::Busy { retry_after: Some(_), .. }), "{error}");
    let used = server.seen();
    let by = |key: &str| used.iter().filter(|s| s.authorization.as_deref() == Some(key)).count();
    assert_eq!((by("Bearer a"), by("Bearer b")), (2, 2));
}

#[tokio::test]
async fn the_breaker_keeps_calls_from_a_dead_server_and_lets_one_through_after_its_rest() {
    let mut stand = stand().await;
    stand.config.attempts = 1;
    stand.config.breaker = BreakerConfig { failures: 3, rest_s: 0.2, longest_rest_s: 1.0 };
    let client = client(&stand.config);
    stand.proxy.always(Fault::Status(500));
    for _ in 0..3 {
        assert_eq!(client.chat(&ask()).await.unwrap_err().code().0, "REMOTE-0006");
    }
    assert!(!client.is_open());
    assert_eq!(client.health()[0].breaker, BreakerState::Open);
    let error = client.chat(&ask()).await.unwrap_err();
    let RemoteError::Resting { retry_after: Some(rest) } = error else { panic!("{error}") };
    assert_eq!(stand.proxy.requests(), 3);
    tokio::time::sleep(rest).await;
    stand.proxy.always(Fault::Pass);
    assert!(client.is_open());
    assert_eq!(answer(&client).await.text, "fine");
    assert_eq!(client.health()[0].breaker, BreakerState::Closed);
}

#[tokio::test]
async fn no_more_calls_run_at_once_than_are_allowed() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    // Two calls meet before either is answered: two do run at once. A third would be seen.
    let meet = Arc::new(Barrier::new(2));
    let (r, m) = (Arc::clone(&running), Arc::clone(&most));
    let server = ScriptedServer::start(move |_| {
        let (running, most, meet) = (Arc::clone(&r), Arc::clone(&m), Arc::clone(&meet));
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            meet.wait().await;
            running.fetch_sub(1, Ordering::SeqCst);
            Reply::text("fine")
        }
    })
    .await;
    let client = client(&config(vec![ProviderConfig { max_concurrent: 2, ..provider(server.url()) }]));
    let calls = (0..8).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.chat(&ask()).await.unwrap() })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn images_go_only_where_they_are_understood_and_answers_carry_their_price() {
    let (blind, sees) = (
        ScriptedServer::saying("?").await,
        ScriptedServer::start(|_| async { Reply::Cut("# Page".into()) }).await,
    );
    let extra = serde_json::json!({"skip_special_tokens": false}).as_object().unwrap().clone();
    let providers = vec![
        ProviderConfig { vision: false, ..provider(blind.url()) },
        ProviderConfig {
            usd_per_million_tokens_in: 2.0,
            usd_per_million_tokens_out: 8.0,
            extra,
            ..provider(sees.url())
        },
    ];
    let request = ChatRequest {
        messages: vec![Message::user(vec![Part::image("image/png", &b"png"[..]), Part::text("read")])],
        ..ChatRequest::default()
    };
    let both = client(&config(providers.clone()));
    let answer = both.chat(&request).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish), ("# Page", Finish::Length));
    assert_eq!((answer.usage.micro_usd, answer.usage.estimated), (11 * 2 + 7 * 8, false));
    let seen = sees.seen().remove(0);
    assert_eq!(seen.images(), ["data:image/png;base64,cG5n"]);
    assert_eq!(
        (seen.path.as_str(), &seen.body["skip_special_tokens"]),
        ("/v1/chat/completions", &false.into())
    );
    assert!(blind.seen().is_empty() && both.has_vision());
    let error = client(&config(providers[..1].to_vec())).chat(&request).await.unwrap_err();
    assert_eq!(error, RemoteError::NoVision);
}

#[tokio::test]
async fn a_request_over_the_limit_is_not_sent_and_an_answer_without_text_is_an_error() {
    let server = ScriptedServer::saying(" ").await;
    let small = RemoteConfig { max_request_bytes: 20, ..config(vec![provider(server.url())]) };
    assert_eq!(client(&small).chat(&ask()).await.unwrap_err().code().0, "REMOTE-0009");
    assert!(server.seen().is_empty());
    let error = client(&config(vec![provider(server.url())])).chat(&ask()).await.unwrap_err();
    assert_eq!((error.code().0, server.seen().len()), ("REMOTE-0013", 1));
}

#[test]
fn a_configuration_that_cannot_work_is_told_at_the_start() {
    assert!(Client::new(&RemoteConfig::default()).unwrap().is_none());
    let model = ProviderConfig { url: "http://127.0.0.1:1/v1".into(), ..ProviderConfig::default() };
    let variable = ProviderConfig {
        api_keys_env: Some("DOCMILL_NO_SUCH_VARIABLE".into()),
        ..provider("http://127.0.0.1:1/v1".into())
    };
    for bad in [ProviderConfig::default(), model, variable] {
        let error = Client::new(&config(vec![bad])).unwrap_err();
        assert_eq!((error.code().0, error.class()), ("REMOTE-0012", Class::Fatal));
    }
}

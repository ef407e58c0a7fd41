use super::*;
use docmill_remote::{BreakerConfig, ProviderConfig, RemoteConfig};
use docmill_testkit::llm::{Fault, FaultProxy, Reply, ScriptedServer};

fn config(url: String) -> RemoteOcrConfig {
    let provider = ProviderConfig { url, model: "sees".into(), vision: true, ..ProviderConfig::default() };
    let servers = RemoteConfig {
        providers: vec![provider],
        timeout_s: 5.0,
        attempts: 2,
        backoff_ms: 2,
        breaker: BreakerConfig { failures: 4, rest_s: 60.0, longest_rest_s: 60.0 },
        ..RemoteConfig::default()
    };
    RemoteOcrConfig { servers, ..RemoteOcrConfig::default() }
}

fn words(confidence: f32) -> Vec<Word> {
    let word = |(i, text): (usize, &str)| {
        let x = 10.0 + 60.0 * i as f32;
        Word { text: text.into(), bbox: [x, 20.0, x + 50.0, 30.0], confidence, line: 0 }
    };
    ["lnvoice", "no", "4711"].into_iter().enumerate().map(word).collect()
}

struct Stand {
    _folder: tempfile::TempDir,
    blobs: Blobs,
}

fn stand() -> Stand {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    Stand { _folder: folder, blobs }
}

fn image(n: u8) -> PageImage {
    PageImage { sha256: format!("{n:064x}"), bytes: Bytes::from(vec![n; 3]), size: (600.0, 800.0) }
}

#[tokio::test]
async fn a_page_is_sent_once_as_an_image_with_the_prompt_and_its_words_get_places() {
    let (stand, server) = (stand(), ScriptedServer::saying("Invoice no 4711").await);
    let remote = RemoteOcr::new(&config(server.url())).unwrap().unwrap();
    let local = words(0.6);
    for _ in 0..2 {
        let read = remote.read(&stand.blobs, &image(1), &local).await.unwrap();
        let text: Vec<&str> = read.words.iter().map(|w| w.text.as_str()).collect();
        assert_eq!((text, read.model.as_str(), read.estimated), (vec!["Invoice", "no", "4711"], "sees", 0));
        assert_eq!(read.words[0].bbox, local[0].bbox);
        assert!(read.confidence.unwrap() > 0.8 && read.reason().is_none());
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 1, "remembered");
    assert_eq!(seen[0].images(), ["data:image/png;base64,AQEB"]);
    assert!(seen[0].text().starts_with("Transcribe"));
    assert_eq!((&seen[0].body["temperature"], &seen[0].body["max_tokens"]), (&0.0.into(), &8192.into()));
    assert_eq!(remote.counts(), RemoteCounts { taken: 2, ..RemoteCounts::default() });
}

#[test]
fn the_mode_and_the_local_confidence_decide() {
    let remote = RemoteOcr::new(&config("http://127.0.0.1:9/v1".into())).unwrap().unwrap();
    let wants = |mode, confidence| remote.wants(mode, confidence);
    assert!(!wants(AccuracyMode::Fast, Some(0.1)));
    assert!(wants(AccuracyMode::Balanced, Some(0.8)) && !wants(AccuracyMode::Balanced, Some(0.9)));
    assert!(wants(AccuracyMode::Accurate, Some(0.9)) && !wants(AccuracyMode::Accurate, Some(0.98)));
    assert!(!wants(AccuracyMode::Accurate, None));
}

#[tokio::test]
async fn answers_that_are_cut_or_say_something_else_are_not_believed() {
    let stand = stand();
    let (sure, unsure) = (words(0.95), words(0.6));
    for (reply, local, taken) in [
        (Reply::Cut("Invoice no 4711".into()), &unsure, false),
        (Reply::text("The quick brown fox"), &sure, false),
        (Reply::text("lnvoice no 4711 paid"), &sure, true),
    ] {
        let server = ScriptedServer::start(move |_| {
            let reply = reply.clone();
            async move { reply }
        })
        .await;
        let remote = RemoteOcr::new(&config(server.url())).unwrap().unwrap();
        let fresh = PageImage { sha256: format!("{:064x}", server.address().port()), ..image(1) };
        let read = remote.read(&stand.blobs, &fresh, local).await;
        assert_eq!(read.is_some(), taken, "{read:?}");
        assert_eq!(remote.counts().refused, u64::from(!taken));
        if let Some(read) = read {
            assert_eq!(read.reason().unwrap(), "1 of 4 words have estimated places (confidence at most 0.5)");
        }
    }
}

#[tokio::test]
async fn a_dead_server_costs_a_few_calls_and_no_page() {
    let (stand, server) = (stand(), ScriptedServer::saying("Invoice no 4711").await);
    let proxy = FaultProxy::start(server.address()).await;
    let remote = RemoteOcr::new(&config(proxy.url())).unwrap().unwrap();
    proxy.always(Fault::Close);
    let local = words(0.6);
    for n in 0..8 {
        assert_eq!(remote.read(&stand.blobs, &image(n), &local).await, None);
    }
    assert_eq!(remote.counts().failed, 8);
    assert_eq!(proxy.requests(), 4, "the breaker is open");
}

#[test]
fn without_servers_nothing_is_remote_and_blind_ones_are_a_mistake() {
    assert!(RemoteOcr::new(&RemoteOcrConfig::default()).unwrap().is_none());
    let mut blind = config("http://127.0.0.1:9/v1".into());
    blind.servers.providers[0].vision = false;
    assert_eq!(RemoteOcr::new(&blind).unwrap_err(), RemoteError::NoVision);
}

#[test]
fn prompts_are_those_of_the_preset_or_ones_own() {
    let preset = |preset| RemoteOcrConfig { preset, ..RemoteOcrConfig::default() };
    assert_eq!(preset(Preset::DeepseekOcr).prompt(), "<|grounding|>Convert the document to markdown.");
    assert!(preset(Preset::NanonetsOcr).prompt().contains("<page_number>"));
    let own = RemoteOcrConfig { prompt: Some("read".into()), ..preset(Preset::NanonetsOcr) };
    assert_eq!(own.prompt(), "read");
    let json = serde_json::to_string(&preset(Preset::DeepseekOcr)).unwrap();
    assert_eq!(serde_json::from_str::<RemoteOcrConfig>(&json).unwrap(), preset(Preset::DeepseekOcr));
}

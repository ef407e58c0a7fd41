//! Which pages go to a server, and what becomes of them.

use super::*;
use crate::remote::RemoteOcrConfig;
use docmill_contracts::{AccuracyMode, AnyRecord, DocumentHead, ProcessingOptions, Source, Word};
use docmill_remote::{ProviderConfig, RemoteConfig};
use docmill_runtime::Topology;
use docmill_testkit::llm::{Fault, FaultProxy, Reply, ScriptedServer};
use image::RgbImage;
use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Barrier;

/// Reads `lnvoice 4711`, and is as sure as it was made.
struct Unsure(f64);

impl OcrEngine for Unsure {
    fn name(&self) -> &'static str {
        "local"
    }
    fn version(&self) -> &'static str {
        "1"
    }
    fn parameters(&self, _: &Request) -> String {
        self.0.to_string()
    }
    fn recognize(&self, _: &RgbImage, _: &Request) -> Result<Recognized, OcrError> {
        let word = |text: &str, x: f32| Word {
            text: text.into(),
            bbox: [x, 10.0, x + 40.0, 20.0],
            confidence: self.0 as f32,
            line: 0,
        };
        let words = vec![word("lnvoice", 10.0), word("4711", 60.0)];
        Ok(Recognized { words, confidence: Some(self.0), ..Recognized::default() })
    }
}

struct Stand {
    _folder: tempfile::TempDir,
    blobs: Blobs,
    image: BlobRef,
    proxy: FaultProxy,
    _server: ScriptedServer,
}

async fn stand() -> Stand {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    let mut png = Cursor::new(Vec::new());
    RgbImage::new(200, 60).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let image = blobs.put(png.into_inner().into()).await.unwrap();
    let server = ScriptedServer::saying("Invoice 4711").await;
    let proxy = FaultProxy::start(server.address()).await;
    Stand { _folder: folder, blobs, image, proxy, _server: server }
}

/// Page 1 of a document of one, with this image.
fn rendered(image: &BlobRef, accuracy_mode: AccuracyMode) -> PageRendered {
    let head = DocumentHead {
        document_id: "d".into(),
        revision: 1,
        tenant: "t".into(),
        content_sha256: String::new(),
        source: Source::default(),
        options: ProcessingOptions { accuracy_mode, ..ProcessingOptions::default() },
        original: BlobRef::of(b""),
        embedded_xml: None,
        config_version: None,
        submitted_at: 0,
    };
    let page = Page {
        page_no: 1,
        width: 100.0,
        height: 30.0,
        image: Some(image.clone()),
        image_dpi: Some(144.0),
        ..Page::default()
    };
    PageRendered { head, page_count: 1, page }
}

fn page(outputs: Outputs) -> Page {
    match outputs.into_records().remove(0) {
        AnyRecord::PageRecognized(r) => r.page,
        other => panic!("{other:?}"),
    }
}

const CX: Cx = Cx { worker: "ocr", attempt: 1, now_ms: 0 };

impl Stand {
    async fn read(&self, sure: f64, accuracy_mode: AccuracyMode) -> Page {
        let provider = ProviderConfig {
            url: self.proxy.url(),
            model: "sees".into(),
            vision: true,
            ..ProviderConfig::default()
        };
        let servers = RemoteConfig { providers: vec![provider], attempts: 1, ..RemoteConfig::default() };
        let remote = RemoteOcrConfig { servers, ..RemoteOcrConfig::default() };
        let config = Config { threads: 1, remote, ..Config::default() };
        let remote = RemoteOcr::new(&config.remote).unwrap();
        let stage = OcrStage::new(config, self.blobs.clone(), move || Ok(Arc::new(Unsure(sure)) as Engine))
            .with_remote(remote);
        page(stage.run(&rendered(&self.image, accuracy_mode), &CX).await.unwrap())
    }
}

fn text(page: &Page) -> String {
    page.words.as_ref().unwrap().text.replace('\n', " ")
}

#[tokio::test]
async fn the_mode_and_the_local_confidence_choose_the_engine() {
    let stand = stand().await;
    for (sure, mode, engine, words, calls) in [
        (0.95, AccuracyMode::Balanced, "local", "lnvoice 4711", 0),
        (0.70, AccuracyMode::Fast, "local", "lnvoice 4711", 0),
        (0.70, AccuracyMode::Balanced, "remote", "Invoice 4711", 1),
        // Known from before.
        (0.88, AccuracyMode::Accurate, "remote", "Invoice 4711", 1),
        // The answer contradicts what the engine is certain of.
        (0.95, AccuracyMode::Accurate, "local", "lnvoice 4711", 1),
    ] {
        let page = stand.read(sure, mode).await;
        let found = (page.engine.as_str(), text(&page), stand.proxy.requests());
        assert_eq!(found, (engine, words.to_owned(), calls), "{sure} {mode:?}");
        if engine == "remote" {
            assert_eq!(page.engine_version, "sees");
            assert!(page.confidence.unwrap() > sure.min(0.9));
        }
    }
}

#[tokio::test]
async fn a_server_that_is_down_leaves_the_local_reading() {
    let stand = stand().await;
    stand.proxy.always(Fault::Close);
    let page = stand.read(0.7, AccuracyMode::Balanced).await;
    assert_eq!((page.engine.as_str(), text(&page).as_str()), ("local", "lnvoice 4711"));
    assert_eq!((page.confidence, page.error), (Some(0.7), None));
    assert_eq!(stand.proxy.requests(), 1);
}

/// Counts how many pages are read at once.
#[derive(Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

struct Counting(Arc<Crowd>);

impl OcrEngine for Counting {
    fn name(&self) -> &'static str {
        "local"
    }
    fn version(&self) -> &'static str {
        "1"
    }
    fn parameters(&self, _: &Request) -> String {
        String::new()
    }
    fn recognize(&self, image: &RgbImage, request: &Request) -> Result<Recognized, OcrError> {
        let now = self.0.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(now, Ordering::SeqCst);
        (0..100).for_each(|_| std::thread::yield_now());
        let read = Unsure(0.7).recognize(image, request);
        self.0.now.fetch_sub(1, Ordering::SeqCst);
        read
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_places_of_the_worker_wait_for_a_server_at_once_while_one_core_reads_one_page_at_a_time() {
    let topology = Topology::built_in().unwrap();
    let limits = &topology.workers["ocr"].limits;
    let places = limits.concurrency;
    assert!(places >= 16, "{places}");
    assert!(limits.attempt_timeout.as_secs_f64() > 2.0 * RemoteConfig::default().deadline_s);
    // Nobody is answered before everybody has asked.
    let everybody = Arc::new(Barrier::new(places));
    let server = ScriptedServer::start(move |_| {
        let everybody = Arc::clone(&everybody);
        async move {
            everybody.wait().await;
            Reply::text("Invoice 4711")
        }
    })
    .await;
    let provider = ProviderConfig {
        url: server.url(),
        model: "sees".into(),
        vision: true,
        max_concurrent: 1024,
        ..ProviderConfig::default()
    };
    let servers = RemoteConfig { providers: vec![provider], attempts: 1, ..RemoteConfig::default() };
    let remote = RemoteOcrConfig { servers, ..RemoteOcrConfig::default() };
    let config = Config { threads: 1, remote, ..Config::default() };
    let folder = tempfile::tempdir().unwrap();
    let (blobs, crowd) = (Blobs::local(folder.path()).unwrap(), Arc::new(Crowd::default()));
    let (remote, counting) = (RemoteOcr::new(&config.remote).unwrap(), Arc::clone(&crowd));
    let stage =
        OcrStage::new(config, blobs.clone(), move || Ok(Arc::new(Counting(Arc::clone(&counting))) as Engine))
            .with_remote(remote);
    let stage = Arc::new(stage);
    let mut running = tokio::task::JoinSet::new();
    for i in 0..places {
        let mut png = Cursor::new(Vec::new());
        let side = u32::try_from(200 + i).unwrap();
        RgbImage::new(side, 60).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let image = blobs.put(png.into_inner().into()).await.unwrap();
        let stage = Arc::clone(&stage);
        running
            .spawn(async move { stage.run(&rendered(&image, AccuracyMode::Balanced), &CX).await.unwrap() });
    }
    for outputs in running.join_all().await {
        assert_eq!(page(outputs).engine, "remote");
    }
    assert_eq!((server.seen().len(), crowd.most.load(Ordering::SeqCst)), (places, 1));
}

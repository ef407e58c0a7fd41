//! Which pages go to a server, and what becomes of them.

use super::*;
use crate::remote::RemoteOcrConfig;
use docmill_contracts::{AccuracyMode, AnyRecord, DocumentHead, ProcessingOptions, Source, Word};
use docmill_remote::{ProviderConfig, RemoteConfig};
use docmill_testkit::llm::{Fault, FaultProxy, ScriptedServer};
use image::RgbImage;
use std::io::Cursor;

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
            image: Some(self.image.clone()),
            image_dpi: Some(144.0),
            ..Page::default()
        };
        let input = PageRendered { head, page_count: 1, page };
        let outputs = stage.run(&input, &Cx { worker: "ocr", attempt: 1, now_ms: 0 }).await.unwrap();
        match outputs.into_records().remove(0) {
            AnyRecord::PageRecognized(r) => r.page,
            other => panic!("{other:?}"),
        }
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

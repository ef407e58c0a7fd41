//! The stage with an engine that counts.

use super::*;
use bytes::Bytes;
use docmill_contracts::{AnyRecord, TextLayerTrust, Word};
use image::RgbImage;
use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Says the image's size and counts its calls and loads.
#[derive(Default)]
struct Fake {
    reads: AtomicUsize,
    loads: AtomicUsize,
    words: usize,
    turn: u16,
}

struct Handle(Arc<Fake>);

impl OcrEngine for Handle {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn version(&self) -> &'static str {
        "1"
    }
    fn parameters(&self, _request: &Request) -> String {
        String::new()
    }
    fn recognize(&self, image: &RgbImage, request: &Request) -> Result<Recognized, OcrError> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        let (w, h) = image.dimensions();
        let word = |i: usize| Word {
            text: format!("{w}x{h}@{}", request.dpi),
            bbox: [0.0, 0.0, i as f32, 1.0],
            confidence: 1.0,
            line: i as u32,
        };
        let words: Vec<Word> = (0..self.0.words).map(word).collect();
        let confidence = (!words.is_empty()).then_some(0.75);
        Ok(Recognized { words, confidence, turn: self.0.turn, ..Recognized::default() })
    }
}

struct Bench {
    _folder: tempfile::TempDir,
    blobs: Blobs,
    fake: Arc<Fake>,
    stage: OcrStage,
}

fn bench(words: usize) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    let fake = Arc::new(Fake { words, ..Fake::default() });
    let stage = stage(&blobs, &fake);
    Bench { _folder: folder, blobs, fake, stage }
}

fn stage(blobs: &Blobs, fake: &Arc<Fake>) -> OcrStage {
    let fake = Arc::clone(fake);
    let config = Config { threads: 2, max_image_pixels: 10_000, ..Config::default() };
    OcrStage::new(config, blobs.clone(), move || {
        fake.loads.fetch_add(1, Ordering::SeqCst);
        Ok(Arc::new(Handle(Arc::clone(&fake))) as Engine)
    })
}

fn png(width: u32, height: u32) -> Bytes {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::new(width, height).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner().into()
}

fn rendered(image: Option<BlobRef>, page_count: i32) -> PageRendered {
    let head = docmill_contracts::DocumentHead {
        document_id: "d".into(),
        revision: 1,
        tenant: "t".into(),
        content_sha256: String::new(),
        source: docmill_contracts::Source::default(),
        options: docmill_contracts::ProcessingOptions::default(),
        original: BlobRef::of(b""),
        embedded_xml: None,
        config_version: None,
        submitted_at: 0,
    };
    let page = Page { page_no: 3, image, image_dpi: Some(200.0), ms: 7, ..Page::default() };
    PageRendered { head, page_count, page }
}

fn cx() -> Cx {
    Cx { worker: "ocr", attempt: 1, now_ms: 0 }
}

fn page(outputs: Outputs) -> Page {
    match outputs.into_records().remove(0) {
        AnyRecord::PageRecognized(r) => r.page,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_without_an_image_passes_untouched_and_loads_no_engine() {
    let bench = bench(1);
    let mut input = rendered(None, 1);
    input.page.text_source = TextSource::TextLayer;
    input.page.words = Some(PackedWords::default());
    assert_eq!(page(bench.stage.run(&input, &cx()).await.unwrap()), input.page);
    let mut broken = rendered(Some(BlobRef::of(b"x")), 1);
    broken.page.error =
        Some(ErrorInfo::of(&OcrError::TooLarge { width: 1, height: 1, limit: 0 }, "render", None));
    assert_eq!(page(bench.stage.run(&broken, &cx()).await.unwrap()), broken.page);
    assert_eq!(bench.fake.loads.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_page_is_read_once_and_then_remembered_also_by_another_process() {
    let bench = bench(2);
    let image = bench.blobs.put(png(30, 40)).await.unwrap();
    let input = rendered(Some(image.clone()), 8);
    let first = page(bench.stage.run(&input, &cx()).await.unwrap());
    let words = first.words.as_ref().unwrap().unpack().unwrap();
    assert_eq!(words[1].text, "30x40@200");
    assert_eq!(
        (first.text_source, first.engine.as_str(), first.engine_version.as_str()),
        (TextSource::Ocr, "fake", "1")
    );
    assert_eq!(
        (first.confidence, first.image.as_ref(), first.words_blob.as_ref()),
        (Some(0.75), Some(&image), None)
    );
    assert!(first.ms >= 7);
    let again = page(stage(&bench.blobs, &bench.fake).run(&input, &cx()).await.unwrap());
    assert_eq!(Page { ms: 0, ..again }, Page { ms: 0, ..first });
    assert_eq!(bench.fake.reads.load(Ordering::SeqCst), 1);
    // Another resolution gives other words.
    let mut other = input.clone();
    other.page.image_dpi = Some(300.0);
    page(bench.stage.run(&other, &cx()).await.unwrap());
    assert_eq!((bench.fake.reads.load(Ordering::SeqCst), bench.fake.loads.load(Ordering::SeqCst)), (2, 2));
}

#[tokio::test]
async fn a_page_that_lay_on_its_side_is_upright_afterwards_also_when_it_is_remembered() {
    let bench = bench(1);
    let fake = Arc::new(Fake { words: 1, turn: 90, ..Fake::default() });
    let stage = stage(&bench.blobs, &fake);
    let image = bench.blobs.put(png(30, 40)).await.unwrap();
    let mut input = rendered(Some(image.clone()), 1);
    (input.page.width, input.page.height) = (30.0, 40.0);
    let first = page(stage.run(&input, &cx()).await.unwrap());
    let again = page(stage.run(&input, &cx()).await.unwrap());
    assert_eq!(fake.reads.load(Ordering::SeqCst), 1);
    assert_eq!((first.width, first.height), (40.0, 30.0));
    assert_eq!(first.text_reason.as_deref(), Some("read after a turn by 90 degrees"));
    let upright = first.image.clone().unwrap();
    let bytes = bench.blobs.get(&upright).await.unwrap();
    assert_eq!(decode_page(&bytes, "", 10_000).unwrap().dimensions(), (40, 30));
    assert_eq!(Page { ms: 0, ..again }, Page { ms: 0, ..first });
}

/// A white page with an upright line.
fn lined() -> Bytes {
    let mut image = RgbImage::from_pixel(100, 90, image::Rgb([255; 3]));
    (5..85).for_each(|y| image.put_pixel(50, y, image::Rgb([20; 3])));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner().into()
}

#[tokio::test]
async fn lines_are_found_on_the_upright_page_remembered_and_kept_beside_the_words() {
    let bench = bench(1);
    let fake = Arc::new(Fake { words: 1, turn: 90, ..Fake::default() });
    let stage = stage(&bench.blobs, &fake);
    let image = bench.blobs.put(lined()).await.unwrap();
    for _ in 0..2 {
        let read = page(stage.run(&rendered(Some(image.clone()), 1), &cx()).await.unwrap());
        let [rule] = read.rules.unpack()[..] else { panic!("{:?}", read.rules) };
        assert!(rule.is_level() && (rule.from[1] - 18.2).abs() < 0.3 && (rule.length() - 28.8).abs() < 0.5);
        let long = page(stage.run(&rendered(Some(image.clone()), 9), &cx()).await.unwrap());
        let bytes = bench.blobs.get(long.words_blob.as_ref().unwrap()).await.unwrap();
        assert_eq!((Codec::page_from_blob(&bytes).unwrap().1, long.rules.is_empty()), (read.rules, true));
    }
    assert_eq!(fake.reads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn words_of_long_documents_are_a_blob() {
    let bench = bench(3);
    let image = bench.blobs.put(png(30, 40)).await.unwrap();
    let read = page(bench.stage.run(&rendered(Some(image), 9), &cx()).await.unwrap());
    assert_eq!(read.words, None);
    let bytes = bench.blobs.get(read.words_blob.as_ref().unwrap()).await.unwrap();
    assert_eq!(Codec::words_from_blob(&bytes).unwrap().count, 3);
}

#[tokio::test]
async fn a_page_without_words_has_no_text_source() {
    let bench = bench(0);
    let image = bench.blobs.put(png(30, 40)).await.unwrap();
    let input = rendered(Some(image), 1);
    for _ in 0..2 {
        let read = page(bench.stage.run(&input, &cx()).await.unwrap());
        assert_eq!((read.text_source, read.confidence, read.words), (TextSource::None, None, None));
        assert_eq!(read.error, None);
    }
    assert_eq!(bench.fake.reads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_bad_image_is_the_error_of_its_page_and_a_lost_one_is_tried_again() {
    let bench = bench(1);
    let cut = png(30, 40).slice(..60);
    for (bytes, code) in
        [(Bytes::from_static(b"no image"), "OCR-0001"), (cut, "OCR-0001"), (png(200, 51), "OCR-0002")]
    {
        let image = bench.blobs.put(bytes).await.unwrap();
        let read = page(bench.stage.run(&rendered(Some(image), 1), &cx()).await.unwrap());
        let error = read.error.unwrap();
        assert_eq!((error.code.as_str(), error.class, error.page), (code, Class::Input, Some(3)));
        assert_eq!((error.stage.as_str(), read.words), ("ocr", None));
    }
    let lost = bench.stage.run(&rendered(Some(BlobRef::of(b"lost")), 1), &cx()).await.unwrap_err();
    assert_eq!(lost.class(), Class::Internal);
}

#[tokio::test]
async fn a_page_that_is_given_up_carries_the_error() {
    let bench = bench(1);
    let error = ErrorInfo {
        code: "OCR-0008".into(),
        class: Class::Internal,
        message: "gone".into(),
        stage: "ocr".into(),
        page: None,
    };
    let read = page(bench.stage.dead(&rendered(None, 1), error.clone()));
    assert_eq!(read.error, Some(ErrorInfo { page: Some(3), ..error }));
    assert_eq!(read.page_no, 3);
}

#[tokio::test]
async fn an_engine_that_cannot_be_loaded_is_tried_again_with_the_next_page() {
    let bench = bench(1);
    let image = bench.blobs.put(png(30, 40)).await.unwrap();
    let calls = AtomicUsize::new(0);
    let fake = Arc::clone(&bench.fake);
    let stage = OcrStage::new(Config::default(), bench.blobs.clone(), move || {
        match calls.fetch_add(1, Ordering::SeqCst) {
            0 => Err(OcrError::Dictionary { entries: 0 }),
            _ => Ok(Arc::new(Handle(Arc::clone(&fake))) as Engine),
        }
    });
    let input = rendered(Some(image), 1);
    assert_eq!(stage.run(&input, &cx()).await.unwrap_err().code().0, "OCR-0005");
    assert!(page(stage.run(&input, &cx()).await.unwrap()).words.is_some());
}

#[tokio::test]
async fn a_text_layer_stands_where_ocr_finds_its_words_and_gives_way_where_it_does_not() {
    let bench = bench(4);
    let image = bench.blobs.put(png(8, 6)).await.unwrap();
    for (text, stands) in [("8x6@200", true), ("9x7@315", false)] {
        let layer = PackedWords::pack(&[Word {
            text: text.into(),
            bbox: [0.0, 0.0, 3.0, 1.0],
            confidence: 1.0,
            line: 0,
        }]);
        for inline in [true, false] {
            let mut input = rendered(Some(image.clone()), 1);
            (input.page.text_source, input.page.confidence) = (TextSource::TextLayer, Some(1.0));
            input.head.options.text_layer_trust = TextLayerTrust::Sampled;
            if inline {
                input.page.words = Some(layer.clone());
            } else {
                let blob = Codec::words_to_blob(&layer, &PackedRules::default()).unwrap();
                input.page.words_blob = Some(bench.blobs.put(blob.into()).await.unwrap());
            }
            let page = page(bench.stage.run(&input, &cx()).await.unwrap());
            let codes: Vec<&str> = page.problems.iter().map(|p| p.code.as_str()).collect();
            if stands {
                assert_eq!((page.text_source, page.words), (TextSource::TextLayer, input.page.words));
                assert_eq!(page.text_reason.as_deref(), Some("OCR finds 1 of 1 words of the text layer"));
                assert!(codes.is_empty());
            } else {
                assert_eq!((page.text_source, page.words.unwrap().count), (TextSource::Ocr, 4));
                assert_eq!((codes, page.words_blob), (vec!["OCR-0030"], None));
            }
        }
    }
}

#[tokio::test]
async fn a_trusted_text_layer_goes_on_with_the_words_that_only_the_image_has() {
    let bench = bench(4);
    let image = bench.blobs.put(png(8, 6)).await.unwrap();
    let word = Word { text: "Letter".into(), bbox: [0.0, 40.0, 30.0, 50.0], confidence: 1.0, line: 6 };
    let layer = PackedWords::pack(&[word]);
    for inline in [true, false] {
        let mut input = rendered(Some(image.clone()), 1);
        (input.page.text_source, input.page.confidence) = (TextSource::TextLayer, Some(1.0));
        if inline {
            input.page.words = Some(layer.clone());
        } else {
            let blob = Codec::words_to_blob(&layer, &PackedRules::default()).unwrap();
            input.page.words_blob = Some(bench.blobs.put(blob.into()).await.unwrap());
        }
        let page = page(bench.stage.run(&input, &cx()).await.unwrap());
        let words = match (&page.words, &page.words_blob) {
            (Some(words), None) if inline => words.clone(),
            (None, Some(blob)) if !inline => {
                Codec::words_from_blob(&bench.blobs.get(blob).await.unwrap()).unwrap()
            }
            other => panic!("{other:?}"),
        };
        let words = words.unpack().unwrap();
        let texts: Vec<(&str, u32)> = words.iter().map(|w| (w.text.as_str(), w.line)).collect();
        // The first word of the image has no width.
        assert_eq!(texts[..2], [("Letter", 6), ("8x6@200", 7)]);
        assert_eq!(page.text_source, TextSource::TextLayer);
        let reason = page.text_reason.unwrap();
        assert_eq!(
            reason,
            format!("text layer, and {} words that OCR read in images beside it", words.len() - 1)
        );
        assert_eq!(page.problems, []);
    }
}

//! The stage: a rendered page in, a recognised page out.
//!
//! Owns what a page's outcome is. Knows engines only by their trait. Rule: words are remembered by image and engine
//! before they are emitted, so that a re-run after a crash is a lookup.

use crate::engine::{OcrEngine, Recognized, Request};
use crate::orientation::turned;
use crate::remote::{self, PageImage, RemoteOcr, RemoteReading};
use crate::{Config, ModelFiles, OcrError, PpOcr, decode_page, rules};
use docmill_assets::Assets;
use docmill_blobs::{Blobs, memo_key};
use docmill_contracts::{
    AccuracyMode, BlobRef, Class, Classify, Codec, ErrorInfo, PackedRules, PackedWords, Page, PageRecognized,
    PageRendered, TextSource,
};
use docmill_runtime::{Cx, Outputs, Stage, Unreadable, Worker};
use docmill_service::StageEnv;
use image::{ImageFormat, RgbImage};
use serde::{Deserialize, Serialize};
use std::io::Cursor;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::spawn_blocking;

mod layer;

/// Name of the stage.
pub const STAGE: &str = "ocr";

/// Resolution that is assumed where a page does not say, dots per inch.
const USUAL_DPI: f32 = 200.0;

/// What a reading is remembered by besides the engine: readings without rules, or with others, are made again.
const RULES: &str = "rules 1";

type Engine = Arc<dyn OcrEngine>;
type Loader = Arc<dyn Fn() -> Result<Engine, OcrError> + Send + Sync>;

/// The workers of this stage.
pub fn workers(config: Config, env: &StageEnv) -> Result<Vec<Worker>, OcrError> {
    let (assets, threads, ppocr) =
        (Assets::new(env.assets.clone()), config.parallelism(), config.ppocr.clone());
    let loader = move || {
        let files = ModelFiles::fetch(&assets)?;
        Ok(Arc::new(PpOcr::open(&files, threads, ppocr.clone())?) as Engine)
    };
    let remote = RemoteOcr::new(&config.remote)?;
    Ok(vec![Worker::stage("ocr", OcrStage::new(config, env.blobs.clone(), loader).with_remote(remote))])
}

/// Reads page images.
pub struct OcrStage {
    blobs: Blobs,
    config: Config,
    loader: Loader,
    engine: OnceCell<Engine>,
    /// As many pages are decoded and read at once as the engine has sessions.
    cores: Arc<Semaphore>,
    /// Reads what the engine is unsure of.
    remote: Option<RemoteOcr>,
}

impl OcrStage {
    /// A stage whose engine is made by `loader`, on a blocking thread, when the first page needs it.
    pub fn new(
        config: Config,
        blobs: Blobs,
        loader: impl Fn() -> Result<Engine, OcrError> + Send + Sync + 'static,
    ) -> Self {
        let cores = Arc::new(Semaphore::new(config.parallelism()));
        Self { blobs, config, loader: Arc::new(loader), engine: OnceCell::new(), cores, remote: None }
    }

    /// With servers for the pages that the engine is unsure of.
    #[must_use]
    pub fn with_remote(self, remote: Option<RemoteOcr>) -> Self {
        Self { remote, ..self }
    }

    async fn engine(&self) -> Result<&Engine, OcrError> {
        let load = || async {
            let loader = Arc::clone(&self.loader);
            spawn_blocking(move || loader()).await.map_err(|source| OcrError::Engine { source })?
        };
        self.engine.get_or_try_init(load).await
    }

    /// The page with its words.
    async fn page(&self, input: &PageRendered, image: &BlobRef) -> Result<Page, OcrError> {
        let engine = self.engine().await?;
        let dpi = input.page.image_dpi.filter(|dpi| *dpi > 0.0).unwrap_or(USUAL_DPI);
        let request = Request { dpi, accuracy: input.head.options.accuracy_mode };
        let parameters = format!("{} dpi {dpi} {RULES}", engine.parameters(&request));
        let key = memo_key(&["ocr", &image.sha256, engine.name(), engine.version(), &parameters]);
        let remembered = self.blobs.recall(&key).await?;
        let reading = if let Some(reading) = remembered.as_deref().and_then(Reading::from_memo) {
            reading
        } else {
            let reading = self.read(engine, image, request).await?;
            self.blobs.remember(&key, reading.to_memo()?.into()).await?;
            reading
        };
        let trust = input.head.options.text_layer_trust;
        let (mut page, stands) = self.with_layer(&input.page, &reading.words, trust).await?;
        if stands {
            return Ok(page);
        }
        engine.name().clone_into(&mut page.engine);
        engine.version().clone_into(&mut page.engine_version);
        page.confidence = reading.confidence;
        if reading.turn == 90 || reading.turn == 270 {
            std::mem::swap(&mut page.width, &mut page.height);
        }
        if let Some(upright) = reading.upright {
            let turn = || format!("read after a turn by {} degrees", reading.turn);
            page.text_reason.get_or_insert_with(turn);
            page.image = Some(upright);
        }
        let mut words = reading.words;
        if let Some(remote) = self.remotely(&page, request.accuracy, &words).await? {
            remote::ENGINE.clone_into(&mut page.engine);
            page.text_reason = remote.reason().or(page.text_reason);
            (page.engine_version, page.confidence) = (remote.model, remote.confidence);
            words = PackedWords::pack(&remote.words);
        }
        (page.words, page.words_blob, page.rules) = (None, None, PackedRules::default());
        page.text_source = if words.count > 0 { TextSource::Ocr } else { TextSource::None };
        if page.text_source == TextSource::Ocr && input.page_count <= self.config.inline_pages {
            (page.words, page.rules) = (Some(words), reading.rules);
        } else if page.text_source == TextSource::Ocr {
            let bytes = Codec::words_to_blob(&words, &reading.rules)?;
            page.words_blob = Some(self.blobs.put(bytes.into()).await?);
        }
        Ok(page)
    }

    /// The remote reading of an upright page, where one is wanted and there is a better one.
    async fn remotely(
        &self,
        page: &Page,
        accuracy: AccuracyMode,
        words: &PackedWords,
    ) -> Result<Option<RemoteReading>, OcrError> {
        let (Some(remote), Some(image)) = (&self.remote, &page.image) else { return Ok(None) };
        if !remote.wants(accuracy, page.confidence) {
            return Ok(None);
        }
        let Ok(words) = words.unpack() else { return Ok(None) };
        let bytes = self.blobs.get(image).await?;
        let image = PageImage { sha256: image.sha256.clone(), bytes, size: (page.width, page.height) };
        Ok(remote.read(&self.blobs, &image, &words).await)
    }

    async fn read(&self, engine: &Engine, image: &BlobRef, request: Request) -> Result<Reading, OcrError> {
        let permit = Arc::clone(&self.cores).acquire_owned().await;
        let bytes = self.blobs.get(image).await?;
        let (engine, name, limit) = (Arc::clone(engine), image.sha256.clone(), self.config.max_image_pixels);
        let work = move || {
            let _permit = permit;
            let image = decode_page(&bytes, &name, limit)?;
            drop(bytes);
            let read = engine.recognize(&image, &request)?;
            let upright = turned(&image, read.turn);
            let rules = PackedRules::pack(&rules::find(upright.as_ref().unwrap_or(&image), request.dpi));
            let png = upright.map(|upright| to_png(&upright, &name)).transpose()?;
            Ok::<_, OcrError>((read, rules, png))
        };
        let (read, rules, upright) =
            spawn_blocking(work).await.map_err(|source| OcrError::Engine { source })??;
        let mut reading = Reading::of(&read, rules);
        if let Some(png) = upright {
            reading.upright = Some(self.blobs.put(png.into()).await?);
        }
        Ok(reading)
    }
}

impl Stage for OcrStage {
    type In = PageRendered;
    type Err = OcrError;

    async fn run(&self, input: &PageRendered, cx: &Cx) -> Result<Outputs, OcrError> {
        let (Some(image), None) = (&input.page.image, &input.page.error) else {
            return Ok(recognized(input, input.page.clone()));
        };
        let started = Instant::now();
        let mut page = match self.page(input, image).await {
            Ok(page) => page,
            Err(error) if error.class() == Class::Input => {
                tracing::warn!(
                    document_id = input.head.document_id, page_no = input.page.page_no, worker = cx.worker,
                    code = error.code().0, %error, "page cannot be read"
                );
                failed(&input.page, ErrorInfo::of(&error, STAGE, Some(input.page.page_no)))
            }
            Err(error) => return Err(error),
        };
        let mode = match input.head.options.accuracy_mode {
            AccuracyMode::Fast => "fast",
            AccuracyMode::Balanced => "balanced",
            AccuracyMode::Accurate => "accurate",
        };
        let engine = if page.error.is_some() || page.engine.is_empty() { "none" } else { &page.engine };
        docmill_metrics::page(engine, mode, page.error.is_none(), started.elapsed());
        let ms = i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX);
        page.ms = page.ms.saturating_add(ms);
        Ok(recognized(input, page))
    }

    fn dead(&self, input: &PageRendered, error: ErrorInfo) -> Outputs {
        let error = ErrorInfo { page: Some(input.page.page_no), ..error };
        recognized(input, failed(&input.page, error))
    }

    fn unreadable(&self, record: Unreadable) -> Outputs {
        Outputs::one(PageRecognized::lost(record.head(), record.error))
    }
}

fn recognized(input: &PageRendered, page: Page) -> Outputs {
    Outputs::one(PageRecognized { head: input.head.clone(), page_count: input.page_count, page })
}

/// The page without words, and why.
fn failed(page: &Page, error: ErrorInfo) -> Page {
    Page {
        text_source: TextSource::None,
        confidence: None,
        words: None,
        words_blob: None,
        rules: PackedRules::default(),
        error: Some(error),
        ..page.clone()
    }
}

/// A page that was turned to be read, as PNG.
fn to_png(upright: &RgbImage, name: &str) -> Result<Vec<u8>, OcrError> {
    let mut png = Cursor::new(Vec::new());
    upright
        .write_to(&mut png, ImageFormat::Png)
        .map_err(|source| OcrError::Decode { name: name.to_owned(), source })?;
    Ok(png.into_inner())
}

/// What was read on a page, as it is remembered.
struct Reading {
    words: PackedWords,
    rules: PackedRules,
    confidence: Option<f64>,
    turn: u16,
    /// The page turned upright; none where it was.
    upright: Option<BlobRef>,
}

/// What stands before the words in a memo.
#[derive(Serialize, Deserialize)]
struct Memo {
    confidence: Option<f64>,
    turn: u16,
    upright: Option<BlobRef>,
}

impl Reading {
    fn of(read: &Recognized, rules: PackedRules) -> Self {
        Self {
            words: PackedWords::pack(&read.words),
            rules,
            confidence: read.confidence,
            turn: read.turn,
            upright: None,
        }
    }

    /// Four bytes of length (little-endian), a [`Memo`] as JSON, then words and rules.
    fn to_memo(&self) -> Result<Vec<u8>, OcrError> {
        let memo = Memo { confidence: self.confidence, turn: self.turn, upright: self.upright.clone() };
        let head = serde_json::to_vec(&memo).map_err(|source| OcrError::Memo { source })?;
        let mut bytes = u32::try_from(head.len()).unwrap_or(0).to_le_bytes().to_vec();
        bytes.extend(head);
        bytes.extend(Codec::words_to_blob(&self.words, &self.rules)?);
        Ok(bytes)
    }

    /// None where the bytes are no memo of this build: the page is then read again.
    fn from_memo(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (head, words) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let Memo { confidence, turn, upright } = serde_json::from_slice(head).ok()?;
        let (words, rules) = Codec::page_from_blob(words).ok()?;
        Some(Self { words, rules, confidence, turn, upright })
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values are exact by construction")]
mod tests;

#[cfg(test)]
mod remote_tests;

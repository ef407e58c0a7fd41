//! Engine `layoutlm`: a LayoutLMv3-shaped ONNX model that its user brings labels the words of pages.
//!
//! Owns the way from pages to windows and from labels to fields. Knows no topic. Rules: what a model is trained for is said by its own
//! files and the settings, never guessed; a value is read from the labelled words by docmill's readers, and what
//! cannot be read as what its field is is said, not kept.

mod batch;
mod bpe;
mod config;
mod error;
mod fields;
mod labels;
mod model;
mod picture;
#[cfg(test)]
mod tests;
mod window;

pub use config::{LayoutLmConfig, NoPicture};
pub use error::LayoutLmError;

use crate::error::InferError;
use crate::extract::{ENGINE_LAYOUTLM, Extraction, Extractor, PageText, Pages, Wanted};
use crate::ground::Ground;
use batch::{Batcher, Input, Logits};
use bpe::Bpe;
use docmill_assets::{Asset, Assets};
use labels::{Entity, Labels};
use model::{OnnxModel, PictureSize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Reads documents with a LayoutLMv3-shaped model.
pub struct LayoutLmExtractor {
    config: LayoutLmConfig,
    header_pages: usize,
    closing_pages: usize,
    max_line_items: usize,
    bpe: Bpe,
    labels: Labels,
    picture: Option<PictureSize>,
    window: usize,
    batcher: Batcher,
    version: String,
}

/// What the model says about one page.
struct Read {
    page: PageText,
    entities: Vec<Entity>,
    cells: Vec<Entity>,
}

impl LayoutLmExtractor {
    /// Loads the model; none where none is configured. Blocks, for as long as it takes to read the file, and to fetch
    /// ONNX Runtime the first time.
    pub fn new(config: &crate::Config, assets: &Assets) -> Result<Option<Self>, LayoutLmError> {
        let settings = config.layoutlm.clone();
        let Some(path) = settings.model.clone() else { return Ok(None) };
        settings.check()?;
        let beside = |name: &str| path.parent().unwrap_or(Path::new(".")).join(name);
        let bpe = Bpe::load(&settings.tokenizer.clone().unwrap_or_else(|| beside("tokenizer.json")))?;
        let labels_path = settings.labels.clone().unwrap_or_else(|| beside("config.json"));
        let labels = Labels::load(&labels_path)?;
        let library: PathBuf = match &settings.library {
            Some(library) => library.clone(),
            None => assets.ensure(Asset::OnnxRuntime)?,
        };
        let environment = docmill_onnx::environment(&library)?;
        let options = docmill_onnx::Options {
            device: settings.device,
            device_id: settings.device_id,
            threads: usize::from(settings.threads),
        };
        let session = docmill_onnx::open(&environment, &path, &options)?;
        let model = OnnxModel::new(session, &path, bpe.pad)?;
        let (table, cell) = model.extras();
        if (table && labels.table.is_none()) || (cell && labels.cell.is_none()) {
            let reason = "`table_labels` or `cell_labels` are missing for an output that the model has";
            return Err(LayoutLmError::Labels { path: labels_path, reason });
        }
        let window =
            model.fixed_length().unwrap_or(usize::from(settings.window)).min(usize::from(settings.window));
        let picture = model.picture();
        let timeout = Duration::from_secs_f64(settings.timeout_s);
        let batcher = Batcher::new(model, usize::from(settings.max_batch), timeout)
            .map_err(|e| LayoutLmError::Run { message: e.to_string() })?;
        let version = version(&path).map_err(|e| LayoutLmError::Form {
            path: path.clone(),
            reason: format!("it cannot be read: {e}"),
        })?;
        Ok(Some(Self {
            header_pages: usize::from(config.header_pages).max(1),
            closing_pages: usize::from(config.closing_pages),
            max_line_items: config.max_line_items as usize,
            config: settings,
            bpe,
            labels,
            picture,
            window,
            batcher,
            version,
        }))
    }

    fn read(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<Extraction, InferError> {
        let mut ground = Ground::default();
        let mut read = Vec::new();
        for index in 0..pages.len() {
            if index >= self.header_pages && index + self.closing_pages < pages.len() {
                continue;
            }
            let page = pages.page(index)?;
            let pixels = self.pixels(pages, index, &page)?;
            ground.add(&page);
            read.push(self.page(page, pixels.as_ref())?);
        }
        let settings =
            fields::Settings { config: &self.config, version: &self.version, max_rows: self.max_line_items };
        Ok(fields::extraction(&read, &ground, wanted, &settings))
    }

    fn pixels(
        &self,
        pages: &mut dyn Pages,
        index: usize,
        page: &PageText,
    ) -> Result<Option<Arc<Vec<f32>>>, InferError> {
        let Some(size) = self.picture else { return Ok(None) };
        let picture = pages.image(index)?;
        let pixels = picture.and_then(|p| picture::pixels(&p, size));
        let pixels = pixels.or_else(|| picture::stand_in(page, size, self.config.no_picture));
        let pixels = pixels.ok_or(LayoutLmError::NoPicture { page: page.page_no })?;
        Ok(Some(Arc::new(pixels)))
    }

    fn page(&self, page: PageText, pixels: Option<&Arc<Vec<f32>>>) -> Result<Read, LayoutLmError> {
        let stride = usize::from(self.config.stride).min(self.window / 4);
        let windows = window::windows(&page, &self.bpe, self.window, stride);
        let speakers = window::speakers(&windows, page.words.len());
        let inputs = windows.into_iter().map(|window| Input { window, pixels: pixels.cloned() }).collect();
        let logits = self.batcher.run(inputs)?;
        let names = &self.labels.ner;
        if let Some(first) = logits.first().filter(|l| l.ner.labels != names.len()) {
            let shape = vec![i64::try_from(first.ner.labels).unwrap_or(i64::MAX)];
            return Err(LayoutLmError::Shape {
                output: "logits",
                shape,
                expected: format!("{} labels", names.len()),
            });
        }
        let ner: Vec<_> = logits.iter().map(|l| &l.ner).collect();
        let entities = labels::entities(&labels::of_words(&speakers, &ner), names);
        let cells = self.cells(&logits, &speakers);
        Ok(Read { page, entities, cells })
    }

    /// Cells of the item table, where the model has a head for them; only within the table, where it has one for that too.
    fn cells(&self, logits: &[Logits], speakers: &[Option<(usize, usize)>]) -> Vec<Entity> {
        let Some(names) = &self.labels.cell else { return Vec::new() };
        let cell: Option<Vec<_>> = logits.iter().map(|l| l.cell.as_ref()).collect();
        let Some(cell) = cell.filter(|c| !c.is_empty()) else { return Vec::new() };
        let mut words = labels::of_words(speakers, &cell);
        let table: Option<Vec<_>> = logits.iter().map(|l| l.table.as_ref()).collect();
        if let (Some(table), Some(kinds)) = (table, &self.labels.table) {
            let outside = |l: &Option<labels::Labelled>| {
                l.as_ref().and_then(|l| kinds.get(l.label)).is_none_or(|name| name.eq_ignore_ascii_case("o"))
            };
            for (word, inside) in words.iter_mut().zip(labels::of_words(speakers, &table)) {
                if outside(&inside) {
                    *word = None;
                }
            }
        }
        labels::entities(&words, names)
    }
}

impl Extractor for LayoutLmExtractor {
    fn engine(&self) -> &str {
        ENGINE_LAYOUTLM
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn extract(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<Extraction, InferError> {
        self.read(pages, wanted)
    }
}

/// A model is versioned by its content.
fn version(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hash.update(&buffer[..n]);
    }
    let mut out = String::new();
    for byte in hash.finalize().iter().take(8) {
        let _infallible = write!(out, "{byte:02x}");
    }
    Ok(out)
}

//! PP-OCR: detector, line crops, recognisers.
//!
//! Owns the way from a page image to lines and words. Knows nothing of records and blobs. Rule: the quick recogniser reads every
//! line, the thorough one only those of little confidence: it costs five times as much.

mod assemble;
mod dates;
mod read;

use crate::blank::Kept;
use crate::db::{DbConfig, ProbabilityMap, text_boxes};
use crate::device::{Device, Provider};
use crate::dictionary::Dictionary;
use crate::engine::{OcrEngine, Recognized, Request};
use crate::geometry::{Point, Quad};
use crate::onnx::{Model, Pool, environment};
use crate::order::reading_order;
use crate::pixels::Page;
use crate::{ModelFiles, OcrError, level, model_file, orientation, pixels};
pub(crate) use assemble::Reading;
use assemble::assemble;
use docmill_assets::Assets;
use docmill_contracts::AccuracyMode;
use image::RgbImage;
use ort::environment::Environment;
use read::{Characters, Recognizer};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// By how much the thorough recogniser's lines are longer at both ends than the quick one's, as a share of their height.
const THOROUGH_MARGIN: f32 = 0.1;

/// By how many pixels strokes are made thicker, at the height that the recogniser takes, where a date has a gap.
const THICKER: [usize; 2] = [1, 2];
/// Most lines of a page that are read again for a gap in a date.
const MOST_GAPS: usize = 32;

/// How much of what was read is enough on a page that was turned, where most of it was read as it lay.
const UPRIGHT_WORTH: f32 = 0.9;

/// Pages after which a session gives memory back. Taking it again costs some 50 ms: a two-hundredth of the time of as many pages.
const TRIM_PAGES: u32 = 16;

/// How much work a page is worth, in figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// Largest area of the detector's input, pixels. Larger pages are shrunk: at 1 000 000, an A4 page becomes 832 x 1184.
    pub detector_pixels: u32,
    /// Lines of less confidence are read again by the thorough recogniser, 0..=1.
    pub again_below: f32,
    /// Width at which the quick recogniser sees a line, as a share of its natural one: its time is that of the width.
    pub quick_width: f32,
}

/// How PP-OCR reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PpOcrConfig {
    /// Effort for a page of the mode `fast`.
    pub fast: Effort,
    /// Effort for a page of the mode `balanced`.
    pub balanced: Effort,
    /// Effort for a page of the mode `accurate`.
    pub accurate: Effort,
    /// Longest side of the detector's input, pixels.
    pub detector_side: u32,
    /// Least short side of the detector's input, pixels: smaller images are enlarged.
    pub detector_short_side: u32,
    /// From probabilities to boxes.
    pub db: DbConfig,
    /// Widths of line images are multiples of this, pixels at a height of 48.
    pub line_bucket: u32,
    /// Least width of a line image, pixels at a height of 48.
    pub line_least: u32,
    /// Greatest width of a line image, pixels at a height of 48: longer lines are squeezed.
    pub line_most: u32,
    /// How much further than the detector's box a line is looked for at both ends, as a share of its height.
    pub line_reach: f32,
    /// Blank that is left at both ends of a line image, as a share of its height.
    pub line_margin: f32,
    /// Lines of less confidence are dropped, 0..=1.
    pub least_score: f32,
    /// Pages of less confidence are poor: of them, more lines are read again where `balanced` was asked for, 0..=1.
    pub poor_score: f32,
    /// Lines of poor pages of less confidence are read again by the thorough recogniser in the mode `balanced`, 0..=1.
    pub poor_again_below: f32,
    /// Pages of less confidence are looked at whether they are upside down or lie on their side, 0..=1.
    pub upright_score: f32,
    /// Where the models run.
    pub device: Device,
}

impl Default for PpOcrConfig {
    fn default() -> Self {
        Self {
            fast: Effort { detector_pixels: 900_000, again_below: 0.0, quick_width: 1.0 },
            balanced: Effort { detector_pixels: 1_000_000, again_below: 0.95, quick_width: 0.95 },
            accurate: Effort { detector_pixels: 1_800_000, again_below: 0.99, quick_width: 1.0 },
            detector_side: 4000,
            detector_short_side: 640,
            db: DbConfig::default(),
            line_bucket: 8,
            line_least: 32,
            line_most: 3200,
            line_reach: 0.2,
            line_margin: 0.12,
            least_score: 0.5,
            poor_score: 0.975,
            poor_again_below: 0.995,
            upright_score: 0.85,
            device: Device::default(),
        }
    }
}

impl PpOcrConfig {
    fn effort(&self, accuracy: AccuracyMode) -> &Effort {
        match accuracy {
            AccuracyMode::Fast => &self.fast,
            AccuracyMode::Balanced => &self.balanced,
            AccuracyMode::Accurate => &self.accurate,
        }
    }
}

/// PP-OCR on ONNX Runtime.
#[derive(Debug)]
pub struct PpOcr {
    pool: Pool<Models>,
    orientation: PathBuf,
    environment: Environment,
    config: PpOcrConfig,
}

/// What reads a page. On a GPU several share their models.
#[derive(Debug, Clone)]
struct Models {
    detector: Arc<Model>,
    quick: Recognizer,
    thorough: Recognizer,
    /// Loaded for the first page that reads as if it was not upright. It has little to do: a CPU does for it.
    orientation: Option<Arc<Model>>,
    /// The detector's picture, kept between pages.
    picture: Vec<f32>,
    /// The part of it that is looked at.
    part: Vec<f32>,
}

impl PpOcr {
    /// The models with default parameters, fetched when they are not there, for `threads` pages at once.
    pub fn load(assets: &Assets, threads: usize) -> Result<Self, OcrError> {
        let files = ModelFiles::fetch(assets)?;
        Self::open(&files, threads, PpOcrConfig::default())
    }

    /// An engine of these files for `threads` pages at once. A GPU that cannot be used is replaced by the CPU, with a warning.
    pub fn open(files: &ModelFiles, threads: usize, mut config: PpOcrConfig) -> Result<Self, OcrError> {
        let environment = environment(&files.library)?;
        let text = std::fs::read_to_string(&files.dictionary)
            .map_err(|source| OcrError::DictionaryFile { path: files.dictionary.clone(), source })?;
        let dictionary = Dictionary::parse(&text)?;
        let (keep, western) = dictionary.western();
        let model = std::fs::read(&files.recognizer)
            .map_err(|source| OcrError::ModelFile { path: files.recognizer.clone(), source })?;
        // East Asian text is left to the thorough recogniser: what the quick one makes of it is of little confidence.
        let (model, dictionary) = match model_file::with_classes(&model, dictionary.classes(), &keep) {
            Some(smaller) => (smaller, western),
            None => (model, dictionary),
        };
        let model: Arc<[u8]> = model.into();
        config.device = config.device.or_cpu(&environment, &model);
        let (device, on_cpu) = (&config.device, config.device.provider == Provider::Cpu);
        let sets = (0..device.sets(threads)).map(|_| {
            let quick = (files.recognizer.as_path(), &model);
            let quick = Model::from_memory(&environment, "text recognizer", quick, device)?;
            let detector = Model::load(&environment, "text detector", &files.detector, device)?;
            Ok(Models {
                // On a GPU this memory is the driver's.
                detector: Arc::new(if on_cpu { detector.trimming(TRIM_PAGES) } else { detector }),
                quick: Recognizer::new(quick, Characters::all(dictionary.clone()), false),
                thorough: thorough(&environment, files, device, !on_cpu)?,
                orientation: None,
                picture: Vec::new(),
                part: Vec::new(),
            })
        });
        let sets = sets.collect::<Result<Vec<_>, OcrError>>()?;
        // A page's own work is done beside that of others, also where they share models.
        let pages = sets.iter().cycle().take(threads.max(sets.len())).cloned().collect();
        Ok(Self { pool: Pool::new(pages), orientation: files.orientation.clone(), environment, config })
    }

    /// Text boxes in page pixels, in reading order.
    fn detect(&self, models: &mut Models, page: &Page<'_>, pixels: u32) -> Result<Vec<Quad>, OcrError> {
        let c = &self.config;
        let (w, h) = (page.width as u32, page.height as u32);
        let (width, height) = pixels::detector_size(w, h, pixels, c.detector_side, c.detector_short_side);
        let Models { detector, picture, part, .. } = models;
        pixels::detector_tensor(page, width, height, picture);
        let kept = Kept::of(picture, width, height);
        let (tensor, width_kept, height_kept) = match &kept {
            Kept::Nothing => return Ok(Vec::new()),
            Kept::All => (&*picture, width, height),
            Kept::Part(plan) => {
                plan.cut(picture, width, part);
                // The model needs the memory more.
                *picture = Vec::new();
                (&*part, plan.width, plan.height)
            }
        };
        let (across, down) = c.device.canvas(width_kept, height_kept);
        let wider = pixels::on_canvas(tensor, (width_kept, height_kept), (across, down));
        let tensor = wider.as_deref().unwrap_or(tensor);
        let boxes = detector.run(tensor, [1, down, across], |shape, data| {
            if !is_shape(shape, &[1, 1, down, across]) {
                let expected = format!("1 x 1 x {down} x {across}");
                return Err(OcrError::Shape { model: "text detector", shape: shape.to_vec(), expected });
            }
            Ok(text_boxes(ProbabilityMap { data, width: across, height: down }, &c.db))
        })?;
        let (sx, sy) = (w as f32 / width as f32, h as f32 / height as f32);
        let in_page = |quad: &Quad| {
            let (dx, dy) = match &kept {
                Kept::Part(plan) => plan.shift(quad.center().y),
                Kept::Nothing | Kept::All => (0.0, 0.0),
            };
            quad.map(|p| Point::new((p.x + dx) * sx, (p.y + dy) * sy))
        };
        let quads: Vec<Quad> = boxes.iter().map(|b| in_page(&b.quad)).collect();
        let (mut quads, lines) = level::join(&quads, &reading_order(&quads));
        level::level(&mut quads, &lines);
        level::reach(&mut quads, &lines, c.line_reach);
        Ok(lines.concat().into_iter().map(|i| quads[i]).collect())
    }

    fn orientation<'a>(&self, models: &'a mut Models) -> Result<&'a Model, OcrError> {
        let slot = &mut models.orientation;
        if slot.is_none() {
            let (path, device) = (&self.orientation, Device::default());
            *slot = Some(Arc::new(Model::load(&self.environment, "page orientation", path, &device)?));
        }
        match slot {
            Some(model) => Ok(model),
            None => unreachable!("it was loaded above"),
        }
    }

    /// Reads the lines of an image as it lies.
    fn read(
        &self,
        models: &mut Models,
        page: &Page<'_>,
        accuracy: AccuracyMode,
    ) -> Result<Vec<Reading>, OcrError> {
        let effort = self.config.effort(accuracy);
        let quads = self.detect(models, page, effort.detector_pixels)?;
        let mut readings = models.quick.read(page, &quads, effort.quick_width, &self.config)?;
        let below = match accuracy {
            AccuracyMode::Balanced if mean_score(&readings) < self.config.poor_score => {
                self.config.poor_again_below
            }
            _ => effort.again_below,
        };
        let doubtful: Vec<usize> = (0..readings.len()).filter(|i| readings[*i].score() < below).collect();
        // What is hard to read gets more of its surroundings.
        let wider = |quad: &Quad| {
            let more = THOROUGH_MARGIN * quad.height() / quad.width().max(1.0);
            quad.slice(-more, 1.0 + more)
        };
        let quads: Vec<Quad> = doubtful.iter().map(|i| wider(&readings[*i].quad)).collect();
        let again = models.thorough.read_as(page, &quads, 1.0, &self.config)?;
        for (i, reading) in doubtful.into_iter().zip(again) {
            if reading.score() > readings[i].score() - 0.1 {
                readings[i] = reading;
            }
        }
        self.mend_dates(models, page, &mut readings)?;
        Ok(readings)
    }

    /// Reads lines whose date has a gap once more, with thicker strokes.
    fn mend_dates(
        &self,
        models: &mut Models,
        page: &Page<'_>,
        readings: &mut [Reading],
    ) -> Result<(), OcrError> {
        let gaps: Vec<_> = readings
            .iter()
            .enumerate()
            .filter_map(|(i, r)| Some((i, dates::gap(r)?)))
            .take(MOST_GAPS)
            .collect();
        if gaps.is_empty() {
            return Ok(());
        }
        let quads: Vec<Quad> = gaps.iter().map(|(i, _)| readings[*i].quad).collect();
        let thicker =
            THICKER.map(|radius| models.quick.thicker(radius).read_as(page, &quads, 1.0, &self.config));
        let [some, more] = thicker;
        for (((i, gap), a), b) in gaps.into_iter().zip(some?).zip(more?) {
            dates::fill(&mut readings[i], gap, &[a, b]);
        }
        Ok(())
    }
}

impl OcrEngine for PpOcr {
    fn name(&self) -> &'static str {
        "ppocr"
    }

    fn version(&self) -> &'static str {
        "v6-cascade"
    }

    fn parameters(&self, request: &Request) -> String {
        // The number is raised whenever the code gives other words for the same image.
        format!("10 {:?} {:?}", request.accuracy, self.config)
    }

    fn recognize(&self, image: &RgbImage, request: &Request) -> Result<Recognized, OcrError> {
        if image.width() == 0 || image.height() == 0 {
            return Ok(Recognized::default());
        }
        let least = self.config.least_score;
        self.pool.with(|models| {
            let read = self.read(models, &Page::of(image), request.accuracy)?;
            let upright = assemble(&read, least, request.dpi, image.dimensions());
            if !orientation::is_doubtful(&read, self.config.upright_score) {
                return Ok(upright);
            }
            let turn = orientation::turn(self.orientation(models)?, &Page::of(image))?;
            let Some(turned) = orientation::turned(image, turn) else { return Ok(upright) };
            let lay = orientation::is_turned(&read);
            let read = self.read(models, &Page::of(&turned), request.accuracy)?;
            let mut again = assemble(&read, least, request.dpi, turned.dimensions());
            // Lines that were read as they lie read no better upright; their page does.
            let enough = if lay { UPRIGHT_WORTH } else { 1.0 };
            if orientation::worth(&again) <= enough * orientation::worth(&upright) {
                return Ok(upright);
            }
            again.turn = turn;
            for line in &mut again.lines {
                line.quad = orientation::back(&line.quad, turn, image.dimensions());
            }
            Ok(again)
        })
    }
}

/// The thorough recogniser. On a GPU it sums up: six sevenths of what it says are of characters that only count where one of them
/// is the best.
fn thorough(
    environment: &Environment,
    files: &ModelFiles,
    device: &Device,
    sums_up: bool,
) -> Result<Recognizer, OcrError> {
    let (name, path) = ("thorough text recognizer", files.thorough.as_path());
    let model = Model::load(environment, name, path, &Device::default())?;
    let dictionary = Dictionary::parse(&model.metadata("character").unwrap_or_default())?;
    if !sums_up {
        return Ok(Recognizer::new(model, Characters::all(dictionary), true));
    }
    drop(model);
    let (shown, places, ordered) = dictionary.western_first();
    let file =
        std::fs::read(path).map_err(|source| OcrError::ModelFile { path: files.thorough.clone(), source })?;
    let Some(changed) = model_file::with_summary(&file, &shown) else {
        let model = Model::load(environment, name, path, device)?;
        return Ok(Recognizer::new(model, Characters::all(dictionary), true));
    };
    let model = Model::from_memory(environment, name, (path, &changed.into()), device)?;
    let summary = Some((shown.len(), places));
    Ok(Recognizer::new(model, Characters { dictionary: ordered, summary }, true))
}

/// Mean of the lines' scores weighted by their characters.
fn mean_score(readings: &[Reading]) -> f32 {
    let (sum, all) = readings.iter().fold((0.0, 0.0), |(sum, all), r| {
        let n = r.length() as f32;
        (sum + n * r.score(), all + n)
    });
    if all > 0.0 { sum / all } else { 1.0 }
}

/// True where a model's answer has these sizes.
fn is_shape(found: &[i64], expected: &[usize]) -> bool {
    found.iter().map(|n| usize::try_from(*n).ok()).eq(expected.iter().map(|n| Some(*n)))
}

#[cfg(test)]
mod tests;

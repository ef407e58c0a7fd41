//! PP-OCR: detector, line crops, recogniser.
//!
//! Owns the way from a page image to lines and words. Knows nothing of records and blobs.

use crate::ctc::{self, Decoded, Dictionary, Glyph};
use crate::db::{DbConfig, ProbabilityMap, text_boxes};
use crate::engine::{OcrEngine, Recognized, Request, TextLine};
use crate::geometry::{Point, Quad};
use crate::onnx::{Model, ModelFiles, Pool, environment};
use crate::order::reading_order;
use crate::{OcrError, pixels};
use docmill_assets::Assets;
use docmill_contracts::Word;
use image::RgbImage;
use serde::{Deserialize, Serialize};

/// How PP-OCR reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PpOcrConfig {
    /// Largest area of the detector's input, pixels. Larger pages are shrunk: an A4 page of 200 DPI becomes 1120 x 1600.
    pub detector_pixels: u32,
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
    /// Lines of less confidence are dropped, 0..=1.
    pub least_score: f32,
}

impl Default for PpOcrConfig {
    fn default() -> Self {
        Self {
            detector_pixels: 1_800_000,
            detector_side: 4000,
            detector_short_side: 640,
            db: DbConfig::default(),
            line_bucket: 16,
            line_least: 64,
            line_most: 3200,
            least_score: 0.5,
        }
    }
}

/// PP-OCR on ONNX Runtime.
#[derive(Debug)]
pub struct PpOcr {
    pool: Pool<Models>,
    dictionary: Dictionary,
    config: PpOcrConfig,
}

#[derive(Debug)]
struct Models {
    detector: Model,
    recognizer: Model,
    /// Buffer of line tensors, kept between lines.
    tensor: Vec<f32>,
}

/// Text of one crop.
struct Reading {
    quad: Quad,
    decoded: Decoded,
    /// Time steps that the line's own width takes.
    steps: f32,
}

impl Reading {
    fn glyphs(&self, western: bool) -> &[Glyph] {
        match &self.decoded.western {
            Some(glyphs) if western => glyphs,
            Some(_) | None => &self.decoded.any,
        }
    }
}

/// Mean probability of characters, 0..=1.
fn score(glyphs: &[Glyph]) -> f32 {
    glyphs.iter().map(|g| g.probability).sum::<f32>() / glyphs.len().max(1) as f32
}

impl PpOcr {
    /// The tiny models with default parameters, fetched when they are not there, for `threads` pages at once.
    pub fn load(assets: &Assets, threads: usize) -> Result<Self, OcrError> {
        let files = ModelFiles::fetch(assets)?;
        Self::open(&files, threads, PpOcrConfig::default())
    }

    /// An engine of these files for `threads` pages at once.
    pub fn open(files: &ModelFiles, threads: usize, config: PpOcrConfig) -> Result<Self, OcrError> {
        let environment = environment(&files.library)?;
        let text = std::fs::read_to_string(&files.dictionary)
            .map_err(|source| OcrError::DictionaryFile { path: files.dictionary.clone(), source })?;
        let dictionary = Dictionary::parse(&text)?;
        let models = (0..threads.max(1)).map(|_| {
            Ok(Models {
                detector: Model::load(&environment, "text detector", &files.detector)?,
                recognizer: Model::load(&environment, "text recognizer", &files.recognizer)?,
                tensor: Vec::new(),
            })
        });
        let models = models.collect::<Result<Vec<_>, OcrError>>()?;
        Ok(Self { pool: Pool::new(models), dictionary, config })
    }

    /// Text boxes in page pixels, in reading order.
    fn detect(&self, models: &mut Models, image: &RgbImage) -> Result<Vec<Quad>, OcrError> {
        let c = &self.config;
        let (w, h) = image.dimensions();
        let (width, height) =
            pixels::detector_size(w, h, c.detector_pixels, c.detector_side, c.detector_short_side);
        let tensor = pixels::detector_tensor(image, width, height);
        let boxes = models.detector.run(&tensor, width, height, |shape, data| {
            if !is_shape(shape, &[1, 1, height, width]) {
                let expected = format!("1 x 1 x {height} x {width}");
                return Err(OcrError::Shape { model: "text detector", shape: shape.to_vec(), expected });
            }
            Ok(text_boxes(ProbabilityMap { data, width, height }, &c.db))
        })?;
        let (sx, sy) = (w as f32 / width as f32, h as f32 / height as f32);
        let quads: Vec<Quad> = boxes.iter().map(|b| b.quad.map(|p| Point::new(p.x * sx, p.y * sy))).collect();
        Ok(reading_order(&quads).into_iter().map(|i| quads[i]).collect())
    }

    /// Reads one box. What is narrow and tall may be one upright character or a line that runs downwards: the more
    /// confident reading counts.
    fn read(&self, models: &mut Models, image: &RgbImage, quad: Quad) -> Result<Reading, OcrError> {
        if quad.height() < 1.5 * quad.width() {
            return self.read_as(models, image, quad);
        }
        let turned = self.read_as(models, image, quad.turned())?;
        if quad.height() > 6.0 * quad.width() {
            return Ok(turned);
        }
        let upright = self.read_as(models, image, quad)?;
        Ok(if score(&upright.decoded.any) >= score(&turned.decoded.any) { upright } else { turned })
    }

    fn read_as(&self, models: &mut Models, image: &RgbImage, quad: Quad) -> Result<Reading, OcrError> {
        let c = &self.config;
        let (bucket, least, most) = (c.line_bucket.max(8), c.line_least.max(16), c.line_most.clamp(64, 8192));
        let (own, width) = pixels::line_width(&quad, bucket as usize, least as usize, most as usize);
        let Models { recognizer, tensor, .. } = models;
        pixels::line_tensor(image, &quad, own, width, tensor);
        let (decoded, steps) = recognizer.run(tensor, width, pixels::LINE_HEIGHT, |shape, data| {
            let classes = self.dictionary.classes();
            match shape {
                [1, steps, n] if is_shape(&[*n], &[classes]) => {
                    Ok((ctc::decode(data, &self.dictionary), *steps as f32))
                }
                other => Err(OcrError::Shape {
                    model: "text recognizer",
                    shape: other.to_vec(),
                    expected: format!("1 x steps x {classes}"),
                }),
            }
        })?;
        Ok(Reading { quad, decoded, steps: steps * own as f32 / width as f32 })
    }
}

impl OcrEngine for PpOcr {
    fn name(&self) -> &'static str {
        "ppocr"
    }

    fn version(&self) -> &'static str {
        "v6-tiny"
    }

    fn parameters(&self, _request: &Request) -> String {
        // The number is raised whenever the code gives other words for the same image.
        format!("2 {:?}", self.config)
    }

    fn recognize(&self, image: &RgbImage, request: &Request) -> Result<Recognized, OcrError> {
        if image.width() == 0 || image.height() == 0 {
            return Ok(Recognized::default());
        }
        let readings = self.pool.with(|models| {
            let quads = self.detect(models, image)?;
            quads.into_iter().map(|quad| self.read(models, image, quad)).collect::<Result<Vec<_>, _>>()
        })?;
        let size = (image.width() as f32, image.height() as f32);
        Ok(assemble(&readings, self.config.least_score, request.dpi, size))
    }
}

/// True where a model's answer has these sizes.
fn is_shape(found: &[i64], expected: &[usize]) -> bool {
    found.iter().map(|n| usize::try_from(*n).ok()).eq(expected.iter().map(|n| Some(*n)))
}

/// True where East Asian characters are so few that they are smudged Latin ones: less than a fifth of the page.
fn is_western(readings: &[Reading]) -> bool {
    let sum =
        |(a, b): (usize, usize), r: &Reading| (a + r.decoded.east_asian().0, b + r.decoded.east_asian().1);
    let (east, all) = readings.iter().fold((0, 0), sum);
    east * 5 < all
}

/// Lines and words of readings in order; lines below `least` in score are dropped.
fn assemble(readings: &[Reading], least: f32, dpi: f32, page: (f32, f32)) -> Recognized {
    let western = is_western(readings);
    let points = if dpi > 0.0 { 72.0 / dpi } else { 1.0 };
    let mut out = Recognized::default();
    let (mut sum, mut characters) = (0.0, 0.0);
    for reading in readings {
        let glyphs = reading.glyphs(western);
        let spans = ctc::words(glyphs, reading.steps);
        let score = score(glyphs);
        if spans.is_empty() || score < least {
            continue;
        }
        let line = out.lines.len() as u32;
        for span in spans {
            let [x0, y0, x1, y1] = reading.quad.slice(span.from, span.to).bounds();
            let n = span.text.chars().count() as f64;
            sum += f64::from(span.confidence) * n;
            characters += n;
            out.words.push(Word {
                text: span.text,
                bbox: [
                    x0.clamp(0.0, page.0) * points,
                    y0.clamp(0.0, page.1) * points,
                    x1.clamp(0.0, page.0) * points,
                    y1.clamp(0.0, page.1) * points,
                ],
                confidence: span.confidence.clamp(0.0, 1.0),
                line,
            });
        }
        let text: String = glyphs.iter().map(|g| g.text.as_str()).collect();
        out.lines.push(TextLine { quad: reading.quad, text: text.trim().to_owned(), score });
    }
    out.confidence = (characters > 0.0).then(|| (sum / characters).clamp(0.0, 1.0));
    out
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // values are exact by construction
mod tests {
    use super::*;

    #[test]
    fn words_are_in_points_and_numbered_by_line() {
        let glyph = |(text, at): (&str, f32)| Glyph { text: text.into(), probability: 0.8, at };
        let line = |y: f32, steps, glyphs: &[(&str, f32)]| Reading {
            quad: Quad(
                [(100., y), (300., y), (300., y + 20.), (100., y + 20.)].map(|(x, y)| Point::new(x, y)),
            ),
            decoded: Decoded { any: glyphs.iter().copied().map(glyph).collect(), western: None },
            steps,
        };
        let readings = [
            line(50.0, 10.0, &[("a", 1.0), (" ", 5.0), ("b", 9.0)]),
            line(90.0, 2.0, &[(" ", 1.0)]),
            line(90.0, 2.0, &[("c", 1.0)]),
        ];
        let page = assemble(&readings, 0.5, 144.0, (290.0, 400.0));
        let text: Vec<_> = page.words.iter().map(|w| (w.text.as_str(), w.line)).collect();
        assert_eq!(text, [("a", 0), ("b", 0), ("c", 1)]);
        assert_eq!(page.words[0].bbox, [50.0, 25.0, 80.0, 35.0]);
        assert_eq!(page.words[2].bbox, [50.0, 45.0, 145.0, 55.0]);
        assert_eq!(page.lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(), ["a b", "c"]);
        assert!((page.confidence.unwrap() - 0.8).abs() < 1e-6);
        assert_eq!(assemble(&[], 0.5, 200.0, (1.0, 1.0)).confidence, None);
        assert!(assemble(&readings, 0.9, 144.0, (290.0, 400.0)).lines.is_empty());
    }
}

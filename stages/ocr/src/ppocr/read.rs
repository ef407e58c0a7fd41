//! From boxes to characters: crops of one width are read together.

use super::assemble::Reading;
use super::{PpOcrConfig, is_shape};
use crate::OcrError;
use crate::crop::{LINE_HEIGHT, line_tensor, line_width, thicken, without_margins};
use crate::ctc::{self, Decoded, Rows};
use crate::dictionary::Dictionary;
use crate::geometry::Quad;
use crate::model_file::MORE;
use crate::onnx::Model;
use crate::pixels::Page;
use std::sync::Arc;

/// Lines that run downwards, and level ones, are turned over to see whether they read better where their confidence is less.
const DOWNWARDS: f32 = 0.9;
const LEVEL: f32 = 0.7;
/// By how much they have to read better, and how well.
const BETTER: f32 = 0.1;
const WELL: f32 = 0.85;
/// Fewest characters of such lines: short words are others when they are turned over, as `pcs` is `sod`.
const SHORT_DOWNWARDS: usize = 3;
const SHORT_LEVEL: usize = 8;
/// Most such lines of a page.
const MOST_TURNED: usize = 16;

/// The characters of a recogniser, and how it answers.
#[derive(Debug)]
pub(super) struct Characters {
    pub(super) dictionary: Dictionary,
    /// Of a model that sums up: how many of the dictionary's first classes are in a row, and where each of the model's went.
    pub(super) summary: Option<(usize, Vec<usize>)>,
}

impl Characters {
    /// Those of a model that answers with all classes.
    pub(super) fn all(dictionary: Dictionary) -> Self {
        Self { dictionary, summary: None }
    }

    /// Numbers in a row.
    fn row(&self) -> usize {
        self.summary.as_ref().map_or(self.dictionary.classes(), |(shown, _)| shown + MORE)
    }

    fn decode(&self, line: &[f32]) -> Decoded {
        let rows = match &self.summary {
            Some((shown, places)) => Rows::summed_up(line, *shown, places),
            None => Rows::of(line, &self.dictionary),
        };
        ctc::decode(rows, &self.dictionary)
    }
}

/// A recogniser with its characters. Several threads may have one of the same model.
#[derive(Debug, Clone)]
pub(super) struct Recognizer {
    model: Arc<Model>,
    characters: Arc<Characters>,
    is_thorough: bool,
    /// By how many pixels strokes are made thicker.
    thicker: usize,
    /// Buffer of line tensors, kept between lines.
    tensor: Vec<f32>,
}

/// A line to be read: its place in the answer, its own width, and that of its tensor.
#[derive(Debug, Clone, Copy)]
struct Job {
    index: usize,
    own: usize,
    width: usize,
}

impl Recognizer {
    pub(super) fn new(model: Model, characters: Characters, is_thorough: bool) -> Self {
        let (model, characters) = (Arc::new(model), Arc::new(characters));
        Self { model, characters, is_thorough, thicker: 0, tensor: Vec::new() }
    }

    /// The same recogniser, for lines whose strokes are made thicker.
    pub(super) fn thicker(&self, pixels: usize) -> Self {
        Self {
            model: Arc::clone(&self.model),
            characters: Arc::clone(&self.characters),
            is_thorough: self.is_thorough,
            thicker: pixels,
            tensor: Vec::new(),
        }
    }

    /// True where the model answers with the best class and some of the others only.
    #[cfg(test)]
    pub(super) fn sums_up(&self) -> bool {
        self.characters.summary.is_some()
    }

    /// Reads boxes. What is narrow and tall may be one upright character, or a line that runs downwards or upwards, and a line of
    /// little confidence may be upside down: the more confident reading counts. `share`: of a line's natural width.
    pub(super) fn read(
        &mut self,
        page: &Page<'_>,
        quads: &[Quad],
        share: f32,
        config: &PpOcrConfig,
    ) -> Result<Vec<Reading>, OcrError> {
        let is_tall = |q: &Quad| q.height() >= 1.5 * q.width();
        let is_long = |q: &Quad| q.height() > 6.0 * q.width();
        let cut = |q: &Quad| without_margins(page, q, config.line_margin);
        let first: Vec<Quad> = quads.iter().map(|q| cut(&if is_tall(q) { q.turned() } else { *q })).collect();
        let mut readings = self.read_as(page, &first, share, config)?;
        let upright: Vec<usize> =
            (0..quads.len()).filter(|i| is_tall(&quads[*i]) && !is_long(&quads[*i])).collect();
        let turned: Vec<Quad> = upright.iter().map(|i| cut(&quads[*i])).collect();
        for (i, reading) in upright.into_iter().zip(self.read_as(page, &turned, share, config)?) {
            if reading.score() >= readings[i].score() {
                readings[i] = reading;
            }
        }
        let unsure = |i: &usize| {
            let tall = is_tall(&quads[*i]);
            let (least, short) = if tall { (DOWNWARDS, SHORT_DOWNWARDS) } else { (LEVEL, SHORT_LEVEL) };
            readings[*i].score() < least && readings[*i].length() >= short
        };
        let unsure: Vec<usize> = (0..quads.len()).filter(unsure).take(MOST_TURNED).collect();
        let turned: Vec<Quad> = unsure.iter().map(|i| first[*i].turned().turned()).collect();
        for (i, reading) in unsure.into_iter().zip(self.read_as(page, &turned, share, config)?) {
            if reading.score() > WELL.max(readings[i].score() + BETTER) {
                readings[i] = reading;
            }
        }
        Ok(readings)
    }

    /// Reads boxes whose text runs along their top side.
    pub(super) fn read_as(
        &mut self,
        page: &Page<'_>,
        quads: &[Quad],
        share: f32,
        config: &PpOcrConfig,
    ) -> Result<Vec<Reading>, OcrError> {
        let (step, least, most) =
            (config.line_bucket.max(8), config.line_least.max(16), config.line_most.clamp(64, 8192));
        let share = share.clamp(0.3, 2.0);
        let job = |(index, quad): (usize, &Quad)| {
            let own = line_width(quad, share, most as usize);
            Job { index, own, width: config.device.bucket(own.max(least as usize), step as usize) }
        };
        let mut jobs: Vec<Job> = quads.iter().enumerate().map(job).collect();
        // Lines of one width one after the other: the runtime lays out its memory anew for each other shape.
        jobs.sort_by_key(|job| job.width);
        let mut readings: Vec<Option<Reading>> = (0..quads.len()).map(|_| None).collect();
        for same in jobs.chunk_by(|a, b| a.width == b.width) {
            let mut batch = config.device.batch(same[0].width, LINE_HEIGHT);
            let mut rest = same;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(batch.min(rest.len()));
                match self.run(page, quads, now, config.device.filled(now.len(), batch)) {
                    Ok(decoded) => {
                        for (job, (decoded, steps)) in now.iter().zip(decoded) {
                            let steps = steps * job.own as f32 / job.width as f32;
                            readings[job.index] = Some(Reading {
                                quad: quads[job.index],
                                decoded,
                                steps,
                                is_thorough: self.is_thorough,
                            });
                        }
                        rest = later;
                    }
                    // A GPU may be out of memory: with fewer lines it may not be.
                    Err(OcrError::Inference { .. }) if batch > 1 => batch = batch.div_ceil(2).min(batch - 1),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(readings.into_iter().flatten().collect())
    }

    /// Characters and time steps of lines of one width, in a tensor of `n` lines.
    fn run(
        &mut self,
        page: &Page<'_>,
        quads: &[Quad],
        jobs: &[Job],
        n: usize,
    ) -> Result<Vec<(Decoded, f32)>, OcrError> {
        let Self { model, characters, tensor, thicker, .. } = self;
        let width = jobs.first().map_or(0, |job| job.width);
        tensor.clear();
        for job in jobs {
            let start = tensor.len();
            line_tensor(page, &quads[job.index], job.own, width, tensor);
            thicken(&mut tensor[start..], job.own, width, *thicker);
        }
        tensor.resize(3 * LINE_HEIGHT * width * n, 0.0);
        let row = characters.row();
        model.run(tensor, [n, LINE_HEIGHT, width], |shape, data| match shape {
            [lines, steps, found] if is_shape(&[*lines, *found], &[n, row]) => {
                let size = usize::try_from(*steps).unwrap_or(0) * row;
                let line = |i: usize| data.get(i * size..(i + 1) * size).unwrap_or_default();
                Ok((0..jobs.len()).map(|i| (characters.decode(line(i)), *steps as f32)).collect())
            }
            other => Err(OcrError::Shape {
                model: "text recognizer",
                shape: other.to_vec(),
                expected: format!("{n} x steps x {row}"),
            }),
        })
    }
}

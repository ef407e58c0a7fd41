//! What an engine is: a page image and a request in, lines and words out.
//!
//! Owns the trait that local and remote engines meet in, and what they give. Knows no engine. Rule: the same image and
//! the same request give an engine's same words, or [`OcrEngine::parameters`] says what else they depend on.

use crate::OcrError;
use crate::geometry::Quad;
use docmill_contracts::{AccuracyMode, Word};
use image::RgbImage;

/// What is asked of an engine, beside the image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Resolution of the image, dots per inch.
    pub dpi: f32,
    /// How much work the page is worth.
    pub accuracy: AccuracyMode,
}

/// An engine that reads page images. Runs on the caller's thread, on many threads at once.
pub trait OcrEngine: Send + Sync + 'static {
    /// Name, as it stands in records.
    fn name(&self) -> &str;
    /// Version of the engine and its models, as it stands in records.
    fn version(&self) -> &str;
    /// Everything else that the result depends on, the request included, as text.
    fn parameters(&self, request: &Request) -> String;
    /// Reads a page.
    fn recognize(&self, image: &RgbImage, request: &Request) -> Result<Recognized, OcrError>;
}

/// What was read on a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recognized {
    /// The words in reading order, boxes in points of the page turned upright by `turn`.
    pub words: Vec<Word>,
    /// Probability that a character of the page is right, 0..=1: the words' confidences weighted by their characters;
    /// none without words.
    pub confidence: Option<f64>,
    /// The lines in reading order; [`Word::line`] counts them from 0.
    pub lines: Vec<TextLine>,
    /// What the words' confidences rest on, word by word; empty where the engine gives no probabilities.
    pub evidence: Vec<Evidence>,
    /// Degrees by which the page has to be turned clockwise to be upright: 0, 90, 180 or 270.
    pub turn: u16,
}

/// What a word's confidence rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Evidence {
    /// Least probability of its characters.
    pub least: f32,
    /// Their mean.
    pub mean: f32,
    /// Their number.
    pub characters: u32,
    /// Read by the thorough recogniser.
    pub is_thorough: bool,
}

/// A line of text as the detector found it.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLine {
    /// Its corners in pixels of the page image as it was given, clockwise from where its text begins.
    pub quad: Quad,
    /// Its text.
    pub text: String,
    /// Confidence in it, 0..=1.
    pub score: f32,
}

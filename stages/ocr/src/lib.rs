//! ocr: PP-OCR on ONNX Runtime for pages without a text layer.
//!
//! Owns the reading of page images: detection, line crops, recognition, word boxes. Knows nothing of PDFs and of what
//! the words mean. Rules: a page without an image passes untouched; a page that cannot be read is emitted with its
//! error, so that its document goes on; models are loaded when the first page needs them, once per process.

pub mod config;
mod ctc;
pub mod db;
mod decode;
pub mod engine;
mod error;
pub mod geometry;
pub mod onnx;
mod order;
mod pixels;
pub mod remote;
mod stage;
mod trust;

pub use config::Config;
pub use decode::decode_page;
pub use engine::{OcrEngine, PpOcr, PpOcrConfig, Recognized, TextLine};
pub use error::OcrError;
pub use geometry::{Point, Quad};
pub use onnx::ModelFiles;
pub use stage::{OcrStage, STAGE, workers};

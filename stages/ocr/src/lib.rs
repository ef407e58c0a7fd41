//! ocr: PP-OCR on ONNX Runtime, or a remote vision model, for pages without a text layer and for those whose text layer is to
//! be checked.
//!
//! Owns the reading of page images: detection, line crops, recognition, word boxes. Knows nothing of PDFs and of what
//! the words mean. Rules: a page without an image passes untouched; a page that cannot be read is emitted with its
//! error, so that its document goes on; models are loaded when the first page needs them, and never again.

mod amounts;
mod blank;
mod calibration;
pub mod config;
mod context;
mod crop;
mod ctc;
pub mod db;
mod decode;
pub mod device;
mod dictionary;
mod disjoint;
pub mod engine;
mod error;
mod files;
#[doc(hidden)]
pub mod fuzz;
pub mod geometry;
mod level;
mod lexicon;
mod model_file;
pub mod onnx;
mod order;
mod orientation;
mod pixels;
mod ppocr;
pub mod remote;
mod rules;
mod shapes;
mod spelling;
mod stage;
mod trust;
mod words;

pub use calibration::FEATURES;
pub use config::Config;
pub use decode::decode_page;
pub use device::{Device, Provider};
pub use engine::{Evidence, OcrEngine, Recognized, Request, TextLine};
pub use error::OcrError;
pub use files::ModelFiles;
pub use geometry::{Point, Quad};
pub use ppocr::{Effort, PpOcr, PpOcrConfig};
pub use stage::{OcrStage, STAGE, workers};

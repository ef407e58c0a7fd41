//! The files of the local engine.

use crate::OcrError;
use docmill_assets::{Asset, Assets};
use std::path::PathBuf;

/// Files of an engine.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// ONNX Runtime's shared library.
    pub library: PathBuf,
    /// Text detector (DB).
    pub detector: PathBuf,
    /// Text recogniser (CTC).
    pub recognizer: PathBuf,
    /// The recogniser's characters, one per line.
    pub dictionary: PathBuf,
    /// Text recogniser (CTC) for what the other is not sure of, its characters in its metadata.
    pub thorough: PathBuf,
    /// Which way up a page is.
    pub orientation: PathBuf,
}

impl ModelFiles {
    /// PP-OCR v6 tiny and small, fetched where they are not there. Blocks.
    pub fn fetch(assets: &Assets) -> Result<Self, OcrError> {
        Ok(Self {
            library: assets.ensure(Asset::OnnxRuntime)?,
            detector: assets.ensure(Asset::OcrTinyDetector)?,
            recognizer: assets.ensure(Asset::OcrTinyRecognizer)?,
            dictionary: assets.ensure(Asset::OcrTinyDictionary)?,
            thorough: assets.ensure(Asset::OcrSmallRecognizer)?,
            orientation: assets.ensure(Asset::PageOrientation)?,
        })
    }
}

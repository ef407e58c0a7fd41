//! What can go wrong when a page is read.

use docmill_assets::AssetError;
use docmill_blobs::BlobError;
use docmill_contracts::{Class, Classify, Code, CodecError};
use std::path::PathBuf;
use thiserror::Error;

/// What can go wrong when a page is read. Codes have pages in docs/errors.
#[derive(Debug, Error)]
pub enum OcrError {
    /// The page image is no image, or of a kind that render does not write.
    #[error("page image {name} cannot be decoded: {source}")]
    Decode {
        /// Hash of the image.
        name: String,
        /// What the decoder says.
        #[source]
        source: image::ImageError,
    },
    /// The page image has more pixels than the limit.
    #[error("page image of {width} x {height} pixels exceeds the limit of {limit} pixels")]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Limit of their product.
        limit: u64,
    },
    /// A library or model is not there and cannot be fetched.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// The library is not ONNX Runtime, or of a version that is too old.
    #[error("{} cannot be used as ONNX Runtime: {message}", path.display())]
    Library {
        /// The library.
        path: PathBuf,
        /// What the loader says.
        message: String,
    },
    /// A model file is not the model that this build knows.
    #[error("model {} cannot be loaded: {source}", path.display())]
    Model {
        /// The model.
        path: PathBuf,
        /// What ONNX Runtime says.
        #[source]
        source: ort::Error,
    },
    /// A model file cannot be read.
    #[error("model {} cannot be read: {source}", path.display())]
    ModelFile {
        /// The model.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The dictionary cannot be read.
    #[error("dictionary {} cannot be read: {source}", path.display())]
    DictionaryFile {
        /// The dictionary.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The dictionary has too few or too many entries.
    #[error("dictionary of {entries} entries is none of a text recogniser")]
    Dictionary {
        /// Entries, with blank and space.
        entries: usize,
    },
    /// A model ran into an error.
    #[error("{model} failed on {width} x {height} pixels: {source}")]
    Inference {
        /// Which model.
        model: &'static str,
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// What ONNX Runtime says.
        #[source]
        source: ort::Error,
    },
    /// A model answered in a shape that does not fit its input or the dictionary.
    #[error("{model} answered with shape {shape:?}, expected {expected}")]
    Shape {
        /// Which model.
        model: &'static str,
        /// The shape of its answer.
        shape: Vec<i64>,
        /// What fits.
        expected: String,
    },
    /// What was read cannot be written down to be remembered.
    #[error("words cannot be remembered: {source}")]
    Memo {
        /// What the serialiser says.
        #[source]
        source: serde_json::Error,
    },
    /// The engine panicked or was cancelled.
    #[error("the engine did not finish: {source}")]
    Engine {
        /// What the thread says.
        #[source]
        source: tokio::task::JoinError,
    },
    /// The blob store.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Words do not fit their schema.
    #[error(transparent)]
    Words(#[from] CodecError),
    /// The servers of remote OCR are configured wrongly.
    #[error(transparent)]
    Remote(#[from] docmill_remote::RemoteError),
}

impl Classify for OcrError {
    fn class(&self) -> Class {
        match self {
            Self::Decode { .. } | Self::TooLarge { .. } => Class::Input,
            Self::Asset(e) => e.class(),
            Self::Blob(e) => e.class(),
            Self::Remote(e) => e.class(),
            Self::Library { .. }
            | Self::Model { .. }
            | Self::ModelFile { .. }
            | Self::DictionaryFile { .. }
            | Self::Dictionary { .. }
            | Self::Shape { .. } => Class::Fatal,
            Self::Inference { .. } | Self::Memo { .. } | Self::Engine { .. } | Self::Words(_) => {
                Class::Internal
            }
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Decode { .. } => "OCR-0001",
            Self::TooLarge { .. } => "OCR-0002",
            Self::Library { .. } => "OCR-0003",
            Self::Model { .. } | Self::ModelFile { .. } => "OCR-0004",
            Self::DictionaryFile { .. } | Self::Dictionary { .. } => "OCR-0005",
            Self::Inference { .. } => "OCR-0006",
            Self::Shape { .. } => "OCR-0007",
            Self::Engine { .. } => "OCR-0008",
            Self::Memo { .. } | Self::Words(_) => "OCR-0009",
            Self::Asset(e) => return e.code(),
            Self::Blob(e) => return e.code(),
            Self::Remote(e) => return e.code(),
        })
    }
}

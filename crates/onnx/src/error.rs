//! What can go wrong with ONNX Runtime.

use docmill_contracts::{Class, Classify, Code};
use std::path::PathBuf;
use thiserror::Error;

/// What can go wrong with ONNX Runtime. Codes have pages in docs/errors.
#[derive(Debug, Error)]
pub enum OnnxError {
    /// The library is not ONNX Runtime, or of a version that is too old.
    #[error("{} cannot be used as ONNX Runtime: {message}", path.display())]
    Library {
        /// The library.
        path: PathBuf,
        /// What the loader says.
        message: String,
    },
    /// A file is no model, or one that this version cannot run.
    #[error("model {} cannot be loaded: {source}", path.display())]
    Model {
        /// The model.
        path: PathBuf,
        /// What ONNX Runtime says.
        #[source]
        source: ort::Error,
    },
    /// A device was asked for that this program was built without.
    #[error("device {device} is not part of this build (cargo feature `{device}`)")]
    NotBuilt {
        /// The device.
        device: &'static str,
    },
    /// The device cannot be used.
    #[error("device {device} cannot be used: {source}")]
    Device {
        /// The device.
        device: &'static str,
        /// What ONNX Runtime says.
        #[source]
        source: ort::Error,
    },
}

impl Classify for OnnxError {
    fn class(&self) -> Class {
        Class::Fatal
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Library { .. } => "ONNX-0001",
            Self::Model { .. } => "ONNX-0002",
            Self::NotBuilt { .. } => "ONNX-0003",
            Self::Device { .. } => "ONNX-0004",
        })
    }
}

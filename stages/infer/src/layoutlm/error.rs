//! What can go wrong with the engine `layoutlm`.

use docmill_assets::AssetError;
use docmill_contracts::{Class, Classify, Code};
use docmill_onnx::OnnxError;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// What can go wrong with the engine `layoutlm`. Codes have pages in docs/errors.
#[derive(Debug, Error)]
pub enum LayoutLmError {
    /// The model has not the inputs and outputs of a LayoutLMv3-shaped one.
    #[error("model {} is not LayoutLMv3-shaped: {reason}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The tokenizer's file cannot be used.
    #[error("tokenizer {}: {reason}", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The labels cannot be used.
    #[error("labels {}: {reason}", path.display())]
    Labels {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The model gives numbers that are none.
    #[error("the model gives NaN or infinite logits")]
    NotANumber,
    /// The model took too long.
    #[error("no result within {} s", .waited.as_secs_f32())]
    Timeout {
        /// How long it was waited for.
        waited: Duration,
    },
    /// Memory does not suffice for a single window.
    #[error("memory does not suffice for a single window: {message}")]
    Memory {
        /// What ONNX Runtime says.
        message: String,
    },
    /// The model cannot be run.
    #[error("the model cannot be run: {message}")]
    Run {
        /// What ONNX Runtime says, in one line: several documents may share the run, and each gets it.
        message: String,
    },
    /// The thread that runs the model is gone.
    #[error("the thread that runs the model has ended")]
    Gone,
    /// The model gives another number of labels than its list has, or of another shape.
    #[error("output `{output}` has the shape {shape:?}, expected {expected}")]
    Shape {
        /// The output.
        output: &'static str,
        /// Its shape.
        shape: Vec<i64>,
        /// What was expected.
        expected: String,
    },
    /// A page's picture cannot be had.
    #[error("page {page} has no picture that the model could look at")]
    NoPicture {
        /// From 1.
        page: i32,
    },
    /// The settings cannot be used.
    #[error("layoutlm.{field}: {reason}")]
    Config {
        /// The setting.
        field: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// The library or the model cannot be loaded.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// The library cannot be fetched.
    #[error(transparent)]
    Asset(#[from] AssetError),
}

impl Classify for LayoutLmError {
    fn class(&self) -> Class {
        match self {
            Self::Form { .. } | Self::Tokenizer { .. } | Self::Labels { .. } | Self::Config { .. } => {
                Class::Fatal
            }
            Self::NotANumber
            | Self::Memory { .. }
            | Self::Run { .. }
            | Self::Gone
            | Self::NoPicture { .. }
            | Self::Shape { .. } => Class::Internal,
            Self::Timeout { .. } => Class::Transient,
            Self::Onnx(e) => e.class(),
            Self::Asset(e) => e.class(),
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Form { .. } => "INFER-0060",
            Self::Tokenizer { .. } => "INFER-0061",
            Self::Labels { .. } => "INFER-0062",
            Self::NotANumber => "INFER-0063",
            Self::Timeout { .. } => "INFER-0064",
            Self::Memory { .. } => "INFER-0065",
            Self::Run { .. } | Self::Gone => "INFER-0066",
            Self::Shape { .. } => "INFER-0067",
            Self::NoPicture { .. } => "INFER-0068",
            Self::Config { .. } => "INFER-0069",
            Self::Onnx(e) => return e.code(),
            Self::Asset(e) => return e.code(),
        })
    }
}

//! The shell of a stage process: configuration, logs, traces, signals, drain, exit codes.

use docmill_blobs::Blobs;
use std::path::PathBuf;

/// What a stage's workers are built with.
#[derive(Debug, Clone)]
pub struct StageEnv {
    /// Originals, page images, words of long documents, memos.
    pub blobs: Blobs,
    /// Folder of native libraries and models; see docmill-assets.
    pub assets: Option<PathBuf>,
    /// The program that is started again as a sandboxed child: the running binary.
    pub program: PathBuf,
}

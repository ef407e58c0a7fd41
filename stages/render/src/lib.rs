//! render: pages, their text layer and their images, from PDFium and image decoders in child processes.
//!
//! Owns the way from an original to its pages: worker `plan` counts them, finds an embedded e-invoice and reads short
//! documents at once; worker `page` reads ranges of pages, as words where there is a good text layer, as images for OCR where there
//! is none, and as both where the one is checked by the other. Knows nothing of what the words mean. Rule: bytes of a document are decoded in the sandboxed child only, and every
//! page of a range ends in exactly one record.

mod alone;
mod child;
mod client;
mod config;
mod error;
#[doc(hidden)]
pub mod fuzz;
mod note;
mod page;
mod plan;
mod protocol;

pub use alone::{Alone, Measured};
pub use config::Config;
pub use error::RenderError;
pub use page::PageStage;
pub use plan::PlanStage;

use client::Client;
use docmill_assets::{Asset, Assets};
use docmill_runtime::Worker;
use docmill_service::StageEnv;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

/// Name of the stage.
pub const STAGE: &str = "render";

/// The workers `plan` and `page`. Fetches PDFium on first use, which may take a while.
pub fn workers(config: Config, env: &StageEnv) -> Result<Vec<Worker>, RenderError> {
    let (plan, page) = stages(config, env)?;
    Ok(vec![Worker::stage("plan", plan), Worker::stage("page", page)])
}

/// The stages behind the workers; they share their children.
pub fn stages(config: Config, env: &StageEnv) -> Result<(PlanStage, PageStage), RenderError> {
    let config = config.with_aliases(|name| std::env::var(name).ok()).map_err(RenderError::Config)?;
    config.check().map_err(RenderError::Config)?;
    config.limits.check_confinement()?;
    let library = Assets::new(env.assets.clone()).ensure(Asset::Pdfium)?;
    let client = Arc::new(Client::new(config, env.program.clone(), &library, env.blobs.clone()));
    Ok((PlanStage(Arc::clone(&client)), PageStage(client)))
}

/// Runs this process as a sandboxed decoder, or as the sandbox's test of itself, where its arguments say so; none where
/// it is an ordinary process. A binary whose path is [`StageEnv::program`] calls it first thing in `main`.
pub fn sandbox_child(args: &[OsString]) -> Option<ExitCode> {
    docmill_sandbox::child_main(args, child::KIND, child::Decoder::open)
        .or_else(|| docmill_sandbox::self_test_child(args))
        .or_else(|| docmill_sandbox::child_main(args, child::alone::KIND, child::alone::Alone::open))
}

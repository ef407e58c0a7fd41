//! `docmill train`: from a folder of examples to a model.

mod words;

use crate::{OpsError, inputs, ui};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Learn from examples how a tenant's documents are read.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Folder of documents with a truth.jsonl.
    #[arg(long)]
    pub examples: Vec<PathBuf>,
    /// Folder in which the words of the documents are kept.
    #[arg(long)]
    pub cache: PathBuf,
    /// Configuration file (TOML).
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(args: TrainArgs) -> Result<ExitCode, OpsError> {
    let inputs = inputs::collect(&args.examples, None).map_err(OpsError::Usage)?;
    let words = words::of_files(inputs.files, &args.cache, args.config.as_deref()).await?;
    ui::say(format!("{} documents", words.len()));
    Ok(ExitCode::SUCCESS)
}

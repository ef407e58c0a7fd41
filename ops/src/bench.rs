//! `docmill bench`.

use crate::OpsError;
use clap::Args;
use std::process::ExitCode;

/// Flags of `docmill bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// What to measure.
    #[arg(value_parser = ["throughput"])]
    pub what: String,
}

/// Measures.
#[allow(clippy::unused_async)]
pub async fn run(_args: BenchArgs) -> Result<ExitCode, OpsError> {
    Err(OpsError::Absent("bench"))
}

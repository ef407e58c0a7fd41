//! `docmill bench`: the figures of docs/benchmarks.md, each by one command.

mod processes;
mod throughput;

use crate::OpsError;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Documents and pages per second, over the embedded log and over Apache Kafka, with CPU and memory of each process.
    Throughput(throughput::ThroughputArgs),
}

/// Flags of `docmill bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// What to measure.
    #[command(subcommand)]
    pub what: What,
}

/// Measures.
pub async fn run(args: BenchArgs) -> Result<ExitCode, OpsError> {
    match args.what {
        What::Throughput(args) => throughput::run(args).await,
    }
}

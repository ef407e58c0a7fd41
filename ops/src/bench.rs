//! `docmill bench`: the figures of docs/benchmarks.md, each by one command.

mod eos;
mod latency;
mod layout;
mod pages;
mod processes;
mod reading;
mod render;
mod robustness;
mod soak;
mod throughput;
mod truth;
mod world;

use crate::OpsError;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Documents and pages per second, over the embedded log and over Apache Kafka, with CPU and memory of each process.
    Throughput(throughput::ThroughputArgs),
    /// What exactly-once costs against at-least-once, round by round.
    Eos(eos::EosArgs),
    /// From submission to result at a steady pace, with every hop.
    Latency(latency::LatencyArgs),
    /// Memory of every process over many documents.
    Soak(soak::SoakArgs),
    /// One long document: time, and memory from its first pages to its last.
    Pages(pages::PagesArgs),
    /// Reading and painting pages in the sandbox against PDFium alone.
    Render(render::RenderArgs),
    /// Odd and broken PDFs: how each ends, and when.
    Robustness(robustness::RobustnessArgs),
    /// Layout and Markdown of born-digital pages.
    Layout(layout::LayoutArgs),
    /// Whether known values are in the text that is read.
    Truth(truth::TruthArgs),
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
        What::Eos(args) => eos::run(args).await,
        What::Latency(args) => latency::run(args).await,
        What::Soak(args) => soak::run(args).await,
        What::Pages(args) => pages::run(args).await,
        What::Render(args) => render::run(args).await,
        What::Robustness(args) => robustness::run(args).await,
        What::Layout(args) => layout::run(args).await,
        What::Truth(args) => truth::run(args).await,
    }
}

//! `docmill bench`: the figures of docs/benchmarks.md, each by one command.

mod accuracy;
mod alarms;
mod eos;
mod latency;
mod layout;
mod ocr;
mod pages;
mod processes;
pub(crate) mod reading;
mod render;
mod robustness;
mod rules;
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
    /// How often fields are right on documents of unseen groups, how well confidences are calibrated, and how much can be
    /// accepted unseen.
    Accuracy(accuracy::AccuracyArgs),
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
    /// Agreement with the published cases of the business rules, and speed.
    Rules(rules::RulesArgs),
    /// How often honest e-invoices are said to contradict their pages.
    Alarms(alarms::AlarmsArgs),
    /// Reading and painting pages in the sandbox against PDFium alone.
    Render(render::RenderArgs),
    /// Odd and broken PDFs: how each ends, and when.
    Robustness(robustness::RobustnessArgs),
    /// The OCR engine on page images: time, memory, words found.
    Ocr(ocr::OcrArgs),
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
        What::Accuracy(args) => accuracy::run(args).await,
        What::Throughput(args) => throughput::run(args).await,
        What::Eos(args) => eos::run(args).await,
        What::Latency(args) => latency::run(args).await,
        What::Soak(args) => soak::run(args).await,
        What::Pages(args) => pages::run(args).await,
        What::Rules(args) => rules::run(&args),
        What::Alarms(args) => alarms::run(args).await,
        What::Render(args) => render::run(args).await,
        What::Robustness(args) => robustness::run(args).await,
        What::Ocr(args) => ocr::run(args).await,
        What::Layout(args) => layout::run(args).await,
        What::Truth(args) => truth::run(args).await,
    }
}

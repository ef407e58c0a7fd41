//! `docmill submit`: hands documents over to the stages that run on Kafka.

use crate::inputs;
use crate::run::say_passed_over;
use crate::submission::{self, Order, ProcessingArgs};
use crate::{OpsError, ui};
use clap::Args;
use docmill_blobs::Blobs;
use docmill_contracts::Codec;
use docmill_registry::Registry;
use docmill_runtime::telemetry::Clock;
use docmill_runtime::transport::{Transaction, Transport};
use std::path::PathBuf;
use std::process::ExitCode;

/// Documents of one transaction.
const BATCH: usize = 64;

/// Flags of `docmill submit`.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    pub connection: crate::cli::Connection,
    /// How they are processed.
    #[command(flatten)]
    pub processing: ProcessingArgs,
    /// Revision of the documents: raise it to process documents again.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..))]
    pub revision: i32,
    /// Documents, or folders of documents.
    #[arg(required = true, value_name = "FILES|FOLDERS")]
    pub inputs: Vec<PathBuf>,
}

/// Submits documents; returns when the log has acknowledged them all.
pub async fn run(args: SubmitArgs) -> Result<ExitCode, OpsError> {
    let inputs = inputs::collect(&args.inputs, None).map_err(OpsError::Usage)?;
    if inputs.files.is_empty() {
        return Err(OpsError::Usage(vec!["no documents found".into()]));
    }
    let config = args.connection.load()?;
    let topology = config.load_topology()?;
    let codec = Codec::new(Registry::http(&config.registry)?.catalog(Some(&topology)).await?);
    let blobs = Blobs::local(&config.blobs.folder)?;
    let order = Order::new(&args.processing, &blobs).await?;
    let kafka = docmill_service::open_kafka(&config, "docmill-submit")?;
    let mut producer = kafka.producer(&format!("docmill-submit-{}", std::process::id())).await?;
    let clock = Clock::new();
    for batch in inputs.files.chunks(BATCH) {
        let mut transaction = Transaction::default();
        for input in batch {
            let blob = submission::hash(input)?;
            submission::store(input, &blob, &blobs).await?;
            let document = order.document(input, blob, args.revision, clock.now_ms());
            transaction.records.push(submission::record(&document, &codec)?);
        }
        producer.commit(transaction).await?;
    }
    say_passed_over(inputs.passed_over);
    ui::say(format!("{} documents submitted to {}", inputs.files.len(), submission::TOPIC));
    Ok(ExitCode::SUCCESS)
}

//! `docmill results`: results from Kafka, as JSON lines or as files.

use crate::{OpsError, ui};
use clap::Args;
use docmill_blobs::Blobs;
use docmill_contracts::{Codec, CodecError, DocumentResult};
use docmill_registry::Registry;
use docmill_runtime::transport::{Read, ReadFrom, Transport};
use docmill_sink::files::{FileSink, write_artifacts};
use docmill_sink::json::without_rows;
use std::path::PathBuf;
use std::process::ExitCode;

/// Topic that results are on.
pub(crate) const TOPIC: &str = "results";

/// Flags of `docmill results`.
#[derive(Debug, Args)]
pub struct ResultsArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    pub connection: crate::cli::Connection,
    /// Go on as results come.
    #[arg(long)]
    pub follow: bool,
    /// Write results.jsonl and one JSON file per document into this folder, from where an earlier call stopped; with the
    /// Markdown and layout files that were asked for, and with all rows of very long item tables, where the blob store
    /// holds them.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Reads results (read_committed) until the end, or for ever.
pub async fn run(args: ResultsArgs) -> Result<ExitCode, OpsError> {
    let config = args.connection.load()?;
    let registry = Registry::http(&config.registry)?;
    let codec = Codec::new(registry.catalog(Some(&config.load_topology()?)).await?);
    let kafka = docmill_service::open_kafka(&config, "docmill-results")?;
    let mut files = args.out.as_deref().map(FileSink::open).transpose()?;
    let from = files.as_ref().map_or(ReadFrom::Beginning, |f| ReadFrom::Offsets(f.positions()));
    let blobs = files.as_ref().map(|_| Blobs::local(&config.blobs.folder)).transpose()?;
    let mut reader = kafka.reader(TOPIC, from).await?;
    let mut stop = docmill_service::shutdown_signal()
        .map_err(|e| OpsError::io("watch signals of", "this process", e))?;
    let mut count = 0usize;
    loop {
        let read = tokio::select! {
            read = reader.next() => read?,
            _ = stop.wait_for(|s| *s) => break,
        };
        let (partition, records) = match read {
            Read::Records { partition, records } => (partition, records),
            Read::CaughtUp if args.follow => continue,
            Read::CaughtUp => break,
        };
        let mut results = Vec::with_capacity(records.len());
        for record in records {
            if let Some(value) = record.value {
                results.push((partition, record.offset, decode(&codec, &registry, &value).await?));
            }
        }
        count += results.len();
        match &mut files {
            Some(files) => {
                if let Some(blobs) = &blobs {
                    write_artifacts(files.folder(), blobs, &results).await?;
                }
                files.append(&results)?;
            }
            None => results.iter().for_each(|(_, _, r)| ui::say(without_rows(r))),
        }
    }
    if let (Some(mut files), Some(out)) = (files, &args.out) {
        files.finish()?;
        ui::tell(format!("{count} results written to {}", out.display()));
    }
    Ok(ExitCode::SUCCESS)
}

async fn decode(codec: &Codec, registry: &Registry, value: &[u8]) -> Result<DocumentResult, OpsError> {
    match codec.decode(value) {
        Err(CodecError::UnknownSchema(id)) => {
            registry.learn(codec, id).await?;
            Ok(codec.decode(value)?)
        }
        decoded => Ok(decoded?),
    }
}

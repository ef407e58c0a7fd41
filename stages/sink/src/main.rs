//! The sink stage as a process; where a folder is configured, the file target runs beside it.

use docmill_contracts::Classify;
use docmill_sink::{Config, ResultLog, SinkError, run_files};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    docmill_service::main_with(docmill_sink::STAGE, docmill_sink::workers, |config: &Config, env, blobs| {
        let folder = config.files.clone()?;
        let log = ResultLog {
            transport: Arc::clone(&env.transport),
            codec: env.codec.clone(),
            schemas: Arc::clone(&env.schemas),
            topic: "results".to_owned(),
            blobs: Some(blobs.clone()),
        };
        let stop = env.stop.clone();
        Some(Box::pin(async move {
            run_files(log, folder, stop).await.map_err(|e: SinkError| -> Box<dyn Classify> { Box::new(e) })
        }))
    })
}

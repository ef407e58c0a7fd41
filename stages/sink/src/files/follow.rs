//! Follows the results topic into files.

use super::{FileSink, write_artifacts};
use crate::SinkError;
use docmill_blobs::Blobs;
use docmill_contracts::{Class, Classify, Codec, CodecError, DocumentResult};
use docmill_runtime::transport::{Read, ReadFrom, Reader, Record, Transport};
use docmill_runtime::worker::SchemaSource;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Where results are read.
#[derive(Clone)]
pub struct ResultLog {
    /// The log.
    pub transport: Arc<dyn Transport>,
    /// Decodes results.
    pub codec: Codec,
    /// Where unknown schemas come from.
    pub schemas: Arc<dyn SchemaSource>,
    /// Name of the results topic.
    pub topic: String,
    /// Where the files are that results name; none: they are not written.
    pub blobs: Option<Blobs>,
}

/// Longest pause between attempts while the disk is full or the log is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Writes every result of the topic into `folder`, until `stop` is true and everything committed before is written.
///
/// A full disk or a lost log is waited for; with `stop` it ends the call with that error. Nothing is lost by that: the
/// next call goes on from the positions in the folder.
pub async fn run_files(
    log: ResultLog,
    folder: PathBuf,
    mut stop: watch::Receiver<bool>,
) -> Result<(), SinkError> {
    let mut sink = blocking(move || FileSink::open(&folder)).await?;
    let mut pause = Duration::from_secs(1);
    loop {
        let before = sink.positions();
        let (returned, outcome) = follow(&log, sink, &mut stop).await?;
        sink = returned;
        let error = match outcome {
            Ok(()) => return blocking(move || sink.finish()).await,
            Err(error) if error.class() != Class::Transient || *stop.borrow() => return Err(error),
            Err(error) => error,
        };
        tracing::warn!(code = %error.code(), pause_s = pause.as_secs(), "results wait: {error}");
        pause =
            if sink.positions() == before { (pause * 2).min(LONGEST_PAUSE) } else { Duration::from_secs(1) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopped(&mut stop) => {}
        }
    }
}

/// Reads and writes until told to stop, then up to the end of the topic. The sink comes back whatever happens.
async fn follow(
    log: &ResultLog,
    sink: FileSink,
    stop: &mut watch::Receiver<bool>,
) -> Result<(FileSink, Result<(), SinkError>), SinkError> {
    let mut sink = sink;
    let mut reader = match open(log, &sink).await {
        Ok(reader) => reader,
        Err(error) => return Ok((sink, Err(error))),
    };
    let mut stopping = false;
    loop {
        let read = tokio::select! {
            biased;
            () = stopped(stop), if !stopping => None,
            read = reader.next() => Some(read),
        };
        let Some(read) = read else {
            stopping = true;
            // A new reader says again when the end as it is now has been reached.
            reader = match open(log, &sink).await {
                Ok(reader) => reader,
                Err(error) => return Ok((sink, Err(error))),
            };
            continue;
        };
        match read {
            Ok(Read::CaughtUp) if stopping => return Ok((sink, Ok(()))),
            Ok(Read::CaughtUp) => {}
            Ok(Read::Records { partition, records }) => {
                let results = match decode_all(log, partition, &records).await {
                    Ok(results) => results,
                    Err(error) => return Ok((sink, Err(error))),
                };
                if let Some(blobs) = &log.blobs
                    && let Err(error) = write_artifacts(sink.folder(), blobs, &results).await
                {
                    return Ok((sink, Err(error)));
                }
                let (returned, outcome) = blocking(move || {
                    let outcome = sink.append(&results);
                    Ok((sink, outcome))
                })
                .await?;
                sink = returned;
                if outcome.is_err() {
                    return Ok((sink, outcome));
                }
            }
            Err(source) => return Ok((sink, Err(SinkError::Log { source }))),
        }
    }
}

/// Waits until told to stop, or until nobody can tell any more.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

async fn open(log: &ResultLog, sink: &FileSink) -> Result<Box<dyn Reader>, SinkError> {
    let from = ReadFrom::Offsets(sink.positions());
    log.transport.reader(&log.topic, from).await.map_err(|source| SinkError::Log { source })
}

async fn decode_all(
    log: &ResultLog,
    partition: i32,
    records: &[Record],
) -> Result<Vec<(i32, i64, DocumentResult)>, SinkError> {
    let mut results = Vec::with_capacity(records.len());
    for record in records {
        // A tombstone: the document was erased from the topic. Files keep what they have.
        let Some(value) = &record.value else { continue };
        let offset = record.offset;
        let failed = |source| SinkError::Record { partition, offset, source };
        let result = match log.codec.decode::<DocumentResult>(value) {
            Err(CodecError::UnknownSchema(id)) => {
                let json = log.schemas.fetch(id).await.map_err(|cause| SinkError::Schema { id, cause })?;
                log.codec.catalog().add(id, &json).map_err(failed)?;
                log.codec.decode(value).map_err(failed)?
            }
            other => other.map_err(failed)?,
        };
        results.push((partition, offset, result));
    }
    Ok(results)
}

/// Runs work that waits for the disk on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SinkError> + Send + 'static,
) -> Result<T, SinkError> {
    tokio::task::spawn_blocking(work).await.map_err(|source| SinkError::Writer { source })?
}

#[cfg(test)]
mod tests;

//! Reading beside the writer: a few connections, and readers outside any group.

use crate::Shared;
use crate::schema::{self, Sql};
use docmill_runtime::transport::{Read, ReadFrom, Reader, Record, TransportError};
use futures::FutureExt;
use futures::future::BoxFuture;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Bytes that one look brings, about.
const READ_BYTES: usize = 4 << 20;

/// Idle connections, kept for the next reader.
#[derive(Default)]
pub(crate) struct Idle(Mutex<Vec<Connection>>);

impl Shared {
    /// Asks the file something, on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&Connection) -> Sql<T> + Send + 'static,
    ) -> Result<T, TransportError> {
        let shared = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || {
            let idle = shared.idle.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let db = idle.map_or_else(|| schema::open_reader(&shared.path), Ok)?;
            let result = query(&db).map_err(|e| schema::error(&shared.path, "read", e));
            shared.idle.0.lock().unwrap_or_else(PoisonError::into_inner).push(db);
            result
        });
        let ended = |e| TransportError::Broken { what: "read the log".into(), source: Box::new(e) };
        task.await.map_err(ended)?
    }
}

pub(crate) async fn reader(
    shared: &Arc<Shared>,
    topic: String,
    from: ReadFrom,
) -> Result<Box<dyn Reader>, TransportError> {
    let name = topic.clone();
    let found =
        shared.read(move |db| Ok((schema::topic(db, &name)?, schema::watermarks(db, &name)?))).await?;
    let (Some(topic), marks) = (found.0, found.1) else { return Err(TransportError::UnknownTopic { topic }) };
    let parts = marks
        .iter()
        .filter(|m| !matches!(from, ReadFrom::Partition(p) if p != m.partition))
        .map(|m| {
            let start = match &from {
                ReadFrom::Beginning | ReadFrom::Partition(_) => m.low,
                ReadFrom::End => m.high,
                ReadFrom::Offsets(o) => o.iter().find(|(p, _)| *p == m.partition).map_or(m.low, |(_, o)| *o),
            };
            Part { partition: m.partition, next: start, end: m.high }
        })
        .collect();
    let version = shared.version.clone();
    Ok(Box::new(Following { shared: Arc::clone(shared), topic: topic.id, parts, told: false, version }))
}

struct Part {
    partition: i32,
    next: i64,
    /// Where it ended when the reader looked.
    end: i64,
}

struct Following {
    shared: Arc<Shared>,
    topic: i64,
    parts: VecDeque<Part>,
    told: bool,
    version: watch::Receiver<u64>,
}

impl Reader for Following {
    fn next(&mut self) -> BoxFuture<'_, Result<Read, TransportError>> {
        async move {
            loop {
                self.version.borrow_and_update();
                for _ in 0..self.parts.len() {
                    self.parts.rotate_left(1);
                    let Some(part) = self.parts.front() else { break };
                    let (topic, partition, next) = (self.topic, part.partition, part.next);
                    let records: Vec<Record> = self
                        .shared
                        .read(move |db| schema::fetch(db, topic, partition, next, READ_BYTES))
                        .await?;
                    if let (Some(last), Some(part)) = (records.last(), self.parts.front_mut()) {
                        part.next = last.offset + 1;
                        return Ok(Read::Records { partition, records });
                    }
                    // Nothing there: what was compacted or trimmed away up to the end is read, too.
                    if let Some(part) = self.parts.front_mut() {
                        part.next = part.next.max(part.end);
                    }
                }
                if !self.told && self.parts.iter().all(|p| p.next >= p.end) {
                    self.told = true;
                    return Ok(Read::CaughtUp);
                }
                changed(&mut self.version).await?;
            }
        }
        .boxed()
    }
}

/// Waits for the next commit.
pub(crate) async fn changed(version: &mut watch::Receiver<u64>) -> Result<(), TransportError> {
    version
        .changed()
        .await
        .map_err(|e| TransportError::Broken { what: "wait for the log".into(), source: Box::new(e) })
}

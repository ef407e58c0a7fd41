//! Reading beside the writer: a few connections, and readers outside any group.

use crate::Shared;
use crate::schema::{self, Sql};
use docmill_runtime::transport::{Read, ReadFrom, Reader, Record, TransportError};
use futures::FutureExt;
use futures::future::BoxFuture;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, watch};

/// Bytes that one look brings, about.
const READ_BYTES: usize = 4 << 20;

/// Most looks at once. Each takes a thread and a connection, which keeps its caches and its statements for the next.
const MOST_AT_ONCE: usize = 4;

/// Connections for reading. Those that are idle are kept for the next reader.
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
}

impl Default for Readers {
    fn default() -> Self {
        Self { idle: Mutex::default(), turns: Arc::new(Semaphore::new(MOST_AT_ONCE)) }
    }
}

impl Readers {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Asks the file something, on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&Connection) -> Sql<T> + Send + 'static,
    ) -> Result<T, TransportError> {
        let shared = Arc::clone(self);
        let broken = |source| TransportError::Broken { what: "read the log".into(), source };
        let turn = Arc::clone(&self.readers.turns);
        let turn = turn.acquire_owned().await.map_err(|e| broken(Box::new(e)))?;
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let idle = shared.readers.idle().pop();
            let db = idle.map_or_else(|| schema::open_reader(&shared.path), Ok)?;
            let result = query(&db).map_err(|e| schema::error(&shared.path, "read", e));
            shared.readers.idle().push(db);
            result
        });
        task.await.map_err(|e| broken(Box::new(e)))?
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embedded;
    use std::sync::mpsc;

    #[tokio::test]
    async fn so_many_look_at_once_and_the_others_wait() {
        let folder = tempfile::tempdir().unwrap();
        let log = Embedded::open(&folder.path().join("log.sqlite")).unwrap();
        // Looks end when the gate is dropped.
        let (gate, waiting) = mpsc::sync_channel::<()>(0);
        let waiting = Arc::new(Mutex::new(waiting));
        let (begins, begun) = mpsc::sync_channel(3 * MOST_AT_ONCE);
        let looks: Vec<_> = (0..3 * MOST_AT_ONCE)
            .map(|_| {
                let (shared, waiting, begins) =
                    (Arc::clone(&log.shared), Arc::clone(&waiting), begins.clone());
                tokio::spawn(async move {
                    let look = move |_: &Connection| {
                        begins.send(()).unwrap();
                        assert!(waiting.lock().unwrap().recv().is_err());
                        Ok(())
                    };
                    shared.read(look).await
                })
            })
            .collect();
        while log.shared.readers.turns.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        (0..MOST_AT_ONCE).for_each(|_| begun.recv().unwrap());
        assert!(begun.try_recv().is_err(), "more than {MOST_AT_ONCE} look at once");
        drop(gate);
        for look in looks {
            look.await.unwrap().unwrap();
        }
        assert_eq!(log.shared.readers.idle().len(), MOST_AT_ONCE);
    }
}

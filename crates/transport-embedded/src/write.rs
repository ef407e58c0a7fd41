//! The one writer: a thread that merges the transactions that wait into one SQLite transaction, each atomic by itself.

use crate::partitioner;
use crate::schema::{self, Sql, Topic};
use docmill_runtime::transport::{
    CommitError, MAX_METADATA_BYTES, OffsetCommit, OutRecord, Producer, TopicSpec, Transaction,
    TransportError,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{oneshot, watch};

/// Transactions that are merged into one, at most.
const MERGED: usize = 64;
/// Requests that may wait; more wait in the callers.
const WAITING: usize = 256;

type Answer<T> = oneshot::Sender<Result<T, TransportError>>;

enum Request {
    Commit { transaction: Transaction, group: Option<(String, String)>, answer: Answer<()> },
    Apply { topics: Vec<TopicSpec>, answer: Answer<()> },
    Trim { topic: String, partition: i32, before: i64, answer: Answer<u64> },
}

/// Sends requests to the writer's thread, which ends with the last sender.
pub(crate) struct Writer {
    requests: mpsc::SyncSender<Request>,
    /// Which producer of each id is the living one: a later one fences an earlier.
    epochs: Arc<Mutex<HashMap<String, u64>>>,
    next_epoch: AtomicU64,
}

impl Writer {
    pub(crate) fn open(path: &Path, committed: watch::Sender<u64>) -> Result<Self, TransportError> {
        let db = schema::open_writer(path)?;
        let (requests, waiting) = mpsc::sync_channel(WAITING);
        let mut thread = Thread { db, path: path.to_owned(), sticky: 0 };
        std::thread::Builder::new()
            .name("docmill-log".into())
            .spawn(move || thread.work(&waiting, &committed))
            .map_err(|e| TransportError::Broken { what: "start the writer".into(), source: Box::new(e) })?;
        Ok(Self { requests, epochs: Arc::default(), next_epoch: AtomicU64::new(1) })
    }

    /// A producer, which fences the one that had the same id. `group`: group and topic of its offsets.
    pub(crate) fn producer(&self, id: String, group: Option<(String, String)>) -> Box<dyn Producer> {
        let epoch = self.next_epoch.fetch_add(1, Ordering::Relaxed);
        self.epochs.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), epoch);
        let (requests, epochs) = (self.requests.clone(), Arc::clone(&self.epochs));
        Box::new(Half { requests, epochs, id, epoch, group })
    }

    pub(crate) async fn apply(&self, topics: Vec<TopicSpec>) -> Result<(), TransportError> {
        ask(&self.requests, |answer| Request::Apply { topics, answer }).await
    }

    pub(crate) async fn trim(
        &self,
        topic: String,
        partition: i32,
        before: i64,
    ) -> Result<u64, TransportError> {
        ask(&self.requests, |answer| Request::Trim { topic, partition, before, answer }).await
    }
}

struct Half {
    requests: mpsc::SyncSender<Request>,
    epochs: Arc<Mutex<HashMap<String, u64>>>,
    id: String,
    epoch: u64,
    group: Option<(String, String)>,
}

impl Producer for Half {
    fn commit(&mut self, transaction: Transaction) -> BoxFuture<'_, Result<(), CommitError>> {
        async move {
            let living = self.epochs.lock().unwrap_or_else(PoisonError::into_inner).get(&self.id).copied();
            if living != Some(self.epoch) {
                let group = self.group.as_ref().map_or_else(String::new, |(g, _)| g.clone());
                return Err(CommitError::Fatal(TransportError::Fenced { group, slot: self.id.clone() }));
            }
            let group = self.group.clone();
            ask(&self.requests, |answer| Request::Commit { transaction, group, answer }).await.map_err(|e| {
                match e {
                    lost @ (TransportError::Broken { .. } | TransportError::Fenced { .. }) => {
                        CommitError::Fatal(lost)
                    }
                    other => CommitError::Aborted(other),
                }
            })
        }
        .boxed()
    }
}

async fn ask<T: Send + 'static>(
    requests: &mpsc::SyncSender<Request>,
    request: impl FnOnce(Answer<T>) -> Request,
) -> Result<T, TransportError> {
    let (answer, answered) = oneshot::channel();
    let gone = || TransportError::Broken { what: "write".into(), source: "the writer has ended".into() };
    match requests.try_send(request(answer)) {
        Ok(()) => {}
        Err(mpsc::TrySendError::Full(request)) => {
            let requests = requests.clone();
            let sent = tokio::task::spawn_blocking(move || requests.send(request).is_ok()).await;
            if !sent.unwrap_or(false) {
                return Err(gone());
            }
        }
        Err(mpsc::TrySendError::Disconnected(_)) => return Err(gone()),
    }
    answered.await.map_err(|_| gone())?
}

struct Thread {
    db: Connection,
    path: PathBuf,
    /// Partition of the next record without key.
    sticky: i32,
}

/// What one request did, told when the whole is on disk.
enum Done {
    Unit(Answer<()>, Result<(), TransportError>),
    Count(Answer<u64>, Result<u64, TransportError>),
}

impl Thread {
    fn work(&mut self, waiting: &mpsc::Receiver<Request>, committed: &watch::Sender<u64>) {
        while let Ok(first) = waiting.recv() {
            let mut batch = vec![first];
            while batch.len() < MERGED
                && let Ok(request) = waiting.try_recv()
            {
                batch.push(request);
            }
            let done = self.merged(batch);
            committed.send_modify(|v| *v += 1);
            for answer in done {
                // Whoever asked may be gone; what was asked is done all the same.
                match answer {
                    Done::Unit(to, result) => drop(to.send(result)),
                    Done::Count(to, result) => drop(to.send(result)),
                }
            }
        }
    }

    fn merged(&mut self, batch: Vec<Request>) -> Vec<Done> {
        let begun = self.db.execute_batch("BEGIN IMMEDIATE");
        let mut done: Vec<Done> = match begun {
            Ok(()) => batch.into_iter().map(|r| self.one(r)).collect(),
            Err(e) => return batch.into_iter().map(|r| failed(r, &self.path, &e.to_string())).collect(),
        };
        if let Err(e) = self.db.execute_batch("COMMIT") {
            let message = e.to_string();
            let full = e.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
            // Nothing of the batch is kept.
            drop(self.db.execute_batch("ROLLBACK"));
            for answer in &mut done {
                let error = if full {
                    TransportError::Full { source: message.clone().into() }
                } else {
                    TransportError::Unavailable {
                        what: format!("commit to {}", self.path.display()),
                        source: message.clone().into(),
                    }
                };
                match answer {
                    Done::Unit(_, result) => *result = Err(error),
                    Done::Count(_, result) => *result = Err(error),
                }
            }
        }
        done
    }

    fn one(&mut self, request: Request) -> Done {
        match request {
            Request::Commit { transaction, group, answer } => {
                let result = self.savepoint(|t| t.commit(&transaction, group.as_ref()));
                Done::Unit(answer, result)
            }
            Request::Apply { topics, answer } => {
                let result = self.savepoint(|t| {
                    for spec in &topics {
                        let applied = schema::apply(&t.db, spec).map_err(|e| t.error(e))?;
                        applied.map_err(|e| TransportError::Broken {
                            what: "apply topics".into(),
                            source: e.into(),
                        })?;
                    }
                    Ok(())
                });
                Done::Unit(answer, result)
            }
            Request::Trim { topic, partition, before, answer } => {
                let result = self.savepoint(|t| t.trim(&topic, partition, before));
                Done::Count(answer, result)
            }
        }
    }

    fn savepoint<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, TransportError>,
    ) -> Result<T, TransportError> {
        self.db.execute_batch("SAVEPOINT one").map_err(|e| self.error(e))?;
        let result = work(self);
        let end = if result.is_ok() { "RELEASE one" } else { "ROLLBACK TO one; RELEASE one" };
        self.db.execute_batch(end).map_err(|e| self.error(e))?;
        result
    }

    fn error(&self, source: rusqlite::Error) -> TransportError {
        schema::error(&self.path, "write to", source)
    }

    fn commit(
        &mut self,
        transaction: &Transaction,
        group: Option<&(String, String)>,
    ) -> Result<(), TransportError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let mut topics: HashMap<&str, Topic> = HashMap::new();
        for record in &transaction.records {
            let topic = match topics.get(&*record.topic) {
                Some(topic) => *topic,
                None => {
                    let found = schema::topic(&self.db, &record.topic).map_err(|e| self.error(e))?;
                    let found = found
                        .ok_or_else(|| TransportError::UnknownTopic { topic: record.topic.to_string() })?;
                    *topics.entry(&record.topic).or_insert(found)
                }
            };
            let bytes = record.size();
            if bytes > topic.max_bytes {
                return Err(TransportError::TooLarge {
                    topic: record.topic.to_string(),
                    bytes,
                    limit: topic.max_bytes,
                });
            }
            let partition = self.partition(record, topic);
            append(&self.db, topic, partition, record, now).map_err(|e| self.error(e))?;
        }
        let Some((group, topic)) = group else { return Ok(()) };
        for offset in &transaction.offsets {
            self.position(group, topic, offset)?;
        }
        Ok(())
    }

    fn partition(&mut self, record: &OutRecord, topic: Topic) -> i32 {
        match (record.partition, &record.key) {
            (Some(partition), _) => partition,
            (None, Some(key)) => partitioner::partition(key, topic.partitions),
            (None, None) => {
                self.sticky = self.sticky.wrapping_add(1) & i32::MAX;
                self.sticky % topic.partitions
            }
        }
    }

    fn position(&self, group: &str, topic: &str, offset: &OffsetCommit) -> Result<(), TransportError> {
        if offset.metadata.len() > MAX_METADATA_BYTES {
            return Err(TransportError::TooLarge {
                topic: format!("positions of {group}"),
                bytes: offset.metadata.len(),
                limit: MAX_METADATA_BYTES,
            });
        }
        self.db
            .prepare_cached(
                "INSERT OR REPLACE INTO positions SELECT ?1, id, ?3, ?4, ?5 FROM topics WHERE name = ?2",
            )
            .and_then(|mut q| {
                q.execute(params![group, topic, offset.partition, offset.offset, offset.metadata])
            })
            .map(drop)
            .map_err(|e| self.error(e))
    }

    fn trim(&self, topic: &str, partition: i32, before: i64) -> Result<u64, TransportError> {
        let found = schema::topic(&self.db, topic).map_err(|e| self.error(e))?;
        let found = found.ok_or_else(|| TransportError::UnknownTopic { topic: topic.to_owned() })?;
        let sql = |e| self.error(e);
        let removed = self
            .db
            .execute(
                "DELETE FROM records WHERE topic = ?1 AND partition = ?2 AND offset < ?3",
                params![found.id, partition, before],
            )
            .map_err(sql)?;
        self.db
            .execute(
                "UPDATE partitions SET low = MAX(low, MIN(?3, next)) WHERE topic = ?1 AND partition = ?2",
                params![found.id, partition, before],
            )
            .map_err(sql)?;
        Ok(removed as u64)
    }
}

fn append(db: &Connection, topic: Topic, partition: i32, record: &OutRecord, now: i64) -> Sql<()> {
    let offset: i64 = db
        .prepare_cached(
            "UPDATE partitions SET next = next + 1 WHERE topic = ?1 AND partition = ?2 RETURNING next - 1",
        )?
        .query_row(params![topic.id, partition], |r| r.get(0))?;
    let (key, value) = (record.key.as_deref(), record.value.as_deref());
    if let (true, Some(key)) = (topic.compacted, key) {
        // Compaction at once: a reader that has not seen the older record sees a gap, as on Kafka.
        db.prepare_cached(
            "DELETE FROM records WHERE topic = ?1 AND partition = ?2 AND offset =
             (SELECT offset FROM latest WHERE topic = ?1 AND partition = ?2 AND key = ?3)",
        )?
        .execute(params![topic.id, partition, key])?;
        db.prepare_cached("INSERT OR REPLACE INTO latest VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![topic.id, partition, key, offset])?;
    }
    db.prepare_cached("INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            topic.id,
            partition,
            offset,
            now,
            key,
            value,
            schema::headers_bytes(&record.headers)
        ])
        .map(drop)
}

fn failed(request: Request, path: &Path, message: &str) -> Done {
    let error = || TransportError::Unavailable {
        what: format!("write to {}", path.display()),
        source: message.to_owned().into(),
    };
    match request {
        Request::Commit { answer, .. } | Request::Apply { answer, .. } => Done::Unit(answer, Err(error())),
        Request::Trim { answer, .. } => Done::Count(answer, Err(error())),
    }
}

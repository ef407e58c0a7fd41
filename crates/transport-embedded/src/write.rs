//! The one writer: a thread that merges the transactions that wait into one SQLite transaction, each atomic by itself.

use crate::group::{Groups, Seat};
use crate::schema::{self, Sql, Topic};
use docmill_runtime::partitioner;
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
    Commit {
        transaction: Transaction,
        by: By,
        answer: oneshot::Sender<Result<(), CommitError>>,
    },
    /// Answered once everything before it is on disk.
    Barrier {
        answer: Answer<()>,
    },
    Apply {
        topics: Vec<TopicSpec>,
        answer: Answer<()>,
    },
    Trim {
        topic: String,
        partition: i32,
        before: i64,
        answer: Answer<u64>,
    },
}

/// Who commits.
#[derive(Clone)]
struct By {
    id: String,
    epoch: u64,
    seat: Option<Seat>,
}

/// Which producer of each id is the living one: a later one fences an earlier.
type Epochs = Arc<Mutex<HashMap<String, u64>>>;

/// Sends requests to the writer's thread, which ends with the last sender.
pub(crate) struct Writer {
    requests: mpsc::SyncSender<Request>,
    epochs: Epochs,
    next_epoch: AtomicU64,
}

impl Writer {
    pub(crate) fn open(
        path: &Path,
        max_bytes: Option<u64>,
        groups: Arc<Groups>,
        committed: watch::Sender<u64>,
    ) -> Result<Self, TransportError> {
        let db = schema::open_writer(path, max_bytes)?;
        let (requests, waiting) = mpsc::sync_channel(WAITING);
        let epochs = Epochs::default();
        let mut thread = Thread { db, path: path.to_owned(), groups, epochs: Arc::clone(&epochs), sticky: 0 };
        std::thread::Builder::new()
            .name("docmill-log".into())
            .spawn(move || thread.work(&waiting, &committed))
            .map_err(|e| TransportError::Broken { what: "start the writer".into(), source: Box::new(e) })?;
        Ok(Self { requests, epochs, next_epoch: AtomicU64::new(1) })
    }

    /// A producer, which fences the one that had the same id. `seat`: the member whose positions it commits.
    pub(crate) fn producer(&self, id: String, seat: Option<Seat>) -> Box<dyn Producer> {
        let epoch = self.next_epoch.fetch_add(1, Ordering::Relaxed);
        self.epochs.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), epoch);
        Box::new(Half { requests: self.requests.clone(), by: By { id, epoch, seat } })
    }

    /// Waits until what was handed to the writer before is on disk or refused.
    pub(crate) async fn barrier(&self) -> Result<(), TransportError> {
        ask(&self.requests, |answer| Request::Barrier { answer }).await
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
    by: By,
}

impl Producer for Half {
    fn commit(&mut self, transaction: Transaction) -> BoxFuture<'_, Result<(), CommitError>> {
        async move {
            if transaction.records.is_empty() && transaction.offsets.is_empty() {
                return Ok(());
            }
            let (answer, answered) = oneshot::channel();
            let request = Request::Commit { transaction, by: self.by.clone(), answer };
            send(&self.requests, request).await.map_err(CommitError::Fatal)?;
            answered.await.map_err(|_| CommitError::Fatal(gone()))?
        }
        .boxed()
    }
}

async fn ask<T: Send + 'static>(
    requests: &mpsc::SyncSender<Request>,
    request: impl FnOnce(Answer<T>) -> Request,
) -> Result<T, TransportError> {
    let (answer, answered) = oneshot::channel();
    send(requests, request(answer)).await?;
    answered.await.map_err(|_| gone())?
}

async fn send(requests: &mpsc::SyncSender<Request>, request: Request) -> Result<(), TransportError> {
    match requests.try_send(request) {
        Ok(()) => Ok(()),
        Err(mpsc::TrySendError::Full(request)) => {
            let requests = requests.clone();
            let sent = tokio::task::spawn_blocking(move || requests.send(request).is_ok()).await;
            if sent.unwrap_or(false) { Ok(()) } else { Err(gone()) }
        }
        Err(mpsc::TrySendError::Disconnected(_)) => Err(gone()),
    }
}

fn gone() -> TransportError {
    TransportError::Broken { what: "write".into(), source: "the writer has ended".into() }
}

struct Thread {
    db: Connection,
    path: PathBuf,
    groups: Arc<Groups>,
    epochs: Epochs,
    /// Partition of the next record without key.
    sticky: i32,
}

/// What one request did, told when the whole is on disk.
enum Done {
    Commit(oneshot::Sender<Result<(), CommitError>>, Result<(), CommitError>),
    Unit(Answer<()>, Result<(), TransportError>),
    Count(Answer<u64>, Result<u64, TransportError>),
}

impl Done {
    /// Takes success back; an error that was found keeps its own words.
    fn fail(&mut self, commit: impl Fn() -> CommitError, other: impl Fn() -> TransportError) {
        match self {
            Self::Commit(_, result) if result.is_ok() => *result = Err(commit()),
            Self::Unit(_, result) if result.is_ok() => *result = Err(other()),
            Self::Count(_, result) if result.is_ok() => *result = Err(other()),
            Self::Commit(..) | Self::Unit(..) | Self::Count(..) => {}
        }
    }
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
                    Done::Commit(to, result) => drop(to.send(result)),
                    Done::Unit(to, result) => drop(to.send(result)),
                    Done::Count(to, result) => drop(to.send(result)),
                }
            }
        }
    }

    fn merged(&mut self, batch: Vec<Request>) -> Vec<Done> {
        if let Err(e) = self.db.execute_batch("BEGIN IMMEDIATE") {
            return batch.into_iter().map(|r| failed(r, &self.path, &e.to_string())).collect();
        }
        let mut done = Vec::with_capacity(batch.len());
        let mut batch = batch.into_iter();
        for request in batch.by_ref() {
            done.push(self.one(request));
            if self.db.is_autocommit() {
                // A full disk or an I/O error made SQLite roll back all of it, the requests before this one, too.
                let gone =
                    || TransportError::Full { source: "the transactions beside it were rolled back".into() };
                done.iter_mut().for_each(|d| d.fail(|| CommitError::Aborted(gone()), gone));
                done.extend(batch.map(|r| failed(r, &self.path, "the disk is full")));
                return done;
            }
        }
        if let Err(e) = self.db.execute_batch("COMMIT") {
            // Nothing of the batch is kept.
            drop(self.db.execute_batch("ROLLBACK"));
            let (path, message) = (&self.path, e.to_string());
            let full = e.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
            let error = || {
                let (what, source) = (format!("commit to {}", path.display()), message.clone().into());
                if full {
                    TransportError::Full { source }
                } else {
                    TransportError::Unavailable { what, source }
                }
            };
            // A full disk leaves nothing behind. After any other failure, whether it reached the disk is not known.
            let lost = || if full { CommitError::Aborted(error()) } else { CommitError::Fatal(error()) };
            done.iter_mut().for_each(|d| d.fail(lost, error));
        }
        done
    }

    fn one(&mut self, request: Request) -> Done {
        match request {
            Request::Commit { transaction, by, answer } => {
                let result = match self.may(&by, &transaction) {
                    // Whatever fails here is rolled back to the savepoint.
                    Ok(()) => self
                        .savepoint(|t| t.commit(&transaction, by.seat.as_ref()))
                        .map_err(CommitError::Aborted),
                    Err(e) => Err(e),
                };
                Done::Commit(answer, result)
            }
            Request::Barrier { answer } => Done::Unit(answer, Ok(())),
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
        let ended = self.db.execute_batch(end).map_err(|e| self.error(e));
        // What went wrong first says more.
        result.and_then(|value| ended.map(|()| value))
    }

    fn error(&self, source: rusqlite::Error) -> TransportError {
        schema::error(&self.path, "write to", source)
    }

    /// Whether this producer is the living one of its id, and its member owns the partitions whose positions it commits.
    /// Asked here, in the one place where commits are in order: an heir's barrier comes after every commit that passed.
    fn may(&self, by: &By, transaction: &Transaction) -> Result<(), CommitError> {
        let living = self.epochs.lock().unwrap_or_else(PoisonError::into_inner).get(&by.id).copied();
        let fenced = || TransportError::Fenced {
            group: by.seat.as_ref().map_or_else(|| by.id.clone(), |s| s.group.clone()),
            slot: by.seat.as_ref().map_or_else(String::new, |s| s.slot.clone()),
        };
        if living != Some(by.epoch) {
            return Err(CommitError::Fatal(fenced()));
        }
        match &by.seat {
            Some(seat) if transaction.offsets.iter().all(|o| self.groups.owns(seat, o.partition)) => Ok(()),
            None if transaction.offsets.is_empty() => Ok(()),
            Some(_) | None => Err(CommitError::Aborted(fenced())),
        }
    }

    fn commit(&mut self, transaction: &Transaction, seat: Option<&Seat>) -> Result<(), TransportError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let mut topics: HashMap<&str, Topic> = HashMap::new();
        for record in &transaction.records {
            let topic = if let Some(topic) = topics.get(&*record.topic) {
                *topic
            } else {
                let found = schema::topic(&self.db, &record.topic).map_err(|e| self.error(e))?;
                let found =
                    found.ok_or_else(|| TransportError::UnknownTopic { topic: record.topic.to_string() })?;
                *topics.entry(&record.topic).or_insert(found)
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
            if !(0..topic.partitions).contains(&partition) {
                return Err(TransportError::Broken {
                    what: format!("write to topic {}", record.topic),
                    source: format!("it has {} partitions, there is no {partition}", topic.partitions).into(),
                });
            }
            append(&self.db, topic, partition, record, now).map_err(|e| self.error(e))?;
        }
        let Some(seat) = seat else { return Ok(()) };
        for offset in &transaction.offsets {
            self.position(&seat.group, &seat.topic, offset)?;
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
        // Nothing was begun.
        Request::Commit { answer, .. } => Done::Commit(answer, Err(CommitError::Aborted(error()))),
        Request::Apply { answer, .. } | Request::Barrier { answer } => Done::Unit(answer, Err(error())),
        Request::Trim { answer, .. } => Done::Count(answer, Err(error())),
    }
}

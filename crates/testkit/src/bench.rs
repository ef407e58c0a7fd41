//! Tools of the conformance suite: unique names, members that follow the group, and waits that end.

use bytes::Bytes;
use docmill_contracts::Headers;
use docmill_runtime::transport::{
    Assigned, CommitError, Consumer, Event, Member, OffsetCommit, OutRecord, Producer, Read, ReadFrom,
    Record, TopicSpec, Transaction, Transport, TransportError,
};
use futures::FutureExt;
use futures::future::select_all;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Longest wait for anything that must come.
const PATIENCE: Duration = Duration::from_secs(60);

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A transport on the bench, with names of its own.
pub struct Bench {
    /// The transport.
    pub transport: Arc<dyn Transport>,
    prefix: String,
    _keep: Box<dyn Any + Send>,
}

impl Bench {
    /// Puts a transport on the bench; `keep` is dropped with it (a folder, for example).
    pub fn new(transport: Arc<dyn Transport>, keep: impl Any + Send) -> Self {
        let started = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("t{started}-{}-{n}", std::process::id());
        Self { transport, prefix, _keep: Box::new(keep) }
    }

    /// A name that nothing else has.
    pub fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }

    /// Creates a topic and returns its name.
    pub async fn topic(&self, what: &str, partitions: i32, config: &[(&str, &str)]) -> String {
        let name = self.name(what);
        let spec = spec(&name, partitions, config);
        self.transport.apply(&[spec]).await.expect("a topic is created");
        name
    }

    /// A member's description.
    pub fn member(&self, topic: &str, slot: &str) -> Member {
        Member {
            group: self.name("group"),
            topic: topic.to_owned(),
            slot: slot.to_owned(),
            transaction_timeout: Duration::from_secs(10),
            session_timeout: Duration::from_secs(6),
            fetch_bytes: 1 << 20,
        }
    }

    /// Joins the group of this bench.
    pub async fn join(&self, topic: &str, slot: &str) -> Seat {
        self.join_as(self.member(topic, slot)).await
    }

    /// Joins a group.
    pub async fn join_as(&self, member: Member) -> Seat {
        let (consumer, producer) = soon(self.transport.join(member)).await.expect("a member joins");
        Seat {
            consumer,
            producer,
            owned: BTreeMap::new(),
            revoked: Vec::new(),
            lost: Vec::new(),
            seen: Vec::new(),
            error: None,
        }
    }

    /// Commits records by a producer without a group.
    pub async fn produce(&self, records: Vec<OutRecord>) {
        let mut producer = self.producer().await;
        soon(producer.commit(Transaction { records, offsets: Vec::new() }))
            .await
            .expect("records are committed");
    }

    /// A producer without a group.
    pub async fn producer(&self) -> Box<dyn Producer> {
        let id = self.name(&format!("producer-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        soon(self.transport.producer(&id)).await.expect("a producer starts")
    }

    /// Reads until the reader has caught up; records by partition.
    pub async fn read(&self, topic: &str, from: ReadFrom) -> Vec<(i32, Record)> {
        let mut reader = soon(self.transport.reader(topic, from)).await.expect("a reader starts");
        let mut all = Vec::new();
        loop {
            match soon(reader.next()).await.expect("a reader reads") {
                Read::Records { partition, records } => {
                    all.extend(records.into_iter().map(|r| (partition, r)));
                }
                Read::CaughtUp => return all,
            }
        }
    }
}

/// A topic's description with one copy.
pub fn spec(name: &str, partitions: i32, config: &[(&str, &str)]) -> TopicSpec {
    let config = config.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    TopicSpec { name: name.to_owned(), partitions, replication: 1, config }
}

/// A record for a partition, with its value as text.
pub fn to(topic: &str, partition: i32, value: &str) -> OutRecord {
    OutRecord {
        topic: Arc::from(topic),
        partition: Some(partition),
        key: None,
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        headers: Headers::new(),
    }
}

/// A record with a key, for whatever partition that key belongs to.
pub fn keyed(topic: &str, key: &str, value: Option<&str>) -> OutRecord {
    OutRecord {
        topic: Arc::from(topic),
        partition: None,
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        value: value.map(|v| Bytes::copy_from_slice(v.as_bytes())),
        headers: Headers::new(),
    }
}

/// A record's value as text; empty for a tombstone.
pub fn text(record: &Record) -> String {
    String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned()
}

/// What must come, and soon.
pub async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("it comes within a minute")
}

/// A member, with what it was told.
pub struct Seat {
    /// Its reading half.
    pub consumer: Box<dyn Consumer>,
    /// Its writing half.
    pub producer: Box<dyn Producer>,
    /// Partitions that it owns, as they were assigned.
    pub owned: BTreeMap<i32, Assigned>,
    /// Partitions that were asked back and are not released yet.
    pub revoked: Vec<i32>,
    /// Partitions that were lost.
    pub lost: Vec<i32>,
    /// Records that it was given.
    pub seen: Vec<(i32, Record)>,
    /// What ended it.
    pub error: Option<TransportError>,
}

impl Seat {
    /// One event. Assigned partitions are resumed.
    pub async fn step(&mut self) {
        if self.error.is_some() {
            return futures::future::pending().await;
        }
        match self.consumer.next().await {
            Ok(Event::Assigned(assigned)) => {
                for a in assigned {
                    assert!(self.owned.insert(a.partition, a.clone()).is_none(), "{a:?} was owned already");
                    self.consumer.resume(&[a.partition]);
                }
            }
            Ok(Event::Revoked(partitions)) => {
                assert!(
                    partitions.iter().all(|p| self.owned.contains_key(p)),
                    "{partitions:?} are not owned"
                );
                self.revoked.extend(partitions);
            }
            Ok(Event::Lost(partitions)) => {
                self.owned.retain(|p, _| !partitions.contains(p));
                self.revoked.retain(|p| !partitions.contains(p));
                self.lost.extend(partitions);
            }
            Ok(Event::Records { partition, records }) => {
                assert!(!records.is_empty(), "an event of no records");
                assert!(self.owned.contains_key(&partition), "records of {partition}, which is not owned");
                assert!(!self.revoked.contains(&partition), "records of {partition} after it was asked back");
                self.seen.extend(records.into_iter().map(|r| (partition, r)));
            }
            Err(e) => self.error = Some(e),
        }
    }

    /// Gives back what was asked back.
    pub fn release(&mut self) {
        let revoked = std::mem::take(&mut self.revoked);
        self.owned.retain(|p, _| !revoked.contains(p));
        self.consumer.release(&revoked);
    }

    /// Follows the log until `done`.
    pub async fn until(&mut self, done: impl Fn(&Self) -> bool) {
        soon(async {
            while !done(self) {
                self.step().await;
            }
        })
        .await;
    }

    /// Commits positions, with metadata.
    pub async fn commit(&mut self, offsets: &[(i32, i64, &str)]) -> Result<(), CommitError> {
        self.transact(Vec::new(), offsets).await
    }

    /// Commits records and positions.
    pub async fn transact(
        &mut self,
        records: Vec<OutRecord>,
        offsets: &[(i32, i64, &str)],
    ) -> Result<(), CommitError> {
        let offset = |(partition, offset, metadata): &(i32, i64, &str)| OffsetCommit {
            partition: *partition,
            offset: *offset,
            metadata: (*metadata).to_owned(),
        };
        let offsets = offsets.iter().map(offset).collect();
        soon(self.producer.commit(Transaction { records, offsets })).await
    }

    /// Values that it was given, in order.
    pub fn values(&self) -> Vec<String> {
        self.seen.iter().map(|(_, r)| text(r)).collect()
    }
}

/// Lets several members follow the log together until `done`.
pub async fn together(seats: &mut [Seat], mut done: impl FnMut(&mut [Seat]) -> bool) {
    soon(async {
        while !done(seats) {
            // The others' futures are dropped and made anew: `next` must be cancel-safe.
            select_all(seats.iter_mut().map(|s| s.step().boxed())).await;
        }
    })
    .await;
}

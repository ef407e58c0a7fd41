//! The log, as the runtime sees it: members of consumer groups, transactions, readers, administration.
//!
//! Implementations: Apache Kafka, one SQLite file, and memory for tests. All pass the same conformance suite (testkit).
//! Rule: a transaction's records and offsets become visible together or not at all, and only to read_committed readers.

use bytes::Bytes;
use docmill_contracts::{Class, Classify, Code, Headers};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// A record as it lies in a partition.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its offset. Offsets rise, with gaps.
    pub offset: i64,
    /// When it was produced, milliseconds since 1970 UTC.
    pub timestamp_ms: i64,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its value; none is a tombstone.
    pub value: Option<Bytes>,
    /// Its headers.
    pub headers: Headers,
}

impl Record {
    /// Key, value and headers in bytes.
    pub fn size(&self) -> usize {
        self.key.as_ref().map_or(0, Bytes::len)
            + self.value.as_ref().map_or(0, Bytes::len)
            + self.headers.size()
    }
}

/// A record to be produced.
#[derive(Debug, Clone, PartialEq)]
pub struct OutRecord {
    /// Topic it goes to.
    pub topic: Arc<str>,
    /// Partition it must go to; none to choose by key, as Kafka's default partitioner does (murmur2).
    pub partition: Option<i32>,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its value; none is a tombstone.
    pub value: Option<Bytes>,
    /// Its headers.
    pub headers: Headers,
}

impl OutRecord {
    /// Key, value and headers in bytes.
    pub fn size(&self) -> usize {
        self.key.as_ref().map_or(0, Bytes::len)
            + self.value.as_ref().map_or(0, Bytes::len)
            + self.headers.size()
    }
}

/// The position of a group in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetCommit {
    /// Partition of the member's topic.
    pub partition: i32,
    /// First offset that is not done.
    pub offset: i64,
    /// The offsets above it that are done, as text; at most [`MAX_METADATA_BYTES`].
    pub metadata: String,
}

/// Kafka's default limit of commit metadata.
pub const MAX_METADATA_BYTES: usize = 4096;

/// Records and positions that become visible together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transaction {
    /// Records, in order per partition.
    pub records: Vec<OutRecord>,
    /// Positions of the member's group; empty for a producer without a group.
    pub offsets: Vec<OffsetCommit>,
}

/// A partition that this member now owns. It is paused until the runtime resumes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// Partition of the member's topic.
    pub partition: i32,
    /// First offset to read: the committed one, also where it does not exist any more, or the first that exists.
    pub offset: i64,
    /// Metadata committed with it; empty when there is none.
    pub metadata: String,
    /// First offset that exists.
    pub low: i64,
    /// Offset after the last that exists.
    pub high: i64,
}

/// What happens to a member of a group.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// New partitions, paused.
    Assigned(Vec<Assigned>),
    /// The group wants these back: finish what can be finished, then call [`Consumer::release`].
    Revoked(Vec<i32>),
    /// These are gone already: commit nothing of them.
    Lost(Vec<i32>),
    /// Records of one partition, in order.
    Records {
        /// Partition of the member's topic.
        partition: i32,
        /// The records.
        records: Vec<Record>,
    },
}

/// The reading half of a member. Dropping it leaves the group.
pub trait Consumer: Send {
    /// The next event. Cancel-safe: an event is never lost when the future is dropped.
    fn next(&mut self) -> BoxFuture<'_, Result<Event, TransportError>>;
    /// Stops fetching from these partitions; records already fetched may still come.
    fn pause(&mut self, partitions: &[i32]);
    /// Fetches again.
    fn resume(&mut self, partitions: &[i32]);
    /// Said before a transaction with positions is handed to the producer. Should the group take partitions away that
    /// [`Consumer::next`] has not told of by now, the transaction must be refused: to the log a member that joined again is
    /// as good as any other, whatever it commits.
    fn before_commit(&mut self) {}
    /// Gives partitions back after [`Event::Revoked`].
    fn release(&mut self, partitions: &[i32]);
    /// Leaves the group and waits until it has been left.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// The writing half: one transaction at a time.
pub trait Producer: Send {
    /// Commits all of it or nothing. Retries by itself what may be retried within the transaction.
    fn commit(&mut self, transaction: Transaction) -> BoxFuture<'_, Result<(), CommitError>>;
}

/// Why a transaction was not committed.
#[derive(Debug, Error)]
pub enum CommitError {
    /// It was aborted and left nothing: the same records may be committed again.
    #[error("transaction aborted: {0}")]
    Aborted(#[source] TransportError),
    /// Fenced, or in an unknown state: this producer is of no use any more, and the next owner reads what was committed.
    #[error("producer is lost: {0}")]
    Fatal(#[source] TransportError),
}

/// One topic's records outside any group, read_committed.
pub trait Reader: Send {
    /// The next records, or the news that everything up to now has been read. Cancel-safe.
    fn next(&mut self) -> BoxFuture<'_, Result<Read, TransportError>>;
}

/// What a reader has.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// Records of one partition, in order.
    Records {
        /// Partition of the topic.
        partition: i32,
        /// The records.
        records: Vec<Record>,
    },
    /// The end that every partition had when the reader began has been reached, with all that was committed below it: a
    /// transaction that was open there is waited for. Said once; the next call waits for more.
    CaughtUp,
}

/// Where a reader begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadFrom {
    /// The first record of every partition.
    Beginning,
    /// The first record of one partition, and no other partition.
    Partition(i32),
    /// What comes after now.
    End,
    /// These offsets; partitions not named begin with their first record.
    Offsets(Vec<(i32, i64)>),
}

/// A member of a consumer group, with its producer.
#[derive(Debug, Clone)]
pub struct Member {
    /// Consumer group.
    pub group: String,
    /// Input topic.
    pub topic: String,
    /// Slot of this member: stable over restarts, unique in the group at any time. The transactional id is made of group and slot.
    pub slot: String,
    /// Longest open time of a transaction before the log aborts it.
    pub transaction_timeout: Duration,
    /// How long the log waits for a silent member before it gives its partitions to others.
    pub session_timeout: Duration,
    /// Most bytes that one fetch brings, about.
    pub fetch_bytes: usize,
}

/// A topic as it is or should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// Name.
    pub name: String,
    /// Partitions.
    pub partitions: i32,
    /// Copies; 1 where there is one broker.
    pub replication: i32,
    /// Topic settings by their Kafka names (cleanup.policy, retention.ms, max.message.bytes, …).
    pub config: Vec<(String, String)>,
}

/// Offsets of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// Partition.
    pub partition: i32,
    /// First offset that exists.
    pub low: i64,
    /// Offset after the last stable one.
    pub high: i64,
}

/// Both halves of a member.
pub type Joined = (Box<dyn Consumer>, Box<dyn Producer>);

/// A log.
pub trait Transport: Send + Sync {
    /// Joins a group. Ends any open transaction of the slot's predecessor first.
    fn join(&self, member: Member) -> BoxFuture<'_, Result<Joined, TransportError>>;
    /// A transactional producer without a group; `id` must be unique among the living.
    fn producer(&self, id: &str) -> BoxFuture<'_, Result<Box<dyn Producer>, TransportError>>;
    /// Reads a topic outside any group.
    fn reader(&self, topic: &str, from: ReadFrom) -> BoxFuture<'_, Result<Box<dyn Reader>, TransportError>>;
    /// The topics of these names that exist, with the settings named in `config_names`.
    fn describe(&self, names: &[String]) -> BoxFuture<'_, Result<Vec<TopicSpec>, TransportError>>;
    /// Creates topics, or raises partitions and alters settings of those that exist.
    fn apply(&self, topics: &[TopicSpec]) -> BoxFuture<'_, Result<(), TransportError>>;
    /// First and last offsets of a topic's partitions.
    fn watermarks(&self, topic: &str) -> BoxFuture<'_, Result<Vec<Watermarks>, TransportError>>;
    /// Committed positions of a group on a topic.
    fn committed(&self, group: &str, topic: &str)
    -> BoxFuture<'_, Result<Vec<OffsetCommit>, TransportError>>;
}

/// What a log says when it cannot.
#[derive(Debug, Error)]
pub enum TransportError {
    /// Brokers or the file cannot be reached for now.
    #[error("{what} is not reachable: {source}")]
    Unavailable {
        /// What was tried.
        what: String,
        /// What the client says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A topic that the topology names does not exist.
    #[error("topic {topic} does not exist: run `docmill topology apply`")]
    UnknownTopic {
        /// Its name.
        topic: String,
    },
    /// The disk is full, or the log refuses to grow.
    #[error("the log cannot grow: {source}")]
    Full {
        /// What the client says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A record that the log will not take.
    #[error("record of {bytes} bytes for topic {topic} exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Topic.
        topic: String,
        /// Size of the record.
        bytes: usize,
        /// Limit.
        limit: usize,
    },
    /// Another member with the same slot is alive.
    #[error("slot {slot} of group {group} is taken by another process")]
    Fenced {
        /// Group.
        group: String,
        /// Slot.
        slot: String,
    },
    /// Records that were not processed yet are gone, or the topic is not the one that was read before.
    #[error("topic {topic} is not what was processed up to now: {detail}")]
    DataLoss {
        /// Topic.
        topic: String,
        /// Partition and offsets that show it.
        detail: String,
    },
    /// The log is not what we wrote, or the client broke.
    #[error("{what}: {source}")]
    Broken {
        /// What was tried.
        what: String,
        /// What the client says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Classify for TransportError {
    fn class(&self) -> Class {
        match self {
            Self::Unavailable { .. } | Self::Full { .. } => Class::Transient,
            Self::TooLarge { .. } => Class::Internal,
            Self::UnknownTopic { .. } | Self::Fenced { .. } | Self::DataLoss { .. } | Self::Broken { .. } => {
                Class::Fatal
            }
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Unavailable { .. } => "LOG-0001",
            Self::UnknownTopic { .. } => "LOG-0002",
            Self::Full { .. } => "LOG-0003",
            Self::TooLarge { .. } => "LOG-0004",
            Self::Fenced { .. } => "LOG-0005",
            Self::DataLoss { .. } => "LOG-0007",
            Self::Broken { .. } => "LOG-0006",
        })
    }
}

//! A log in memory that behaves as Kafka does, and fails on demand: for tests and simulation of what runs over a log.
//!
//! Owns its records, transactions, groups, processes and faults behind one lock, and no thread; it iterates nothing in random order,
//! so that a seeded run on one thread always goes the same way. Rule: it keeps the promises of the traits, also while it
//! fails, and no more than those that Kafka keeps:
//!
//! * records of an open transaction hold back read_committed readers of their partition, and its positions those who
//!   ask for them, until its producer ends it, an heir with the same id does, or it times out ([`SimLog::housekeep`]);
//! * aborted records and the markers of transactions use up offsets;
//! * positions are refused from a member of a stale generation, but **ownership is not checked**;
//! * a process that is silent longer than its session time-out loses its partitions, and learns of it when it comes back.

mod client;
mod group;
mod member;
mod partition;
mod producer;
mod reader;
mod state;

pub use client::{Client, Fetch, Op, Turn, Weather};
pub use state::{Committed, Position, Watch};

use bytes::Bytes;
use docmill_runtime::transport::{
    Joined, Member, OffsetCommit, OutRecord, Producer, ReadFrom, Reader, Record, TopicSpec, Transport,
    TransportError, Watermarks,
};
use futures::future::BoxFuture;
use state::State;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// What becomes of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is rolled back: offsets are used up, records stay hidden.
    Aborted,
    /// Its producer is lost and leaves it open: whoever takes over the producer's id rolls it back.
    Fatal,
    /// It is committed, but the producer is lost before it hears of it.
    CommittedButLost,
}

/// A log in memory. Cheap to clone; all clones are the same log. As a transport it is the client of a process that nothing
/// happens to; [`SimLog::process`] makes others.
#[derive(Clone)]
pub struct SimLog {
    client: Client,
}

pub(crate) struct Shared {
    state: Mutex<State>,
    /// Woken whenever something of a topic, or of a group that reads it, changes.
    topics: Mutex<BTreeMap<String, Arc<Notify>>>,
    /// Woken when a process comes back or dies.
    processes: Notify,
    weather: OnceLock<Arc<dyn Weather>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notify(&self, topic: &str) -> Arc<Notify> {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(topics.entry(topic.to_owned()).or_default())
    }

    /// Wakes those who wait for what changed.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let changed = std::mem::take(&mut state.changed);
        drop(state);
        for topic in changed {
            self.notify(&topic).notify_waiters();
        }
    }

    fn wake_all(&self) {
        let all: Vec<Arc<Notify>> = {
            let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
            topics.values().cloned().collect()
        };
        self.processes.notify_waiters();
        all.iter().for_each(|n| n.notify_waiters());
    }
}

fn unknown(topic: &str) -> TransportError {
    TransportError::UnknownTopic { topic: topic.to_owned() }
}

fn broken(what: impl Into<String>, source: impl Into<String>) -> TransportError {
    TransportError::Broken { what: what.into(), source: source.into().into() }
}

fn away(what: impl Into<String>) -> TransportError {
    TransportError::Unavailable { what: what.into(), source: "the simulated network is down".into() }
}

impl Default for SimLog {
    fn default() -> Self {
        Self::new()
    }
}

impl SimLog {
    /// A log without topics.
    pub fn new() -> Self {
        let shared = Shared {
            state: Mutex::new(State::new()),
            topics: Mutex::default(),
            processes: Notify::new(),
            weather: OnceLock::new(),
        };
        Self { client: Client::new(Arc::new(shared), None) }
    }

    fn shared(&self) -> &Shared {
        self.client.shared()
    }

    /// The log as a process of that name sees it, which [`SimLog::kill`], [`SimLog::cut_off`] and the weather act on.
    pub fn process(&self, name: &str) -> Client {
        let mut state = self.shared().lock();
        let id = state.new_process(name);
        drop(state);
        Client::new(self.client.shared_arc(), Some(id))
    }

    /// What calls of processes meet. Set once, before the first call.
    pub fn set_weather(&self, weather: Arc<dyn Weather>) {
        self.shared().weather.set(weather).ok();
    }

    /// Told of every transaction, and of records outside any, in the moment they become visible.
    pub fn set_watch(&self, watch: Watch) {
        self.shared().lock().watch = Some(watch);
    }

    /// Compacted topics keep what compaction may remove until [`SimLog::compact`] is called.
    pub fn compact_lazily(&self) {
        self.shared().lock().eager = false;
    }

    /// Clients that ask for positions without waiting for open transactions (`require.stable=false`), as no client should.
    pub fn unstable_positions(&self) {
        self.shared().lock().unstable = true;
    }

    /// Consumers that read what is not committed (`isolation.level=read_uncommitted`), as no client should.
    pub fn read_uncommitted(&self) {
        self.shared().lock().uncommitted = true;
    }

    /// Readers that have caught up at the last stable offset, whatever was committed behind it, as none should.
    pub fn hasty_readers(&self) {
        self.shared().lock().hasty = true;
    }

    /// Producers that take an unknown outcome for a rollback, start over and go on, as none should.
    pub fn careless_producers(&self) {
        self.shared().lock().careless = true;
    }

    /// The process is gone, with all its tasks: its calls never return, and what it left open stays open.
    pub fn kill(&self, process: &str) {
        self.shared().lock().set_process(process, state::Life::Dead);
        self.shared().wake_all();
    }

    /// The process is cut off from the log: its calls wait until [`SimLog::reconnect`].
    pub fn cut_off(&self, process: &str) {
        let since = tokio::time::Instant::now();
        self.shared().lock().set_process(process, state::Life::CutOff { since });
    }

    /// Ends [`SimLog::cut_off`].
    pub fn reconnect(&self, process: &str) {
        self.shared().lock().set_process(process, state::Life::Alive);
        self.shared().wake_all();
    }

    /// Does what brokers do as time passes, each second: rolls back transactions that are open too long (looking every ten
    /// seconds, as Kafka does), and evicts members that are silent too long.
    pub async fn housekeep(&self) {
        for second in 1_u64.. {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let mut state = self.shared().lock();
            let now = tokio::time::Instant::now();
            if second.is_multiple_of(10) {
                state.time_out(now);
            }
            state.evict(now);
            self.shared().wake(state);
        }
    }

    /// Removes from a partition what later records of the same key have replaced.
    pub fn compact(&self, topic: &str, partition: i32) {
        if let Some(part) = self.shared().lock().part(topic, partition) {
            part.compact();
        }
    }

    /// Lets a coming commit of a producer fail; of a member it is `<group>.<slot>`. Faults are taken in order.
    pub fn fail_next(&self, producer: &str, fault: Fault) {
        self.shared().lock().faults.entry(producer.to_owned()).or_default().push_back(fault);
    }

    /// Uses up offsets, as transaction markers and aborted records do.
    pub fn gap(&self, topic: &str, partition: i32, offsets: i64) {
        let mut state = self.shared().lock();
        if let Some(part) = state.part(topic, partition) {
            part.next += offsets;
        }
        state.changed.insert(topic.to_owned());
        self.shared().wake(state);
    }

    /// Asks partitions back from a member, as a rebalance does. Once released they are assigned again.
    pub fn revoke(&self, group: &str, slot: &str, partitions: &[i32]) {
        let mut state = self.shared().lock();
        state.in_group(group, |g| g.revoke(slot, partitions));
        self.shared().wake(state);
    }

    /// Takes partitions from a member without asking, as a session that ran out does; then assigns them again.
    pub fn lose(&self, group: &str, slot: &str, partitions: &[i32]) {
        let mut state = self.shared().lock();
        state.in_group(group, |g| g.lose(slot, partitions));
        self.shared().wake(state);
    }

    /// All visible records of a topic, by partition and offset.
    pub fn records(&self, topic: &str) -> Vec<(i32, Record)> {
        let state = self.shared().lock();
        let parts = state.topics.get(topic).map(|t| t.partitions.as_slice()).unwrap_or_default();
        (0..).zip(parts).flat_map(|(p, part)| part.visible().into_iter().map(move |r| (p, r))).collect()
    }

    /// Adds records outside any transaction, all at once.
    #[allow(clippy::needless_pass_by_value, reason = "as a transaction takes them")]
    pub fn produce(&self, records: Vec<OutRecord>) -> Result<(), TransportError> {
        let mut state = self.shared().lock();
        let result = state.produce(&records);
        self.shared().wake(state);
        result
    }

    /// Adds a record with a key to a topic.
    pub fn send(&self, topic: &str, key: &str, value: Bytes, headers: docmill_contracts::Headers) {
        let key = Some(Bytes::copy_from_slice(key.as_bytes()));
        let record = OutRecord { topic: topic.into(), partition: None, key, value: Some(value), headers };
        self.produce(vec![record]).expect("the topic exists");
    }

    /// Transactions that are open now.
    pub fn open_transactions(&self) -> usize {
        self.shared().lock().open_transactions()
    }
}

impl Transport for SimLog {
    fn join(&self, member: Member) -> BoxFuture<'_, Result<Joined, TransportError>> {
        self.client.join(member)
    }

    fn producer(&self, id: &str) -> BoxFuture<'_, Result<Box<dyn Producer>, TransportError>> {
        self.client.producer(id)
    }

    fn reader(&self, topic: &str, from: ReadFrom) -> BoxFuture<'_, Result<Box<dyn Reader>, TransportError>> {
        self.client.reader(topic, from)
    }

    fn describe(&self, names: &[String]) -> BoxFuture<'_, Result<Vec<TopicSpec>, TransportError>> {
        self.client.describe(names)
    }

    fn apply(&self, topics: &[TopicSpec]) -> BoxFuture<'_, Result<(), TransportError>> {
        self.client.apply(topics)
    }

    fn watermarks(&self, topic: &str) -> BoxFuture<'_, Result<Vec<Watermarks>, TransportError>> {
        self.client.watermarks(topic)
    }

    fn committed(
        &self,
        group: &str,
        topic: &str,
    ) -> BoxFuture<'_, Result<Vec<OffsetCommit>, TransportError>> {
        self.client.committed(group, topic)
    }
}

impl std::fmt::Debug for SimLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimLog").finish_non_exhaustive()
    }
}

//! A log in memory that fails on demand, for tests of what runs over a log.
//!
//! Owns its records, groups and faults behind one lock; has no thread and no clock, so that a seeded test on one thread
//! always runs the same. Rule: it keeps the promises of the traits, also while it fails; the conformance suite says so.

mod group;

use docmill_runtime::partitioner;
use docmill_runtime::transport::{
    CommitError, Joined, MAX_METADATA_BYTES, Member, OffsetCommit, OutRecord, Producer, Read, ReadFrom,
    Reader, Record, TopicSpec, Transaction, Transport, TransportError, Watermarks,
};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use group::{Group, SimConsumer};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::watch;

/// What becomes of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is rolled back: offsets are used up, records stay hidden.
    Aborted,
    /// It is rolled back, and the producer is lost.
    Fatal,
    /// It is committed, but the producer is lost before it hears of it.
    CommittedButLost,
}

/// A log in memory. Cheap to clone; all clones are the same log.
#[derive(Clone)]
pub struct SimLog {
    state: Arc<Mutex<State>>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    topics: BTreeMap<String, Topic>,
    positions: BTreeMap<(String, String, i32), (i64, String)>,
    groups: HashMap<String, Group>,
    epochs: HashMap<String, u64>,
    faults: HashMap<String, VecDeque<Fault>>,
    /// Rises by one millisecond with every transaction.
    now_ms: i64,
    next_id: u64,
}

struct Topic {
    spec: TopicSpec,
    partitions: Vec<Partition>,
    sticky: i32,
}

#[derive(Default)]
struct Partition {
    low: i64,
    next: i64,
    records: Vec<Record>,
}

impl Default for SimLog {
    fn default() -> Self {
        let state = State { now_ms: 1_700_000_000_000, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), changes: watch::channel(0).0 }
    }
}

impl Topic {
    fn setting(&self, name: &str) -> Option<&str> {
        self.spec.config.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn append(&mut self, partition: i32, record: &OutRecord, now_ms: i64) {
        let compacted = self.setting("cleanup.policy").is_some_and(|p| p.contains("compact"));
        let Some(part) = usize::try_from(partition).ok().and_then(|p| self.partitions.get_mut(p)) else {
            return;
        };
        if compacted && record.key.is_some() {
            part.records.retain(|r| r.key != record.key);
        }
        part.records.push(Record {
            offset: part.next,
            timestamp_ms: now_ms,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: record.headers.clone(),
        });
        part.next += 1;
    }

    fn partition_of(&mut self, record: &OutRecord) -> i32 {
        match (record.partition, &record.key) {
            (Some(partition), _) => partition,
            (None, Some(key)) => partitioner::partition(key, self.spec.partitions),
            (None, None) => {
                self.sticky = (self.sticky + 1) % self.spec.partitions;
                self.sticky
            }
        }
    }
}

fn unknown(topic: &str) -> TransportError {
    TransportError::UnknownTopic { topic: topic.to_owned() }
}

fn broken(what: impl Into<String>, source: impl Into<String>) -> TransportError {
    TransportError::Broken { what: what.into(), source: source.into().into() }
}

impl SimLog {
    /// A log without topics.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panicked inside the log")
    }

    fn changed(&self) {
        self.changes.send_modify(|v| *v += 1);
    }

    /// Lets a coming commit of a producer fail; of a member it is `<group>.<slot>`. Faults are taken in order.
    pub fn fail_next(&self, producer: &str, fault: Fault) {
        self.lock().faults.entry(producer.to_owned()).or_default().push_back(fault);
    }

    /// Uses up offsets, as transaction markers and aborted records do.
    pub fn gap(&self, topic: &str, partition: i32, offsets: i64) {
        if let Some(part) = self.lock().part(topic, partition) {
            part.next += offsets;
        }
        self.changed();
    }

    /// Asks partitions back from a member, as a rebalance does. Once released they are assigned again.
    pub fn revoke(&self, group: &str, slot: &str, partitions: &[i32]) {
        self.lock().groups.entry(group.to_owned()).or_default().revoke(slot, partitions);
        self.changed();
    }

    /// Takes partitions from a member without asking, as a session that ran out does; then assigns them again.
    pub fn lose(&self, group: &str, slot: &str, partitions: &[i32]) {
        self.lock().groups.entry(group.to_owned()).or_default().lose(slot, partitions);
        self.changed();
    }

    /// All visible records of a topic, by partition and offset.
    pub fn records(&self, topic: &str) -> Vec<(i32, Record)> {
        let state = self.lock();
        let parts = state.topics.get(topic).map(|t| t.partitions.as_slice()).unwrap_or_default();
        (0..).zip(parts).flat_map(|(p, part)| part.records.iter().map(move |r| (p, r.clone()))).collect()
    }

    /// Adds records outside any transaction, all at once.
    pub fn produce(&self, records: Vec<OutRecord>) -> Result<(), TransportError> {
        let result = self.lock().write(&Transaction { records, offsets: Vec::new() }, None);
        self.changed();
        result
    }

    fn start(&self, id: String, member: Option<group::Seat>) -> SimProducer {
        let mut state = self.lock();
        state.next_id += 1;
        let epoch = state.next_id;
        state.epochs.insert(id.clone(), epoch);
        SimProducer { log: self.clone(), id, epoch, member, lost: false }
    }
}

impl State {
    fn part(&mut self, topic: &str, partition: i32) -> Option<&mut Partition> {
        let index = usize::try_from(partition).ok()?;
        self.topics.get_mut(topic)?.partitions.get_mut(index)
    }

    fn check(&self, transaction: &Transaction) -> Result<(), TransportError> {
        for record in &transaction.records {
            let topic = self.topics.get(&*record.topic).ok_or_else(|| unknown(&record.topic))?;
            let limit = topic.setting("max.message.bytes").and_then(|v| v.parse().ok()).unwrap_or(1_048_588);
            if record.size() > limit {
                let (topic, bytes) = (record.topic.to_string(), record.size());
                return Err(TransportError::TooLarge { topic, bytes, limit });
            }
            if record.partition.is_some_and(|p| !(0..topic.spec.partitions).contains(&p)) {
                return Err(broken(format!("write to topic {}", record.topic), "there is no such partition"));
            }
        }
        match transaction.offsets.iter().find(|o| o.metadata.len() > MAX_METADATA_BYTES) {
            Some(o) => Err(broken("commit positions", format!("metadata of {} bytes", o.metadata.len()))),
            None => Ok(()),
        }
    }

    fn write(&mut self, transaction: &Transaction, seat: Option<&group::Seat>) -> Result<(), TransportError> {
        self.check(transaction)?;
        self.now_ms += 1;
        let now_ms = self.now_ms;
        for record in &transaction.records {
            if let Some(topic) = self.topics.get_mut(&*record.topic) {
                let partition = topic.partition_of(record);
                topic.append(partition, record, now_ms);
            }
        }
        for o in &transaction.offsets {
            if let Some(seat) = seat {
                let at = (seat.group.clone(), seat.topic.clone(), o.partition);
                self.positions.insert(at, (o.offset, o.metadata.clone()));
            }
        }
        Ok(())
    }

    /// What a transaction that is rolled back leaves: used offsets.
    fn skip(&mut self, transaction: &Transaction) {
        for record in &transaction.records {
            if let Some(topic) = self.topics.get_mut(&*record.topic) {
                let partition = topic.partition_of(record);
                if let Some(part) = usize::try_from(partition).ok().and_then(|p| topic.partitions.get_mut(p))
                {
                    part.next += 1;
                }
            }
        }
    }

    fn committed(&self, group: &str, topic: &str) -> Vec<OffsetCommit> {
        self.positions
            .iter()
            .filter(|((g, t, _), _)| g == group && t == topic)
            .map(|((_, _, partition), (offset, metadata))| OffsetCommit {
                partition: *partition,
                offset: *offset,
                metadata: metadata.clone(),
            })
            .collect()
    }

    fn marks(&self, topic: &str) -> Result<Vec<Watermarks>, TransportError> {
        let topic = self.topics.get(topic).ok_or_else(|| unknown(topic))?;
        let parts = (0..).zip(&topic.partitions);
        Ok(parts.map(|(partition, p)| Watermarks { partition, low: p.low, high: p.next }).collect())
    }

    /// Records from an offset on, about as many bytes as asked for.
    fn fetch(&self, topic: &str, partition: i32, from: i64, bytes: usize) -> Vec<Record> {
        let part = usize::try_from(partition).ok().and_then(|p| self.topics.get(topic)?.partitions.get(p));
        let Some(part) = part else { return Vec::new() };
        let begin = part.records.partition_point(|r| r.offset < from);
        let mut size = 0;
        let fits = |r: &&Record| {
            let room = size < bytes;
            size += r.size();
            room
        };
        part.records[begin..].iter().take_while(fits).cloned().collect()
    }

    fn apply(&mut self, specs: &[TopicSpec]) -> Result<(), TransportError> {
        for spec in specs {
            if self.topics.get(&spec.name).is_some_and(|t| t.spec.partitions > spec.partitions) {
                return Err(broken(format!("apply topic {}", spec.name), "partitions cannot be lowered"));
            }
        }
        for spec in specs {
            let topic = self.topics.entry(spec.name.clone()).or_insert_with(|| Topic {
                spec: spec.clone(),
                partitions: Vec::new(),
                sticky: 0,
            });
            topic.spec = spec.clone();
            topic.partitions.resize_with(usize::try_from(spec.partitions).unwrap_or(0), Partition::default);
            for group in self.groups.values_mut() {
                group.resize(&spec.name, spec.partitions);
            }
        }
        Ok(())
    }
}

struct SimProducer {
    log: SimLog,
    id: String,
    epoch: u64,
    member: Option<group::Seat>,
    lost: bool,
}

impl SimProducer {
    fn commit_now(&mut self, transaction: &Transaction) -> Result<(), CommitError> {
        let mut state = self.log.lock();
        let fenced = || TransportError::Fenced { group: self.id.clone(), slot: String::new() };
        if self.lost || state.epochs.get(&self.id) != Some(&self.epoch) {
            return Err(CommitError::Fatal(fenced()));
        }
        let owned = match &self.member {
            Some(seat) => transaction
                .offsets
                .iter()
                .all(|o| state.groups.get(&seat.group).is_some_and(|g| g.owns(seat, o.partition))),
            None => transaction.offsets.is_empty(),
        };
        if !owned {
            return Err(CommitError::Aborted(fenced()));
        }
        let fault = state.faults.get_mut(&self.id).and_then(VecDeque::pop_front);
        let broke =
            || broken(format!("commit a transaction of {}", self.id), "a fault that the test asked for");
        match fault {
            None => state.write(transaction, self.member.as_ref()).map_err(|e| {
                state.skip(transaction);
                CommitError::Aborted(e)
            }),
            Some(Fault::Aborted) => {
                state.skip(transaction);
                Err(CommitError::Aborted(broke()))
            }
            Some(Fault::Fatal) => {
                state.skip(transaction);
                self.lost = true;
                Err(CommitError::Fatal(broke()))
            }
            Some(Fault::CommittedButLost) => {
                state.write(transaction, self.member.as_ref()).map_err(CommitError::Aborted)?;
                self.lost = true;
                Err(CommitError::Fatal(broke()))
            }
        }
    }
}

impl Producer for SimProducer {
    fn commit(&mut self, transaction: Transaction) -> BoxFuture<'_, Result<(), CommitError>> {
        async move {
            let result = self.commit_now(&transaction);
            self.log.changed();
            result
        }
        .boxed()
    }
}

struct SimReader {
    log: SimLog,
    topic: String,
    /// Partition, next offset, end when the reader looked.
    parts: VecDeque<(i32, i64, i64)>,
    told: bool,
    changes: watch::Receiver<u64>,
}

impl SimReader {
    fn look(&mut self) -> Option<Read> {
        let state = self.log.lock();
        for _ in 0..self.parts.len() {
            self.parts.rotate_left(1);
            let (partition, next, end) = self.parts.front_mut()?;
            let records = state.fetch(&self.topic, *partition, *next, 1 << 20);
            if let Some(last) = records.last() {
                *next = last.offset + 1;
                return Some(Read::Records { partition: *partition, records });
            }
            *next = (*next).max(*end);
        }
        (!std::mem::replace(&mut self.told, true)).then_some(Read::CaughtUp)
    }
}

impl Reader for SimReader {
    fn next(&mut self) -> BoxFuture<'_, Result<Read, TransportError>> {
        async move {
            loop {
                self.changes.borrow_and_update();
                if let Some(read) = self.look() {
                    return Ok(read);
                }
                self.changes.changed().await.map_err(|e| broken("wait for the log", e.to_string()))?;
            }
        }
        .boxed()
    }
}

impl Transport for SimLog {
    fn join(&self, member: Member) -> BoxFuture<'_, Result<Joined, TransportError>> {
        let partitions = self.lock().topics.get(&member.topic).map(|t| t.spec.partitions);
        let Some(partitions) = partitions else { return ready(Err(unknown(&member.topic))).boxed() };
        let id = format!("{}.{}", member.group, member.slot);
        let seat = {
            let mut state = self.lock();
            state.next_id += 1;
            let seat = group::Seat::new(&member, state.next_id);
            state.groups.entry(member.group.clone()).or_default().join(&seat, partitions);
            seat
        };
        let producer = self.start(id, Some(seat.clone()));
        let consumer = SimConsumer::new(self.clone(), seat, member.fetch_bytes);
        self.changed();
        ready(Ok((Box::new(consumer) as _, Box::new(producer) as _))).boxed()
    }

    fn producer(&self, id: &str) -> BoxFuture<'_, Result<Box<dyn Producer>, TransportError>> {
        ready(Ok(Box::new(self.start(id.to_owned(), None)) as Box<dyn Producer>)).boxed()
    }

    fn reader(&self, topic: &str, from: ReadFrom) -> BoxFuture<'_, Result<Box<dyn Reader>, TransportError>> {
        let marks = match self.lock().marks(topic) {
            Ok(marks) => marks,
            Err(e) => return ready(Err(e)).boxed(),
        };
        let start = |m: &Watermarks| match &from {
            ReadFrom::Beginning | ReadFrom::Partition(_) => m.low,
            ReadFrom::End => m.high,
            ReadFrom::Offsets(o) => {
                o.iter().find(|(p, _)| *p == m.partition).map_or(m.low, |(_, o)| (*o).clamp(m.low, m.high))
            }
        };
        let parts = marks
            .iter()
            .filter(|m| !matches!(from, ReadFrom::Partition(p) if p != m.partition))
            .map(|m| (m.partition, start(m), m.high))
            .collect();
        let changes = self.changes.subscribe();
        let reader = SimReader { log: self.clone(), topic: topic.to_owned(), parts, told: false, changes };
        ready(Ok(Box::new(reader) as Box<dyn Reader>)).boxed()
    }

    fn describe(&self, names: &[String]) -> BoxFuture<'_, Result<Vec<TopicSpec>, TransportError>> {
        let state = self.lock();
        let found = names.iter().filter_map(|n| state.topics.get(n)).map(|t| t.spec.clone()).collect();
        ready(Ok(found)).boxed()
    }

    fn apply(&self, topics: &[TopicSpec]) -> BoxFuture<'_, Result<(), TransportError>> {
        let result = self.lock().apply(topics);
        self.changed();
        ready(result).boxed()
    }

    fn watermarks(&self, topic: &str) -> BoxFuture<'_, Result<Vec<Watermarks>, TransportError>> {
        ready(self.lock().marks(topic)).boxed()
    }

    fn committed(
        &self,
        group: &str,
        topic: &str,
    ) -> BoxFuture<'_, Result<Vec<OffsetCommit>, TransportError>> {
        ready(Ok(self.lock().committed(group, topic))).boxed()
    }
}

impl std::fmt::Debug for SimLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimLog").finish_non_exhaustive()
    }
}

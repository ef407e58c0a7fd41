//! All that the log knows, behind its lock.

use super::group::Group;
use super::partition::{Partition, Txn};
use super::{Fault, broken, unknown};
use docmill_runtime::partitioner;
use docmill_runtime::transport::{
    MAX_METADATA_BYTES, OffsetCommit, OutRecord, Record, TopicSpec, Transaction, TransportError, Watermarks,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// Records and positions that became visible together.
#[derive(Debug)]
pub struct Committed {
    /// Id of the producer; empty for records outside any transaction.
    pub producer: String,
    /// Group of the positions, and of the producer's member.
    pub group: Option<String>,
    /// Topic and partition of each record, in order per partition.
    pub records: Vec<(String, i32, Record)>,
    /// Positions.
    pub positions: Vec<Position>,
    /// Partitions of the group's topic that the producer's member owns at this moment.
    pub owned: BTreeSet<i32>,
}

/// Told of what becomes visible.
pub type Watch = Box<dyn FnMut(&Committed) + Send>;

/// A position in a transaction.
#[derive(Debug, Clone)]
pub struct Position {
    /// Position and metadata.
    pub commit: OffsetCommit,
    /// Whether the member owned the partition when it handed the position in.
    pub owned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Alive,
    CutOff { since: Instant },
    Dead,
}

struct Process {
    name: String,
    life: Life,
    died: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Writer {
    pub(super) epoch: u64,
    open: Option<Open>,
}

struct Open {
    txn: Txn,
    since: Instant,
    timeout: Duration,
    touched: BTreeSet<(String, i32)>,
    /// Group and topic of the positions.
    group: Option<(String, String)>,
    positions: Vec<Position>,
}

pub(super) struct Topic {
    pub(super) spec: TopicSpec,
    pub(super) partitions: Vec<Partition>,
    sticky: i32,
}

impl Topic {
    fn setting(&self, name: &str) -> Option<&str> {
        self.spec.config.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn compacted(&self) -> bool {
        self.setting("cleanup.policy").is_some_and(|p| p.contains("compact"))
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

    fn part(&mut self, partition: i32) -> Option<&mut Partition> {
        self.partitions.get_mut(usize::try_from(partition).ok()?)
    }
}

pub(super) struct State {
    pub(super) topics: BTreeMap<String, Topic>,
    positions: BTreeMap<(String, String, i32), (i64, String)>,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) writers: BTreeMap<String, Writer>,
    pub(super) faults: BTreeMap<String, VecDeque<Fault>>,
    processes: Vec<Process>,
    pub(super) watch: Option<Watch>,
    /// Topics whose readers have to look again.
    pub(super) changed: BTreeSet<String>,
    pub(super) eager: bool,
    pub(super) unstable: bool,
    pub(super) uncommitted: bool,
    pub(super) hasty: bool,
    pub(super) careless: bool,
    /// Rises by one millisecond with every transaction.
    now_ms: i64,
    next_id: u64,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            topics: BTreeMap::new(),
            positions: BTreeMap::new(),
            groups: BTreeMap::new(),
            writers: BTreeMap::new(),
            faults: BTreeMap::new(),
            processes: Vec::new(),
            watch: None,
            changed: BTreeSet::new(),
            eager: true,
            unstable: false,
            uncommitted: false,
            hasty: false,
            careless: false,
            now_ms: 1_700_000_000_000,
            next_id: 0,
        }
    }

    pub(super) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn new_process(&mut self, name: &str) -> usize {
        self.processes.push(Process { name: name.to_owned(), life: Life::Alive, died: None });
        self.processes.len() - 1
    }

    pub(super) fn process_name(&self, id: usize) -> &str {
        self.processes.get(id).map_or("", |p| &p.name)
    }

    pub(super) fn life(&self, process: Option<usize>) -> Life {
        process.and_then(|id| self.processes.get(id)).map_or(Life::Alive, |p| p.life)
    }

    pub(super) fn set_process(&mut self, name: &str, life: Life) {
        for process in self.processes.iter_mut().filter(|p| p.name == name && p.life != Life::Dead) {
            process.life = life;
            process.died = (life == Life::Dead).then(Instant::now);
        }
    }

    /// Since when the log has heard nothing of a process.
    fn silent_since(&self, process: Option<usize>) -> Option<Instant> {
        let process = self.processes.get(process?)?;
        match process.life {
            Life::Alive => None,
            Life::CutOff { since } => Some(since),
            Life::Dead => process.died,
        }
    }

    /// Evicts members of processes that are silent for longer than their session time-out.
    pub(super) fn evict(&mut self, now: Instant) {
        let mut silent: Vec<(String, String)> = Vec::new();
        for (name, group) in &self.groups {
            for (slot, process, timeout) in group.members() {
                if self.silent_since(process).is_some_and(|since| now - since >= timeout) {
                    silent.push((name.clone(), slot.to_owned()));
                }
            }
        }
        for (name, slot) in silent {
            self.in_group(&name, |g| g.evict(&slot));
        }
    }

    /// Changes a group and wakes its members.
    pub(super) fn in_group<T>(&mut self, name: &str, change: impl FnOnce(&mut Group) -> T) -> T {
        let group = self.groups.entry(name.to_owned()).or_default();
        let result = change(group);
        self.changed.insert(group.topic.clone());
        result
    }

    pub(super) fn part(&mut self, topic: &str, partition: i32) -> Option<&mut Partition> {
        self.topics.get_mut(topic)?.part(partition)
    }

    pub(super) fn check(&self, transaction: &Transaction) -> Result<(), TransportError> {
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

    pub(super) fn produce(&mut self, records: &[OutRecord]) -> Result<(), TransportError> {
        self.check(&Transaction { records: records.to_vec(), offsets: Vec::new() })?;
        self.now_ms += 1;
        let (now_ms, mut told) = (self.now_ms, Vec::new());
        for record in records {
            let Some(topic) = self.topics.get_mut(&*record.topic) else { continue };
            let partition = topic.partition_of(record);
            let Some(part) = topic.part(partition) else { continue };
            part.append(None, record, now_ms);
            told.extend(
                part.fetch(part.next - 1, 1, 1, true).pop().map(|r| (record.topic.to_string(), partition, r)),
            );
            self.changed.insert(record.topic.to_string());
        }
        let producer = String::new();
        self.tell(&Committed {
            producer,
            group: None,
            records: told,
            positions: Vec::new(),
            owned: BTreeSet::new(),
        });
        Ok(())
    }

    fn tell(&mut self, committed: &Committed) {
        if let Some(watch) = &mut self.watch {
            watch(committed);
        }
    }

    /// Gives a producer id to a new producer: ends what its predecessor left open, and fences it.
    pub(super) fn init(&mut self, id: &str) -> u64 {
        self.end(id, false, None);
        let epoch = self.id();
        self.writers.entry(id.to_owned()).or_default().epoch = epoch;
        epoch
    }

    pub(super) fn is_current(&self, id: &str, epoch: u64) -> bool {
        self.writers.get(id).is_some_and(|w| w.epoch == epoch)
    }

    pub(super) fn begin(&mut self, id: &str, timeout: Duration) {
        let txn = self.id();
        self.now_ms += 1;
        if let Some(writer) = self.writers.get_mut(id) {
            writer.open = Some(Open {
                txn,
                since: Instant::now(),
                timeout,
                touched: BTreeSet::new(),
                group: None,
                positions: Vec::new(),
            });
        }
    }

    pub(super) fn append(&mut self, id: &str, records: &[OutRecord]) {
        let Some(open) = self.writers.get_mut(id).and_then(|w| w.open.as_mut()) else { return };
        for record in records {
            let Some(topic) = self.topics.get_mut(&*record.topic) else { continue };
            let partition = topic.partition_of(record);
            let Some(part) = topic.part(partition) else { continue };
            part.append(Some(open.txn), record, self.now_ms);
            open.touched.insert((record.topic.to_string(), partition));
        }
    }

    pub(super) fn hand_in(&mut self, id: &str, group: &str, topic: &str, positions: Vec<Position>) {
        if let Some(open) = self.writers.get_mut(id).and_then(|w| w.open.as_mut()) {
            open.group = Some((group.to_owned(), topic.to_owned()));
            open.positions = positions;
        }
    }

    /// Ends the open transaction of a producer; `member`: group, and what its member owns now.
    pub(super) fn end(&mut self, id: &str, committed: bool, member: Option<(String, BTreeSet<i32>)>) {
        let Some(open) = self.writers.get_mut(id).and_then(|w| w.open.take()) else { return };
        let mut visible = Vec::new();
        for (name, partition) in &open.touched {
            let Some(topic) = self.topics.get_mut(name) else { continue };
            let compact = self.eager && committed && topic.compacted();
            let Some(part) = topic.part(*partition) else { continue };
            visible.extend(part.end(open.txn, committed).into_iter().map(|r| (name.clone(), *partition, r)));
            if compact {
                part.compact();
            }
            self.changed.insert(name.clone());
        }
        if let Some((group, topic)) = &open.group {
            self.changed.insert(topic.clone());
            for p in open.positions.iter().filter(|_| committed) {
                let at = (group.clone(), topic.clone(), p.commit.partition);
                self.positions.insert(at, (p.commit.offset, p.commit.metadata.clone()));
            }
        }
        if committed {
            let (group, owned) = member.map_or((None, BTreeSet::new()), |(g, o)| (Some(g), o));
            let producer = id.to_owned();
            self.tell(&Committed { producer, group, records: visible, positions: open.positions, owned });
        }
    }

    /// Rolls back transactions that are open for too long, and fences their producers.
    pub(super) fn time_out(&mut self, now: Instant) {
        let late = |w: &Writer| w.open.as_ref().is_some_and(|o| now - o.since >= o.timeout);
        let late: Vec<String> =
            self.writers.iter().filter(|(_, w)| late(w)).map(|(id, _)| id.clone()).collect();
        for id in late {
            self.init(&id);
        }
    }

    pub(super) fn open_transactions(&self) -> usize {
        self.writers.values().filter(|w| w.open.is_some()).count()
    }

    /// Whether a position may still change by a transaction that is open.
    pub(super) fn is_stable(&self, group: &str, topic: &str, partition: i32) -> bool {
        self.unstable
            || !self.writers.values().filter_map(|w| w.open.as_ref()).any(|o| {
                o.group.as_ref().is_some_and(|(g, t)| g == group && t == topic)
                    && o.positions.iter().any(|p| p.commit.partition == partition)
            })
    }

    pub(super) fn position(&self, group: &str, topic: &str, partition: i32) -> Option<(i64, String)> {
        self.positions.get(&(group.to_owned(), topic.to_owned(), partition)).cloned()
    }

    pub(super) fn committed(&self, group: &str, topic: &str) -> Vec<OffsetCommit> {
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

    pub(super) fn marks(&self, topic: &str) -> Result<Vec<Watermarks>, TransportError> {
        let topic = self.topics.get(topic).ok_or_else(|| unknown(topic))?;
        let parts = (0..).zip(&topic.partitions);
        Ok(parts.map(|(partition, p)| Watermarks { partition, low: p.low, high: p.stable() }).collect())
    }

    /// Where each partition ends, open transactions included; only the stable part where readers do not wait for those.
    pub(super) fn ends(&self, topic: &str) -> Vec<i64> {
        let parts = self.topics.get(topic).map(|t| t.partitions.as_slice()).unwrap_or_default();
        parts.iter().map(|p| if self.hasty { p.stable() } else { p.next }).collect()
    }

    pub(super) fn apply(&mut self, specs: &[TopicSpec]) -> Result<(), TransportError> {
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
            self.changed.insert(spec.name.clone());
        }
        Ok(())
    }
}

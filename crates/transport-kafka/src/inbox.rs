//! What the polling thread hands to the runtime: news of the group, and records, bounded by pausing partitions.
//!
//! Rule: nothing of a partition is handed out that is paused, told back or not owned any more.

use docmill_runtime::transport::{Assigned, Event, Record, TransportError};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// A partition that nothing came of for so long is asked for its end; each time that there is nothing, for twice as long.
const SILENT: Duration = Duration::from_secs(15);
/// How often it is doubled.
const DOUBLED: u32 = 4;

/// Between the polling thread and one consumer or reader.
pub(crate) struct Inbox {
    state: Mutex<State>,
    notify: Notify,
    /// Bytes held back for all partitions together, about.
    capacity: usize,
}

#[derive(Default)]
pub(crate) struct State {
    news: VecDeque<Event>,
    parts: BTreeMap<i32, Part>,
    /// Partition that was handed out last: the next one has its turn.
    last: i32,
    /// Something to tell; where it is final, it is told again.
    failed: Option<TransportError>,
    ended: bool,
    /// Assigned by the group, positions not asked for yet.
    pub(crate) planned: Option<Vec<i32>>,
    /// Assigned, with positions.
    pub(crate) found: Option<Vec<Assigned>>,
    /// The group wants these back; they are unassigned together, once all are released.
    pub(crate) revoking: BTreeSet<i32>,
    pub(crate) closing: bool,
    /// The group has answered for the first time.
    pub(crate) joined: bool,
    /// How often partitions were lost, how many of these losses the runtime was told of, and how many of them it knew when
    /// it began its last commit.
    losses: u64,
    told: u64,
    known: Option<u64>,
}

#[derive(Default)]
struct Part {
    records: VecDeque<Record>,
    bytes: usize,
    /// By the runtime.
    paused: bool,
    /// Told back: nothing more is handed out.
    leaving: bool,
    /// Paused in librdkafka because enough is held here.
    full: bool,
    handed: u64,
    held: u64,
    /// Offset after the last record that came, or where it began.
    next: i64,
    /// When something came last, or it was looked at because nothing had; none before it began.
    heard: Option<Instant>,
    /// Looks since something came.
    looks: u32,
    /// Records to hand out before the reader has caught up in this partition.
    end: Option<u64>,
}

impl Inbox {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), notify: Notify::new(), capacity: capacity.max(1) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for anything to change.
    pub(crate) async fn changed(&self) {
        self.notify.notified().await;
    }

    pub(crate) fn tell(&self, event: Event) {
        self.lock().news.push_back(event);
        self.notify.notify_one();
    }

    /// Something went wrong; with `ended`, nothing comes after it.
    pub(crate) fn fail(&self, error: TransportError, ended: bool) {
        let mut state = self.lock();
        if !state.ended {
            state.failed = Some(error);
            state.ended = ended;
        }
        drop(state);
        self.notify.notify_one();
    }

    /// Holds a record; true when its partition must be paused now.
    pub(crate) fn hold(&self, partition: i32, record: Record) -> bool {
        let mut state = self.lock();
        let share = self.capacity / state.parts.len().max(1);
        let Some(part) = state.parts.get_mut(&partition).filter(|p| !p.leaving) else { return false };
        part.bytes += record.size();
        part.held += 1;
        part.next = record.offset + 1;
        part.heard = Some(Instant::now());
        part.looks = 0;
        part.records.push_back(record);
        let full = !part.full && part.bytes >= share;
        part.full |= full;
        drop(state);
        self.notify.notify_one();
        full
    }

    /// A partition begins at this offset.
    pub(crate) fn begin(&self, partition: i32, offset: i64) {
        if let Some(part) = self.lock().parts.get_mut(&partition) {
            part.next = offset;
            part.heard = Some(Instant::now());
        }
    }

    /// Partitions that could hold more and that nothing came of for long, each with the offset after the last record that came.
    /// Those that are told are silent anew from now on.
    pub(crate) fn silent(&self, now: Instant) -> Vec<(i32, i64)> {
        let long = |p: &Part| {
            let patience = SILENT * 2_u32.pow(p.looks.min(DOUBLED));
            p.heard.is_some_and(|heard| now.saturating_duration_since(heard) > patience)
        };
        let mut state = self.lock();
        let parts = state.parts.iter_mut().filter(|(_, p)| !p.full && !p.leaving && long(p));
        parts
            .map(|(id, p)| {
                p.heard = Some(now);
                p.looks += 1;
                (*id, p.next)
            })
            .collect()
    }

    /// Whether this is still what a partition goes on with.
    pub(crate) fn stands_at(&self, partition: i32, next: i64) -> bool {
        self.lock().parts.get(&partition).is_some_and(|p| p.next == next && !p.leaving && !p.full)
    }

    /// Partitions that have room again.
    pub(crate) fn with_room(&self) -> Vec<i32> {
        let mut state = self.lock();
        let share = self.capacity / state.parts.len().max(1);
        let roomy = |p: &&mut Part| p.full && p.bytes <= share / 2;
        state
            .parts
            .iter_mut()
            .filter_map(|(id, p)| {
                roomy(&p).then(|| {
                    p.full = false;
                    p.heard = Some(Instant::now());
                    *id
                })
            })
            .collect()
    }

    /// The partition has been read up to its end.
    pub(crate) fn end(&self, partition: i32) {
        if let Some(part) = self.lock().parts.get_mut(&partition) {
            part.end.get_or_insert(part.held);
        }
        self.notify.notify_one();
    }

    /// Whether a reader has handed out all up to the ends that it met.
    pub(crate) fn caught_up(&self) -> bool {
        self.lock().parts.values().all(|p| p.end.is_some_and(|end| p.handed >= end))
    }

    /// The next thing to hand out.
    pub(crate) fn take(&self) -> Result<Option<Event>, TransportError> {
        let mut state = self.lock();
        if let Some(event) = state.news.pop_front() {
            state.told += u64::from(matches!(event, Event::Lost(_)));
            return Ok(Some(event));
        }
        if let Some(error) = state.failed.take() {
            return Err(error);
        }
        let last = state.last;
        let ready = |p: &Part| !p.paused && !p.leaving && !p.records.is_empty();
        let turn = state
            .parts
            .range(last + 1..)
            .chain(state.parts.range(..=last))
            .find(|(_, p)| ready(p))
            .map(|(id, _)| *id);
        let Some(partition) = turn else { return Ok(None) };
        state.last = partition;
        let Some(part) = state.parts.get_mut(&partition) else { return Ok(None) };
        let records: Vec<Record> = part.records.drain(..).collect();
        part.bytes = 0;
        part.handed += records.len() as u64;
        Ok(Some(Event::Records { partition, records }))
    }

    /// Begins to hold records of these; paused for members, open for readers.
    pub(crate) fn open(&self, partitions: impl IntoIterator<Item = i32>, paused: bool) {
        let mut state = self.lock();
        for p in partitions {
            state.parts.insert(p, Part { paused, ..Part::default() });
        }
    }

    /// Marks partitions as told back and tells it.
    pub(crate) fn revoke(&self, partitions: Vec<i32>) {
        let mut state = self.lock();
        for p in &partitions {
            state.revoking.insert(*p);
            if let Some(part) = state.parts.get_mut(p) {
                part.leaving = true;
                part.records.clear();
                part.bytes = 0;
            }
        }
        state.news.push_back(Event::Revoked(partitions));
        drop(state);
        self.notify.notify_one();
    }

    /// Drops partitions that are gone already; tells of those that were still held.
    pub(crate) fn lose(&self, partitions: impl IntoIterator<Item = i32>) {
        let mut state = self.lock();
        let held: Vec<i32> = partitions.into_iter().filter(|p| state.parts.remove(p).is_some()).collect();
        if !held.is_empty() {
            state.losses += 1;
            state.news.push_back(Event::Lost(held));
        }
        drop(state);
        self.notify.notify_one();
    }

    /// The runtime begins a commit, with what it was told by now.
    pub(crate) fn begin_commit(&self) {
        let mut state = self.lock();
        state.known = Some(state.told);
    }

    /// Whether partitions were lost that the last commit knows nothing of.
    pub(crate) fn is_stale(&self) -> bool {
        let state = self.lock();
        state.known.is_some_and(|known| known != state.losses)
    }

    pub(crate) fn pause(&self, partitions: &[i32], paused: bool) {
        let mut state = self.lock();
        for p in partitions {
            if let Some(part) = state.parts.get_mut(p) {
                part.paused = paused;
            }
        }
        drop(state);
        self.notify.notify_one();
    }

    /// The runtime is done with these.
    pub(crate) fn release(&self, partitions: &[i32]) {
        let mut state = self.lock();
        for p in partitions {
            if state.revoking.contains(p) {
                state.parts.remove(p);
            }
        }
    }

    /// What is to be unassigned now: all that was told back, once all of it is released.
    pub(crate) fn released(&self) -> Option<BTreeSet<i32>> {
        let mut state = self.lock();
        let all = !state.revoking.is_empty() && state.revoking.iter().all(|p| !state.parts.contains_key(p));
        all.then(|| std::mem::take(&mut state.revoking))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: i64) -> Record {
        Record {
            offset,
            timestamp_ms: 0,
            key: None,
            value: Some(bytes::Bytes::from_static(b"x")),
            headers: docmill_contracts::Headers::new(),
        }
    }

    #[test]
    fn a_silent_partition_is_told_with_where_it_goes_on() {
        let begun = Instant::now();
        let inbox = Inbox::new(1 << 20);
        inbox.open([0, 1, 2], false);
        inbox.begin(0, 7);
        inbox.begin(1, 3);
        assert!(!inbox.hold(0, record(9)), "offsets have gaps, where transactions end");
        assert_eq!(inbox.silent(begun), [], "they have just begun");
        let late = Instant::now() + SILENT + Duration::from_millis(1);
        assert_eq!(inbox.silent(late), [(0, 10), (1, 3)], "the third has not begun");
        assert!(inbox.stands_at(0, 10) && !inbox.stands_at(0, 7) && !inbox.stands_at(5, 0));
        // Each time for twice as long, until something comes.
        assert_eq!(inbox.silent(late + SILENT + SILENT / 2), []);
        assert_eq!(inbox.silent(late + 3 * SILENT), [(0, 10), (1, 3)]);
        assert!(!inbox.hold(1, record(3)));
        let after = Instant::now() + SILENT + Duration::from_millis(1);
        assert_eq!(inbox.silent(after), [(1, 4)]);
    }

    #[test]
    fn what_is_full_or_told_back_is_not_silent() {
        let inbox = Inbox::new(2);
        inbox.open([0, 1], false);
        inbox.begin(0, 0);
        inbox.begin(1, 0);
        assert!(inbox.hold(0, record(0)));
        inbox.revoke(vec![1]);
        let late = Instant::now() + 2 * SILENT;
        assert_eq!(inbox.silent(late), []);
        assert!(!inbox.stands_at(0, 1) && !inbox.stands_at(1, 0));
        // With room again, its silence begins anew.
        assert!(matches!(inbox.take(), Ok(Some(Event::Revoked(_)))));
        assert!(matches!(inbox.take(), Ok(Some(Event::Records { partition: 0, .. }))));
        assert_eq!(inbox.with_room(), [0]);
        assert_eq!(inbox.silent(Instant::now() + 2 * SILENT), [(0, 1)]);
    }
}

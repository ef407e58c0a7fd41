//! What waits to be committed, and when the next transaction is due.

use super::start::Solo;
use super::{Activity, Driver, Effect, Entry, Halt, Phase, Place, millis, ticket};
use crate::topology::Limits;
use crate::transport::OffsetCommit;
use std::collections::{BTreeSet, VecDeque};

/// Longest time that transactions may keep being rolled back before the worker stops.
const ABORTS_MS: i64 = 120_000;
/// How long after its drain a partition may still take to say that it is given back in order.
const CLOSING_MS: i64 = 1000;

#[derive(Debug)]
pub(super) struct Commits<O> {
    /// Finished, not yet in any transaction.
    ready: VecDeque<Entry<O>>,
    ready_bytes: usize,
    /// Rolled back: already complete in the ledger, so part of the very next transaction.
    retained: Vec<Entry<O>>,
    /// When the oldest of them came.
    since_ms: i64,
    in_flight: Option<InFlight>,
    last_ms: i64,
    aborts: u32,
    aborting_since_ms: Option<i64>,
    not_before_ms: i64,
}

#[derive(Debug)]
struct InFlight {
    /// Partition and window bytes of each record in it.
    held: Vec<(i32, usize)>,
    partitions: BTreeSet<i32>,
    /// Partitions that it opens and closes, with their epochs.
    opening: Vec<(i32, u32)>,
    closing: Vec<(i32, u32)>,
    /// The record to be run alone that it marks.
    marked: Option<Place>,
}

impl<O> Default for Commits<O> {
    fn default() -> Self {
        Self {
            ready: VecDeque::new(),
            ready_bytes: 0,
            retained: Vec::new(),
            since_ms: 0,
            in_flight: None,
            last_ms: i64::MIN / 2,
            aborts: 0,
            aborting_since_ms: None,
            not_before_ms: i64::MIN,
        }
    }
}

impl<O> Commits<O> {
    pub(super) fn push(&mut self, entry: Entry<O>, now_ms: i64) {
        if self.is_empty() {
            self.since_ms = now_ms;
        }
        self.ready_bytes += entry.bytes;
        self.ready.push_back(entry);
    }

    fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.retained.is_empty()
    }

    /// True while the commit in flight has to do with the partition.
    pub(super) fn in_flight_with(&self, partition: i32) -> bool {
        self.in_flight.as_ref().is_some_and(|f| f.partitions.contains(&partition))
    }

    /// True while entries of the partition wait.
    pub(super) fn has_ready(&self, partition: i32) -> bool {
        self.ready.iter().chain(&self.retained).any(|e| e.partition == partition)
    }

    /// Drops the waiting entries of a partition that is gone. Those in flight are the log's to judge.
    pub(super) fn drop_partition(&mut self, partition: i32) -> Vec<Entry<O>> {
        let mut dropped: Vec<Entry<O>> = self.retained.extract_if(.., |e| e.partition == partition).collect();
        for entry in std::mem::take(&mut self.ready) {
            if entry.partition == partition {
                self.ready_bytes -= entry.bytes;
                dropped.push(entry);
            } else {
                self.ready.push_back(entry);
            }
        }
        dropped
    }

    pub(super) fn wakes_at(&self, limits: &Limits, asked: bool) -> Option<i64> {
        if self.in_flight.is_some() {
            return None;
        }
        if asked {
            return Some(self.not_before_ms);
        }
        if self.is_empty() {
            return None;
        }
        let due = self.since_ms + millis(limits.commit_interval);
        Some(due.max(self.not_before_ms))
    }

    /// At once when there is little to do or it is long since the last one; else in company, by interval or size.
    fn due(&self, asked: bool, idle: bool, limits: &Limits, now_ms: i64) -> bool {
        if self.in_flight.is_some() || now_ms < self.not_before_ms {
            return false;
        }
        if asked || self.is_empty() {
            return asked;
        }
        let interval = millis(limits.commit_interval);
        idle || now_ms - self.last_ms >= interval
            || now_ms - self.since_ms >= interval
            || self.ready.len() >= limits.commit_records
            || self.ready_bytes >= limits.commit_bytes
    }
}

impl<P: Clone, O> Driver<P, O> {
    /// Starts a transaction where one is due.
    pub(super) fn commit(&mut self, now_ms: i64, effects: &mut Vec<Effect<P, O>>) {
        if self.halted {
            return;
        }
        let asking: Vec<i32> = self.asking().collect();
        let draining = self
            .partitions
            .iter()
            .any(|(id, p)| p.is_draining() && !self.is_running(*id) && self.commits.has_ready(*id));
        let idle = draining || (self.running.is_empty() && self.queue.is_empty());
        if !self.commits.due(!asking.is_empty(), idle, &self.limits, now_ms) {
            return;
        }
        let mut entries = std::mem::take(&mut self.commits.retained);
        let mut bytes: usize = entries.iter().map(|e| e.bytes).sum();
        while let Some(entry) = self.commits.ready.front()
            && (entries.is_empty()
                || (entries.len() < self.limits.commit_records
                    && bytes + entry.bytes <= self.limits.commit_bytes))
        {
            let Some(entry) = self.commits.ready.pop_front() else { break };
            bytes += entry.bytes;
            self.commits.ready_bytes -= entry.bytes;
            if let (Some(offset), Some(partition)) = (entry.offset, self.partitions.get_mut(&entry.partition))
            {
                partition.complete(offset);
            }
            entries.push(entry);
        }
        let partitions: BTreeSet<i32> = entries.iter().map(|e| e.partition).chain(asking).collect();
        let mut flight = InFlight {
            held: entries.iter().filter(|e| e.offset.is_some()).map(|e| (e.partition, e.held)).collect(),
            partitions: BTreeSet::new(),
            opening: Vec::new(),
            closing: Vec::new(),
            marked: None,
        };
        let mut offsets = Vec::new();
        for id in &partitions {
            let Some(p) = self.partitions.get(id) else { continue };
            let closing = self.closes(*id, p);
            if closing {
                flight.closing.push((*id, p.epoch()));
            }
            if p.asks_to_open() {
                flight.opening.push((*id, p.epoch()));
            }
            let solo = match self.solo {
                Some(Solo::Unmarked(place)) if place.0 == *id => {
                    flight.marked = Some(place);
                    Some(place.1)
                }
                _ => None,
            };
            let in_work = self.in_work(*id).map(|((_, offset), _)| *offset).chain(solo);
            let (offset, metadata) = p.position(in_work, closing);
            offsets.push(OffsetCommit { partition: *id, offset, metadata });
        }
        flight.partitions = partitions;
        self.commits.in_flight = Some(flight);
        self.commits.since_ms = now_ms;
        effects.push(Effect::Commit { entries, offsets });
    }

    pub(super) fn committed(&mut self, now_ms: i64) {
        if let Some(flight) = self.commits.in_flight.take() {
            // One that only opens or closes does not make those that carry results wait for company.
            if !flight.held.is_empty() {
                self.commits.last_ms = now_ms;
            }
            for (_, bytes) in flight.held {
                self.budget.give(bytes);
            }
            for (id, epoch) in flight.opening {
                if let Some(p) = self.partitions.get_mut(&id).filter(|p| p.epoch() == epoch) {
                    p.open();
                }
            }
            for (id, epoch) in flight.closing {
                if let Some(p) = self.partitions.get_mut(&id).filter(|p| p.epoch() == epoch) {
                    p.close();
                }
            }
            if let (Some(marked), Some(Solo::Unmarked(place))) = (flight.marked, self.solo)
                && marked == place
            {
                self.solo = Some(Solo::Marked(place));
            }
        }
        self.commits.aborts = 0;
        self.commits.aborting_since_ms = None;
    }

    /// The same outputs go into the next transaction; those of partitions that are gone meanwhile are dropped.
    pub(super) fn aborted(&mut self, entries: Vec<Entry<O>>, now_ms: i64, effects: &mut Vec<Effect<P, O>>) {
        self.commits.in_flight = None;
        for entry in entries {
            let current = self.partitions.get(&entry.partition).is_some_and(|p| p.epoch() == entry.epoch);
            if current {
                self.commits.retained.push(entry);
            } else if entry.offset.is_some() {
                self.budget.give(entry.held);
            }
        }
        self.commits.aborts += 1;
        let since = *self.commits.aborting_since_ms.get_or_insert(now_ms);
        if now_ms - since >= ABORTS_MS {
            self.halt(Halt::Commits { for_ms: now_ms - since }, effects);
        }
        self.commits.not_before_ms = now_ms + self.retry.wait(self.commits.aborts, &mut self.rng);
        self.commits.since_ms = now_ms;
    }

    /// At the end of a drain what still runs is left to the next owner. A commit in flight is waited for, since its
    /// offsets are of a partition that must be ours until it ends.
    pub(super) fn end_drains(&mut self, now_ms: i64, effects: &mut Vec<Effect<P, O>>) {
        let over: Vec<i32> = self
            .partitions
            .iter()
            .filter(
                |(_, p)| matches!(p.phase(), Phase::Draining { ends_ms, over: false } if now_ms >= ends_ms),
            )
            .map(|(id, _)| *id)
            .collect();
        for id in over {
            let places: Vec<Place> = self.in_work(id).map(|(place, _)| *place).collect();
            for place in places {
                if let Some(work) = self.work.get(&place) {
                    effects.push(Effect::Cancel(ticket(place, work)));
                }
                self.forget(place);
            }
            if let Some(p) = self.partitions.get_mut(&id) {
                p.end_drain(now_ms.saturating_add(CLOSING_MS));
            }
        }
    }

    /// Gives back drained partitions, and says when everything is given back on the way out.
    pub(super) fn release(&mut self, now_ms: i64, effects: &mut Vec<Effect<P, O>>) {
        let mut released = Vec::new();
        for (id, partition) in &self.partitions {
            let Phase::Draining { ends_ms, over } = partition.phase() else { continue };
            if self.commits.in_flight_with(*id) {
                continue;
            }
            let finished = !self.is_running(*id) && !self.commits.has_ready(*id) && !partition.is_open();
            if finished || (over && now_ms >= ends_ms) {
                released.push(*id);
            }
        }
        for id in &released {
            self.drop_partition(*id, effects);
        }
        if !released.is_empty() {
            effects.push(Effect::Release(released));
        }
        if self.stopping && self.partitions.is_empty() && self.commits.in_flight.is_none() {
            self.halted = true;
            effects.push(Effect::Stopped);
        }
    }

    pub(super) fn is_running(&self, partition: i32) -> bool {
        self.in_work(partition).next().is_some()
    }

    /// Records of a partition that somebody is at.
    fn in_work(&self, partition: i32) -> impl Iterator<Item = (&Place, &super::Work<P>)> {
        self.work
            .range((partition, i64::MIN)..=(partition, i64::MAX))
            .filter(|(_, w)| matches!(w.activity, Activity::Running { .. } | Activity::Burying))
    }
}

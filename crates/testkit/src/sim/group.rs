//! Groups of the log in memory, and the members' reading halves.

use super::SimLog;
use docmill_runtime::transport::{Assigned, Consumer, Event, Member, TransportError};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::sync::watch;

/// One member of one group.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) group: String,
    pub(super) topic: String,
    slot: String,
    /// Tells members that had the same slot apart.
    id: u64,
}

impl Seat {
    pub(super) fn new(member: &Member, id: u64) -> Self {
        Self { group: member.group.clone(), topic: member.topic.clone(), slot: member.slot.clone(), id }
    }
}

#[derive(Default)]
pub(super) struct Group {
    topic: String,
    partitions: i32,
    members: BTreeMap<String, Place>,
}

struct Place {
    id: u64,
    owned: BTreeSet<i32>,
    leaving: BTreeSet<i32>,
    news: VecDeque<News>,
}

enum News {
    Assigned(Vec<i32>),
    Revoked(Vec<i32>),
    Lost(Vec<i32>),
}

impl Group {
    pub(super) fn join(&mut self, seat: &Seat, partitions: i32) {
        self.topic.clone_from(&seat.topic);
        self.partitions = partitions;
        let place =
            Place { id: seat.id, owned: BTreeSet::new(), leaving: BTreeSet::new(), news: VecDeque::new() };
        self.members.insert(seat.slot.clone(), place);
        self.rebalance();
    }

    fn leave(&mut self, seat: &Seat) {
        if self.place(seat).is_some() {
            self.members.remove(&seat.slot);
            self.rebalance();
        }
    }

    pub(super) fn resize(&mut self, topic: &str, partitions: i32) {
        if self.topic == topic {
            self.partitions = partitions;
            self.rebalance();
        }
    }

    fn place(&mut self, seat: &Seat) -> Option<&mut Place> {
        self.members.get_mut(&seat.slot).filter(|p| p.id == seat.id)
    }

    pub(super) fn owns(&self, seat: &Seat, partition: i32) -> bool {
        self.members.get(&seat.slot).is_some_and(|p| p.id == seat.id && p.owned.contains(&partition))
    }

    pub(super) fn revoke(&mut self, slot: &str, partitions: &[i32]) {
        let Some(place) = self.members.get_mut(slot) else { return };
        let asked: Vec<i32> = partitions
            .iter()
            .filter(|p| place.owned.contains(p) && place.leaving.insert(**p))
            .copied()
            .collect();
        if !asked.is_empty() {
            place.news.push_back(News::Revoked(asked));
        }
    }

    pub(super) fn lose(&mut self, slot: &str, partitions: &[i32]) {
        let Some(place) = self.members.get_mut(slot) else { return };
        let gone: Vec<i32> = partitions.iter().filter(|p| place.owned.remove(p)).copied().collect();
        place.leaving.retain(|p| !gone.contains(p));
        if !gone.is_empty() {
            place.news.push_back(News::Lost(gone));
            self.rebalance();
        }
    }

    fn release(&mut self, seat: &Seat, partitions: &[i32]) {
        let Some(place) = self.place(seat) else { return };
        for p in partitions {
            if place.leaving.remove(p) {
                place.owned.remove(p);
            }
        }
        self.rebalance();
    }

    /// Asks back what the wrong member owns, and gives out what nobody owns.
    fn rebalance(&mut self) {
        let slots: Vec<String> = self.members.keys().cloned().collect();
        let taken: BTreeSet<i32> = self.members.values().flat_map(|m| m.owned.iter().copied()).collect();
        for (n, slot) in slots.iter().enumerate() {
            let wanted = |p: &i32| usize::try_from(*p).is_ok_and(|p| p % slots.len() == n);
            let Some(place) = self.members.get_mut(slot) else { continue };
            let back: Vec<i32> =
                place.owned.iter().filter(|p| !wanted(p) && !place.leaving.contains(p)).copied().collect();
            let given: Vec<i32> = (0..self.partitions).filter(|p| wanted(p) && !taken.contains(p)).collect();
            if !back.is_empty() {
                place.leaving.extend(&back);
                place.news.push_back(News::Revoked(back));
            }
            if !given.is_empty() {
                place.owned.extend(&given);
                place.news.push_back(News::Assigned(given));
            }
        }
    }
}

struct Part {
    next: i64,
    paused: bool,
}

pub(super) struct SimConsumer {
    log: SimLog,
    seat: Seat,
    fetch_bytes: usize,
    parts: BTreeMap<i32, Part>,
    last: i32,
    changes: watch::Receiver<u64>,
}

impl SimConsumer {
    pub(super) fn new(log: SimLog, seat: Seat, fetch_bytes: usize) -> Self {
        let changes = log.changes.subscribe();
        Self { log, seat, fetch_bytes, parts: BTreeMap::new(), last: -1, changes }
    }

    /// The next event, if there is one now. Nothing is awaited in between, so nothing is lost with a future.
    fn look(&mut self) -> Result<Option<Event>, TransportError> {
        let mut state = self.log.lock();
        let place = state.groups.get_mut(&self.seat.group).and_then(|g| g.place(&self.seat));
        let Some(place) = place else {
            let (group, slot) = (self.seat.group.clone(), self.seat.slot.clone());
            return Err(TransportError::Fenced { group, slot });
        };
        match place.news.pop_front() {
            Some(News::Revoked(partitions)) => {
                self.parts.retain(|p, _| !partitions.contains(p));
                return Ok(Some(Event::Revoked(partitions)));
            }
            Some(News::Lost(partitions)) => {
                self.parts.retain(|p, _| !partitions.contains(p));
                return Ok(Some(Event::Lost(partitions)));
            }
            Some(News::Assigned(partitions)) => {
                let committed = state.committed(&self.seat.group, &self.seat.topic);
                let marks = state.marks(&self.seat.topic)?;
                let assigned: Vec<Assigned> = partitions
                    .into_iter()
                    .map(|partition| {
                        let (low, high) = marks
                            .iter()
                            .find(|m| m.partition == partition)
                            .map_or((0, 0), |m| (m.low, m.high));
                        let found = committed.iter().find(|c| c.partition == partition);
                        Assigned {
                            partition,
                            offset: found.map_or(low, |c| c.offset),
                            metadata: found.map_or_else(String::new, |c| c.metadata.clone()),
                            low,
                            high,
                        }
                    })
                    .collect();
                for a in &assigned {
                    self.parts.insert(a.partition, Part { next: a.offset, paused: true });
                }
                return Ok(Some(Event::Assigned(assigned)));
            }
            None => {}
        }
        let after = self.parts.range(self.last + 1..).map(|(p, _)| *p);
        let turns: Vec<i32> = after.chain(self.parts.range(..=self.last).map(|(p, _)| *p)).collect();
        for partition in turns {
            let Some(part) = self.parts.get_mut(&partition).filter(|p| !p.paused) else { continue };
            let records = state.fetch(&self.seat.topic, partition, part.next, self.fetch_bytes);
            if let Some(last) = records.last() {
                part.next = last.offset + 1;
                self.last = partition;
                return Ok(Some(Event::Records { partition, records }));
            }
        }
        Ok(None)
    }

    fn set_paused(&mut self, partitions: &[i32], paused: bool) {
        for p in partitions {
            if let Some(part) = self.parts.get_mut(p) {
                part.paused = paused;
            }
        }
    }
}

impl Consumer for SimConsumer {
    fn next(&mut self) -> BoxFuture<'_, Result<Event, TransportError>> {
        async move {
            loop {
                self.changes.borrow_and_update();
                if let Some(event) = self.look()? {
                    return Ok(event);
                }
                let changed = self.changes.changed().await;
                changed.map_err(|e| super::broken("wait for the log", e.to_string()))?;
            }
        }
        .boxed()
    }

    fn pause(&mut self, partitions: &[i32]) {
        self.set_paused(partitions, true);
    }

    fn resume(&mut self, partitions: &[i32]) {
        self.set_paused(partitions, false);
    }

    fn release(&mut self, partitions: &[i32]) {
        if let Some(group) = self.log.lock().groups.get_mut(&self.seat.group) {
            group.release(&self.seat, partitions);
        }
        self.log.changed();
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        drop(self);
        ready(()).boxed()
    }
}

impl Drop for SimConsumer {
    fn drop(&mut self) {
        if let Some(group) = self.log.lock().groups.get_mut(&self.seat.group) {
            group.leave(&self.seat);
        }
        self.log.changed();
    }
}

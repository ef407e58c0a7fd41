//! The driver: one worker's state machine. It decides; the worker around it does.
//!
//! Owns the window: ledgers, budget, fair queue, running and sleeping attempts, finished entries and the one commit in
//! flight. It has no clock, no lock, no I/O and no await: `on(event, now)` changes the state and returns effects, so that
//! the same code runs in production and under simulation.
//!
//! Rules: an offset is committed only together with the outputs of its record; only for a partition owned at that
//! moment; and a result of an ended epoch or attempt is dropped.

mod commit;
mod event;
mod partition;
mod start;

pub use event::{Effect, Entry, Event, Halt, Item, Outcome, Ticket};

use crate::breaker::{Breaker, GiveUp};
use crate::budget::Budget;
use crate::ledger::Offer;
use crate::retry::{RetryPolicy, Verdict};
use crate::schedule::Fair;
use crate::topology::Limits;
use commit::Commits;
use docmill_contracts::{Class, ErrorInfo};
use partition::{Partition, Phase};
use rand::{SeedableRng, rngs::SmallRng};
use start::Solo;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    /// Fetched; its partition is not open yet, or it lies beyond the span.
    Waiting,
    Queued,
    Running {
        since_ms: i64,
    },
    Sleeping {
        until_ms: i64,
    },
    Burying,
}

#[derive(Debug)]
struct Work<P> {
    item: Item<P>,
    epoch: u32,
    attempts: u32,
    first_seen_ms: i64,
    activity: Activity,
}

type Place = (i32, i64);

/// Code of a record that cannot be decoded.
const UNDECODABLE: &str = "RUNTIME-0007";

/// One worker's state machine. `P`: payload of a record; `O`: outputs of a record.
#[derive(Debug)]
pub struct Driver<P, O> {
    limits: Limits,
    retry: RetryPolicy,
    rng: SmallRng,
    partitions: BTreeMap<i32, Partition>,
    epochs: HashMap<i32, u32>,
    budget: Budget,
    work: BTreeMap<Place, Work<P>>,
    queue: Fair<Place>,
    /// Keys with work in progress, and the work behind them in order.
    busy: HashMap<Arc<str>, VecDeque<Place>>,
    sleeping: BTreeSet<(i64, Place)>,
    /// When running attempts began, oldest first.
    running: BTreeSet<(i64, Place)>,
    /// Work that has to run alone.
    solos: BTreeSet<Place>,
    solo: Option<Solo>,
    breaker: Breaker,
    commits: Commits<O>,
    stopping: bool,
    halted: bool,
}

impl<P: Clone, O> Driver<P, O> {
    /// A driver with these limits; `seed` only spreads retries.
    pub fn new(limits: Limits, retry: RetryPolicy, seed: u64) -> Self {
        let budget = Budget::new(limits.window_records, limits.window_bytes);
        let breaker = Breaker::new(limits.breaker_window, limits.breaker_ratio);
        Self {
            limits,
            retry,
            rng: SmallRng::seed_from_u64(seed),
            partitions: BTreeMap::new(),
            epochs: HashMap::new(),
            budget,
            work: BTreeMap::new(),
            queue: Fair::default(),
            busy: HashMap::new(),
            sleeping: BTreeSet::new(),
            running: BTreeSet::new(),
            solos: BTreeSet::new(),
            solo: None,
            breaker,
            commits: Commits::default(),
            stopping: false,
            halted: false,
        }
    }

    /// Takes an event at a time, milliseconds since 1970 UTC, and says what to do.
    pub fn on(&mut self, event: Event<P, O>, now_ms: i64) -> Vec<Effect<P, O>> {
        let mut effects = Vec::new();
        if self.halted {
            return effects;
        }
        match event {
            Event::Assigned { partition, offset, metadata } => {
                self.assigned(partition, offset, &metadata, &mut effects);
            }
            Event::Revoked(partitions) => self.revoked(&partitions, now_ms),
            Event::Lost(partitions) => partitions.iter().for_each(|p| self.drop_partition(*p, &mut effects)),
            Event::Fetched { partition, items } => self.fetched(partition, items, now_ms),
            Event::Finished { ticket, outcome, bytes } => {
                self.finished(ticket, outcome, bytes, now_ms, &mut effects);
            }
            Event::Emitted { partition, outputs, bytes } => self.emitted(partition, outputs, bytes, now_ms),
            Event::Committed => self.committed(now_ms),
            Event::Aborted(entries) => self.aborted(entries, now_ms, &mut effects),
            Event::Stop => {
                self.stopping = true;
                let all: Vec<i32> = self.partitions.keys().copied().collect();
                self.revoked(&all, now_ms);
            }
            Event::Tick => {}
        }
        self.expire(now_ms, &mut effects);
        self.wake(now_ms);
        self.admit(now_ms, &mut effects);
        self.start(now_ms, &mut effects);
        self.end_drains(now_ms, &mut effects);
        self.commit(now_ms, &mut effects);
        self.release(now_ms, &mut effects);
        self.throttle(&mut effects);
        effects
    }

    /// When [`Event::Tick`] is wanted, milliseconds since 1970 UTC.
    pub fn wakes_at(&self) -> Option<i64> {
        if self.halted {
            return None;
        }
        let timeout = millis(self.limits.attempt_timeout);
        let attempts = self.running.first().map(|(since, _)| since + timeout);
        let sleeping = self.sleeping.first().map(|(at, _)| *at);
        // The end of a commit is an event of its own.
        let drains = self.partitions.iter().filter(|(id, _)| !self.commits.in_flight_with(**id));
        let drains = drains.filter_map(|(_, p)| p.drain_ends_ms());
        let commit = self.commits.wakes_at(&self.limits, self.asking().next().is_some());
        let rest = self.breaker.wakes_at();
        attempts.into_iter().chain(sleeping).chain(drains).chain(commit).chain(rest).min()
    }

    /// Records and bytes in the window.
    pub fn window(&self) -> (usize, usize) {
        self.budget.used()
    }

    /// Attempts that run now.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Widest span of offsets of any partition.
    pub fn span(&self) -> usize {
        self.partitions.values().map(Partition::span).max().unwrap_or(0)
    }

    /// When the oldest record of the window was first seen, milliseconds since 1970 UTC.
    pub fn oldest_ms(&self) -> Option<i64> {
        self.work.values().map(|w| w.first_seen_ms).min()
    }

    fn halt(&mut self, why: Halt, effects: &mut Vec<Effect<P, O>>) {
        self.halted = true;
        effects.push(Effect::Halt(Box::new(why)));
    }

    fn assigned(&mut self, partition: i32, offset: i64, metadata: &str, effects: &mut Vec<Effect<P, O>>) {
        self.drop_partition(partition, effects);
        let epoch = self.epochs.entry(partition).and_modify(|e| *e += 1).or_insert(1);
        match Partition::restore(partition, *epoch, offset, metadata) {
            Ok(p) => {
                self.partitions.insert(partition, p);
                if self.stopping {
                    self.revoked(&[partition], i64::MIN);
                }
            }
            Err(e) => self.halt(Halt::Metadata(e.to_string()), effects),
        }
    }

    /// Stops starting work of these partitions; what runs may finish until the drain ends.
    fn revoked(&mut self, partitions: &[i32], now_ms: i64) {
        let ends_ms = now_ms.saturating_add(millis(self.limits.drain));
        for p in partitions {
            if let Some(partition) = self.partitions.get_mut(p) {
                partition.drain_until(ends_ms);
            }
        }
        let idle: Vec<Place> = self
            .work
            .iter()
            .filter(|((p, _), w)| {
                partitions.contains(p)
                    && matches!(w.activity, Activity::Waiting | Activity::Queued | Activity::Sleeping { .. })
            })
            .map(|(place, _)| *place)
            .collect();
        for place in idle {
            self.forget(place);
        }
        self.queue.remove_if(|(p, _)| partitions.contains(p));
    }

    /// Forgets all of a partition; nothing of it is committed any more.
    fn drop_partition(&mut self, partition: i32, effects: &mut Vec<Effect<P, O>>) {
        if self.partitions.remove(&partition).is_none() {
            return;
        }
        let places: Vec<Place> =
            self.work.range((partition, i64::MIN)..=(partition, i64::MAX)).map(|(p, _)| *p).collect();
        for place in places {
            if let Some(work) = self.work.get(&place)
                && matches!(work.activity, Activity::Running { .. })
            {
                effects.push(Effect::Cancel(ticket(place, work)));
            }
            self.forget(place);
        }
        self.queue.remove_if(|(p, _)| *p == partition);
        for entry in self.commits.drop_partition(partition) {
            if entry.offset.is_some() {
                self.budget.give(entry.held);
            }
        }
    }

    /// Removes a record's work without its being done; it will be fetched again by the next owner.
    fn forget(&mut self, place: Place) {
        let Some(work) = self.work.remove(&place) else { return };
        match work.activity {
            Activity::Running { since_ms } => {
                self.running.remove(&(since_ms, place));
            }
            Activity::Sleeping { until_ms } => {
                self.sleeping.remove(&(until_ms, place));
            }
            Activity::Waiting | Activity::Queued | Activity::Burying => {}
        }
        self.end_solo(place);
        self.budget.give(work.item.bytes);
        self.free_key(place, work.item.order.as_ref());
    }

    /// The next record of an ordered key may start.
    fn free_key(&mut self, place: Place, key: Option<&Arc<str>>) {
        let Some(key) = key else { return };
        let Some(line) = self.busy.get_mut(key) else { return };
        let was_first = line.front() == Some(&place);
        line.retain(|p| *p != place);
        match (was_first, line.front().copied()) {
            (_, None) => {
                self.busy.remove(key);
            }
            (true, Some(next)) => {
                self.ready(next, true);
            }
            (false, Some(_)) => {}
        }
    }

    fn fetched(&mut self, partition: i32, items: Vec<Item<P>>, now_ms: i64) {
        let Some(owner) = self.partitions.get_mut(&partition) else { return };
        if owner.is_draining() {
            return;
        }
        for item in items {
            match owner.offer(item.offset) {
                Offer::Done | Offer::Repeated => continue,
                Offer::New => {}
            }
            let place = (partition, item.offset);
            self.budget.take(item.bytes);
            let work = Work {
                item,
                epoch: owner.epoch(),
                attempts: 0,
                first_seen_ms: now_ms,
                activity: Activity::Waiting,
            };
            self.work.insert(place, work);
        }
    }

    fn finished(
        &mut self,
        ticket: Ticket,
        outcome: Outcome<O>,
        bytes: usize,
        now_ms: i64,
        effects: &mut Vec<Effect<P, O>>,
    ) {
        let place = (ticket.partition, ticket.offset);
        let Some(work) = self.work.get_mut(&place) else { return };
        if work.epoch != ticket.epoch || work.attempts != ticket.attempt {
            return;
        }
        match work.activity {
            Activity::Running { since_ms } => {
                self.running.remove(&(since_ms, place));
            }
            Activity::Burying => {}
            Activity::Waiting | Activity::Queued | Activity::Sleeping { .. } => return,
        }
        let buried = work.activity == Activity::Burying;
        self.end_solo(place);
        match outcome {
            Outcome::Done(outputs) => {
                if !buried && self.breaker.worked() {
                    effects.push(Effect::Breaker(None));
                }
                if let Some(work) = self.work.remove(&place) {
                    let entry = Entry {
                        partition: place.0,
                        epoch: work.epoch,
                        offset: Some(place.1),
                        outputs,
                        bytes,
                        held: work.item.bytes,
                    };
                    self.commits.push(entry, now_ms);
                    self.free_key(place, work.item.order.as_ref());
                }
            }
            Outcome::Failed(error) => {
                self.failed(place, error, now_ms, effects);
            }
            Outcome::Deferred(wait_ms) => {
                if let Some(work) = self.work.get_mut(&place) {
                    work.first_seen_ms = now_ms + wait_ms.max(1);
                }
                self.sleep(place, now_ms + wait_ms.max(1));
            }
        }
    }

    /// Holds the offset, and no permit, until then; not at all where the partition is being given back.
    fn sleep(&mut self, place: Place, until_ms: i64) {
        if let Some(work) = self.work.get_mut(&place) {
            work.activity = Activity::Queued;
        }
        if self.partitions.get(&place.0).is_none_or(Partition::is_draining) {
            self.forget(place);
        } else if let Some(work) = self.work.get_mut(&place) {
            work.activity = Activity::Sleeping { until_ms };
            self.sleeping.insert((until_ms, place));
        }
    }

    fn failed(&mut self, place: Place, error: ErrorInfo, now_ms: i64, effects: &mut Vec<Effect<P, O>>) {
        let Some(work) = self.work.get_mut(&place) else { return };
        match self.retry.verdict(error.class, work.attempts, work.first_seen_ms, now_ms, &mut self.rng) {
            Verdict::Halt => self.halt(Halt::Stage(error), effects),
            Verdict::Retry { at_ms } => self.sleep(place, at_ms),
            Verdict::Reject => {
                if self.spares(place, &error, now_ms, effects) {
                    return;
                }
                let Some(work) = self.work.get_mut(&place) else { return };
                work.activity = Activity::Burying;
                effects.push(Effect::Bury {
                    ticket: ticket(place, work),
                    payload: work.item.payload.clone(),
                    error,
                    first_seen_ms: work.first_seen_ms,
                });
            }
        }
    }

    /// Whether a record is kept, because too many before it were given up.
    fn spares(
        &mut self,
        place: Place,
        error: &ErrorInfo,
        now_ms: i64,
        effects: &mut Vec<Effect<P, O>>,
    ) -> bool {
        // A record that is at fault itself says that the stage works; one that nobody can decode does not.
        if error.class == Class::Input && error.code != UNDECODABLE {
            if self.breaker.worked() {
                effects.push(Effect::Breaker(None));
            }
            return false;
        }
        match self.breaker.give_up(now_ms) {
            GiveUp::Yes => false,
            GiveUp::NotNow { until_ms, opened } => {
                if opened {
                    effects.push(Effect::Breaker(Some(error.clone())));
                }
                self.sleep(place, until_ms);
                true
            }
        }
    }

    fn emitted(&mut self, partition: i32, outputs: O, bytes: usize, now_ms: i64) {
        if let Some(owner) = self.partitions.get(&partition) {
            let entry = Entry { partition, epoch: owner.epoch(), offset: None, outputs, bytes, held: 0 };
            self.commits.push(entry, now_ms);
        }
    }

    /// Attempts that took too long count as failed, with a transient error.
    fn expire(&mut self, now_ms: i64, effects: &mut Vec<Effect<P, O>>) {
        let timeout = millis(self.limits.attempt_timeout);
        while let Some((since_ms, place)) = self.running.first().copied()
            && since_ms + timeout <= now_ms
            && !self.halted
        {
            self.running.pop_first();
            let Some(work) = self.work.get_mut(&place) else { continue };
            effects.push(Effect::Cancel(ticket(place, work)));
            work.activity = Activity::Queued;
            self.end_solo(place);
            self.failed(place, timeout_error(timeout), now_ms, effects);
        }
    }

    fn wake(&mut self, now_ms: i64) {
        while let Some((at, place)) = self.sleeping.first().copied()
            && at <= now_ms
        {
            self.sleeping.pop_first();
            if let Some(work) = self.work.get_mut(&place) {
                work.activity = Activity::Queued;
                self.ready(place, true);
            }
        }
    }

    /// Pauses and resumes partitions where budget, span or a drain ask for it; says only what changes.
    fn throttle(&mut self, effects: &mut Vec<Effect<P, O>>) {
        let (full, span) = (self.budget.is_full(), self.limits.window_span);
        let (mut pause, mut resume) = (Vec::new(), Vec::new());
        for (id, partition) in &mut self.partitions {
            match partition.throttle(full, span) {
                Some(true) => pause.push(*id),
                Some(false) => resume.push(*id),
                None => {}
            }
        }
        if !pause.is_empty() {
            effects.push(Effect::Pause(pause));
        }
        if !resume.is_empty() {
            effects.push(Effect::Resume(resume));
        }
    }
}

fn ticket<P>(place: Place, work: &Work<P>) -> Ticket {
    Ticket { partition: place.0, offset: place.1, epoch: work.epoch, attempt: work.attempts }
}

fn timeout_error(timeout_ms: i64) -> ErrorInfo {
    ErrorInfo {
        code: "RUNTIME-0003".into(),
        class: docmill_contracts::Class::Transient,
        message: format!("attempt took longer than {timeout_ms} ms"),
        stage: "runtime".into(),
        page: None,
    }
}

fn millis(d: Duration) -> i64 {
    i64::try_from(d.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;

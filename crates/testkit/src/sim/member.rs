//! The reading half of a member.

use super::client::Client;
use super::group::{Gone, News, Seat};
use super::state::Life;
use super::{Fetch, State, away};
use docmill_runtime::transport::{Assigned, Consumer, Event, TransportError};
use futures::FutureExt;
use futures::future::{BoxFuture, pending, ready};
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What both halves of a member share: its seat, and what that was when the reading half was last asked.
#[derive(Clone)]
pub(super) struct SharedSeat(Arc<Mutex<Stamp>>);

/// A seat, with the generation of the moment where it was asked for.
#[derive(Clone)]
pub(super) struct Stamp {
    pub(super) seat: Seat,
    pub(super) generation: Option<u64>,
}

impl SharedSeat {
    fn new(seat: Seat) -> Self {
        Self(Arc::new(Mutex::new(Stamp { seat, generation: None })))
    }

    fn lock(&self) -> MutexGuard<'_, Stamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For one transaction.
    pub(super) fn stamp(&self) -> Stamp {
        self.lock().clone()
    }
}

struct Part {
    next: i64,
    paused: bool,
    /// Asked back: nothing more is fetched, but it may still be lost before it is given back.
    leaving: bool,
}

pub(super) struct SimConsumer {
    client: Client,
    seat: Seat,
    /// The seat as the writing half is to use it.
    told: SharedSeat,
    fetch_bytes: usize,
    parts: BTreeMap<i32, Part>,
    last: i32,
    /// Assigned, but their positions may still change.
    waiting: Vec<i32>,
    /// Given back while the log could not be reached.
    unreleased: Vec<i32>,
    not_before: Option<Instant>,
}

enum Look {
    Found(Event),
    Nothing,
    Later(Instant),
}

impl SimConsumer {
    pub(super) fn new(client: Client, seat: Seat, fetch_bytes: usize) -> Self {
        Self {
            client,
            told: SharedSeat::new(seat.clone()),
            seat,
            fetch_bytes,
            parts: BTreeMap::new(),
            last: -1,
            waiting: Vec::new(),
            unreleased: Vec::new(),
            not_before: None,
        }
    }

    pub(super) fn seat(&self) -> SharedSeat {
        self.told.clone()
    }

    /// The next event, if there is one now. Nothing is awaited in between, so nothing is lost with a future.
    fn look(&mut self) -> Result<Look, TransportError> {
        let seat = self.seat.clone();
        let weather = self.client.weather();
        let client = self.client.clone();
        let mut state = client.shared().lock();
        if !self.unreleased.is_empty() {
            let released = std::mem::take(&mut self.unreleased);
            state.in_group(&seat.group, |g| g.release(&seat, &released));
        }
        let found = self.look_in(&mut state, &seat, weather.as_ref().map(|(name, w)| (name.as_str(), &**w)));
        client.shared().wake(state);
        if let (Some((name, weather)), Ok(Look::Found(event))) = (&weather, &found) {
            weather.told(name, &seat.group, event);
        }
        found
    }

    fn look_in(
        &mut self,
        state: &mut State,
        seat: &Seat,
        weather: Option<(&str, &dyn super::Weather)>,
    ) -> Result<Look, TransportError> {
        let here = state.groups.get_mut(&seat.group).map(|g| g.place(seat).map(drop));
        match here {
            Some(Ok(())) => {}
            Some(Err(Gone::Evicted)) => {
                let lost: Vec<i32> = std::mem::take(&mut self.parts).into_keys().collect();
                self.waiting.clear();
                if !lost.is_empty() {
                    return Ok(Look::Found(Event::Lost(lost)));
                }
                self.rejoin(state, seat)?;
                return Ok(Look::Later(Instant::now()));
            }
            Some(Err(Gone::Fenced)) | None => {
                let (group, slot) = (seat.group.clone(), seat.slot.clone());
                return Err(TransportError::Fenced { group, slot });
            }
        }
        if let Some(assigned) = self.positions(state, seat)? {
            return Ok(Look::Found(Event::Assigned(assigned)));
        }
        if self.waiting.is_empty() {
            match state.groups.get_mut(&seat.group).and_then(|g| g.take_news(seat)) {
                Some(News::Revoked(partitions)) => {
                    for p in &partitions {
                        if let Some(part) = self.parts.get_mut(p) {
                            part.leaving = true;
                        }
                    }
                    return Ok(Look::Found(Event::Revoked(partitions)));
                }
                Some(News::Lost(partitions)) => {
                    self.parts.retain(|p, _| !partitions.contains(p));
                    return Ok(Look::Found(Event::Lost(partitions)));
                }
                Some(News::Assigned(partitions)) => {
                    self.waiting = partitions;
                    return Ok(match self.positions(state, seat)? {
                        Some(assigned) => Look::Found(Event::Assigned(assigned)),
                        None => Look::Nothing,
                    });
                }
                None => {}
            }
        }
        if let Some(at) = self.not_before {
            if Instant::now() < at {
                return Ok(Look::Later(at));
            }
            self.not_before = None;
        }
        self.fetch(state, seat, weather)
    }

    /// Comes back as a new member.
    fn rejoin(&mut self, state: &mut State, seat: &Seat) -> Result<(), TransportError> {
        let partitions = state.topics.get(&seat.topic).map(|t| t.spec.partitions);
        let partitions = partitions.ok_or_else(|| super::unknown(&seat.topic))?;
        let new = Seat { id: state.id(), ..seat.clone() };
        state.in_group(&seat.group, |g| g.join(&new, partitions));
        // What was stamped keeps its old seat; what was not goes by the new one.
        let mut told = self.told.lock();
        if told.generation.is_none() {
            told.seat = new.clone();
        }
        drop(told);
        self.seat = new;
        Ok(())
    }

    /// Positions of what waits for them, once no open transaction may change them.
    fn positions(&mut self, state: &State, seat: &Seat) -> Result<Option<Vec<Assigned>>, TransportError> {
        if self.waiting.is_empty()
            || !self.waiting.iter().all(|p| state.is_stable(&seat.group, &seat.topic, *p))
        {
            return Ok(None);
        }
        let marks = state.marks(&seat.topic)?;
        let assigned: Vec<Assigned> = std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|partition| {
                let mark = marks.iter().find(|m| m.partition == partition);
                let (low, high) = mark.map_or((0, 0), |m| (m.low, m.high));
                let (offset, metadata) =
                    state.position(&seat.group, &seat.topic, partition).unwrap_or((low, String::new()));
                Assigned { partition, offset, metadata, low, high: high.max(offset.min(high)) }
            })
            .collect();
        for a in &assigned {
            self.parts.insert(a.partition, Part { next: a.offset, paused: true, leaving: false });
        }
        Ok(Some(assigned))
    }

    fn fetch(
        &mut self,
        state: &mut State,
        seat: &Seat,
        weather: Option<(&str, &dyn super::Weather)>,
    ) -> Result<Look, TransportError> {
        let after = self.parts.range(self.last + 1..).map(|(p, _)| *p);
        let turns: Vec<i32> = after.chain(self.parts.range(..=self.last).map(|(p, _)| *p)).collect();
        let (uncommitted, bytes) = (state.uncommitted, self.fetch_bytes);
        for partition in turns {
            let Some(part) = self.parts.get_mut(&partition).filter(|p| !p.paused && !p.leaving) else {
                continue;
            };
            let Some(log) = state.part(&seat.topic, partition) else { continue };
            if log.fetch(part.next, bytes, 1, uncommitted).is_empty() {
                continue;
            }
            let calm = Fetch { count: usize::MAX, again: 0, then: Duration::ZERO, refuse: false };
            let fetch = weather.map_or(calm, |(name, w)| w.fetch(name, &seat.topic));
            if fetch.refuse {
                return Err(away(format!("topic {}", seat.topic)));
            }
            let again = i64::try_from(fetch.again).unwrap_or(0);
            let records = log.fetch(part.next.saturating_sub(again), bytes, fetch.count, uncommitted);
            if let Some(last) = records.last() {
                part.next = part.next.max(last.offset + 1);
                self.last = partition;
                self.not_before = (!fetch.then.is_zero()).then(|| Instant::now() + fetch.then);
                return Ok(Look::Found(Event::Records { partition, records }));
            }
        }
        Ok(Look::Nothing)
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
            let notify = self.client.shared().notify(&self.seat.clone().topic);
            loop {
                let mut changed = pin!(notify.notified());
                changed.as_mut().enable();
                match self.client.life() {
                    Life::Dead => return pending().await,
                    Life::CutOff { .. } => {
                        changed.await;
                        continue;
                    }
                    Life::Alive => {}
                }
                match self.look()? {
                    Look::Found(event) => return Ok(event),
                    Look::Nothing => changed.await,
                    Look::Later(at) => {
                        // News of the group must not wait for the next fetch.
                        tokio::time::timeout_at(at, changed).await.ok();
                    }
                }
            }
        }
        .boxed()
    }

    fn pause(&mut self, partitions: &[i32]) {
        self.set_paused(partitions, true);
    }

    fn resume(&mut self, partitions: &[i32]) {
        self.set_paused(partitions, false);
        // What was fetched meanwhile is found at the next call of `next`.
    }

    fn before_commit(&mut self) {
        let state = self.client.shared().lock();
        let group = state.groups.get(&self.seat.group);
        // Who is no member any more has no generation: 0 is none's.
        let generation = group.and_then(|g| g.generation(&self.seat)).unwrap_or(0);
        drop(state);
        *self.told.lock() = Stamp { seat: self.seat.clone(), generation: Some(generation) };
    }

    fn release(&mut self, partitions: &[i32]) {
        self.parts.retain(|p, part| !(part.leaving && partitions.contains(p)));
        match self.client.life() {
            Life::Dead => {}
            Life::CutOff { .. } => self.unreleased.extend(partitions),
            Life::Alive => {
                let seat = self.seat.clone();
                let mut state = self.client.shared().lock();
                state.in_group(&seat.group, |g| g.release(&seat, partitions));
                self.client.shared().wake(state);
            }
        }
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        drop(self);
        ready(()).boxed()
    }
}

impl Drop for SimConsumer {
    fn drop(&mut self) {
        // Who is dead or cut off cannot leave: the session has to run out.
        if self.client.life() == Life::Alive {
            let seat = self.seat.clone();
            let mut state = self.client.shared().lock();
            state.in_group(&seat.group, |g| g.leave(&seat));
            self.client.shared().wake(state);
        }
    }
}

//! When work starts: after its partition is open, in its key's turn, in its tenant's turn, or alone.

use super::partition::{DEAD_AFTER, Partition};
use super::{Activity, Driver, Effect, Place, ticket};
use docmill_contracts::{Class, ErrorInfo};
use std::sync::Arc;

/// A record that is run alone, because members died while they worked at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Solo {
    /// Its mark waits for the next commit.
    Unmarked(Place),
    /// Its mark is durable: whatever happens now, the next member knows.
    Marked(Place),
    Running(Place),
}

impl Solo {
    pub(super) fn place(self) -> Place {
        match self {
            Self::Unmarked(place) | Self::Marked(place) | Self::Running(place) => place,
        }
    }
}

impl<P: Clone, O> Driver<P, O> {
    /// Lets what was fetched take its place in line, as far as it may.
    pub(super) fn admit(&mut self, now_ms: i64, effects: &mut Vec<Effect<P, O>>) {
        let span = self.limits.window_span;
        let ids: Vec<i32> = self.partitions.keys().copied().collect();
        for id in ids {
            while let Some(offset) = self.partitions.get_mut(&id).and_then(|p| p.admit(span)) {
                let place = (id, offset);
                let deaths = self.partitions.get(&id).map_or(0, |p| p.deaths(offset));
                let Some(work) = self.work.get_mut(&place) else { continue };
                if deaths >= DEAD_AFTER {
                    work.attempts = deaths;
                    work.activity = Activity::Burying;
                    effects.push(Effect::Bury {
                        ticket: ticket(place, work),
                        payload: work.item.payload.clone(),
                        error: died_of(deaths),
                        first_seen_ms: now_ms,
                    });
                    continue;
                }
                work.activity = Activity::Queued;
                let first = match &work.item.order {
                    None => true,
                    Some(key) => {
                        let line = self.busy.entry(Arc::clone(key)).or_default();
                        line.push_back(place);
                        line.len() == 1
                    }
                };
                if first {
                    self.ready(place, false);
                }
            }
        }
    }

    /// Puts work into the fair queue, or aside where it has to run alone.
    pub(super) fn ready(&mut self, place: Place, front: bool) {
        let Some(work) = self.work.get(&place) else { return };
        let tenant = Arc::clone(&work.item.tenant);
        if self.partitions.get(&place.0).is_some_and(|p| p.alone(place.1)) {
            self.solos.insert(place);
        } else if front {
            self.queue.push_front(&tenant, work.item.units, place);
        } else {
            self.queue.push(&tenant, work.item.units, place);
        }
    }

    pub(super) fn start(&mut self, now_ms: i64, effects: &mut Vec<Effect<P, O>>) {
        if self.halted || !self.breaker.allows(self.running.len(), now_ms) {
            return;
        }
        match self.solo {
            Some(Solo::Marked(place)) => {
                self.solo = Some(Solo::Running(place));
                self.begin(place, now_ms, effects);
                return;
            }
            Some(Solo::Unmarked(_) | Solo::Running(_)) => return,
            None => {}
        }
        while let Some(place) = self.solos.first().copied() {
            if self.partitions.get(&place.0).is_some_and(|p| p.alone(place.1)) {
                // Nothing new starts beside it, and it waits for what runs.
                if self.running.is_empty() {
                    self.solos.remove(&place);
                    self.solo = Some(Solo::Unmarked(place));
                }
                return;
            }
            self.solos.remove(&place);
            self.ready(place, false);
        }
        while self.running.len() < self.limits.concurrency && self.breaker.allows(self.running.len(), now_ms)
        {
            let Some(place) = self.queue.pop() else { break };
            self.begin(place, now_ms, effects);
        }
    }

    fn begin(&mut self, place: Place, now_ms: i64, effects: &mut Vec<Effect<P, O>>) {
        let Some(work) = self.work.get_mut(&place).filter(|w| w.activity == Activity::Queued) else {
            return;
        };
        work.attempts += 1;
        work.activity = Activity::Running { since_ms: now_ms };
        self.running.insert((now_ms, place));
        effects.push(Effect::Start { ticket: ticket(place, work), payload: work.item.payload.clone() });
    }

    /// An attempt ended or was given up: if it ran alone, others may run again.
    pub(super) fn end_solo(&mut self, place: Place) {
        self.solos.remove(&place);
        if self.solo.is_some_and(|s| s.place() == place) {
            self.solo = None;
        }
    }

    /// Partitions whose position must be committed although none of their records is done: those to be opened, those to
    /// be closed, and that of a record that is to be marked.
    pub(super) fn asking(&self) -> impl Iterator<Item = i32> {
        let marked = match self.solo {
            Some(Solo::Unmarked((partition, _))) => Some(partition),
            Some(Solo::Marked(_) | Solo::Running(_)) | None => None,
        };
        let asks = move |id: i32, p: &Partition| p.asks_to_open() || self.closes(id, p) || marked == Some(id);
        self.partitions.iter().filter(move |(id, p)| asks(**id, p)).map(|(id, _)| *id)
    }

    /// Whether a partition's next commit is its last.
    pub(super) fn closes(&self, id: i32, partition: &Partition) -> bool {
        partition.is_draining() && partition.is_open() && !self.is_running(id) && !self.commits.has_ready(id)
    }
}

fn died_of(deaths: u32) -> ErrorInfo {
    ErrorInfo {
        code: "RUNTIME-0016".into(),
        class: Class::Internal,
        message: format!(
            "{deaths} processes ended while they worked at this record, the last of them at it alone"
        ),
        stage: "runtime".into(),
        page: None,
    }
}

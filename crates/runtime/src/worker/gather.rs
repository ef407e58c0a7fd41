//! States of a gather: applied in the worker's own task, restored from the changelog.

use super::RunError;
use super::WorkerEnv;
use super::attempt::panicked;
use super::emit::{Emitter, Origin};
use super::record::{Delivery, Done, Finished};
use super::run::Engine;
use super::store::{NEVER, Store, StoreError};
use crate::driver::Ticket;
use crate::partitioner;
use crate::stage::{Gather, PART_MARK, Step, Unreadable};
use crate::transport::{OutRecord, Read, ReadFrom};
use docmill_contracts::{Class, ErrorInfo};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

fn part_key(key: &str, part: &str) -> String {
    if part.is_empty() { key.to_owned() } else { format!("{key}{PART_MARK}{part}") }
}

/// What ends the worker is no reason to give up a key.
fn not_fatal(error: &ErrorInfo) -> Result<(), ErrorInfo> {
    if error.class == Class::Fatal { Err(error.clone()) } else { Ok(()) }
}

/// The states of the partitions that this worker owns.
pub(super) struct States<G: Gather> {
    worker: &'static str,
    gather: Arc<G>,
    env: WorkerEnv,
    states: BTreeMap<i32, Partition<G::State>>,
}

/// The states of a partition.
struct Partition<S> {
    store: Store<S>,
    /// For which number of partitions [`States::check_partitions`] has looked at them.
    checked: Option<i32>,
}

impl<G: Gather> States<G> {
    pub(super) fn new(worker: &'static str, gather: Arc<G>, env: &WorkerEnv) -> Self {
        Self { worker, gather, env: env.clone(), states: BTreeMap::new() }
    }

    fn store(&mut self, partition: i32) -> Result<&mut Store<G::State>, StoreError> {
        use std::collections::btree_map::Entry;
        Ok(match self.states.entry(partition) {
            Entry::Occupied(known) => &mut known.into_mut().store,
            Entry::Vacant(new) => {
                let store = Store::of(&*self.gather, &self.env.codec)?;
                &mut new.insert(Partition { store, checked: None }).store
            }
        })
    }

    fn take(&mut self, partition: i32, key: &str) -> Result<Option<G::State>, StoreError> {
        self.store(partition)?.take(key)
    }

    fn put(&mut self, partition: i32, key: String, state: G::State) -> Result<(), StoreError> {
        let expires_at = self.gather.expires_at(&state);
        self.store(partition)?.put(key, state, expires_at)
    }

    /// Partition and key of the state that expires first, if it does until now.
    fn expired(&mut self, now_ms: i64) -> Result<Option<(i32, String)>, StoreError> {
        let due = |p: &Partition<G::State>| p.store.expires_at().filter(|at| *at <= now_ms);
        while let Some((_, partition)) = self.states.iter().filter_map(|(n, p)| Some((due(p)?, *n))).min() {
            // A file may only now see that what was due is gone.
            if let Some(key) = self.store(partition)?.expired(now_ms)? {
                return Ok(Some((partition, key)));
            }
        }
        Ok(None)
    }

    /// Outputs and changelog of a step; the state is kept only when all of it could be encoded.
    fn keep(
        &mut self,
        partition: i32,
        key: String,
        before: (Option<&G::State>, Option<&G::In>),
        step: Step<G::State>,
        emitter: &Emitter,
        origin: &Origin<'_>,
    ) -> Result<Vec<OutRecord>, ErrorInfo> {
        let mut records = emitter.records(&step.outputs, origin)?;
        for part in self.gather.changes(before.0, step.state.as_ref(), before.1) {
            records.extend(emitter.state(partition, &part_key(&key, &part.name), part.state.as_ref())?);
        }
        if let Some(state) = step.state {
            self.put(partition, key, state).map_err(|e| e.info(self.worker))?;
        }
        Ok(records)
    }

    /// Whether what open states wait for still comes to their partitions. Looked at with each assignment: a topic that
    /// gets more partitions brings one.
    async fn check_partitions(&mut self, changelog: &str, input: &str) -> Result<(), RunError> {
        let worker = self.worker;
        let names = [input.to_owned(), changelog.to_owned()];
        let described = self.env.transport.describe(&names).await;
        let specs = described.map_err(|source| RunError::Log { worker, source })?;
        let count = |name: &str| specs.iter().find(|s| s.name == name).map_or(0, |s| s.partitions);
        let (partitions, have) = (count(input), count(changelog));
        if partitions != have {
            let (changelog, input) = (changelog.to_owned(), input.to_owned());
            return Err(RunError::ChangelogPartitions { worker, changelog, have, input, want: partitions });
        }
        for (partition, states) in &mut self.states {
            if states.checked == Some(partitions) {
                continue;
            }
            let moved = |s: &G::State| {
                self.gather
                    .awaits(s)
                    .is_some_and(|key| partitioner::partition(key.as_bytes(), partitions) != *partition)
            };
            if states.store.any(moved).map_err(|source| RunError::States { worker, source })? {
                let (input, partition) = (input.to_owned(), *partition);
                return Err(RunError::Repartitioned { worker, input, partition, partitions });
            }
            states.checked = Some(partitions);
        }
        Ok(())
    }

    fn apply(
        &mut self,
        ticket: Ticket,
        delivery: &Delivery<G::In>,
        emitter: &Emitter,
        now_ms: i64,
    ) -> Result<Vec<OutRecord>, ErrorInfo> {
        let input = delivery.input.as_ref().map_err(Clone::clone)?;
        let (_, traceparent) = self.env.telemetry.attempt(&delivery.about(self.worker, ticket));
        let key = self.gather.key(input);
        let before = self.take(ticket.partition, &key).map_err(|e| e.info(self.worker))?;
        let origin = Origin::of(ticket, &traceparent);
        let step = catch_unwind(AssertUnwindSafe(|| self.gather.apply(before.clone(), input, now_ms)))
            .map_err(|panic| panicked(self.worker, panic.as_ref()));
        let result = match step {
            Ok(step) => {
                let from = (before.as_ref(), Some(input));
                self.keep(ticket.partition, key.clone(), from, step, emitter, &origin).or_else(|error| {
                    not_fatal(&error)?;
                    let step = self.gather.give_up(before.clone(), Some(input), error, now_ms);
                    self.keep(ticket.partition, key.clone(), from, step, emitter, &origin)
                })
            }
            Err(panic) => Err(panic),
        };
        if let (Err(_), Some(before)) = (&result, before) {
            self.put(ticket.partition, key, before).map_err(|e| e.info(self.worker))?;
        }
        result
    }
}

impl<G: Gather> Engine for States<G> {
    type In = G::In;

    fn units(&self, _input: &G::In) -> u32 {
        1
    }

    fn order(&self, _input: &G::In) -> Option<Arc<str>> {
        None
    }

    fn begin(
        &mut self,
        ticket: Ticket,
        delivery: Arc<Delivery<G::In>>,
        emitter: &Arc<Emitter>,
        now_ms: i64,
        _done: &Done,
    ) -> Option<Finished> {
        let started = self.env.clock.now_ms();
        let result = self.apply(ticket, &delivery, emitter, now_ms);
        docmill_metrics::attempt(
            self.worker,
            super::attempt::outcome(result.as_ref().err()),
            self.env.clock.since(started),
        );
        Some(Finished::of(ticket, result))
    }

    fn ended(&mut self, _ticket: Ticket) {}

    fn cancel(&mut self, _ticket: Ticket) {}

    fn dead(
        &mut self,
        ticket: Ticket,
        delivery: &Delivery<G::In>,
        error: &ErrorInfo,
        emitter: &Emitter,
        now_ms: i64,
    ) -> Result<Vec<OutRecord>, ErrorInfo> {
        // What cannot even be decoded has no key, but may have a document.
        let stand_in = if let Ok(input) = &delivery.input {
            Some(self.gather.failed(input, error.clone()))
        } else {
            let record = Unreadable::of(&delivery.record.headers, error);
            record.and_then(|record| self.gather.unreadable(record))
        };
        let Some(input) = stand_in else { return Ok(Vec::new()) };
        let stand_in =
            Delivery { partition: delivery.partition, record: delivery.record.clone(), input: Ok(input) };
        self.apply(ticket, &stand_in, emitter, now_ms)
    }

    async fn restore(&mut self, partition: i32, emitter: &Emitter) -> Result<(), RunError> {
        let Some(topic) = emitter.changelog() else { return Err(RunError::NoChangelog(self.worker)) };
        self.drop_partition(partition);
        let worker = self.worker;
        let log = |source| RunError::Log { worker, source };
        let failed = |source| RunError::States { worker, source };
        let mut reader =
            self.env.transport.reader(topic, ReadFrom::Partition(partition)).await.map_err(log)?;
        let in_parts = !self.gather.keeps_long();
        let mut restored: HashMap<String, G::State> = HashMap::new();
        while let Read::Records { records, .. } = reader.next().await.map_err(log)? {
            for record in records {
                let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
                let state = match &record.value {
                    None => None,
                    Some(value) => {
                        let state =
                            super::record::decode::<G::State>(emitter.codec(), &*self.env.schemas, value)
                                .await;
                        Some(state.map_err(|e| RunError::Changelog {
                            worker: self.worker,
                            topic: topic.to_string(),
                            partition,
                            offset: record.offset,
                            message: e.message,
                        })?)
                    }
                };
                if in_parts {
                    match state {
                        None => drop(restored.remove(&key)),
                        Some(state) => drop(restored.insert(key, state)),
                    }
                } else {
                    // More than memory holds: into the file one by one.
                    self.take(partition, &key).map_err(failed)?;
                    state.map_or(Ok(()), |state| self.put(partition, key, state)).map_err(failed)?;
                }
            }
        }
        let mut whole: HashMap<String, G::State> = HashMap::new();
        for (key, part) in restored {
            let key = key.split(PART_MARK).next().unwrap_or_default().to_owned();
            let state = match whole.remove(&key) {
                Some(other) => self.gather.join(other, part),
                None => part,
            };
            whole.insert(key, state);
        }
        tracing::debug!(worker, partition, "restored");
        for (key, state) in whole {
            self.put(partition, key, state).map_err(failed)?;
        }
        self.check_partitions(topic, emitter.input()).await
    }

    fn drop_partition(&mut self, partition: i32) {
        self.states.remove(&partition);
    }

    fn expires_at(&self) -> Option<i64> {
        self.states.values().filter_map(|p| p.store.expires_at()).min().filter(|at| *at < NEVER)
    }

    fn expire(&mut self, emitter: &Emitter, now_ms: i64) -> Result<Vec<(i32, Vec<OutRecord>)>, RunError> {
        let worker = self.worker;
        let failed = |source| RunError::States { worker, source };
        let mut emitted = Vec::new();
        while let Some((partition, key)) = self.expired(now_ms).map_err(failed)? {
            let Some(state) = self.take(partition, &key).map_err(failed)? else { continue };
            let expired = catch_unwind(AssertUnwindSafe(|| self.gather.expire(state.clone(), now_ms)))
                .map_err(|panic| panicked(self.worker, panic.as_ref()));
            let origin = Origin { source: None, attempt: 1, traceparent: None };
            let kept = match expired {
                Ok(step) => {
                    let from = (Some(&state), None);
                    self.keep(partition, key.clone(), from, step, emitter, &origin).or_else(|error| {
                        not_fatal(&error)?;
                        let step = self.gather.give_up(Some(state.clone()), None, error, now_ms);
                        self.keep(partition, key.clone(), from, step, emitter, &origin)
                    })
                }
                Err(panic) => Err(panic),
            };
            match kept {
                Ok(records) => emitted.push((partition, records)),
                Err(error) if error.class == Class::Fatal => {
                    let (code, message) = (error.code, error.message);
                    return Err(RunError::Stage { worker, code, message });
                }
                Err(error) => {
                    // Kept as it was, but not asked again before the process restarts: it would fail the same way.
                    tracing::error!(worker = self.worker, code = error.code, "{}", error.message);
                    self.store(partition).and_then(|s| s.put(key, state, NEVER)).map_err(failed)?;
                }
            }
        }
        Ok(emitted)
    }
}

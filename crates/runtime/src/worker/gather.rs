//! States of a gather: applied in the worker's own task, restored from the changelog.

use super::RunError;
use super::WorkerEnv;
use super::attempt::panicked;
use super::emit::{Emitter, Origin};
use super::run::{Delivery, Done, Engine, Finished};
use crate::driver::Ticket;
use crate::stage::{Gather, Outputs, Step};
use crate::transport::{OutRecord, Read, ReadFrom};
use docmill_contracts::ErrorInfo;
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The states of the partitions that this worker owns.
pub(super) struct States<G: Gather> {
    worker: &'static str,
    gather: Arc<G>,
    env: WorkerEnv,
    states: HashMap<i32, HashMap<String, G::State>>,
    expiries: BTreeSet<(i64, i32, String)>,
}

impl<G: Gather> States<G> {
    pub(super) fn new(worker: &'static str, gather: Arc<G>, env: &WorkerEnv) -> Self {
        Self { worker, gather, env: env.clone(), states: HashMap::new(), expiries: BTreeSet::new() }
    }

    fn take(&mut self, partition: i32, key: &str) -> Option<G::State> {
        let state = self.states.get_mut(&partition)?.remove(key)?;
        self.expiries.remove(&(self.gather.expires_at(&state), partition, key.to_owned()));
        Some(state)
    }

    fn put(&mut self, partition: i32, key: String, state: G::State) {
        self.expiries.insert((self.gather.expires_at(&state), partition, key.clone()));
        self.states.entry(partition).or_default().insert(key, state);
    }

    /// Outputs and changelog of a step; the state is kept only when all of it could be encoded.
    fn keep(
        &mut self,
        partition: i32,
        key: String,
        step: Step<G::State>,
        emitter: &Emitter,
        origin: &Origin<'_>,
    ) -> Result<Vec<OutRecord>, ErrorInfo> {
        let mut records = emitter.records(&step.outputs, origin)?;
        records.extend(emitter.state(partition, &key, step.state.as_ref())?);
        if let Some(state) = step.state {
            self.put(partition, key, state);
        }
        Ok(records)
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
        let before = self.take(ticket.partition, &key);
        let step = catch_unwind(AssertUnwindSafe(|| self.gather.apply(before.clone(), input, now_ms)))
            .map_err(|panic| panicked(self.worker, panic.as_ref()));
        match step.and_then(|step| {
            self.keep(ticket.partition, key.clone(), step, emitter, &Origin::of(ticket, &traceparent))
        }) {
            Ok(records) => Ok(records),
            Err(error) => {
                if let Some(before) = before {
                    self.put(ticket.partition, key, before);
                }
                Err(error)
            }
        }
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
        let result = self.apply(ticket, &delivery, emitter, now_ms);
        Some(Finished::of(ticket, result))
    }

    fn ended(&mut self, _ticket: Ticket) {}

    fn cancel(&mut self, _ticket: Ticket) {}

    fn dead(&self, _input: &G::In, _error: ErrorInfo) -> Outputs {
        // What a gather cannot take is dead-lettered; its key expires into an outcome of its own.
        Outputs::none()
    }

    async fn restore(&mut self, partition: i32, emitter: &Emitter) -> Result<(), RunError> {
        let Some(topic) = emitter.changelog() else { return Err(RunError::NoChangelog(self.worker)) };
        self.drop_partition(partition);
        let log = |source| RunError::Log { worker: self.worker, source };
        let mut reader =
            self.env.transport.reader(topic, ReadFrom::Partition(partition)).await.map_err(log)?;
        let mut restored: HashMap<String, G::State> = HashMap::new();
        while let Read::Records { records, .. } = reader.next().await.map_err(log)? {
            for record in records {
                let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
                match &record.value {
                    None => drop(restored.remove(&key)),
                    Some(value) => {
                        let state =
                            super::run::decode::<G::State>(emitter.codec(), &*self.env.schemas, value).await;
                        let state = state.map_err(|e| RunError::Changelog {
                            worker: self.worker,
                            topic: topic.to_string(),
                            partition,
                            offset: record.offset,
                            message: e.message,
                        })?;
                        restored.insert(key, state);
                    }
                }
            }
        }
        tracing::debug!(worker = self.worker, partition, states = restored.len(), "restored");
        for (key, state) in restored {
            self.put(partition, key, state);
        }
        Ok(())
    }

    fn drop_partition(&mut self, partition: i32) {
        self.states.remove(&partition);
        self.expiries.retain(|(_, p, _)| *p != partition);
    }

    fn expires_at(&self) -> Option<i64> {
        self.expiries.first().map(|(at, _, _)| *at)
    }

    fn expire(&mut self, emitter: &Emitter, now_ms: i64) -> Vec<(i32, Vec<OutRecord>)> {
        let mut emitted = Vec::new();
        while let Some((at, partition, key)) = self.expiries.first().cloned()
            && at <= now_ms
        {
            let Some(state) = self.take(partition, &key) else {
                self.expiries.pop_first();
                continue;
            };
            let expired = catch_unwind(AssertUnwindSafe(|| self.gather.expire(state.clone(), now_ms)))
                .map_err(|panic| panicked(self.worker, panic.as_ref()));
            let origin = Origin { source: None, attempt: 1, traceparent: "" };
            match expired.and_then(|step| self.keep(partition, key.clone(), step, emitter, &origin)) {
                Ok(records) => emitted.push((partition, records)),
                Err(error) => {
                    // Kept as it was, but not asked again before the process restarts: it would fail the same way.
                    tracing::error!(worker = self.worker, code = error.code, "{}", error.message);
                    self.states.entry(partition).or_default().insert(key, state);
                }
            }
        }
        emitted
    }
}
